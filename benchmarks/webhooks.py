"""How many webhooks a second are taken, and whether one is lost: `payymo.local throwaway -- benchmarks/webhooks.py`.

Serves the product as it is served in earnest (gunicorn, threads, PostgreSQL), connects an account, and posts signed
events from several clients as fast as they are answered. What was answered with 200 is then counted in the table.
"""

import argparse
import contextlib
import hashlib
import hmac
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# The product's own: those of the tests leave out the message that wakes a worker, and look for static files each time.
os.environ["DJANGO_SETTINGS_MODULE"] = "payymo.settings"
# Tables are made as their owner; what is measured may only read and write rows.
os.environ["PAYYMO_AS_OWNER"] = "1"

AIM = 500
SLUG = "hooks"
SECRET = "whsec_of_the_benchmark"
START_SECONDS = 60.0
REPEATED_EVERY = 20
_CHARGE = {
    "id": "ch_{serial}", "object": "charge", "amount": 4990, "amount_captured": 4990, "amount_refunded": 0,
    "balance_transaction": "txn_{serial}", "captured": True, "currency": "eur", "customer": "cus_000000000001",
    "description": "Payment of invoice RE-2026-00042", "metadata": {"invoice_id": "42"}, "paid": True,
    "billing_details": {"name": "Anna Example", "email": "anna@example.com", "address": {"city": "Berlin"}},
    "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242", "exp_month": 12}},
    "status": "succeeded",
}  # fmt: skip


@dataclass(slots=True)
class Client:
    """One sender with a connection of its own, which it keeps."""

    port: int
    events: range
    took: list[float] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    refused: list[int] = field(default_factory=list)

    def run(self, begin: threading.Barrier) -> None:
        """Send every event, and each twentieth twice: Stripe does. They are signed before the clock starts."""
        requests = [(serial, *_request(serial)) for serial in self.events]
        begin.wait(START_SECONDS)
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as line:
            answers = line.makefile("rb")
            for serial, name, request in requests:
                for _ in range(2 if serial % REPEATED_EVERY == 0 else 1):
                    before = time.perf_counter()
                    line.sendall(request)
                    status = _status(answers)
                    self.took.append(time.perf_counter() - before)
                    if status == 200:
                        self.accepted.add(name)
                    else:
                        self.refused.append(status)


def _request(serial: int) -> tuple[str, bytes]:
    name, at = f"evt_{serial:09d}", int(time.time())
    body = json.dumps(
        {"id": name, "object": "event", "type": "charge.succeeded", "created": at, "livemode": False,
         "data": {"object": {**_CHARGE, "id": f"ch_{serial:09d}"}}}
    ).encode()  # fmt: skip
    signed = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    head = (
        f"POST /api/v1/webhooks/stripe/ HTTP/1.1\r\nHost: {SLUG}.localhost\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: t={at},v1={signed}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return name, head.encode() + body


def _status(answers: Any) -> int:
    status = int(answers.readline().split()[1])
    length = 0
    while (line := answers.readline().strip().lower()) != b"":
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    answers.read(length)
    return status


def _prepare() -> Any:
    from django.core.management import call_command
    from django.utils import timezone

    from accounts.permissions import sync_builtin_roles
    from payments.models import StripeConnection
    from payments.services.claiming import claim
    from tenants import context
    from tenants.services.provisioning import create_tenant

    call_command("migrate_schemas", shared=True, verbosity=0)
    sync_builtin_roles()
    tenant = create_tenant(slug=SLUG, name="Webhooks", domain=f"{SLUG}.localhost")
    call_command("grant_roles", verbosity=0)
    with context.inside(tenant):
        connection = StripeConnection(
            account_id="acct_benchmark", kind=StripeConnection.Kind.RESTRICTED_KEY, livemode=False
        )
        claim(connection, key="rk_test_of_the_benchmark", webhook_secret=SECRET, now=timezone.now())
    return tenant


def _serve(workers: int, threads: int) -> "tuple[subprocess.Popen[bytes], int]":
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        sys.executable, "-m", "gunicorn", "payymo.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
        "--workers", str(workers), "--threads", str(threads), "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip
    restricted = {**os.environ, "PAYYMO_AS_OWNER": "0"}
    server = subprocess.Popen(command, cwd=Path(__file__).resolve().parent.parent, env=restricted)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                line.sendall(f"GET /health/live HTTP/1.1\r\nHost: {SLUG}.localhost\r\n\r\n".encode())
                if _status(line.makefile("rb")) == 200:
                    return server, port
        except OSError:
            time.sleep(0.1)
    server.kill()
    raise SystemExit("the server did not start")


def _is_durable() -> bool:
    """Return whether the database waits for the disk before it answers: `PAYYMO_DURABLE=1` makes it do so."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync') = 'on' AND current_setting('synchronous_commit') = 'on'")
        return bool(cursor.fetchone()[0])


def _spent(server: int) -> float:
    """Return the processor seconds of the server's workers, as Linux counts them."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == server:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(port: int, count: int, clients: int) -> tuple[float, list[Client]]:
    """Let the clients share the events; return how long they took in seconds, and the clients."""
    share = count // clients
    senders = [Client(port, range(each * share, (each + 1) * share)) for each in range(clients)]
    begin = threading.Barrier(clients + 1)
    threads = [threading.Thread(target=sender.run, args=[begin]) for sender in senders]
    for thread in threads:
        thread.start()
    begin.wait(START_SECONDS)
    before = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - before, senders


def main() -> int:
    """Measure and print the table; 1 when too few are taken, or one is lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    asked = parser.parse_args()
    import django

    django.setup()
    from payments.models import WebhookEvent
    from tenants import context

    tenant = _prepare()
    settled = "yes" if _is_durable() else "no"
    server, port = _serve(asked.workers, asked.threads)
    try:
        # Every thread of every worker has its connection, and its imports are done.
        measure(port, 40 * asked.clients, asked.clients)
        with context.inside(tenant):
            WebhookEvent.objects.all().delete()
        spent_before = _spent(server.pid)
        seconds, senders = measure(port, asked.events, asked.clients)
        spent_after = _spent(server.pid)
    finally:
        server.terminate()
        server.wait(30)
    took = [each for sender in senders for each in sender.took]
    accepted = set().union(*(sender.accepted for sender in senders))
    refused = sum(len(sender.refused) for sender in senders)
    with context.inside(tenant):
        stored = set(WebhookEvent.objects.values_list("event_id", flat=True))
        twice = WebhookEvent.objects.count() - len(stored)
    rate, lost = len(took) / seconds, len(accepted - stored)
    each = (spent_after - spent_before) * 1000 / len(took)
    print("| calls | on disk | calls/s | median ms | p95 ms | server CPU ms | refused | stored | lost | twice |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    print(
        f"| {len(took)} | {settled} | {rate:.0f} | {statistics.median(took) * 1000:.1f} | "
        f"{statistics.quantiles(took, n=20)[18] * 1000:.1f} | {each:.2f} | {refused} | {len(stored)} | {lost} | "
        f"{twice} |"
    )
    return 1 if rate < AIM or lost or refused or twice else 0


if __name__ == "__main__":
    sys.exit(main())
