"""New and changed invoices: written down for the look-ups, and the payments they may concern looked at again."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from banking.models import BankTransaction
from matching import adapters
from matching.core.concern import Interest
from matching.locks import Receipt
from matching.models import Band, PayerProfile, Proposal
from matching.services import indexing
from matching.services.saving import OPEN_STATES
from payments.models import StripePayment
from payymo.shared.money import UnreadableAmount
from whmcs.locks import lock_invoices
from whmcs.models import Client, Invoice

LOOK_BACK_DAYS = 400
_BATCH = 2000
_PIECE = 2000


def requeue_for_changed_invoices(*, now: datetime, limit: int = 50 * _BATCH) -> int:
    """Take up the invoices that changed and let the engine look again at the receipts that they may concern.

    Shape: returns how many invoices. A receipt with an exact suggestion elsewhere is left alone, unless a changed
    invoice or its client is in that suggestion. Each batch is a transaction of its own.
    """
    done = 0
    while done < limit:
        changed = list(Invoice.objects.filter(matched_at=None).order_by("pk")[:_BATCH])
        if not changed:
            break
        taken = _take_up(changed, now=now)
        done += taken
        if not taken:
            break
    return done


@transaction.atomic
def _take_up(changed: Sequence[Invoice], *, now: datetime) -> int:
    """Receipts are locked before invoices; what changed between the reading and the lock waits for the next round."""
    for model, keys in _concerned(changed, now=now).items():
        model.objects.filter(pk__in=keys).update(proposed_at=None)
    locked = lock_invoices(invoice.pk for invoice in changed)
    same = [invoice for invoice in changed if _facts(locked[invoice.pk]) == _facts(invoice)]
    indexing.take_up(same)
    return Invoice.objects.filter(pk__in=[invoice.pk for invoice in same]).update(matched_at=now)


def _facts(invoice: Invoice) -> tuple[Any, ...]:
    return tuple(getattr(invoice, name) for name in adapters.INVOICE_COLUMNS)


def _concerned(changed: Sequence[Invoice], *, now: datetime) -> dict[type[Any], list[int]]:
    earliest = (now - timedelta(days=LOOK_BACK_DAYS)).date()
    found: dict[type[Any], list[int]] = {}
    interest: Interest | None = None
    for model, recent in (
        (BankTransaction, Q(booking_date__gte=earliest)),
        (StripePayment, Q(charged_at__date__gte=earliest)),
    ):
        rows = model.objects.filter(state__in=OPEN_STATES, proposed_at__isnull=False).defer("raw_sealed")
        keys = set(_offered(rows, changed))
        unsure = rows.filter(recent, pk__in=_unsure(model)).order_by("pk")
        for receipt in unsure.iterator(chunk_size=_PIECE):
            interest = interest or _interest(changed)
            if receipt.pk not in keys and _may_concern(interest, receipt):
                keys.add(receipt.pk)
        found[model] = sorted(keys)
    return found


def _offered(rows: "QuerySet[Any]", changed: Sequence[Invoice]) -> Iterator[int]:
    """Receipts to which one of these invoices, or another of its client, is suggested."""
    invoices = [invoice.pk for invoice in changed]
    clients = sorted({invoice.client_id for invoice in changed})
    offered = Q(lines__invoice__in=invoices) | Q(client__in=clients)
    opened = Proposal.objects.filter(offered, status=Proposal.Status.OPEN)
    name = "bank_transaction_id" if rows.model is BankTransaction else "stripe_payment_id"
    keys = opened.exclude(**{name: None}).values_list(name, flat=True).order_by().distinct()
    yield from rows.filter(pk__in=list(keys)).values_list("pk", flat=True)


def _unsure(model: type[Any]) -> Any:
    """The receipts whose best suggestion is not exact."""
    best = Proposal.objects.filter(status=Proposal.Status.OPEN, rank=1).exclude(band=Band.EXACT)
    name = "bank_transaction_id" if model is BankTransaction else "stripe_payment_id"
    return best.exclude(**{name: None}).values(name)


def _interest(changed: Iterable[Invoice]) -> Interest:
    invoices = [
        adapters.invoice_of(tuple(getattr(invoice, name) for name in adapters.INVOICE_COLUMNS)) for invoice in changed
    ]
    ids = sorted({invoice.client_id for invoice in invoices})
    rows = Client.objects.filter(pk__in=ids).values_list(*adapters.CLIENT_COLUMNS)
    interest = Interest(invoices, map(adapters.client_of, rows))
    known = PayerProfile.objects.filter(client__in=ids, hits__gt=0)
    for kind, key in known.values_list("kind", "key").iterator(chunk_size=_PIECE):
        interest.add_payer(kind, key)
    return interest


def _may_concern(interest: Interest, receipt: Receipt) -> bool:
    try:
        return interest.may_concern(adapters.to_receipt(receipt, rest_only=True))
    except UnreadableAmount:
        return False
