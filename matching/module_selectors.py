"""What the addon module of one WHMCS installation may see of the suggestions: those that concern it alone."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from accounts import reach
from matching.models import Band, Proposal, ProposalLine
from whmcs.models import Client, Invoice, Posting, WhmcsInstance
from whmcs.selectors import open_invoices, postings_within_reach

_STATE = Posting.State
_WAITS = (_STATE.QUEUED, _STATE.SENDING, _STATE.RETRYABLE, _STATE.UNKNOWN)
_STOPPED = (_STATE.CONFLICT, _STATE.FAILED)


def suggestions(instance: WhmcsInstance) -> QuerySet[Proposal]:
    """Return the open suggestions within reach whose invoices are all this installation's, the surest first.

    Shape: receipt and lines with their invoices are loaded. One that also names another installation's invoice is left
    out: nobody in this WHMCS decides about that one.
    """
    named = ProposalLine.objects.filter(proposal=OuterRef("pk"))
    here = named.filter(invoice__instance=instance)
    elsewhere = named.exclude(invoice__instance=instance)
    found = Proposal.objects.filter(
        reach.by_account("bank_transaction__account"), Exists(here), ~Exists(elsewhere), status=Proposal.Status.OPEN
    ).exclude(band=Band.NONE)
    return (
        found.select_related("bank_transaction", "stripe_payment")
        .prefetch_related("lines__invoice")
        .order_by("-probability", "rank", "-pk")
    )


def suggestion(instance: WhmcsInstance, public_id: uuid.UUID) -> Proposal | None:
    """Return one of them."""
    return suggestions(instance).filter(public_id=public_id).first()


def for_invoice(invoice: Invoice, *, limit: int) -> list[Proposal]:
    """Return the surest suggestions that name this invoice."""
    line = ProposalLine.objects.filter(proposal=OuterRef("pk"), invoice=invoice)
    return list(suggestions(invoice.instance).filter(Exists(line))[:limit])


def for_client(client: Client, *, limit: int) -> list[Proposal]:
    """Return the best suggestion of each payment that names an invoice of this client, the surest first."""
    line = ProposalLine.objects.filter(proposal=OuterRef("pk"), invoice__client=client)
    return list(suggestions(client.instance).filter(Exists(line), rank=1)[:limit])


@dataclass(frozen=True, slots=True)
class Total:
    """So many, together so much, in one currency."""

    currency: str
    amount: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """An installation at a glance."""

    open_suggestions: int
    posted: tuple[Total, ...]
    postings_waiting: int
    postings_stopped: int


def figures(instance: WhmcsInstance, *, since: datetime) -> Figures:
    """Count what waits, and sum what was posted since a moment, by currency."""
    mine = postings_within_reach().filter(instance=instance)
    counted = mine.aggregate(
        waiting=Count("pk", filter=Q(state__in=_WAITS)), stopped=Count("pk", filter=Q(state__in=_STOPPED))
    )
    posted = mine.filter(state=_STATE.POSTED, posted_at__gte=since).order_by("currency").values("currency")
    return Figures(
        open_suggestions=suggestions(instance).filter(rank=1).count(),
        posted=tuple(
            Total(row["currency"], row["sum"], row["count"])
            for row in posted.annotate(sum=Sum("amount"), count=Count("pk"))
        ),
        postings_waiting=counted["waiting"],
        postings_stopped=counted["stopped"],
    )


def owed_by(client: Client) -> tuple[Total, ...]:
    """Sum what the client's open invoices still owe beyond what is reserved, by currency."""
    rows = open_invoices().filter(client=client).order_by("currency").values("currency")
    return tuple(
        Total(row["currency"], row["sum"], row["count"])
        for row in rows.annotate(sum=Sum(F("balance") - F("reserved")), count=Count("pk"))
    )


def postings_of(invoice: Invoice, *, limit: int) -> list[Posting]:
    """Return the invoice's latest postings within reach, newest first."""
    return list(postings_within_reach().filter(invoice=invoice).order_by("-pk")[:limit])
