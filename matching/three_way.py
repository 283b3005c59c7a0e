"""The rows of the three-way check, each with what to do next."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from matching.models import Proposal, StripeInvoiceMatch
from matching.three_way_selectors import Check, Period, count, position, position_of, rows_of
from payments.models import Payout, Refund, StripePayment
from tenants import days
from whmcs.models import Invoice, Posting, WhmcsTransaction

PAGE_SIZE = 50
BATCH = 500
# Stripe pays out what is available within days; what waits longer is held, or the account pays out by hand.
SOON = timedelta(days=7)


class NextStep(TextChoices):
    """What to do about a row."""

    WAIT_FOR_POSTING = "wait_for_posting", _("Nothing: the payment is on its way to WHMCS.")
    LOOK_AT_POSTING = "look_at_posting", _("The posting stopped. Look at it and retry or give it up.")
    APPROVE = "approve", _("Approve the suggestion in Review.")
    FIND_INVOICE = "find_invoice", _("Find its invoice in Review.")
    READ_INVOICE = "read_invoice", _("WHMCS booked it, but the invoice still owes. Look at the invoice in WHMCS.")
    CONNECT_ACCOUNT = "connect_account", _("Look the id up in Stripe. If it is of another account, connect that one.")
    NO_ID = "no_id", _("It was booked without a Stripe id. Look in Stripe whether the money came.")
    CORRECT_AMOUNT = "correct_amount", _("Compare the charge with the transaction in WHMCS and correct that.")
    CORRECT_FEE = "correct_fee", _("Enter Stripe's fee on the transaction in WHMCS.")
    WAIT_FOR_SETTLEMENT = "wait_for_settlement", _("Nothing: Stripe has not settled the charge yet.")
    WAIT_UNTIL_AVAILABLE = "wait_until_available", _("Nothing: the money is not available yet.")
    WAIT_FOR_PAYOUT = "wait_for_payout", _("Nothing: it should be in one of the next payouts.")
    MAYBE_BY_HAND = "maybe_by_hand", _("A payout sent by hand may hold it; Stripe does not say. Compare the balance.")
    ASK_STRIPE = "ask_stripe", _("It was available days ago. Look in Stripe for a hold or a paused schedule.")
    RECORD_REFUND = "record_refund", _("Record the refund on the invoice in WHMCS, without sending money again.")


@dataclass(frozen=True, slots=True)
class ThreeWayRow:
    """One finding: what Stripe shows, what WHMCS shows, the payout line, and the next step.

    Shape: any of the three may be missing; `shown` is the amount or fee in WHMCS where that is what differs.
    """

    check: Check
    day: date
    amount: Decimal
    currency: str
    next_step: NextStep
    charge: StripePayment | None = None
    refund: Refund | None = None
    booking: WhmcsTransaction | None = None
    invoice: Invoice | None = None
    payout: Payout | None = None
    shown: Decimal | None = None
    available_on: date | None = None


@dataclass(frozen=True, slots=True)
class ThreeWayPage:
    """One page of a list. Shape: `after` is empty on the last page."""

    rows: tuple[ThreeWayRow, ...]
    after: str


def counts(period: Period) -> dict[Check, int]:
    """Return how many findings each list has."""
    return {check: count(check, period) for check in Check}


def page(check: Check, period: Period, *, today: date, after: str = "", size: int = PAGE_SIZE) -> ThreeWayPage:
    """Return a page of a list, newest first; an unreadable position shows the first page."""
    found = rows_of(check, period, after=position(check, after) if after else None, limit=size + 1)
    shown = found[:size]
    rows = tuple(_explained(check, shown, today))
    return ThreeWayPage(rows, position_of(check, shown[-1]) if len(found) > size else "")


def every_row(check: Check, period: Period, *, today: date) -> Iterator[ThreeWayRow]:
    """Walk a whole list, a batch at a time."""
    after = ""
    while True:
        found = page(check, period, today=today, after=after, size=BATCH)
        yield from found.rows
        after = found.after
        if not after:
            return


def _explained(check: Check, found: Sequence[Any], today: date) -> Iterator[ThreeWayRow]:
    if check is Check.PAID_WITHOUT_CHARGE:
        yield from (_without_charge(row, today) for row in found)
        return
    charges = [row.payment if isinstance(row, Refund) else row for row in found]
    known = _Known(charges, with_suggestions=check is Check.CAPTURED_UNPAID)
    by_hand = _paid_by_hand(charges) if check is Check.IN_NO_PAYOUT else {}
    for row, charge in zip(found, charges, strict=True):
        booking = known.booking(charge)
        invoice = known.invoice(charge)
        if isinstance(row, Refund):
            yield ThreeWayRow(
                check, _day(row.refunded_at), row.amount, row.currency, NextStep.RECORD_REFUND, charge, row, booking,
                invoice, charge.payout,
            )  # fmt: skip
            continue
        shown = {Check.AMOUNT_DIFFERS: "booked_amount", Check.FEE_DIFFERS: "booked_fee"}.get(check)
        yield ThreeWayRow(
            check,
            _day(charge.charged_at),
            charge.fee if check is Check.FEE_DIFFERS else charge.amount,
            charge.currency,
            known.next_step(check, charge, today, by_hand),
            charge,
            None,
            booking,
            invoice,
            charge.payout,
            getattr(charge, shown) if shown else None,
            getattr(charge, "available_on", None),
        )


def _without_charge(row: WhmcsTransaction, today: date) -> ThreeWayRow:
    return ThreeWayRow(
        Check.PAID_WITHOUT_CHARGE,
        _day_of(row.booked_at, today),
        row.amount_in,
        row.invoice.currency if row.invoice else row.instance.default_currency,
        NextStep.CONNECT_ACCOUNT if row.transaction_id else NextStep.NO_ID,
        booking=row,
        invoice=row.invoice,
    )


def _day(moment: datetime) -> date:
    return moment.astimezone(days.zone()).date()


def _day_of(text: str, today: date) -> date:
    """Return the day of a time as WHMCS wrote it; what is no day there counts as today."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return today


