"""Watching and stopping real processes."""

import os
import signal
import subprocess
import sys
import time

import pytest

from payymo.local.errors import LocalError
from payymo.local.home import CHECKOUT, write_json
from payymo.local.processes import identify, wait_until_gone
from payymo.local.services import Running, Service, note_path, stop_left_over
from payymo.local.supervisor import Supervisor

# Says that it is ready, then waits for the end; with `deaf` it ignores SIGTERM and has a deaf child too.
PROGRAM = """
import os, pathlib, signal, subprocess, sys, time
name, deaf = sys.argv[1], len(sys.argv) > 2
def end(*_):
    with open("ended", "a") as ended: ended.write(name + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if deaf else end)
if sys.argv[2:] == ["deaf"]:
    child = subprocess.Popen([sys.executable, __file__, name + "-child", "silent"])
    pathlib.Path(name + ".child").write_text(str(child.pid))
print(name, "is ready", flush=True)
pathlib.Path(name + ".ready").touch()
time.sleep(600)
"""


@pytest.fixture
def service(home):
    program = home.root / "program.py"
    program.write_text(PROGRAM)

    def service(name, *arguments, **options):
        ready = home.root / f"{name}.ready"
        return Service(
            name,
            (sys.executable, str(program), name, *arguments),
            home.root,
            dict(os.environ),
            is_ready=ready.exists,
            ready_seconds=120.0,
            **{"stop_steps": ((signal.SIGTERM, 60.0),), **options},
        )

    return service


@pytest.fixture
def supervisor(home):
    made = Supervisor(home)
    yield made
    made.stop_all()


def test_children_are_stopped_in_reverse_order(home, supervisor, service):
    for name in ("first", "second", "third"):
        supervisor.start(name, lambda name=name: Running(home, service(name)))

    supervisor.stop_all()

    assert (home.root / "ended").read_text().split() == ["third", "second", "first"]
    assert list(home.runs.glob("*.json")) == []


def test_a_deaf_process_and_its_children_are_killed_after_the_grace_time(home, supervisor, service):
    running = Running(home, service("deaf", "deaf", stop_steps=((signal.SIGTERM, 0.3),)))
    running.wait_until_ready()
    child = identify(int((home.root / "deaf.child").read_text()))
    assert child is not None

    gentle = running.stop()

    assert gentle is False
    assert running.exit_status() == -signal.SIGKILL
    assert wait_until_gone(child, 60)


def test_a_dead_child_is_reported_with_its_last_lines_and_started_again_with_growing_pauses(
    home, supervisor, service, capsys
):
    supervisor.start("frail", lambda: Running(home, service("frail")))
    [child] = supervisor.children
    clock = time.monotonic()
    pauses = []

    for _death in range(3):
        child.running.process.kill()
        child.running.process.wait(timeout=60)
        supervisor.look_after(child, clock)
        assert child.running is None
        pauses.append(child.start_again_at - clock)
        supervisor.look_after(child, child.start_again_at - 0.01)
        assert child.running is None
        clock = child.start_again_at
        (home.root / "frail.ready").unlink()
        supervisor.look_after(child, clock)
        child.running.wait_until_ready()

    shown = capsys.readouterr()
    assert pauses == [1.0, 2.0, 4.0]
    assert shown.err.count("frail was killed by signal 9") == 3
    assert "frail is ready" in shown.err
    assert shown.out.count("frail runs again") == 3


def test_a_start_that_fails_shows_the_last_lines(home, supervisor):
    command = (sys.executable, "-c", "print('the reason'); raise SystemExit(3)")
    broken = Service("broken", command, CHECKOUT, dict(os.environ), is_ready=lambda: False)

    with pytest.raises(LocalError, match=r"broken ended at its start \(3\):\n    the reason"):
        supervisor.start("broken", lambda: Running(home, broken))


def test_a_step_that_fails_or_hangs_stops_the_start(home, supervisor):
    failing = [sys.executable, "-c", "raise SystemExit('no such table')"]
    hanging = [sys.executable, "-c", "import time; time.sleep(600)"]

    with pytest.raises(LocalError, match=r"(?s)migrating: failed; .*no such table"):
        supervisor.run_step("migrating", failing, dict(os.environ), 30)
    with pytest.raises(LocalError, match="seeding: not done after 0 s"):
        supervisor.run_step("seeding", hanging, dict(os.environ), 0.2)

    assert list(home.runs.glob("*.json")) == []


def test_what_a_killed_launcher_left_is_stopped_and_a_reused_process_id_is_left_alone(home, service):
    left = Running(home, service("left"))
    left.wait_until_ready()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        steps = [[int(signal.SIGTERM), 1.0]]
        write_json(note_path(home, "recycled"), {"pid": stranger.pid, "began": "earlier", "stop_steps": steps})

        stopped = stop_left_over(home)

        assert stopped == ["left"]
        assert left.process.wait(timeout=60) == 0
        assert stranger.poll() is None
        assert list(home.runs.glob("*.json")) == []
        stranger.kill()
