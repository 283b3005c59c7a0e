"""Make the virtual environment that everything else runs in: `python3 payymo/local/bootstrap.py demo|dev|bench`.

Runs with whatever `python3` the machine has, before anything is installed: the standard library only, and only what
Python 3.6 can read, so that an old one can still say in one line what is missing.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent.parent
LEAST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 2 * 1024**3
# What each level installs, from the smallest. Each holds all of the one before at the same versions, so that
# `make demo` after `make test` has nothing to remove.
LEVELS = {
    "demo": ("requirements.txt", "requirements-demo.txt"),
    "dev": ("requirements-dev.txt",),
    "bench": ("requirements-bench.txt",),
}
_OTHER_PYTHONS = ("python3.13", "python3.12", "python3.11", "python3")
_PROBE = "import sys; print('%d.%d' % sys.version_info[:2]); import venv, ensurepip"
_INSTALL_SECONDS = 1800


class Missing(Exception):
    """Something that this machine lacks; the text is one clear line."""


def main(arguments: "list[str]") -> int:
    """Bring the environment to the level asked for; exit status 2 and one line when that cannot be done."""
    if len(arguments) != 1 or arguments[0] not in LEVELS:
        print("usage: python3 payymo/local/bootstrap.py demo|dev|bench", file=sys.stderr)
        return 2
    try:
        if is_current(environment_folder(), arguments[0]):
            return 0
        python = choose_python(_candidates(environment_folder()), probe)
        if python != sys.executable:
            os.execv(python, [python, str(Path(__file__).resolve()), *arguments])  # noqa: S606 - this file, once more
        build(environment_folder(), arguments[0])
    except Missing as missing:
        print(f"payymo: {missing}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("payymo: interrupted; the next run starts over.", file=sys.stderr)
        return 130
    return 0


def environment_folder() -> Path:
    """Return the folder of the environment: PAYYMO_VENV, else `venv` in PAYYMO_HOME; relative ones in the checkout."""
    home = os.environ.get("PAYYMO_HOME") or ".payymo"
    return CHECKOUT / (os.environ.get("PAYYMO_VENV") or Path(home) / "venv")


def _candidates(environment: Path) -> "list[str]":
    """Return the interpreters to try; not the environment's own, which a repair removes while it runs."""
    found = [sys.executable, *(shutil.which(name) or "" for name in _OTHER_PYTHONS)]
    return [python for python in found if python and environment.absolute() not in Path(python).absolute().parents]


