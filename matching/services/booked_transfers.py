"""Bank transfers that somebody has booked in WHMCS by hand: linked to those bookings, never posted again.

A transfer is linked only when it is beyond doubt: its text names every booked invoice (or its payer is the client), the
amounts agree to the cent, the days are near, and no other transfer and no other booking fits.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef

from banking.models import BankTransaction
from matching import locks
from matching.core.normalise import fold, name_key
from matching.services.linking import link
from payymo.shared.models import ReceiptState
from whmcs.models import Posting, WhmcsTransaction
from whmcs.services import posting as outbox

RUN_LIMIT = 5000
_BEFORE, _AFTER = timedelta(days=3), timedelta(days=10)
_FEWEST_DIGITS = 4


def _day(booking: WhmcsTransaction) -> date | None:
    try:
        return date.fromisoformat(booking.booked_at[:10])
    except ValueError:
        return None


def _digits(text: str) -> str:
    return re.sub(r"\D", "", fold(text))


def _names(receipt: BankTransaction, booking: WhmcsTransaction) -> bool:
    """Return whether the transfer's text holds the number of the booked invoice."""
    assert booking.invoice is not None  # noqa: S101 - the query asked for it
    number = _digits(booking.invoice.display_number)
    text = _digits(f"{receipt.remittance_information} {receipt.structured_reference}")
    return len(number) >= _FEWEST_DIGITS and number in text


def _is_payer(receipt: BankTransaction, booking: WhmcsTransaction) -> bool:
    assert booking.invoice is not None  # noqa: S101 - the query asked for it
    client = booking.invoice.client
    payer = name_key(receipt.counterparty_name)
    person = name_key(f"{client.first_name} {client.last_name}")
    return bool(payer) and payer in {person, name_key(client.company_name)} - {""}


def _is_same_day_of_ours(receipt: BankTransaction, booking: WhmcsTransaction) -> bool:
    """Return whether Payymo booked it, for money of this day: it dates a posting as the bank dates the transfer."""
    return booking.transaction_id.startswith(outbox.OWN_PREFIX) and _day(booking) == receipt.booking_date


def _near(receipt: BankTransaction, booking: WhmcsTransaction) -> bool:
    day = _day(booking)
    return day is not None and receipt.booking_date - _BEFORE <= day <= receipt.booking_date + _AFTER


class _Free:
    """Bookings that no transfer explains yet, by what a transfer can have in common with them."""

    def __init__(self, bookings: Iterable[WhmcsTransaction]) -> None:
        self._by_amount: dict[Decimal, list[WhmcsTransaction]] = defaultdict(list)
        self._by_number: dict[str, list[WhmcsTransaction]] = defaultdict(list)
        for booking in bookings:
            assert booking.invoice is not None  # noqa: S101 - the query asked for it
            self._by_amount[booking.amount_in].append(booking)
            number = _digits(booking.invoice.display_number)
            if len(number) >= _FEWEST_DIGITS:
                self._by_number[number].append(booking)
        self._lengths = sorted({len(number) for number in self._by_number})

    def like(self, receipt: BankTransaction) -> list[WhmcsTransaction]:
        """Those of the same amount and those whose number the text holds; the others cannot explain it."""
        text = _digits(f"{receipt.remittance_information} {receipt.structured_reference}")
        numbers = {text[at : at + size] for size in self._lengths for at in range(len(text) - size + 1)}
        alike = {booking.pk: booking for booking in self._by_amount.get(receipt.amount, ())}
        alike |= {one.pk: one for number in numbers for one in self._by_number.get(number, ())}
        return [booking for _, booking in sorted(alike.items())]


def _is_of(receipt: BankTransaction, booking: WhmcsTransaction) -> bool:
    return _names(receipt, booking) or _is_payer(receipt, booking) or _is_same_day_of_ours(receipt, booking)


def _explained(receipt: BankTransaction, bookings: Iterable[WhmcsTransaction]) -> list[WhmcsTransaction]:
    """Return the bookings that this transfer is, or nothing when that is not certain."""
    near = [b for b in bookings if _near(receipt, b) and b.invoice and b.invoice.currency == receipt.currency]
    named = [booking for booking in near if _names(receipt, booking)]
    if named and sum((booking.amount_in for booking in named), Decimal(0)) == receipt.amount:
        return named
    exact = [b for b in near if b.amount_in == receipt.amount and _is_of(receipt, b)]
    return exact if len(exact) == 1 else []


def link_booked_transfers(*, now: datetime, limit: int = RUN_LIMIT) -> int:
    """Link each open transfer that WHMCS shows already; return how many were linked."""
    receipts = list(
        BankTransaction.objects.filter(state=ReceiptState.UNRECONCILED, amount__gt=0)
        .defer("raw_sealed", "counterparty_iban_sealed")
        .order_by("-pk")[:limit]
    )
    if not receipts:
        return 0
    earliest = min(receipt.booking_date for receipt in receipts) - _BEFORE
    free = list(
        WhmcsTransaction.objects.filter(
            postings=None, invoice__isnull=False, amount_in__gt=0, booked_at__gte=earliest.isoformat()
        )
        # One of ours that is on its way explains its own payment and no other.
        .exclude(Exists(Posting.objects.filter(transaction_id=OuterRef("transaction_id"))))
        .select_related("invoice__client", "instance")
        .order_by("pk")[: 4 * limit]
    )
    like = _Free(booking for booking in free if booking.gateway == booking.instance.bank_gateway).like
    claims: dict[int, list[int]] = defaultdict(list)
    found: dict[int, list[WhmcsTransaction]] = {}
    for receipt in receipts:
        if bookings := _explained(receipt, like(receipt)):
            found[receipt.pk] = bookings
            for booking in bookings:
                claims[booking.pk].append(receipt.pk)
    linked = 0
    for receipt in receipts:
        bookings = found.get(receipt.pk, [])
        if bookings and all(len(claims[booking.pk]) == 1 for booking in bookings):
            linked += _link(receipt, bookings, now=now)
    return linked


@transaction.atomic
def _link(unlocked: BankTransaction, bookings: list[WhmcsTransaction], *, now: datetime) -> bool:
    receipt = locks.lock_receipt(unlocked.public_id)
    assert isinstance(receipt, BankTransaction)  # noqa: S101 - found by its own id
    taken = Posting.objects.filter(whmcs_transaction__in=bookings).exclude(state=Posting.State.WITHDRAWN).exists()
    if receipt.state != ReceiptState.UNRECONCILED or taken:
        return False
    paid_at = datetime.combine(receipt.booking_date, now.timetz().replace(hour=12, minute=0, second=0, microsecond=0))
    link(receipt, bookings, reason="booked in WHMCS by hand", paid_at=paid_at, now=now)
    return True
