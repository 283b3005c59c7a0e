"""Postings while everything fails: `python -m payymo.local throwaway -- python benchmarks/posting_chaos.py`.

Payments are allocated to invoices of the WHMCS stand-in, which then cuts connections after booking, answers 500 and
HTML, claims success without booking, and books long after the caller has gone, while Celery workers and posters are
killed and the broker forgets everything. The waits are a quarter of production's unless `--waits 1` is given, and so
is how late WHMCS books. At the end WHMCS's own book is compared with the allocations.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
SLUG = "acme"
LATE_SECONDS = 90.0
FAULTS: tuple[tuple[str, float, dict[str, float]], ...] = (
    ("cut", 0.04, {}),
    ("server_error", 0.04, {}),
    ("html", 0.04, {}),
    ("error_after_booking", 0.05, {}),
    ("timeout_after_booking", 0.05, {"seconds": 1}),
    ("success_without_booking", 0.04, {}),
    ("slow", 0.7, {"seconds": 1.5}),
)
KILL_EVERY, RESTART_EVERY, FLUSH_EVERY = 4.0, 45.0, 11.0
POSTERS = 6
TOUCHED_BY_HAND = 10


class Crew:
    """A Celery worker with three processes, and posters beside it; what is killed is started again.

    Shape: the posters are forked from a process that has loaded Django: one that is killed is back at once, so that
    kills come by the clock and what is tested is posting, not starting.
    """

    def __init__(self, folder: Path) -> None:
        self._log, self._folder = (folder / "workers.log").open("ab"), folder / "posters"
        self._folder.mkdir()
        celery = [sys.executable, "-m", "celery", "-A", "payymo.celery", "worker", "--loglevel", "warning"]
        posters = [sys.executable, "-m", "tests.whmcs.crew", str(self._folder), str(POSTERS)]
        self._commands = [
            [*celery, "--concurrency", "3", "--without-gossip", "--without-mingle"],
            [*posters, "post_pending", "--tenant", SLUG, "--loop"],
        ]
        self._running = [self._start(command) for command in self._commands]
        self.kills = 0

    def _start(self, command: list[str]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command, cwd=CHECKOUT, stdout=self._log, stderr=self._log, start_new_session=True)

    def look_after(self) -> None:
        """Start again what has ended."""
        for place, process in enumerate(self._running):
            if process.poll() is not None:
                self._running[place] = self._start(self._commands[place])

    def kill_one(self) -> None:
        """Kill a process that posts: a child of the Celery worker, or a poster."""
        victims = [int(note.read_text()) for note in self._folder.glob("*.pid")]
        children = Path(f"/proc/{self._running[0].pid}/task/{self._running[0].pid}/children")
        victims += [int(pid) for pid in children.read_text().split()] if children.exists() else []
        if victims:
            self._kill(random.choice(victims))

    def kill_worker(self) -> None:
        """Kill the Celery worker with all its processes, as a power cut would."""
        if self._running[0].poll() is None:
            os.killpg(self._running[0].pid, signal.SIGKILL)
            self._running[0].wait(30)
            self.kills += 1

    def _kill(self, pid: int) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills += 1

    def stop(self) -> None:
        """End all of them."""
        for process in self._running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)


def main() -> None:
    """Print what happened; exit status 1 if a cent is booked twice, missing, or waits without a reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postings", type=int, default=500)
    parser.add_argument("--minutes", type=int, default=15, help="how long it may fail, and how long the rest may take")
    parser.add_argument("--waits", type=float, default=0.25, help="the share of production's waits")
    parser.add_argument("--approved-over", type=int, default=240, help="seconds over which the payments are approved")
    options = parser.parse_args()
    os.environ["PAYYMO_POSTING_WAITS"] = str(options.waits)
    os.environ["DJANGO_SETTINGS_MODULE"] = "payymo.settings_test"
    sys.path.insert(0, str(CHECKOUT))
    from payymo.sandbox.process import start

    with tempfile.TemporaryDirectory(prefix="payymo-chaos-") as folder:
        sandbox = start(Path(folder) / "sandbox")
        os.environ["PAYYMO_LOOPBACK_EXCEPTION"] = f"127.0.0.1:{sandbox.port}"
        try:
            status = _run(sandbox, Path(folder), options)
        finally:
            sandbox.stop()
    sys.exit(status)


def _run(sandbox: Any, folder: Path, options: argparse.Namespace) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from tenants import context
    from tenants.services import roles
    from tenants.services.provisioning import create_tenant

    call_command("migrate_schemas", shared=True, verbosity=0, interactive=False)
    context.leave()
    roles.grant("public")
    tenant = create_tenant(slug=SLUG, name="Acme", domain="acme.localhost")
    with context.inside(tenant):
        _allocate(sandbox, options.postings, options.approved_over)
        began = time.monotonic()
        told = _cause_chaos(sandbox, folder, began, options)
        return _judge(sandbox, options.postings, time.monotonic() - began, told)


