"""Several posters at once, each with a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection as database

from tenants import context
from tests.whmcs.site import NOW, leave, mirror_newest, moves, post
from whmcs.models import Invoice, Posting
from whmcs.services import posting
from whmcs.services.posting import MoreThanOutstanding, PostingMovedOn


def at_once(tenant, *works: Callable[[], object]) -> list[object]:
    """Run each work in a thread of its own, inside the tenant, all starting at the same moment."""
    ready = threading.Barrier(len(works))

    def go(work):
        try:
            with context.inside(tenant):
                ready.wait(120)
                return work()
        finally:
            database.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(go, works))


def _until_nothing_is_due() -> int:
    handled = 0
    for _ in range(200):
        run = post(limit=10)
        handled += run.handled
        if not run.handled:
            return handled
    raise AssertionError("posting does not come to an end")


def test_parallel_posters_book_every_payment_once(committed_acme, committed_instance, site):
    for _ in range(20):
        site.new_invoice("50.00")
    invoices = mirror_newest(site, committed_instance, 20)
    rows = [leave(invoice, amount) for invoice in invoices for amount in ("20.00", "30.00")]

    at_once(committed_acme, *[_until_nothing_is_due] * 5)
    # Whoever found an invoice busy left its second posting for the next round.
    _until_nothing_is_due()

    assert set(Posting.objects.values_list("state", flat=True)) == {"POSTED"}
    booked = [row["transid"] for row in site.book()["transactions"] if row["transid"].startswith("PM-")]
    assert sorted(name for name in booked if name in {row.transaction_id for row in rows}) == sorted(
        row.transaction_id for row in rows
    )
    assert {site.balance(invoice.whmcs_id) for invoice in invoices} == {0}
    assert set(Invoice.objects.values_list("status", "balance", "reserved")) == {("Paid", 0, 0)}
    assert all(moves(row)[-1] == "POSTED" for row in rows)


def test_a_posting_is_either_taken_back_or_booked_never_both(committed_acme, committed_instance, site):
    for _ in range(20):
        site.new_invoice("50.00")
    rows = [leave(invoice, "50.00") for invoice in mirror_newest(site, committed_instance, 20)]

    def take_back() -> list[str]:
        taken = []
        for row in reversed(rows):
            try:
                taken.append(posting.withdraw(posting=row, now=NOW).transaction_id)
            except PostingMovedOn:
                continue
        return taken

    taken, _ = at_once(committed_acme, take_back, _until_nothing_is_due)

    for row in rows:
        row.refresh_from_db()
        was_taken = row.transaction_id in taken
        assert row.state == ("WITHDRAWN" if was_taken else "POSTED")
        assert len(site.booked(row.transaction_id)) == (0 if was_taken else 1)
        assert reserved_of(row) == 0


def reserved_of(row: Posting):
    return Invoice.objects.get(pk=row.invoice_id).reserved


def test_parallel_approvals_never_reserve_more_than_is_outstanding(committed_acme, committed_instance, site):
    site.new_invoice("50.00")
    [invoice] = mirror_newest(site, committed_instance, 1)

    def approve() -> bool:
        try:
            leave(invoice, "20.00")
        except MoreThanOutstanding:
            return False
        return True

    accepted = at_once(committed_acme, *[approve] * 6)

    assert (sum(accepted), Posting.objects.count(), reserved_of(Posting.objects.first())) == (2, 2, 40)


def test_parallel_look_ups_of_one_unknown_posting_record_it_once(committed_acme, committed_instance, site):
    site.fault("error_after_booking", only="AddInvoicePayment", times=1)
    site.new_invoice("50.00")
    [invoice] = mirror_newest(site, committed_instance, 1)
    row = leave(invoice, "50.00")
    assert post().counts == {"UNKNOWN": 1}

    at_once(committed_acme, *[lambda: post(NOW + timedelta(seconds=65)).handled] * 4)

    row.refresh_from_db()
    assert (row.state, moves(row)) == ("POSTED", ["QUEUED", "SENDING", "UNKNOWN", "POSTED"])
    assert len(site.booked(row.transaction_id)) == 1
