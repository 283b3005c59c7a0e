"""Deciding about postings: leaving one in the outbox, taking it back, linking, trying again, giving up.

`whmcs/services/dispatching.py` sends them. A posting belongs to one invoice, and its amount is reserved on that row
until WHMCS shows the payment or somebody takes the posting back.
"""

import uuid
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext

from payymo.shared.errors import BadInput, Conflict
from payymo.shared.money import UnreadableAmount, to_minor
from tenants import context
from tenants.models import Tenant
from whmcs.locks import lock_invoices
from whmcs.models import Invoice, Posting, WhmcsInstance, WhmcsTransaction
from whmcs.services.booked import Booked, look_up
from whmcs.services.dispatching import ApiFor
from whmcs.services.transitions import begin, count_reserved, move, was_ever_sent

__all__ = [
    *("PAYABLE", "PostingRun", "abandon_posting", "leave_pending", "link_existing"),
    *("OWN_PREFIX", "ForgottenBooking", "PostingPaused", "forgotten_bookings"),
    *("check_not_booked", "post_pending", "release", "retry_posting", "withdraw"),
]
State, Kind = Posting.State, Posting.Kind
# Of every transaction id that Payymo gives, so that what it booked can be told from the rest, records lost or not.
OWN_PREFIX = "PM-"
PAYABLE = frozenset(Invoice.OPEN)


class CurrencyMismatch(BadInput):
    """The payment and the invoice are in different currencies."""

    code = "currency_mismatch"


class UnusableAmount(BadInput):
    """The amount is not above zero, or has more decimals than its currency."""

    code = "unusable_amount"


class NoGateway(BadInput):
    """It is not said under which payment method WHMCS should book."""

    code = "no_gateway"


class InvoiceNotPayable(Conflict):
    """The invoice is a draft, paid, cancelled or refunded, or its WHMCS is no longer connected."""

    code = "invoice_not_payable"


class MoreThanOutstanding(Conflict):
    """The amount is more than the invoice still owes, and nobody accepted that."""

    code = "more_than_outstanding"


class PostingPaused(Conflict):
    """The database was restored, and WHMCS was not compared with it yet."""

    code = "posting_paused"


class ForgottenBooking(Conflict):
    """WHMCS shows a payment of ours on this invoice of which there is no record here any more."""

    code = "forgotten_booking"


class PostingKeyUsed(Conflict):
    """The key names another posting already."""

    code = "posting_key_used"


class PostingMovedOn(Conflict):
    """The posting is no longer in a state in which this can be done."""

    code = "posting_moved_on"


class NothingLeftToLink(Conflict):
    """The booking is not on this invoice, or other payments use its amount already."""

    code = "nothing_left_to_link"


class AlreadyBooked(Conflict):
    """WHMCS shows the payment."""

    code = "already_booked"


def leave_pending(
    *,
    invoice: Invoice,
    amount: Decimal,
    currency: str,
    paid_at: datetime,
    now: datetime,
    gateway: str,
    not_before: datetime,
    allows_overpayment: bool = False,
    key: uuid.UUID | None = None,
    fees: Decimal = Decimal(0),
) -> Posting:
    """Reserve the amount on the invoice and leave a posting to be sent at `not_before` or later.

    Shape: `key` becomes the posting's public id; leaving the same again returns the first one.
    Raises: CurrencyMismatch, UnusableAmount, NoGateway, InvoiceNotPayable, MoreThanOutstanding, PostingPaused,
    ForgottenBooking, PostingKeyUsed; nothing is written.
    """
    _check_amount(amount, currency)
    if not gateway:
        raise NoGateway(gettext("No payment method is chosen under which WHMCS should book this."))
    public_id = key or uuid.uuid4()
    with transaction.atomic():
        locked = lock_invoices([invoice.pk])[invoice.pk]
        existing = Posting.objects.filter(public_id=public_id).first()
        if existing is not None:
            return _same(existing, locked, amount, currency)
        if not locked.is_credit_account:
            _check_invoice(locked, amount, currency, allows_overpayment)
        _check_nothing_is_forgotten(locked)
        posting = Posting(
            public_id=public_id,
            instance_id=locked.instance_id,
            invoice=locked,
            amount=amount,
            currency=currency,
            fees=fees,
            paid_at=paid_at,
            gateway=gateway,
            transaction_id=f"{OWN_PREFIX}{public_id.hex}",
            allows_overpayment=allows_overpayment,
            expected_balance=locked.balance,
            expected_status=locked.status,
            not_before=not_before,
        )
        begin(posting, now=now, reason="approved")
        count_reserved(locked)
    invoice.reserved = locked.reserved
    return posting


