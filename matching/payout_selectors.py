"""What is read about payouts and their bank entries. Nothing here writes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from banking.models import BankTransaction
from matching import adapters
from matching.core import types as core
from matching.core.payout_clues import TRACED_DAYS_EARLY, TRACED_DAYS_LATE, Clue, Habits, weigh
from matching.models import Settlement
from payments.models import Payout
from payymo.shared.models import ReceiptState

CANDIDATES_SHOWN = 20
LIMIT = 20_000
HABITS_FROM = 200
ENTRIES_LOOKED_AT = 2000
OTHERS_WITHIN_DAYS = 5
_EARLY, _LATE = timedelta(days=TRACED_DAYS_EARLY), timedelta(days=TRACED_DAYS_LATE)
_SET_ASIDE = Q(state=ReceiptState.IGNORED, ignored_reason="debit")
FREE = Q(state=ReceiptState.UNRECONCILED) | _SET_ASIDE


def _settled(**more: object) -> Exists:
    return Exists(Settlement.objects.filter(payout=OuterRef("pk"), undone_by=None, **more))


def unsettled() -> QuerySet[Payout]:
    """Return the payouts whose bank entry, or whose return where they failed, is still to be found."""
    waits = Q(~_settled(is_return=False)) | Q(_settled(is_return=False), status__in=("failed", "canceled"))
    # What a test account left behind is not looked for on a real bank account.
    left_behind = Q(connection__state="REMOVED", connection__livemode=False)
    return Payout.objects.filter(waits).exclude(_settled(is_return=True)).exclude(left_behind)


def open_payouts() -> tuple[core.Payout, ...]:
    """Return the payouts to be found, for the core; the latest where there are too many."""
    rows = unsettled().annotate(was_found=_settled(is_return=False)).order_by("-arrival_date", "-pk")[:LIMIT]
    return tuple(adapters.to_payout(row, settled=row.was_found) for row in rows)


def with_settlements(payouts: QuerySet[Payout]) -> QuerySet[Payout]:
    """Load the bank entries of payouts with them, as `found`: the way out, then the return."""
    rows = Settlement.objects.filter(undone_by=None).select_related("bank_transaction__account", "decision")
    return payouts.prefetch_related(Prefetch("settlements", rows.order_by("is_return", "pk"), to_attr="found"))


def entries_for(payouts: Iterable[core.Payout]) -> QuerySet[BankTransaction]:
    """Return the free bank entries that can be one of these payouts, a sum of them, or the return of one.

    Shape: an equal amount about the arrival day, in the entry's own currency or in the one that the bank states; or any
    amount when the entry names the processor.
    """
    payouts = tuple(payouts)
    if not payouts:
        return BankTransaction.objects.none()
    first, last = min(one.arrival_date for one in payouts), max(one.arrival_date for one in payouts)
    near = {
        "arrival_date__gte": OuterRef("booking_date") - _LATE,
        "arrival_date__lte": OuterRef("booking_date") + _EARLY,
    }
    sent = Payout.objects.filter(**near)
    equal = sent.filter(currency=OuterRef("currency"), amount=OuterRef("amount"))
    returned = sent.filter(currency=OuterRef("currency"), amount=-OuterRef("amount"), status__in=("failed", "canceled"))
    stated = sent.filter(currency=OuterRef("original_currency"), amount=OuterRef("original_amount"))
    named = Q()
    for processor in {one.processor for one in payouts}:
        named |= Q(counterparty_name__icontains=processor) | Q(remittance_information__icontains=processor)
    # Debits were set aside by the thousand; they are looked at only where money can have gone back.
    takes_back = any(one.amount_minor < 0 or one.returned for one in payouts)
    free = FREE if takes_back else Q(state=ReceiptState.UNRECONCILED, amount__gt=0)
    rows = BankTransaction.objects.filter(free, booking_date__gte=first - _EARLY, booking_date__lte=last + _LATE)
    return rows.filter(named | Exists(equal) | Exists(returned) | Exists(stated)).order_by("-booking_date", "-pk")


def refused_pairs() -> frozenset[tuple[str, str]]:
    """Return the (entry, payout) pairs that a person took apart: they are not put together again by themselves."""
    taken_apart = Settlement.objects.exclude(undone_by=None).order_by("-pk")
    pairs = taken_apart.values_list("bank_transaction__public_id", "payout__public_id")[:LIMIT]
    return frozenset((str(entry), str(payout)) for entry, payout in pairs)


def habits() -> Habits:
    """Return what the latest settlements teach about senders and delays."""
    rows = Settlement.objects.filter(undone_by=None, is_return=False).select_related("payout", "bank_transaction")
    learned = Habits()
    for row in rows.order_by("-pk")[:HABITS_FROM]:
        learned.learn(adapters.to_receipt(row.bank_transaction), adapters.to_payout(row.payout))
    return learned


@dataclass(frozen=True, slots=True)
class PayoutCandidate:
    """A bank entry that may be a payout.

    `is_return`: it may be the debit that took a failed payout back. `is_stated`: the bank states the amount of it for
    an entry in another currency. `differs`: neither fits, but the entry names the processor about that day.
    """

    entry: BankTransaction
    clue: Clue
    is_return: bool = False
    is_stated: bool = False
    differs: bool = False


def candidates_of(payouts: Sequence[Payout], *, unequal: bool = False) -> dict[int, list[PayoutCandidate]]:
    """Return the bank entries that a person may choose for payouts, by primary key; the best clue first.

    Shape: three queries, however many payouts; with `unequal` also entries of another amount that name the processor.
    """
    cores = {row.pk: adapters.to_payout(row) for row in payouts}
    rows = entries_for(cores.values()).select_related("account")[:ENTRIES_LOOKED_AT] if cores else ()
    entries = [(row, adapters.to_receipt(row)) for row in rows]
    learned = habits() if entries else Habits()
    by_sum = _by_sum(entries)
    found: dict[int, list[PayoutCandidate]] = {}
    for key, payout in cores.items():
        mine = [
            PayoutCandidate(row, clue, is_return, is_stated)
            for is_return, amount in ((False, payout.amount_minor), (True, -payout.amount_minor))
            if not is_return or payout.returned
            for row, receipt, is_stated in by_sum.get((payout.currency, amount), ())
            if (clue := weigh(receipt, payout, learned)) is not None
        ]
        if unequal:
            known = {one.entry.pk for one in mine}
            mine += [
                PayoutCandidate(row, clue, differs=True)
                for row, receipt in entries
                if row.pk not in known and (receipt.amount_minor > 0) == (payout.amount_minor > 0)
                if (clue := weigh(receipt, payout, learned)) is not None and clue is not Clue.AMOUNT
            ]
        mine.sort(key=lambda one: (one.differs, one.is_return, one.clue, _days_between(one, payout)))
        found[key] = mine[:CANDIDATES_SHOWN]
    return found


def _days_between(one: PayoutCandidate, payout: core.Payout) -> int:
    return abs((one.entry.booking_date - payout.arrival_date).days)


_Entries = list[tuple[BankTransaction, core.Receipt, bool]]


def _by_sum(entries: Iterable[tuple[BankTransaction, core.Receipt]]) -> dict[tuple[str, int], _Entries]:
    """Sort entries by currency and amount, and by what the bank states for them in another currency."""
    found: dict[tuple[str, int], _Entries] = defaultdict(list)
    for row, receipt in entries:
        found[receipt.currency, receipt.amount_minor].append((row, receipt, False))
        if receipt.instructed_amount_minor and receipt.instructed_currency != receipt.currency:
            stated = abs(receipt.instructed_amount_minor) * (-1 if row.amount < 0 else 1)
            found[receipt.instructed_currency, stated].append((row, receipt, True))
    return found


def others_like(payout: Payout) -> list[Payout]:
    """Return the other open payouts of those days and that currency, which the bank may have joined with this one."""
    near = timedelta(days=OTHERS_WITHIN_DAYS)
    rows = unsettled().filter(
        currency=payout.currency,
        arrival_date__range=(payout.arrival_date - near, payout.arrival_date + near),
    )
    return list(
        rows.exclude(pk=payout.pk).exclude(status__in=("failed", "canceled")).order_by("-arrival_date", "pk")[:12]
    )
