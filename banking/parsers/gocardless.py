"""Answers of GoCardless Bank Account Data, read into entries and balances.

Only `transactionAmount` can be relied on: ids and dates may be missing or blank, texts come in four fields, the other
side's name depends on the direction. What cannot be read is refused with its position and never guessed.
Source: the OpenAPI description of the API, v2; payloads in the tests of public clients.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

from banking.parsers.amounts import currency_code, exact, plain_amount
from banking.parsers.dates import iso_date
from banking.parsers.errors import UnreadableEntry, UnreadableStatement
from banking.parsers.fetched import FetchedBalances, FetchedEntries, FetchedEntry
from banking.parsers.json_fields import day_in, loaded, object_in, present, reference_in, text_in
from banking.parsers.problems import EntryProblem, FileProblem
from banking.parsers.sepa_text import told_and_text
from banking.parsers.texts import clean, clean_account, clean_name, structured_reference_in
from banking.parsers.types import Balance, EntryStatus, Refusal
from payymo.shared.sentences import Sentence

_MOST_ENTRIES = 50_000


def read_transactions(body: bytes | str) -> FetchedEntries:
    """Read the answer of `accounts/{id}/transactions/`.

    Shape: in the order of the answer, which means nothing. `line` is the position in its list, from 1.
    Raises: UnreadableStatement when the answer as a whole is something else.
    """
    lists = object_in(loaded(body).get("transactions"), "transactions")
    booked, refused = _entries(_listed(lists, "booked"), "booked")
    pending, refused_pending = _entries(_listed(lists, "pending"), "pending")
    return FetchedEntries(booked, pending, refused + refused_pending)


def read_balances(body: bytes | str) -> FetchedBalances:
    """Read the answer of `accounts/{id}/balances/`; a balance that cannot be read is left out.

    Raises: UnreadableStatement when the answer as a whole is something else.
    """
    found = []
    for one in _listed(loaded(body), "balances"):
        try:
            fields = object_in(one, "balance")
            amount, currency = _money(fields.get("balanceAmount"))
            on = text_in(fields, "referenceDate")
            found.append((text_in(fields, "balanceType"), Balance(amount, currency, iso_date(on) if on else None)))
        except (UnreadableEntry, UnreadableStatement):
            continue
    return FetchedBalances(tuple(found))


def _listed(fields: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list of the answer; `pending` may be missing, but what is there must be a list."""
    found = fields.get(name)
    if found is None and name == "pending":
        return []
    if not isinstance(found, list) or len(found) > _MOST_ENTRIES:
        raise UnreadableStatement(FileProblem.ANSWER_LIST, name=name)
    return found


def _entries(listed: Iterable[Any], status: EntryStatus) -> tuple[tuple[FetchedEntry, ...], tuple[Refusal, ...]]:
    entries, refused = [], []
    for line, fields in enumerate(listed, start=1):
        try:
            if not isinstance(fields, dict):
                raise UnreadableEntry(EntryProblem.ENTRY_NO_OBJECT)
            entries.append(_entry(fields, status, line))
        except UnreadableEntry as error:
            why = error.why if status == "booked" else Sentence(EntryProblem.PENDING, {"why": error.why})
            refused.append(Refusal(line, why))
    return tuple(entries), tuple(refused)


def _entry(fields: Mapping[str, Any], status: EntryStatus, line: int) -> FetchedEntry:
    amount, currency = _money(fields.get("transactionAmount"))
    # On a credit the other side is the debtor; taking whichever name is there would show the account's own owner.
    side: Literal["debtor", "creditor"] = "creditor" if amount < 0 else "debtor"
    value_date = day_in(fields, "valueDate", "valueDateTime")
    booking_date = day_in(fields, "bookingDate", "bookingDateTime") or value_date
    if booking_date is None:
        raise UnreadableEntry(EntryProblem.ENTRY_DATE_MISSING)
    packed, structured = _remittance(fields), _structured(fields)
    told, text = told_and_text(packed)
    original_amount, original_currency = _instructed(fields.get("currencyExchange"))
    entry_id = reference_in(fields, "transactionId")
    return FetchedEntry(
        status=status,
        booking_date=booking_date,
        value_date=value_date,
        amount=amount,
        currency=currency,
        counterparty_name=clean_name(text_in(fields, f"{side}Name") or text_in(fields, f"ultimate{side.title()}")),
        counterparty_iban=_account(fields.get(f"{side}Account")),
        remittance_information=text or structured,
        structured_reference=structured_reference_in(f"{structured} {packed}"),
        end_to_end_id=reference_in(fields, "endToEndId") or present(told.get("EREF", "")),
        bank_reference=reference_in(fields, "entryReference") or entry_id,
        # Both: a German bank may call a return one only in its own code.
        bank_transaction_code=clean(
            f"{text_in(fields, 'bankTransactionCode')} {text_in(fields, 'proprietaryBankTransactionCode')}"
        )[:80],
        mandate_id=reference_in(fields, "mandateId"),
        original_amount=original_amount,
        original_currency=original_currency,
        line=line,
        raw=json.dumps(fields, default=str, separators=(",", ":")),
        provider_entry_id=reference_in(fields, "internalTransactionId"),
        bank_entry_id=entry_id,
    )


def _texts(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if isinstance(value, list):
        value = " ".join(part for part in (_part(one) for one in value) if part)
    return clean(_part(value))


def _part(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("reference")
    return value.strip() if isinstance(value, str) else ""


def _remittance(fields: Mapping[str, Any]) -> str:
    """Return the payer's free text: the list is usually fuller than the one string, which banks cut at 140."""
    for name in ("remittanceInformationUnstructuredArray", "remittanceInformationUnstructured"):
        if text := _texts(fields, name):
            return text
    return "" if _structured(fields) else _texts(fields, "additionalInformation")


def _structured(fields: Mapping[str, Any]) -> str:
    return _texts(fields, "remittanceInformationStructuredArray") or _texts(fields, "remittanceInformationStructured")


def _account(value: object) -> str:
    if not isinstance(value, dict):
        return ""
    numbers = (clean_account(text_in(value, kind)) for kind in ("iban", "bban"))
    return next((number for number in numbers if number), "")


def _money(value: object) -> tuple[Decimal, str]:
    if not isinstance(value, dict):
        raise UnreadableEntry(EntryProblem.ENTRY_AMOUNT_MISSING)
    currency = currency_code(text_in(value, "currency"))
    amount = value.get("amount")
    if isinstance(amount, str):
        return plain_amount(amount, currency), currency
    if isinstance(amount, int | Decimal) and not isinstance(amount, bool):
        return exact(f"{amount:f}", currency), currency
    raise UnreadableEntry(EntryProblem.ENTRY_AMOUNT_MISSING)


def _instructed(exchange: object) -> tuple[Decimal | None, str]:
    """Return what was instructed in another currency; banks send one exchange as an object or as a list."""
    for one in exchange if isinstance(exchange, list) else [exchange]:
        if isinstance(one, dict) and isinstance(one.get("instructedAmount"), dict):
            try:
                amount, currency = _money(one["instructedAmount"])
            except UnreadableEntry:
                continue
            return abs(amount), currency
    return None, ""
