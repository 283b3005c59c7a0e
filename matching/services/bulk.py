"""Approving many suggestions in one go: what is held back and why, and each row under its own lock."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from django.db import connection, transaction
from django.utils.translation import gettext

from banking.models import BankTransaction
from matching import locks, selectors
from matching.locks import Receipt
from matching.models import Band, Decision, PayerProfile, Proposal, StripeInvoiceMatch
from matching.services import allocation, learning, second_look, undoing
from matching.services.decisions import Actor
from matching.versions import version_of
from payments.models import Dispute, StripePayment
from payymo.shared.errors import DomainError
from payymo.shared.models import ReceiptState

MOST_ROWS = 200
_LOOK_BACK = timedelta(days=90)
# Stripe's words for a dispute that nothing more comes of.
_ENDED = ("won", "lost", "prevented", "warning_closed")
_OPEN = (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED)


class Held(StrEnum):
    """Why a row stays in the queue."""

    NONE = "none"
    TIE = "tie"
    NEW_PAYER = "new_payer"
    LARGE = "large"
    TWO_PERSONS = "two_persons"
    DISPUTE = "dispute"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Row:
    """A payment with its best suggestion. Shape: `held` is None where it may be approved with the others."""

    receipt: Receipt
    proposal: Proposal
    version: str
    held: Held | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A row as it was shown: which suggestion, and the version of the payment it was shown in."""

    receipt_id: str
    proposal_id: str
    version: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not approved, and why, in words."""

    receipt_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch. Shape: `approved` are decisions, in the order of the rows."""

    batch: uuid.UUID
    approved: tuple[Decision, ...]
    refused: tuple[Refused, ...]


def preview(*, proposals: Sequence[Proposal], now: datetime) -> tuple[Row, ...]:
    """Say of each payment whether it may be approved with the others; a fixed number of queries.

    Shape: `proposals` are the best of their payments, with receipts and lines loaded; at most 200 are looked at.
    """
    looked_at = list(proposals[:MOST_ROWS])
    opened = selectors.proposals_of_many([_receipt(each) for each in looked_at])
    held = _held_back(looked_at, now=now)
    return tuple(
        Row(
            receipt=_receipt(each),
            proposal=each,
            version=version_of(_receipt(each), opened.get(_key(_receipt(each)), [])),
            held=held.get(each.pk),
        )
        for each in looked_at
    )


def _receipt(proposal: Proposal) -> Receipt:
    receipt = proposal.bank_transaction or proposal.stripe_payment
    assert receipt is not None  # noqa: S101 - kept by a constraint
    return receipt


def _key(receipt: Receipt) -> tuple[bool, int]:
    return isinstance(receipt, BankTransaction), receipt.pk


def _held_back(proposals: Sequence[Proposal], *, now: datetime) -> dict[int, Held]:
    """The reason for each proposal that stays, the gravest first."""
    disputed = _clients_in_dispute()
    large = _large_amounts(since=(now - _LOOK_BACK).date())
    both = second_look.limits()
    known = _known_payers([_receipt(each) for each in proposals])
    found: dict[int, Held] = {}
    for proposal in proposals:
        receipt = _receipt(proposal)
        clients = {line.invoice.client_id for line in proposal.lines.all()}
        if proposal.band == Band.NONE or not clients:
            found[proposal.pk] = Held.NONE
        elif proposal.is_tie:
            found[proposal.pk] = Held.TIE
        elif clients & disputed:
            found[proposal.pk] = Held.DISPUTE
        elif second_look.is_above(both, receipt):
            found[proposal.pk] = Held.TWO_PERSONS
        elif receipt.amount > large.get(receipt.currency, receipt.amount):
            found[proposal.pk] = Held.LARGE
        elif not known[_key(receipt)]:
            found[proposal.pk] = Held.NEW_PAYER
    return found


def _clients_in_dispute() -> set[int]:
    """The clients one of whose charges is disputed just now."""
    open_ = Dispute.objects.exclude(status__in=_ENDED).values("payment")
    matches = StripeInvoiceMatch.objects.filter(stripe_payment__in=open_, reverses=None, reversed_by=None)
    return set(matches.values_list("invoice__client", flat=True))


