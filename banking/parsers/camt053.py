"""Reads ISO 20022 account statements: camt.053 (end of day), camt.052 (intraday) and camt.054 (advice).

Elements are found by their local name, so every version from .01 on, and any a bank invents, is read the same way;
where versions put a thing in different places, each place is looked at. What one entry holds is in `camt_entry`.
Source: ISO 20022 message definitions camt.052/053/054.001.02 to .14.
"""

from __future__ import annotations

from collections.abc import Iterator

from banking.parsers.amounts import currency_code, signed
from banking.parsers.assembly import assemble, check_entry_count, prove
from banking.parsers.camt_entry import EntryReader, amount_in, direction
from banking.parsers.dates import iso_date
from banking.parsers.errors import UnknownFormat, UnreadableEntry, UnreadableStatement
from banking.parsers.texts import clean_account, clean_name
from banking.parsers.types import Balance, ParsedAccount, ParsedEntry, ParsedFile, ParsedStatement, Refusal
from banking.parsers.xml_tree import Document, Node

_MESSAGES = {
    "BkToCstmrStmt": ("camt053", "Stmt"),
    "BkToCstmrAcctRpt": ("camt052", "Rpt"),
    "BkToCstmrDbtCdtNtfctn": ("camt054", "Ntfctn"),
}


def parse(source: bytes) -> ParsedFile:
    """Read a CAMT file.

    Raises: UnreadableStatement when the XML is broken, hostile or no account statement, when a statement mixes
    currencies, or when none of its entries can be read.
    """
    document = Document(source)
    file_format, statements = _messages(document.root)
    seen = 0
    parsed = []
    for statement in statements:
        seen += sum(1 for _ in statement.all("Ntry"))
        check_entry_count(seen)
        parsed.append(_statement(document, statement, file_format))
    return assemble(file_format, parsed)


def _messages(root: Node) -> tuple[str, list[Node]]:
    # Some banks wrap the document in an envelope with a business header.
    level = [root]
    for _ in range(4):
        for node in level:
            # Version 01 carried its version in the name of this element: BkToCstmrStmtV01.
            name = node.name.partition("V0")[0]
            if name in _MESSAGES:
                file_format, statement = _MESSAGES[name]
                return file_format, list(node.all(statement))
        level = [child for node in level for child in node.children]
    raise UnknownFormat("The XML is no camt.052, camt.053 or camt.054 account statement.")


def _statement(document: Document, node: Node, file_format: str) -> ParsedStatement:
    account = _account(node)
    refused: list[Refusal] = []
    opening, closing = _balances(node, account.currency, refused)
    reader = EntryReader(
        document=document,
        own_account=account.iban or account.other,
        own_name=clean_name(node.value("Acct/Ownr/Nm", "Acct/Ownr/Pty/Nm")),
        currency=account.currency,
        says_booked=file_format == "camt053",
    )
    entries: list[ParsedEntry] = []
    for entry in node.all("Ntry"):
        try:
            entries.extend(reader.read(entry))
        except UnreadableEntry as error:
            refused.append(Refusal(entry.line, error.reason))
    return ParsedStatement(
        format=file_format,
        account=account,
        number=clean_name(node.value("ElctrncSeqNb", "LglSeqNb", "Id")),
        opening=opening,
        closing=closing,
        entries=tuple(entries),
        refused=tuple(sorted(refused, key=lambda refusal: refusal.line)),
        proved=prove(opening, closing, entries),
    )


def _account(statement: Node) -> ParsedAccount:
    """Read whose statement it is; the currency is the account's, else that of the balances, else of the entries."""
    try:
        named = statement.value("Acct/Ccy")
        currency = currency_code(named) if named else ""
    except UnreadableEntry as error:
        raise UnreadableStatement(f"The currency of the account cannot be read: {error.reason}") from error
    if not currency:
        currency = _only_currency(statement, "Bal") or _only_currency(statement, "Ntry")
    return ParsedAccount(
        iban=clean_account(statement.value("Acct/Id/IBAN")),
        other=clean_account(statement.value("Acct/Id/Othr/Id", "Acct/Prxy/Id")),
        currency=currency,
    )


def _only_currency(statement: Node, path: str) -> str:
    lines: dict[str, int] = {}
    for amount in statement.all(f"{path}/Amt"):
        lines.setdefault(amount.attributes.get("Ccy", "").strip().upper(), amount.line)
    lines.pop("", None)
    if len(lines) > 1:
        found = ", ".join(f"{currency} (line {line})" for currency, line in list(lines.items())[:4])
        raise UnreadableStatement(f"The statement mixes currencies: {found}. It must have one.")
    return next(iter(lines), "")


def _balances(statement: Node, currency: str, refused: list[Refusal]) -> tuple[Balance | None, Balance | None]:
    """Find the booked balances; pages of one statement name the inner ones ITBD, in order of time."""
    by_code: dict[str, list[Node]] = {}
    for node in statement.all("Bal"):
        by_code.setdefault(node.value("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry"), []).append(node)
    interim = by_code.get("ITBD", [])
    opening = next(_of(by_code, "OPBD", "PRCD"), None)
    closing = next(_of(by_code, "CLBD"), None)
    if opening is None and interim and (closing is not None or len(interim) > 1):
        opening, *interim = interim
    if closing is None and interim:
        closing = interim[-1]
    return _balance(opening, currency, refused), _balance(closing, currency, refused)


def _of(by_code: dict[str, list[Node]], *codes: str) -> Iterator[Node]:
    for code in codes:
        yield from by_code.get(code, [])


def _balance(node: Node | None, currency: str, refused: list[Refusal]) -> Balance | None:
    if node is None:
        return None
    try:
        amount = signed(direction(node), amount_in(node, "Amt", currency))
        written = node.value("Dt/Dt", "Dt/DtTm")
        return Balance(amount, currency, iso_date(written) if written else None)
    except UnreadableEntry as error:
        refused.append(Refusal(node.line, f"A balance cannot be read: {error.reason}"))
        return None
