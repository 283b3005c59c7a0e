"""Every number by which a customer names a debt: of its order, of a mass payment, and the one it had before."""

import pytest

from matching.core.types import CandidateKind
from matching.models import Proposal
from matching.services import proposing
from tests.factories import rows
from tests.factories.rows import NOW
from whmcs.models import InvoiceLine, ModuleEvent
from whmcs.services.mirroring import change, with_numbers
from whmcs.services.other_numbers import take_up_numbers


@pytest.fixture
def debt(in_acme):
    return rows.invoice("INV-1", "50.00", whmcs_id=501, matched_at=NOW)


def mass_payment(*held, whmcs_id=900, status="Unpaid"):
    total = sum(invoice.balance for invoice in held)
    row = rows.invoice("", total, of=held[0].client, whmcs_id=whmcs_id, is_mass_payment=True, status=status)
    row.lines.all().delete()
    for place, invoice in enumerate(held):
        InvoiceLine.objects.create(
            invoice=row, whmcs_id=place + 1, kind="Invoice", related_id=invoice.whmcs_id, amount=invoice.balance
        )
    return row


def test_a_mass_payments_number_names_what_it_holds_and_is_no_debt(debt):
    other = rows.invoice("INV-2", "20.00", of=debt.client, whmcs_id=502)
    rows.invoice("INV-3", "70.00", of=debt.client, whmcs_id=503)
    combined = mass_payment(debt, other, whmcs_id=98765)

    assert (take_up_numbers(debt.instance), take_up_numbers(debt.instance)) == (2, 0)
    debt.refresh_from_db()
    assert (debt.other_numbers, debt.matched_at) == (["98765"], None)

    proposing.propose(receipts=[rows.transfer("98765", "70.00", name="Somebody")], now=NOW)
    best = Proposal.objects.get(rank=1)
    assert best.kind == CandidateKind.SEVERAL
    assert {line.invoice_id for line in best.lines.all()} == {debt.pk, other.pk}
    assert combined.pk not in {line.invoice_id for line in best.lines.all()}


def test_a_closed_mass_payment_names_nothing_new(debt):
    mass_payment(debt, status="Cancelled")

    assert take_up_numbers(debt.instance) == 0


def test_an_orders_number_names_its_invoice_once_it_is_mirrored(debt):
    for event_id, invoice in (("a", 501), ("b", 777)):
        ModuleEvent.objects.create(
            instance=debt.instance, event_id=event_id, kind="AfterShoppingCartCheckout", invoice_whmcs_id=invoice,
            order_number="2884417730", occurred_at=NOW, received_at=NOW,
        )  # fmt: skip

    assert take_up_numbers(debt.instance) == 1
    debt.refresh_from_db()
    assert debt.other_numbers == ["2884417730"]


def test_a_proforma_is_known_by_the_number_it_was_sent_with(debt):
    change(debt, {"number": "2026-0007"})
    change(debt, {"number": "2026-0007"})

    assert (debt.number, debt.other_numbers, debt.matched_at) == ("2026-0007", ["INV-1"], None)


def test_numbers_are_kept_once_and_never_too_many():
    assert with_numbers(["a", "b"], ["b", "c"]) == ["a", "b", "c"]
    assert with_numbers([str(one) for one in range(20)], ["x"]) == [*(str(one) for one in range(1, 20)), "x"]
