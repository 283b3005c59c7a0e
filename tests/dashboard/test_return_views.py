from datetime import date

import pytest

from accounts.models import Membership
from accounts.permissions import PERMISSIONS
from accounts.services import members
from matching.models import TakenBack
from matching.services import allocation, pairing, taken_back
from matching.services.decisions import Actor
from payments.models import Refund
from tests.dashboard.conftest import ACME, Browser
from tests.factories import rows
from tests.factories.rows import NOW
from whmcs.models import Posting


@pytest.fixture
def returned(in_acme, reviewer):
    """A matched payment and the debit that returns it."""
    entry = rows.transfer("Invoice INV-204 hosting", "50.00", end_to_end_id="E2E-1")
    allocation.allocate_by_hand(
        receipt_id=entry.public_id, lines=[allocation.Line(rows.invoice("INV-204", "50.00").pk, entry.amount)],
        actor=Actor.person(reviewer), now=NOW,
    )  # fmt: skip
    rows.transfer("Return", "-50.00", end_to_end_id="E2E-1", return_sign="bank", booking_date=date(2026, 11, 19))
    assert pairing.pair_found(now=NOW)["returns"] == 1
    taken_back.watch(now=NOW)
    return TakenBack.objects.get()


def test_a_returned_payment_is_said_on_every_page_and_leads_to_its_step(as_reviewer, returned):
    said = "Money of 1 matched payment went back, and WHMCS does not show it."
    assert said in as_reviewer.get("/transactions/").content.decode()

    page = as_reviewer.get("/returns/").content.decode()

    assert "The match is not in WHMCS yet: undo it." in page
    assert f"/transactions/{returned.pair.earlier.public_id}/" in page


def test_both_sides_show_each_other(as_reviewer, returned):
    payment = as_reviewer.get(f"/transactions/{returned.pair.earlier.public_id}/").content.decode()
    back = as_reviewer.get(f"/transactions/{returned.pair.later.public_id}/").content.decode()

    assert "This payment was returned" in payment
    assert "This returns an earlier payment" in back
    assert "Both carry the same end-to-end id." in payment
    assert "The match is not in WHMCS yet: undo it." in payment


def test_dealt_with_takes_it_off_the_list_and_a_second_click_is_not_found(as_reviewer, returned):
    path = f"/returns/{returned.public_id}/dealt-with/"

    assert as_reviewer.post(path).status_code == 303

    assert "Nothing that was taken back waits for a person." in as_reviewer.get("/returns/").content.decode()
    assert "Dealt with on" in as_reviewer.get(f"/transactions/{returned.pair.earlier.public_id}/").content.decode()
    assert as_reviewer.post(path).status_code == 404


def test_a_refund_of_a_booked_charge_says_what_to_do_counts_and_is_ticked_with_its_day(as_reviewer, in_acme, reviewer):
    charge, debt = rows.charge("50.00", name="Ada"), rows.invoice("INV-204", "50.00")
    allocation.allocate_by_hand(
        receipt_id=charge.public_id, lines=[allocation.Line(debt.pk, charge.amount)], actor=Actor.person(reviewer),
        now=NOW,
    )  # fmt: skip
    booking = debt.instance.transactions.create(whmcs_id=70, invoice=debt, amount_in=50, transaction_id="PM-1")
    Posting.objects.update(state="POSTED", posted_at=NOW, whmcs_transaction=booking, transaction_id="PM-1")
    Refund.objects.create(
        payment=charge, refund_id="re_1", amount=50, currency="EUR", status="succeeded", refunded_at=NOW
    )
    taken_back.watch(now=NOW)

    page = as_reviewer.get(f"/transactions/{charge.public_id}/").content.decode()

    assert "Refunded through Stripe" in page
    assert "(invoice INV-204, transaction PM-1)" in page
    assert "See that the invoice is no longer paid there" in page
    assert "WHMCS does not show it yet" in as_reviewer.get("/").content.decode()
    debt.instance.transactions.create(
        whmcs_id=71, amount_out=50, refunds_whmcs_id=70, gateway="stripe", booked_at="2026-11-22 10:00:00"
    )
    taken_back.watch(now=NOW)
    page = as_reviewer.get(f"/transactions/{charge.public_id}/").content.decode()
    assert "WHMCS shows it since" in page
    assert "Dealt with" not in page
    assert "Nothing that was taken back waits for a person." in as_reviewer.get("/returns/").content.decode()


def test_the_other_side_on_an_account_beyond_reach_is_not_shown_and_not_opened(in_acme, reviewer):
    seen, hidden = rows.account(iban_hash="main"), rows.account(iban_hash="reserve")
    credit = rows.transfer("Reserve", "900.00", into=seen, counterparty_hash="reserve")
    debit = rows.transfer("HIDDENSIDE", "-900.00", into=hidden, counterparty_hash="main")
    pairing.pair_found(now=NOW)
    decision = credit.decisions.get()
    membership = Membership.objects.get(user=reviewer, tenant=in_acme)
    members.limit_member(membership=membership, granted=frozenset(PERMISSIONS), accounts=[seen])
    limited = Browser(ACME, tenant=in_acme, user=reviewer)

    page = limited.get(f"/transactions/{credit.public_id}/").content.decode()
    refused = limited.fragment("post", f"/review/undo/{decision.public_id}/")

    assert "The other side" not in page
    assert str(debit.public_id) not in page
    assert refused.status_code in (403, 409, 422)
    debit.refresh_from_db()
    credit.refresh_from_db()
    assert (debit.state, credit.state) == ("IGNORED", "IGNORED")
