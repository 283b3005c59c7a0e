"""Reads BAI2 balance reports, as US business banks send them: one statement for each account record.

Opening (010) and closing (015) ledger balance prove the entries; the control totals of the file prove that no record
is missing. Amounts have no decimal point, their direction stands in the type code.
Source: BAI Cash Management Balance Reporting Specifications, version 2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from banking.parsers.amounts import currency_code, signed
from banking.parsers.assembly import assemble, check_entry_count, prove
from banking.parsers.bai2_records import Record, amount_of, funds, minor_units, records, sign_of
from banking.parsers.dates import swift_date
from banking.parsers.errors import UnknownFormat, UnreadableEntry, UnreadableStatement
from banking.parsers.mt940_fields import decode
from banking.parsers.problems import EntryProblem, FileProblem
from banking.parsers.texts import clean, clean_account, clean_reference, is_iban, structured_reference_in
from banking.parsers.types import (
    Balance,
    EntryStatus,
    ParsedAccount,
    ParsedEntry,
    ParsedFile,
    ParsedStatement,
    Refusal,
)
from payymo.shared.sentences import Sentence

# Of the standard, where neither account nor group names one.
_DEFAULT_CURRENCY = "USD"
_OPENING, _CLOSING = "010", "015"
_NOT_MONEY = "890"
_STATUSES = {
    "2": FileProblem.BAI2_TAKES_BACK,
    "3": FileProblem.BAI2_CORRECTS,
    "4": FileProblem.BAI2_TEST,
}
_INTERIM_SAME_DAY = "3"


@dataclass(slots=True)
class _Account:
    """An account record with what stands below it."""

    head: Record
    on: date
    currency: str
    status: EntryStatus
    details: list[Record] = field(default_factory=list)
    trailer: Record | None = None


@dataclass(slots=True)
class _Totals:
    """The algebraic sum of every amount of an account, as its trailer must tell it; None once one is unreadable."""

    minor: int | None = 0

    def add(self, written: str) -> None:
        try:
            self.minor = None if self.minor is None else self.minor + (minor_units(written) if written else 0)
        except UnreadableEntry:
            self.minor = None


def parse(source: bytes, *, currency: str = "") -> ParsedFile:
    """Read a BAI2 file.

    Units: `currency` is the account's own, for a file that names none.
    Raises: UnreadableStatement when it is no such file, when it takes back, corrects or only tests, when a date or
    currency of a group cannot be read, or when none of its entries can be read.
    """
    accounts = _accounts(decode(source), currency)
    if not accounts:
        raise UnknownFormat(FileProblem.BAI2_EMPTY)
    check_entry_count(sum(len(account.details) for account in accounts))
    return assemble("bai2", [_statement(account) for account in accounts])


def _accounts(text: str, currency: str) -> list[_Account]:
    accounts: list[_Account] = []
    group: Record | None = None
    is_open = False
    for record in records(text):
        if record.code == "02":
            group, is_open = record, False
            _refuse_status(record)
        elif record.code == "03":
            if group is None:
                raise UnreadableStatement(FileProblem.ACCOUNT_WITHOUT_GROUP, line=str(record.line))
            accounts.append(_begun(record, group, currency))
            is_open = True
        elif record.code in {"16", "49"} and not is_open:
            raise UnreadableStatement(FileProblem.RECORD_WITHOUT_ACCOUNT, line=str(record.line))
        elif record.code == "16":
            accounts[-1].details.append(record)
        elif record.code == "49":
            accounts[-1].trailer = record
            is_open = False
    return accounts


def _cell(fields: list[str], place: int) -> str:
    return fields[place] if place < len(fields) else ""


def _refuse_status(group: Record) -> None:
    status = _cell(group.fields(), 2)
    if status in _STATUSES:
        raise UnreadableStatement(_STATUSES[status], status=status, line=str(group.line))


def _begun(record: Record, group: Record, currency: str) -> _Account:
    told = group.fields()
    try:
        named = _cell(record.fields(3), 1) or _cell(told, 5) or currency or _DEFAULT_CURRENCY
        return _Account(
            head=record,
            on=swift_date(_cell(told, 3)),
            currency=currency_code(named),
            # What the bank reports during the day it reports again, finally, on the next.
            status="pending" if _cell(told, 6) == _INTERIM_SAME_DAY else "booked",
        )
    except UnreadableEntry as error:
        raise UnreadableStatement(FileProblem.ACCOUNT_BECAUSE, line=str(record.line), why=error.why) from error


def _statement(account: _Account) -> ParsedStatement:
    totals, refused = _Totals(), list[Refusal]()
    balances = _balances(account, totals, refused)
    entries = []
    for record in account.details:
        try:
            entry = _entry(record, account, totals)
        except UnreadableEntry as error:
            refused.append(Refusal(record.line, error.why))
        else:
            entries += [entry] if entry else []
    is_whole = _check_trailer(account, totals, refused)
    opening, closing = balances.get(_OPENING), balances.get(_CLOSING)
    number = clean_account(_cell(account.head.fields(2), 0))
    iban = number if is_iban(number) else ""
    return ParsedStatement(
        format="bai2",
        account=ParsedAccount(iban, "" if iban else number, account.currency),
        opening=opening,
        closing=closing,
        entries=tuple(entries),
        refused=tuple(sorted(refused, key=lambda refusal: refusal.line)),
        proved=prove(opening, closing, entries) if is_whole else False,
    )


def _balances(account: _Account, totals: _Totals, refused: list[Refusal]) -> dict[str, Balance]:
    """Read the summaries of the account record: type, amount, count, funds, as often as they come."""
    fields, place, found = account.head.fields(), 2, dict[str, Balance]()
    try:
        while place < len(fields):
            code, written = fields[place], _cell(fields, place + 1)
            if not code:
                # An account without a summary has an empty one, and some banks write a comma too many.
                place += 1
                continue
            _, taken = funds(fields[place + 3 : place + 5])
            totals.add(written)
            if code in {_OPENING, _CLOSING} and written:
                found[code] = Balance(amount_of(written, account.currency), account.currency, account.on)
            place += 3 + taken
    except UnreadableEntry as error:
        totals.minor = None
        refused.append(Refusal(account.head.line, Sentence(EntryProblem.BALANCE_BECAUSE, {"why": error.why})))
    return found


def _entry(record: Record, account: _Account, totals: _Totals) -> ParsedEntry | None:
    """Read a detail record; None for one that tells no money.

    Raises: UnreadableEntry.
    """
    code, written, *rest = [*record.fields(3), "", ""]
    totals.add(written)
    if code == _NOT_MONEY and not written.strip("0"):
        return None
    sign = sign_of(code)
    if written.startswith(("+", "-")):
        raise UnreadableEntry(EntryProblem.AMOUNT_SIGNED_BAI2)
    amount = amount_of(written, account.currency)
    available, taken = funds(rest[0].split(","))
    bank, customer, text = [*rest[0].split(",", taken + 2)[taken:], "", "", ""][:3]
    told, reference = clean(text), clean_reference(customer)
    if reference and re.sub(r"\s", "", reference) not in re.sub(r"\s", "", told):
        told = clean(f"{told} {reference}")
    return ParsedEntry(
        status=account.status,
        booking_date=account.on,
        value_date=swift_date(available.strip()) if available.strip() else None,
        amount=signed(sign, amount),
        currency=account.currency,
        remittance_information=told,
        structured_reference=structured_reference_in(told),
        # Banks give one reference to several entries of a day.
        bank_reference=clean_reference(bank),
        bank_transaction_code=code,
        line=record.line,
        raw=record.raw,
    )


def _check_trailer(account: _Account, totals: _Totals, refused: list[Refusal]) -> bool:
    """Compare with the control total and the count of records; what differs is told, and nothing is proved then."""
    trailer = account.trailer
    if trailer is None:
        refused.append(Refusal(account.head.line, Sentence(EntryProblem.TRAILER_MISSING)))
        return False
    total, count = [*trailer.fields(), "", ""][:2]
    lines = account.head.lines + sum(record.lines for record in account.details) + trailer.lines
    try:
        # Some banks leave it empty where nothing moved.
        said = minor_units(total) if total else totals.minor
    except UnreadableEntry as error:
        refused.append(Refusal(trailer.line, Sentence(EntryProblem.CONTROL_TOTAL_BECAUSE, {"why": error.why})))
        return False
    if said != totals.minor:
        told = Sentence(EntryProblem.CONTROL_TOTAL, {"written": str(said)})
        refused.append(Refusal(trailer.line, told))
    elif count and count.lstrip("0") != str(lines):
        told = Sentence(EntryProblem.RECORD_COUNT, {"written": count[:10], "count": lines})
        refused.append(Refusal(trailer.line, told))
    else:
        return True
    return False
