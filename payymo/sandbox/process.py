"""Starting and stopping the sandbox as a process of its own, for tests and for the launcher."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 120.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05


class SandboxDidNotStart(RuntimeError):
    """The process ended, or did not answer in time."""


@dataclass(slots=True)
class SandboxProcess:
    """A running sandbox."""

    base_url: str
    home: Path
    port: int
    process: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        """End it in good order, or by force after a while."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def control(self, method: str, path: str, order: dict[str, Any] | None = None) -> Any:
        """Call `/_control<path>` and return its JSON.

        Raises: urllib.error.HTTPError for an order that was refused.
        """
        data = json.dumps(order).encode() if order is not None else None
        request = urllib.request.Request(
            f"{self.base_url}/_control{path}", data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:
            return json.loads(answer.read())


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(home: Path, port: int | None = None, *options: str) -> SandboxProcess:
    """Start the sandbox with its state under `home` and return once it answers.

    Raises: SandboxDidNotStart with what the process said.
    """
    home.mkdir(parents=True, exist_ok=True)
    chosen = port or free_port()
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "payymo.sandbox", "--home", str(home), "--port", str(chosen), *options]
    with (home / "sandbox.log").open("ab") as output:
        process = subprocess.Popen(command, cwd=root, stdout=output, stderr=output)
    running = SandboxProcess(f"http://127.0.0.1:{chosen}", home, chosen, process)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if _answers(running):
            return running
        time.sleep(POLL_SECONDS)
    running.stop()
    said = (home / "sandbox.log").read_text(errors="replace")[-500:]
    raise SandboxDidNotStart(f"The sandbox did not answer on port {chosen}: {said}")


def _answers(running: SandboxProcess) -> bool:
    try:
        running.control("GET", "/health")
    except (urllib.error.URLError, OSError):
        return False
    return True
