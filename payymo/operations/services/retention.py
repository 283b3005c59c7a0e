"""What is kept for how long: each kind in small steps that can be stopped, repeated and counted beforehand.

Amounts, days, decisions and the audit log stay, so that every sum and the chain still prove themselves; what names a
person goes. Source: docs/adr/0035-retention-erases-persons-and-keeps-sums.md
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from banking.models import BankConnection, BankTransaction
from banking.services import erasing as banks
from matching.models import ClientDomain, Comment, Decision, PayerProfile, Proposal, Settlement
from payments.models import StripePayment
from payments.services import erasing as stripe
from payymo.audit.services import recording as audit
from payymo.notices.models import Bundle, Delivery, Event
from tenants import context
from tenants.models import Tenant
from whmcs.models import Client, Invoice, InvoiceLine
from whmcs.services.erasing import erase_clients, erase_lines

logger = logging.getLogger(__name__)
BATCH = 500
PAYLOADS_KEPT = timedelta(days=30)
EVENTS_KEPT = timedelta(days=30)
NOTICES_KEPT = timedelta(days=365)
DELIVERIES_KEPT = timedelta(days=30)
# Within the 30 days that are promised, with time to change one's mind by a new consent.
WITHDRAWN_KEPT = timedelta(days=14)
_YEAR = timedelta(days=365.25)


@dataclass(slots=True)
class Kept:
    """How many rows of each kind were erased, or would be."""

    unmatched_transactions: int = 0
    unmatched_charges: int = 0
    lost_intents: int = 0
    payloads: int = 0
    webhook_events: int = 0
    notices: int = 0
    bundles: int = 0
    deliveries: int = 0
    withdrawn_transactions: int = 0
    old_transactions: int = 0
    old_charges: int = 0
    old_invoice_lines: int = 0
    old_clients: int = 0
    old_names_of_deciders: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(getattr(self, name) for name in self.__slots__)


def retain(
    *, now: datetime, dry_run: bool = False, should_stop: Callable[[], bool] = lambda: False, batch: int = BATCH
) -> Kept:
    """Erase what the current tenant has kept for long enough; `dry_run` only counts.

    Shape: stops between two batches when `should_stop` says so; the next run goes on.
    """
    tenant, done = Tenant.objects.get(pk=context.current().pk), Kept()
    for name, rows, erase in _steps(tenant, now, batch):
        if dry_run:
            setattr(done, name, rows.count())
            continue
        while not should_stop():
            erased = erase()
            setattr(done, name, getattr(done, name) + erased)
            if erased < batch:
                break
    if not dry_run:
        _finish_withdrawn(now, should_stop)
    if done.total and not dry_run:
        extra = {"event": "retention", "count": done.total}
        logger.info("kept for long enough, erased", extra=extra)
        audit.record(action="retention.applied", details={name: getattr(done, name) for name in done.__slots__})
    return done


def foresee(*, unmatched_days: int, bookkeeping_years: int, now: datetime) -> Kept:
    """Count what the next run would erase if these were the current tenant's periods; nothing is written."""
    tenant, counted = Tenant.objects.get(pk=context.current().pk), Kept()
    tenant.unmatched_days, tenant.bookkeeping_years = unmatched_days, bookkeeping_years
    for name, rows, _ in _steps(tenant, now, BATCH):
        setattr(counted, name, rows.count())
    return counted


Step = tuple[str, QuerySet[Any], Callable[[], int]]


def _steps(tenant: Tenant, now: datetime, batch: int) -> list[Step]:
    unmatched = now - timedelta(days=tenant.unmatched_days)
    old = now - tenant.bookkeeping_years * _YEAR
    payloads, events = now - PAYLOADS_KEPT, now - EVENTS_KEPT

    def some(rows: QuerySet[Any]) -> list[int]:
        return list(rows.values_list("pk", flat=True)[:batch])

    def names() -> int:
        found = some(_old_deciders(old).order_by("pk"))
        return Decision.objects.filter(pk__in=found).update(decided_by_name="", reason="")

    def lines() -> int:
        found = _old_lines(old).order_by("invoice_id").values_list("invoice_id", flat=True).distinct()
        return erase_lines(list(found[:batch]))

    entries = {
        "withdrawn_transactions": _withdrawn(now),
        "unmatched_transactions": unmatched_transactions(unmatched),
        "old_transactions": _old_transactions(old),
    }
    charges = {"unmatched_charges": unmatched_charges(unmatched), "old_charges": _old_charges(old)}
    return [
        *((name, rows, partial(_erase_some, erase_bank_transactions, rows, batch, now))
          for name, rows in entries.items()),
        *((name, rows, partial(_erase_some, erase_charges, rows, batch, now)) for name, rows in charges.items()),
        ("lost_intents", stripe.lost_intents(unmatched),
         lambda: stripe.erase_lost_intents(before=unmatched, limit=batch)),
        ("payloads", banks.old_payloads(payloads)[0], lambda: banks.empty_payloads(before=payloads, limit=batch)),
        ("webhook_events", stripe.old_events(events), lambda: stripe.prune_events(before=events, limit=batch)),
        ("notices", _old_notices(now), partial(_delete_some, _old_notices(now), batch)),
        ("bundles", _old_bundles(now), partial(_delete_some, _old_bundles(now), batch)),
        ("deliveries", _old_deliveries(now), partial(_delete_some, _old_deliveries(now), batch)),
        ("old_invoice_lines", _old_lines(old), lines),
        ("old_clients", _old_clients(old), partial(_erase_some, forget_clients, _old_clients(old), batch, now)),
        ("old_names_of_deciders", _old_deciders(old), names),
    ]  # fmt: skip


