"""Reads SWIFT MT940 statements and MT942 interim reports.

Pages of one statement (`:62M:` of a page equals `:60M:` of the next) are put together; several statements and accounts
in a file stay apart. `mt940_line` says why this is not left to a library.
Source: SWIFT standards MT940 and MT942.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from banking.parsers.assembly import assemble, check_entry_count, prove
from banking.parsers.errors import UnknownFormat, UnreadableEntry, UnreadableStatement, currencies_at
from banking.parsers.mt940_fields import Field, decode, fields
from banking.parsers.mt940_line import StatementLine, currency_of_balance, read_balance, read_line
from banking.parsers.mt940_text import EntryText, read_text
from banking.parsers.problems import FileProblem
from banking.parsers.texts import clean, clean_account, clean_name, clean_reference, is_iban
from banking.parsers.types import Balance, ParsedAccount, ParsedEntry, ParsedFile, ParsedStatement, Refusal

_ACCOUNT_WITH_CURRENCY = re.compile(r"(.*[0-9])\s*([A-Z]{3})")
_FLOOR_LIMIT = re.compile(r"([A-Z]{3})[CD]?[0-9,]+")
# What banks write where they have no reference of the customer.
_NO_REFERENCE = {"EREF", "KREF+", "PREF", "MARF", "BREF", "POS", "NONE", "EV", "TB"}
# Six by the standard; some banks write more.
_TEXT_LINES = 200


@dataclass(slots=True)
class _Page:
    """The fields of one message, sorted."""

    line: int
    account: str = ""
    number: str = ""
    opening: Field | None = None
    closing: Field | None = None
    floor_limit: Field | None = None
    is_interim: bool = False
    entries: list[tuple[Field, list[Field]]] = field(default_factory=list)
    awaits_text: bool = False

    @property
    def file_format(self) -> str:
        return "mt942" if self.is_interim and self.opening is None else "mt940"


def parse(source: bytes, *, currency: str = "") -> ParsedFile:
    """Read an MT940 or MT942 file.

    Units: `currency` is the account's own, for the rare file that names none itself.
    Raises: UnreadableStatement when it is no such message, when a statement has two currencies or none, or when none
    of its entries can be read.
    """
    pages = _pages(decode(source))
    if not pages:
        raise UnknownFormat(FileProblem.MT940_EMPTY)
    check_entry_count(sum(len(page.entries) for page in pages))
    statements: list[ParsedStatement] = []
    joins = False
    for page in pages:
        statement = _statement(page, currency)
        if joins and _continues(statements[-1], statement, page):
            statements[-1] = _joined(statements[-1], statement)
        else:
            statements.append(statement)
        joins = page.closing is not None and page.closing.tag == "62M"
    return assemble(statements[0].format, statements)


def _pages(text: str) -> list[_Page]:
    pages: list[_Page] = []
    for item in fields(text):
        page = pages[-1] if pages else None
        if page is None or _begins_page(page, item):
            account = page.account if page is not None and item.tag not in {"20", "25"} else ""
            page = _Page(line=item.line, account=account)
            pages.append(page)
        _sort_in(page, item)
    return [page for page in pages if page.entries or page.opening or page.closing]


def _begins_page(page: _Page, item: Field) -> bool:
    if item.tag == "20":
        return True
    # Some exports repeat no :20:, so whatever can only stand before the entries begins the next statement.
    return item.tag in {"25", "28", "28C", "60F", "60M"} and page.closing is not None


def _sort_in(page: _Page, item: Field) -> None:
    if item.tag in {"25", "25P"}:
        page.account = item.text
    elif item.tag in {"28", "28C"}:
        page.number = item.text
    elif item.tag in {"60F", "60M"}:
        page.opening = item
    elif item.tag in {"62F", "62M"}:
        page.closing = item
    elif item.tag in {"34F", "13D", "13"}:
        page.is_interim = True
        page.floor_limit = page.floor_limit or (item if item.tag == "34F" else None)
    elif item.tag == "61":
        page.entries.append((item, []))
    elif item.tag == "86" and page.awaits_text:
        line, texts = page.entries[-1]
        texts.append(item)
        if len(texts) > _TEXT_LINES:
            raise UnreadableStatement(FileProblem.MT940_TEXTS, line=str(line.line), most=_TEXT_LINES)
    # :NS: is a national addition between a line and its text; anything else ends what belongs to the line.
    page.awaits_text = item.tag in {"61", "86", "NS"} and bool(page.entries) and page.closing is None


def _statement(page: _Page, default_currency: str) -> ParsedStatement:
    account = _account(page, default_currency)
    refused: list[Refusal] = []
    opening = _balance(page.opening, account.currency, refused)
    closing = _balance(page.closing, account.currency, refused)
    entries = []
    for line, texts in page.entries:
        try:
            entries.append(_entry(line, texts, account.currency))
        except UnreadableEntry as error:
            refused.append(Refusal(line.line, error.why))
    return ParsedStatement(
        format=page.file_format,
        account=account,
        number=clean_reference(page.number),
        opening=opening,
        closing=closing,
        entries=tuple(entries),
        refused=tuple(sorted(refused, key=lambda refusal: refusal.line)),
        proved=prove(opening, closing, entries),
    )


def _account(page: _Page, default_currency: str) -> ParsedAccount:
    """Read account and currency; the balances name the currency, else the floor limit of an interim report does."""
    written, currency = page.account[:80], ""
    if (found := _ACCOUNT_WITH_CURRENCY.fullmatch(written)) and not is_iban(clean_account(written)):
        written, currency = found[1], found[2]
    floor = _FLOOR_LIMIT.fullmatch(page.floor_limit.text) if page.floor_limit else None
    told = {
        code: line
        for code, line in (
            (currency, page.line),
            (floor[1] if floor else "", page.floor_limit.line if page.floor_limit else 0),
            *((currency_of_balance(item.text), item.line) for item in (page.opening, page.closing) if item),
        )
        if code
    }
    if len(told) > 1:
        raise UnreadableStatement(FileProblem.CURRENCIES, found=currencies_at(told.items()))
    code = next(iter(told), default_currency)
    if not code:
        raise UnreadableStatement(FileProblem.CURRENCY_MISSING, line=str(page.line))
    account = clean_account(written)
    return ParsedAccount(account, "", code) if is_iban(account) else ParsedAccount("", account, code)


def _balance(item: Field | None, currency: str, refused: list[Refusal]) -> Balance | None:
    if item is None:
        return None
    try:
        balance = read_balance(item.text)
    except UnreadableEntry as error:
        refused.append(Refusal(item.line, error.why))
        return None
    return replace(balance, currency=currency)


def _entry(field_61: Field, texts: list[Field], currency: str) -> ParsedEntry:
    line = read_line(field_61.lines, currency)
    text_lines = tuple(part for item in texts for part in item.lines)[:_TEXT_LINES]
    text = read_text(text_lines, is_credit=line.amount >= 0)
    name, account = text.counterparty_name, text.counterparty_account
    reference = clean_account(line.customer_reference)
    if not account and is_iban(reference):
        # The Dutch ASN banks put the other side's account here and its name below.
        name, account = name or clean_name(line.supplement), reference
    return ParsedEntry(
        status=line.status,
        booking_date=line.booking_date,
        value_date=line.value_date,
        amount=line.amount,
        currency=currency,
        counterparty_name=name,
        counterparty_iban=account,
        remittance_information=_remittance(line, text, "".join(text_lines)),
        structured_reference=text.structured_reference,
        end_to_end_id=text.end_to_end_id,
        bank_reference=clean_reference(line.bank_reference),
        bank_transaction_code="/".join(filter(None, (line.type_code, text.code))),
        mandate_id=text.mandate_id,
        original_amount=line.original_amount,
        original_currency=line.original_currency,
        is_reversal=line.is_reversal or text.is_return,
        line=field_61.line,
        raw="\n".join(item.raw for item in (field_61, *texts)),
    )


def _remittance(line: StatementLine, text: EntryText, written: str) -> str:
    """Return the text, or the supplement without one; a customer reference with digits is kept if the text lacks it."""
    remittance = text.remittance_information or clean(line.supplement)
    reference = clean_reference(line.customer_reference)
    told = re.sub(r"\s", "", written + remittance + text.end_to_end_id)
    if (
        reference in _NO_REFERENCE
        or is_iban(clean_account(reference))
        or not re.search(r"[0-9]", reference)
        or re.sub(r"\s", "", reference) in told
    ):
        return remittance
    return clean(f"{remittance} {reference}")


def _continues(before: ParsedStatement, after: ParsedStatement, page: _Page) -> bool:
    return (
        page.opening is not None
        and page.opening.tag == "60M"
        and before.account == after.account
        and before.closing is not None
        and after.opening is not None
        and before.closing.amount == after.opening.amount
    )


def _joined(before: ParsedStatement, after: ParsedStatement) -> ParsedStatement:
    entries = before.entries + after.entries
    return replace(
        before,
        number=before.number.partition("/")[0],
        closing=after.closing,
        entries=entries,
        refused=before.refused + after.refused,
        proved=prove(before.opening, after.closing, entries),
    )
