"""`compile_core`, or `make compiled`: compile the matching core where this machine can.

The source stays what runs everywhere. A build of exactly this source is faster and nothing else, which the core's own
tests must say before it is kept.
Source: docs/adr/0037-the-core-may-be-compiled.md
"""

import os
import shutil
import subprocess  # nosec B404
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from matching.core.compiled import BUILDS, HERE, PLAIN, fingerprint

_CHECKOUT = HERE.parent.parent
_TESTS = "tests/matching/core"
_SECONDS = 900
_KEPT = 3
_MOST_SHOWN = 4000
# What every payment goes through. The rest is run so seldom that it stays as it is written.
MODULES = (
    "amounts", "book", "confidence", "doubts", "engine", "evidence", "features", "guesses", "hits", "hypotheses",
    "judging", "list_features", "lists", "memory", "name_forms", "names", "normalise", "numbers", "partial", "quotes",
    "reasons", "replay", "scoring", "structured", "subset", "unmatched", "weighing",
)  # fmt: skip
_CONFIG = "[mypy]\nignore_missing_imports = True\nfollow_imports = silent\n"
_BUILD = """
import sys
from mypyc.build import mypycify
from setuptools import setup
work, *sources = sys.argv[1:]
parts = mypycify(
    ["--config-file", f"{work}/mypy.ini", "--cache-dir", f"{work}/mypy", *sources],
    opt_level="2", debug_level="0", group_name="payymo_core", target_dir=f"{work}/c",
)
command = ["-q", "build_ext", "-b", f"{work}/made", "-t", f"{work}/objects"]
setup(name="payymo-core", packages=[], py_modules=[], ext_modules=parts, script_args=command)
"""


class Command(BaseCommand):
    """Make the build that this source lacks."""

    help = "Compile the matching core of this source into the environment, where there is a C compiler."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        target = BUILDS / fingerprint()
        if target.is_dir():
            return
        lacking = what_is_missing()
        if lacking:
            # No failure: everything runs without.
            self.stderr.write(f"The matching core runs as plain Python, for want of {lacking}.")
            return
        self.stderr.write("Compiling the matching core, about a minute.")
        BUILDS.mkdir(parents=True, exist_ok=True)
        try:
            make(target)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
            shutil.rmtree(target, ignore_errors=True)
            said = (failed.stdout or "")[-_MOST_SHOWN:]
            raise CommandError(f"{said}\nThe matching core could not be compiled; it runs as plain Python.") from None
        drop_old(BUILDS, keep=target)


def make(target: Path) -> None:
    """Compile the modules into the folder `target` and test them there.

    Raises: CalledProcessError, TimeoutExpired.
    """
    with tempfile.TemporaryDirectory(dir=BUILDS, prefix=".making-") as there:
        made = build(Path(there), MODULES)
        if not target.is_dir():
            made.rename(target)
    test()


def what_is_missing() -> str:
    """Name what compiling needs and this machine lacks; empty when all is there."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"a C compiler ({compiler})"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "Python.h (on Debian and Ubuntu: apt install python3-dev)"
    return next((name for name in ("mypyc", "setuptools") if find_spec(name) is None), "")


def build(work: Path, modules: Sequence[str]) -> Path:
    """Compile modules of the core in the folder `work` and return what was made of them.

    Raises: CalledProcessError, TimeoutExpired.
    """
    (work / "mypy.ini").write_text(_CONFIG, encoding="utf-8")
    sources = [str((HERE / f"{name}.py").relative_to(_CHECKOUT)) for name in modules]
    # With the source in plain sight, so that an older build has no part in it.
    _run([sys.executable, "-c", _BUILD, str(work), *sources], {**os.environ, PLAIN: "1"})
    return work / "made"


def test() -> None:
    """Run the core's tests with the build.

    Raises: CalledProcessError, TimeoutExpired.
    """
    # Which settings the tests have is for them to say; this process has named the product's.
    settings = {name: value for name, value in os.environ.items() if name not in (PLAIN, "DJANGO_SETTINGS_MODULE")}
    _run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", _TESTS], settings)


def _run(command: list[str], settings: dict[str, str]) -> None:
    subprocess.run(  # noqa: S603 - this Python, with our own words  # nosec B603
        command, cwd=_CHECKOUT, env=settings, timeout=_SECONDS, check=True, stdout=subprocess.PIPE, text=True
    )


def drop_old(builds: Path, *, keep: Path) -> None:
    """Remove all builds but this one and the newest others."""
    others = sorted((path for path in builds.iterdir() if path != keep), key=lambda path: -path.stat().st_mtime)
    for path in others[_KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
