"""Worker processes killed at random while WHMCS loses answers: its own book must show each payment once."""

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
from django.db import connections
from django.utils import timezone

from tests.whmcs.site import leave, mirror_newest, moves, post
from whmcs.models import Invoice, Posting

CHECKOUT = Path(__file__).resolve().parents[2]
POSTINGS = 300
WORKERS = 3
KILLS = 10
LEASE, UNKNOWN_WAIT = 4, 1
LIMIT_SECONDS = 45


class Workers:
    """Posters as processes of their own, each started again when it is killed."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self._env, self._log = env, log
        self._running = [self._start() for _ in range(WORKERS)]

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "manage.py", "post_pending", "--tenant", "acme", "--loop"]
        command += ["--lease-seconds", str(LEASE), "--unknown-wait-seconds", str(UNKNOWN_WAIT)]
        with self._log.open("ab") as output:
            return subprocess.Popen(command, cwd=CHECKOUT, env=self._env, stdout=output, stderr=output)

    def kill_one(self) -> None:
        place = random.randrange(len(self._running))
        self._running[place].kill()
        self._running[place].wait(10)
        self._running[place] = self._start()

    def stop(self) -> list[int]:
        for process in self._running:
            process.terminate()
        return [process.wait(60) for process in self._running]

    def kill_all(self) -> None:
        for process in self._running:
            process.kill()
            process.wait(10)


@pytest.fixture
def workers(process_env, committed_instance, tmp_path):
    started: list[Workers] = []

    def start() -> Workers:
        started.append(Workers(process_env, tmp_path / "workers.log"))
        return started[-1]

    yield start
    for each in started:
        each.kill_all()


def _states() -> Counter:
    return Counter(Posting.objects.values_list("state", flat=True))


def test_killed_workers_and_lost_answers_book_each_payment_once(committed_acme, committed_instance, site, workers):
    for _ in range(POSTINGS):
        site.new_invoice("10.00")
    invoices = mirror_newest(site, committed_instance, POSTINGS)
    now = timezone.now()
    rows = [leave(invoice, "10.00", now=now, not_before=now, paid_at=now) for invoice in invoices]
    site.fault("error_after_booking", only="AddInvoicePayment", probability=0.12)
    site.fault("timeout_after_booking", only="AddInvoicePayment", probability=0.12, seconds=0.1)
    site.fault("server_error", only="AddInvoicePayment", probability=0.06)
    site.fault("cut", only="AddInvoicePayment", probability=0.04)

    crew, pause, began, kills = workers(), threading.Event(), time.monotonic(), 0
    while time.monotonic() - began < LIMIT_SECONDS:
        pause.wait(0.6)
        states = _states()
        if states.total() == states["POSTED"]:
            break
        # Only a crew that is at work is worth killing.
        if kills < KILLS and states["SENDING"] and states["POSTED"] > POSTINGS * kills // (KILLS + 2):
            crew.kill_one()
            kills += 1
    assert set(crew.stop()) <= {0, -signal.SIGTERM}
    site.quiet()
    # What a slow machine has not finished by now goes on here, where no wait takes any time.
    for hours in (1, 2, 3, 4):
        post(timezone.now() + timedelta(hours=hours), limit=2 * POSTINGS)

    booked = Counter(row["transid"] for row in site.book()["transactions"])
    assert {row.transaction_id: booked[row.transaction_id] for row in rows} == {row.transaction_id: 1 for row in rows}
    assert _states() == {"POSTED": POSTINGS}
    assert kills >= KILLS // 2
    assert set(Invoice.objects.values_list("status", "balance", "reserved")) == {("Paid", 0, 0)}
    assert all(moves(row)[-1] == "POSTED" for row in rows)
    lost = Posting.objects.filter(transitions__to_state="UNKNOWN").distinct().count()
    assert lost > POSTINGS // 10
    connections.close_all()