def _erase_some(erase: Callable[..., int], rows: QuerySet[Any], batch: int, now: datetime) -> int:
    return erase(list(rows.values_list("pk", flat=True)[:batch]), now=now)


def _delete_some(rows: QuerySet[Any], batch: int) -> int:
    found = list(rows.values_list("pk", flat=True)[:batch])
    rows.model._default_manager.filter(pk__in=found).delete()
    return len(found)


def _old_notices(now: datetime) -> QuerySet[Event]:
    """Return events with their notices; what is the case for longer than that is no news when it is seen again."""
    return Event.objects.filter(happened_at__lt=now - NOTICES_KEPT).order_by("pk")


def _old_bundles(now: datetime) -> QuerySet[Bundle]:
    return Bundle.objects.filter(made_at__lt=now - NOTICES_KEPT).order_by("pk")


def _old_deliveries(now: datetime) -> QuerySet[Delivery]:
    done = [Delivery.State.DELIVERED, Delivery.State.GIVEN_UP]
    return Delivery.objects.filter(state__in=done, due_at__lt=now - DELIVERIES_KEPT).order_by("pk")


def unmatched_transactions(before: datetime) -> QuerySet[BankTransaction]:
    """Return entries before that day that settle nothing and still say who paid."""
    settled = Settlement.objects.filter(bank_transaction=OuterRef("pk"), undone_by=None)
    rows = BankTransaction.objects.filter(banks.NOT_BOOKKEEPING, ~Exists(settled), erased_at=None)
    return rows.filter(booking_date__lt=before.date()).order_by("pk")


def unmatched_charges(before: datetime) -> QuerySet[StripePayment]:
    """Return charges before that day that settle nothing and still say who paid."""
    return StripePayment.objects.filter(stripe.NOT_BOOKKEEPING, erased_at=None, charged_at__lt=before).order_by("pk")


def _withdrawn(now: datetime) -> QuerySet[BankTransaction]:
    connections = banks.withdrawn(now - WITHDRAWN_KEPT)
    settled = Settlement.objects.filter(bank_transaction=OuterRef("pk"), undone_by=None)
    rows = BankTransaction.objects.filter(banks.NOT_BOOKKEEPING, ~Exists(settled), erased_at=None)
    return rows.filter(account__connection__in=connections).order_by("pk")


def _old_transactions(before: datetime) -> QuerySet[BankTransaction]:
    return BankTransaction.objects.filter(erased_at=None, booking_date__lt=before.date()).order_by("pk")


def _old_charges(before: datetime) -> QuerySet[StripePayment]:
    return StripePayment.objects.filter(erased_at=None, charged_at__lt=before).order_by("pk")


def _old_lines(before: datetime) -> QuerySet[InvoiceLine]:
    return InvoiceLine.objects.filter(invoice__issue_date__lt=before.date()).exclude(description="")


def _old_deciders(before: datetime) -> QuerySet[Decision]:
    return Decision.objects.filter(~Q(decided_by_name="") | ~Q(reason=""), decided_at__lt=before)


@transaction.atomic
def erase_bank_transactions(ids: list[int], *, now: datetime, waits: bool = False) -> int:
    """Erase what names a person in these entries and in what was suggested for them; return how many."""
    erased = banks.erase_transactions(ids, now=now, waits=waits)
    _forget_suggestions(Q(bank_transaction__in=erased))
    return len(erased)


@transaction.atomic
def erase_charges(ids: list[int], *, now: datetime, waits: bool = False) -> int:
    """Erase what names a person in these charges and in what was suggested for them; return how many."""
    erased = stripe.erase_payments(ids, now=now, waits=waits)
    _forget_suggestions(Q(stripe_payment__in=erased))
    return len(erased)


@transaction.atomic
def forget_clients(ids: list[int], *, now: datetime) -> int:
    """Erase names, addresses, domains and what was learned of these clients; return how many."""
    ClientDomain.objects.filter(client__in=ids).delete()
    PayerProfile.objects.filter(client__in=ids).delete()
    return erase_clients(ids, now=now)


def _old_clients(before: datetime) -> QuerySet[Client]:
    """Return clients whose last invoice is older than that; one without any invoice may become a customer yet."""
    newer = Invoice.objects.filter(client=OuterRef("pk")).exclude(issue_date__lt=before.date())
    any_ = Invoice.objects.filter(client=OuterRef("pk"))
    return Client.objects.filter(Exists(any_), ~Exists(newer), erased_at=None).order_by("pk")


def _forget_suggestions(about: Q) -> None:
    """Delete what was only suggested or said; of what was decided, the evidence goes, since it quotes the payment."""
    Comment.objects.filter(about).delete()
    Proposal.objects.filter(about, decision=None).delete()
    Proposal.objects.filter(about).update(reasons=[], why_not=[], rival=None, rules=[])


def _finish_withdrawn(now: datetime, should_stop: Callable[[], bool]) -> None:
    for connection in banks.withdrawn(now - WITHDRAWN_KEPT):
        if should_stop() or _withdrawn(now).filter(account__connection=connection).exists():
            return
        with transaction.atomic():
            locked = BankConnection.objects.select_for_update().get(pk=connection.pk)
            banks.erase_accounts_of(locked, now=now)
            audit.record(action="consent.data_erased", about=locked)
