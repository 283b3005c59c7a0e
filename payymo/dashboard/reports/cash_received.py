"""What came in, by month and source."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _

from matching import cash
from matching.cash import Received
from payments.models import Gateway
from payymo.dashboard import formats
from payymo.dashboard.pages import Amount
from payymo.dashboard.reports.periods import Asked
from payymo.dashboard.reports.shape import Chart, Column, Group, Kind, Report, Row

_MOST_CHARTS, _MOST_SOURCES = 4, 4
_SUMS = ("received", "refunded", "matched")


def report(asked: Asked) -> Report:
    """Build it from credits and charges."""
    found = cash.received(since=asked.since, until=asked.until)
    currencies = tuple(sorted({row.currency for row in found}))
    sums = {currency: _sums([row for row in found if row.currency == currency]) for currency in currencies}
    return Report(
        name="cash",
        title=_("Cash received by source"),
        period=asked.words,
        sentence=_sentence(sums),
        columns=_columns(),
        rows=lambda: map(_row, found),
        totals=tuple(_total(currency, whole) for currency, whole in sums.items()),
        charts=tuple(charts(found, currencies[:_MOST_CHARTS])),
        notes=(
            _(
                "Charges count when they were made and before fees, so a payout that arrives at the bank is"
                " not counted again. What was set aside is left out. Currencies are never added up."
            ),
        ),
        currencies=currencies,
    )


def _columns() -> tuple[Column, ...]:
    return (
        Column("source", _("Source")),
        Column("kind", _("Kind")),
        Column("month", _("Month"), Kind.MONTH),
        Column("currency", _("Currency"), is_shown=False),
        Column("payments", _("Payments"), Kind.COUNT),
        Column("received", _("Received"), Kind.MONEY),
        Column("refunded", _("Refunded since"), Kind.MONEY),
        Column("matched", _("Matched"), Kind.MONEY),
        Column("unmatched", _("Unmatched"), Kind.MONEY),
    )


def kind_name(kind: str) -> str:
    """Say what kind of source it is."""
    return _("Bank account") if kind == "bank" else str(Gateway(kind).label)


def _row(row: Received) -> Row:
    values = (row.received, row.refunded, row.matched, row.received - row.matched)
    amounts = (Amount(value, row.currency) for value in values)
    return (row.name or _("Account without a name"), kind_name(row.kind), row.month, row.currency, row.count, *amounts)


def _sums(rows: Sequence[Received]) -> tuple[int, tuple[Decimal, ...]]:
    sums = tuple(sum((getattr(row, name) for row in rows), Decimal(0)) for name in _SUMS)
    return sum(row.count for row in rows), sums


def _total(currency: str, whole: tuple[int, tuple[Decimal, ...]]) -> Row:
    count, (received, refunded, matched) = whole
    amounts = (Amount(value, currency) for value in (received, refunded, matched, received - matched))
    return (_("All sources, %s") % currency, "", None, currency, count, *amounts)


def _sentence(sums: dict[str, tuple[int, tuple[Decimal, ...]]]) -> str:
    return " ".join(
        _("%(received)s came in by %(n)s payments, of which %(matched)s (%(share)s) are matched.")
        % {
            "received": formats.money(Amount(received, currency)), "n": formats.number(count),
            "matched": formats.money(Amount(matched, currency)), "share": formats.percent(matched / received),
        }
        for currency, (count, (received, _refunded, matched)) in sums.items()
    )  # fmt: skip


def charts(found: Sequence[Received], currencies: Sequence[str]) -> Iterator[Chart]:
    """Draw one picture for each currency: what each source brought in, month by month."""
    months = sorted({row.month for row in found})
    for currency in currencies:
        rows = [row for row in found if row.currency == currency]
        by_source = groupby(sorted(rows, key=_source), key=_source)
        sums = {source: sum((row.received for row in group), Decimal(0)) for source, group in by_source}
        largest = sorted(sums, key=lambda source: -sums[source])[:_MOST_SOURCES]
        names = [legend(kind, name) for kind, name, _key in largest]
        if len(sums) > len(largest):
            names.append(_("All others"))
        values = {month: [Decimal(0)] * len(names) for month in months}
        for row in rows:
            place = largest.index(_source(row)) if _source(row) in largest else len(largest)
            values[row.month][place] += row.received
        groups = tuple(Group(formats.month(month), tuple(values[month])) for month in months)
        yield Chart(_("Received by month, %s") % currency, tuple(names), groups, currency, is_stacked=True)


def legend(kind: str, name: str) -> str:
    """Name a source where no column says its kind; two gateways may bear the company's name, so theirs is said too."""
    shown = name or _("Account without a name")
    return shown if kind == "bank" else f"{shown} ({kind_name(kind)})"


def _source(row: Received) -> tuple[str, str, str]:
    return row.kind, row.name, str(row.source)
