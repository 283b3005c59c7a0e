"""Proposing: what could each open payment settle? Incremental, idempotent, and repeatable without writing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from banking.models import BankAccount, BankTransaction
from matching import adapters, books, payout_selectors
from matching.core import engine
from matching.core import types as core
from matching.core.book import Book
from matching.core.partial import TooManyRounds, judge
from matching.core.settlement import find_payouts
from matching.locks import Receipt
from matching.models import Band
from matching.services import engine_models, indexing, ruling, saving
from matching.services.saving import OPEN_STATES, Answer
from payments.models import StripePayment
from payymo.shared.models import ReceiptState
from payymo.shared.money import UnreadableAmount

RUN_LIMIT = 5000
INVOICES_PER_PAYMENT = 2500
"""Reading so many invoices takes as long as looking up what one payment asks for."""
_FEW, _MANY = 20, 500
_UNREAD = {BankTransaction: ("raw_sealed", "counterparty_iban_sealed"), StripePayment: ("raw_sealed",)}
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Outcome:
    """What one run did, or with `dry_run` would have done. `changed` holds public ids of receipts."""

    looked_at: int = 0
    changed: list[str] = field(default_factory=list)
    by_band: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Outcome") -> None:
        """Add what another run did."""
        self.looked_at += other.looked_at
        self.changed += other.changed
        for band, count in other.by_band.items():
            self.by_band[band] = self.by_band.get(band, 0) + count


def open_bank() -> "QuerySet[BankTransaction]":
    """Bank entries that an invoice could be found for."""
    rows = BankTransaction.objects.filter(state__in=OPEN_STATES, amount__gt=0)
    return rows.defer(*_UNREAD[BankTransaction])


def open_charges() -> "QuerySet[StripePayment]":
    """Charges that an invoice could be found for."""
    return StripePayment.objects.filter(state__in=OPEN_STATES).defer(*_UNREAD[StripePayment])


def waiting(*, limit: int = RUN_LIMIT) -> list[Receipt]:
    """Return the receipts that wait for the engine, the ones stored last first: a new payment waits for no backlog."""
    bank = open_bank().filter(proposed_at=None).order_by("-pk")
    charges = open_charges().filter(proposed_at=None).order_by("-pk")
    return [*bank[:limit], *charges[:limit]]


def newest_waiting() -> tuple[int, int]:
    """Return the newest bank entry and charge that wait; 0 for none."""
    bank, charges = open_bank().filter(proposed_at=None), open_charges().filter(proposed_at=None)
    newest = (rows.order_by("-pk").values_list("pk", flat=True).first() for rows in (bank, charges))
    return (next(newest) or 0, next(newest) or 0)


def has_arrivals(*, after: tuple[int, int]) -> bool:
    """Whether a payment waits that was stored later than these."""
    return any(newest > known for newest, known in zip(newest_waiting(), after, strict=True))


def has_news() -> bool:
    """Whether a payment waits, or an invoice changed."""
    return any(newest_waiting()) or books.waits_for_look_ups()


def since(day: date) -> "Replay":
    """Return every open receipt from a day on, for a replay."""
    bank, charges = open_bank().filter(booking_date__gte=day), open_charges().filter(charged_at__date__gte=day)
    return Replay(bank, charges)


@dataclass(frozen=True, slots=True)
class Replay:
    """Receipts in the order of their keys, or the other way round, read a piece at a time, however many there are."""

    bank: "QuerySet[BankTransaction]"
    charges: "QuerySet[StripePayment]"
    newest_first: bool = False

    def __len__(self) -> int:
        """Count them now."""
        return self.bank.count() + self.charges.count()

    def __iter__(self) -> Iterator[Receipt]:
        """Read them."""
        for rows in (self.charges, self.bank) if self.newest_first else (self.bank, self.charges):
            yield from _pieces(rows, newest_first=self.newest_first)


def _pieces(rows: "QuerySet[Any]", *, newest_first: bool) -> Iterator[Receipt]:
    ordered = rows.order_by("-pk" if newest_first else "pk")
    piece = list(ordered[:_MANY])
    while piece:
        yield from piece
        last = piece[-1].pk
        piece = list((ordered.filter(pk__lt=last) if newest_first else ordered.filter(pk__gt=last))[:_MANY])


def set_outgoing_aside(*, now: datetime) -> int:
    """Take money that left the account out of the queue: a debit settles no invoice. Return how many."""
    return BankTransaction.objects.filter(proposed_at=None, state=ReceiptState.UNRECONCILED, amount__lte=0).update(
        state=ReceiptState.IGNORED, ignored_reason="debit", proposed_at=now
    )


def propose(
    *,
    receipts: Iterable[Receipt],
    now: datetime,
    dry_run: bool = False,
    progress: Progress | None = None,
    goes_on: Callable[[], bool] = lambda: True,
) -> Outcome:
    """Ask the engine about each receipt and save what it says; an unchanged answer writes nothing new.

    Shape: `receipts` in any order, sized. For few of them only what they ask for is read, for many the whole book
    once; the answers are the same. Each piece is written for itself; before the next one `goes_on` may end the run.
    """
    expected = len(receipts) if isinstance(receipts, Sequence | Replay) else len(receipts := list(receipts))
    outcome = Outcome()
    if not expected:
        return outcome
    up_to_date = not books.waits_for_look_ups() if dry_run else indexing.take_up_waiting()
    asking = Asking(expected, now=now, by_look_ups=up_to_date)
    stream = iter(receipts)
    while goes_on() and (piece := list(islice(stream, asking.piece))):
        answers, ruled = asking.answer(piece)
        changed = saving.differing(answers) if dry_run else saving.save(answers, now=now)
        if not dry_run:
            ruled.record(now=now)
        outcome.looked_at += len(piece)
        outcome.changed += [str(receipt.public_id) for receipt in changed]
        for answer in answers:
            found = answer.suggestion.candidates
            band = str(found[0].band) if found else Band.NONE.value
            outcome.by_band[band] = outcome.by_band.get(band, 0) + 1
        if progress is not None:
            progress(outcome.looked_at, expected)
    return outcome


class Asking:
    """Answers receipts from the whole book, or by look-ups in a part of it where that is less to read."""

    def __init__(self, expected: int, *, now: datetime, by_look_ups: bool) -> None:
        self._today = now.date()
        self._whole: Book | None = None
        if not by_look_ups or not books.has_more_invoices_than(INVOICES_PER_PAYMENT * expected):
            self._whole = books.whole_book(today=self._today)
        self.piece = _FEW if self._whole is None else _MANY
        self._own_accounts = frozenset(BankAccount.objects.exclude(iban_hash="").values_list("iban_hash", flat=True))
        self._payouts = payout_selectors.open_payouts()
        self._model = engine_models.model_in_use()
        self._paid_out: dict[str, tuple[core.Payout, ...]] = {}

    def answer(self, receipts: Sequence[Receipt]) -> tuple[list[Answer], ruling.Ruling]:
        """Ask the engine about each receipt, in order, and change its answers as the tenant's rules say."""
        read = {str(receipt.public_id): _read(receipt) for receipt in receipts}
        values = [value for value in read.values() if value is not None]
        self._paid_out = self._find_payouts(values)
        found, book = self._judge(values)
        ruled = ruling.prepare(receipts, today=self._today)
        answers = []
        for key, receipt in zip(read, receipts, strict=True):
            suggestion = found.get(key) or self._unreadable(key)
            if key in found:
                suggestion = ruled.applied(receipt, suggestion, book=book, ask=self._ask)
            answers.append(Answer(receipt, suggestion, _owed(suggestion, ruled, book)))
        return answers, ruled

    def _ask(self, value: core.Receipt, book: Book) -> core.Suggestion:
        payouts = self._paid_out.get(value.id, ())
        return engine.propose(value, book, own_accounts=self._own_accounts, payouts=payouts, model=self._model)

    def _unreadable(self, receipt_id: str) -> core.Suggestion:
        reason = core.NoneReason.UNREADABLE_AMOUNT
        return core.Suggestion(receipt_id, (), False, reason, False, self._model.version)

    def _judge(self, values: Sequence[core.Receipt]) -> tuple[dict[str, core.Suggestion], Book]:
        if self._whole is None:
            part = books.partial_book()
            reader = books.Reader(today=self._today)
            try:
                return judge(values, part, ask=self._ask, fetch=reader.fetch), part
            except TooManyRounds:
                self._whole = books.whole_book(today=self._today)
        whole = self._whole
        return {value.id: self._ask(value, whole) for value in values}, whole

    def _find_payouts(self, values: Sequence[core.Receipt]) -> dict[str, tuple[core.Payout, ...]]:
        by_id = {payout.id: payout for payout in self._payouts}
        banked = [value for value in values if value.source is core.Source.BANK]
        if not by_id or not banked:
            return {}
        return {
            receipt_id: (by_id[payout_id],) for receipt_id, payout_id in find_payouts(banked, self._payouts).items()
        }


def _read(receipt: Receipt) -> core.Receipt | None:
    try:
        return adapters.to_receipt(receipt, rest_only=True)
    except UnreadableAmount:
        return None


def _owed(suggestion: core.Suggestion, ruled: ruling.Ruling, book: Book) -> dict[int, tuple[str, int]]:
    """What the invoices of a suggestion owe by the books, with their currencies."""
    named = {one.invoice_id for found in suggestion.candidates for one in found.allocations}
    owed = {invoice_id: ruled.owed(invoice_id, book) for invoice_id in named}
    return {invoice_id: known for invoice_id, known in owed.items() if known is not None}