def probe(python: str) -> "tuple[str, bool]":
    """Return the version of an interpreter, empty when it does not run, and whether it can make environments."""
    try:
        done = subprocess.run(
            [python, "-c", _PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", False
    return done.stdout.decode(errors="replace").strip(), done.returncode == 0


def choose_python(candidates: "list[str]", probe: "Callable[[str], tuple[str, bool]]") -> str:
    """Return the first of `candidates` that is new enough and can make environments.

    Raises: Missing, saying what was found instead.
    """
    seen = []
    lacking = ""
    for python in candidates:
        version, able = probe(python)
        if not version:
            continue
        if tuple(map(int, version.split("."))) < LEAST_PYTHON:
            seen.append(f"{python} is {version}")
        elif able:
            return python
        else:
            lacking = lacking or f"{python} ({version})"
    if lacking:
        raise Missing(f"{lacking} has no venv or ensurepip module; on Debian and Ubuntu: apt install python3-venv")
    raise Missing(
        "Payymo needs Python {}.{} or later ({}). Install one, or name it: make demo PYTHON=/path/to/python3".format(
            LEAST_PYTHON[0], LEAST_PYTHON[1], "; ".join(dict.fromkeys(seen)) or "none was found"
        )
    )


def is_current(environment: Path, level: str) -> bool:
    """Tell whether the environment holds exactly what the locked requirements of `level`, or of a larger one, name."""
    stamp = _read_stamp(environment)
    return (
        stamp.get("level") in LEVELS
        and _larger(stamp["level"], level) == stamp["level"]
        and stamp.get("requirements") == _fingerprint(stamp["level"])
        and (environment / "bin" / "python").exists()
        and not _incomplete(environment).exists()
    )


def _larger(one: str, other: str) -> str:
    return max(one, other, key=list(LEVELS).index)


def check_disk(folder: Path, free_bytes: "int | None" = None) -> None:
    """Raise Missing when the disk under `folder` is too full for the packages; measured when not given."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(str(folder)).free if free_bytes is None else free_bytes
    if free < LEAST_FREE_BYTES:
        raise Missing(
            f"only {free // 1024**2:,} MiB are free on the disk of {folder}; "
            f"the packages need {LEAST_FREE_BYTES // 1024**2:,} MiB. "
            "Free some, or set PAYYMO_HOME to another disk."
        )


def build(environment: Path, level: str) -> None:
    """Make or repair the environment and install the locked packages; two at once wait for each other."""
    try:
        environment.parent.mkdir(parents=True, exist_ok=True)
        lock = environment.with_name(environment.name + ".lock").open("a")
    except OSError as error:
        raise Missing(f"{environment} cannot be written ({error.strerror}); set PAYYMO_HOME elsewhere.") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_current(environment, level):
            return
        check_disk(environment)
        # What was installed for tests stays installed when only the demo is asked for.
        stamp = _read_stamp(environment)
        if stamp.get("level") in LEVELS:
            level = _larger(stamp["level"], level)
        ours = _prepare(environment, stamp)
        _install(environment, level, exact=ours)
        _write(environment / "payymo-stamp.json", {"level": level, "requirements": _fingerprint(level), "ours": ours})
        _incomplete(environment).unlink()


def _prepare(environment: Path, stamp: "dict[str, Any]") -> bool:
    """Make the environment anew unless a good one is there, and tell whether it is ours to remove packages from."""
    python = environment / "bin" / "python"
    marker = _incomplete(environment)
    interrupted = marker.exists()
    known = json.loads(marker.read_text()) if interrupted else stamp
    ours = bool(known.get("ours", not environment.exists()))
    _write(marker, {"ours": ours})
    works = probe(str(python))[1]
    if works and not (ours and interrupted):
        return ours
    if not ours:
        raise Missing(f"PAYYMO_VENV is {environment}, which is no working environment; remove it.")
    print(f"making a virtual environment in {environment}", flush=True)
    shutil.rmtree(str(environment), ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(environment)], "the virtual environment could not be made")
    return True


def _install(environment: Path, level: str, exact: bool) -> None:
    """Install with uv, which takes a quarter of the time, or with pip where uv does not run.

    Not `exact`: keep the packages that somebody put into an environment of their own.
    """
    python = str(environment / "bin" / "python")
    files = [str(CHECKOUT / name) for name in LEVELS[level]]
    as_options = [word for name in files for word in ("-r", name)]
    print(f"installing the packages of {' and '.join(LEVELS[level])}", flush=True)
    try:
        _install_uv(python)
        action = ["sync", *files] if exact else ["install", *as_options]
        # At a terminal uv draws bars; elsewhere it would list every package.
        action += [] if sys.stdout.isatty() else ["--quiet"]
        _run(
            [python, "-m", "uv", "pip", *action, "--python", python, "--require-hashes"],
            "uv failed",
            _uv_settings(python),
        )
    except Missing as missing:
        print(f"{missing}; trying pip", flush=True)
        _run(
            [python, "-m", "pip", "install", "--require-hashes", "--progress-bar", "off", "--quiet", *as_options],
            "the packages could not be installed (see above; is the network there?)",
        )


def _install_uv(python: str) -> None:
    """Install the uv that requirements-dev.txt pins, by its hashes."""
    locked = (CHECKOUT / "requirements-dev.txt").read_text()
    found = re.search(r"^uv==.*(?:\n[ \t].*)*", locked, re.MULTILINE)
    if found is None:
        raise Missing("requirements-dev.txt names no uv")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as chosen:
        chosen.write(found.group() + "\n")
        chosen.flush()
        _run(
            [
                python,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--require-hashes",
                "-r",
                chosen.name,
            ],
            "uv could not be installed",
        )


def _uv_settings(python: str) -> "dict[str, str]":
    """Return the environment of uv: it does not read pip's configuration, where a company names its own index."""
    settings = dict(os.environ)
    listed = subprocess.run([python, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, check=False, timeout=60)
    for pip_name, uv_name in (
        ("index-url", "UV_DEFAULT_INDEX"),
        ("extra-index-url", "UV_INDEX"),
        ("cert", "SSL_CERT_FILE"),
    ):
        found = re.search(rf"^\S+\.{pip_name}='(.*)'$", listed.stdout.decode(), re.MULTILINE)
        if found:
            settings.setdefault(uv_name, found.group(1))
    # As pip does; safe here, since only files with the locked hashes are taken, from whichever index.
    settings.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    if not os.access(str(Path.home()), os.W_OK):
        settings.setdefault("UV_CACHE_DIR", str(environment_folder()) + ".cache")
    return settings


def _run(command: "list[str]", failure: str, environment: "dict[str, str] | None" = None) -> None:
    try:
        done = subprocess.run(command, env=environment, timeout=_INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{failure}: {error}") from error
    if done.returncode != 0:
        raise Missing(failure)


def _fingerprint(level: str) -> str:
    digest = hashlib.sha256()
    for name in LEVELS[level]:
        digest.update((CHECKOUT / name).read_bytes())
    return digest.hexdigest()


def _incomplete(environment: Path) -> Path:
    """Return the mark of an installation that goes on, or was cut off; beside the folder, which may not exist yet."""
    return environment.with_name(environment.name + ".incomplete")


def _read_stamp(environment: Path) -> "dict[str, Any]":
    try:
        stamp: dict[str, Any] = json.loads((environment / "payymo-stamp.json").read_text())
    except (OSError, ValueError):
        return {}
    return stamp


def _write(path: Path, value: "dict[str, Any]") -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(value))
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
