"""Reads OFX 1 and 2, and QFX, which is OFX with additions of one program: bank and credit card statements.

The amount's sign decides the direction, whatever the type says. A date is the bank's local day: its first eight
digits count, an offset behind them does not move it.
Source: OFX 1.6 and 2.3, chapter 11; docs/adr/0031-payymo-reads-ofx-bai2-and-qif-itself.md for why no library reads it.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from banking.parsers.amounts import currency_code, exact, shown, signed
from banking.parsers.assembly import assemble, check_entry_count
from banking.parsers.dates import day
from banking.parsers.errors import UnknownFormat, UnreadableEntry, UnreadableStatement
from banking.parsers.ofx_tree import Element, OfxDocument
from banking.parsers.problems import EntryProblem, FileProblem
from banking.parsers.texts import (
    clean,
    clean_account,
    clean_name,
    clean_reference,
    is_iban,
    structured_reference_in,
)
from banking.parsers.types import Balance, ParsedAccount, ParsedEntry, ParsedFile, ParsedStatement, Refusal
from payymo.shared.sentences import Sentence

_AMOUNT = re.compile(r"([+-]?)(?:([0-9]{1,15})(?:[.,]([0-9]{0,6}))?|[.,]([0-9]{1,6}))", re.ASCII)
_GROUPED = re.compile(
    r"([+-]?)([0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{1,6}|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,6}"
    r"|[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+[.,][0-9]{1,6})",
    re.ASCII,
)
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[0-9]{2,6}(?:[.,][0-9]{1,6})?)?\s*(?:\[.{0,20}\])?", re.ASCII)
# Ids that banks write where they have none.
_NO_ID = {"0", "00", "000", "0000", "NONE", "NULL"}
_LISTS = (("BANKTRANLIST", "STMTTRN"), ("BANKTRANLISTP", "STMTTRNP"))


def parse(source: bytes, *, currency: str = "") -> ParsedFile:
    """Read an OFX file; each account is a statement.

    Units: `currency` is the account's own, for the rare file that leaves it empty.
    Raises: UnreadableStatement when the file is no OFX statement, holds an investment account, or when none of its
    entries can be read.
    """
    document = OfxDocument(source)
    if next(document.root.below("INVSTMTRS"), None) is not None:
        raise UnreadableStatement(FileProblem.INVESTMENTS_OFX)
    statements = list(document.root.below("STMTRS", "CCSTMTRS"))
    if not statements:
        raise UnknownFormat(FileProblem.OFX_EMPTY)
    check_entry_count(sum(len(group.children) for one in statements for group in one.children))
    return assemble("ofx", [_statement(document, one, currency) for one in statements])


def _statement(document: OfxDocument, group: Element, default_currency: str) -> ParsedStatement:
    try:
        currency = currency_code(group.value("CURDEF") or default_currency)
    except UnreadableEntry as error:
        raise UnreadableStatement(FileProblem.CURRENCY_MISSING, line=str(group.line)) from error
    refused: list[Refusal] = []
    entries = []
    for list_name, entry_name in _LISTS:
        for listed in group.all(list_name):
            for element in listed.all(entry_name):
                try:
                    entries.append(_entry(document, element, currency))
                except UnreadableEntry as error:
                    refused.append(Refusal(element.line, error.why))
    return ParsedStatement(
        format="ofx",
        account=_account(group, currency),
        closing=_balance(group.first("LEDGERBAL"), currency, refused),
        entries=tuple(entries),
        refused=tuple(sorted(refused, key=lambda refusal: refusal.line)),
    )


def _account(group: Element, currency: str) -> ParsedAccount:
    """Read whose statement it is; a national number stands behind its bank's, since two banks may have the same."""
    named = group.first("BANKACCTFROM", "CCACCTFROM")
    number = clean_account(named.value("ACCTID")) if named else ""
    if named is None or is_iban(number):
        return ParsedAccount(number, "", currency)
    bank = clean_account(named.value("BANKID"))
    return ParsedAccount("", f"{bank}/{number}" if bank and number else number, currency)


