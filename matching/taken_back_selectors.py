"""Reads of what was taken back: what waits for a person, what is to be done, and whether WHMCS shows it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate

from accounts import reach
from banking.models import BankTransaction
from matching.core.taken_back import GivenBack, Taken, covered
from matching.locks import Receipt
from matching.models import InvoiceMatch, StripeInvoiceMatch
from matching.taken_back_models import OPEN, TakenBack
from payments.models import Dispute, Refund, StripePayment
from payymo.shared.money import to_minor
from tenants import days
from whmcs.models import Invoice, Posting, WhmcsTransaction

Match = InvoiceMatch | StripeInvoiceMatch
KINDS = {
    "return": Q(pair__isnull=False),
    "refund": Q(refund__isnull=False),
    "dispute": Q(dispute__isnull=False),
}
LIVE_MATCH = Q(reverses=None, reversed_by=None, decision__corrected_by=None)
_UNSENT = (Posting.State.QUEUED, Posting.State.WITHDRAWN)
_LOADED = (
    *("pair__earlier__account", "pair__later__account"),
    *("refund__payment__connection", "dispute__payment__connection"),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one thing taken back is: what it settles in WHMCS, and what WHMCS shows.

    Shape: `is_unsent` while nothing is in WHMCS yet; `shown` is the row by which WHMCS gave it back; `is_whole` when
    all of the matched money went back, so that no invoice should still be paid by it.
    """

    matches: tuple[Match, ...]
    is_unsent: bool
    shown: GivenBack | None
    is_whole: bool
    is_said_by_invoices: bool


def matched(receipt: str, of: type[Match]) -> Exists:
    """Say whether a payment at the path `receipt` of the outer row has a match that stands."""
    field = "bank_transaction" if of is InvoiceMatch else "stripe_payment"
    return Exists(of._default_manager.filter(LIVE_MATCH, **{field: OuterRef(receipt)}))


def alive() -> QuerySet[TakenBack]:
    """Return what is still taken back from a payment that is still matched."""
    by_bank = Q(pair__isnull=False, pair__undone_by=None) & matched("pair__earlier", InvoiceMatch)
    refunded = Q(refund__status="succeeded") & matched("refund__payment", StripeInvoiceMatch)
    disputed = Q(dispute__status="lost") & matched("dispute__payment", StripeInvoiceMatch)
    return TakenBack.objects.filter(by_bank | refunded | disputed).select_related(*_LOADED)


def to_deal_with(*, kind: str = "") -> QuerySet[TakenBack]:
    """Return what waits for a person, within reach, newest first; of one of `KINDS` if asked."""
    seen = Q(pair__isnull=False) & reach.by_account("pair__later__account") | Q(pair=None) & reach.of_stripe()
    return alive().filter(seen, OPEN, KINDS.get(kind, Q())).order_by("-pk")


def by_amount_and_day(rows: QuerySet[TakenBack]) -> QuerySet[TakenBack]:
    """Add what orders a list: `amount` as `money_of` says it, whatever the currency, and `day` as `day_of` does."""
    # No copy on the row, which would have to follow its source (ADR 0052): of 10,000 open rows the first fifty by
    # these took 70 ms, by the key as long.
    zone = days.zone()
    return rows.annotate(
        amount=Coalesce("pair__earlier__amount", "refund__amount", "dispute__amount"),
        day=Coalesce(
            "pair__later__booking_date",
            TruncDate("refund__refunded_at", tzinfo=zone),
            TruncDate("dispute__disputed_at", tzinfo=zone),
        ),
    )


def of_receipt(receipt: Receipt) -> list[TakenBack]:
    """Return what was taken back of a payment, the latest first; of a return too, on its own page."""
    if isinstance(receipt, BankTransaction):
        both = (reach.by_account("pair__earlier__account"), reach.by_account("pair__later__account"))
        mine = alive().filter(Q(pair__earlier=receipt) | Q(pair__later=receipt), *both)
    else:
        mine = alive().filter(Q(refund__payment=receipt) | Q(dispute__payment=receipt), reach.of_stripe())
    return list(mine.order_by("-pk")[:50])


def payment_of(row: TakenBack) -> Receipt:
    """Return the payment that was taken back."""
    if row.pair is not None:
        return row.pair.earlier
    return _source(row).payment


def money_of(row: TakenBack) -> tuple[Decimal, str]:
    """Return how much went back, and in which currency."""
    if row.pair is not None:
        return row.pair.earlier.amount, row.pair.earlier.currency
    return _source(row).amount, _source(row).currency


def day_of(row: TakenBack) -> date:
    """Return the day on which it went back, where the company is."""
    if row.pair is not None:
        return row.pair.later.booking_date
    source = _source(row)
    moment = source.refunded_at if isinstance(source, Refund) else source.disputed_at
    return moment.astimezone(days.zone()).date()


def standings(rows: Sequence[TakenBack]) -> dict[int, Standing]:
    """Look up in the mirror how far each of these is; a fixed number of queries for all of them together."""
    receipts = {_key(payment_of(row)) for row in rows}
    matches = _matches(receipts)
    siblings = _siblings(receipts)
    given = _Given(matches, siblings)
    found: dict[int, Standing] = {}
    for key in receipts:
        mine, of_it = matches.get(key, ()), siblings[key]
        shown = covered([_taken(row) for row in of_it], given.of(key))
        whole = sum((match.amount for match in mine), Decimal(0))
        back = sum((money_of(row)[0] for row in of_it), Decimal(0))
        for row in of_it:
            found[row.pk] = Standing(
                matches=mine,
                is_unsent=all(match.posting is None or match.posting.state in _UNSENT for match in mine),
                shown=shown.get(row.pk),
                is_whole=back >= whole,
                is_said_by_invoices=all(match.invoice.status != Invoice.Status.PAID for match in mine),
            )
    return {row.pk: found[row.pk] for row in rows}


