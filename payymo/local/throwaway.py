"""Servers for one command and no longer: what `make test` and `make check` run in.

Every run has its own folder, ports and passwords, so that any number of runs and checkouts go on at once.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence

from payymo.local import postgres, valkey
from payymo.local.console import say
from payymo.local.environment import process_environment, product_variables
from payymo.local.home import CHECKOUT, Home
from payymo.local.services import stop_left_over
from payymo.local.signals import AskedToStop, stopping

# The discard port, where nothing listens: a test that reaches for a provider without a stand-in is refused at once.
_NOWHERE = "http://127.0.0.1:9/"


def run(parent: Home, command: Sequence[str], extra: Mapping[str, str]) -> int:
    """Run `command` beside fresh servers and return its exit status; the servers and their data are gone afterwards."""
    with stopping():
        try:
            with servers(parent) as variables:
                return _run_command(command, {**variables, **extra})
        except AskedToStop as stop:
            return 128 + stop.number


@contextlib.contextmanager
def servers(parent: Home) -> Iterator[dict[str, str]]:
    """Start a PostgreSQL and a Valkey of their own, give their variables, and remove both at the end."""
    parent.create()
    home = Home(parent.root / f"test-{os.getpid()}")
    with contextlib.ExitStack() as held:
        # Somebody else's sweep would take a folder that is made but not yet locked for a left-over.
        with parent.turn():
            _sweep(parent)
            home.create()
            held.enter_context(home.lock(f"{home.root} is in use."))
        started = []
        try:
            say("starting PostgreSQL and Valkey for this run")
            started.append(postgres.start(home, throwaway=True))
            started.append(valkey.start(home, throwaway=True))
            yield {
                **product_variables(
                    home,
                    mode="test",
                    postgres_port=started[0].service.port or 0,
                    valkey_port=started[1].service.port or 0,
                    sandbox_port=None,
                    web_port=8000,
                ),
                "PAYYMO_GOCARDLESS_URL": _NOWHERE,
                "PAYYMO_ENABLE_BANKING_URL": _NOWHERE,
                "PAYYMO_GOCARDLESS_PAYMENTS_URL": _NOWHERE,
                "PAYYMO_GOCARDLESS_PAYMENTS_SANDBOX_URL": _NOWHERE,
                "PAYYMO_STRIPE_URL": _NOWHERE,
                "PAYYMO_STRIPE_CONNECT_URL": _NOWHERE,
                "DJANGO_SETTINGS_MODULE": "payymo.settings_test",
            }
        finally:
            for running in reversed(started):
                running.stop()
            shutil.rmtree(home.root, ignore_errors=True)


def _run_command(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run in our own process group, so that Ctrl-C at a terminal reaches the command itself."""
    process = subprocess.Popen(list(command), cwd=CHECKOUT, env=process_environment(variables))
    try:
        status = process.wait()
    except AskedToStop as stop:
        if stop.number != signal.SIGINT:
            process.terminate()
        try:
            status = process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        raise
    return status if status >= 0 else 128 - status


def _sweep(parent: Home) -> None:
    """Stop and remove what killed runs left; a run that still goes on holds its lock."""
    for folder in parent.root.glob("test-*"):
        left = Home(folder)
        if left.runs.is_dir() and not left.is_locked():
            stopped = stop_left_over(left)
            shutil.rmtree(folder, ignore_errors=True)
            say(f"removed what an interrupted run left in {folder.name} ({', '.join(stopped) or 'nothing running'})")
