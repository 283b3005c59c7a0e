"""Payments without an invoice, by how long they have waited."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching.unmatched import BUCKETS, Waiting, unmatched
from payymo.dashboard import formats
from payymo.dashboard.pages import Amount
from payymo.dashboard.reports.cash_received import kind_name
from payymo.dashboard.reports.periods import Asked
from payymo.dashboard.reports.shape import Chart, Column, Group, Kind, Report, Row

_MOST_CHARTS = 4
# The buckets of the last month: what is in the others has waited too long.
_FRESH = 2


def report(asked: Asked) -> Report:
    """Build it from the payments and what was decided by the end of the day."""
    found = unmatched(on=asked.until)
    groups = [(currency, list(rows)) for currency, rows in groupby(found, key=lambda row: row.currency)]
    is_past = asked.until < asked.today
    return Report(
        name="unmatched",
        title=_("Ageing of unmatched payments"),
        period=asked.words,
        sentence=" ".join(_sentence(currency, rows) for currency, rows in groups if _count(rows)),
        columns=_columns(is_past=is_past),
        rows=lambda: map(_row, found),
        totals=tuple(_total(currency, rows) for currency, rows in groups),
        charts=tuple(_chart(currency, rows) for currency, rows in groups[:_MOST_CHARTS]),
        notes=tuple(_notes(is_past=is_past)),
        currencies=tuple(currency for currency, _rows in groups),
    )


def _names() -> tuple[str, ...]:
    return (_("Up to 7 days"), _("8–30 days"), _("31–60 days"), _("61–90 days"), _("Over 90 days"))


def _columns(*, is_past: bool) -> tuple[Column, ...]:
    money = Kind.MONEY
    return (
        Column("account", _("Account")),
        Column("kind", _("Kind")),
        Column("currency", _("Currency"), is_shown=False),
        Column("payments", _("Payments"), Kind.COUNT),
        *(Column(key, name, money) for (key, _first, _last), name in zip(BUCKETS, _names(), strict=True)),
        Column("total", _("Unmatched"), money),
        # Of today they say nothing: nothing was decided since.
        Column("decided_since", _("Decided since"), money, is_shown=is_past),
        Column("still_unmatched", _("Still unmatched"), money, is_shown=is_past),
        Column("oldest", _("Oldest"), Kind.DAY),
    )


def _row(row: Waiting) -> Row:
    values = (*row.buckets, row.total, row.total - row.still, row.still)
    amounts = (Amount(value, row.currency) for value in values)
    name = row.name or _("Account without a name")
    return (name, kind_name(row.kind), row.currency, row.count, *amounts, row.oldest)


def _count(rows: Sequence[Waiting]) -> int:
    return sum(row.count for row in rows)


def _buckets(rows: Sequence[Waiting]) -> tuple[Decimal, ...]:
    return tuple(sum(values, Decimal(0)) for values in zip(*(row.buckets for row in rows), strict=True))


def _total(currency: str, rows: Sequence[Waiting]) -> Row:
    buckets, still = _buckets(rows), sum((row.still for row in rows), Decimal(0))
    whole = sum(buckets, Decimal(0))
    amounts = (Amount(value, currency) for value in (*buckets, whole, whole - still, still))
    oldest = min((row.oldest for row in rows if row.oldest), default=None)
    return (_("All accounts, %s") % currency, "", currency, _count(rows), *amounts, oldest)


def _chart(currency: str, rows: Sequence[Waiting]) -> Chart:
    groups = tuple(Group(name, (value,)) for name, value in zip(_names(), _buckets(rows), strict=True))
    return Chart(_("Unmatched by age, %s") % currency, (currency,), groups, currency)


def _sentence(currency: str, rows: Sequence[Waiting]) -> str:
    buckets = _buckets(rows)
    whole, late = sum(buckets, Decimal(0)), sum(buckets[_FRESH:], Decimal(0))
    return ngettext(
        "%(n)s payment holds %(total)s that nothing explained, of which %(late)s (%(share)s) for more than 30 days.",
        "%(n)s payments hold %(total)s that nothing explained, of which %(late)s (%(share)s) for more than 30 days.",
        _count(rows),
    ) % {
        "n": formats.number(_count(rows)), "total": formats.money(Amount(whole, currency)),
        "late": formats.money(Amount(late, currency)), "share": formats.percent(late / whole),
    }  # fmt: skip


def _notes(*, is_past: bool) -> Iterator[str]:
    yield _(
        "Unmatched is what no invoice, payout or reason to set it aside explained by the end of that day; what was put"
        " off counts, too. Days are counted from the booking day, of charges from the day on the gateway's balance."
    )
    if is_past:
        yield _(
            "A decision counts from its moment, a payment from its booking day, also where it was read later. Still"
            " unmatched is the same sum as it is now, and the unmatched of a period statement from the first entry to"
            " that day."
        )
