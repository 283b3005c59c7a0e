"""Reads a folder of exported WHMCS, bank and Stripe records, line by line, into core values.

Source: docs/benchmarks.md describes the files.
"""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from matching.core.feed import FeedRow, Verdict
from matching.core.normalise import account_key
from matching.core.types import Client, NoneReason, OpenInvoice, Payout, Receipt, Source
from payymo.shared.money import check_currency, exponent, parse_decimal, to_minor

_Value = TypeVar("_Value")
_FILES = ("header.json", "clients.jsonl", "invoices.jsonl")
_LONGEST_LINE = 2_000_000
_CENTS = re.compile(r"(-?\d{1,15})\.(\d\d)")


class UnreadableExport(ValueError):
    """The folder as a whole cannot be used; the message is one clear line."""


class BrokenLine(ValueError):
    """One line cannot be used."""


@dataclass(frozen=True, slots=True)
class LineError:
    """Where and why a line was left out."""

    file: str
    line: int
    reason: str


def amount_minor(amount: object, currency: str) -> int:
    """An amount as text in integer minor units.

    Raises: UnreadableAmount (a ValueError) for anything that is not a decimal of the currency's precision.
    """
    # Nearly all amounts are written like this; the slow way reads the rest and words what is wrong.
    cents = _CENTS.fullmatch(amount) if isinstance(amount, str) and exponent(currency) == 2 else None
    if cents is not None:
        return int(cents[1] + cents[2])
    return to_minor(parse_decimal(amount), currency)


class Export:
    """One folder of exported records.

    Raises: UnreadableExport when the folder lacks what is needed; broken lines go to `report`.
    """

    def __init__(self, folder: Path, report: Callable[[LineError], None]) -> None:
        if not folder.is_dir():
            raise UnreadableExport(f"{folder} is not a folder")
        missing = [name for name in _FILES if not (folder / name).is_file()]
        if missing:
            raise UnreadableExport(f"{folder} holds no {' and no '.join(missing)}")
        self._folder = folder
        self.report = report
        try:
            header = msgspec.json.decode((folder / "header.json").read_bytes())
            self.currency = str(header["account_currency"])
        except (msgspec.DecodeError, ValueError, KeyError, TypeError, OSError):
            raise UnreadableExport(f"{folder}/header.json does not name an account_currency") from None

    def clients(self) -> Iterator[Client]:
        """Every client."""
        return self._read("clients.jsonl", _client)

    def invoices(self) -> Iterator[OpenInvoice]:
        """Every invoice by day of issue, then id, in the state it had when it was issued; read when asked for."""
        return self._read_sorted("invoices.jsonl", _invoice, _InvoicePlace)

    def bank_rows(self) -> Iterator[FeedRow]:
        """The bank feed in the order of the file."""
        return self._read("bank_transactions.jsonl", _bank_row)

    def charges(self) -> Iterator[FeedRow]:
        """Every Stripe charge in the order in which they were made; read when asked for."""
        return self._read_sorted("stripe_charges.jsonl", _charge, _ChargePlace)

    def payouts(self) -> Iterator[Payout]:
        """Every payout."""
        return self._read("stripe_payouts.jsonl", _payout)

    def rates(self) -> Iterator[tuple[str, str, float]]:
        """Exchange rates that Stripe used: the charge, the currency it became, how much of it for one."""
        return (rate for rate in self._read("stripe_balance_transactions.jsonl", _rate) if rate is not None)

    def verdicts(self) -> Iterator[Verdict]:
        """A reviewer's past decisions."""
        return self._read("feedback.jsonl", _verdict)

    def rows(self) -> int:
        """How many lines there are to judge."""
        return sum(_count_lines(self._folder / name) for name in ("bank_transactions.jsonl", "stripe_charges.jsonl"))

    def _read(self, name: str, parse: Callable[[Mapping[str, Any]], _Value]) -> Iterator[_Value]:
        path = self._folder / name
        if not path.is_file():
            return
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    yield _parse(line, parse)
                except BrokenLine as broken:
                    self.report(LineError(name, number, str(broken)))

    def _read_sorted(
        self, name: str, parse: Callable[[Mapping[str, Any]], _Value], kind: type[_Place]
    ) -> Iterator[_Value]:
        """Values in the order of their places, each read and parsed when it is asked for: only places are kept."""
        path = self._folder / name
        if not path.is_file():
            return
        numbers, offsets, lengths, days, orders = (array("q") for _ in range(5))
        decoder, offset = msgspec.json.Decoder(kind), 0
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    place = decoder.decode(line)
                    days.append(place.day())
                    orders.append(place.order())
                except (msgspec.DecodeError, ValueError, OverflowError):
                    del days[len(numbers) :]
                    if line.strip():
                        self._parse(name, number, line, parse)
                else:
                    numbers.append(number)
                    offsets.append(offset)
                    lengths.append(len(line))
                offset += len(line)
        with path.open("rb") as lines:
            for place in np.lexsort((numbers, orders, days)).tolist():
                # Of two processes that share the file neither may move the other's place in it.
                line = os.pread(lines.fileno(), lengths[place], offsets[place])
                value = self._parse(name, numbers[place], line, parse)
                if value is not None:
                    yield value

    def _parse(
        self, name: str, number: int, line: bytes, parse: Callable[[Mapping[str, Any]], _Value]
    ) -> _Value | None:
        try:
            return _parse(line, parse)
        except BrokenLine as broken:
            self.report(LineError(name, number, str(broken)))
            return None