def _paid_by_hand(charges: Iterable[StripePayment]) -> dict[tuple[int, str], date]:
    """Return the last payout without known items, by account and currency."""
    accounts = {charge.connection_id for charge in charges}
    rows = Payout.objects.filter(connection__in=accounts, automatic=False, items_complete=False).order_by()
    found = rows.values_list("connection", "currency").annotate(last=Max("stripe_created_at"))
    return {(connection, currency): last.date() for connection, currency, last in found}


class _Known:
    """What WHMCS booked for charges, and what Payymo did about them: three queries for all of them together."""

    def __init__(self, charges: Sequence[StripePayment], *, with_suggestions: bool) -> None:
        names: dict[str, int] = {}
        for charge in charges:
            for name in (charge.charge_id, charge.payment_intent_id, charge.balance_transaction_id):
                if name:
                    names[name] = charge.pk
        self._bookings: dict[int, list[WhmcsTransaction]] = defaultdict(list)
        booked = WhmcsTransaction.objects.filter(transaction_id__in=names, amount_in__gt=0)
        for booking in booked.select_related("invoice__client", "invoice__instance").order_by("pk"):
            self._bookings[names[booking.transaction_id]].append(booking)
        keys = [charge.pk for charge in charges]
        matches = StripeInvoiceMatch.objects.filter(stripe_payment__in=keys, reverses=None, reversed_by=None)
        loaded = matches.select_related("posting", "invoice__client", "invoice__instance").order_by("pk")
        self._matches = {match.stripe_payment_id: match for match in loaded}
        self._suggested: set[int | None] = set()
        if with_suggestions:
            waiting = Proposal.objects.filter(stripe_payment__in=keys, status=Proposal.Status.OPEN, rank=1)
            self._suggested = set(waiting.filter(~Q(band="none")).values_list("stripe_payment", flat=True))

    def booking(self, charge: StripePayment) -> WhmcsTransaction | None:
        """Return the first booking of a charge."""
        return next(iter(self._bookings.get(charge.pk, ())), None)

    def invoice(self, charge: StripePayment) -> Invoice | None:
        """Return the invoice that WHMCS booked it to, else the one that Payymo matched."""
        booked = next((one.invoice for one in self._bookings.get(charge.pk, ()) if one.invoice), None)
        match = self._matches.get(charge.pk)
        return booked or (match.invoice if match is not None else None)

    def next_step(
        self, check: Check, charge: StripePayment, today: date, by_hand: dict[tuple[int, str], date]
    ) -> NextStep:
        """Say what to do about a charge of a list."""
        if check is Check.FEE_DIFFERS:
            return NextStep.CORRECT_FEE
        if check is Check.AMOUNT_DIFFERS:
            return NextStep.CORRECT_AMOUNT
        if check is Check.IN_NO_PAYOUT:
            return _about_the_payout(charge, today, by_hand)
        if self._bookings.get(charge.pk):
            return NextStep.READ_INVOICE
        match = self._matches.get(charge.pk)
        if match is not None and match.posting is not None:
            stopped = match.posting.state in (Posting.State.CONFLICT, Posting.State.FAILED)
            return NextStep.LOOK_AT_POSTING if stopped else NextStep.WAIT_FOR_POSTING
        return NextStep.APPROVE if charge.pk in self._suggested else NextStep.FIND_INVOICE


def _about_the_payout(charge: StripePayment, today: date, by_hand: dict[tuple[int, str], date]) -> NextStep:
    available: date | None = getattr(charge, "available_on", None)
    if available is None:
        return NextStep.WAIT_FOR_SETTLEMENT
    if available > today:
        return NextStep.WAIT_UNTIL_AVAILABLE
    last = by_hand.get((charge.connection_id, charge.settlement_currency))
    if last is not None and last >= available:
        return NextStep.MAYBE_BY_HAND
    return NextStep.WAIT_FOR_PAYOUT if available + SOON >= today else NextStep.ASK_STRIPE
