"""Posters as children of one process that has loaded Django: one that is killed is back at once.

Run as `python -m tests.whmcs.crew FOLDER NUMBER COMMAND...`; FOLDER holds a file with the process id of each poster.
SIGTERM ends the posters, and then this process.
"""

import os
import signal
import sys
import threading
from pathlib import Path


def _poster(command: list[str]) -> None:
    from django.core.management import call_command

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    status = 1
    try:
        call_command(*command)
        status = 0
    finally:
        os._exit(status)


def _fork(place: int, folder: Path, command: list[str]) -> int:
    child = os.fork()
    if child == 0:
        _poster(command)
    note = folder / f"{place}.new"
    note.write_text(str(child))
    note.rename(folder / f"{place}.pid")
    return child


def main(folder: Path, number: int, command: list[str]) -> None:
    import django

    django.setup()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    running = {_fork(place, folder, command): place for place in range(number)}
    while running:
        child, _ = os.waitpid(-1, os.WNOHANG)
        if child:
            place = running.pop(child)
            if not stopping.is_set():
                running[_fork(place, folder, command)] = place
        elif stopping.is_set():
            # Again and again: one that has only just begun may not listen yet.
            for child in running:
                os.kill(child, signal.SIGTERM)
            threading.Event().wait(0.2)
        else:
            stopping.wait(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
