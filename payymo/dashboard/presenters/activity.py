"""Who decided what, newest first."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from matching import selectors
from matching.models import Decision
from payymo.dashboard import csv_files, paging, saved_views
from payymo.dashboard.links import link
from payymo.dashboard.pages import ActivityPage, Choice, FilterChip, Filters, FilterSelect
from payymo.dashboard.presenters import periods, receipts, stops
from payymo.dashboard.presenters.events import event_of

CSV_HEADER = ("at", "what", "who", "source", "reason", "amount", "currency", "name", "decision_id", "transaction_id")


def csv_rows(request: HttpRequest) -> Iterator[tuple[object, ...]]:
    """Yield every decision as the timeline is filtered, newest first."""
    rows = selectors.activity(**_asked(request))
    for row in rows[: csv_files.MOST_ROWS + 1].iterator(chunk_size=2000):
        receipt = row.bank_transaction or row.stripe_payment
        assert receipt is not None  # noqa: S101 - kept by a constraint
        yield (
            row.decided_at.isoformat(timespec="seconds"), row.kind, row.decided_by_name, row.source, row.reason,
            csv_files.plain(receipt.amount, receipt.currency), receipt.currency, receipts.name_of(receipt),
            row.public_id, receipt.public_id,
        )  # fmt: skip


def _asked(request: HttpRequest) -> dict[str, Any]:
    since, until = periods.asked_moments(request)
    return {
        "kind": paging.asked_choice(request, "kind", Decision.Kind.values),
        "source": paging.asked_choice(request, "source", Decision.Source.values),
        "since": since,
        "until": until,
    }


def listing(request: HttpRequest, *, now: datetime) -> ActivityPage:
    """Build the timeline, 50 a page."""
    asked, position = _asked(request), paging.cursor(request)
    rows = selectors.activity(before=position[1] if position else None, **asked)
    shown, more = paging.page_of(request, list(rows[: paging.PAGE_SIZE + 1]))
    events = [event_of(decision, now, with_receipt=True) for decision in shown]
    if not any(asked.values()) and "reports.view" in request.permissions:
        events += stops.between(_newest(position), shown[-1].decided_at if more else None, now=now)
        events.sort(key=lambda event: event.moment.at, reverse=True)
    return ActivityPage(
        events=tuple(events),
        filters=_filters(request, asked),
        pager=paging.pager(request, after=f"d_{shown[-1].pk}" if more else ""),
        export_url=paging.exported(request, link("activity_csv")),
        empty="" if events else "filtered" if any(asked.values()) else "nothing",
        changes_url=link("changes") if "audit.view" in request.permissions else "",
        views=saved_views.of(request, "activity"),
    )


def _filters(request: HttpRequest, asked: Mapping[str, Any]) -> Filters:
    kind, source = asked["kind"], asked["source"]
    kinds = [Choice(value, str(label), value == kind) for value, label in Decision.Kind.choices]
    sources = [Choice(value, str(label), value == source) for value, label in Decision.Source.choices]
    chips = []
    if kind:
        chips.append(FilterChip(str(Decision.Kind(kind).label), paging.without(request, "kind")))
    if source:
        chips.append(FilterChip(str(Decision.Source(source).label), paging.without(request, "source")))
    return Filters(
        selects=(
            FilterSelect("kind", _("What"), (Choice("", _("Everything")), *kinds)),
            FilterSelect("source", _("Who"), (Choice("", _("Everybody")), *sources)),
        ),
        clear_url=request.path,
        has_search=False,
        **periods.filled(request, chips),
    )


def _newest(position: tuple[str, int] | None) -> datetime | None:
    """The moment of the last decision of the page before; None on the first page."""
    if position is None:
        return None
    return Decision.objects.filter(pk=position[1]).values_list("decided_at", flat=True).first()
