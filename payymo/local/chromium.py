"""Finding a Chromium for the browser tests, or getting one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from payymo.local.console import say
from payymo.local.errors import LocalError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_INSTALL_SECONDS = 300


def find() -> str | None:
    """Return the path of an installed Chromium: PAYYMO_CHROMIUM, PATH, then Playwright's own download."""
    named = os.environ.get("PAYYMO_CHROMIUM")
    if named:
        if shutil.which(named) is None:
            raise LocalError(f"PAYYMO_CHROMIUM is {named}, but that is no program.")
        return named
    for name in _NAMES:
        found = shutil.which(name)
        if found:
            return found
    return _downloaded_by_playwright()


def ensure() -> str:
    """Return a Chromium, installing one where none is found.

    Raises: LocalError when there is none to be had: a browser test is never skipped.
    """
    found = find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        say("no Chromium found: installing the Debian package")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _try(["apt-get", "update", "-qq"], quiet)
        _try(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], quiet)
        found = find()
    if found is None:
        say("no Chromium found: trying Playwright's download")
        _try([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ))
        found = find()
    if found is None:
        raise LocalError(
            "The browser tests need Chromium, and none was found or could be installed: "
            "install the package chromium, or set PAYYMO_CHROMIUM to its program."
        )
    return found


def _downloaded_by_playwright() -> str | None:
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    folders = (
        [Path(named)] if named else [Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright"]
    )
    programs = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium")
    found = sorted(path for folder in folders for program in programs for path in folder.glob(program))
    return str(found[-1]) if found else None


def _try(command: list[str], environment: dict[str, str]) -> None:
    """Run an installer and show the last line of what it said when it failed; the caller looks at the outcome."""
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"{command[0]} failed: {error}")
        return
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
        say(f"{' '.join(command[:3])} failed: {last[0]}")
