"""Which process is which: a process id alone may by now belong to somebody else."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process id with the moment it began, which tells it from a later holder of the same id."""

    pid: int
    began: str


def identify(pid: int) -> ProcessIdentity | None:
    """Return the identity of a living process, or None when there is none (a zombie is none)."""
    if _PROC.joinpath("self/stat").exists():
        fields = _stat_fields(pid)
        if fields is None or fields[0] in {"Z", "X"}:
            return None
        return ProcessIdentity(pid, f"{_boot_id()}:{fields[19]}")
    listed = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=10
    ).stdout.split(maxsplit=1)
    if len(listed) < 2 or listed[0].startswith("Z"):
        return None
    return ProcessIdentity(pid, listed[1].strip())


def is_alive(process: ProcessIdentity) -> bool:
    """Tell whether exactly this process still runs."""
    return identify(process.pid) == process


def command_line(pid: int) -> str:
    """Return the command line of a process for showing, empty when it cannot be read."""
    with contextlib.suppress(OSError):
        return _PROC.joinpath(str(pid), "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""


def wait_until_gone(process: ProcessIdentity, seconds: float) -> bool:
    """Wait at most `seconds` for the process to end and tell whether it did."""
    until = time.monotonic() + seconds
    while is_alive(process):
        if time.monotonic() > until:
            return False
        time.sleep(_TICK_SECONDS)
    return True


def stop(process: ProcessIdentity, steps: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Ask a session leader to end, ever more firmly, then kill what is left of its session.

    Units: each step is a signal and the seconds to wait for it.
    Returns whether the process ended before it had to be killed.
    """
    gentle = True
    for number, seconds in steps:
        if not is_alive(process):
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
        if wait_until_gone(process, seconds):
            break
    else:
        if is_alive(process):
            gentle = False
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            wait_until_gone(process, 10)
    _kill_session(process.pid)
    return gentle


def _kill_session(session: int) -> None:
    """Kill the members that outlived their session leader (Linux only: elsewhere they end with their pipes)."""
    if identify(session) is not None or not _PROC.joinpath("self/stat").exists():
        return
    left = [
        member
        for member in map(int, filter(str.isdigit, os.listdir(_PROC)))
        if (fields := _stat_fields(member)) and fields[3] == str(session) and identify(member)
    ]
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _stat_fields(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the state on; the name before them may hold spaces and brackets."""
    try:
        return _PROC.joinpath(str(pid), "stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _boot_id() -> str:
    with contextlib.suppress(OSError):
        return _PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()
    return ""
