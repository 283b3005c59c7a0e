"""Answers of SimpleFIN, read into entries and balances: one account, signed amounts, one text, moments as seconds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from banking.parsers.amounts import currency_code, plain_amount
from banking.parsers.errors import UnreadableEntry, UnreadableStatement
from banking.parsers.fetched import FetchedBalances, FetchedEntries, FetchedEntry
from banking.parsers.json_fields import loaded, reference_in, text_in
from banking.parsers.problems import EntryProblem, FileProblem
from banking.parsers.texts import clean, structured_reference_in
from banking.parsers.types import Balance, Refusal

_MOST_ENTRIES, _MOST_SAID = 50_000, 10
_MARKUP = re.compile(r"<[^>]*>")
_LATEST = 4_102_444_800


def read_transactions(body: bytes | str) -> FetchedEntries:
    """Read the answer of `accounts` for one account.

    Shape: `said` are the `errors` of the answer, without markup. An answer of complaints alone has no entries.
    Raises: UnreadableStatement when the answer as a whole is something else, or of several accounts.
    """
    fields = loaded(body)
    said = _said(fields)
    account = _account(fields)
    if account is None:
        if said:
            return FetchedEntries(said=said)
        raise UnreadableStatement(FileProblem.ANSWER_ACCOUNT_MISSING)
    listed = account.get("transactions", [])
    if not isinstance(listed, list) or len(listed) > _MOST_ENTRIES:
        raise UnreadableStatement(FileProblem.ANSWER_ENTRIES)
    booked: list[FetchedEntry] = []
    pending: list[FetchedEntry] = []
    refused = []
    for line, one in enumerate(listed, start=1):
        try:
            entry = _entry(one, text_in(account, "currency"), line)
        except UnreadableEntry as error:
            refused.append(Refusal(line, error.why))
            continue
        (booked if entry.status == "booked" else pending).append(entry)
    return FetchedEntries(tuple(booked), tuple(pending), tuple(refused), said)


def read_balances(body: bytes | str) -> FetchedBalances:
    """Read the balance of the one account; one that cannot be read is left out.

    Raises: UnreadableStatement when the answer as a whole is something else.
    """
    account = _account(loaded(body))
    if account is None:
        return FetchedBalances()
    try:
        currency = currency_code(text_in(account, "currency"))
        amount = plain_amount(text_in(account, "balance"), currency)
        return FetchedBalances((("interimBooked", Balance(amount, currency, _day(account.get("balance-date")))),))
    except UnreadableEntry:
        return FetchedBalances()


def _account(fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
    accounts = fields.get("accounts")
    if not isinstance(accounts, list) or len(accounts) > 1 or not all(isinstance(one, dict) for one in accounts):
        raise UnreadableStatement(FileProblem.ANSWER_ACCOUNTS)
    return accounts[0] if accounts else None


def _said(fields: Mapping[str, Any]) -> tuple[str, ...]:
    errors = fields.get("errors")
    listed = errors[:_MOST_SAID] if isinstance(errors, list) else []
    texts = (clean(_MARKUP.sub(" ", one))[:200] for one in listed if isinstance(one, str))
    return tuple(text for text in texts if text)


def _entry(fields: object, currency: str, line: int) -> FetchedEntry:
    if not isinstance(fields, dict):
        raise UnreadableEntry(EntryProblem.ENTRY_NO_OBJECT)
    code = currency_code(currency)
    posted, happened = _day(fields.get("posted")), _day(fields.get("transacted_at"))
    is_pending = fields.get("pending") is True or posted is None
    day = posted or happened
    if day is None:
        raise UnreadableEntry(EntryProblem.ENTRY_DATE_MISSING)
    amount = fields.get("amount")
    if not isinstance(amount, str):
        raise UnreadableEntry(EntryProblem.ENTRY_AMOUNT_MISSING)
    text = clean(text_in(fields, "description"))
    id_ = reference_in(fields, "id")
    return FetchedEntry(
        status="pending" if is_pending else "booked",
        booking_date=day,
        amount=plain_amount(amount, code),
        currency=code,
        remittance_information=text,
        structured_reference=structured_reference_in(text),
        line=line,
        raw=json.dumps(fields, default=str, separators=(",", ":")),
        provider_entry_id="" if is_pending else id_,
        bank_entry_id=id_,
    )


def _day(value: object) -> date | None:
    """Return the day of a moment in seconds, 0 being none.

    Raises: UnreadableEntry when it is no such moment.
    """
    if value in (None, 0):
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 < value < _LATEST:
        raise UnreadableEntry(EntryProblem.ENTRY_MOMENT)
    return datetime.fromtimestamp(int(value), UTC).date()
