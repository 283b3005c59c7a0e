"""What `make demo` starts, in which order, and what it tells at the end."""

import hashlib
import http.client
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from payymo.local import postgres, preflight, valkey
from payymo.local.console import say, show
from payymo.local.environment import as_text, keep, process_environment, product_variables
from payymo.local.home import CHECKOUT, Home, read_json, write_json
from payymo.local.ports import LOOPBACK
from payymo.local.services import Running, Service, stop_left_over
from payymo.local.supervisor import Supervisor

TENANTS = ("acme", "globex")
_SETUP_SECONDS = 600.0
_READY_SECONDS = 180.0
PASSWORD = "demo-demo-demo"  # noqa: S105 - the demo's sign-in is public on purpose


def clear_the_way(home: Home, *, web_port: int | None, sandbox_port: int) -> None:
    """Stop what a killed launcher left, and refuse to start where a port or the disk will not do."""
    left_over = stop_left_over(home)
    if left_over:
        say(f"stopped what an interrupted run had left: {', '.join(left_over)}")
    preflight.check_disk(home.root)
    if web_port is not None:
        preflight.check_port(web_port, "web", "PAYYMO_PORT")
    preflight.check_port(sandbox_port, "provider stand-ins", "PAYYMO_SANDBOX_PORT")


def start_servers(home: Home, supervisor: Supervisor, *, web_port: int, sandbox_port: int) -> dict[str, str]:
    """Start PostgreSQL, Valkey and the provider stand-ins, and return the variables of Payymo's processes."""
    known: dict[str, int] = {}

    def start_postgres() -> Running:
        return postgres.start(home, port=known.get(postgres.NAME))

    def start_valkey() -> Running:
        return valkey.start(home, port=known.get(valkey.NAME))

    for name, start in ((postgres.NAME, start_postgres), (valkey.NAME, start_valkey)):
        # A second start of a server has to find its first port: everybody else was told that one.
        known[name] = supervisor.start(name, start).service.port or 0
    variables = product_variables(
        home,
        mode="demo",
        postgres_port=known[postgres.NAME],
        valkey_port=known[valkey.NAME],
        sandbox_port=sandbox_port,
        web_port=web_port,
    )
    keep(home, variables)
    sandbox = _sandbox(home, process_environment(variables), port=sandbox_port, web_port=web_port)
    supervisor.start(sandbox.name, lambda: Running(home, sandbox))
    return variables


def start_product(home: Home, supervisor: Supervisor, variables: Mapping[str, str], *, web_port: int) -> None:
    """Bring the database up to date, fill it, and start web, worker and beat."""
    environment = process_environment(variables)
    manage = [sys.executable, str(CHECKOUT / "manage.py")]
    supervisor.run_step("bringing the database up to date", [*manage, "migrate_tenants"], environment, _SETUP_SECONDS)
    supervisor.run_step("making the demo tenants", [*manage, "seed_demo"], environment, _SETUP_SECONDS)
    _collect_static(home, supervisor, manage, environment)
    # The owner of the tables and the seller of licences are none of their business.
    for name in ("PAYYMO_OWNER_DATABASE_URL", "PAYYMO_LICENSE_PRIVATE_KEY"):
        environment.pop(name, None)
    for service in (_web(environment, web_port), _worker(environment), _beat(home, environment)):
        supervisor.start(service.name, lambda service=service: Running(home, service))  # type: ignore[misc]
    # Ready means that the worker has shown itself too, on the first beat.
    supervisor.wait_for(
        "the worker takes tasks",
        lambda: answers(web_port, "/health/ready", f"acme.localhost:{web_port}"),
        _READY_SECONDS,
    )


def tell_sign_ins(home: Home, port: int) -> None:
    """Print where the demo is and who may sign in."""
    show(
        f"""
Payymo is running.

  Acme Hosting    http://acme.localhost:{port}/
  Globex          http://globex.localhost:{port}/
  Staff           http://admin.localhost:{port}/admin/

  Sign in as      owner@acme.example, reviewer@acme.example or viewer@acme.example
                  (the same at globex.example), staff@payymo.example for the staff host
  Password        {PASSWORD}

  Logs            {home.logs}
"""
    )


