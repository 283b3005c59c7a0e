"""What clients owe, by how long it has been due."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from payymo.dashboard import formats
from payymo.dashboard.pages import Amount
from payymo.dashboard.presenters.feeds import standstills
from payymo.dashboard.reports.periods import Asked
from payymo.dashboard.reports.shape import Chart, Column, Group, Kind, Report, Row
from whmcs import ageing, owed_then
from whmcs.ageing import Aged

_MOST_CHARTS = 4


def report(asked: Asked) -> Report:
    """Build it from the open invoices as they are now, or counted back to the end of a day before."""
    on, is_past = asked.until, asked.until < asked.today
    owed = owed_then if is_past else ageing
    wholes = owed.by_currency(on=on)
    return Report(
        name="ageing",
        title=_("Ageing of open invoices"),
        period=asked.words,
        sentence=_sentence(wholes),
        columns=_columns(),
        rows=lambda: map(_row, owed.by_client(on=on)),
        totals=tuple(_total(whole) for whole in wholes),
        charts=tuple(_chart(whole) for whole in wholes[:_MOST_CHARTS]),
        notes=(*(_notes_of_then(on) if is_past else _notes()), *_always()),
        currencies=tuple(whole.currency for whole in wholes),
    )


def _names() -> tuple[str, ...]:
    return (_("Not due"), _("1–30 days"), _("31–60 days"), _("61–90 days"), _("Over 90 days"))


def _columns() -> tuple[Column, ...]:
    buckets = zip(ageing.BUCKETS, _names(), strict=True)
    return (
        Column("client", _("Client")),
        Column("whmcs", _("WHMCS"), is_shown=False),
        Column("currency", _("Currency"), is_shown=False),
        Column("invoices", _("Invoices"), Kind.COUNT),
        *(Column(key, name, Kind.MONEY) for (key, _first, _last), name in buckets),
        Column("total", _("Total"), Kind.MONEY),
        Column("oldest_due", _("Oldest due"), Kind.DAY),
    )


def _row(aged: Aged) -> Row:
    amounts = (Amount(value, aged.currency) for value in (*aged.buckets, aged.total))
    return (aged.client, aged.instance, aged.currency, aged.count, *amounts, aged.oldest)


def _total(whole: Aged) -> Row:
    amounts = (Amount(value, whole.currency) for value in (*whole.buckets, whole.total))
    return (_("All clients, %s") % whole.currency, "", whole.currency, whole.count, *amounts, None)


def _chart(whole: Aged) -> Chart:
    groups = tuple(Group(name, (value,)) for name, value in zip(_names(), whole.buckets, strict=True))
    return Chart(_("Owed by age, %s") % whole.currency, (whole.currency,), groups, whole.currency)


def _sentence(wholes: list[Aged]) -> str:
    parts = []
    for whole in wholes:
        late = whole.total - whole.buckets[0]
        parts.append(
            ngettext(
                "%(n)s open invoice of %(total)s, of which %(late)s (%(share)s) is overdue.",
                "%(n)s open invoices of %(total)s, of which %(late)s (%(share)s) are overdue.",
                whole.count,
            )
            % {
                "n": formats.number(whole.count), "total": formats.money(Amount(whole.total, whole.currency)),
                "late": formats.money(Amount(late, whole.currency)),
                "share": formats.percent(late / whole.total if whole.total else Decimal(0)),
            }
        )  # fmt: skip
    return " ".join(parts)


def _notes() -> Iterator[str]:
    yield _(
        "Owed is what WHMCS shows as left to pay, less what is approved here and on its way there. Days are counted"
        " from the due date; invoices that only gather others are left out."
    )


def _notes_of_then(on: date) -> Iterator[str]:
    yield _(
        "Owed is counted back from what WHMCS shows now: what was paid since, by money or by credit, was still owed."
        " A payment counts on its own day, also where it was matched later. Days are counted from the due date;"
        " invoices that only gather others are left out."
    )
    yield _(
        "Not known of a day that is past: totals and due dates other than those of today, credit whose day WHMCS does"
        " not tell, which counts from the first day, and invoices deleted since."
    )
    for row in owed_then.cancelled_since(on=on):
        yield ngettext(
            "%(n)s invoice of %(total)s was cancelled since, nobody knows when, and is left out.",
            "%(n)s invoices of %(total)s were cancelled since, nobody knows when, and are left out.",
            row.count,
        ) % {"n": formats.number(row.count), "total": formats.money(Amount(row.total, row.currency))}


def _always() -> Iterator[str]:
    yield from standstills()
    waiting = ageing.waiting_to_be_read()
    if waiting:
        yield ngettext(
            "%s of these invoices changed in WHMCS and is being read again.",
            "%s of these invoices changed in WHMCS and are being read again.",
            waiting,
        ) % formats.number(waiting)
