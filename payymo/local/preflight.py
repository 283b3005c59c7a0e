"""What is checked before anything is started, so that the reason is one line and not a log."""

import os
import shutil
from pathlib import Path

from payymo.local import ports
from payymo.local.errors import LocalError

LEAST_FREE_BYTES = 1024**3


def port_from_environment(name: str, default: int) -> int:
    """Return the TCP port that the variable `name` holds, or `default`.

    Raises: LocalError when it is no port.
    """
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise LocalError(f"{name} is {text!r}; it must be a port from 1 to 65535.")
    return int(text)


def check_port(port: int, purpose: str, variable: str) -> None:
    """Raise LocalError, naming the program that holds it, when `port` is taken."""
    if not ports.is_free(port):
        raise LocalError(
            f"Port {port} ({purpose}) is taken by {ports.holder(port)}: "
            f"stop that, or choose another: {variable}=PORT make demo"
        )


def check_disk(folder: Path, free_bytes: int | None = None) -> None:
    """Raise LocalError when the disk under `folder` is nearly full; `free_bytes` is measured when not given."""
    free = shutil.disk_usage(folder).free if free_bytes is None else free_bytes
    if free < LEAST_FREE_BYTES:
        raise LocalError(
            f"Only {free / 1024**2:,.0f} MiB are free on the disk of {folder}; "
            f"Payymo needs {LEAST_FREE_BYTES / 1024**2:,.0f} MiB. Free some, or set PAYYMO_HOME to another disk."
        )
