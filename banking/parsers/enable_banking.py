"""Answers of Enable Banking, read into entries and balances.

Amounts are unsigned: the direction is a field of its own. `entry_reference` is the bank's id of an entry;
`transaction_id` is only a handle for a detail call and means nothing. Source: enablebanking.com/docs (API reference).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from banking.parsers.amounts import currency_code, exact, plain_amount, signed
from banking.parsers.errors import UnreadableEntry, UnreadableStatement
from banking.parsers.fetched import FetchedBalances, FetchedEntries, FetchedEntry
from banking.parsers.json_fields import day_in, loaded, object_in, present, reference_in, text_in
from banking.parsers.problems import EntryProblem, FileProblem
from banking.parsers.sepa_text import told_and_text
from banking.parsers.texts import clean, clean_account, clean_name, structured_reference_in
from banking.parsers.types import Balance, EntryStatus, Refusal

_MOST_ENTRIES = 50_000
_STATUS: Mapping[str, EntryStatus] = {
    "BOOK": "booked",
    "PDNG": "pending",
    "HOLD": "pending",
    "SCHD": "pending",
    "OTHR": "pending",
}
# Money that does not move.
_NOTHING = {"CNCL", "RJCT"}
# By the names under which balances are chosen.
_KINDS = {
    "CLBD": "closingBooked",
    "ITBD": "interimBooked",
    "OPBD": "openingBooked",
    "CLAV": "closingAvailable",
    "ITAV": "interimAvailable",
    "XPCD": "expected",
}


def read_transactions(body: bytes | str) -> FetchedEntries:
    """Read the pages of one fetch.

    Shape: `line` counts from 1 over all pages. An entry that two pages show is one; a reference that stands on
    different entries is none.
    Raises: UnreadableStatement when the answer as a whole is something else.
    """
    booked: list[FetchedEntry] = []
    pending: list[FetchedEntry] = []
    refused = []
    for line, fields in enumerate(_listed(body), start=1):
        try:
            if not isinstance(fields, dict):
                raise UnreadableEntry(EntryProblem.ENTRY_NO_OBJECT)
            if text_in(fields, "status") in _NOTHING:
                continue
            entry = _entry(fields, line)
        except UnreadableEntry as error:
            refused.append(Refusal(line, error.why))
            continue
        (booked if entry.status == "booked" else pending).append(entry)
    return FetchedEntries(_without_shared_ids(booked), tuple(pending), tuple(refused))


def read_balances(body: bytes | str) -> FetchedBalances:
    """Read the balances of an account; one that cannot be read is left out.

    Raises: UnreadableStatement when the answer as a whole is something else.
    """
    listed = loaded(body).get("balances")
    if not isinstance(listed, list):
        raise UnreadableStatement(FileProblem.ANSWER_BALANCES)
    found = []
    for one in listed:
        try:
            fields = object_in(one, "balance")
            amount, currency = _money(fields.get("balance_amount"))
            kind = text_in(fields, "balance_type")
            found.append((_KINDS.get(kind, kind), Balance(amount, currency, day_in(fields, "reference_date"))))
        except (UnreadableEntry, UnreadableStatement):
            continue
    return FetchedBalances(tuple(found))


def _listed(body: bytes | str) -> list[Any]:
    pages = loaded(body).get("pages")
    if not isinstance(pages, list):
        raise UnreadableStatement(FileProblem.ANSWER_PAGES)
    entries: list[Any] = []
    for page in pages:
        listed = object_in(page, "page").get("transactions")
        if not isinstance(listed, list) or len(entries) + len(listed) > _MOST_ENTRIES:
            raise UnreadableStatement(FileProblem.ANSWER_ENTRIES)
        entries += listed
    return entries


def _without_shared_ids(entries: list[FetchedEntry]) -> tuple[FetchedEntry, ...]:
    """Take the id off entries that differ and share it: such a bank's reference names a kind of thing, not a thing."""
    contents: defaultdict[str, set[tuple[object, ...]]] = defaultdict(set)
    for entry in entries:
        contents[entry.provider_entry_id].add(
            (entry.booking_date, entry.amount, entry.counterparty_name, entry.remittance_information)
        )
    shared = {id_ for id_, told in contents.items() if len(told) > 1}
    return tuple(
        replace(entry, provider_entry_id="", bank_entry_id="", bank_reference="")
        if entry.provider_entry_id in shared
        else entry
        for entry in entries
    )