def withdraw(*, posting: Posting, now: datetime, reason: str = "taken back") -> Posting:
    """Take back a posting that no worker has begun to send, or a link to what WHMCS had booked; free its amount.

    Raises: PostingMovedOn once it is being sent; nothing is written.
    """
    with transaction.atomic():
        locked = lock_invoices([posting.invoice_id])[posting.invoice_id]
        current = Posting.objects.get(pk=posting.pk)
        is_unsent = current.kind == Kind.POST and current.state == State.QUEUED and not was_ever_sent(current)
        is_link = current.kind == Kind.LINK and current.state == State.POSTED
        if not (is_unsent or is_link) or not move(current, State.WITHDRAWN, now=now, reason=reason):
            raise PostingMovedOn(
                gettext("The payment is being posted to WHMCS, or was; it can no longer be taken back.")
            )
        count_reserved(locked)
    return current


def link_existing(
    *,
    booking: WhmcsTransaction,
    invoice: Invoice,
    amount: Decimal,
    currency: str,
    paid_at: datetime,
    now: datetime,
    key: uuid.UUID | None = None,
) -> Posting:
    """Record that WHMCS has booked this payment already, so that it is never posted.

    Raises: CurrencyMismatch, UnusableAmount, NothingLeftToLink, PostingKeyUsed; nothing is written.
    """
    _check_amount(amount, currency)
    public_id = key or uuid.uuid4()
    with transaction.atomic():
        locked = lock_invoices([invoice.pk])[invoice.pk]
        existing = Posting.objects.filter(public_id=public_id).first()
        if existing is not None:
            return _same(existing, locked, amount, currency)
        if currency != locked.currency:
            raise CurrencyMismatch(
                gettext("The payment is in %(currency)s, the invoice in %(currency2)s.")
                % {"currency": currency, "currency2": locked.currency}
            )
        current = WhmcsTransaction.objects.get(pk=booking.pk)
        used = Posting.objects.filter(whmcs_transaction=current).exclude(state=State.WITHDRAWN)
        left = current.amount_in - (used.aggregate(sum=Sum("amount"))["sum"] or Decimal(0))
        if current.invoice_id != locked.pk or amount > left:
            raise NothingLeftToLink(
                gettext("WHMCS's booking is not on this invoice, or another payment uses it already.")
            )
        posting = Posting(
            public_id=public_id,
            kind=Kind.LINK,
            state=State.POSTED,
            instance_id=locked.instance_id,
            invoice=locked,
            amount=amount,
            currency=currency,
            paid_at=paid_at,
            gateway=current.gateway,
            transaction_id=current.transaction_id[:64],
            not_before=now,
            posted_at=now,
            whmcs_transaction=current,
        )
        begin(posting, now=now, reason="found booked in WHMCS")
    return posting


def retry_posting(*, posting: Posting, now: datetime, accepts_overpayment: bool = False) -> Posting:
    """Let a posting that stopped be tried again; like any send it begins with a look-up in WHMCS.

    Shape: what the invoice shows now is what the next send expects, since a person has seen it.
    Raises: PostingMovedOn unless it waits for a person or for its next try; nothing is written.
    """
    with transaction.atomic():
        locked = lock_invoices([posting.invoice_id])[posting.invoice_id]
        current = Posting.objects.get(pk=posting.pk)
        can_retry = current.state in (State.CONFLICT, State.FAILED, State.RETRYABLE)
        if not can_retry or not move(
            current,
            State.QUEUED,
            now=now,
            reason="tried again by a person",
            not_before=now,
            attempts=0,
            absent_look_ups=0,
            expected_balance=locked.balance,
            expected_status=locked.status,
            allows_overpayment=current.allows_overpayment or accepts_overpayment,
        ):
            raise PostingMovedOn(gettext("The posting is not waiting for anybody; look at its state again."))
        count_reserved(locked)
    return current


def abandon_posting(*, posting: Posting, now: datetime, reason: str, api_for: ApiFor) -> Posting:
    """Give up a posting that was not booked, and free its amount.

    Shape: WHMCS is asked first, outside the transaction, unless it is no longer connected.
    Raises: what `check_not_booked` and `release` raise; nothing is written.
    """
    return release(posting=check_not_booked(posting=posting, api_for=api_for), now=now, reason=reason)


