"""A bulk approval before and after the press."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from matching.models import Decision
from matching.services import bulk
from matching.services.bulk import Held
from payymo.dashboard import words
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import Amount, BatchPage, BatchRow, BulkPage, BulkRow, Chip
from payymo.dashboard.presenters import decided, receipts
from payymo.dashboard.presenters.candidates import candidate
from tenants import days

_SAMPLES = 3
_HELD = {
    Held.NONE: gettext_lazy("There is no suggestion."),
    Held.TIE: gettext_lazy("Two candidates fit equally well."),
    Held.NEW_PAYER: gettext_lazy("Nobody has matched a payment of this payer before."),
    Held.LARGE: gettext_lazy("The amount is among the largest of the last 90 days."),
    Held.TWO_PERSONS: gettext_lazy("Two persons decide a payment of this amount."),
    Held.DISPUTE: gettext_lazy("The client disputes a charge."),
    Held.CHANGED: gettext_lazy("It has changed since you looked at it."),
}


def _row(row: bulk.Row) -> BulkRow:
    receipt, proposal = row.receipt, row.proposal
    lines = list(proposal.lines.all())
    numbers = [line.invoice.display_number for line in lines]
    key = str(receipt.public_id)
    return BulkRow(
        receipt_id=key,
        name=receipts.name_of(receipt) or _("Unknown payer"),
        amount=Amount(receipt.unallocated, receipt.currency),
        day=receipts.day_of(receipt),
        target=", ".join(numbers[:3]) + (f" +{len(numbers) - 3}" if len(numbers) > 3 else ""),
        client=proposal.client.display_name if proposal.client else "",
        band=proposal.band,  # type: ignore[arg-type]
        probability=proposal.probability,
        url=link("review_item", key),
        value="" if row.held else f"{key}:{proposal.public_id}:{row.version}",
        held=str(_HELD[row.held]) if row.held else "",
    )


def preview(rows: Sequence[bulk.Row], *, more: bool, now: datetime) -> BulkPage:
    """Show what one press would approve, and what it would not and why."""
    good = [row for row in rows if row.held is None]
    chance = secrets.SystemRandom()
    shown = chance.sample(good, min(_SAMPLES, len(good)))
    return BulkPage(
        rows=tuple(_row(row) for row in good),
        held=tuple(_row(row) for row in rows if row.held is not None),
        sums=tuple(Amount(value, currency) for currency, value in sorted(bulk.sums(good).items())),
        samples=tuple(candidate(row.receipt, row.proposal, days.today(now)) for row in shown),
        key=str(uuid.uuid4()),
        approve_url=link("review_bulk"),
        back_url=link("review"),
        lowest=min((row.proposal.probability for row in good), default=None),
        more=more,
    )


def batch(key: uuid.UUID, decisions: Sequence[Decision], *, now: datetime) -> BatchPage:
    """Show what was approved in one go, and whether it can be taken back."""
    bars = [decided.undo_bar(each, now=now) for each in decisions]
    undoable = sum(1 for bar in bars if bar.undo_url)
    return BatchPage(
        rows=tuple(_batch_row(each) for each in decisions),
        review_url=link("review"),
        undo_url=link("review_batch_undo", key) if undoable else "",
        undoable=undoable,
        seconds=min((bar.seconds for bar in bars if bar.undo_url and bar.seconds and not bar.held), default=0),
        held=next((bar.held for bar in bars if bar.held), ""),
        held_url=offer("connections"),
    )


def _batch_row(decision: Decision) -> BatchRow:
    receipt = decision.bank_transaction or decision.stripe_payment
    assert receipt is not None  # noqa: S101 - kept by a constraint
    matches = decision.invoicematch_set if decision.bank_transaction_id else decision.stripeinvoicematch_set
    found = list(matches.all())
    postings = [match.posting for match in found if match.posting]
    if hasattr(decision, "undone_by"):
        state = Chip(_("Undone"), "neutral")
    elif postings:
        state = words.state_chip(postings[0].state, str(postings[0].get_state_display()))
    else:
        state = Chip(str(decision.get_kind_display()), "ok")
    return BatchRow(
        text=receipts.name_of(receipt) or _("Unknown payer"),
        amount=receipts.amount_of(receipt),
        target=", ".join(match.invoice.display_number for match in found),
        state=state,
        url=offer("transaction", receipt.public_id),
    )
