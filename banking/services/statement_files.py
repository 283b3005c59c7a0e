"""From the bytes of a statement file to the entries of one account: which account, which proof, which columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext

from banking import adapters
from banking.core.continuity import Span
from banking.models import BankAccount
from banking.parsers.csv_detection import CsvDetection, detect
from banking.parsers.csv_mapping import COLUMNS, CsvMapping
from banking.parsers.errors import UnreadableStatement
from banking.parsers.recognise import read, recognise
from banking.parsers.tables import has_text
from banking.parsers.types import Balance, ParsedEntry, ParsedFile, ParsedStatement, Refusal
from payymo.shared.errors import BadInput
from tenants import sealing

_MOST_WAYS = 4


class StatementRefused(BadInput):
    """The file cannot be imported; the sentence says why. Nothing was stored.

    Shape: `members` name the reader's `problem`, where it was a reader that refused.
    """

    code = "unreadable_statement"

    @classmethod
    def because(cls, error: UnreadableStatement) -> "StatementRefused":
        """Return what a reader said, in the active language."""
        refused = cls(error.reason)
        refused.members = {"problem": str(error.why.as_dict()["code"])}
        return refused


class WrongAccount(BadInput):
    """The file is of another account than the chosen one, or of several."""

    code = "wrong_account"


class CurrencyDiffers(BadInput):
    """The file is in another currency than the account."""

    code = "currency_differs"


class AccountNotNamed(BadInput):
    """The file does not say whose account it is of, and none was chosen."""

    code = "account_not_named"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFile:
    """A file of one account in one currency.

    Shape: `number` is the account's, empty when the file does not name it. `opening` and `closing` belong to the
    first and last statement in time, `spans` are all of them. `proved` is True when every statement adds up and None
    when one has no balances.
    """

    format: str
    number: str
    is_iban: bool
    currency: str
    entries: tuple[ParsedEntry, ...]
    refused: tuple[Refusal, ...]
    opening: Balance | None
    closing: Balance | None
    proved: bool | None
    spans: tuple[Span, ...] = ()

    @property
    def booked(self) -> list[ParsedEntry]:
        """The entries that can be stored."""
        return [entry for entry in self.entries if entry.status == "booked"]

    @property
    def booked_sum(self) -> Decimal:
        """The sum of what can be stored."""
        return sum((entry.amount for entry in self.booked), Decimal(0))

    @property
    def adds_up(self) -> bool:
        """Whether opening and entries make the closing balance, though a refused row may leave that no proof."""
        return bool(self.opening and self.closing and self.opening.amount + self.booked_sum == self.closing.amount)

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and last booking day, which the file is taken to show completely."""
        days = [entry.booking_date for entry in self.entries]
        return (min(days), max(days)) if days else None


def format_of(content: bytes) -> str:
    """Return the format, one of `registry.FORMATS`, by the content.

    Raises: StatementRefused.
    """
    try:
        return recognise(content)
    except UnreadableStatement as error:
        raise StatementRefused.because(error) from error


def columns_of(
    content: bytes,
    *,
    file_format: str,
    own: Sequence[Mapping[str, Any]],
    others: Sequence[Mapping[str, Any]],
    currency: str,
    number: str,
    encoding: str = "",
    delimiter: str = "",
) -> CsvDetection:
    """Propose how to read a table, by the mapping of an earlier file with the same columns where there is one.

    Shape: `own` are the mappings of earlier files of the account, newest first; of `others`, which may be of another
    bank, only the columns are taken, and never how dates and amounts are written. `encoding` and `delimiter` are a
    person's choice; without one the account's earlier files tell, unless the bytes themselves do.
    Raises: StatementRefused when it is no table.
    """
    try:
        detection = detect(content, file_format, encoding, delimiter)
    except UnreadableStatement as error:
        raise StatementRefused.because(error) from error
    if has_text(file_format) and not encoding and not delimiter:
        detection = _written_as_before(content, file_format, detection, own)
    mapping = detection.mapping
    if kept := _fitting(own, detection):
        mapping = replace(kept, encoding=mapping.encoding, delimiter=mapping.delimiter)
    elif kept := _fitting(others, detection):
        taken = (*COLUMNS, "remittance_information", "header", "header_row")
        mapping = replace(mapping, **{name: getattr(kept, name) for name in taken})
    if mapping.currency is None and not mapping.fixed_currency:
        mapping = replace(mapping, fixed_currency=currency)
    if mapping.own_account is None and not mapping.fixed_account:
        mapping = replace(mapping, fixed_account=number)
    return replace(detection, mapping=mapping, open_points=mapping.open_points())


def _written_as_before(
    content: bytes, file_format: str, found: CsvDetection, own: Sequence[Mapping[str, Any]]
) -> CsvDetection:
    """Read the table in the code page and with the delimiter of an earlier file, where that gives the same columns."""
    guessed = (found.mapping.encoding, found.mapping.delimiter)
    # Strict UTF-8 with other letters, or a byte order mark, is no guess.
    is_certain = found.mapping.encoding.startswith("utf-") and not content.isascii()
    ways = dict.fromkeys((str(kept.get("encoding")), str(kept.get("delimiter"))) for kept in own)
    for encoding, delimiter in list(ways)[:_MOST_WAYS]:
        try:
            way = (found.mapping.encoding if is_certain else encoding, delimiter)
            again = found if way == guessed else detect(content, file_format, *way)
        except UnreadableStatement:
            continue
        if _fitting(own, again):
            return again
    return found