def _allocate(sandbox: Any, postings: int, seconds: int) -> None:
    """One payment an invoice, approved over `seconds`; of every tenth two part payments, of every tenth too much."""
    from accounts.models import User
    from banking.models import BankAccount, BankTransaction
    from matching.services.allocation import Line, allocate_by_hand
    from matching.services.decisions import Actor
    from payymo.sandbox import world
    from whmcs.models import Invoice
    from whmcs.services import connection
    from whmcs.services.client_sync import clients_of
    from whmcs.services.invoice_mirror import write_page, write_readings

    now, keys = datetime.now(UTC), world.WHMCS[SLUG]
    instance = connection.connect_instance(
        name="Hosting", base_url=f"{sandbox.base_url}/whmcs/{SLUG}", identifier=keys.identifier, secret=keys.secret,
        now=now, sends_payment_emails=False,
    )  # fmt: skip
    api = connection.api_for(instance)
    client = api.clients(start=0, count=1).rows[0].whmcs_id
    plan: list[tuple[int, Decimal, Decimal, bool]] = []
    while len(plan) < postings:
        kind, total = len(plan) % 10, Decimal(1000 + len(plan) * 7) / 100
        shown = sandbox.control("POST", f"/whmcs/{SLUG}/invoice", {"userid": client, "total": f"{total:.2f}"})
        shares = [total - 5, Decimal(5)] if kind == 3 and len(plan) + 2 <= postings else [total]
        for share in shares:
            extra = Decimal("2.50") if kind == 7 else Decimal(0)
            plan.append((int(shown["invoiceid"]), share + extra, share, bool(extra)))
    numbers = {number for number, *_ in plan}
    for start in range(0, len(numbers), 100):
        page = api.invoices(start=start, count=100, newest_first=True)
        rows = [row for row in page.rows if row.whmcs_id in numbers]
        write_page(instance, rows, clients_of(instance, api, rows, read_at=now), read_at=now, is_first_load=False)
    held = {invoice.whmcs_id: invoice for invoice in Invoice.objects.filter(whmcs_id__in=numbers)}
    for number, invoice in held.items():
        write_readings({invoice.pk: api.invoice(number)}, read_at=now)
    account = BankAccount.objects.create(stable_key="main", currency="EUR")
    person = User.objects.create_user("reviewer@acme.example", "correct horse battery", name="Reviewer")
    now = datetime.now(UTC)
    for serial, (number, amount, _, overpays) in enumerate(plan):
        receipt = BankTransaction.objects.create(
            account=account, identity=f"chaos-{serial}", fingerprint=f"chaos-{serial}", booking_date=now.date(),
            amount=amount, currency="EUR", counterparty_name="Payer", remittance_information=f"Invoice {number}",
        )  # fmt: skip
        allocate_by_hand(
            receipt_id=receipt.public_id, lines=[Line(held[number].pk, amount)], actor=Actor.person(person),
            now=now + timedelta(seconds=seconds * serial / len(plan)), may_overpay=overpays,
        )  # fmt: skip


def _cause_chaos(sandbox: Any, folder: Path, began: float, options: argparse.Namespace) -> dict[str, int]:
    import redis
    from django.conf import settings

    from tenants.tasks import fan_out
    from whmcs.models import Posting

    State = Posting.State
    going_on = (State.QUEUED, State.SENDING, State.UNKNOWN, State.RETRYABLE)
    longest = options.minutes * 60
    _touch_by_hand(sandbox)
    late = ("booked_late", 0.05, {"seconds": LATE_SECONDS * options.waits})
    for name, probability, params in (late, *FAULTS):
        sandbox.control(
            "POST",
            "/faults",
            {
                "provider": "whmcs", "slug": SLUG, "fault": name, "probability": probability,
                "params": {**params, "only": "AddInvoicePayment"},
            },
        )  # fmt: skip
    crew, pause = Crew(folder), threading.Event()
    due = {"kill": began + 20, "restart": began + 45, "flush": began + 15}
    flushes = 0
    try:
        while time.monotonic() - began < longest:
            pause.wait(1.0)
            left = Posting.objects.filter(state__in=going_on).count()
            if not left:
                break
            crew.look_after()
            now = time.monotonic()
            if now >= due["kill"]:
                crew.kill_one()
                due["kill"] = now + KILL_EVERY
            if now >= due["restart"]:
                crew.kill_worker()
                due["restart"] = now + RESTART_EVERY
            if now >= due["flush"]:
                with redis.Redis.from_url(settings.REDIS_URL) as client:
                    client.flushall()
                flushes += 1
                due["flush"] = now + FLUSH_EVERY
            # What beat does every ten seconds.
            fan_out(task="whmcs.tasks.post_pending")
        hits: Counter[str] = Counter()
        for fault in sandbox.control("GET", "/faults"):
            hits[fault["fault"]] += fault["hits"]
        sandbox.control("DELETE", "/faults")
        rest = _come_to_an_end(crew, going_on, longest)
    finally:
        crew.stop()
    return {**hits, "workers killed": crew.kills, "broker emptied": flushes, "left when it stopped failing": rest}


