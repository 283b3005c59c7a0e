"""Runs the engine over a past, day by day, as if it had been there: only what was known by then is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from matching.core.book import Book
from matching.core.calibration import CalibrationLog, recalibrated
from matching.core.engine import nothing
from matching.core.feed import Deliveries, FeedRow, Verdict
from matching.core.guesses import Guesses
from matching.core.judging import Judge, Judged, judge, judge_each
from matching.core.scoring import Model, shipped_model
from matching.core.settlement import PayoutFeed
from matching.core.types import Allocation, Candidate, NoneReason, Payout, Receipt, Source, Suggestion
from matching.core.weighing import Weighed, weigh

_SURE_ENOUGH_TO_LEARN = 0.9
_SURE, _LIKELY = 0.98, 0.5
_MOST_SURE_OF_NOTHING = 0.97
_WEIGHT_OF_A_GUESS = 0.5


@dataclass(frozen=True, slots=True)
class Decision:
    """What the replay takes a row to be.

    Shape: `allocations` is empty when nothing is settled, or nothing likely enough to be said; `confidence` is the
    chance that this is exactly right; `guess` is what the state goes on with, said or not.
    """

    row_id: str
    suggestion: Suggestion
    allocations: tuple[Allocation, ...]
    confidence: float
    guess: tuple[Allocation, ...] = ()


Watcher = Callable[[Receipt, Weighed, Suggestion], None]


@dataclass(slots=True)
class Replay:
    """The state of a replay.

    Shape: `verdicts` by row id; `to_minor` turns a verdict's amount into minor units of a currency; `watch` sees every
    weighed receipt, before its verdict is learned; `refits` lets the curves follow the verdicts week by week, and
    the trust in single verdicts with them; what weights are learned from is seen without that, as the product sees it.
    """

    book: Book
    to_minor: Callable[[Decimal, str], int]
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    payouts: Sequence[Payout] = ()
    model: Model = field(default_factory=shipped_model)
    watch: Watcher | None = None
    refits: bool = True
    log: CalibrationLog = field(default_factory=CalibrationLog)
    share_out: Callable[[Sequence[Receipt], Judge], list[Judged]] = judge_each
    _deliveries: Deliveries = field(default_factory=Deliveries)
    _shipped: Model = field(init=False)
    _payout_feed: PayoutFeed = field(init=False)
    _watched: dict[str, Weighed] = field(default_factory=dict)
    _doubted: set[str] = field(default_factory=set)
    _guesses: Guesses = field(init=False)
    _sure_rows: int = 0
    _sure_slips: int = 0
    _week: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self._shipped = self.model
        self._payout_feed = PayoutFeed(self.payouts)
        self._guesses = Guesses(self.book)

    def use(self, model: Model) -> None:
        """Judge with another model from here on."""
        self.model = self._shipped = model

    def run_day(self, rows: Sequence[FeedRow]) -> list[Decision]:
        """Decide one day's rows, surest first where they compete, then learn the verdicts on them.

        Shape: one decision a row, in the order of the rows.
        """
        self._recalibrate_weekly(rows)
        decided: dict[str, Decision] = {}
        open_rows: list[Receipt] = []
        repeated = self._deliveries.repeated(rows)
        paid_out = self._find_payouts(rows, repeated)
        for row in rows:
            refused = self._refuse(row, repeated, paid_out)
            if refused is not None:
                decided[row.id] = refused
            elif row.receipt is not None:
                open_rows.append(row.receipt)
        for decision in self._settle(open_rows):
            decided[decision.row_id] = decision
        return [decided[row.id] for row in rows]

    def _recalibrate_weekly(self, rows: Sequence[FeedRow]) -> None:
        week = next((row.on.isocalendar()[:2] for row in rows if row.on is not None), self._week)
        if self.refits and week != self._week:
            self._week = week
            self.model = recalibrated(self._shipped, self.log)

    def _refuse(self, row: FeedRow, repeated: set[str], paid_out: Mapping[str, str]) -> Decision | None:
        reason, payout_id = row.refused, None
        receipt = row.receipt
        if receipt is not None:
            if row.id in repeated:
                reason = NoneReason.DUPLICATE_DELIVERY
            elif row.id in paid_out:
                reason, payout_id = NoneReason.PAYOUT, paid_out[row.id]
            elif receipt.amount_minor <= 0:
                reason = NoneReason.DEBIT if receipt.amount_minor < 0 else NoneReason.ZERO_AMOUNT
        if reason is None:
            return None
        if receipt is None:
            empty = Suggestion(row.id, (), False, reason, False, self.model.version, None)
            return Decision(row.id, empty, (), 1.0)
        return Decision(row.id, nothing(receipt, reason, self.model, payout_id=payout_id), (), 1.0)

    def _find_payouts(self, rows: Sequence[FeedRow], repeated: set[str]) -> Mapping[str, str]:
        receipts = [row.receipt for row in rows if row.receipt is not None and row.id not in repeated]
        return self._payout_feed.find([receipt for receipt in receipts if receipt.source is Source.BANK])

    def _settle(self, receipts: Sequence[Receipt]) -> list[Decision]:
        """Judge the day's receipts, then let the surest take its invoices first and judge again what lost them."""
        waiting = list(receipts)
        decisions: list[Decision] = []
        judged = self._judge_all(waiting)
        places = {receipt.id: place for place, receipt in enumerate(receipts)}
        for receipt in waiting:
            self._win_back(receipt, judged)
        while waiting:
            waiting.sort(key=lambda receipt: (_turn(judged[receipt.id]), places[receipt.id]))
            lost: list[Receipt] = []
            touched: set[int] = set()
            for receipt in waiting:
                said = judged[receipt.id]
                if touched.intersection(said.debts):
                    lost.append(receipt)
                    continue
                decision = self._decide(receipt, said)
                decisions.append(decision)
                touched.update(self._book(receipt, decision, said))
            judged.update(self._judge_all(lost))
            waiting = lost
        self._guesses.judge_again(self._weigh)
        return decisions

    def _judge_all(self, receipts: Sequence[Receipt]) -> dict[str, Judged]:
        said = self.share_out(receipts, self._judge)
        return {receipt.id: one for receipt, one in zip(receipts, said, strict=True)}

    def _judge(self, receipt: Receipt) -> Judged:
        verdict = self.verdicts.get(receipt.id)
        answer = None if verdict is None else self.in_minor(verdict)
        judged, weighed = judge(receipt, self.book, self.model, answer=answer)
        if self.watch is not None:
            self._watched[receipt.id] = weighed
        return judged

    def _win_back(self, receipt: Receipt, judged: dict[str, Judged]) -> None:
        """Win a debt that the text names outright back from an earlier guess that named nothing."""
        closed = judged[receipt.id].closed
        guessed = self._guesses.about(closed)
        if not guessed:
            if any(self.book.debts[invoice_id].outstanding for invoice_id in closed):
                judged[receipt.id] = self._judge(receipt)
            return
        for _, allocations in guessed:
            self._guesses.take_back(allocations)
        again = judged[receipt.id] = self._judge(receipt)
        for earlier, allocations in guessed:
            if again.none_share < 0.1 and not {one.invoice_id for one in allocations}.isdisjoint(again.debts):
                self._guesses.judge_later(earlier)
            else:
                self._guesses.restore(earlier, allocations)

    def _weigh(self, receipt: Receipt) -> Weighed:
        return weigh(receipt, self.book, self.model)

    def _decide(self, receipt: Receipt, judged: Judged) -> Decision:
        suggestion, best = judged.suggestion, judged.best
        verdict = self.verdicts.get(receipt.id)
        if self.watch is not None:
            self.watch(receipt, self._watched.pop(receipt.id), suggestion)
        if best is None:
            return Decision(receipt.id, suggestion, (), _chance(judged))
        if verdict is not None:
            self._note(receipt, judged, best, verdict)
        if _chance(judged) < self.model.stated:
            # Half of a list that is wrong does more harm to what follows than a list that is still open.
            guess = best.allocations if len(best.allocations) == 1 or _chance(judged) >= _LIKELY else ()
            return Decision(receipt.id, suggestion, (), judged.none_share, guess)
        return Decision(receipt.id, suggestion, best.allocations, best.probability, best.allocations)

    def _note(self, receipt: Receipt, judged: Judged, best: Candidate, verdict: Verdict) -> None:
        """Keep whether the winner was right, allowing for the reviewer's own slips.

        A reviewer slips too. Where the engine is almost certain and the verdict is something it finds absurd, the
        verdict is the likelier mistake; how likely is learned from the sure rows themselves.
        """
        if self._agrees(best, verdict):
            self._sure_rows += best.probability >= _SURE
            self.log.add(receipt.source, judged.sure, 1.0, eligible=judged.suggestion.eligible)
            return
        if any(invoice_id in self._guesses for invoice_id, _ in verdict.allocations):
            self.log.add(receipt.source, judged.sure, 0.0, eligible=judged.suggestion.eligible)
            return
        share = judged.answer_share
        if share is None:
            share = max(1e-6, 0.3 * (1 - best.probability))
        slips = self._slips()
        right = slips * best.probability / (slips * best.probability + (1 - slips) * share)
        if best.probability >= _SURE:
            self._sure_rows += 1
            self._sure_slips += 1
        if right > 0.5:
            self._doubted.add(receipt.id)
        if self.refits:
            for one in best.allocations:
                self.book.doubts.raise_to(one.invoice_id, right)
        self.log.add(receipt.source, judged.sure, right, eligible=judged.suggestion.eligible)

    def _slips(self) -> float:
        """How often the reviewer slips, as far as the sure rows show."""
        return (1 + self._sure_slips) / (200 + self._sure_rows)

    def _pass_over(self, judged: Judged, allocations: Sequence[Allocation]) -> None:
        """Doubt that an older equal debt is still open when a person gives a newer one what names neither.

        Either this is a slip or an earlier one left the older debt open; both are as likely unless something is known.
        """
        if not self.refits or len(allocations) != 1 or judged.answer_named:
            return
        given, slips = self.book.debts[allocations[0].invoice_id], self._slips()
        for debt in self.book.open_of_client(given.client_id):
            if debt.id == given.id:
                return
            if (debt.currency, debt.outstanding) == (given.currency, given.outstanding):
                before = max(slips, self.book.doubts.of_debt(debt.id))
                self.book.doubts.raise_to(debt.id, before / (before + (1 - before) * slips))

    def _agrees(self, best: Candidate, verdict: Verdict) -> bool:
        return {(one.invoice_id, one.amount_minor) for one in best.allocations} == set(self.in_minor(verdict))

    def in_minor(self, verdict: Verdict) -> tuple[tuple[int, int], ...]:
        """The verdict's invoices that the book knows, with amounts in minor units."""
        known = ((self.book.debts.get(invoice_id), amount) for invoice_id, amount in verdict.allocations)
        return tuple((debt.id, self.to_minor(amount, debt.currency)) for debt, amount in known if debt is not None)

    def _book(self, receipt: Receipt, decision: Decision, judged: Judged) -> list[int]:
        """Settle what the reviewer said, or where nobody did, what was decided; and remember the payer."""
        on = receipt.booking_date
        verdict = self.verdicts.get(receipt.id)
        guess = verdict is None or receipt.id in self._doubted
        allocations = decision.guess
        sure = _chance(judged) >= _SURE_ENOUGH_TO_LEARN and bool(decision.allocations or not decision.guess)
        if verdict is not None and not guess:
            allocations, sure = tuple(Allocation(i, a) for i, a in self.in_minor(verdict)), True
            self._guesses.make_room(allocations)
            self._pass_over(judged, allocations)
        settled = []
        for allocation in allocations:
            debt = self.book.debts[allocation.invoice_id]
            amount = min(allocation.amount_minor, debt.outstanding)
            if amount > 0:
                self.book.settle(debt.id, amount, on)
                self.book.doubts.about(debt.id, 1 - _chance(judged) if guess and not judged.named else 0.0)
                settled.append(replace(allocation, amount_minor=amount))
        if guess:
            self._doubt(receipt, decision, judged)
        if guess and not judged.named:
            self._guesses.remember(receipt, settled)
        if sure:
            clients = {self.book.debts[allocation.invoice_id].client_id for allocation in allocations}
            strangers = clients - self.book.memory.clients_of_payer(receipt)
            self.book.memory.learn(receipt, clients, on, weight=_WEIGHT_OF_A_GUESS if guess else 1.0)
            if strangers:
                self._guesses.look_again(receipt.counterparty_account or receipt.counterparty_name, self._weigh)
        self._observe_rate(receipt, allocations, sure)
        return [one.invoice_id for one in settled]

    def _doubt(self, receipt: Receipt, decision: Decision, judged: Judged) -> None:
        """Remember that the state of the clients concerned rests on a guess, or on a receipt that found no place."""
        wrong = 1 - _chance(judged) if decision.guess else judged.share
        for client_id in judged.clients:
            self.book.doubts.add(client_id, wrong, receipt.booking_date)
        if not decision.guess and decision.suggestion.none_reason is NoneReason.NO_CANDIDATE:
            alike = self.book.open_of_amount(receipt.currency, receipt.amount_minor)
            chance = 1 / (len(alike) + 1)
            for invoice_id in alike:
                self.book.doubts.raise_to(invoice_id, chance)

    def _observe_rate(self, receipt: Receipt, allocations: tuple[Allocation, ...], sure: bool) -> None:
        on, currency = receipt.booking_date, receipt.currency
        if receipt.instructed_amount_minor and receipt.instructed_currency not in ("", currency):
            rate = receipt.amount_minor / receipt.instructed_amount_minor
            self.book.observe_rate(receipt.instructed_currency, currency, rate, on)
        elif sure and len(allocations) == 1:
            debt = self.book.debts[allocations[0].invoice_id]
            if debt.currency != currency and allocations[0].amount_minor == debt.total:
                self.book.observe_rate(debt.currency, currency, receipt.amount_minor / debt.total, on)


def _chance(judged: Judged) -> float:
    """How likely each allocation is right: of a list most may be where the whole is not likely to be.

    Shape: the chance that nothing is settled where nothing won.
    """
    best = judged.best
    if best is None:
        return min(judged.none_share, _MOST_SURE_OF_NOTHING)
    return max(best.probability, judged.agreed) if len(best.allocations) > 1 else best.probability


def _turn(judged: Judged) -> int:
    """When a receipt takes its debts: what names them first, then the sure ones; equals in the order of the feed."""
    if judged.share >= _SURE and judged.named:
        return 0
    return 1 if judged.share >= _SURE_ENOUGH_TO_LEARN else 2 if judged.share >= _LIKELY else 3
