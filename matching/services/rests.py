"""What a match gives to its invoices, and what becomes of money beyond that: only what the reviewer chose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from django.db.models import F
from django.utils.translation import gettext

from matching.locks import Receipt
from matching.services.decisions import UnusableAllocation
from whmcs import selectors
from whmcs.models import Invoice

_MOST_NEXT = 50


class Rest(StrEnum):
    """Leave it open, let it become the client's credit in WHMCS, or give it to the client's next invoices."""

    OPEN = "open"
    CREDIT = "credit"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Line:
    """An invoice (primary key) and the amount it gets, in the receipt's currency.

    Shape: `fee` is missing and written off: the invoice counts it as paid, the receipt does not give it.
    """

    invoice_id: int
    amount: Decimal
    fee: Decimal = Decimal(0)


def with_rest(receipt: Receipt, lines: Sequence[Line], rest: Rest) -> list[Line]:
    """Return the lines with what the payment holds beyond them used as chosen.

    Shape: credit goes with a line that pays its invoice in full, since WHMCS credits what an invoice does not owe; the
    next invoices are those due first, and what they do not need stays open. Amounts are checked under locks later.
    Raises: UnusableAllocation when the rest has no such use.
    """
    left = receipt.unallocated - sum((line.amount for line in lines), Decimal(0))
    if left <= 0 or rest is Rest.OPEN or not lines:
        return list(lines)
    invoices = {row.pk: row for row in Invoice.objects.filter(pk__in=[line.invoice_id for line in lines])}
    clients = {row.client_id for row in invoices.values()}
    if len(clients) != 1 or len(invoices) != len(lines):
        raise UnusableAllocation(
            gettext("The invoices belong to several clients. Leave the rest open, or give it to an invoice.")
        )
    return _credited(lines, invoices, left) if rest is Rest.CREDIT else _passed_on(receipt, lines, clients.pop(), left)


def _credited(lines: Sequence[Line], invoices: dict[int, Invoice], left: Decimal) -> list[Line]:
    full = [line for line in lines if not line.fee and line.amount == invoices[line.invoice_id].outstanding]
    if not full:
        raise UnusableAllocation(
            gettext("Credit arises only beside an invoice that is paid in full. Leave the rest open, or pay one whole.")
        )
    return [replace(line, amount=line.amount + left) if line is full[-1] else line for line in lines]


def _passed_on(receipt: Receipt, lines: Sequence[Line], client_id: int, left: Decimal) -> list[Line]:
    rows = selectors.open_invoices().filter(client_id=client_id, currency=receipt.currency)
    more = []
    for invoice in rows.exclude(pk__in=[line.invoice_id for line in lines]).order_by(
        F("due_date").asc(nulls_last=True), "pk"
    )[:_MOST_NEXT]:
        amount = min(left, invoice.outstanding)
        more.append(Line(invoice.pk, amount))
        left -= amount
        if not left:
            break
    if not more:
        raise UnusableAllocation(gettext("The client has no other open invoice in this currency. Leave the rest open."))
    return [*lines, *more]