def _come_to_an_end(crew: Crew, going_on: tuple[str, ...], longest: float) -> int:
    """Let the workers finish what is left, and return how much that was."""
    from tenants.tasks import fan_out
    from whmcs.models import Posting

    rest = Posting.objects.filter(state__in=going_on).count()
    ends, pause = time.monotonic() + longest, threading.Event()
    while time.monotonic() < ends and Posting.objects.filter(state__in=going_on).exists():
        crew.look_after()
        fan_out(task="whmcs.tasks.post_pending")
        pause.wait(5.0)
    return rest


def _touch_by_hand(sandbox: Any) -> None:
    """Somebody cancels and pays invoices in WHMCS that are about to be paid."""
    from whmcs.models import Posting
    from whmcs.services import connection

    rows = {row.invoice_id: row for row in Posting.objects.select_related("invoice", "instance").order_by("pk")}
    for place, row in enumerate(list(rows.values())[-TOUCHED_BY_HAND:]):
        number = row.invoice.whmcs_id
        if place % 2:
            sandbox.control("POST", f"/whmcs/{SLUG}/invoice", {"id": number, "status": "Cancelled"})
        else:
            connection.api_for(row.instance).add_invoice_payment(
                invoice_whmcs_id=number, amount=row.amount, transaction_id=f"by hand {number}",
                gateway="banktransfer", paid_at=datetime.now(UTC), fees=Decimal(0), sends_email=False,
            )  # fmt: skip


def _judge(sandbox: Any, postings: int, seconds: float, told: dict[str, int]) -> int:
    from matching.models import InvoiceMatch
    from whmcs.models import Invoice, Posting, PostingTransition, WhmcsInstance
    from whmcs.services import connection
    from whmcs.services.dispatching import post_pending
    from whmcs.services.invoice_sync import sync_instance

    book = sandbox.control("GET", f"/book/{SLUG}")
    booked: dict[str, list[dict[str, Any]]] = {}
    for row in book["transactions"]:
        booked.setdefault(row["transid"], []).append(row)
    wrong: list[str] = []
    states: Counter[str] = Counter()
    matches = InvoiceMatch.objects.select_related("posting", "invoice").order_by("pk")
    for match in matches:
        row = match.posting
        states[row.state] += 1
        found = [(one["amountin"], one["invoiceid"]) for one in booked.pop(row.transaction_id, [])]
        wanted = [(int(match.amount * 100), match.invoice.whmcs_id)] if row.state == Posting.State.POSTED else []
        if found != wanted:
            wrong.append(f"posting {row.pk} is {row.state}: WHMCS shows {found}, allocated is {wanted}")
        if row.state not in (Posting.State.POSTED, Posting.State.WITHDRAWN) and not row.last_error:
            wrong.append(f"posting {row.pk} is {row.state} without a reason")
    wrong += [f"WHMCS shows {name}, which nothing explains" for name in booked if name.startswith("PM-")]
    if matches.count() != postings or states.total() != postings:
        wrong.append(f"{matches.count()} allocations of {postings}")
    later = datetime.now(UTC) + timedelta(hours=7)
    again = post_pending(now=later + timedelta(days=2), api_for=connection.api_for)
    if again.handled:
        wrong.append(f"{again.handled} postings were still to be sent")
    instance = WhmcsInstance.objects.get()
    sync_instance(instance=instance, api=connection.api_for(instance), now=later, budget=timedelta(minutes=5))
    ours = Invoice.objects.filter(pk__in=matches.values("invoice"))
    for invoice in ours:
        shown = book["invoices"][str(invoice.whmcs_id)]
        owes = int(invoice.balance * 100) if invoice.status == "Unpaid" else 0
        if (invoice.status, owes) != (shown["status"], shown["balance"] if shown["status"] == "Unpaid" else 0):
            wrong.append(f"invoice {invoice.whmcs_id} is mirrored as {invoice.status} {invoice.balance}: {shown}")
    _tell(postings, seconds, told, states, PostingTransition.objects.filter(to_state="UNKNOWN").count())
    for line in wrong[:20]:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


def _tell(postings: int, seconds: float, told: dict[str, int], states: Counter[str], unknown: int) -> None:
    print(f"{postings} postings in {seconds / 60:.1f} minutes; {unknown} times the outcome was not known.\n")
    print("| what | times |\n|---|---|")
    for name, count in [*sorted(told.items()), *((f"ended {state}", count) for state, count in sorted(states.items()))]:
        print(f"| {name.replace('_', ' ')} | {count} |")


if __name__ == "__main__":
    main()