class _Place(msgspec.Struct):
    """What says where a line belongs."""

    def day(self) -> int:
        """The day, as an ordinal."""
        raise NotImplementedError

    def order(self) -> int:
        """Its place among the lines of the day; the order of the file decides between equals."""
        return 0


class _InvoicePlace(_Place):
    date: str
    id: int | str

    def day(self) -> int:
        return _day(self.date).toordinal()

    def order(self) -> int:
        return int(self.id)


class _ChargePlace(_Place):
    created: int

    def day(self) -> int:
        return _moment(self.created).toordinal()

    def order(self) -> int:
        """When the charge was made: of one made twice the first pays."""
        return self.created


def _count_lines(path: Path) -> int:
    if not path.is_file():
        return 0
    with path.open("rb") as lines:
        return sum(1 for _ in lines)


def _parse(line: bytes, parse: Callable[[Mapping[str, Any]], _Value]) -> _Value:
    if len(line) > _LONGEST_LINE:
        raise BrokenLine("the line is too long")
    try:
        record = msgspec.json.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BrokenLine("not JSON") from None
    if not isinstance(record, dict):
        raise BrokenLine("not an object")
    try:
        return parse(record)
    except KeyError as missing:
        raise BrokenLine(f"{missing.args[0]} is missing") from None
    except (TypeError, AttributeError, OverflowError, ValueError) as wrong:
        raise BrokenLine(str(wrong) or "a field has the wrong type") from None


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BrokenLine(f"{key} is not text")
    return value


def _whole(record: Mapping[str, Any], key: str) -> int:
    value = record[key]
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isascii():
        raise BrokenLine(f"{key} is not a whole number")
    try:
        return int(value)
    except ValueError:
        raise BrokenLine(f"{key} is not a whole number") from None


def _day(text: object) -> date:
    if not isinstance(text, str):
        raise BrokenLine("a date is missing")
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise BrokenLine(f"{text!r} is not a date") from None


def _moment(seconds: object) -> date:
    if not isinstance(seconds, int):
        raise BrokenLine("a time is not a number of seconds")
    return datetime.fromtimestamp(seconds, UTC).date()


def _client(record: Mapping[str, Any]) -> Client:
    return Client(
        id=_whole(record, "id"),
        first_name=_text(record, "firstname"),
        last_name=_text(record, "lastname"),
        company_name=_text(record, "companyname"),
        email=_text(record, "email"),
        country=_text(record, "countrycode"),
    )


def _invoice(record: Mapping[str, Any]) -> OpenInvoice:
    currency = check_currency(_text(record, "currencycode"))
    number, invoice_id = _text(record, "invoicenum"), _whole(record, "id")
    issued = _day(record["date"])
    due = _text(record, "duedate")
    open_states = ("Unpaid", "Overdue", "Payment Pending", "Collections")
    is_open = _text(record, "status") in open_states
    items = record.get("items") or []
    return OpenInvoice(
        id=invoice_id,
        client_id=_whole(record, "userid"),
        numbers=(number, str(invoice_id)) if number and number != str(invoice_id) else (str(invoice_id),),
        currency=currency,
        outstanding_minor=max(0, amount_minor(record["balance"], currency)) if is_open else 0,
        total_minor=amount_minor(record["total"], currency),
        issue_date=issued,
        due_date=_day(due) if due and not due.startswith("0000") else issued,
        texts=tuple(_text(item, "description") for item in items),
        gateway=_text(record, "paymentmethod"),
        closed_on=_closed_on(record),
        net_minor=amount_minor(record["subtotal"], currency) if record.get("subtotal") else None,
    )


def _closed_on(record: Mapping[str, Any]) -> date | None:
    days = [_text(record, key) for key in ("datepaid", "date_cancelled", "date_refunded")]
    known = [_day(day) for day in days if day and not day.startswith("0000")]
    return max(known) if known else None