def _source(row: TakenBack) -> Refund | Dispute:
    return row.refund or cast(Dispute, row.dispute)


def _key(receipt: Receipt) -> tuple[bool, int]:
    return isinstance(receipt, StripePayment), receipt.pk


def _matches(receipts: Iterable[tuple[bool, int]]) -> dict[tuple[bool, int], tuple[Match, ...]]:
    found: dict[tuple[bool, int], list[Match]] = defaultdict(list)
    kinds: tuple[tuple[bool, type[Match], str], ...] = (
        (False, InvoiceMatch, "bank_transaction"), (True, StripeInvoiceMatch, "stripe_payment"),
    )  # fmt: skip
    for is_charge, model, field in kinds:
        wanted = [key for kind, key in receipts if kind is is_charge]
        rows = model._default_manager.filter(LIVE_MATCH, **{f"{field}__in": wanted})
        for match in rows.select_related("invoice", "posting__whmcs_transaction").order_by("pk"):
            found[is_charge, getattr(match, f"{field}_id")].append(match)
    return {key: tuple(held) for key, held in found.items()}


def _siblings(receipts: Iterable[tuple[bool, int]]) -> dict[tuple[bool, int], list[TakenBack]]:
    """Return all that was taken back of the same payments: a refund in WHMCS may be of any of them."""
    charges = [key for is_charge, key in receipts if is_charge]
    entries = [key for is_charge, key in receipts if not is_charge]
    mine = Q(pair__earlier__in=entries) | Q(refund__payment__in=charges) | Q(dispute__payment__in=charges)
    found: dict[tuple[bool, int], list[TakenBack]] = defaultdict(list)
    # What a person has dealt with otherwise takes what the others leave.
    for row in sorted(alive().filter(mine), key=lambda row: (row.dealt_with_at is not None, day_of(row), row.pk)):
        found[_key(payment_of(row))].append(row)
    return found


def _taken(row: TakenBack) -> Taken:
    names = {row.refund.refund_id, row.refund.balance_transaction_id} if row.refund is not None else set()
    if row.dispute is not None:
        names = {row.dispute.dispute_id}
    return Taken(row.pk, to_minor(*money_of(row)), frozenset(filter(None, names)))


class _Given:
    """What WHMCS gave back on the invoices of these payments: one query."""

    def __init__(
        self,
        matches: dict[tuple[bool, int], tuple[Match, ...]],
        siblings: dict[tuple[bool, int], list[TakenBack]],
    ) -> None:
        self._by_booking: dict[tuple[int, int], tuple[bool, int]] = {}
        self._by_name: dict[str, tuple[bool, int]] = {}
        self._by_invoice: dict[int, list[tuple[tuple[bool, int], str]]] = defaultdict(list)
        self._currency: dict[tuple[bool, int], str] = {}
        for key, held in matches.items():
            first = min((day_of(row) for row in siblings.get(key, ())), default=date.max).isoformat()
            for match in held:
                self._currency[key] = match.currency
                self._by_invoice[match.invoice_id].append((key, first))
                booking = match.posting and match.posting.whmcs_transaction
                if booking is not None:
                    self._by_booking[booking.instance_id, booking.whmcs_id] = key
        for key, rows in siblings.items():
            self._by_name |= {name: key for row in rows for name in _taken(row).names}
        self._found: dict[tuple[bool, int], list[GivenBack]] = defaultdict(list)
        self._read()

    def of(self, key: tuple[bool, int]) -> list[GivenBack]:
        """Return what was given back of one payment."""
        return self._found[key]

    def _read(self) -> None:
        refunds = Q(refunds_whmcs_id__in={number for _, number in self._by_booking}, refunds_whmcs_id__gt=0)
        named = Q(transaction_id__in=self._by_name)
        loose = Q(invoice__in=self._by_invoice, refunds_whmcs_id=0)
        rows = WhmcsTransaction.objects.filter(refunds | named | loose, amount_out__gt=0)
        # What names no gateway is a note of WHMCS 9 about the debt: by it no money left.
        for row in rows.exclude(gateway="").order_by("booked_at", "pk"):
            key = self._owner(row)
            if key is not None:
                amount = to_minor(row.amount_out, self._currency[key])
                self._found[key].append(GivenBack(row.pk, amount, row.booked_at[:10], row.transaction_id))

    def _owner(self, row: WhmcsTransaction) -> tuple[bool, int] | None:
        """Return whose money the row gave back: it says so, or else it is on the invoice and not older."""
        if row.refunds_whmcs_id:
            return self._by_booking.get((row.instance_id, row.refunds_whmcs_id))
        if row.transaction_id in self._by_name:
            key = self._by_name[row.transaction_id]
            return key if key in self._currency else None
        held = self._by_invoice.get(row.invoice_id or 0, ())
        return next((key for key, first in held if row.booked_at[:10] >= first), None)
