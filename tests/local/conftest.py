"""A home of its own for each test, and the certainty that nothing started there outlives it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from payymo.local.home import Home
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
