"""Reads ISO 20022 account statements: camt.053 (end of day), camt.052 (intraday) and camt.054 (advice).

Elements are found by their local name, so every version from .01 on, and any a bank invents, is read the same way;
where versions put a thing in different places, each place is looked at. What one entry holds is in `camt_entry`.
Source: ISO 20022 message definitions camt.052/053/054.001.02 to .14.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter

from banking.parsers.amounts import currency_code, signed
from banking.parsers.assembly import assemble, check_entry_count, prove
from banking.parsers.camt_entry import EntryReader, amount_of, direction
from banking.parsers.dates import iso_date
from banking.parsers.errors import UnknownFormat, UnreadableEntry, UnreadableStatement, currencies_at
from banking.parsers.problems import EntryProblem, FileProblem
from banking.parsers.texts import clean_account, clean_name
from banking.parsers.types import Balance, ParsedAccount, ParsedEntry, ParsedFile, ParsedStatement, Refusal
from banking.parsers.xml_tree import Document, Node, PlacedNode
from payymo.shared.sentences import Sentence

_MESSAGES = {
    "BkToCstmrStmt": ("camt053", "Stmt"),
    "BkToCstmrAcctRpt": ("camt052", "Rpt"),
    "BkToCstmrDbtCdtNtfctn": ("camt054", "Ntfctn"),
}
_FORMAT_OF = {statement: file_format for file_format, statement in _MESSAGES.values()}
_PLACES = frozenset({"Ntry", "TxDtls", "Bal", "Amt"})
_MOST_WAITING = 1000


def parse(source: bytes) -> ParsedFile:
    """Read a CAMT file.

    Raises: UnreadableStatement when the XML is broken, hostile or no account statement, when a statement mixes
    currencies, or when none of its entries can be read; FileTooLarge.
    """
    entries = _Entries()
    document = Document(source, places=_PLACES, take={"Ntry": entries.take})
    file_format, statements = _messages(document.root)
    return assemble(file_format, [entries.of(document, node).statement(file_format) for node in statements])


def _messages(root: Node) -> tuple[str, list[Node]]:
    # Some banks wrap the document in an envelope with a business header.
    level = [root]
    for _ in range(4):
        for node in level:
            # Version 01 carried its version in the name of this element: BkToCstmrStmtV01.
            name = node.name.partition("V0")[0]
            if name in _MESSAGES:
                file_format, statement = _MESSAGES[name]
                return file_format, node.all(statement)
        level = [child for node in level for child in node.children]
    raise UnknownFormat(FileProblem.NO_CAMT)


class _Entries:
    """Reads each entry as it ends, statement by statement, so that none is held as XML."""

    def __init__(self) -> None:
        self._count = 0
        self._statements: dict[int, _Statement] = {}

    def take(self, document: Document, entry: PlacedNode, above: Node) -> bool:
        """Read an entry of a statement; what is named like one elsewhere stays where it is."""
        if above.name not in _FORMAT_OF:
            return False
        self._count += 1
        check_entry_count(self._count)
        self.of(document, above).take(entry)
        return True

    def of(self, document: Document, node: Node) -> _Statement:
        """Return what was read of a statement."""
        if id(node) not in self._statements:
            self._statements[id(node)] = _Statement(document, node)
        return self._statements[id(node)]


class _Statement:
    """What was read of one statement so far; its account stands before its entries, as the standard has it."""

    def __init__(self, document: Document, node: Node) -> None:
        self.node = node
        self._document = document
        self._reader: EntryReader | None = None
        self._account = ParsedAccount()
        self._waiting: list[PlacedNode] = []
        self._currencies: dict[str, int] = {}
        self._entries: list[ParsedEntry] = []
        self._refused: list[Refusal] = []

    def take(self, entry: PlacedNode) -> None:
        """Read an entry, or keep it until the account is known."""
        if self._reader is None and not any(child.name == "Acct" for child in self.node.children):
            self._waiting.append(entry)
            if len(self._waiting) > _MOST_WAITING:
                raise UnreadableStatement(FileProblem.WAITING_FOR_ACCOUNT, most=_MOST_WAITING)
            return
        self._read(entry)

    def _read(self, entry: PlacedNode) -> None:
        reader = self._reader or self._begun()
        for amount in entry.placed("Amt") if not self._account.currency else ():
            self._currencies.setdefault(amount.attributes.get("Ccy", "").strip().upper(), amount.line)
            reader.currency = _one_of(self._currencies)
        try:
            self._entries.extend(reader.read(entry))
        except UnreadableEntry as error:
            self._refused.append(Refusal(entry.line, error.why))

    def _begun(self) -> EntryReader:
        self._account = _account(self.node)
        self._reader = EntryReader(
            document=self._document,
            own_account=self._account.iban or self._account.other,
            own_name=clean_name(self.node.value("Acct/Ownr/Nm", "Acct/Ownr/Pty/Nm")),
            currency=self._account.currency,
            says_booked=_FORMAT_OF.get(self.node.name) == "camt053",
        )
        # The statement goes on, and what stands in it is looked for again at its end.
        self.node.forget()
        return self._reader

    def statement(self, file_format: str) -> ParsedStatement:
        """Return the whole statement, once it has ended."""
        reader = self._reader or self._begun()
        for entry in self._waiting:
            self._read(entry)
        account = replace(self._account, currency=reader.currency)
        opening, closing = _balances(self.node, account.currency, self._refused)
        return ParsedStatement(
            format=file_format,
            account=account,
            number=clean_name(self.node.value("ElctrncSeqNb", "LglSeqNb", "Id")),
            opening=opening,
            closing=closing,
            entries=tuple(self._entries),
            refused=tuple(sorted(self._refused, key=lambda refusal: refusal.line)),
            proved=prove(opening, closing, self._entries),
        )


def _account(statement: Node) -> ParsedAccount:
    """Read whose statement it is; the currency is the account's, else that of the balances, else open."""
    try:
        named = statement.value("Acct/Ccy")
        currency = currency_code(named) if named else ""
    except UnreadableEntry as error:
        raise UnreadableStatement(FileProblem.ACCOUNT_CURRENCY, why=error.why) from error
    if not currency:
        amounts = [amount for balance in statement.all("Bal") for amount in balance.placed("Amt")]
        currency = _one_of({amount.attributes.get("Ccy", "").strip().upper(): amount.line for amount in amounts[::-1]})
    return ParsedAccount(
        iban=clean_account(statement.value("Acct/Id/IBAN")),
        other=clean_account(statement.value("Acct/Id/Othr/Id", "Acct/Prxy/Id")),
        currency=currency,
    )


