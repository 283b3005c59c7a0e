"""Two bank entries that belong together: a payment and its return, or the two sides of an own transfer.

Both answers connect only what is beyond doubt: a tie connects nothing, and no entry is used twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from matching.core.normalise import name_key, text_key

RETURN_DAYS = 400
"""A direct debit can be taken back for 13 months."""
_TRANSFER_DAYS = range(-2, 6)
_LEAST_QUOTED = 8
_LEAST_TEXT = 12


class Clue(StrEnum):
    """What connects two entries, the strongest first."""

    END_TO_END = "end_to_end"
    QUOTED = "quoted"
    SAME_TEXT = "same_text"
    PAYER = "payer"
    ACCOUNTS = "accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A booked entry as far as pairing asks.

    Shape: `other_account` is the keyed hash of the other side or empty; `sign` is "bank", "text" or empty: who calls
    it a return. `bank_references` are the bank's ids.
    Units: `amount_minor` is signed from the account's view; `instructed_minor` is unsigned, in the same currency.
    """

    id: int
    account: int
    booking_date: date
    amount_minor: int
    currency: str
    other_account: str = ""
    name: str = ""
    text: str = ""
    end_to_end_id: str = ""
    bank_references: tuple[str, ...] = ()
    sign: str = ""
    instructed_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """The earlier and the later entry: a payment and its return, or the debit and the credit of a transfer."""

    earlier: int
    later: int
    clue: Clue


def find_returns(
    returns: Iterable[Entry], payments: Sequence[Entry], *, refused: Collection[tuple[int, int]] = frozenset()
) -> tuple[Pair, ...]:
    """Find for each entry that calls itself a return the one payment that it returns.

    Shape: any order of either; the same sets give the same answer, by the id of the return. An entry may be in both.
    """
    by_place = defaultdict(list)
    for one in payments:
        by_place[one.account, one.currency, one.amount_minor].append(one)
    claims: list[tuple[Entry, Entry, Clue]] = []
    for one in sorted(returns, key=lambda each: each.id):
        best = _best(one, _opposites(one, by_place), refused)
        if best is not None:
            claims.append((one, *best))
    wanted = Counter(payment.id for _, payment, _ in claims)
    return tuple(Pair(payment.id, one.id, clue) for one, payment, clue in claims if wanted[payment.id] == 1)


def _opposites(one: Entry, by_place: dict[tuple[int, str, int], list[Entry]]) -> list[tuple[Entry, bool]]:
    """The earlier entries that it may return, and whether the amount is the same to the cent."""
    found = [(other, True) for other in by_place.get((one.account, one.currency, -one.amount_minor), ())]
    told = one.instructed_minor
    if told is not None and told != abs(one.amount_minor):
        # The bank took its charge for the return with it.
        signed = told if one.amount_minor < 0 else -told
        found += [(other, False) for other in by_place.get((one.account, one.currency, signed), ())]
    return [
        (other, exact)
        for other, exact in found
        if other.id != one.id and 0 <= (one.booking_date - other.booking_date).days <= RETURN_DAYS
    ]


def _best(
    one: Entry, others: list[tuple[Entry, bool]], refused: Collection[tuple[int, int]]
) -> tuple[Entry, Clue] | None:
    by_clue: dict[Clue, list[Entry]] = defaultdict(list)
    for other, exact in others:
        clue = _clue(one, other, exact=exact)
        if clue is not None and (other.id, one.id) not in refused:
            by_clue[clue].append(other)
    for clue in Clue:
        if by_clue[clue]:
            return (by_clue[clue][0], clue) if len(by_clue[clue]) == 1 else None
    return None


def _clue(one: Entry, other: Entry, *, exact: bool) -> Clue | None:
    if one.end_to_end_id and one.end_to_end_id == other.end_to_end_id:
        return Clue.END_TO_END
    told = text_key_of(one)
    quotable = (text_key(each) for each in (other.end_to_end_id, *other.bank_references))
    if any(len(each) >= _LEAST_QUOTED and each in told for each in quotable):
        return Clue.QUOTED
    if not exact or not _same_payer(one, other):
        return None
    text = text_key(other.text)
    if len(text) >= _LEAST_TEXT and text in told:
        return Clue.SAME_TEXT
    return Clue.PAYER if one.sign == "bank" else None


def text_key_of(entry: Entry) -> str:
    """Everything that the entry tells in words, as one key."""
    return "".join(text_key(part) for part in (entry.text, entry.end_to_end_id))


def _same_payer(one: Entry, other: Entry) -> bool:
    if one.other_account and other.other_account:
        return one.other_account == other.other_account
    return bool(name_key(one.name)) and name_key(one.name) == name_key(other.name)


@dataclass(frozen=True, slots=True)
class _Side:
    entry: Entry
    names: bool


def find_transfers(
    entries: Iterable[Entry], own: dict[int, str], *, refused: Collection[tuple[int, int]] = frozenset()
) -> tuple[Pair, ...]:
    """Find the two sides of transfers between the tenant's own accounts.

    Shape: `own` is the keyed hash of each own account's number by its id. A side that names somebody else is none; a
    side that names nobody is one only where a single entry fits it, and it fits a single one.
    """
    debits, credits = defaultdict(list), defaultdict(list)
    for one in sorted(entries, key=lambda each: (each.booking_date, each.id)):
        for account, number in own.items():
            if account == one.account or not number or one.other_account not in ("", number):
                continue
            side = _Side(one, bool(one.other_account))
            if one.amount_minor < 0:
                debits[one.account, account, one.currency, -one.amount_minor].append(side)
            elif one.amount_minor > 0:
                credits[account, one.account, one.currency, one.amount_minor].append(side)
    possible = [
        (debit, credit)
        for place, left in debits.items()
        for debit in left
        for credit in credits.get(place, ())
        if _fits(debit, credit) and (debit.entry.id, credit.entry.id) not in refused
    ]
    return _chosen(possible)


def _fits(debit: _Side, credit: _Side) -> bool:
    days = (credit.entry.booking_date - debit.entry.booking_date).days
    return days in _TRANSFER_DAYS and (debit.names or credit.names)


def _chosen(possible: Sequence[tuple[_Side, _Side]]) -> tuple[Pair, ...]:
    """Where both name each other, equal ones stand for one another; otherwise only without a tie."""
    used: set[int] = set()
    pairs = []
    for debit, credit in possible:
        if debit.names and credit.names and used.isdisjoint((debit.entry.id, credit.entry.id)):
            used |= {debit.entry.id, credit.entry.id}
            pairs.append(Pair(debit.entry.id, credit.entry.id, Clue.ACCOUNTS))
    rest = [(debit.entry.id, credit.entry.id) for debit, credit in possible]
    rest = [pair for pair in rest if used.isdisjoint(pair)]
    times = Counter(key for pair in rest for key in pair)
    pairs += [Pair(*pair, Clue.ACCOUNTS) for pair in rest if times[pair[0]] == times[pair[1]] == 1]
    return tuple(sorted(pairs, key=lambda pair: (pair.later, pair.earlier)))
