"""Postings that stopped and wait for a person: send one again, or give it up and have its money back."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from matching import locks
from matching.locks import Receipt
from matching.models import Decision, InvoiceMatch, StripeInvoiceMatch
from matching.services import learning
from matching.services.decisions import Actor, about, record, set_allocated
from payymo.shared.errors import BadInput, Conflict
from whmcs.locks import lock_invoices
from whmcs.models import Posting
from whmcs.services import posting as outbox
from whmcs.services.dispatching import ApiFor

Match = InvoiceMatch | StripeInvoiceMatch


class ReasonMissing(BadInput):
    """Giving up needs a reason, because somebody will ask for it."""

    code = "reason_missing"


class NotMatched(Conflict):
    """No match stands behind the posting any more."""

    code = "not_matched"


def match_of(posting: Posting) -> Match | None:
    """Return the match whose money the posting carries, unless it was reversed."""
    for model in (InvoiceMatch, StripeInvoiceMatch):
        found = model.objects.filter(posting=posting, reverses=None, reversed_by=None).first()
        if found is not None:
            return found
    return None


def give_up_posting(*, posting: Posting, reason: str, actor: Actor, now: datetime, api_for: ApiFor) -> Decision:
    """Give up a posting that WHMCS does not show: its match is reversed, and the money is to be matched again.

    Shape: WHMCS is asked first, outside the transaction; the other invoices of a split stay as they are.
    Raises: ReasonMissing, NotMatched; AlreadyBooked, PostingMovedOn; Refused or Retryable if WHMCS cannot be asked;
    nothing is written.
    """
    _why(reason)
    checked = outbox.check_not_booked(posting=posting, api_for=api_for)
    return give_up_checked(checked=checked, reason=reason, actor=actor, now=now)


def give_up_checked(*, checked: Posting, reason: str, actor: Actor, now: datetime) -> Decision:
    """Give up a posting as `check_not_booked` has returned it, with nothing asked any more.

    Raises: ReasonMissing, NotMatched, PostingMovedOn; nothing is written.
    """
    why = _why(reason)
    with transaction.atomic():
        receipt = locks.lock_receipt(_subject(_matched(checked)).public_id)
        # Read again under the lock: an undo may have been faster.
        match = _matched(checked)
        decision = record(receipt, Decision.Kind.GIVE_UP, actor=actor, now=now, reason=why)
        outbox.release(posting=checked, now=now, reason=why)
        _reverse(match, receipt, decision=decision, now=now)
    return decision


def _why(reason: str) -> str:
    why = reason.strip()[:300]
    if not why:
        raise ReasonMissing(gettext("Say why it is given up."))
    return why


def _matched(posting: Posting) -> Match:
    match = match_of(posting)
    if match is None:
        raise NotMatched(gettext("This payment is not matched with the invoice any more."))
    return match


def _subject(match: Match) -> Receipt:
    return match.bank_transaction if isinstance(match, InvoiceMatch) else match.stripe_payment


def _reverse(match: Match, receipt: Receipt, *, decision: Decision, now: datetime) -> None:
    invoice = lock_invoices([match.invoice_id])[match.invoice_id]
    type(match).objects.create(  # type: ignore[misc]
        invoice=invoice,
        amount=-match.amount,
        currency=match.currency,
        decision=decision,
        reverses=match,
        allocated_at=now,
        **about(receipt),
    )
    set_allocated(receipt, receipt.allocated - match.amount)
    learning.unlearn(receipt, {invoice.client_id}, on=match.allocated_at.date())
    # The engine looks at the payment again: it is open, and nothing is suggested for it yet.
    receipt.proposed_at = None
    receipt.save(update_fields=["proposed_at"])
