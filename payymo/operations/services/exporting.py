"""One archive of everything of a tenant, written row by row and checked before anybody relies on it.

Shape: docs/tenant-export.md describes the format.
"""

import base64
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.db import connection, models, transaction

from payymo.audit.services import proving
from payymo.operations.services.export_plan import Table, tables
from payymo.shared.crypto import UnreadableSecret
from payymo.shared.errors import BadInput
from tenants import context, sealing
from tenants.models import Tenant

FORMAT, VERSION = "payymo-tenant-export", 1
AUDIT, MANIFEST = "audit.jsonl", "manifest.json"
_CHUNK = 500


class UnusableFile(BadInput):
    """The file exists already, cannot be written, or is no archive of a tenant."""

    code = "unusable_file"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the archive. Shape: `sha256` is over the file's bytes before compression."""

    name: str
    file: str
    rows: int
    sha256: str
    opened: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Archive:
    """What was written: `sha256` is that of the whole file."""

    path: Path
    sha256: str
    rows: int
    unreadable: int


def export_tenant(*, tenant: Tenant, path: Path, now: datetime) -> Archive:
    """Write everything of the tenant, as it is at one moment, to a new file that only its owner may read.

    Shape: memory does not grow with the rows. The file has its name only once it is whole.
    Raises: UnusableFile; TenantUnavailable. Nothing is left under the name then.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        if path.exists():
            raise UnusableFile(f"{path} exists already; name a new file.")
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            parts = _write(tenant, file, now)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
        draft.unlink()
    except OSError as error:
        raise UnusableFile(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return Archive(path, _sha256_of(path), sum(part.rows for part in parts), sum(part.unreadable for part in parts))


def write_archive(*, tenant: Tenant, file: IO[bytes], now: datetime) -> int:
    """Write everything of the tenant, as it is at one moment, into an open file; return the number of rows.

    Raises: TenantUnavailable.
    """
    return sum(part.rows for part in _write(tenant, file, now))


def check_archive(path: Path) -> int:
    """Read an archive again, compare every count and checksum, prove the audit log; return the number of rows.

    Raises: UnusableFile naming what is wrong.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if (manifest.get("format"), manifest.get("version")) != (FORMAT, VERSION):
                raise UnusableFile(f"{path} is no archive of this format.")
            for part in manifest["files"]:
                _check_part(archive, part)
            with archive.open(AUDIT) as audit, io.TextIOWrapper(audit, encoding="utf-8") as lines:
                verdict = proving.verify_export(lines)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UnusableFile(f"{path} is damaged: {error}") from error
    if not verdict.is_whole:
        raise UnusableFile(f"The audit log in {path} is damaged: {verdict.problem}")
    return sum(part["rows"] for part in manifest["files"])


def _check_part(archive: zipfile.ZipFile, part: dict[str, Any]) -> None:
    digest, rows = hashlib.sha256(), 0
    with archive.open(part["file"]) as lines:
        for line in lines:
            digest.update(line)
            rows += 1
    if rows != part["rows"] or digest.hexdigest() != part["sha256"]:
        raise UnusableFile(f"{part['file']} differs from what the manifest says.")


def _write(tenant: Tenant, file: IO[bytes], now: datetime) -> list[Part]:
    with (
        context.inside(tenant, deleting_too=True),
        _one_moment(),
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        key = sealing.data_key()
        parts = [_write_table(out, table, key) for table in tables(tenant)]
        parts.append(_write_audit(out))
        out.writestr(MANIFEST, json.dumps(_manifest(tenant, parts, now), indent=1))
    return parts


@contextmanager
def _one_moment() -> Iterator[None]:
    """Read everything from one snapshot."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


class _Lines:
    """A file of the archive that is being written, with its count and checksum."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self.rows, self._digest = out, 0, hashlib.sha256()

    def write(self, text: str) -> int:
        """Write one whole line."""
        data = text.encode()
        self._digest.update(data)
        self.rows += 1
        return self._out.write(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def _write_table(out: zipfile.ZipFile, table: Table, key: sealing.TenantKeys) -> Part:
    name, unreadable = f"tables/{table.name}.jsonl", 0
    with out.open(name, "w", force_zip64=True) as raw:
        lines = _Lines(raw)
        for row in table.rows.iterator(chunk_size=_CHUNK):
            values = {column: getattr(row, column) for column in table.plain}
            for column in table.opened:
                try:
                    opened: str | None = sealing.unseal(row, column, key=key)  # type: ignore[arg-type]
                except UnreadableSecret:
                    opened, unreadable = None, unreadable + 1
                values[column.removesuffix("_sealed")] = opened
            lines.write(json.dumps(values, default=_plain, ensure_ascii=False) + "\n")
    return Part(table.name, name, lines.rows, lines.sha256, table.opened, table.left_out, unreadable)


def _write_audit(out: zipfile.ZipFile) -> Part:
    with out.open(AUDIT, "w", force_zip64=True) as raw:
        lines = _Lines(raw)
        proving.export(lines)
    return Part("audit log", AUDIT, lines.rows, lines.sha256)


def _plain(value: object) -> object:
    """Write what JSON has no form for: amounts and moments as text, bytes as base64."""
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, Decimal | UUID):
        return str(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, models.Model):
        raise TypeError("a related row is written by its key")
    return str(value)


def _manifest(tenant: Tenant, parts: list[Part], now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": now.isoformat(),
        "tenant": {"id": str(tenant.public_id), "slug": tenant.slug, "name": tenant.name},
        "files": [asdict(part) for part in parts],
    }


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
