"""Accounts of a session: details, balances, and entries page by page."""

import base64
import hashlib
import json
import sqlite3
from datetime import date, timedelta
from typing import Any

from payymo.sandbox import world
from payymo.sandbox.enable_banking_api import banks
from payymo.sandbox.enable_banking_api.errors import Refusal, wrong
from payymo.sandbox.gocardless_api import accounts as kept
from payymo.sandbox.gocardless_api import limits
from payymo.sandbox.rows import body

PAGE = 40


def find(connection: sqlite3.Connection, slug: str, uid: str) -> sqlite3.Row:
    """Return an account of the host.

    Raises: Refusal (404).
    """
    row: sqlite3.Row | None = connection.execute(
        "SELECT eb_account.*, iban, currency, owner, name, institution, opening FROM eb_account "
        "JOIN bank_account USING (slug, account) WHERE uid = ? AND slug = ?",
        (uid, slug),
    ).fetchone()
    if row is None:
        raise Refusal(404, "ACCOUNT_DOES_NOT_EXIST", "No account found matching provided id")
    return row


def count_call(connection: sqlite3.Connection, row: sqlite3.Row, scope: str) -> None:
    """Count a read without the user against the bank's day.

    Raises: Refusal (429).
    """
    named = f"eb:{row['uid']}"
    left, _ = limits.account_left(connection, row["slug"], named, scope, world.GOCARDLESS[row["slug"]].daily_limit)
    if left <= 0:
        raise Refusal(429, "ASPSP_RATE_LIMIT_EXCEEDED", "ASPSP rate limit exceeded")
    limits.account_call(connection, row["slug"], named, scope, world.GOCARDLESS[row["slug"]].daily_limit)


def details(row: sqlite3.Row) -> dict[str, Any]:
    """Return the account as the bank describes it."""
    lasting = hashlib.sha256(f"{row['iban']}|{row['currency']}".encode()).hexdigest()
    return {
        "uid": row["uid"], "account_id": {"iban": row["iban"], "other": None}, "name": row["owner"],
        "details": row["name"], "product": None, "cash_account_type": "CACC", "usage": "ORGA",
        "currency": row["currency"], "identification_hash": lasting, "identification_hashes": [lasting],
    }  # fmt: skip


def balances(connection: sqlite3.Connection, row: sqlite3.Row, today: date) -> dict[str, Any]:
    """Return the booked balance and the available one; unsigned strings are the entries', balances have a sign."""
    told = kept.balances(connection, row, today)["balances"]
    kinds = {"interimAvailable": "ITAV", "interimBooked": "ITBD"}
    return {
        "balances": [
            {
                "name": one["balanceType"], "balance_type": kinds[one["balanceType"]],
                "balance_amount": one["balanceAmount"], "reference_date": one["referenceDate"],
            }
            for one in told
        ]
    }  # fmt: skip


def transactions(
    connection: sqlite3.Connection, row: sqlite3.Row, today: date, given: dict[str, str]
) -> dict[str, Any]:
    """Return one page, newest first; between two full pages stands an empty one, as some banks have them.

    Raises: Refusal (422).
    """
    first, last = _period(row, today, given)
    asked = hashlib.sha256(json.dumps([row["uid"], first, last]).encode()).hexdigest()[:12]
    position = _position(given.get("continuation_key", ""), asked)
    found = connection.execute(
        "SELECT * FROM bank_entry WHERE slug = ? AND account = ? AND booked_on BETWEEN ? AND ? ORDER BY seq DESC",
        (row["slug"], row["account"], first, last),
    ).fetchall()
    page, is_gap = divmod(position, 2)
    start = (page + is_gap) * PAGE
    listed = [] if is_gap else [wire(one) for one in found[start : start + PAGE]]
    more = start < len(found) if is_gap else start + PAGE < len(found)
    return {"transactions": listed, "continuation_key": _key(position + 1, asked) if more else None}


def _period(row: sqlite3.Row, today: date, given: dict[str, str]) -> tuple[str, str]:
    try:
        first = date.fromisoformat(given["date_from"]) if given.get("date_from") else today - timedelta(days=30)
        last = date.fromisoformat(given["date_to"]) if given.get("date_to") else None
    except ValueError:
        raise wrong("date_from and date_to must be dates") from None
    if last is not None and not given.get("date_from"):
        raise Refusal(422, "DATE_TO_WITHOUT_DATE_FROM", "date_to must not be used without date_from")
    if first > today + timedelta(days=1):
        raise Refusal(422, "DATE_FROM_IN_FUTURE", "date_from must not be in the future")
    bank = next(one for one in banks.institutions.ALL if one["id"] == row["institution"])
    if first < today - timedelta(days=int(bank["transaction_total_days"])):
        raise Refusal(422, "WRONG_TRANSACTIONS_PERIOD", "Wrong transactions period requested")
    return first.isoformat(), last.isoformat() if last else "9999-12-31"


def _key(position: int, asked: str) -> str:
    return base64.urlsafe_b64encode(f"{position}:{asked}".encode()).decode()


def _position(key: str, asked: str) -> int:
    if not key:
        return 0
    try:
        position, _, given = base64.urlsafe_b64decode(key).decode().partition(":")
        number = int(position)
    except ValueError:
        raise Refusal(422, "WRONG_CONTINUATION_KEY", "Wrong continuation key provided") from None
    if given != asked or number < 0:
        raise Refusal(422, "WRONG_CONTINUATION_KEY", "Wrong continuation key provided")
    return number


def wire(row: sqlite3.Row) -> dict[str, Any]:
    """Return a kept entry in Enable Banking's words: no sign, the direction beside it, references as they come."""
    told = body(row)
    money = told["transactionAmount"]
    text = told.get("remittanceInformationUnstructuredArray") or told.get("remittanceInformationUnstructured")
    text = text or told.get("additionalInformation") or []
    booked = row["status"] == "booked"
    return {
        "entry_reference": told.get("transactionId") if booked else None,
        # Only a handle for one detail call: another at every fetch.
        "transaction_id": hashlib.sha256(f"{row['key']}:{row['shown']}".encode()).hexdigest()[:24],
        "transaction_amount": {"currency": money["currency"], "amount": money["amount"].removeprefix("-")},
        "credit_debit_indicator": "DBIT" if money["amount"].startswith("-") else "CRDT",
        "status": "BOOK" if booked else "PDNG",
        "booking_date": told.get("bookingDate") or str(told.get("bookingDateTime", ""))[:10] or None,
        "value_date": told.get("valueDate") or str(told.get("valueDateTime", ""))[:10] or None,
        "transaction_date": None,
        "debtor": {"name": told["debtorName"]} if told.get("debtorName") else None,
        "creditor": {"name": told["creditorName"]} if told.get("creditorName") else None,
        "debtor_account": told.get("debtorAccount"), "creditor_account": told.get("creditorAccount"),
        "remittance_information": text if isinstance(text, list) else [text],
        "reference_number": told.get("remittanceInformationStructured"),
        "bank_transaction_code": {"description": None, "code": told.get("bankTransactionCode"), "sub_code": None},
        "balance_after_transaction": None, "exchange_rate": _exchange(told.get("currencyExchange")),
        "merchant_category_code": None, "note": None,
    }  # fmt: skip


def _exchange(told: Any) -> dict[str, Any] | None:
    one = told[0] if isinstance(told, list) and told else told
    if not isinstance(one, dict):
        return None
    return {
        "unit_currency": one["unitCurrency"], "exchange_rate": one["exchangeRate"], "rate_type": "SPOT",
        "contract_identification": None, "instructed_amount": one["instructedAmount"],
    }  # fmt: skip