def _entry(fields: Mapping[str, Any], line: int) -> FetchedEntry:
    status = _STATUS.get(text_in(fields, "status"))
    if status is None:
        raise UnreadableEntry(EntryProblem.ENTRY_STATUS)
    amount, currency = _signed(fields)
    side = "creditor" if amount < 0 else "debtor"
    value_date = day_in(fields, "value_date")
    booking_date = day_in(fields, "booking_date") or value_date or day_in(fields, "transaction_date")
    if booking_date is None:
        raise UnreadableEntry(EntryProblem.ENTRY_DATE_MISSING)
    packed, structured = _remittance(fields), present(text_in(fields, "reference_number"))
    told, text = told_and_text(packed)
    original_amount, original_currency = _instructed(fields.get("exchange_rate"))
    reference = reference_in(fields, "entry_reference")
    return FetchedEntry(
        status=status,
        booking_date=booking_date,
        value_date=value_date,
        amount=amount,
        currency=currency,
        counterparty_name=clean_name(_of(fields, side, "name")),
        counterparty_iban=_account(fields.get(f"{side}_account")),
        remittance_information=text or structured or clean(text_in(fields, "note")),
        structured_reference=structured_reference_in(f"{structured} {packed}"),
        end_to_end_id=present(told.get("EREF", "")),
        bank_reference=reference,
        bank_transaction_code=_code(fields.get("bank_transaction_code")),
        mandate_id=structured if text_in(fields, "reference_number_schema") == "SDDM" else "",
        original_amount=original_amount,
        original_currency=original_currency,
        line=line,
        raw=json.dumps(fields, default=str, separators=(",", ":")),
        provider_entry_id=reference if status == "booked" else "",
        bank_entry_id=reference,
    )


def _signed(fields: Mapping[str, Any]) -> tuple[Decimal, str]:
    """Return the amount with the direction that its own field gives.

    Raises: UnreadableEntry when there is none, or a sign in the amount says the opposite.
    """
    amount, currency = _money(fields.get("transaction_amount"))
    direction = {"CRDT": 1, "DBIT": -1}.get(text_in(fields, "credit_debit_indicator"))
    if direction is None:
        raise UnreadableEntry(EntryProblem.ENTRY_DIRECTION)
    if amount < 0 and direction > 0:
        raise UnreadableEntry(EntryProblem.ENTRY_CREDIT_NEGATIVE)
    return signed(direction, abs(amount)), currency


def _money(value: object) -> tuple[Decimal, str]:
    if not isinstance(value, dict):
        raise UnreadableEntry(EntryProblem.ENTRY_AMOUNT_MISSING)
    currency, amount = currency_code(text_in(value, "currency")), value.get("amount")
    if isinstance(amount, str):
        return plain_amount(amount, currency), currency
    if isinstance(amount, int | Decimal) and not isinstance(amount, bool):
        return exact(f"{amount:f}", currency), currency
    raise UnreadableEntry(EntryProblem.ENTRY_AMOUNT_MISSING)


def _of(fields: Mapping[str, Any], name: str, inner: str) -> str:
    value = fields.get(name)
    return text_in(value, inner) if isinstance(value, dict) else ""


def _account(value: object) -> str:
    if not isinstance(value, dict):
        return ""
    return clean_account(text_in(value, "iban")) or clean_account(_of(value, "other", "identification"))


def _remittance(fields: Mapping[str, Any]) -> str:
    lines = fields.get("remittance_information")
    if not isinstance(lines, list):
        return ""
    return clean(" ".join(line.strip() for line in lines if isinstance(line, str)))


def _code(value: object) -> str:
    if not isinstance(value, dict):
        return ""
    parts = [text_in(value, "code"), text_in(value, "sub_code")]
    return clean("-".join(part for part in parts if part) or text_in(value, "description"))[:80]


def _instructed(value: object) -> tuple[Decimal | None, str]:
    if not isinstance(value, dict):
        return None, ""
    try:
        amount, currency = _money(value.get("instructed_amount"))
    except UnreadableEntry:
        return None, ""
    return abs(amount), currency
