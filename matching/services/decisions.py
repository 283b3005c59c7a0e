"""What every decision writes: its row, the receipt's state, and which suggestions it makes stale."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils.translation import gettext

from accounts.models import User
from banking.models import BankTransaction
from matching.locks import Receipt
from matching.models import Decision, Proposal
from matching.rule_models import MatchingRule
from payments.models import StripePayment
from payymo.audit.acting import Acting
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict
from payymo.shared.models import ReceiptState
from whmcs.models import Invoice

# Decided by what the tenant set up, and by no person.
NOBODYS = (Decision.Source.POLICY, Decision.Source.RULE)


class AlreadyDecided(Conflict):
    """Somebody was faster."""

    code = "already_decided"


class NothingLeftToAllocate(Conflict):
    """The receipt or the invoice does not hold this amount any more."""

    code = "nothing_left"


class UnusableAllocation(BadInput):
    """The amounts or invoices of a match by hand do not fit."""

    code = "unusable_allocation"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who decides: a person, staff acting for the tenant, the tenant's policy, or one of its rules.

    Shape: `batch` is shared by what is approved in one go; `by_key` when a program acts with a member's API key; a
    `name` is shown instead of the user's own. Units: `open_ms` milliseconds, None where no browser measured them.
    """

    source: Decision.Source
    user: User | None = None
    name: str = ""
    batch: uuid.UUID | None = None
    by_key: bool = False
    open_ms: int | None = None

    @classmethod
    def person(cls, user: User, *, by_key: bool = False, open_ms: int | None = None) -> "Actor":
        """Name a member of the tenant."""
        return cls(Decision.Source.PERSON, user, by_key=by_key, open_ms=open_ms)

    @classmethod
    def staff(cls, user: User) -> "Actor":
        """Name a member of Payymo's staff."""
        return cls(Decision.Source.STAFF, user)

    @classmethod
    def policy(cls) -> "Actor":
        """Name the auto-approval policy."""
        return cls(Decision.Source.POLICY)

    @classmethod
    def by_rule(cls, rule: MatchingRule) -> "Actor":
        """Name a rule of the tenant."""
        return cls(Decision.Source.RULE, name=f"Rule “{rule.name}”")


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and the other receipts whose suggestions it made stale (public ids)."""

    decision: Decision
    stale: tuple[str, ...] = ()


def require_open(receipt: Receipt) -> None:
    """Pass if the receipt can still be matched.

    Raises: AlreadyDecided, UnusableAllocation.
    """
    if receipt.state == ReceiptState.IGNORED:
        raise AlreadyDecided(gettext("This payment is ignored. Undo that first."))
    if receipt.state == ReceiptState.RECONCILED:
        raise AlreadyDecided(gettext("This payment is matched already."))
    if receipt.amount <= 0:
        raise UnusableAllocation(gettext("Money that left the account settles no invoice."))


def about(receipt: Receipt) -> dict[str, Any]:
    """Return the foreign key fields that point to the receipt."""
    return {"bank_transaction": receipt} if isinstance(receipt, BankTransaction) else {"stripe_payment": receipt}


def record(receipt: Receipt, kind: Decision.Kind, *, actor: Actor, now: datetime, **fields: Any) -> Decision:
    """Write the decision's row and its entry in the audit log."""
    decision = Decision.objects.create(
        kind=kind,
        source=actor.source,
        decided_by_id=actor.user.pk if actor.user else None,
        decided_by_name=(actor.name or (actor.user.display_name if actor.user else ""))[:120],
        decided_at=now,
        batch=actor.batch,
        open_ms=actor.open_ms,
        **about(receipt),
        **fields,
    )
    who = Acting(actor.source, actor.user.public_id if actor.user else None)
    audit.record(action=f"decision.{kind.lower()}", by=who, about=decision, details={"receipt": str(receipt.public_id)})
    return decision


def set_allocated(receipt: Receipt, amount: Decimal) -> None:
    """Write what the locked receipt has given away, and the state that follows from it.

    Shape: what is left after more was given away is for the engine to look at; the proposals so far are closed.
    """
    gave_more, receipt.allocated = amount > receipt.allocated, amount
    if amount == 0:
        receipt.state = ReceiptState.UNRECONCILED
    elif amount == receipt.amount:
        receipt.state = ReceiptState.RECONCILED
    else:
        receipt.state = ReceiptState.PARTLY_ALLOCATED
        receipt.proposed_at = None if gave_more else receipt.proposed_at
    receipt.save(update_fields=["allocated", "state", "proposed_at"])


def close_proposals(proposals: Iterable[Proposal], *, decision: Decision, chosen: Proposal | None = None) -> None:
    """End the locked open proposals of a receipt; they remember the decision, so that an undo can reopen them."""
    for proposal in proposals:
        is_chosen = chosen is not None and proposal.pk == chosen.pk
        proposal.status = Proposal.Status.APPROVED if is_chosen else Proposal.Status.SUPERSEDED
        proposal.decision = decision
        proposal.save(update_fields=["status", "decision"])


def requeue_rivals(invoices: Iterable[Invoice], *, besides: Receipt) -> list[str]:
    """Let the engine look again at other receipts that were offered these invoices; return their public ids."""
    offered = Proposal.objects.filter(status=Proposal.Status.OPEN, lines__invoice__in=list(invoices)).exclude(
        **about(besides)
    )
    bank = set(offered.exclude(bank_transaction=None).values_list("bank_transaction__public_id", flat=True))
    charges = set(offered.exclude(stripe_payment=None).values_list("stripe_payment__public_id", flat=True))
    BankTransaction.objects.filter(public_id__in=bank).update(proposed_at=None)
    StripePayment.objects.filter(public_id__in=charges).update(proposed_at=None)
    return sorted(str(key) for key in bank | charges)


def reopen(receipt: Receipt, decision: Decision) -> None:
    """Bring back the proposals that a decision ended, in place of whatever was proposed since."""
    Proposal.objects.filter(status=Proposal.Status.OPEN, **about(receipt)).update(status=Proposal.Status.SUPERSEDED)
    Proposal.objects.filter(decision=decision).update(status=Proposal.Status.OPEN, decision=None)


def shift_ranks(receipt: Receipt, *, by: int) -> None:
    """Move all open proposals of a receipt up or down, one after the other so that no two share a rank."""
    mine = Proposal.objects.filter(status=Proposal.Status.OPEN, **about(receipt))
    for key in list(mine.order_by("rank" if by < 0 else "-rank").values_list("pk", flat=True)):
        Proposal.objects.filter(pk=key).update(rank=F("rank") + by)
