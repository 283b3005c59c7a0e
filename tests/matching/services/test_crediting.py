"""A payment for no invoice becomes a client's credit: decided by a person, booked once, undone and given up as any."""

from decimal import Decimal

import pytest
from django.utils import timezone

from matching.models import InvoiceMatch
from matching.services.crediting import allocate_to_credit
from matching.services.decisions import Actor, AlreadyDecided, NothingLeftToAllocate, UnusableAllocation
from matching.services.undoing import undo_decision
from tests.factories import rows
from tests.whmcs.site import NOW, Site, connect, mirror, post
from tests.whmcs.test_api import Api
from whmcs import selectors
from whmcs.models import Invoice, Posting
from whmcs.services.credit_accounts import NoCredit
from whmcs.services.posting import OWN_PREFIX, ForgottenBooking


@pytest.fixture
def client(in_acme):
    return rows.invoice("INV-1", "50.00").client


@pytest.fixture
def payment(client):
    return rows.transfer("thanks for everything", "30.00")


def credit(payment, client, reviewer, *, now=NOW, **more):
    return allocate_to_credit(
        receipt_id=payment.public_id, client=client, actor=Actor.person(reviewer), now=now, **more
    )


def test_a_payment_without_an_invoice_becomes_credit_and_is_used_up(payment, client, reviewer):
    decided = credit(payment, client, reviewer)

    [match] = InvoiceMatch.objects.select_related("invoice", "posting")
    payment.refresh_from_db()
    assert (match.invoice.is_credit_account, match.invoice.client, match.amount) == (True, client, 30)
    assert (match.posting.state, match.posting.amount, payment.state) == ("QUEUED", 30, "RECONCILED")
    assert decided.decision.decided_by_id == reviewer.pk
    assert not selectors.invoices().filter(is_credit_account=True).exists()
    assert not selectors.open_invoices().filter(is_credit_account=True).exists()


def test_a_client_has_one_credit_account_and_a_part_leaves_the_rest_open(payment, client, reviewer):
    credit(payment, client, reviewer, amount=Decimal(10))
    credit(payment, client, reviewer, amount=Decimal(5))

    payment.refresh_from_db()
    assert (payment.state, payment.unallocated) == ("PARTLY_ALLOCATED", 15)
    assert Invoice.objects.filter(is_credit_account=True).count() == 1


@pytest.mark.parametrize("amount", ["0", "-1", "30.01"])
def test_no_more_than_the_payment_holds(payment, client, reviewer, amount):
    with pytest.raises((UnusableAllocation, NothingLeftToAllocate)):
        credit(payment, client, reviewer, amount=Decimal(amount))

    assert (InvoiceMatch.objects.count(), Posting.objects.count()) == (0, 0)


def test_nobody_but_a_person_and_nothing_but_a_transfer(payment, client, reviewer):
    with pytest.raises(UnusableAllocation):
        allocate_to_credit(receipt_id=payment.public_id, client=client, actor=Actor.policy(), now=NOW)
    with pytest.raises(UnusableAllocation):
        credit(rows.charge("30.00"), client, reviewer)
    credit(payment, client, reviewer)
    with pytest.raises(AlreadyDecided):
        credit(payment, client, reviewer)

    assert Posting.objects.count() == 1


def test_credit_in_another_currency_or_of_an_unknown_one_is_refused(payment, reviewer):
    dollars = rows.invoice("USD-1", "10.00", currency="USD").client
    nobody = rows.client("New Ltd")
    nobody.instance.found = {"currencies": ["EUR", "USD"]}

    for client in (dollars, nobody):
        with pytest.raises(NoCredit):
            credit(payment, client, reviewer)
    assert Posting.objects.count() == 0


def test_credit_is_undone_as_any_decision(payment, client, reviewer):
    decided = credit(payment, client, reviewer)

    undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    payment.refresh_from_db()
    assert (Posting.objects.get().state, payment.state, payment.allocated) == ("WITHDRAWN", "UNRECONCILED", 0)


def test_what_a_restored_database_has_forgotten_blocks_more_credit(payment, client, reviewer):
    client.instance.transactions.create(
        whmcs_id=9, client_whmcs_id=client.whmcs_id, amount_in=30, transaction_id=f"{OWN_PREFIX}lost"
    )

    with pytest.raises(ForgottenBooking):
        credit(payment, client, reviewer)


@pytest.fixture
def site(sandbox_process):
    found = Site(sandbox_process, "acme")
    found.quiet()
    yield found
    found.quiet()


@pytest.fixture
def remote(in_acme, site):
    """A client as WHMCS has it."""
    return mirror(site, connect(site), site.new_invoice("119.00")).client


def credits_of(site, client):
    answer = site.api()._read("GetCredits", clientid=client.whmcs_id)
    return [Decimal(row["amount"]) for row in answer["credits"]["credit"]] if answer["credits"] else []


@pytest.mark.parametrize("fault", ["", "error_after_booking", "success_without_booking", "server_error"])
def test_whmcs_shows_it_once_whatever_fails(site, remote, reviewer, fault):
    before = credits_of(site, remote)
    payment = rows.transfer("thanks", "30.00")
    if fault:
        site.fault(fault, only="AddTransaction", times=1)

    credit(payment, remote, reviewer)
    for minutes in range(1, 12, 2):
        post(NOW + timezone.timedelta(minutes=minutes))

    posting = Posting.objects.get()
    [booked] = site.booked(posting.transaction_id)
    assert (posting.state, booked["amountin"], booked["invoiceid"], booked["userid"]) == (
        *("POSTED", 3000, 0),
        remote.whmcs_id,
    )
    assert credits_of(site, remote) == [*before, Decimal("30.00")]
    assert booked["date"].startswith("2026-11-18")


def test_a_booking_under_our_id_for_somebody_else_is_a_conflict(site, remote, reviewer):
    credit(rows.transfer("thanks", "30.00"), remote, reviewer)
    posting = Posting.objects.get()
    other = next(row.whmcs_id for row in site.api().clients(start=0, count=9).rows if row.whmcs_id != remote.whmcs_id)
    site.api().add_credit_payment(
        client_whmcs_id=other, amount=Decimal(30), transaction_id=posting.transaction_id, gateway="banktransfer",
        paid_on="", fees=Decimal(0),
    )  # fmt: skip

    post(NOW + timezone.timedelta(minutes=1))

    posting.refresh_from_db()
    assert (posting.state, len(site.booked(posting.transaction_id))) == ("CONFLICT", 1)


def test_over_the_api_it_happens_once_and_for_nobody_else(payment, client, globex):
    body = {"receipt": str(payment.public_id), "client": str(client.public_id)}
    reviewer, key = Api("reviewer"), {"idempotency-key": "one"}

    assert Api("viewer").post("allocations/credit/", body, **key).status_code == 403
    assert Api("owner", "globex").post("allocations/credit/", body, **key).status_code == 404
    assert reviewer.post("allocations/credit/", body).status_code == 400
    first, again = (reviewer.post("allocations/credit/", body, **key) for _ in range(2))

    assert (first.status_code, again.json()) == (201, first.json())
    assert Posting.objects.count() == 1
