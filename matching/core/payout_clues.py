"""What connects a bank entry with a payout: a trace, a name, a sender known from before; never the amount alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import IntEnum

from matching.core.lexicon import NOISE_WORDS, Noise
from matching.core.normalise import fold
from matching.core.types import Payout, Receipt

PROCESSOR = "STRIPE"
DAYS_EARLY, DAYS_LATE = 3, 5
TRACED_DAYS_EARLY, TRACED_DAYS_LATE = 5, 30
RETURNED_DAYS_LATE = 21
_PROCESSORS = NOISE_WORDS[Noise.PAYOUT] - {"PAYOUT", "SETTLEMENT"}
_PAYOUT_WORDS = frozenset(
    {
        "ACQUIRER", "ACQUIRING", "AUSZAHLUNG", "KARTENUMSATZ", "KARTENUMSATZE", "KARTENZAHLUNGEN", "MERCHANT", "PAYOUT",
        "PAYOUTS", "SETTLEMENT", "UITBETALING", "UTBETALING", "WYPLATA",
    }
)  # fmt: skip
_MOST_LAGS = 200


class Clue(IntEnum):
    """How an entry says that it is a payout, strongest first. AMOUNT: only amount and day agree."""

    TRACE = 1
    DESCRIPTOR = 2
    NAMED = 3
    SENDER = 4
    WORDED = 5
    AMOUNT = 9


@dataclass(slots=True)
class Habits:
    """What found payouts taught: from which account or name they come, and how many banking days they take."""

    senders: set[str] = field(default_factory=set)
    lags: Counter[int] = field(default_factory=Counter)

    def learn(self, receipt: Receipt, payout: Payout) -> None:
        """Remember the sender and the delay of a payout that was found."""
        if sender := sender_of(receipt):
            self.senders.add(sender)
        if self.lags.total() < _MOST_LAGS:
            self.lags[lag_of(receipt, payout)] += 1

    @property
    def usual_lag(self) -> int:
        """The most frequent delay in banking days; the shorter of two equally frequent ones."""
        return min(self.lags, key=lambda lag: (-self.lags[lag], abs(lag))) if self.lags else 0


def sender_of(receipt: Receipt) -> str:
    """Return by what a sender is known again: the account, else the name."""
    name = fold(receipt.counterparty_name).strip()
    return f"account:{receipt.counterparty_account}" if receipt.counterparty_account else f"name:{name}" if name else ""


def weigh(receipt: Receipt, payout: Payout, habits: Habits | None = None) -> Clue | None:
    """Say what connects an entry of equal amount with a payout; None when the days exclude it."""
    days = (receipt.booking_date - payout.arrival_date).days
    late = RETURNED_DAYS_LATE if payout.returned else DAYS_LATE
    squeezed = _squeezed(_text(receipt))
    if _quotes(squeezed, payout) and -TRACED_DAYS_EARLY <= days <= TRACED_DAYS_LATE:
        return Clue.TRACE
    if not -DAYS_EARLY <= days <= late:
        return None
    descriptor = _squeezed(fold(payout.statement_descriptor))
    if len(descriptor) >= 5 and descriptor in squeezed:
        return Clue.DESCRIPTOR
    return clue_of(receipt, habits or Habits(), payout.processor)


def lag_of(receipt: Receipt, payout: Payout) -> int:
    """Banking days from arrival to booking; negative when the bank was early."""
    first, last = payout.arrival_date, receipt.booking_date
    sign = 1 if first <= last else -1
    low, high = min(first, last), max(first, last)
    return sign * sum(_is_banking_day(low + timedelta(days=step)) for step in range(1, min((high - low).days, 40) + 1))


def _is_banking_day(day: date) -> bool:
    return day.weekday() < 5


def _quotes(squeezed: str, payout: Payout) -> bool:
    marks = (_squeezed(fold(mark)) for mark in (payout.trace_id, payout.reference or payout.id))
    return any(len(mark) >= 5 and mark in squeezed for mark in marks)


def _squeezed(text: str) -> str:
    """The text without white space: banks wrap lines in the middle of a word."""
    return "".join(text.split())


def _text(receipt: Receipt) -> str:
    parts = (
        receipt.counterparty_name,
        receipt.remittance_information,
        receipt.structured_reference,
        receipt.end_to_end_id,
    )
    return fold(" ".join(parts))


def clue_of(receipt: Receipt, habits: Habits, processor: str = PROCESSOR) -> Clue:
    """What an entry says of itself, whichever payout of a processor it may be."""
    text = _text(receipt)
    if processor in _squeezed(text):
        return Clue.NAMED
    words = set(text.split())
    if words & _PROCESSORS:
        return Clue.AMOUNT
    if sender_of(receipt) in habits.senders:
        return Clue.SENDER
    return Clue.WORDED if words & _PAYOUT_WORDS else Clue.AMOUNT
