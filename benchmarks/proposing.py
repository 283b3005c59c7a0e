"""The benchmark of proposing inside the product: `python -m payymo.local throwaway -- benchmarks/proposing.py`.

Makes a tenant with many invoices, then measures how long a new payment waits from being stored to being proposed, and
a run over all open payments; beside each the least that it could take.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings")


class Timed:
    """Seconds that something took on the clock, of this process's processor, and of processes that it waited for."""

    def __init__(self, do: Callable[[], Any]) -> None:
        clock, processor, others = time.perf_counter(), time.process_time(), _of_others()
        self.result = do()
        self.clock, self.processor = time.perf_counter() - clock, time.process_time() - processor
        self.others = _of_others() - others

    def __str__(self) -> str:
        second = f", {self.others:.1f} s of a second one" if self.others else ""
        return f"{self.clock:.1f} s ({self.processor:.1f} s of this process{second})"


def _of_others() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def say(what: str, value: str) -> None:
    """One line of the table."""
    print(f"| {what} | {value} |", flush=True)


def peak() -> str:
    """The peak memory of this process so far."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def nightly(tenant: Any) -> dict[str, int]:
    """A run over all open payments as the worker does it by night, and what its row says."""
    from django.utils import timezone

    from banking.models import BankTransaction
    from benchmarks import big_tenant
    from matching import second_process
    from matching.models import FullRun
    from matching.services import full_run

    BankTransaction.objects.update(proposed_at=big_tenant.NOW - timedelta(days=1))
    full_run.run_all(now=timezone.now(), second=partial(second_process.joined, tenant))
    return FullRun.objects.order_by("-pk").values("looked_at", "changed")[0]


def new_payments(count: int, first: int) -> list[Timed]:
    """Seconds from being stored to being proposed, one payment after the other."""
    from banking.models import BankTransaction
    from benchmarks import big_tenant
    from matching.models import Proposal
    from matching.services import rounds

    waits = []
    for number in range(count):
        big_tenant.add_payments(1, first=first + number)
        waits.append(Timed(lambda: rounds.run(now=big_tenant.NOW)))
        newest = BankTransaction.objects.latest("pk")
        assert Proposal.objects.filter(bank_transaction=newest).exists()
    return sorted(waits, key=lambda wait: wait.clock)


def measure(invoices: int, payments: int, single: int) -> None:
    """Print the table."""
    from django.db.models import Count

    from banking.models import BankTransaction
    from benchmarks import big_tenant
    from matching import books
    from matching.models import Proposal
    from matching.services import requeueing, rounds
    from tenants import context
    from whmcs.models import Invoice

    tenant = big_tenant.make(invoices)
    with context.inside(tenant):
        opened = Invoice.objects.filter(balance__gt=0).count()
        say("invoices, of which open", f"{Invoice.objects.count():,}, {opened:,}")
        taking = Timed(lambda: requeueing.requeue_for_changed_invoices(now=big_tenant.NOW, limit=invoices))
        if taking.result:
            say("taken up for look-ups", f"{taking.result:,} in {taking}")
        say(
            "floor of a run: reading the whole book",
            f"{Timed(lambda: books.whole_book(today=big_tenant.TODAY))}, peak {peak()}",
        )
        stored = BankTransaction.objects.count()
        big_tenant.add_payments(max(0, payments - stored), first=stored)
        for name in ("nightly run, nothing proposed yet", "nightly run again, nothing changed"):
            run = Timed(lambda: nightly(tenant))
            row = run.result
            say(name, f"{row['looked_at']:,} payments in {run}, {row['changed']:,} changed, peak {peak()}")
        bands = (
            Proposal.objects.filter(status="OPEN", rank=1).values_list("band").annotate(Count("pk")).order_by("band")
        )
        say("suggestions by band", ", ".join(f"{count:,} {band}" for band, count in bands))
        say("rows of suggestions", f"{Proposal.objects.count():,}")
        idle = sorted(Timed(lambda: rounds.run(now=big_tenant.NOW)).clock for _ in range(10))
        say("floor of a round: nothing waits", f"p50 {statistics.median(idle) * 1000:.0f} ms")
        waits = new_payments(single, first=10 * payments)
        say(
            "one new payment, stored to proposed",
            f"p50 {milliseconds(waits, 0.5)}, p95 {milliseconds(waits, 0.95)}, most {milliseconds(waits, 1)}, "
            f"{len(waits)} payments",
        )
        woken = through_a_worker(single)
        say(
            "the same through a woken worker",
            f"p50 {statistics.median(woken) * 1000:.0f} ms, p95 {woken[int(len(woken) * 0.95)] * 1000:.0f} ms",
        )


def through_a_worker(count: int) -> list[float]:
    """Seconds from the commit that stores a payment to its suggestion, with a real worker that is woken by it."""
    from django.conf import settings
    from django.db import connection

    from banking.models import BankAccount, BankTransaction
    from banking.parsers.fetched import FetchedEntry
    from banking.services.ingestion import ingest_entries
    from benchmarks import big_tenant
    from matching.models import Proposal

    # A throwaway database comes with the settings of tests, where a stored payment wakes nobody.
    settings.NUDGES = {"payments": "matching.tasks.propose_pending"}
    command = ["-m", "celery", "-A", "payymo.celery", "worker", "--concurrency", "1", "--loglevel", "ERROR"]
    worker = subprocess.Popen([sys.executable, *command, "--without-mingle", "--without-gossip"])
    # An account of its own, and a day for each: a bank that shows the same day again shows known entries.
    account, waits = BankAccount.objects.create(stable_key=f"{uuid.uuid4()}", currency="EUR"), []
    try:
        for number in range(count + 2):
            [stored] = big_tenant.payments(1, first=100 * number + 7)
            entry = FetchedEntry(
                amount=stored.amount,
                booking_date=stored.booking_date - timedelta(days=number),
                currency="EUR",
                status="booked",
                counterparty_name=stored.counterparty_name,
                remittance_information=stored.remittance_information,
                provider_entry_id=f"{uuid.uuid4()}",
            )
            if not ingest_entries(account=account, entries=[entry], source="gocardless_bad").new:
                raise SystemExit("A payment was taken for a known one.")
            started = time.perf_counter()
            newest = BankTransaction.objects.latest("pk")
            while not Proposal.objects.filter(bank_transaction=newest).exists():
                if time.perf_counter() - started > 60:
                    raise SystemExit("The worker proposed nothing for a minute.")
                time.sleep(0.02)
            waits.append(time.perf_counter() - started)
    finally:
        worker.terminate()
        worker.wait(timeout=60)
        connection.close()
    # The first ones waited for the worker to start.
    return sorted(waits[2:])


def milliseconds(waits: list[Timed], share: float) -> str:
    """How long the payment waits that this share of all is not behind."""
    wait = waits[min(len(waits) - 1, int(len(waits) * share))]
    return f"{wait.clock * 1000:.0f} ms ({wait.processor * 1000:.0f})"


def main() -> int:
    """Set the database up and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=500_000)
    parser.add_argument("--payments", type=int, default=100_000)
    parser.add_argument("--single", type=int, default=100, help="new payments, one after the other")
    options = parser.parse_args()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate_schemas", shared=True, verbosity=0)
    print("| measured | value |\n|---|---|")
    measure(options.invoices, options.payments, options.single)
    return 0


if __name__ == "__main__":
    sys.exit(main())
