"""One invoice read from WHMCS now: what was answered is stored, and nothing else changes."""

from decimal import Decimal

import pytest

from payymo.shared.errors import Conflict, Refused, Retryable
from tests.factories import rows
from whmcs.clients.base import RemoteInvoice
from whmcs.models import WhmcsInstance
from whmcs.services.reading_one import read_invoice


class Answering:
    """A WHMCS that answers one thing to whoever asks for an invoice alone."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def invoices_alone(self, whmcs_ids):
        self.asked += whmcs_ids
        return [self.answer]


@pytest.fixture
def debt(in_acme):
    row = rows.invoice("INV-1", "119.00")
    WhmcsInstance.objects.filter(pk=row.instance_id).update(state="ACTIVE")
    row.instance.refresh_from_db()
    return row


def remote(debt, **changes):
    values = {
        "whmcs_id": debt.whmcs_id, "client_whmcs_id": debt.client.whmcs_id, "number": "INV-1",
        "issue_date": debt.issue_date, "due_date": debt.due_date, "paid_at": None, "total": Decimal("119.00"),
        "credit": Decimal(0), "balance": Decimal("119.00"), "status": "Unpaid", "payment_method": "banktransfer",
        "lines": (), "transactions": (), **changes,
    }  # fmt: skip
    return RemoteInvoice(**values)


def ask(debt, answer):
    api = Answering(answer)
    stored = read_invoice(invoice=debt, api_for=lambda _instance: api, now=rows.NOW)
    debt.refresh_from_db()
    return stored, api.asked


def test_what_whmcs_shows_is_stored_at_once(debt):
    assert ask(debt, remote(debt, balance=Decimal("19.00"))) == (True, [debt.whmcs_id])

    assert (debt.balance, debt.read_at) == (Decimal("19.00"), rows.NOW)


def test_an_invoice_that_whmcs_deleted_owes_nothing(debt):
    ask(debt, Refused("Invoice ID Not Found", reason="invoice_not_found"))

    assert (debt.status, debt.balance) == ("Cancelled", Decimal(0))


@pytest.mark.parametrize(
    "answer", [Refused("Not allowed", reason="not_allowed"), Retryable("No answer.", reason="timeout")]
)
def test_an_answer_that_is_none_changes_nothing(debt, answer):
    with pytest.raises(type(answer)):
        ask(debt, answer)

    debt.refresh_from_db()
    assert (debt.balance, debt.status) == (Decimal("119.00"), "Unpaid")


def test_a_whmcs_that_is_not_connected_is_not_asked(debt):
    debt.instance.state = "BROKEN"

    with pytest.raises(Conflict):
        ask(debt, remote(debt, balance=Decimal(0)))
