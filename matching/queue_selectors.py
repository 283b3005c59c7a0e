"""The review queue: what waits for a person, in which order, and how much of it. Nothing here writes."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from accounts import reach
from matching.models import Assignment, Band, Proposal
from payymo.shared.money import meant_amounts

PAGE_SIZE = 50
BAND_ORDER = (Band.EXACT, Band.LIKELY, Band.POSSIBLE, Band.NONE)
WITH_RECEIPT = (
    "bank_transaction__account", "stripe_payment__connection", "client", "bank_transaction__assignment",
    "stripe_payment__assignment",
)  # fmt: skip
# The column that each order of the queue goes by; without one, band and amount.
ORDERS = {"oldest": "received_date", "due": "due_date"}
NOBODY = 0
_TOO_MUCH = Decimal(10) ** 15
_ACCOUNT = "bank_transaction__account"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue shows and in which order; every field can be a query parameter.

    Shape: `assignee` is a user, or 0 for payments that nobody has; `order` is one of `ORDERS`, or empty for band and
    amount.
    """

    band: str = ""
    source: str = ""
    text: str = ""
    least_amount: Decimal | None = None
    assignee: int | None = None
    order: str = ""


def _rank_of_band() -> Case:
    return Case(
        *[When(band=band, then=Value(place)) for place, band in enumerate(BAND_ORDER)],
        output_field=IntegerField(),
    )


def waiting(*, on: date, chosen: QueueFilter) -> QuerySet[Proposal]:
    """Return the best suggestion of each payment within reach that waits, in no order and with nothing loaded."""
    held = Q(bank_transaction__held_until__gt=on) | Q(stripe_payment__held_until__gt=on)
    rows = Proposal.objects.filter(reach.by_account(_ACCOUNT), status=Proposal.Status.OPEN, rank=1).exclude(held)
    if chosen.band:
        rows = rows.filter(band=chosen.band)
    if chosen.source == "bank":
        rows = rows.filter(bank_transaction__isnull=False)
    elif chosen.source == "stripe":
        rows = rows.filter(stripe_payment__isnull=False)
    if chosen.least_amount is not None:
        rows = rows.filter(amount__gte=chosen.least_amount)
    if chosen.assignee == NOBODY:
        rows = rows.filter(bank_transaction__assignment=None, stripe_payment__assignment=None)
    elif chosen.assignee is not None:
        # Asked apart: joined, every open payment would be read to find the few that somebody looks after.
        theirs = Assignment.objects.filter(assignee_id=chosen.assignee)
        rows = rows.filter(
            Q(bank_transaction__in=theirs.exclude(bank_transaction=None).values("bank_transaction"))
            | Q(stripe_payment__in=theirs.exclude(stripe_payment=None).values("stripe_payment"))
        )
    if chosen.text:
        amounts = meant_amounts(chosen.text)
        rows = rows.filter(
            Q(bank_transaction__counterparty_name__icontains=chosen.text)
            | Q(bank_transaction__remittance_information__icontains=chosen.text)
            | Q(stripe_payment__name__icontains=chosen.text)
            | Q(stripe_payment__description__icontains=chosen.text)
            | Q(bank_transaction__amount__in=amounts)
            | Q(stripe_payment__amount__in=amounts)
        )
    return rows


