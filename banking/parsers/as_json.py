"""The dry-run form of a parsed file: plain values for JSON, as scripts rely on them."""

from __future__ import annotations

from datetime import date
from typing import Any

from banking.parsers.types import Balance, ParsedEntry, ParsedFile, ParsedStatement


def as_json(parsed: ParsedFile) -> list[dict[str, Any]]:
    """Return one object for each statement.

    Units: amounts and balances are signed decimal texts, dates ISO 8601; a balance or value date that the file does not
    tell is None, a text that it does not tell is empty.
    """
    return [_statement(statement) for statement in parsed.statements]


def _statement(statement: ParsedStatement) -> dict[str, Any]:
    return {
        "format": statement.format,
        "account": {
            "iban": statement.account.iban or statement.account.other,
            "currency": statement.account.currency,
        },
        "opening": _balance(statement.opening),
        "closing": _balance(statement.closing),
        "proved": statement.proved,
        "entries": [_entry(entry) for entry in statement.entries],
        "refused": [{"line": refusal.line, "reason": refusal.reason} for refusal in statement.refused],
    }


def _entry(entry: ParsedEntry) -> dict[str, Any]:
    return {
        "status": entry.status,
        "booking_date": entry.booking_date.isoformat(),
        "value_date": _day(entry.value_date),
        "amount": f"{entry.amount:f}",
        "currency": entry.currency,
        "counterparty_name": entry.counterparty_name,
        "counterparty_iban": entry.counterparty_iban,
        "remittance_information": entry.remittance_information,
        "end_to_end_id": entry.end_to_end_id,
        "bank_reference": entry.bank_reference,
    }


def _balance(balance: Balance | None) -> str | None:
    return None if balance is None else f"{balance.amount:f}"


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
