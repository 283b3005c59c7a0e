"""A home of its own for each test, and the certainty that nothing started there outlives it."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from payymo.local.home import Home
from payymo.local.processes import command_line
from payymo.local.services import stop_left_over


@pytest.fixture
def home(tmp_path) -> Iterator[Home]:
    made = Home(tmp_path / "home")
    made.create()
    yield made
    stop_left_over(made)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own lie in one for its owner only."""
    folder = Path(tempfile.mkdtemp(prefix="payymo-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def plain_environment(monkeypatch):
    """The environment without what the test run itself sets for Payymo."""
    for name in [name for name in os.environ if name.startswith("PAYYMO_") and not name.endswith("_BIN")]:
        monkeypatch.delenv(name)
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def listening_addresses() -> Callable[[int], set[str]]:
    """Tell on which addresses, in the kernel's own spelling, anybody listens at a port."""

    def listening_addresses(port: int) -> set[str]:
        tables = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
        rows = [line.split() for line in tables.splitlines()]
        local = [row[1].split(":") for row in rows if row[3] == "0A"]
        return {address for address, number in local if int(number, 16) == port}

    return listening_addresses


@pytest.fixture
def processes_in() -> Callable[[Path], list[str]]:
    """List the command lines that name a folder; a process that is being killed gets some seconds to go."""

    def processes_in(folder: Path) -> list[str]:
        until = time.monotonic() + 60
        while True:
            shown = (command_line(int(path.name)) for path in Path("/proc").glob("[0-9]*"))
            found = [line for line in shown if str(folder) in line]
            if not found or time.monotonic() > until:
                return found

    return processes_in
