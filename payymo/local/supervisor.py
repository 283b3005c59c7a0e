"""The parent of all processes: starts them in order, starts again what dies, stops them in reverse."""

import time
from collections.abc import Callable, Sequence

from payymo.local.console import complain, say
from payymo.local.errors import LocalError
from payymo.local.home import CHECKOUT, Home
from payymo.local.services import Running, Service

_LONGEST_PAUSE_SECONDS = 30.0
_HEALTHY_SECONDS = 60.0


class Child:
    """A service that is to run as long as the supervisor."""

    def __init__(self, name: str, start: Callable[[], Running]) -> None:
        self.name = name
        self.start = start
        self.running: Running | None = None
        self.started_at = 0.0
        self.pause = 1.0
        self.start_again_at = 0.0

    def launch(self, now: float) -> Running:
        """Start it now."""
        self.running = self.start()
        self.started_at = now
        return self.running


class Supervisor:
    """Holds the children of one home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.children: list[Child] = []

    def start(self, name: str, start: Callable[[], Running]) -> Running:
        """Start a child that the watch keeps alive from then on, and wait until it answers."""
        say(f"starting {name}")
        child = Child(name, start)
        self.children.append(child)
        running = child.launch(time.monotonic())
        running.wait_until_ready()
        return running

    def run_step(self, what: str, command: Sequence[str], environment: dict[str, str], limit_seconds: float) -> None:
        """Run one command to its end, its output kept in the log `setup`.

        Raises: LocalError with its last lines when it fails or takes too long.
        """
        say(what)
        step = Running(self.home, Service("setup", tuple(command), CHECKOUT, environment))
        until = time.monotonic() + limit_seconds
        try:
            while step.exit_status() is None:
                if time.monotonic() > until:
                    raise LocalError(f"{what}: not done after {limit_seconds:.0f} s; see {step.log}")
                time.sleep(0.1)
        finally:
            step.stop()
        if step.exit_status() != 0:
            raise LocalError(f"{what}: failed; see {step.log}:\n{step.log_tail()}")

    def wait_for(self, what: str, is_so: Callable[[], bool], limit_seconds: float) -> None:
        """Wait until `is_so()`.

        Raises: LocalError when a child ends meanwhile, or when it takes longer than `limit_seconds`.
        """
        say(f"waiting until {what}")
        until = time.monotonic() + limit_seconds
        while not is_so():
            for child in self.children:
                if child.running is not None and child.running.exit_status() is not None:
                    raise LocalError(
                        f"{child.name} ended at its start ({child.running.exit_status()}); "
                        f"see {child.running.log}:\n{child.running.log_tail()}"
                    )
            if time.monotonic() > until:
                raise LocalError(f"Not after {limit_seconds:.0f} s: {what}. The logs are in {self.home.logs}.")
            time.sleep(0.5)

    def watch(self, pause_seconds: float = 0.5) -> None:
        """Watch the children for ever; only a signal ends this."""
        while True:
            now = time.monotonic()
            for child in self.children:
                self.look_after(child, now)
            time.sleep(pause_seconds)

    def look_after(self, child: Child, now: float) -> None:
        """Report a child that has died, and start it again after a pause that doubles with each death in a row."""
        if child.running is not None:
            status = child.running.exit_status()
            if status is None:
                return
            if now - child.started_at > _HEALTHY_SECONDS:
                child.pause = 1.0
            how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
            complain(f"{child.name} {how}; starting it again in {child.pause:.0f} s. Its last lines:")
            complain(f"{child.running.log}\n{child.running.log_tail()}")
            child.running.stop()
            child.running = None
            child.start_again_at = now + child.pause
            child.pause = min(child.pause * 2, _LONGEST_PAUSE_SECONDS)
        elif now >= child.start_again_at:
            try:
                child.launch(now)
            except LocalError as error:
                complain(f"{child.name} could not be started again: {error}")
                child.start_again_at = now + child.pause
                child.pause = min(child.pause * 2, _LONGEST_PAUSE_SECONDS)
            else:
                say(f"{child.name} runs again")

    def stop_all(self) -> None:
        """Stop every child, the last started first."""
        for child in reversed(self.children):
            if child.running is None:
                continue
            say(f"stopping {child.name}")
            if not child.running.stop():
                complain(f"{child.name} did not end in time and was killed")
            child.running = None
        self.children.clear()
