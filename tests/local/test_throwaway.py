"""Servers for one command: `make test` on one machine, twice at once, and interrupted."""

import os
import signal
import subprocess
import sys

import pytest

from payymo.local.environment import process_environment
from payymo.local.home import CHECKOUT

TELL = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'], flush=True); input()"


@pytest.fixture
def throwaway(home, plain_environment):
    """Run a command beside servers of its own; one that a test leaves is killed."""
    started = []

    def throwaway(*command):
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "payymo.local", "throwaway", "--", *command],
                cwd=CHECKOUT,
                env={**os.environ, "PAYYMO_HOME": str(home.root)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield throwaway
    for process in started:
        process.kill()
        process.communicate(timeout=120)


def told_servers(process):
    for line in process.stdout:
        if line.startswith("postgres://"):
            return set(line.split())
    raise AssertionError("the command said nothing")


def test_two_at_once_in_one_home_have_their_own_servers_and_leave_nothing(home, throwaway):
    first, second = throwaway(sys.executable, "-c", TELL), throwaway(sys.executable, "-c", TELL)

    assert told_servers(first).isdisjoint(told_servers(second))
    for process in (first, second):
        process.communicate("\n", timeout=120)

    assert (first.returncode, second.returncode) == (0, 0)
    assert list(home.root.glob("test-*")) == []


def test_processes_keep_bytecode_though_the_launcher_was_told_not_to(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    assert "PYTHONDONTWRITEBYTECODE" not in process_environment({})


def test_the_exit_status_of_the_command_is_passed_on(home, throwaway):
    process = throwaway(sys.executable, "-c", "raise SystemExit(5)")
    process.communicate(timeout=120)

    assert process.returncode == 5


def test_sigterm_ends_the_command_and_its_servers(home, throwaway):
    process = throwaway(sys.executable, "-c", TELL)
    told_servers(process)

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)

    assert process.returncode == 128 + signal.SIGTERM
    assert list(home.root.glob("test-*")) == []


def test_the_next_run_removes_what_a_killed_one_left(home, throwaway, processes_in):
    killed = throwaway(sys.executable, "-c", TELL)
    told_servers(killed)
    killed.kill()
    killed.wait(timeout=60)
    [left] = home.root.glob("test-*")

    after = throwaway(sys.executable, "-c", "print('done')")
    output, _ = after.communicate(timeout=120)

    assert "removed what an interrupted run left" in output
    assert "valkey, postgres" in output
    assert not left.exists()
    assert after.returncode == 0
    assert processes_in(left) == []
