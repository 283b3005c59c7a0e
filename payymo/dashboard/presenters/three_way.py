"""The three-way check as a page."""

from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from matching import three_way
from matching.three_way import Check, NextStep, ThreeWayRow
from matching.three_way_selectors import COUNTED, LONGEST_DAYS, Period
from payymo.dashboard import formats, paging
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import Amount, Filters
from payymo.dashboard.pages.three_way import ThreeWayLine, ThreeWayList, ThreeWayReport
from payymo.dashboard.presenters import feeds, reports
from payymo.dashboard.reports import three_way_check
from payymo.dashboard.reports.catalogue import REPORTS
from payymo.dashboard.reports.periods import Asked, Span
from tenants import days

DEFAULT_DAYS = 90


def asked_of(request: HttpRequest, today: date) -> tuple[Check, Period, str]:
    """Return the list and the period that the query asks for, and what is wrong with the period."""
    asked = Check(paging.asked_choice(request, "list", Check.values) or Check.CAPTURED_UNPAID)
    until = paging.asked_date(request, "to") or today
    since = paging.asked_date(request, "from")
    usual = Period(max(until, date(2, 1, 1)) - timedelta(days=DEFAULT_DAYS), min(until, date(9998, 12, 31)))
    if since is None:
        return asked, usual, ""
    if not timedelta(0) <= until - since <= timedelta(days=LONGEST_DAYS) or until > date(9998, 12, 31):
        return asked, usual, _("Choose between one day and %s days.") % LONGEST_DAYS
    return asked, Period(since, until), ""


def report(request: HttpRequest, *, now: datetime) -> ThreeWayReport:
    """Build the page: every list with its count, and the rows of one."""
    today = days.today(now)
    asked, period, error = asked_of(request, today)
    counts = three_way.counts(period)
    page = three_way.page(asked, period, today=today, after=request.GET.get("after", ""))
    dates = {"from": period.since.isoformat(), "to": period.until.isoformat()}
    return ThreeWayReport(
        lists=tuple(
            ThreeWayList(
                str(check.label),
                formats.number(number) if number <= COUNTED else f"{formats.number(COUNTED)}+",
                f"{request.path}?{urlencode({**dates, 'list': check.value})}",
                is_empty=not number,
                active=check is asked,
            )
            for check, number in counts.items()
        ),
        title=str(asked.label),
        rows=tuple(_line(row) for row in page.rows),
        filters=Filters(
            has_search=False, has_dates=True, from_date=dates["from"], to_date=dates["to"],
            hidden=(("list", asked.value),), clear_url=request.path,
        ),
        pager=paging.pager(request, after=page.after),
        exports=reports.exports(
            REPORTS["three-way"],
            Asked(period.since, period.until, today, now, Span.DAYS, {"list": asked.value}),
        )
        if page.rows
        else (),
        sentence=three_way_check.sentence(counts),
        notes=feeds.standstills(),
        charts=tuple(map(reports.chart, three_way_check.charts(counts))),
        all_agree=not any(counts.values()),
        error=error,
    )  # fmt: skip


def _line(row: ThreeWayRow) -> ThreeWayLine:
    charge, booking, invoice = row.charge, row.booking, row.invoice
    return ThreeWayLine(
        day=row.day,
        amount=Amount(row.amount, row.currency),
        shown=None if row.shown is None else Amount(row.shown, row.currency),
        stripe=row.refund.refund_id if row.refund else charge.charge_id if charge else "",
        stripe_note=(charge.name or charge.email or charge.description[:80]) if charge else "",
        stripe_url=offer("transaction", charge.public_id) if charge else "",
        whmcs=invoice.display_number if invoice else "",
        whmcs_note=(booking.transaction_id or f"#{booking.whmcs_id}") if booking else "",
        whmcs_url=offer("invoice", invoice.public_id) if invoice else "",
        payout=formats.day(row.payout.arrival_date) if row.payout else _available(row),
        payout_url=link("payout", row.payout.public_id) if row.payout else "",
        next_step=str(row.next_step.label),
        next_url=_next_url(row),
    )


def _available(row: ThreeWayRow) -> str:
    return _("available %s") % formats.day(row.available_on) if row.available_on else ""


def _next_url(row: ThreeWayRow) -> str:
    if row.next_step in (NextStep.APPROVE, NextStep.FIND_INVOICE) and row.charge:
        return offer("review_item", row.charge.public_id)
    if row.next_step is NextStep.LOOK_AT_POSTING:
        return offer("postings")
    if row.next_step is NextStep.CONNECT_ACCOUNT:
        return offer("connections")
    return ""