def _with_relations(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    return rows.select_related(*WITH_RECEIPT).prefetch_related("lines__invoice")


def queue(*, on: date, chosen: QueueFilter | None = None) -> QuerySet[Proposal]:
    """Return the best suggestion of each payment within reach that waits for a person: by band, then by amount.

    Shape: one row a receipt; receipt, client and lines are loaded. Where there may be many, ask for a `page`.
    """
    rows = waiting(on=on, chosen=chosen or QueueFilter()).annotate(band_place=_rank_of_band())
    return _with_relations(rows).order_by("band_place", "-amount", "-pk")


def page(*, on: date, chosen: QueueFilter | None = None, cursor: str = "", size: int = PAGE_SIZE) -> list[Proposal]:
    """Return the next page of the queue in its order, with one row more if there are more.

    Shape: behind `cursor`, which `cursor_of` writes; one that cannot be read is the first page. An index gives the
    order, so a page costs the same however many wait.
    """
    chosen = chosen or QueueFilter()
    rows = waiting(on=on, chosen=chosen)
    if chosen.order in ORDERS:
        keys = _by_date(rows, ORDERS[chosen.order], cursor, size + 1)
    else:
        keys = _by_band(rows, chosen, cursor, size + 1)
    found = {row.pk: row for row in _with_relations(Proposal.objects.filter(pk__in=keys))}
    return [found[key] for key in keys if key in found]


def _by_band(open_rows: QuerySet[Proposal], chosen: QueueFilter, cursor: str, most: int) -> list[int]:
    place, amount, key = _read_band_cursor(cursor)
    keys: list[int] = []
    for at, band in enumerate(BAND_ORDER):
        if at < place or (chosen.band and chosen.band != band) or len(keys) >= most:
            continue
        rows = open_rows.filter(band=band).order_by("-amount", "-pk")
        if at == place and amount is not None:
            rows = rows.filter(Q(amount__lt=amount) | Q(amount=amount, pk__lt=key))
        keys += rows.values_list("pk", flat=True)[: most - len(keys)]
    return keys


def _read_band_cursor(cursor: str) -> tuple[int, Decimal | None, int]:
    try:
        place, amount, key = cursor.split("_")
        found = int(place), Decimal(amount), int(key)
    except (ValueError, InvalidOperation):
        return 0, None, 0
    usable = found[1].is_finite() and abs(found[1]) < _TOO_MUCH and abs(found[2]) < 2**63
    return found if usable else (0, None, 0)


def _by_date(open_rows: QuerySet[Proposal], column: str, cursor: str, most: int) -> list[int]:
    rows = open_rows.order_by(F(column).asc(nulls_last=True), "pk")
    day, _, key = cursor.partition("_")
    if key.isascii() and key.isdigit() and len(key) < 19:
        try:
            after = date.fromisoformat(day)
        except ValueError:
            if day == "none":
                rows = rows.filter(**{f"{column}__isnull": True}, pk__gt=int(key))
        else:
            later = Q(**{f"{column}__gt": after}) | Q(**{f"{column}__isnull": True})
            rows = rows.filter(later | Q(**{column: after}, pk__gt=int(key)))
    return list(rows.values_list("pk", flat=True)[:most])


def cursor_of(proposal: Proposal, order: str = "") -> str:
    """Write the position of a row in the queue."""
    if order in ORDERS:
        day = getattr(proposal, ORDERS[order])
        return f"{day.isoformat() if day else 'none'}_{proposal.pk}"
    place = [band.value for band in BAND_ORDER].index(proposal.band)
    return f"{place}_{proposal.amount}_{proposal.pk}"


def best_of(receipt_ids: Sequence[uuid.UUID], *, on: date) -> list[Proposal]:
    """Return the best open suggestion of each of these payments that waits within reach, largest amount first."""
    about = Q(bank_transaction__public_id__in=receipt_ids) | Q(stripe_payment__public_id__in=receipt_ids)
    return list(_with_relations(waiting(on=on, chosen=QueueFilter()).filter(about)).order_by("-amount", "pk"))


def band_counts(*, on: date) -> dict[str, int]:
    """Return how many payments wait in each band."""
    rows = Proposal.objects.filter(reach.by_account(_ACCOUNT), status=Proposal.Status.OPEN, rank=1)
    found = dict.fromkeys((band.value for band in BAND_ORDER), 0)
    # All that is open is counted in the index; what is put off is little, and taken off again.
    for sign, part in (
        (1, rows),
        (-1, rows.filter(bank_transaction__held_until__gt=on)),
        (-1, rows.filter(stripe_payment__held_until__gt=on)),
    ):
        for band, count in part.values_list("band").annotate(count=Count("pk")).order_by():
            found[band] += sign * count
    return found