def check_not_booked(*, posting: Posting, api_for: ApiFor) -> Posting:
    """Make sure that a posting which stopped is not in WHMCS's book, and return it as it is now. Writes nothing.

    Raises: AlreadyBooked if WHMCS shows the payment; PostingMovedOn unless it has stopped; Refused or Retryable if
    WHMCS cannot be asked.
    """
    current = Posting.objects.select_related("invoice__client", "instance").get(pk=posting.pk)
    if current.kind != Kind.POST or current.state not in (State.QUEUED, State.RETRYABLE, State.CONFLICT, State.FAILED):
        raise PostingMovedOn(gettext("The payment is being posted to WHMCS, or was; look at its state again."))
    if current.instance.state != WhmcsInstance.State.REMOVED and was_ever_sent(current):
        found = look_up(api_for(current.instance), current)
        if found.verdict is Booked.EQUAL:
            raise AlreadyBooked(
                gettext("WHMCS shows this payment. Try the posting again, and it is recorded as posted.")
            )
    return current


def release(*, posting: Posting, now: datetime, reason: str) -> Posting:
    """Give up a posting as `check_not_booked` has returned it, and free its amount.

    Raises: PostingMovedOn when a worker took it since; nothing is written.
    """
    current = posting
    with transaction.atomic():
        locked = lock_invoices([current.invoice_id])[current.invoice_id]
        if not move(current, State.WITHDRAWN, now=now, reason=f"given up: {reason}"):
            raise PostingMovedOn(gettext("The posting has moved on; look at its state again."))
        locked.needs_reading = not locked.is_credit_account
        locked.save(update_fields=["needs_reading"])
        count_reserved(locked)
    return current


def _check_amount(amount: Decimal, currency: str) -> None:
    try:
        is_usable = amount > 0 and to_minor(amount, currency) > 0
    except UnreadableAmount as error:
        raise UnusableAmount(str(error)) from error
    if not is_usable:
        raise UnusableAmount(gettext("The amount must be above zero."))


def forgotten_bookings() -> QuerySet[WhmcsTransaction]:
    """Return the payments that Payymo has booked and that no posting here tells of: those made after a backup."""
    return WhmcsTransaction.objects.filter(
        transaction_id__startswith=OWN_PREFIX, amount_in__gt=0, postings=None
    ).exclude(Exists(Posting.objects.filter(transaction_id=OuterRef("transaction_id"))))


def _check_nothing_is_forgotten(invoice: Invoice) -> None:
    """A restored database does not know what was posted since: the same money could be booked a second time."""
    if Tenant.objects.filter(pk=context.current().pk, posting_paused_at__isnull=False).exists():
        raise PostingPaused(
            gettext("Payymo was restored from a backup and first compares its book with WHMCS. Try again later.")
        )
    if forgotten_bookings().filter(_booked_on(invoice)).exists():
        raise ForgottenBooking(
            gettext(
                "WHMCS shows a payment on invoice %(display_number)s that Payymo booked before it was restored from a "
                "backup. It is linked when its transfer comes in; nothing more is booked on this invoice until then."
            )
            % {"display_number": invoice.display_number}
        )


def _booked_on(invoice: Invoice) -> Q:
    """A ledger row of a client's credit names no invoice."""
    if not invoice.is_credit_account:
        return Q(invoice=invoice)
    return Q(instance=invoice.instance, client_whmcs_id=invoice.client.whmcs_id, invoice=None)


def _check_invoice(invoice: Invoice, amount: Decimal, currency: str, allows_overpayment: bool) -> None:
    if currency != invoice.currency:
        raise CurrencyMismatch(
            gettext("The payment is in %(currency)s, the invoice in %(currency2)s.")
            % {"currency": currency, "currency2": invoice.currency}
        )
    if invoice.status not in PAYABLE or invoice.instance.state == WhmcsInstance.State.REMOVED:
        raise InvoiceNotPayable(
            gettext("Invoice %(display_number)s is %(status)s; no payment can be added.")
            % {"display_number": invoice.display_number, "status": invoice.status_in_words}
        )
    if amount > invoice.outstanding and not allows_overpayment:
        raise MoreThanOutstanding(
            gettext("Invoice %(display_number)s still owes %(outstanding)s %(currency)s; %(amount)s is more than that.")
            % {
                "display_number": invoice.display_number,
                "outstanding": invoice.outstanding,
                "currency": invoice.currency,
                "amount": amount,
            }
        )


def _same(existing: Posting, invoice: Invoice, amount: Decimal, currency: str) -> Posting:
    if (existing.invoice_id, existing.amount, existing.currency) != (invoice.pk, amount, currency):
        raise PostingKeyUsed(gettext("This key names another posting already."))
    return existing
