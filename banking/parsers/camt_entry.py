"""Reads one `Ntry` of a CAMT message: the entry, or the payments of a batch that the bank booked as one.

A batch becomes one entry for each of its payments when every payment tells its amount and they add up to what was
booked; otherwise (version .02 often has no amounts inside) only the booked sum is certain, and it stays one entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from banking.parsers.amounts import currency_code, plain_amount, shown, signed
from banking.parsers.dates import iso_date
from banking.parsers.errors import UnreadableEntry
from banking.parsers.problems import EntryProblem
from banking.parsers.sepa_text import join_cut, keyword_fields
from banking.parsers.texts import (
    clean,
    clean_account,
    clean_name,
    clean_reference,
    structured_reference_in,
)
from banking.parsers.types import EntryStatus, ParsedEntry
from banking.parsers.xml_tree import Document, Node, PlacedNode

_PENDING = {"PDNG", "FUTR"}
_USTRD_WIDTH = 140
_DIRECTIONS = {"CRDT": 1, "DBIT": -1}
_NO_DETAIL = Node("none", {})


@dataclass(frozen=True, slots=True)
class _Side:
    """Where the name and the account of one side of a payment stand."""

    names: tuple[str, ...]
    accounts: tuple[str, ...]


def _side(name: str) -> _Side:
    party, ultimate = f"RltdPties/{name}", f"RltdPties/Ultmt{name}"
    return _Side(
        (f"{party}/Nm", f"{party}/Pty/Nm", f"{ultimate}/Nm", f"{ultimate}/Pty/Nm", f"{party}/Agt/FinInstnId/Nm"),
        (f"{party}Acct/Id/IBAN", f"{party}Acct/Id/Othr/Id"),
    )


_DEBTOR, _CREDITOR = _side("Dbtr"), _side("Cdtr")


def direction(node: Node) -> int:
    """Return 1 for a credit and -1 for a debit.

    Raises: UnreadableEntry when `CdtDbtInd` says neither.
    """
    told = node.child("CdtDbtInd")
    written = told.text.strip() if told else ""
    if written not in _DIRECTIONS:
        raise UnreadableEntry(EntryProblem.DIRECTION_CAMT, written=shown(written))
    return _DIRECTIONS[written]


def amount_of(amount: Node | None, currency: str) -> Decimal:
    """Read an unsigned amount.

    Raises: UnreadableEntry when it is missing, signed, no number, or not in `currency`.
    """
    if amount is None:
        raise UnreadableEntry(EntryProblem.AMOUNT_MISSING)
    written = amount.attributes.get("Ccy", "")
    if not written:
        raise UnreadableEntry(EntryProblem.AMOUNT_HAS_NO_CURRENCY)
    code = currency_code(written)
    if currency and code != currency:
        raise UnreadableEntry(EntryProblem.AMOUNT_CURRENCY, currency=code, account=currency)
    if amount.text.strip()[:1] in {"+", "-"}:
        raise UnreadableEntry(EntryProblem.AMOUNT_SIGNED, written=shown(amount.text))
    return plain_amount(amount.text, code)


@dataclass(slots=True, kw_only=True)
class EntryReader:
    """Reads the entries of one statement.

    Shape: `currency` is empty as long as no entry has told it, where account and balances do not.
    `says_booked`: an entry without a status is booked, as in an end-of-day statement.
    """

    document: Document
    own_account: str
    own_name: str
    currency: str
    says_booked: bool

    def read(self, entry: PlacedNode) -> list[ParsedEntry]:
        """Read one `Ntry`.

        Shape: one entry, or the payments of a batch with `batch_line` 1, 2, ...
        Raises: UnreadableEntry.
        """
        amount = signed(direction(entry), amount_of(entry.child("Amt"), self.currency))
        status = self._status(entry)
        booked_on, value_date = _dates(entry)
        details = entry.placed("NtryDtls/TxDtls")
        shares = _shares(entry, details, amount, self.currency) if len(details) > 1 else None
        common: dict[str, Any] = {
            "status": status,
            "booking_date": booked_on,
            "value_date": value_date,
            "currency": self.currency,
        }
        reverses = entry.value("RvslInd") in {"true", "1"}
        if shares is None:
            told = self._details(entry, details, amount, reverses=reverses)
            return [ParsedEntry(**common, amount=amount, line=entry.line, raw=self.document.raw(entry), **told)]
        return [
            self._of_batch(common, entry, detail, share, number, reverses=reverses)
            for number, (share, detail) in enumerate(zip(shares, details, strict=True), start=1)
        ]

    def _of_batch(
        self, common: dict[str, Any], entry: Node, detail: PlacedNode, share: Decimal, number: int, *, reverses: bool
    ) -> ParsedEntry:
        told = self._details(entry, [detail], share, reverses=reverses)
        told["bank_reference"] = reference = _batch_reference(entry, detail, number)
        told["reference_is_unique"] = bool(reference)
        detail.forget()
        return ParsedEntry(
            **common, amount=share, batch_line=number, line=detail.line, raw=self.document.raw(detail), **told
        )

    def _status(self, entry: Node) -> EntryStatus:
        written = entry.value("Sts", "Sts/Cd", "Sts/Prtry").upper()
        if written == "BOOK" or (not written and self.says_booked):
            return "booked"
        if written in _PENDING:
            return "pending"
        if written == "INFO":
            raise UnreadableEntry(EntryProblem.INFORMATION)
        raise UnreadableEntry(EntryProblem.STATUS_CAMT, written=shown(written))

    def _details(self, entry: Node, details: Sequence[Node], amount: Decimal, *, reverses: bool) -> dict[str, Any]:
        """Read parties, texts and references; details win, the entry fills what they leave open."""
        detail = details[0] if len(details) == 1 else _NO_DETAIL
        party_name, party_account = self._counterparty(detail, amount)
        text = _text(entry, details)
        fields = keyword_fields(text) or {}
        reference = clean_reference(detail.value("Refs/AcctSvcrRef")) or clean_reference(entry.value("AcctSvcrRef"))
        end_to_end_id = clean_reference(detail.value("Refs/EndToEndId"))
        original = detail.first("AmtDtls/InstdAmt/Amt") or entry.first("AmtDtls/InstdAmt/Amt")
        original_amount, original_currency = _original(original, amount, self.currency)
        return {
            "counterparty_name": party_name or clean_name(fields.get("ABWA", "") or fields.get("ABWE", "")),
            "counterparty_iban": party_account,
            "remittance_information": fields.get("SVWZ", text) or fields.get("", ""),
            "structured_reference": _structured(detail) or structured_reference_in(text),
            "end_to_end_id": end_to_end_id or clean_reference(fields.get("EREF", "")),
            "bank_reference": reference,
            "reference_is_unique": bool(reference),
            "bank_transaction_code": _code(detail) or _code(entry),
            "mandate_id": clean_reference(detail.value("Refs/MndtId")) or clean_reference(fields.get("MREF", "")),
            "original_amount": original_amount,
            "original_currency": original_currency,
            "is_reversal": reverses or detail.first("RtrInf") is not None,
        }

    def _counterparty(self, detail: Node, amount: Decimal) -> tuple[str, str]:
        """Find the other side: who the money came from or went to, unless that is the account's own holder.

        A returned payment keeps the debtor and creditor of the payment it returns, so the expected side may be us.
        """
        if not detail.all("RltdPties"):
            return "", ""
        sides = (_DEBTOR, _CREDITOR) if amount >= 0 else (_CREDITOR, _DEBTOR)
        expected, other = (self._party(detail, side) for side in sides)
        if other != ("", "") and (expected == ("", "") or self._is_own(*expected)) and not self._is_own(*other):
            return other
        return expected

    def _party(self, detail: Node, side: _Side) -> tuple[str, str]:
        return clean_name(detail.value(*side.names)), clean_account(detail.value(*side.accounts))

    def _is_own(self, name: str, account: str) -> bool:
        if account and self.own_account:
            return account == self.own_account
        return bool(name) and name.casefold() == self.own_name.casefold()


def _dates(entry: Node) -> tuple[date, date | None]:
    """Read booking and value date; an entry without a booking date counts on its value date."""
    booked = entry.value("BookgDt/Dt", "BookgDt/DtTm")
    value = entry.value("ValDt/Dt", "ValDt/DtTm")
    value_date = iso_date(value) if value else None
    if booked:
        return iso_date(booked), value_date
    if value_date is None:
        raise UnreadableEntry(EntryProblem.DATE_MISSING)
    return value_date, value_date


def _shares(entry: Node, details: Sequence[Node], amount: Decimal, currency: str) -> list[Decimal] | None:
    """Read the signed amounts of a batch's payments; None when they are not all told or do not add up."""
    shares = []
    for detail in details:
        told = detail.child("Amt") or detail.child("AmtDtls", "TxAmt", "Amt")
        if told is None or told.attributes.get("Ccy", "").strip().upper() != currency:
            return None
        directed = detail if detail.child("CdtDbtInd") is not None else entry
        shares.append(signed(direction(directed), amount_of(told, currency)))
    return shares if sum(shares) == amount else None


