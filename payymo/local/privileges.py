"""How to run PostgreSQL, which refuses to run as root, when the launcher itself is root.

First choice: a user namespace in which root appears as uid 1000, so that every file stays root's. Where a container
forbids namespaces: uid 65534 (nobody) with a data folder given to it. An ordinary user needs neither.
"""

import ctypes
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from payymo.local.errors import LocalError

NOBODY = 65534
_INNER_UID = 1000
_CLONE_NEWUSER = 0x10000000
# Loaded before any fork: the child between fork and exec must not import. os.unshare() exists only from Python 3.12.
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Privileges:
    """Who a server runs as."""

    uid: int | None = None
    namespace: bool = False

    def popen_arguments(self) -> dict[str, Any]:
        """Return the arguments of `subprocess.Popen` that make a child run so."""
        if self.namespace:
            return {"preexec_fn": enter_user_namespace}
        if self.uid is not None:
            return {"user": self.uid, "group": self.uid, "extra_groups": []}
        return {}

    def give(self, path: Path) -> None:
        """Make `path` belong to whoever the server runs as."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)


def enter_user_namespace() -> None:
    """Continue in a new user namespace where the present user appears as an ordinary one.

    Runs in the child between fork and exec.
    """
    uid, gid = os.geteuid(), os.getegid()
    if _LIBC.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{_INNER_UID} {uid} 1"),
        ("gid_map", f"{_INNER_UID} {gid} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, text.encode())
        os.close(descriptor)


def for_server(data: Path, program: Path) -> Privileges:
    """Decide who runs `program` on `data`: the owner of existing data, else the best way this machine allows.

    Raises: LocalError if root can run it in neither way.
    """
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise LocalError(f"{data} belongs to another user (uid {data.stat().st_uid}); set PAYYMO_HOME elsewhere.")
        return Privileges()
    made_by_nobody = data.exists() and data.stat().st_uid == NOBODY
    if not made_by_nobody and namespaces_work():
        return Privileges(namespace=True)
    if data.exists() and not made_by_nobody:
        raise LocalError(f"root cannot run PostgreSQL on {data} here: user namespaces are forbidden.")
    nobody = Privileges(uid=NOBODY)
    # Others may pass through the home, not list it; what is secret in it has its own mode.
    data.parent.chmod(data.parent.stat().st_mode | 0o011)
    if not _can_run([str(program), "--version"], nobody) or not _can_run(["test", "-x", str(data.parent)], nobody):
        raise LocalError(
            "PostgreSQL refuses to run as root, this machine forbids user namespaces, and uid 65534 cannot enter "
            f"{data.parent} or run {program}: run as an ordinary user, or move the checkout to a folder open to all."
        )
    return nobody


def namespaces_work() -> bool:
    """Tell whether this machine lets us enter a user namespace."""
    return _can_run(["true"], Privileges(namespace=True))


def _can_run(command: list[str], privileges: Privileges) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=10, **privileges.popen_arguments())
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
