"""The outbox against a running WHMCS stand-in, which books a payment as often as it is sent."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from payymo.shared.errors import Retryable
from tenants.models import Tenant
from tests.whmcs.site import NOW, leave, mirror, moves, post, reserved
from whmcs.models import Invoice, Posting, WhmcsInstance, WhmcsTransaction
from whmcs.services import connection, posting
from whmcs.services.posting import (
    AlreadyBooked,
    CurrencyMismatch,
    InvoiceNotPayable,
    MoreThanOutstanding,
    NoGateway,
    NothingLeftToLink,
    PostingKeyUsed,
    PostingMovedOn,
    UnusableAmount,
)

State = Posting.State


def test_a_posting_is_booked_once_with_its_own_amount_date_gateway_and_id(invoice, site):
    row = leave(invoice)
    assert (row.transaction_id, reserved(invoice)) == (f"PM-{row.public_id.hex}", Decimal("119"))

    run = post()

    row.refresh_from_db()
    [booked] = site.booked(row.transaction_id)
    assert (booked["amountin"], booked["gateway"], booked["invoiceid"]) == (11900, "banktransfer", invoice.whmcs_id)
    assert booked["date"].startswith("2026-02-27")
    assert (row.state, dict(run.counts)) == (State.POSTED, {"POSTED": 1})
    assert moves(row) == ["QUEUED", "SENDING", "POSTED"]


def test_a_posted_payment_is_read_back_into_the_mirror_and_frees_what_was_reserved(invoice, site):
    row = leave(invoice)

    post()

    row.refresh_from_db()
    shown = Invoice.objects.get(pk=invoice.pk)
    assert (shown.status, shown.balance, shown.reserved, shown.outstanding) == ("Paid", 0, 0, 0)
    assert shown.matched_at is None
    assert (row.whmcs_transaction.transaction_id, row.whmcs_transaction.invoice_id) == (row.transaction_id, invoice.pk)
    assert row.whmcs_transaction.amount_in == Decimal("119")


def test_a_part_payment_leaves_the_rest_outstanding(invoice, site):
    leave(invoice, "19.00")

    post()

    shown = Invoice.objects.get(pk=invoice.pk)
    assert (shown.status, shown.balance, shown.outstanding) == ("Unpaid", Decimal("100"), Decimal("100"))
    assert site.balance(invoice.whmcs_id) == 10000


def test_nothing_is_sent_before_the_undo_window_ends(invoice, site):
    row = leave(invoice, not_before=NOW + timedelta(seconds=30))

    assert post(NOW + timedelta(seconds=29)).handled == 0
    assert site.booked(row.transaction_id) == []

    assert post(NOW + timedelta(seconds=31)).counts == {"POSTED": 1}


def test_two_part_payments_of_one_invoice_are_both_posted(invoice, site):
    first, second = leave(invoice, "100.00"), leave(invoice, "19.00")

    run = post()

    assert run.counts == {"POSTED": 2}
    assert [len(site.booked(row.transaction_id)) for row in (first, second)] == [1, 1]
    assert Invoice.objects.get(pk=invoice.pk).status == "Paid"


def test_a_second_posting_waits_while_one_of_the_same_invoice_is_not_known(invoice, site):
    site.fault("error_after_booking", only="AddInvoicePayment", times=1)
    first, second = leave(invoice, "100.00"), leave(invoice, "19.00")

    run = post()

    assert run.counts == {"UNKNOWN": 1}
    second.refresh_from_db()
    assert (second.state, site.booked(second.transaction_id)) == (State.QUEUED, [])
    assert post(NOW + timedelta(seconds=61)).counts == {"POSTED": 2}
    assert [len(site.booked(row.transaction_id)) for row in (first, second)] == [1, 1]


@pytest.mark.parametrize(
    ("amount", "currency", "gateway", "error"),
    [
        ("0", "EUR", "banktransfer", UnusableAmount),
        ("-5.00", "EUR", "banktransfer", UnusableAmount),
        ("1.005", "EUR", "banktransfer", UnusableAmount),
        ("119.01", "EUR", "banktransfer", MoreThanOutstanding),
        ("5.00", "USD", "banktransfer", CurrencyMismatch),
        ("5.00", "EUR", "", NoGateway),
    ],
)
def test_what_cannot_be_posted_is_refused_and_nothing_is_written(invoice, amount, currency, gateway, error):
    with pytest.raises(error):
        leave(invoice, amount, currency=currency, gateway=gateway)

    assert (Posting.objects.count(), reserved(invoice)) == (0, 0)


@pytest.mark.parametrize("status", ["Draft", "Paid", "Cancelled", "Refunded", "Something new"])
def test_a_closed_invoice_takes_no_posting(invoice, status):
    Invoice.objects.filter(pk=invoice.pk).update(status=status)

    with pytest.raises(InvoiceNotPayable):
        leave(invoice)

    assert (Posting.objects.count(), reserved(invoice)) == (0, 0)


def test_postings_together_never_exceed_what_is_outstanding(invoice):
    leave(invoice, "100.00")

    with pytest.raises(MoreThanOutstanding):
        leave(invoice, "19.01")

    assert (Posting.objects.count(), reserved(invoice)) == (1, Decimal("100"))


def test_an_accepted_overpayment_is_posted_whole(invoice, site):
    row = leave(invoice, "150.00", allows_overpayment=True)

    post()

    row.refresh_from_db()
    assert (row.state, site.booked(row.transaction_id)[0]["amountin"]) == (State.POSTED, 15000)


def test_the_same_key_leaves_one_posting(invoice):
    key = leave(invoice, "20.00").public_id

    again = leave(invoice, "20.00", key=key)

    assert (again.public_id, Posting.objects.count(), reserved(invoice)) == (key, 1, Decimal("20"))
    with pytest.raises(PostingKeyUsed):
        leave(invoice, "21.00", key=key)


def test_a_posting_taken_back_is_never_sent_and_frees_its_amount(invoice, site):
    row = leave(invoice)

    posting.withdraw(posting=row, now=NOW)

    assert post().handled == 0
    row.refresh_from_db()
    assert (row.state, reserved(invoice), site.booked(row.transaction_id)) == (State.WITHDRAWN, 0, [])
    assert moves(row) == ["QUEUED", "WITHDRAWN"]


@pytest.mark.parametrize("state", ["SENDING", "UNKNOWN", "POSTED", "RETRYABLE", "CONFLICT", "FAILED"])
def test_what_a_worker_has_taken_cannot_be_taken_back(invoice, state):
    row = leave(invoice)
    Posting.objects.filter(pk=row.pk).update(state=state, posted_at=NOW)

    with pytest.raises(PostingMovedOn):
        posting.withdraw(posting=row, now=NOW)

    row.refresh_from_db()
    assert (row.state, moves(row), reserved(invoice)) == (state, ["QUEUED"], Decimal("119"))


def test_a_posting_that_went_back_to_the_queue_cannot_be_taken_back(invoice, site):
    site.fault("server_error", only="AddInvoicePayment", times=1)
    row = leave(invoice)
    post()
    for minutes in (2, 5):
        post(NOW + timedelta(minutes=minutes), limit=1)
    row.refresh_from_db()
    assert (row.state, moves(row)) == (State.QUEUED, ["QUEUED", "SENDING", "UNKNOWN", "QUEUED"])

    with pytest.raises(PostingMovedOn):
        posting.withdraw(posting=row, now=NOW)


def test_what_is_already_booked_under_our_id_is_posted_without_sending(invoice, site):
    row = leave(invoice)
    site.pay_by_hand(invoice.whmcs_id, "119.00", row.transaction_id)

    post()

    row.refresh_from_db()
    assert (row.state, len(site.booked(row.transaction_id))) == (State.POSTED, 1)
    assert Invoice.objects.get(pk=invoice.pk).status == "Paid"


@pytest.mark.parametrize(("amount", "times"), [("118.00", 1), ("119.00", 2)])
def test_what_is_booked_differently_under_our_id_is_a_conflict(invoice, site, amount, times):
    row = leave(invoice)
    for _ in range(times):
        site.pay_by_hand(invoice.whmcs_id, amount, row.transaction_id)

    post()

    row.refresh_from_db()
    assert (row.state, len(site.booked(row.transaction_id))) == (State.CONFLICT, times)
    assert reserved(invoice) == Decimal("119")


def test_our_id_on_another_invoice_is_a_conflict(invoice, site):
    row, other = leave(invoice), site.new_invoice("119.00")
    site.pay_by_hand(other, "119.00", row.transaction_id)

    post()

    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.CONFLICT, f"WHMCS shows this payment on invoice {other}.")
    assert site.balance(invoice.whmcs_id) == 11900


def test_an_invoice_paid_meanwhile_is_a_conflict_and_not_a_send(invoice, site):
    row = leave(invoice)
    site.pay_by_hand(invoice.whmcs_id, "119.00")

    post()

    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.CONFLICT, "WHMCS shows the invoice as Paid.")
    assert site.booked(row.transaction_id) == []
    shown = Invoice.objects.get(pk=invoice.pk)
    assert (shown.status, shown.balance, shown.reserved) == ("Paid", 0, Decimal("119"))


def test_an_invoice_cancelled_meanwhile_is_a_conflict(invoice, site):
    row = leave(invoice)
    site.change_invoice(invoice.whmcs_id, status="Cancelled")

    post()

    row.refresh_from_db()
    assert (row.state, site.booked(row.transaction_id)) == (State.CONFLICT, [])


def test_a_balance_changed_by_hand_is_a_conflict_although_the_amount_still_fits(invoice, site):
    row = leave(invoice, "19.00")
    site.pay_by_hand(invoice.whmcs_id, "19.00")

    post()

    row.refresh_from_db()
    assert row.state == State.CONFLICT
    assert row.last_error == "The invoice owes 100.00\u00a0EUR now; it owed 119.00\u00a0EUR when this was approved."
    with override("de"):
        told = "Auf der Rechnung sind jetzt 100,00\u00a0EUR offen; bei der Freigabe waren es 119,00\u00a0EUR."
        assert row.error_in_words == told
    assert site.booked(row.transaction_id) == []


def test_an_invoice_that_does_not_exist_any_more_is_a_conflict(invoice, site):
    row = leave(invoice)
    Invoice.objects.filter(pk=invoice.pk).update(whmcs_id=99_999_999)

    post()

    row.refresh_from_db()
    assert (row.state, "Invoice ID Not Found" in row.last_error) == (State.CONFLICT, True)


@pytest.mark.parametrize("fault", ["error_after_booking", "timeout_after_booking"])
def test_a_lost_answer_of_a_booked_payment_is_looked_up_and_never_doubled(invoice, site, fault):
    site.fault(fault, only="AddInvoicePayment", seconds=0.1)
    row = leave(invoice)

    assert post().counts == {"UNKNOWN": 1}
    assert post(NOW + timedelta(seconds=55)).handled == 0
    assert post(NOW + timedelta(seconds=65)).counts == {"POSTED": 1}

    row.refresh_from_db()
    assert (len(site.booked(row.transaction_id)), row.attempts) == (1, 1)
    assert moves(row) == ["QUEUED", "SENDING", "UNKNOWN", "POSTED"]
    assert (reserved(invoice), Invoice.objects.get(pk=invoice.pk).status) == (0, "Paid")


@pytest.mark.parametrize("fault", ["server_error", "cut", "html"])
def test_a_lost_answer_of_a_payment_not_booked_is_sent_again_after_two_look_ups(invoice, site, fault):
    site.fault(fault, only="AddInvoicePayment", times=1)
    row = leave(invoice)

    assert post().counts == {"UNKNOWN": 1}
    assert post(NOW + timedelta(seconds=61)).counts == {"UNKNOWN": 1}
    assert post(NOW + timedelta(seconds=120)).handled == 0
    assert post(NOW + timedelta(seconds=190), limit=1).counts == {"QUEUED": 1}
    assert site.booked(row.transaction_id) == []
    assert post(NOW + timedelta(seconds=195)).counts == {"POSTED": 1}

    row.refresh_from_db()
    assert (len(site.booked(row.transaction_id)), row.attempts) == (1, 2)
    assert moves(row) == ["QUEUED", "SENDING", "UNKNOWN", "QUEUED", "SENDING", "POSTED"]


def test_a_request_still_at_work_in_whmcs_is_found_by_the_second_look_up(invoice, site):
    site.fault("cut", only="AddInvoicePayment", times=1)
    row = leave(invoice)

    assert post().counts == {"UNKNOWN": 1}
    assert post(NOW + timedelta(seconds=61)).counts == {"UNKNOWN": 1}
    # Now WHMCS comes to the end of what it was asked for then.
    site.api().add_invoice_payment(
        invoice_whmcs_id=invoice.whmcs_id, amount=row.amount, transaction_id=row.transaction_id, gateway=row.gateway,
        paid_at=row.paid_at, fees=row.fees, sends_email=False,
    )  # fmt: skip
    assert post(NOW + timedelta(seconds=190)).counts == {"POSTED": 1}

    assert len(site.booked(row.transaction_id)) == 1


def test_a_worker_killed_while_sending_leaves_a_posting_that_is_looked_up(invoice, site):
    row = leave(invoice)
    Posting.objects.filter(pk=row.pk).update(state=State.SENDING, lease_until=NOW + timedelta(seconds=120))
    site.pay_by_hand(invoice.whmcs_id, "119.00", row.transaction_id)

    assert post(NOW + timedelta(seconds=119)).handled == 0
    assert post(NOW + timedelta(seconds=121)).counts == {"UNKNOWN": 1}
    assert post(NOW + timedelta(seconds=190)).counts == {"POSTED": 1}

    assert len(site.booked(row.transaction_id)) == 1


def test_a_worker_that_lost_its_lease_sends_nothing(invoice, site):
    row = leave(invoice)

    def slow_reader(_):
        # Another worker has taken the posting over while this one was reading.
        Posting.objects.filter(pk=row.pk).update(lease_until=NOW + timedelta(hours=1))
        return site.api()

    post(api_for=slow_reader)

    row.refresh_from_db()
    assert (row.state, site.booked(row.transaction_id)) == (State.SENDING, [])


def test_a_dead_whmcs_is_tried_again_by_the_plan_and_then_left_to_a_person(invoice, site):
    site.fault("server_error")
    row = leave(invoice)
    now = NOW
    waits = []
    while True:
        post(now)
        row.refresh_from_db()
        if row.state != State.RETRYABLE:
            break
        waits.append(round((row.not_before - now).total_seconds() / 60))
        now = row.not_before + timedelta(seconds=1)

    assert waits == [1, 5, 15, 60, 180, 360, 720, 1440, 1440, 1440]
    assert (row.state, row.attempts, reserved(invoice)) == (State.FAILED, 11, Decimal("119"))
    site.quiet()
    assert post(now + timedelta(days=30)).handled == 0


def test_refused_access_breaks_the_connection_and_keeps_the_posting(invoice, site, instance):
    site.fault("forbidden_ip")
    row = leave(invoice)

    post()

    row.refresh_from_db()
    instance.refresh_from_db()
    assert (row.state, instance.state, instance.last_error_code) == ("RETRYABLE", "BROKEN", "ip_not_allowed")
    assert "Add 127.0.0.1 in WHMCS" in instance.last_error
    site.quiet()
    assert post(NOW + timedelta(hours=1)).handled == 0
    connection.test_instance(instance=instance, now=NOW)
    assert post(NOW + timedelta(hours=1)).counts == {"POSTED": 1}


def test_unknown_stays_unknown_as_long_as_whmcs_cannot_be_asked(invoice, site):
    site.fault("error_after_booking", only="AddInvoicePayment", times=1)
    row = leave(invoice)
    post()
    site.fault("html")

    for hours in (1, 3, 30):
        post(NOW + timedelta(hours=hours))

    row.refresh_from_db()
    assert (row.state, reserved(invoice)) == (State.UNKNOWN, Decimal("119"))
    site.quiet()
    assert post(NOW + timedelta(hours=40)).counts == {"POSTED": 1}
    assert len(site.booked(row.transaction_id)) == 1


def test_a_suspended_tenant_posts_nothing(invoice, site, in_acme):
    row = leave(invoice)
    Tenant.objects.filter(pk=in_acme.pk).update(state=Tenant.State.SUSPENDED)

    assert post().handled == 0
    assert site.booked(row.transaction_id) == []


def test_a_removed_connection_posts_nothing(invoice, site, instance):
    row = leave(invoice)
    WhmcsInstance.objects.filter(pk=instance.pk).update(state=WhmcsInstance.State.REMOVED)

    assert post().handled == 0
    assert site.booked(row.transaction_id) == []


def test_a_person_retries_a_conflict_and_only_what_is_absent_is_sent(invoice, site):
    row = leave(invoice, "19.00")
    site.pay_by_hand(invoice.whmcs_id, "19.00")
    post()
    row.refresh_from_db()

    posting.retry_posting(posting=row, now=NOW)
    post()

    row.refresh_from_db()
    assert (row.state, len(site.booked(row.transaction_id)), site.balance(invoice.whmcs_id)) == ("POSTED", 1, 8100)


def test_a_retry_of_what_whmcs_booked_late_sends_nothing(invoice, site):
    row = leave(invoice)
    Posting.objects.filter(pk=row.pk).update(state=State.FAILED)
    site.pay_by_hand(invoice.whmcs_id, "119.00", row.transaction_id)

    posting.retry_posting(posting=row, now=NOW)
    post()

    row.refresh_from_db()
    assert (row.state, len(site.booked(row.transaction_id))) == (State.POSTED, 1)


@pytest.mark.parametrize("state", ["QUEUED", "SENDING", "UNKNOWN", "POSTED", "WITHDRAWN"])
def test_only_what_has_stopped_is_retried(invoice, state):
    row = leave(invoice)
    Posting.objects.filter(pk=row.pk).update(state=state, posted_at=NOW)

    with pytest.raises(PostingMovedOn):
        posting.retry_posting(posting=row, now=NOW)

    row.refresh_from_db()
    assert (row.state, moves(row)) == (state, ["QUEUED"])


def test_a_conflict_given_up_frees_its_amount(invoice, site):
    row = leave(invoice, "19.00")
    site.pay_by_hand(invoice.whmcs_id, "19.00")
    post()
    row.refresh_from_db()

    posting.abandon_posting(posting=row, now=NOW, reason="booked by hand", api_for=connection.api_for)

    row.refresh_from_db()
    assert (row.state, reserved(invoice), site.booked(row.transaction_id)) == (State.WITHDRAWN, 0, [])


def test_what_whmcs_shows_cannot_be_given_up(invoice, site):
    site.fault("error_after_booking", only="AddInvoicePayment", times=1)
    row = leave(invoice)
    post()
    Posting.objects.filter(pk=row.pk).update(state=State.FAILED)

    with pytest.raises(AlreadyBooked):
        posting.abandon_posting(posting=row, now=NOW, reason="impatient", api_for=connection.api_for)

    row.refresh_from_db()
    assert (row.state, reserved(invoice)) == (State.FAILED, Decimal("119"))


def test_nothing_is_given_up_while_whmcs_cannot_be_asked(invoice, site):
    site.fault("server_error")
    row = leave(invoice)
    post()
    row.refresh_from_db()

    with pytest.raises(Retryable):
        posting.abandon_posting(posting=row, now=NOW, reason="impatient", api_for=connection.api_for)

    row.refresh_from_db()
    assert (row.state, reserved(invoice)) == (State.RETRYABLE, Decimal("119"))


def _booking(site, instance, invoice, amount="119.00") -> WhmcsTransaction:
    site.pay_by_hand(invoice.whmcs_id, amount, f"ch_{invoice.whmcs_id}")
    mirror(site, instance, invoice.whmcs_id, read_at=NOW)
    return WhmcsTransaction.objects.get(transaction_id=f"ch_{invoice.whmcs_id}")


def _link(booking, invoice, amount="119.00", **more) -> Posting:
    paid_at = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    values = {"amount": Decimal(amount), "currency": "EUR", "paid_at": paid_at, "now": NOW, **more}
    return posting.link_existing(booking=booking, invoice=invoice, **values)


def test_what_whmcs_booked_itself_is_linked_and_never_sent(invoice, site, instance):
    booking = _booking(site, instance, invoice)

    row = _link(booking, invoice)

    assert (row.kind, row.state, row.transaction_id) == ("LINK", "POSTED", booking.transaction_id)
    assert post().handled == 0
    assert (len(site.booked(booking.transaction_id)), reserved(invoice)) == (1, 0)
    assert moves(row) == ["POSTED"]


def test_one_booking_is_linked_for_its_amount_and_no_more(invoice, site, instance):
    booking = _booking(site, instance, invoice)
    _link(booking, invoice, "100.00")

    with pytest.raises(NothingLeftToLink):
        _link(booking, invoice, "19.01")

    assert _link(booking, invoice, "19.00").state == "POSTED"
    assert Posting.objects.count() == 2


def test_a_booking_of_another_invoice_is_not_linked(invoice, site, instance):
    booking, other = _booking(site, instance, invoice), mirror(site, instance, site.new_invoice("119.00"))

    with pytest.raises(NothingLeftToLink):
        _link(booking, other)

    assert Posting.objects.count() == 0


def test_a_link_taken_back_may_be_linked_again(invoice, site, instance):
    booking = _booking(site, instance, invoice)

    posting.withdraw(posting=_link(booking, invoice), now=NOW)

    assert _link(booking, invoice).state == "POSTED"


def test_midnight_stays_the_payments_own_day_in_any_time_zone(invoice, site, instance):
    WhmcsInstance.objects.filter(pk=instance.pk).update(clock_offset_seconds=-5 * 3600)
    row = leave(invoice, paid_at=datetime(2026, 2, 27, tzinfo=UTC))

    post()

    assert site.booked(row.transaction_id)[0]["date"] == "2026-02-27 00:00:00"


def _queries_of_a_run(site, instance, number: int) -> int:
    for _ in range(number):
        leave(mirror(site, instance, site.new_invoice("20.00")), "20.00")
    with CaptureQueriesContext(connections["default"]) as queries:
        assert post().counts == {"POSTED": number}
    return len(queries)


def test_queries_of_a_run_grow_only_with_what_is_posted(site, instance):
    one, three, five = (_queries_of_a_run(site, instance, number) for number in (1, 3, 5))

    assert five - three == three - one