_LARGE = """
    SELECT currency, percentile_disc(0.99) WITHIN GROUP (ORDER BY amount)
    FROM (
        SELECT currency, amount FROM {bank} WHERE booking_date >= %(since)s AND amount > 0
        UNION ALL
        SELECT currency, amount FROM {stripe} WHERE charged_at >= %(since)s AND amount > 0
    ) AS received
    GROUP BY currency
"""


def _large_amounts(*, since: date) -> dict[str, Decimal]:
    """By currency, the amount that 99 of 100 payments since that day do not exceed."""
    quote = connection.ops.quote_name
    names = {"bank": quote(BankTransaction._meta.db_table), "stripe": quote(StripePayment._meta.db_table)}
    with connection.cursor() as cursor:
        # Only names of our own tables are put into the statement; the day is a parameter.
        cursor.execute(_LARGE.format(**names), {"since": since})
        return dict(cursor.fetchall())


def _known_payers(receipts: Iterable[Receipt]) -> dict[tuple[bool, int], bool]:
    """Whether somebody has matched a payment of this payer before."""
    keys = {_key(receipt): learning.keys_of(receipt) for receipt in receipts}
    wanted = {key for pairs in keys.values() for _, key in pairs}
    rows = PayerProfile.objects.filter(key__in=wanted, hits__gt=0).values_list("kind", "key")
    known = set(rows.distinct())
    return {receipt: any(pair in known for pair in pairs) for receipt, pairs in keys.items()}


def approve_many(*, rows: Sequence[Chosen], actor: Actor, batch: uuid.UUID, now: datetime) -> Outcome:
    """Approve each row that is still as it was shown and is not held back; every row is a transaction of its own.

    Shape: `batch` names the go; the same rows again approve nothing twice.
    """
    together = replace(actor, batch=batch)
    approved: list[Decision] = []
    refused: list[Refused] = []
    for chosen in rows[:MOST_ROWS]:
        try:
            approved.append(_approve(chosen, together, now))
        except (DomainError, Proposal.DoesNotExist, locks.UnknownReceipt) as error:
            replaced = gettext("This suggestion was replaced meanwhile.")
            text = str(error) if isinstance(error, DomainError) else replaced
            refused.append(Refused(chosen.receipt_id, text))
    return Outcome(batch, tuple(approved), tuple(refused))


class HeldBack(DomainError):
    """The row needs a look of its own."""

    code = "held_back"
    status = 409


@transaction.atomic
def _approve(chosen: Chosen, actor: Actor, now: datetime) -> Decision:
    receipt = locks.lock_receipt(chosen.receipt_id)
    opened = selectors.proposals_of(receipt)
    if receipt.state not in _OPEN or version_of(receipt, opened) != chosen.version:
        raise HeldBack(gettext("It has changed since you looked at it; nothing was saved."))
    proposal = next((each for each in opened if str(each.public_id) == chosen.proposal_id), None)
    if proposal is None:
        raise HeldBack(gettext("This suggestion was replaced meanwhile."))
    if _held_back([proposal], now=now):
        raise HeldBack(gettext("It needs a look of its own."))
    return allocation.approve_proposal(proposal_id=proposal.public_id, actor=actor, now=now).decision


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of undoing a batch."""

    undone: int
    refused: tuple[Refused, ...]


def undo_batch(*, batch: uuid.UUID, actor: Actor, now: datetime, may_undo_others: bool = False) -> TakenBack:
    """Take back every decision of a batch that is not on its way to WHMCS yet, each completely or not at all."""
    undone, refused = 0, []
    for decision in selectors.decisions_of_batch(batch):
        if hasattr(decision, "undone_by"):
            continue
        try:
            undoing.undo_decision(decision_id=decision.public_id, actor=actor, now=now, may_undo_others=may_undo_others)
            undone += 1
        except DomainError as error:
            receipt = decision.bank_transaction or decision.stripe_payment
            assert receipt is not None  # noqa: S101 - kept by a constraint
            refused.append(Refused(str(receipt.public_id), str(error)))
    return TakenBack(undone, tuple(refused))


def sums(rows: Iterable[Row]) -> Mapping[str, Decimal]:
    """Add up what is received, by currency."""
    found: dict[str, Decimal] = {}
    for row in rows:
        found[row.receipt.currency] = found.get(row.receipt.currency, Decimal(0)) + row.receipt.unallocated
    return found
