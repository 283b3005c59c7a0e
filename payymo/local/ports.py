"""TCP ports on the loopback address: which one is free, and who holds one that is not."""

import contextlib
import os
import socket
from pathlib import Path

from payymo.local.processes import command_line

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on 127.0.0.1:port now.

    A server on all interfaces, or on a name that resolves to ::1, takes the port for a browser too.
    """
    with socket.socket() as probe:
        # As the servers do: a connection in TIME_WAIT from the run before does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_free(preferred: int | None = None) -> int:
    """Return `preferred` when it is free, else a free port that the kernel picks."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def holder(port: int) -> str:
    """Name the process that listens on `port` ("nginx: master (process 812)"), or say that it cannot be told."""
    inodes = _listening_inodes(port)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                if os.readlink(descriptor) in inodes:
                    name = command_line(int(process.name)) or "a process"
                    return f"{name[:80]} (process {process.name})"
    return "another process of this machine"


def _listening_inodes(port: int) -> frozenset[str]:
    """Return the sockets of /proc/net/tcp that listen on `port`, as links in /proc/PID/fd show them."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{fields[9]}]")
    return frozenset(found)
