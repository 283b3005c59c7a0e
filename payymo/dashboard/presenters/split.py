"""The rows of the split editor: amounts and fees as typed, what they come to, and what is wrong with each."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.http import QueryDict
from django.utils.translation import gettext as _

from matching.services.allocation import Line
from payymo.dashboard.amounts import read_amount
from payymo.dashboard.formats import decimal_text, money
from payymo.dashboard.pages import Amount, SplitRow
from payymo.shared.money import UnreadableAmount, exponent


class Owing(Protocol):
    """Who owes an invoice."""

    @property
    def display_name(self) -> str:
        """Its name."""


class Owed(Protocol):
    """What the editor asks of an invoice, one of the mirror or of the sample."""

    @property
    def pk(self) -> int:
        """Its key in `Line`."""

    @property
    def public_id(self) -> uuid.UUID | str:
        """Its key in the form."""

    @property
    def display_number(self) -> str:
        """The number customers see."""

    @property
    def outstanding(self) -> Decimal:
        """What it asks for, in its `currency`."""

    @property
    def currency(self) -> str:
        """A code of three letters."""

    @property
    def client(self) -> Owing:
        """Who owes it."""


@dataclass(frozen=True, slots=True)
class Split:
    """What was typed. Shape: `lines` leaves out what cannot be read and what is zero; `left` may be below zero."""

    rows: tuple[SplitRow, ...]
    lines: tuple[Line, ...]
    left: Decimal

    @property
    def errors(self) -> list[str]:
        """What is wrong, in the order of the rows."""
        return [text for row in self.rows for text in (row.error, row.fee_error) if text]


def read(invoices: Iterable[Owed], sent: QueryDict, *, currency: str, holds: Decimal) -> Split:
    """Read the rows; an invoice that was not typed for is offered what the others leave of `holds`."""
    rows, lines, left = [], [], holds
    for invoice in invoices:
        key, owes = str(invoice.public_id), max(invoice.outstanding, Decimal(0))
        text, fee_text = sent.get(f"amount-{key}"), sent.get(f"fee-{key}", "")
        if text is None:
            text = decimal_text(min(max(left, Decimal(0)), owes), digits=exponent(currency))
        amount, error = _typed(text, currency)
        fee, fee_error = _typed(fee_text, currency)
        owed = {"number": invoice.display_number, "owed": money(Amount(invoice.outstanding, invoice.currency))}
        if not error and amount > owes:
            error = _("%(number)s owes %(owed)s.") % owed
        elif not fee_error and fee > amount:
            fee_error = _("A fee is never more than what arrived. Write off such a rest in WHMCS.")
        elif not fee_error and fee and amount + fee > owes:
            fee_error = _("%(number)s owes %(owed)s; with the fee this is more.") % owed
        left -= amount
        rows.append(
            SplitRow(
                key=key,
                number=invoice.display_number,
                client=invoice.client.display_name,
                outstanding=Amount(invoice.outstanding, invoice.currency),
                text=text,
                error=error,
                fee_text=fee_text,
                fee_error=fee_error,
            )
        )
        if amount:
            lines.append(Line(invoice.pk, amount, fee))
    return Split(tuple(rows), tuple(lines), left)


def _typed(text: str, currency: str) -> tuple[Decimal, str]:
    if not text.strip():
        return Decimal(0), ""
    try:
        return read_amount(text, currency), ""
    except UnreadableAmount as error:
        return Decimal(0), str(error)