def _batch_reference(entry: Node, detail: Node, number: int) -> str:
    """Name one payment of a batch: by its own reference, else by the entry's and its place."""
    own = clean_reference(detail.value("Refs/AcctSvcrRef"))
    whole = clean_reference(entry.value("AcctSvcrRef"))
    if own and own != whole:
        return own
    return clean_reference(f"{whole}/{number}") if whole else ""


def _text(entry: Node, details: Sequence[Node]) -> str:
    """Return the payer's text, else the bank's: free text first, then additions to it, then what the bank adds."""
    texts = []
    for detail in details:
        free = [line.text for line in detail.all("RmtInf/Ustrd")]
        text = clean(join_cut(free, _USTRD_WIDTH))
        if not text:
            text = clean(" ".join(line.text for line in detail.all("RmtInf/Strd/AddtlRmtInf")))
        if not text:
            text = clean(" ".join(line.text for line in detail.all("RmtInf/Strd/RfrdDocInf/Nb")))
        texts.append(text or clean(detail.value("AddtlTxInf")) or clean(detail.value("RtrInf/AddtlInf")))
    return clean(" ".join(filter(None, texts))) or clean(entry.value("AddtlNtryInf"))


def _structured(detail: Node) -> str:
    references = {clean_reference(node.text) for node in detail.all("RmtInf/Strd/CdtrRefInf/Ref")} - {""}
    return references.pop() if len(references) == 1 else ""


def _code(node: Node) -> str:
    if node.child("BkTxCd") is None:
        return ""
    domain = [node.value(path) for path in ("BkTxCd/Domn/Cd", "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd")]
    return clean_reference("/".join(domain) if domain[0] else node.value("BkTxCd/Prtry/Cd"))[:80]


def _original(node: Node | None, booked: Decimal, booked_in: str) -> tuple[Decimal | None, str]:
    """Read what was instructed, where it is not simply what was booked."""
    if node is None:
        return None, ""
    currency = currency_code(node.attributes.get("Ccy", ""))
    amount = plain_amount(node.text, currency)
    if (abs(amount), currency) == (abs(booked), booked_in):
        return None, ""
    return abs(amount), currency
