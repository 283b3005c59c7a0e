"""Real worker processes for tests, and what they noted."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
LONGEST_WAIT = 300


class Crew:
    """Worker processes of one test; whatever still runs at its end is killed."""

    def __init__(self, env, folder):
        self.log, self.folder = folder / "jobs.log", folder
        self.log.touch()
        self._env = {**env, "JOBS_LOG": str(self.log)}
        self._started = []

    def start(self, *, processes=3, env=None):
        command = [
            sys.executable, "-m", "celery", "-A", "payymo.celery", "worker", "--loglevel", "info",
            "--include", "tests.tenants.jobs_of_tests",
            "--concurrency", str(processes), "--without-gossip", "--without-mingle",
        ]  # fmt: skip
        with (self.folder / "worker.log").open("ab") as output:
            worker = subprocess.Popen(
                command, cwd=CHECKOUT, env={**self._env, **(env or {})}, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        self._started.append(worker)
        return worker

    def lines(self, what=""):
        noted = [tuple(line.split()) for line in self.log.read_text().splitlines()]
        return [(name, tenant) for name, tenant in noted if name.startswith(what)]

    def wait_for(self, condition, *, seconds=LONGEST_WAIT):
        """Return what the condition gives once it gives something; fail with the workers' log otherwise."""
        pause, end = threading.Event(), time.monotonic() + seconds
        while time.monotonic() < end:
            if found := condition():
                return found
            pause.wait(0.1)
        raise AssertionError((self.folder / "worker.log").read_text()[-4000:])

    def kill(self, worker):
        """End a worker with all its processes as a power cut would."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(120)

    def kill_all(self):
        for worker in self._started:
            if worker.poll() is None:
                self.kill(worker)