def tell_variables(variables: Mapping[str, str]) -> None:
    """Print the variables as a shell reads them."""
    show(as_text(variables))


def answers(port: int, path: str, host: str) -> bool:
    """Tell whether 127.0.0.1:port answers `path` with 200 when asked for `host`."""
    # Not by name: Debian's resolver does not know *.localhost.
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _sandbox(home: Home, environment: dict[str, str], *, port: int, web_port: int) -> Service:
    command = [sys.executable, "-m", "payymo.sandbox", "--home", str(home.root / "sandbox"), "--port", str(port)]
    command += ["--web-port", str(web_port)]
    for tenant in TENANTS:
        command += [f"--webhook-url-{tenant}", f"http://{tenant}.localhost:{web_port}/api/v1/webhooks/stripe/"]
    return Service(
        "sandbox",
        tuple(command),
        CHECKOUT,
        environment,
        stop_steps=((signal.SIGTERM, 5.0),),
        port=port,
        is_ready=lambda: answers(port, "/_control/health", LOOPBACK),
        ready_seconds=60.0,
    )


def _web(environment: dict[str, str], port: int) -> Service:
    command = (
        sys.executable, "-m", "gunicorn", "payymo.wsgi",
        "--bind", f"{LOOPBACK}:{port}",
        "--worker-class", "gthread", "--workers", "1", "--threads", "8",
        "--timeout", "60", "--graceful-timeout", "5",
        "--no-control-socket", "--limit-request-line", "8190",
    )  # fmt: skip
    return Service(
        "web",
        command,
        CHECKOUT,
        environment,
        port=port,
        is_ready=lambda: answers(port, "/health/live", LOOPBACK),
        ready_seconds=120.0,
    )


def _worker(environment: dict[str, str]) -> Service:
    command = (
        sys.executable, "-m", "celery", "-A", "payymo.celery", "worker",
        "--concurrency", "3", "--prefetch-multiplier", "1", "--loglevel", "INFO", "--without-mingle",
    )  # fmt: skip
    # SIGTERM lets running tasks finish, SIGQUIT drops them; they are delivered again.
    steps = ((signal.SIGTERM, 15.0), (signal.SIGQUIT, 5.0))
    return Service("worker", command, CHECKOUT, environment, stop_steps=steps)


def _beat(home: Home, environment: dict[str, str]) -> Service:
    folder = home.root / "beat"
    folder.mkdir(mode=0o700, exist_ok=True)
    command = (
        sys.executable, "-m", "celery", "-A", "payymo.celery", "beat",
        "--schedule", str(folder / "schedule"), "--pidfile", "", "--loglevel", "INFO",
    )  # fmt: skip
    return Service("beat", command, CHECKOUT, environment)


def _collect_static(home: Home, supervisor: Supervisor, manage: list[str], environment: dict[str, str]) -> None:
    """Collect the static files when one of them, or an installed package, has changed since the last time."""
    note = home.root / "static.json"
    present = _static_fingerprint()
    if read_json(note) == present and (home.root / "static").is_dir():
        return
    supervisor.run_step(
        "collecting static files", [*manage, "collectstatic", "--noinput", "--clear"], environment, _SETUP_SECONDS
    )
    write_json(note, present)


def _static_fingerprint() -> str:
    digest = hashlib.sha256((CHECKOUT / "requirements.txt").read_bytes())
    for folder in sorted(CHECKOUT.glob("[a-z]*/static")) + sorted(CHECKOUT.glob("[a-z]*/*/static")):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            kept = path.stat()
            digest.update(f"{path.relative_to(CHECKOUT)}:{kept.st_size}:{kept.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def default_ports() -> tuple[int, int]:
    """Return the ports of web and of the provider stand-ins, from PAYYMO_PORT and PAYYMO_SANDBOX_PORT."""
    web = preflight.port_from_environment("PAYYMO_PORT", 8000)
    return web, preflight.port_from_environment("PAYYMO_SANDBOX_PORT", min(web + 1, 65_535))


def log_of_detached(home: Home) -> Path:
    """Return where a detached supervisor writes what it would have printed."""
    return home.logs / "supervisor.log"
