"""Pairing bank entries: returns with what they return, own transfers with their other side.

What is still open on either side is set aside with its reason; a match that was decided is never touched: it waits, as
a step, for a person.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from accounts import reach
from banking.models import BankAccount, BankTransaction
from matching import locks
from matching.core import pairing as core
from matching.models import Decision
from matching.pair_models import EntryPair
from matching.services.decisions import Actor, close_proposals, record, reopen
from payymo.shared.errors import NotAllowed
from payymo.shared.models import ReceiptState
from payymo.shared.money import UnreadableAmount, to_minor

MOST_RETURNS, MOST_TRANSFERS, MOST_OTHERS = 500, 2000, 20_000
_FREE = Q(state=ReceiptState.UNRECONCILED) | Q(state=ReceiptState.IGNORED, ignored_reason="debit")
_REASONS = {EntryPair.Kind.RETURN: "returned", EntryPair.Kind.TRANSFER: "own_transfer"}
_COLUMNS = (
    "pk", "account_id", "booking_date", "amount", "currency", "counterparty_hash", "counterparty_name",
    "remittance_information", "structured_reference", "end_to_end_id", "bank_reference", "bank_entry_id",
    "return_sign", "original_amount", "original_currency",
)  # fmt: skip


def pair_found(*, now: datetime) -> dict[str, int]:
    """Pair what is beyond doubt; return how many of each kind. Looks only while there are new entries."""
    if not BankTransaction.objects.filter(proposed_at=None).exists():
        return {"returns": 0, "transfers": 0}
    returns = _pair_each(EntryPair.Kind.RETURN, _returns(), now=now)
    return {"returns": returns, "transfers": _pair_each(EntryPair.Kind.TRANSFER, _transfers(), now=now)}


def _pair_each(kind: EntryPair.Kind, pairs: Sequence[core.Pair], *, now: datetime) -> int:
    return sum(_pair(kind, pair, now=now) for pair in pairs)


@transaction.atomic
def _pair(kind: EntryPair.Kind, pair: core.Pair, *, now: datetime) -> bool:
    """Write a pair, unless something about either side was decided meanwhile."""
    held = locks.lock_entries((pair.earlier, pair.later))
    earlier, later = held[pair.earlier], held[pair.later]
    aside = [one for one in (earlier, later) if _is_free(one)]
    if later not in aside or (kind == EntryPair.Kind.TRANSFER and earlier not in aside) or _is_paired(earlier, later):
        return False
    row = EntryPair.objects.create(kind=kind, earlier=earlier, later=later, clue=pair.clue, paired_at=now)
    row.decisions.set([_set_aside(one, _REASONS[kind], now=now) for one in aside])
    return True


def _is_free(entry: BankTransaction) -> bool:
    set_aside = entry.state == ReceiptState.IGNORED and entry.ignored_reason == "debit"
    return entry.state == ReceiptState.UNRECONCILED or set_aside


def _is_paired(earlier: BankTransaction, later: BankTransaction) -> bool:
    return EntryPair.objects.filter(Q(earlier=earlier) | Q(later=later), undone_by=None).exists()


def _set_aside(entry: BankTransaction, reason: str, *, now: datetime) -> Decision:
    opened = locks.lock_proposals(entry)
    decision = record(entry, Decision.Kind.PAIR, actor=Actor.policy(), now=now, reason=reason)
    entry.state, entry.ignored_reason, entry.proposed_at = ReceiptState.IGNORED, reason, now
    entry.save(update_fields=["state", "ignored_reason", "proposed_at"])
    close_proposals(opened, decision=decision)
    return decision


def _returns() -> tuple[core.Pair, ...]:
    rows = BankTransaction.objects.filter(_FREE, pairs_as_later=None).exclude(return_sign="").order_by("-pk")
    returns = _entries(rows[:MOST_RETURNS])
    if not returns:
        return ()
    amounts = set()
    for amount, told in rows[:MOST_RETURNS].values_list("amount", "original_amount"):
        amounts |= {-amount} if told is None else {-amount, told, -told}
    first = min(one.booking_date for one in returns) - timedelta(days=core.RETURN_DAYS)
    last = max(one.booking_date for one in returns)
    payments = BankTransaction.objects.filter(
        account__in={one.account for one in returns}, amount__in=amounts, booking_date__range=(first, last)
    ).exclude(pairs_as_earlier__in=EntryPair.objects.filter(undone_by=None))
    return core.find_returns(returns, _entries(payments.order_by("-pk")[:MOST_OTHERS]), refused=_refused())


def _transfers() -> tuple[core.Pair, ...]:
    own = dict(BankAccount.objects.exclude(iban_hash="").order_by("pk").values_list("pk", "iban_hash"))
    if len(own) < 2:
        return ()
    free = BankTransaction.objects.filter(_FREE, account__in=own).exclude(
        Q(pairs_as_earlier__in=_living()) | Q(pairs_as_later__in=_living())
    )
    naming = _entries(free.filter(counterparty_hash__in=own.values()).order_by("-pk")[:MOST_TRANSFERS])
    if not naming:
        return ()
    days = [one.booking_date for one in naming]
    amounts = set(free.filter(pk__in=[one.id for one in naming]).values_list("amount", flat=True))
    others = free.filter(
        counterparty_hash="", amount__in={-amount for amount in amounts},
        booking_date__range=(min(days) - timedelta(days=7), max(days) + timedelta(days=7)),
    )  # fmt: skip
    return core.find_transfers([*naming, *_entries(others.order_by("-pk")[:MOST_OTHERS])], own, refused=_refused())


def _living() -> QuerySet[EntryPair]:
    return EntryPair.objects.filter(undone_by=None)


def _refused() -> frozenset[tuple[int, int]]:
    """The pairs that a person took apart: they are not made again."""
    rows = EntryPair.objects.exclude(undone_by=None).order_by("-pk").values_list("earlier", "later")
    return frozenset(rows[:MOST_OTHERS])


def _entries(rows: QuerySet[BankTransaction]) -> list[core.Entry]:
    found = []
    for values in rows.values(*_COLUMNS):
        try:
            found.append(_entry(values))
        except UnreadableAmount:
            continue
    return found


def _entry(row: dict) -> core.Entry:  # type: ignore[type-arg]
    told = row["original_amount"] if row["original_currency"] == row["currency"] else None
    return core.Entry(
        id=row["pk"],
        account=row["account_id"],
        booking_date=row["booking_date"],
        amount_minor=to_minor(row["amount"], row["currency"]),
        currency=row["currency"],
        other_account=row["counterparty_hash"],
        name=row["counterparty_name"],
        text=f"{row['remittance_information']} {row['structured_reference']}",
        end_to_end_id=row["end_to_end_id"],
        bank_references=tuple(filter(None, {row["bank_reference"], row["bank_entry_id"]})),
        sign=row["return_sign"],
        instructed_minor=to_minor(told, row["currency"]) if told is not None else None,
    )


def take_apart(*, decision: Decision, undo: Decision, actor: Actor, now: datetime) -> None:
    """Undo a pair whose entries are locked: what it set aside is open again on both sides.

    Raises: NotAllowed when the other side is on an account that the person must not decide about.
    """
    both = (reach.by_account("earlier__account"), reach.by_account("later__account"))
    pair = EntryPair.objects.filter(*both, decisions=decision, undone_by=None).first()
    if pair is None:
        raise NotAllowed(gettext("The other side is on an account that you do not see. An administrator can undo it."))
    EntryPair.objects.filter(pk=pair.pk).update(undone_by=undo)
    for made in pair.decisions.select_related("bank_transaction").order_by("pk"):
        entry = made.bank_transaction
        assert entry is not None  # noqa: S101 - pairs are of bank entries
        if made.pk != decision.pk:
            record(entry, Decision.Kind.UNDO, actor=actor, now=now, undoes=made)
        BankTransaction.objects.filter(pk=entry.pk).update(
            state=ReceiptState.UNRECONCILED, ignored_reason="", proposed_at=None
        )
        reopen(entry, made)
