"""Starting a stack in the foreground or detached, asking how it is, and ending it, whoever started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from payymo.local import demo
from payymo.local.console import say, show
from payymo.local.errors import LocalError
from payymo.local.home import CHECKOUT, Home, read_json, write_json
from payymo.local.processes import ProcessIdentity, identify, is_alive, stop
from payymo.local.services import notes_in_order, stop_left_over
from payymo.local.signals import AskedToStop, stopping
from payymo.local.supervisor import Supervisor

_DETACH_SECONDS = 900.0
_STOP_SECONDS = 90.0
NOT_RUNNING = 3


def run_in_foreground(home: Home, *, servers_only: bool) -> int:
    """Start everything, tell where it is, and watch it until somebody asks to stop; then stop it all."""
    home.create()
    web_port, sandbox_port = demo.default_ports()
    with home.lock(_busy_text(home)), stopping():
        supervisor = Supervisor(home)
        try:
            _note_state(home, "starting", web_port)
            demo.clear_the_way(home, web_port=None if servers_only else web_port, sandbox_port=sandbox_port)
            variables = demo.start_servers(home, supervisor, web_port=web_port, sandbox_port=sandbox_port)
            if servers_only:
                demo.tell_variables(variables)
            else:
                demo.start_product(home, supervisor, variables, web_port=web_port)
                demo.tell_sign_ins(home, web_port)
            _note_state(home, "ready", web_port)
            say("`make stop` ends it all; in the foreground so does Ctrl-C")
            supervisor.watch()
        except AskedToStop:
            say("asked to stop")
        finally:
            supervisor.stop_all()
            _state_path(home).unlink(missing_ok=True)
    say("stopped")
    return 0


def run_detached(home: Home, *, servers_only: bool) -> int:
    """Start everything under a supervisor of its own session, show its progress, and return once it is ready."""
    home.create()
    if home.is_locked():
        raise LocalError(_busy_text(home))
    log = demo.log_of_detached(home)
    log.unlink(missing_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "payymo.local", "services" if servers_only else "demo"],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with stopping():
            return _follow_until_ready(home, process)
    except AskedToStop as asked:
        process.terminate()
        process.wait(timeout=_STOP_SECONDS)
        return 128 + asked.number


def stop_everything(home: Home) -> int:
    """End the supervisor of this home and its children, or what a killed one has left."""
    if home.is_locked():
        state = read_json(_state_path(home))
        if state is None:
            raise LocalError(f"Another command uses {home.root} right now; try again in a moment.")
        say("stopping")
        # The supervisor stops its children in order; killed, it leaves them to the lines below.
        stop(ProcessIdentity(state["pid"], state["began"]), [(signal.SIGTERM, _STOP_SECONDS)])
    left_over = stop_left_over(home) if home.runs.is_dir() else []
    if left_over:
        say(f"stopped what an interrupted run had left: {', '.join(left_over)}")
    _state_path(home).unlink(missing_ok=True)
    say("nothing runs")
    return 0


def tell_status(home: Home) -> int:
    """Print one line a process; exit status 0 when ready, 1 while starting or ailing, 3 when nothing runs."""
    notes = notes_in_order(home) if home.runs.is_dir() else []
    ailing = 0
    for path in notes:
        note = read_json(path) or {}
        alive = "pid" in note and is_alive(ProcessIdentity(note["pid"], note["began"]))
        ailing += not alive
        port = f" on 127.0.0.1:{note['port']}" if note.get("port") else ""
        show(f"{path.stem:<10} {'running' if alive else 'dead'} (process {note.get('pid')}){port}")
    state = read_json(_state_path(home)) if home.is_locked() else None
    if state is None:
        show("no supervisor runs" + ("; `make stop` ends what is left" if len(notes) > ailing else ""))
        return NOT_RUNNING
    show(f"supervisor {state['state']} (process {state['pid']})")
    return 0 if state["state"] == "ready" and not ailing else 1


def _follow_until_ready(home: Home, process: "subprocess.Popen[bytes]") -> int:
    until = time.monotonic() + _DETACH_SECONDS
    with demo.log_of_detached(home).open("r", errors="replace") as log:
        while True:
            ended = process.poll()
            state = read_json(_state_path(home)) or {}
            text = log.read()
            sys.stdout.write(text)
            sys.stdout.flush()
            if ended is not None:
                return ended or 1
            if state.get("state") == "ready" and state.get("pid") == process.pid:
                return 0
            if time.monotonic() > until:
                process.terminate()
                process.wait(timeout=_STOP_SECONDS)
                raise LocalError(f"Not ready after {_DETACH_SECONDS:.0f} s; see {demo.log_of_detached(home)}.")
            time.sleep(0.2)


def _busy_text(home: Home) -> str:
    state = read_json(_state_path(home))
    if state is None:
        return f"Payymo is already being started in {home.root} by another command."
    return (
        f"Payymo already runs from {home.root} at http://acme.localhost:{state['port']}/ (process {state['pid']}); "
        "`make stop` ends it."
    )


def _note_state(home: Home, state: str, port: int) -> None:
    me = identify(os.getpid())
    began = me.began if me else ""
    write_json(_state_path(home), {"state": state, "pid": os.getpid(), "began": began, "port": port})


def _state_path(home: Home) -> Path:
    return home.root / "state.json"
