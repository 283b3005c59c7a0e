"""Finding the PHP that tests the WHMCS addon module, or getting it."""

import os
import shutil
import subprocess

from payymo.local.console import say
from payymo.local.errors import LocalError

_PACKAGES = ("php-cli", "php-sqlite3", "php-curl", "php-mbstring", "php-xml", "phpunit", "php-illuminate-database")
_NEEDS = """
exit(extension_loaded('pdo_sqlite') && extension_loaded('curl') && @include 'Illuminate/Database/autoload.php' ? 0 : 1);
"""
_INSTALL_SECONDS = 300


def is_there() -> bool:
    """Return whether php, phpunit and what they load are installed."""
    if shutil.which("php") is None or shutil.which("phpunit") is None:
        return False
    return subprocess.run(["php", "-r", _NEEDS], capture_output=True, check=False, timeout=30).returncode == 0


def ensure() -> None:
    """Install what is missing where that is possible.

    Raises: LocalError naming the packages: a test in PHP is never skipped.
    """
    if is_there():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("PHP is missing or not complete: installing the Debian packages")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *_PACKAGES],
        ):
            try:
                subprocess.run(command, env=quiet, capture_output=True, check=False, timeout=_INSTALL_SECONDS)
            except subprocess.TimeoutExpired as error:
                say(f"apt-get took too long: {error}")
    if not is_there():
        raise LocalError(
            "The tests of the WHMCS addon module need PHP, and it could not be installed. "
            f"Install: {' '.join(_PACKAGES)}."
        )
