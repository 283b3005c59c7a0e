"""What a reviewer and an owner choose on the pages: the rest, a client's credit, the suspension guard."""

from decimal import Decimal

import pytest

from matching.core.minted import mint
from matching.models import InvoiceMatch, TwoPersonLimit
from matching.services.allocation import Line, allocate_by_hand
from matching.services.decisions import Actor, UnusableAllocation
from tests.factories import rows
from tests.matching.test_guard import propose
from tests.whmcs.test_api import Api
from whmcs.models import Posting, WhmcsInstance


@pytest.fixture
def debt(in_acme):
    return rows.invoice("INV-1", "50.00")


def panel_of(browser, payment):
    return browser.get(f"/review/{payment.public_id}/").context["page"].panel


def sent_to(panel, **more):
    return {"version": panel.version, "key": panel.key, "candidate": panel.candidates[0].key, **more}


def given():
    return [str(amount) for amount in InvoiceMatch.objects.order_by("pk").values_list("amount", flat=True)]


@pytest.mark.parametrize(("rest", "amount"), [("", "50.000"), ("open", "50.000"), ("credit", "80.000")])
def test_the_panel_asks_what_the_rest_is_and_does_that(as_reviewer, debt, rest, amount):
    payment = rows.transfer("INV-1", "80.00")
    propose(payment, debt)
    panel = panel_of(as_reviewer, payment)

    assert [choice.value for choice in panel.rest_uses] == ["open", "credit", "next"]
    answer = as_reviewer.fragment("post", panel.urls.approve, sent_to(panel, rest=rest))

    assert (answer.status_code, given()) == (200, [amount])


def test_a_payment_that_fits_is_not_asked_and_a_wrong_choice_is_refused(as_reviewer, debt):
    fits, holds_more = rows.transfer("INV-1", "50.00"), rows.transfer("INV-1", "80.00")
    propose(fits, debt)
    propose(holds_more, debt)

    assert panel_of(as_reviewer, fits).rest_uses == ()
    panel = panel_of(as_reviewer, holds_more)
    for rest in ("keep it", "next"):
        assert as_reviewer.fragment("post", panel.urls.approve, sent_to(panel, rest=rest)).status_code == 422
    assert given() == []


def test_the_split_gives_the_rest_to_the_next_invoice(as_reviewer, debt):
    payment = rows.transfer("INV-1", "80.00")
    rows.invoice("INV-2", "100.00", of=debt.client)
    propose(payment, debt)
    panel = panel_of(as_reviewer, payment)
    form = sent_to(panel, **{f"amount-{debt.public_id}": "50.00", "rest": "next", "do": "save"})

    assert as_reviewer.fragment("post", panel.urls.split, form).status_code == 200

    assert given() == ["50.000", "30.000"]


def test_a_payment_for_no_invoice_is_booked_as_the_credit_of_a_client_that_was_searched(as_reviewer, debt):
    payment = rows.transfer("thank you", "30.00", name="Somebody")
    propose(payment, band="none")
    find = f"/review/{payment.public_id}/find/"

    page = as_reviewer.fragment("get", find, {"q": "northwind"}).context["page"]
    [client] = page.find.clients
    assert as_reviewer.fragment("get", find, {"q": "=30"}).context["page"].find.clients == ()
    wrong = as_reviewer.fragment("post", find, {"version": page.version, "client": "nobody"})
    done = as_reviewer.fragment("post", find, {"version": page.version, "key": page.key, "client": client.key})

    assert (wrong.status_code, done.status_code, given()) == (422, 200, ["30.000"])
    assert Posting.objects.get().invoice.is_credit_account


def test_the_invoice_shows_the_reference_and_its_other_numbers(as_viewer, debt):
    debt.other_numbers = ["98765"]
    debt.save()

    facts = {fact.label: fact.text for fact in as_viewer.get(f"/invoices/{debt.public_id}/").context["page"].facts}

    assert facts["Payment reference"] == mint(debt.instance_id, debt.whmcs_id)
    assert facts["Also known as"] == "98765"


def test_the_invoice_says_which_credit_paid_it(as_viewer, debt):
    debt.credit_movements.create(
        instance=debt.instance, client=debt.client, whmcs_id=1, amount=-10, booked_on=rows.TODAY,
        description="Credit Applied to Invoice #1",
    )  # fmt: skip

    facts = {fact.label: fact.text for fact in as_viewer.get(f"/invoices/{debt.public_id}/").context["page"].facts}

    assert facts["From the client's credit"].endswith(", Credit Applied to Invoice #1")
    assert facts["From the client's credit"].startswith("10.00")