def _fitting(kept: Sequence[Mapping[str, Any]], found: CsvDetection) -> CsvMapping | None:
    """Return the first mapping whose column names the table has, where they were found or where they stood before."""
    for one in kept:
        header, row = tuple(one.get("header") or ()), int(one.get("header_row") or 0)
        if not header:
            continue
        if header == found.mapping.header:
            return replace(mapping_from(one), header_row=found.mapping.header_row)
        if 0 < row <= len(found.rows) and header == tuple(cell.strip() for cell in found.rows[row - 1]):
            return mapping_from(one)
    return None


def mapping_from(values: Mapping[str, Any]) -> CsvMapping:
    """Read a mapping that was kept or sent.

    Raises: StatementRefused.
    """
    try:
        return CsvMapping.from_dict(values)
    except UnreadableStatement as error:
        raise StatementRefused.because(error) from error


def read_file(content: bytes, *, file_format: str, mapping: Mapping[str, Any] | None, currency: str) -> StatementFile:
    """Read the file into the entries of its one account.

    Raises: StatementRefused, WrongAccount (several accounts), CurrencyDiffers (several currencies).
    """
    try:
        parsed = read(
            content,
            file_format=file_format,
            csv_mapping=mapping_from(mapping) if mapping else None,
            currency=currency,
        )
    except UnreadableStatement as error:
        raise StatementRefused.because(error) from error
    return _one_account(parsed)


def _one_account(parsed: ParsedFile) -> StatementFile:
    statements = [statement for statement in parsed.statements if not statement.is_repeat]
    numbers = {adapters.compact_iban(one.account.iban or one.account.other) for one in statements}
    if len(numbers) > 1:
        named = ", ".join(sorted(f"…{number[-4:]}" if number else "one without a number" for number in numbers))
        raise WrongAccount(
            gettext("The file holds statements of several accounts (%(named)s). Export one file per account.")
            % {"named": named}
        )
    currencies = {one.account.currency for one in statements if one.account.currency}
    currencies |= {entry.currency for one in statements for entry in one.entries}
    if len(currencies) != 1:
        raise CurrencyDiffers(
            gettext(
                "The file holds %(count)s currencies (%(names)s); an account has one. Export one file per currency."
            )
            % {
                "count": len(currencies),
                "names": ", ".join(sorted(currencies)) or "none named",
            }
        )
    proofs = {statement.proved for statement in statements}
    opening, closing = _ends(statements)
    return StatementFile(
        format=parsed.format,
        number=numbers.pop() if numbers else "",
        is_iban=any(statement.account.iban for statement in statements),
        currency=currencies.pop(),
        entries=tuple(entry for statement in statements for entry in statement.entries),
        refused=tuple(refusal for statement in statements for refusal in statement.refused),
        opening=opening,
        closing=closing,
        proved=False if False in proofs else None if None in proofs else True,
        spans=tuple(span for statement in statements if (span := _span(statement))),
    )


def _span(statement: ParsedStatement) -> Span | None:
    """Return the days and balances that the statement tells of; None when it tells no day."""
    days = [entry.booking_date for entry in statement.entries if entry.status == "booked"]
    opening, closing = statement.opening, statement.closing
    days = days or [balance.on for balance in (closing, opening) if balance and balance.on][:1]
    if not days:
        return None
    return Span(
        first=min(days),
        last=max(days),
        opening=opening.amount if opening else None,
        closing=closing.amount if closing else None,
        number=statement.number[:40],
    )


def _ends(statements: list[ParsedStatement]) -> tuple[Balance | None, Balance | None]:
    """Return the balance before the first and after the last statement; banks list them in either order."""

    def follow(chain: list[ParsedStatement]) -> bool:
        return all(
            one.closing and two.opening and one.closing.amount == two.opening.amount for one, two in pairwise(chain)
        )

    chain = (
        statements[::-1] if len(statements) > 1 and not follow(statements) and follow(statements[::-1]) else statements
    )
    return chain[0].opening, chain[-1].closing


def find_account(file: StatementFile) -> BankAccount | None:
    """Return the tenant's account that the file names, or None.

    Raises: AccountNotNamed when the file names none.
    """
    if not file.number:
        raise AccountNotNamed(
            gettext("The file does not say which account it is of. Choose the account, or give its number.")
        )
    named = BankAccount.objects.select_related("same_as")
    known = named.filter(stable_key=adapters.stable_key(file.number, file.currency)).first()
    if known is not None or file.is_iban:
        return known and (known.same_as or known)
    fitting = [one for one in named.filter(currency=file.currency, same_as=None)[:200] if _is_part_of(file.number, one)]
    return fitting[0] if len(fitting) == 1 else None


def check_account(file: StatementFile, account: BankAccount) -> None:
    """Pass if the file can be of the account.

    Raises: WrongAccount, CurrencyDiffers.
    """
    if file.currency != account.currency:
        raise CurrencyDiffers(
            gettext("The file is in %(currency)s, the account is in %(currency2)s.")
            % {"currency": file.currency, "currency2": account.currency}
        )
    own = account.iban_hash
    if own and file.number and file.is_iban and own != adapters.iban_hash(file.number, key=sealing.data_key()):
        raise WrongAccount(
            gettext("The file is of the account ending in %(number)s, not of the one ending in %(iban_last4)s.")
            % {"number": file.number[-4:], "iban_last4": account.iban_last4}
        )


def _is_part_of(number: str, account: BankAccount) -> bool:
    """Return whether a national account number stands at the end of the account's IBAN."""
    digits = "".join(sign for sign in number.rpartition("/")[2] if sign.isdigit()).lstrip("0")
    return len(digits) >= 6 and sealing.unseal(account, "iban_sealed").endswith(digits)