def _bank_row(record: Mapping[str, Any]) -> FeedRow:
    row_id, entry = str(record["uid"]), record["transaction"]
    pending = _text(record, "status") != "booked"
    day = entry.get("bookingDate") or (entry.get("valueDate") if pending else None)
    if pending:
        return FeedRow(row_id, _day(day) if day else None, None, NoneReason.PENDING)
    on = _day(day)
    money = entry["transactionAmount"]
    currency = check_currency(_text(money, "currency"))
    amount = amount_minor(money["amount"], currency)
    party = "debtor" if amount >= 0 else "creditor"
    account = entry.get(f"{party}Account") or {}
    instructed, instructed_currency = _instructed(entry.get("currencyExchange"))
    end_to_end = _text(entry, "endToEndId")
    receipt = Receipt(
        id=row_id,
        source=Source.BANK,
        booking_date=on,
        amount_minor=amount,
        currency=currency,
        counterparty_name=_text(entry, f"{party}Name"),
        counterparty_account=account_key(_text(account, "iban") or _text(account, "bban")),
        remittance_information=_remittance(entry),
        structured_reference=_text(entry, "remittanceInformationStructured"),
        end_to_end_id="" if end_to_end == "NOTPROVIDED" else end_to_end,
        bank_transaction_code=_text(entry, "bankTransactionCode"),
        instructed_amount_minor=instructed,
        instructed_currency=instructed_currency,
    )
    content: tuple[object, ...] = (
        receipt.amount_minor,
        currency,
        str(on),
        _text(entry, "valueDate"),
        receipt.counterparty_name,
    )
    content += (receipt.counterparty_account, receipt.remittance_information, receipt.structured_reference)
    key = (_text(record, "account_id"), *content, receipt.end_to_end_id)
    return FeedRow(row_id, on, receipt, content=key, bank_reference=_text(entry, "entryReference").strip())


def _remittance(entry: Mapping[str, Any]) -> str:
    lines = entry.get("remittanceInformationUnstructuredArray") or []
    text = _text(entry, "remittanceInformationUnstructured")
    return text or "\n".join(str(line) for line in lines)


def _instructed(exchange: object) -> tuple[int | None, str]:
    first = exchange[0] if isinstance(exchange, list) and exchange else exchange
    if not isinstance(first, dict) or not isinstance(first.get("instructedAmount"), dict):
        return None, ""
    currency = check_currency(_text(first["instructedAmount"], "currency"))
    return amount_minor(first["instructedAmount"]["amount"], currency), currency


def _charge(record: Mapping[str, Any]) -> FeedRow:
    row_id, on = str(record["id"]), _moment(record["created"])
    if record.get("status") != "succeeded" or not record.get("captured", True):
        return FeedRow(row_id, on, None, NoneReason.FAILED)
    billing = record.get("billing_details") or {}
    metadata = record.get("metadata") or {}
    amount = record.get("amount_captured", record["amount"])
    if not isinstance(amount, int):
        raise BrokenLine("amount is not a whole number of minor units")
    receipt = Receipt(
        id=row_id,
        source=Source.STRIPE_CHARGE,
        booking_date=on,
        amount_minor=amount,
        currency=check_currency(_text(record, "currency")),
        counterparty_name=_text(billing, "name"),
        counterparty_account=_text(record, "customer"),
        email=_text(record, "receipt_email") or _text(billing, "email"),
        description=_text(record, "description"),
        metadata={str(key): str(value) for key, value in metadata.items()},
    )
    return FeedRow(row_id, on, receipt)


def _payout(record: Mapping[str, Any]) -> Payout:
    trace = record.get("trace_id")
    if not isinstance(record["amount"], int):
        raise BrokenLine("amount is not a whole number of minor units")
    return Payout(
        id=str(record["id"]),
        amount_minor=record["amount"],
        currency=check_currency(_text(record, "currency")),
        arrival_date=_moment(record["arrival_date"]),
        statement_descriptor=_text(record, "statement_descriptor"),
        trace_id=str(trace.get("value") or "") if isinstance(trace, dict) else "",
        returned=record.get("status") in ("failed", "canceled"),
    )


def _rate(record: Mapping[str, Any]) -> tuple[str, str, float] | None:
    rate = record.get("exchange_rate")
    if not isinstance(rate, int | float) or not 0 < rate < 1e9 or not isinstance(record.get("source"), str):
        return None
    return record["source"], check_currency(_text(record, "currency")), float(rate)


def _verdict(record: Mapping[str, Any]) -> Verdict:
    allocations = tuple((_whole(row, "invoice"), parse_decimal(row["amount"])) for row in record["allocations"])
    return Verdict(str(record["id"]), allocations, _text(record, "payout"))
