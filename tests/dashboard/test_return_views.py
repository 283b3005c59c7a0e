from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from accounts.models import Membership
from accounts.permissions import PERMISSIONS
from accounts.services import members
from matching.models import TakenBack
from matching.services import allocation, pairing, taken_back
from matching.services.decisions import Actor
from payments.models import Refund
from tenants import context
from tenants.models import Tenant
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


def goes_back(actor, count):
    """Let the bank return `count` payments, and as many charges be refunded and disputed: amounts and days repeat."""

    def matched(receipt):
        debt = rows.invoice(f"INV-{receipt.pk}", receipt.amount)
        lines = [allocation.Line(debt.pk, receipt.amount)]
        allocation.allocate_by_hand(receipt_id=receipt.public_id, lines=lines, actor=actor, now=NOW)
        return receipt

    for number in range(count):
        amount, day = Decimal(1 + number % 3), date(2026, 11, 12 + number % 4)
        matched(rows.transfer("in", amount, end_to_end_id=f"E2E-{number}", booking_date=date(2026, 11, 9)))
        rows.transfer("R", -amount, end_to_end_id=f"E2E-{number}", return_sign="bank", booking_date=day)
        # Shortly before midnight in Greenwich: a day later where the company is.
        moment = datetime.combine(day, datetime.min.time(), tzinfo=UTC).replace(hour=23)
        charge, given = matched(rows.charge("9.00")), {"amount": amount, "currency": ["EUR", "USD"][number % 2]}
        charge.refunds.create(refund_id=f"re_{charge.pk}", status="succeeded", refunded_at=moment, **given)
        charge.disputes.create(dispute_id=f"dp_{charge.pk}", status="lost", disputed_at=moment, **given)
    pairing.pair_found(now=NOW)
    taken_back.watch(now=NOW)


@pytest.mark.parametrize("order", ["amount", "-amount", "day", "-day", "noticed"])
def test_the_list_is_ordered_over_all_its_pages_whatever_took_the_money_back(
    as_reviewer, in_acme, globex, reviewer, stranger, order, every_page
):
    Tenant.objects.filter(pk=in_acme.pk).update(time_zone="Pacific/Auckland")
    goes_back(Actor.person(reviewer), 20)
    with context.inside(globex):
        goes_back(Actor.person(stranger), 1)

    shown = every_page(as_reviewer, f"/returns/?sort={order}")

    mine = {f"/returns/{row.public_id}/dealt-with/" for row in TakenBack.objects.all()}
    assert (len(shown), {row.note.dealt_with_url for row in shown}) == (60, mine)
    values = {
        "amount": [row.note.amount.value for row in shown],
        "day": [row.note.day for row in shown],
        "noticed": [row.noticed.at for row in shown],
    }[order.removeprefix("-")]
    assert values == sorted(values, reverse=order.startswith("-"))
    assert {row.note.day.day for row in shown} == {12, 13, 14, 15, 16}


@pytest.mark.parametrize("asked", ["steps", "source", "pair__earlier__amount", "-pk", ""])
def test_no_other_column_orders_the_list(as_reviewer, in_acme, reviewer, asked):
    goes_back(Actor.person(reviewer), 2)

    page = as_reviewer.get(f"/returns/?sort={asked}&after=x_1").context["page"]

    newest = TakenBack.objects.order_by("-pk")
    assert [row.note.dealt_with_url for row in page.rows] == [f"/returns/{row.public_id}/dealt-with/" for row in newest]
    heads = {head.label: (head.direction, bool(head.url)) for head in page.table.heads}
    assert heads == {
        "Payment": ("", False), "Money taken back": ("", False), "Went back": ("", True),
        "Noticed": ("descending", True), "Amount": ("", True), "What to do": ("", False),
    }  # fmt: skip


@pytest.mark.parametrize("order", ["amount", "-day"])
def test_an_ordered_list_costs_the_same_with_more_rows(as_reviewer, in_acme, reviewer, queries_of, order):
    goes_back(Actor.person(reviewer), 1)
    few = queries_of(lambda: as_reviewer.get(f"/returns/?sort={order}"))
    for charge in rows.StripePayment.objects.all():
        for number in range(7):
            charge.refunds.create(
                refund_id=f"re_{number}", amount=1, currency="EUR", status="succeeded", refunded_at=NOW
            )
    taken_back.watch(now=NOW)

    assert queries_of(lambda: as_reviewer.get(f"/returns/?sort={order}")) == few
