"""Worker processes killed at random while WHMCS loses answers: its own book must show each payment once.

A small run with short waits. `make chaos` runs 500: benchmarks/posting_chaos.py.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.whmcs.site import leave, mirror_newest, moves, post
from whmcs.models import Invoice, Posting

CHECKOUT = Path(__file__).resolve().parents[2]
POSTINGS = 60
WORKERS = 2
KILLS = 4
LEASE, UNKNOWN_WAIT = 3, 1
LIMIT_SECONDS = 600


class Crew:
    """Posters as processes of their own; one that is killed is started again."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        command = [sys.executable, "-m", "tests.whmcs.crew", str(folder), str(WORKERS)]
        command += ["post_pending", "--tenant", "acme", "--loop"]
        command += ["--lease-seconds", str(LEASE), "--unknown-wait-seconds", str(UNKNOWN_WAIT)]
        self._folder = folder
        with (folder / "log").open("ab") as output:
            self._process = subprocess.Popen(command, cwd=CHECKOUT, env=env, stdout=output, stderr=output)

    def kill_one(self) -> None:
        victim = random.choice(sorted(self._folder.glob("*.pid")))
        os.kill(int(victim.read_text()), signal.SIGKILL)

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(60)

    def kill_all(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(60)
            for note in self._folder.glob("*.pid"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(note.read_text()), signal.SIGKILL)


@pytest.fixture
def crew(process_env, committed_instance, tmp_path):
    started: list[Crew] = []

    def start() -> Crew:
        started.append(Crew(process_env, tmp_path))
        return started[-1]

    yield start
    for each in started:
        each.kill_all()


def _lost() -> int:
    return Posting.objects.filter(transitions__to_state="UNKNOWN").distinct().count()


def _states() -> Counter:
    return Counter(Posting.objects.values_list("state", flat=True))


def test_killed_workers_and_lost_answers_book_each_payment_once(committed_acme, committed_instance, site, crew):
    for _ in range(POSTINGS):
        site.new_invoice("10.00")
    invoices = mirror_newest(site, committed_instance, POSTINGS)
    now = timezone.now()
    rows = [leave(invoice, "10.00", now=now, not_before=now, paid_at=now) for invoice in invoices]
    site.fault("error_after_booking", only="AddInvoicePayment", probability=0.12)
    site.fault("timeout_after_booking", only="AddInvoicePayment", probability=0.12, seconds=0.1)
    site.fault("server_error", only="AddInvoicePayment", probability=0.06)
    site.fault("cut", only="AddInvoicePayment", probability=0.04)
    site.fault("html", only="AddInvoicePayment", probability=0.04)
    site.fault("success_without_booking", only="AddInvoicePayment", probability=0.04)
    # Between the first look-up and the one that decides, as 90 s are between 60 s and 180 s.
    site.fault("booked_late", only="AddInvoicePayment", probability=0.06, seconds=1.5)

    workers, pause, began = crew(), threading.Event(), time.monotonic()
    kills, posted_at_kill = 0, 0
    # As long as it takes: a slow machine is killed as often, and loses as many answers.
    while time.monotonic() - began < LIMIT_SECONDS:
        pause.wait(0.1)
        states = _states()
        if states["POSTED"] == POSTINGS or (kills == KILLS and _lost() > POSTINGS // 10):
            break
        # Between two kills something must come through, or there would be nothing but starting.
        if kills < KILLS and states["SENDING"] and states["POSTED"] > posted_at_kill:
            posted_at_kill = states["POSTED"] + POSTINGS // (2 * KILLS)
            workers.kill_one()
            kills += 1
    assert workers.stop() == 0
    site.quiet()
    # What is not finished by now goes on here, where no wait takes any time.
    for hours in (1, 2, 3, 4):
        post(timezone.now() + timedelta(hours=hours), limit=2 * POSTINGS)

    booked = Counter(row["transid"] for row in site.book()["transactions"])
    assert {row.transaction_id: booked[row.transaction_id] for row in rows} == {row.transaction_id: 1 for row in rows}
    assert _states() == {"POSTED": POSTINGS}
    assert kills >= KILLS // 2
    assert set(Invoice.objects.values_list("status", "balance", "reserved")) == {("Paid", 0, 0)}
    assert all(moves(row)[-1] == "POSTED" for row in rows)
    assert _lost() > POSTINGS // 10