def _one_of(lines: dict[str, int]) -> str:
    """Return the one currency that was met, or an empty text; `lines` are where each was met first.

    Raises: UnreadableStatement when there are several.
    """
    met = {currency: line for currency, line in lines.items() if currency}
    if len(met) > 1:
        raise UnreadableStatement(FileProblem.CURRENCIES, found=currencies_at(sorted(met.items(), key=itemgetter(1))))
    return next(iter(met), "")


def _balances(statement: Node, currency: str, refused: list[Refusal]) -> tuple[Balance | None, Balance | None]:
    """Find the booked balances; pages of one statement name the inner ones ITBD, in order of time."""
    by_code: dict[str, list[PlacedNode]] = {}
    for node in statement.placed("Bal"):
        by_code.setdefault(node.value("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry"), []).append(node)
    interim = by_code.get("ITBD", [])
    opening = next(_of(by_code, "OPBD", "PRCD"), None)
    closing = next(_of(by_code, "CLBD"), None)
    if opening is None and interim and (closing is not None or len(interim) > 1):
        opening, *interim = interim
    if closing is None and interim:
        closing = interim[-1]
    return _balance(opening, currency, refused), _balance(closing, currency, refused)


def _of(by_code: dict[str, list[PlacedNode]], *codes: str) -> Iterator[PlacedNode]:
    for code in codes:
        yield from by_code.get(code, [])


def _balance(node: PlacedNode | None, currency: str, refused: list[Refusal]) -> Balance | None:
    if node is None:
        return None
    try:
        amount = signed(direction(node), amount_of(node.child("Amt"), currency))
        written = node.value("Dt/Dt", "Dt/DtTm")
        return Balance(amount, currency, iso_date(written) if written else None)
    except UnreadableEntry as error:
        refused.append(Refusal(node.line, Sentence(EntryProblem.BALANCE_BECAUSE, {"why": error.why})))
        return None
