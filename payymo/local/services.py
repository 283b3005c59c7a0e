"""One process of the launcher: how it is started, watched, noted down and stopped."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from payymo.local.errors import LocalError
from payymo.local.home import Home, read_json, write_json
from payymo.local.privileges import Privileges
from payymo.local.processes import ProcessIdentity, identify, is_alive, stop

StopSteps = tuple[tuple[signal.Signals, float], ...]
# Whoever comes later works with those before, and is stopped first.
_START_ORDER = ("postgres", "valkey", "sandbox", "setup", "web", "worker", "beat")
_LOG_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Service:
    """What to run, and what ends it in good order."""

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    stop_steps: StopSteps = ((signal.SIGTERM, 10.0),)
    port: int | None = None
    privileges: Privileges = field(default_factory=Privileges)
    is_ready: Callable[[], bool] | None = None
    ready_seconds: float = 30.0


class Running:
    """A started service."""

    def __init__(self, home: Home, service: Service) -> None:
        self.home = home
        self.service = service
        self.log = log_path(home, service.name)
        _rotate(self.log)
        with self.log.open("ab") as log:
            self.log_began = log.tell()
            self.process = subprocess.Popen(
                service.command,
                cwd=service.folder,
                env=dict(service.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **service.privileges.popen_arguments(),
            )
        identity = identify(self.process.pid)
        self.identity = identity or ProcessIdentity(self.process.pid, "ended at once")
        note = {
            "pid": self.identity.pid,
            "began": self.identity.began,
            "port": service.port,
            "stop_steps": [[int(number), seconds] for number, seconds in service.stop_steps],
        }
        write_json(note_path(home, service.name), note)

    def exit_status(self) -> int | None:
        """Return how the process ended (minus the signal number when killed), or None while it runs."""
        return self.process.poll()

    def wait_until_ready(self) -> None:
        """Wait until the service answers.

        Raises: LocalError with its last log lines when it ends or does not answer in time.
        """
        if self.service.is_ready is None:
            return
        until = time.monotonic() + self.service.ready_seconds
        while True:
            time.sleep(0.1)
            # First, since whoever holds our port might answer, or keep us waiting.
            if self.exit_status() is not None:
                raise LocalError(f"{self.service.name} ended at its start ({self.exit_status()}):\n{self.log_tail()}")
            if self.service.is_ready():
                return
            if time.monotonic() > until:
                raise LocalError(
                    f"{self.service.name} did not answer within {self.service.ready_seconds:.0f} s; "
                    f"see {self.log}:\n{self.log_tail()}"
                )

    def log_tail(self, lines: int = 12) -> str:
        """Return the last lines that this start has written."""
        with self.log.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(self.log_began, size - 16_384))
            text = log.read().decode(errors="replace")
        return "\n".join(f"    {line[:300]}" for line in text.splitlines()[-lines:])

    def stop(self) -> bool:
        """End the process and its children, remove its note, and tell whether it ended without being killed."""
        gentle = stop(self.identity, self.service.stop_steps)
        self.process.wait(timeout=15)
        note_path(self.home, self.service.name).unlink(missing_ok=True)
        return gentle


def note_path(home: Home, name: str) -> Path:
    """Return where the process called `name` is noted down."""
    return home.runs / f"{name}.json"


def log_path(home: Home, name: str) -> Path:
    """Return the log of the process called `name`."""
    return home.logs / f"{name}.log"


def notes_in_order(home: Home) -> list[Path]:
    """Return the notes of what was started in this home, in the order of the start."""
    known = {name: place for place, name in enumerate(_START_ORDER)}
    return sorted(home.runs.glob("*.json"), key=lambda path: (known.get(path.stem, len(known)), path.stem))


def last_port(home: Home, name: str) -> int | None:
    """Return the port that `name` used the last time, for using it again."""
    ports: dict[str, int] = read_json(home.root / "ports.json") or {}
    return ports.get(name)


def keep_port(home: Home, name: str, port: int) -> None:
    """Remember the port of `name` over restarts."""
    ports: dict[str, int] = read_json(home.root / "ports.json") or {}
    write_json(home.root / "ports.json", {**ports, name: port})


def stop_left_over(home: Home) -> list[str]:
    """Stop what a killed launcher left running, in the reverse order of its start, and return the names.

    A note whose process is gone is removed; a process id that now belongs to another program is left alone.
    """
    stopped = []
    for path in reversed(notes_in_order(home)):
        note = read_json(path)
        if note is not None:
            process = ProcessIdentity(note["pid"], note["began"])
            if is_alive(process):
                stop(process, [(signal.Signals(number), seconds) for number, seconds in note["stop_steps"]])
                stopped.append(path.stem)
        path.unlink(missing_ok=True)
    return stopped


def _rotate(log: Path) -> None:
    """Keep one older log of at most `_LOG_BYTES` and a bit."""
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
