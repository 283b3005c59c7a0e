"""The folder that holds everything the launcher keeps: `PAYYMO_HOME`, by default `.payymo` in the checkout."""

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from payymo.local.errors import LocalError

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Home:
    """One launcher's folder; two homes never touch each other's servers."""

    root: Path

    @property
    def runs(self) -> Path:
        """Where each running process leaves its note."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log file for each process."""
        return self.root / "logs"

    @property
    def environment_file(self) -> Path:
        """The variables of the running demo, in the form a shell reads."""
        return self.root / "env"

    def create(self) -> None:
        """Make the folders, readable by their owner only.

        Raises: LocalError if the place cannot be written.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.runs, self.logs):
                folder.mkdir(mode=0o700, exist_ok=True)
            probe = self.runs / f".probe-{os.getpid()}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise LocalError(f"{self.root} cannot be written ({error.strerror}); set PAYYMO_HOME elsewhere.") from error

    def secret(self, name: str, fresh: str | None = None) -> str:
        """Return the secret kept under `name`; the first call makes it, from `fresh` or at random."""
        path = self.root / "secrets.json"
        known: dict[str, str] = read_json(path) or {}
        if name not in known:
            known[name] = fresh if fresh is not None else secrets.token_urlsafe(32)
            write_json(path, known)
        return known[name]

    @contextlib.contextmanager
    def lock(self, busy: str) -> Iterator[None]:
        """Hold this home for one launcher; the kernel frees it even after kill -9.

        Raises: LocalError with the text `busy` if another launcher holds it.
        """
        with (self.runs / "lock").open("a") as handle:
            # Asking whether it is held takes the lock for an instant, which must not look like a launcher.
            for last in (False, False, False, True):
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if last:
                        raise LocalError(busy) from None
                    time.sleep(0.1)
            yield

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other command makes or removes a folder in this home."""
        with (self.runs / "turn").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def is_locked(self) -> bool:
        """Tell whether a launcher holds this home now."""
        path = self.runs / "lock"
        if not path.exists():
            return False
        with path.open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def from_environment() -> Home:
    """Return the home that `PAYYMO_HOME` names; a relative one is inside the checkout."""
    return Home((CHECKOUT / (os.environ.get("PAYYMO_HOME") or ".payymo")).absolute())


def read_json(path: Path) -> Any:
    """Return what `path` holds, or None when it is missing or was cut short."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def write_json(path: Path, value: object) -> None:
    """Write `value` whole or not at all, readable by its owner only."""
    write_private(path, json.dumps(value, indent=1) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write `text` whole or not at all, readable by its owner only."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(path)
