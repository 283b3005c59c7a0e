"""Payymo on one machine, with its own PostgreSQL and Valkey and local stand-ins of the providers."""

import argparse
import os
import sys
from collections.abc import Sequence

from payymo.local import chromium, control, environment, php, throwaway
from payymo.local.console import complain, say
from payymo.local.errors import LocalError
from payymo.local.home import CHECKOUT, Home, from_environment

_EPILOG = """\
variables: PAYYMO_HOME (the folder of everything kept, default .payymo), PAYYMO_PORT (default 8000),
PAYYMO_SANDBOX_PORT (default PAYYMO_PORT + 1), PAYYMO_PG_BIN, PAYYMO_REDIS_BIN, PAYYMO_CHROMIUM.
exit status: 0 done, 2 something is missing or wrong (one line says what), else that of the command."""


# These pass on whatever follows them, options included.
_MOST_TEST_WORKERS = 4
_PASSING = {
    "test": "run pytest with the arguments given, beside servers of its own",
    "throwaway": "run a command with servers of its own that are removed afterwards",
    "run": "run a command with the variables of the running demo or services",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    passed: list[str] = []
    if given[:1] and given[0] in _PASSING and given[1:2] not in (["-h"], ["--help"]):
        passed = given[2:] if given[1:2] == ["--"] else given[1:]
        given = given[:1]
    options = _parser().parse_args(given)
    try:
        return _carry_out(options, passed, from_environment())
    except LocalError as error:
        complain(str(error))
        return 2


def _carry_out(options: argparse.Namespace, passed: list[str], home: Home) -> int:
    match options.command:
        case "demo" | "services":
            start = control.run_detached if options.detach else control.run_in_foreground
            return start(home, servers_only=options.command == "services")
        case "stop":
            return control.stop_everything(home)
        case "status":
            return control.tell_status(home)
        case "test":
            if _is_whole_run(passed):
                php.ensure()
            pytest = [sys.executable, "-m", "pytest", *_side_by_side(passed), *passed]
            return throwaway.run(home, pytest, _browser(passed))
        case "throwaway":
            return throwaway.run(home, _command(passed), {})
        case _:
            variables = environment.process_environment(environment.kept(home))
            os.execvpe(_command(passed)[0], passed, variables)  # noqa: S606 - the command is the caller's own


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m payymo.local",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("demo", "start everything: servers, stand-ins, demo tenants, web, worker and beat"),
        ("services", "start PostgreSQL, Valkey and the stand-ins only, and print their variables"),
    ):
        starting = commands.add_parser(name, help=text, description=text)
        starting.add_argument("--detach", action="store_true", help="return once it is ready, and leave it running")
    commands.add_parser("stop", help="end what runs in this home, also after its supervisor was killed")
    commands.add_parser("status", help="say what runs; exit status 0 ready, 1 not all of it, 3 nothing")
    for name, text in _PASSING.items():
        commands.add_parser(name, help=text, usage=f"python -m payymo.local {name} [--] ...", description=text)
    return parser


def _command(passed: list[str]) -> list[str]:
    if not passed:
        raise LocalError("No command given.")
    return passed


def _is_whole_run(passed: list[str]) -> bool:
    return not any((CHECKOUT / argument.partition("::")[0]).exists() for argument in passed if argument[:1] != "-")


def _side_by_side(passed: list[str]) -> list[str]:
    """Spread a whole run over the cores, file by file; each worker has a database and a Valkey number of its own.

    One worker more than there are cores: tests of locks, limits and killed processes wait more than they work.
    The order is that of tests/conftest.py, long files first: a long one taken last leaves the other cores idle.
    """
    cores = min(os.cpu_count() or 1, _MOST_TEST_WORKERS)
    if cores == 1 or not _is_whole_run(passed):
        return []
    return ["-n", str(cores + 1), "--dist", "loadfile", "--no-loadscope-reorder"]


def _browser(passed: list[str]) -> dict[str, str]:
    """Return PAYYMO_CHROMIUM for the tests; a whole run gets a browser installed if there is none."""
    found = chromium.ensure() if _is_whole_run(passed) else chromium.find()
    if found is None:
        say("no Chromium found: a browser test in this selection will fail")
        return {}
    return {"PAYYMO_CHROMIUM": found}


if __name__ == "__main__":
    sys.exit(main())
