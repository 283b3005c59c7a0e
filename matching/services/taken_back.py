"""Watching what was taken back of matched payments until WHMCS shows it; its API can give nothing back."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from matching.models import EntryPair, InvoiceMatch, StripeInvoiceMatch
from matching.taken_back_models import OPEN, TakenBack
from matching.taken_back_selectors import Standing, alive, matched, payment_of, standings, to_deal_with
from payments.models import Dispute, Refund
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict
from tenants import days
from whmcs.models import Invoice
from whmcs.services import invoice_mirror

_MOST, _A_PIECE = 5000, 500
# How often the invoices of what is open are read anew: a refund may leave no trace in WHMCS's list of invoices.
_READ_AGAIN_AFTER = timedelta(hours=6)
_READ_AT_ONCE = 200


class NothingToDealWith(Conflict):
    """This asks nothing of a person, or was dealt with already."""

    code = "nothing_to_deal_with"


def watch(*, now: datetime) -> dict[str, int]:
    """Note what was taken back since, tick what WHMCS shows by now, and have the rest read anew; return the counts."""
    noticed = _notice(now=now)
    shown = 0
    waiting: list[int] = []
    for piece in _pieces(list(alive().filter(OPEN).order_by("pk")[:_MOST])):
        found = standings(piece)
        shown += sum(_tick(row, found[row.pk], now=now) for row in piece)
        waiting += [match.invoice_id for one in found.values() if not _is_shown(one) for match in one.matches]
    invoice_mirror.read_again(waiting, read_before=now - _READ_AGAIN_AFTER, limit=_READ_AT_ONCE)
    return {"taken_back": noticed, "shown_in_whmcs": shown}


def _pieces(rows: Sequence[TakenBack]) -> Iterator[Sequence[TakenBack]]:
    for start in range(0, len(rows), _A_PIECE):
        yield rows[start : start + _A_PIECE]


def _notice(*, now: datetime) -> int:
    pairs = EntryPair.objects.filter(
        matched("earlier", InvoiceMatch), kind=EntryPair.Kind.RETURN, undone_by=None, taken_back=None
    )
    refunds = Refund.objects.filter(matched("payment", StripeInvoiceMatch), status="succeeded", taken_back=None)
    disputes = Dispute.objects.filter(matched("payment", StripeInvoiceMatch), status="lost", taken_back=None)
    new = [TakenBack(pair=row, noticed_at=now) for row in pairs.order_by("pk")[:_A_PIECE]]
    new += [TakenBack(refund=row, noticed_at=now) for row in refunds.order_by("pk")[:_A_PIECE]]
    new += [TakenBack(dispute=row, noticed_at=now) for row in disputes.order_by("pk")[:_A_PIECE]]
    # Another round may have noticed the same a moment ago.
    TakenBack.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _is_shown(standing: Standing) -> bool:
    refunded = all(match.invoice.status == Invoice.Status.REFUNDED for match in standing.matches)
    return standing.shown is not None or (refunded and bool(standing.matches))


def _tick(row: TakenBack, standing: Standing, *, now: datetime) -> bool:
    if not _is_shown(standing):
        return False
    today = now.astimezone(days.zone()).date()
    day = _day(standing.shown.day, today) if standing.shown is not None else today
    still = TakenBack.objects.filter(OPEN, pk=row.pk)
    return bool(still.update(shown_at=now, shown_day=day, shown_by_id=standing.shown and standing.shown.id))


def _day(text: str, today: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return today


@transaction.atomic
def deal_with(*, item_id: UUID | str, by: User, now: datetime) -> TakenBack:
    """Say that what was taken back has been put right otherwise, in WHMCS or with the customer.

    Raises: NothingToDealWith when it is beyond reach, ticked or dealt with already; nothing is written.
    """
    row = to_deal_with().filter(public_id=item_id).select_for_update(of=("self",)).first()
    if row is None:
        raise NothingToDealWith(gettext("This was dealt with already."))
    row.dealt_with_at, row.dealt_with_by_id = now, by.pk
    row.save(update_fields=["dealt_with_at", "dealt_with_by_id"])
    audit.record(action="return.dealt_with", about=row, details={"payment": str(payment_of(row).public_id)})
    return row
