"""The statement line `:61:` and the balances `:60:`, `:62:` of SWIFT MT940 and MT942.

The mark decides the sign: `C` and `RD` (a debit taken back) bring money, `D` and `RC` (a credit taken back) take it.
mt-940, the usual library, leaves `RC` positive unless told otherwise, stops at `EC` and `ED`, and fails as a whole
where one amount cannot be read; so the lines are read here, and the balances of each statement prove the signs.
Source: SWIFT standard MT940, fields 60a, 61, 62a.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from banking.parsers.amounts import currency_code, shown, signed, swift_amount
from banking.parsers.dates import nearest_day, swift_date
from banking.parsers.errors import UnreadableEntry
from banking.parsers.problems import EntryProblem
from banking.parsers.types import Balance, EntryStatus

_LINE = re.compile(
    r"(?P<value>\S{6})(?P<entry>[0-9]{4})?(?P<mark>E?[CD]|R[CD])(?P<funds>[A-Z])? ?(?P<amount>[0-9,.]+)"
    # Without a type of the standard behind it (ING writes `NOV `), only an amount that has its comma is whole.
    r"(?:(?P<type>[NFS][A-Z0-9]{2}[A-Z0-9 ]|(?<=[,.])[A-Z][A-Z0-9]{3}|(?<=[,.][0-9]{2})[A-Z][A-Z0-9]{3})"
    r"(?P<references>.*)|(?<=[,.][0-9]{2})\s*)"
)
_DATES_AND_MARK = re.compile(
    r"(?P<value>\S{6})(?P<entry>[0-9]{4})?(?P<mark>E?[CD]|R[CD])(?:[A-Z](?=[0-9,.]))?(?P<rest>.*)"
)
_AMOUNT = re.compile(r"[0-9][,.]|[,.][0-9]")
_AMOUNT_END = re.compile(r"[A-Z][A-Z0-9]{3}")
_BALANCE = re.compile(r"(?P<mark>[CD])(?P<on>\S{6})(?P<currency>[A-Z]{3})(?P<amount>.*)")
_ORIGINAL = re.compile(r"/OCMT/([A-Z]{3})([0-9]{1,15}(?:,[0-9]{0,6})?)")
_SIGNS = {"C": 1, "RD": 1, "EC": 1, "D": -1, "RC": -1, "ED": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """What one `:61:` says. References are as written; `supplement` is the free line below."""

    status: EntryStatus
    booking_date: date
    value_date: date
    amount: Decimal
    is_reversal: bool
    type_code: str
    customer_reference: str
    bank_reference: str
    supplement: str
    original_amount: Decimal | None
    original_currency: str


def read_line(lines: tuple[str, ...], currency: str) -> StatementLine:
    """Read a `:61:` field.

    Units: the amount is signed from the account's view; `EC` and `ED` are expected, so pending.
    Raises: UnreadableEntry.
    """
    line, more = lines[0].strip(), lines[1:]
    found = _LINE.fullmatch(line)
    if not found and more and not _AMOUNT.search(line[6:]):
        # Some savings banks break the line before its amount.
        line, more = f"{line} {more[0].strip()}", more[1:]
        found = _LINE.fullmatch(line)
    if not found:
        raise _what_is_wrong(line)
    value_date = swift_date(found["value"])
    customer, _, bank = (found["references"] or "").partition("//")
    supplement = " ".join(more).strip()
    original = _ORIGINAL.search(supplement)
    return StatementLine(
        status="pending" if found["mark"].startswith("E") else "booked",
        # 0000 is how some banks leave the entry date open.
        booking_date=nearest_day(found["entry"], value_date) if (found["entry"] or "0000") != "0000" else value_date,
        value_date=value_date,
        amount=signed(_SIGNS[found["mark"]], swift_amount(found["amount"], currency)),
        is_reversal=found["mark"].startswith("R"),
        type_code=(found["type"] or "").strip(),
        customer_reference=customer.strip(),
        bank_reference=bank.strip(),
        supplement=supplement,
        original_amount=swift_amount(original[2], original[1]) if original else None,
        original_currency=original[1] if original else "",
    )


def _what_is_wrong(line: str) -> UnreadableEntry:
    found = _DATES_AND_MARK.fullmatch(line)
    if not found:
        return UnreadableEntry(EntryProblem.LINE_START, written=shown(line))
    amount = _AMOUNT_END.split(found["rest"], maxsplit=1)[0] or found["rest"]
    if not re.fullmatch(r"[0-9,.]+", amount):
        return UnreadableEntry(EntryProblem.AMOUNT, written=shown(amount))
    return UnreadableEntry(EntryProblem.LINE_TYPE, written=shown(line))


def read_balance(text: str) -> Balance:
    """Read a `:60F:` or `:62F:` field.

    Raises: UnreadableEntry.
    """
    found = _BALANCE.fullmatch(text)
    if not found:
        raise UnreadableEntry(EntryProblem.BALANCE, written=shown(text))
    currency = currency_code(found["currency"])
    amount = signed(_SIGNS[found["mark"]], swift_amount(found["amount"].strip(), currency))
    # Some banks date the balance of a new account 000000.
    return Balance(amount, currency, None if found["on"] == "000000" else swift_date(found["on"]))


def currency_of_balance(text: str) -> str:
    """Return the currency of a balance field even when its amount cannot be read; empty when there is none."""
    found = _BALANCE.fullmatch(text)
    return found["currency"] if found else ""
