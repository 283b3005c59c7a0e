"""The commands as a person types them: start detached, ask, start twice, kill, stop."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from payymo.local.__main__ import main
from payymo.local.home import CHECKOUT
from payymo.local.ports import choose_free
from payymo.local.processes import identify, wait_until_gone


@pytest.fixture
def launcher(home, plain_environment):
    """Run the launcher in a home of its own; what a test leaves running is stopped."""
    environment = {**os.environ, "PAYYMO_HOME": str(home.root)}
    environment |= {"PAYYMO_PORT": str(choose_free()), "PAYYMO_SANDBOX_PORT": str(choose_free())}

    def launcher(*arguments, **variables):
        return subprocess.run(
            [sys.executable, "-m", "payymo.local", *arguments],
            cwd=CHECKOUT,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    yield launcher
    launcher("stop")


def supervisor_of(home):
    return json.loads((home.root / "state.json").read_text())["pid"]


def execute(launcher, statement):
    program = (
        "import os, sys, psycopg2\n"
        "connection = psycopg2.connect(os.environ['PAYYMO_OWNER_DATABASE_URL']); connection.autocommit = True\n"
        "cursor = connection.cursor(); cursor.execute(sys.argv[1])\n"
        "print(cursor.fetchall() if cursor.description else 'done')"
    )
    done = launcher("run", "--", sys.executable, "-c", program, statement)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_services_start_detached_keep_their_data_over_a_killed_supervisor_and_stop(home, launcher, processes_in):
    started = launcher("services", "--detach")
    assert started.returncode == 0, started.stdout + started.stderr
    assert "DATABASE_URL=postgres://payymo_app:" in started.stdout
    assert execute(launcher, "CREATE TABLE kept AS SELECT 7 AS n") == "done"

    status = launcher("status")
    assert status.returncode == 0
    assert [line.split()[:2] for line in status.stdout.splitlines()] == [
        ["postgres", "running"],
        ["valkey", "running"],
        ["sandbox", "running"],
        ["supervisor", "ready"],
    ]

    again = launcher("services", "--detach")
    assert again.returncode == 2
    assert "Payymo already runs from" in again.stderr

    supervisor = identify(supervisor_of(home))
    os.kill(supervisor.pid, signal.SIGKILL)
    assert wait_until_gone(supervisor, 60)
    assert launcher("status").returncode == 3
    taken_over = launcher("services", "--detach")
    assert taken_over.returncode == 0, taken_over.stdout + taken_over.stderr
    assert "stopped what an interrupted run had left: sandbox, valkey, postgres" in taken_over.stdout
    assert execute(launcher, "SELECT n FROM kept") == "[(7,)]"

    stopped = launcher("stop")
    assert (stopped.returncode, stopped.stderr) == (0, "")
    assert processes_in(home.root) == []
    assert launcher("status").returncode == 3


def test_stop_ends_what_a_killed_supervisor_left(home, launcher, processes_in):
    assert launcher("services", "--detach").returncode == 0
    supervisor = identify(supervisor_of(home))
    os.kill(supervisor.pid, signal.SIGKILL)
    assert wait_until_gone(supervisor, 60)

    stopped = launcher("stop")

    assert "stopped what an interrupted run had left: sandbox, valkey, postgres" in stopped.stdout
    assert stopped.returncode == 0
    assert processes_in(home.root) == []


def test_a_taken_port_stops_the_start_with_one_line_and_leaves_nothing_running(home, launcher, processes_in):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])

        refused = launcher("demo", "--detach", PAYYMO_PORT=port)

        assert refused.returncode == 2
        assert f"Port {port} (web) is taken by" in refused.stdout + refused.stderr
        assert processes_in(home.root) == []


def test_run_without_anything_running_says_how_to_start(launcher):
    refused = launcher("run", "--", "true")

    assert refused.returncode == 2
    assert "start it with `make demo`" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_stop_without_anything_running_is_no_error(launcher):
    assert launcher("stop").returncode == 0


@pytest.mark.parametrize("arguments", [[], ["fly"], ["stop", "--now"]])
def test_wrong_usage_exits_2(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m payymo.local")


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"], ["test", "--help"]])
def test_help_is_for_us_and_not_for_the_command_that_follows(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python -m payymo.local")