@pytest.mark.parametrize(("days", "status", "kept"), [("0", 303, 0), ("14", 303, 14), ("15", 422, 3), ("", 422, 3)])
def test_the_owner_sets_how_long_the_guard_holds(as_owner, debt, days, status, kept):
    answer = as_owner.post(f"/connections/whmcs/{debt.instance.public_id}/guard/", {"days": days})

    assert (answer.status_code, WhmcsInstance.objects.get().guard_days) == (status, kept)


def test_the_guard_over_the_api_needs_a_fresh_owner_and_a_sane_number(debt, globex):
    path, body = f"whmcs-instances/{debt.instance.public_id}/guard/", {"guard_days": 5}

    assert Api("reviewer").call("put", path, body).status_code == 403
    assert Api("owner", "globex").call("put", path, body).status_code == 404
    assert Api("owner").call("put", path, {"guard_days": 15}).status_code == 400
    assert Api("owner").call("put", path, body).json()["guard_days"] == 5


def test_a_fee_is_written_off_by_hand_and_more_than_is_owed_is_not(debt):
    payment = rows.transfer("INV-1", "48.00")
    reviewer = Api("reviewer")

    def allocate(fee, key):
        line = {"invoice": str(debt.public_id), "amount": "48.00", "fee": fee}
        body = {"receipt": str(payment.public_id), "lines": [line]}
        return reviewer.post("allocations/", body, **{"idempotency-key": key}).status_code

    assert (allocate("2.01", "a"), Posting.objects.count()) == (409, 0)
    assert allocate("2.00", "b") == 201
    posting = Posting.objects.get()
    assert (posting.amount, posting.fees) == (Decimal(50), Decimal(2))


@pytest.mark.parametrize(
    ("amount", "fee", "said"),
    [
        ("48.00", "2.01", "with the fee this is more"),
        ("20.00", "20.01", "A fee is never more than what arrived"),
        ("", "2.00", "A fee is never more than what arrived"),
        ("48.00", "two", "is not an amount"),
        ("48.00", "1.001", "too many decimals"),
    ],
)
def test_the_split_refuses_a_fee_that_makes_no_sense_beside_its_line(as_reviewer, debt, amount, fee, said):
    payment = rows.transfer("INV-1", "48.00")
    propose(payment, debt)
    panel = panel_of(as_reviewer, payment)
    form = sent_to(panel, **{f"amount-{debt.public_id}": amount, f"fee-{debt.public_id}": fee, "do": "save"})

    answer = as_reviewer.fragment("post", panel.urls.split, {**form, "rest": "open"})

    assert (answer.status_code, given()) == (422, [])
    [row] = answer.context["page"].split.rows
    assert said in row.fee_error
    assert (row.text, row.fee_text) == (amount, fee)
    assert f'id="pm-fee-{debt.public_id}-error"' in answer.content.decode()


def test_the_split_writes_off_a_fee_that_the_invoice_counts_as_paid(as_reviewer, debt):
    payment = rows.transfer("INV-1", "48.00")
    propose(payment, debt)
    panel = panel_of(as_reviewer, payment)
    form = sent_to(panel, **{f"amount-{debt.public_id}": "48.00", f"fee-{debt.public_id}": "2,00", "do": "save"})

    assert as_reviewer.fragment("post", panel.urls.split, form).status_code == 200

    match, posting = InvoiceMatch.objects.get(), Posting.objects.get()
    assert (match.amount, match.fee, posting.amount, posting.fees) == (48, 2, 50, 2)
    debt.refresh_from_db()
    assert debt.outstanding == 0


def test_a_fee_needs_a_payment_that_whmcs_has_not_booked_itself(in_acme, debt, reviewer):
    charge = rows.charge("48.00")
    debt.instance.transactions.create(
        whmcs_id=7, invoice=debt, amount_in=48, gateway="stripe", transaction_id=charge.charge_id
    )

    with pytest.raises(UnusableAllocation, match="booked this charge already"):
        allocate_by_hand(
            receipt_id=charge.public_id, lines=[Line(debt.pk, Decimal(48), Decimal(2))], actor=Actor.person(reviewer),
            now=rows.NOW,
        )  # fmt: skip

    assert Posting.objects.count() == 0


def test_two_persons_must_mean_the_same_fee(in_acme, debt, reviewer, owner):
    payment = rows.transfer("INV-1", "48.00")
    TwoPersonLimit.objects.create(currency="EUR", amount=10)

    def approve(who, fee):
        lines = [Line(debt.pk, Decimal(48), Decimal(fee))]
        return allocate_by_hand(receipt_id=payment.public_id, lines=lines, actor=Actor.person(who), now=rows.NOW)

    approve(reviewer, "0")
    approve(owner, "2")

    assert Posting.objects.count() == 0
    approve(reviewer, "2")
    assert Posting.objects.get().fees == 2
