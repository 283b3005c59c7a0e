"""Two connections ingest the same entries at once."""

import threading

from django.db import connection

from banking.models import BankTransaction
from banking.services.ingestion import ingest_entries
from tenants import context
from tests.banking.entries import MONDAY, bank_account, fetched

LIVE = "gocardless_bad"


def _in_threads(tenant, *jobs):
    barrier, problems = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            with context.inside(tenant):
                barrier.wait(timeout=60)
                job()
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return problems


def test_parallel_ingestions_of_one_answer_store_it_once(committed_acme):
    account = bank_account()
    entries = [fetched(f"RE-{number}", internal=f"id-{number}") for number in range(300)]
    entries += [fetched("Twin"), fetched("Twin")]
    results = []

    def ingest():
        results.append(
            ingest_entries(
                account=account, entries=entries, source=LIVE, complete_from=MONDAY, complete_until=MONDAY
            )
        )  # fmt: skip

    problems = _in_threads(committed_acme, *[ingest] * 4)

    assert problems == []
    assert sorted((result.new, result.known) for result in results) == [(0, 302)] * 3 + [(302, 0)]
    assert BankTransaction.objects.count() == 302
