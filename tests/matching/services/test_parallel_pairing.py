"""Two workers that found the same pair before either wrote it: it is made once."""

import threading
import time

import pytest
from django.db import connection, transaction

from banking.models import BankTransaction
from matching.models import Decision, EntryPair
from matching.services import pairing
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW


def own_transfer():
    main, reserve = rows.account(iban_hash="main"), rows.account(iban_hash="reserve")
    rows.transfer("Reserve", "-900.00", into=main, counterparty_hash="reserve", name="Acme")
    rows.transfer("Reserve", "900.00", into=reserve, counterparty_hash="main", name="Acme")


def returned_payment():
    rows.transfer("Invoice INV-204", "50.00", end_to_end_id="E2E-1")
    rows.transfer("Return AC04", "-50.00", return_sign="bank", end_to_end_id="E2E-1")


def _until_both_wait():
    """Pass when both workers stand before the locked entries, so that each has found the pair for itself."""
    last = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < last:
            cursor.execute(
                "SELECT count(DISTINCT locked.pid) FROM pg_locks AS locked JOIN pg_stat_activity USING (pid) "
                "WHERE NOT granted AND datname = current_database()"
            )
            if cursor.fetchone()[0] == 2:
                return
    raise AssertionError("the workers never came to the locked entries")


@pytest.mark.parametrize(
    ("made", "kind"), [(own_transfer, "transfers"), (returned_payment, "returns")], ids=["transfer", "return"]
)
def test_two_workers_that_found_one_pair_make_it_once(committed_acme, made, kind):
    made()
    found = []
    # Together: on a busy machine the first would give up its wait before the second has begun.
    begin = threading.Barrier(2, timeout=120)

    def work():
        try:
            with context.inside(committed_acme):
                connection.ensure_connection()
                begin.wait()
                found.append(pairing.pair_found(now=NOW)[kind])
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    with transaction.atomic():
        assert len(BankTransaction.objects.select_for_update()) == 2
        for worker in workers:
            worker.start()
        _until_both_wait()
    for worker in workers:
        worker.join(timeout=120)

    assert sorted(found) == [0, 1]
    assert EntryPair.objects.count() == 1
    assert Decision.objects.filter(kind="PAIR").count() == 2
    assert set(BankTransaction.objects.values_list("state", flat=True)) == {"IGNORED"}