def _balance(group: Element | None, currency: str, refused: list[Refusal]) -> Balance | None:
    if group is None or not group.value("BALAMT"):
        return None
    try:
        # A bank that has no day for it writes zeros.
        written = group.value("DTASOF").strip("0") and group.value("DTASOF")
        return Balance(_amount(group.value("BALAMT"), currency), currency, _date(written) if written else None)
    except UnreadableEntry as error:
        refused.append(Refusal(group.line, Sentence(EntryProblem.BALANCE_BECAUSE, {"why": error.why})))
        return None


def _entry(document: OfxDocument, element: Element, account_currency: str) -> ParsedEntry:
    _refuse_correction(element)
    currency = _currency(element, account_currency)
    payee, other = element.first("PAYEE"), element.first("BANKACCTTO", "CCACCTTO")
    name = clean_name(element.value("NAME") or (payee.value("NAME") if payee else ""))
    memo = clean(element.value("MEMO"))
    reference = clean_reference(element.value("FITID"))
    reference = "" if reference.upper() in _NO_ID else reference
    kind = element.value("TRNTYPE").upper()
    available = element.value("DTAVAIL")
    is_pending = kind == "HOLD" or element.name == "STMTTRNP"
    return ParsedEntry(
        status="pending" if is_pending else "booked",
        booking_date=_date(element.value("DTPOSTED") or element.value("DTTRAN")),
        value_date=_date(available) if available else None,
        amount=_amount(element.value("TRNAMT"), currency),
        currency=currency,
        counterparty_name=name,
        counterparty_iban=clean_account(other.value("ACCTID")) if other else "",
        remittance_information=memo or name,
        structured_reference=structured_reference_in(memo),
        bank_reference=reference,
        reference_is_unique=bool(reference),
        bank_transaction_code=clean_reference(kind)[:80],
        line=element.line,
        raw=document.raw(element),
    )


def _refuse_correction(element: Element) -> None:
    """Stop what changes an earlier entry: nothing that is stored is changed by a file."""
    earlier = element.value("CORRECTFITID")
    if not earlier:
        return
    is_deleted = element.value("CORRECTACTION").upper() == "DELETE"
    problem = EntryProblem.DELETES_EARLIER if is_deleted else EntryProblem.REPLACES_EARLIER
    raise UnreadableEntry(problem, written=shown(earlier))


def _currency(element: Element, account_currency: str) -> str:
    """Return what the amount is in; `ORIGCURRENCY` only tells what it was in before the bank changed it.

    Raises: UnreadableEntry when that is not the account's currency.
    """
    told = element.first("CURRENCY")
    if told is not None and told.value("CURSYM"):
        currency = currency_code(told.value("CURSYM"))
        if currency != account_currency:
            raise UnreadableEntry(EntryProblem.AMOUNT_CURRENCY, currency=currency, account=account_currency)
    return account_currency


def _amount(written: str, currency: str) -> Decimal:
    """Read `-12.30`, `-12,30` and, since programs write them, `1,234.50` and `1 234,50`.

    Shape: one sign between digits is the decimal one, so `1,234` is refused where the currency has two decimals.
    Raises: UnreadableEntry.
    """
    found = _AMOUNT.fullmatch(written)
    if found:
        sign, number = found[1], f"{found[2] or '0'}.{found[3] or found[4] or '0'}"
    elif grouped := _GROUPED.fullmatch(written):
        point = max(grouped[2].rfind("."), grouped[2].rfind(","))
        sign, number = grouped[1], f"{re.sub('[^0-9]', '', grouped[2][:point])}.{grouped[2][point + 1 :]}"
    else:
        raise UnreadableEntry(EntryProblem.AMOUNT, written=shown(written))
    return signed(-1 if sign == "-" else 1, exact(number, currency))


def _date(written: str) -> date:
    found = _DATE.fullmatch(written.strip())
    if not found:
        raise UnreadableEntry(EntryProblem.DATE, written=shown(written))
    return day(int(found[1]), int(found[2]), int(found[3]), written)
