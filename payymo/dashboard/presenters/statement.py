"""The period statement as a page and as a table."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching import ledger
from matching.ledger import StatementLine
from payymo.dashboard import csv_files, formats, paging
from payymo.dashboard.links import link
from payymo.dashboard.pages import Amount, StatementPage, StatementRow

CSV_HEADER = (
    "account", "currency", "from", "to", "opening", "matched", "unmatched", "in_transit", "other", "closing",
    "difference", "entries", "bank_statement", "bank_statement_on", "bank_difference",
)  # fmt: skip


def asked_of(request: HttpRequest, *, today: date) -> tuple[date, date, str]:
    """Return the period that the query asks for, or the month before this one, and what is wrong with it."""
    last = today.replace(day=1) - timedelta(days=1)
    since, until = paging.asked_date(request, "from"), paging.asked_date(request, "to")
    if since is None and until is None:
        return last.replace(day=1), last, ""
    if since is None or until is None or until < since or until.year > today.year + 1:
        return last.replace(day=1), last, _("Choose a first day and a last day that is not before it.")
    return since, until, ""


def page(request: HttpRequest, *, today: date) -> StatementPage:
    """Build the page: a sentence, and a row for each account and currency."""
    since, until, error = asked_of(request, today=today)
    lines = ledger.statement(since=since, until=until)
    dates = {"from": since.isoformat(), "to": until.isoformat()}
    return StatementPage(
        sentence=_sentence(lines),
        rows=tuple(map(_row, lines)),
        since=dates["from"],
        until=dates["to"],
        csv_url=f"{link('statement_csv')}?{urlencode(dates)}" if lines else "",
        error=error,
    )


def _sentence(lines: Sequence[StatementLine]) -> str:
    if not lines:
        return ""
    wrong = [line for line in lines if line.difference]
    if wrong:
        return _("The parts do not explain %(name)s: please tell support.") % {"name": wrong[0].name}
    compared = [line for line in lines if line.bank_difference is not None]
    if not compared:
        return _("Every movement is in exactly one part. No bank statement ends in this period to compare with.")
    differ = [line for line in compared if line.bank_difference]
    if differ:
        return _(
            "The bank's statement of %(name)s says %(gap)s %(currency)s more than the movements: an entry is missing"
            " or was read twice."
        ) % {
            "name": differ[0].name, "gap": formats.decimal_text(differ[0].bank_difference or ledger.ZERO, digits=2),
            "currency": differ[0].currency,
        }  # fmt: skip
    return ngettext(
        "Every movement is in exactly one part, and %d account agrees with its bank statement.",
        "Every movement is in exactly one part, and %d accounts agree with their bank statements.",
        len(compared),
    ) % len(compared)


def _row(line: StatementLine) -> StatementRow:
    def money(value: ledger.Decimal) -> Amount:
        return Amount(value, line.currency)

    gap = line.bank_difference
    return StatementRow(
        name=line.name or _("Account without a name"),
        opening=money(line.opening), matched=money(line.matched), unmatched=money(line.unmatched),
        in_transit=money(line.in_transit), other=money(line.other), closing=money(line.closing), count=line.count,
        stated=None if line.stated is None else money(line.stated), stated_on=line.stated_on,
        gap=money(gap) if gap else None, agrees=None if gap is None else not gap,
        from_first_entry=line.is_from_first_entry and line.kind == "bank",
    )  # fmt: skip


def csv_rows(request: HttpRequest, *, today: date) -> Iterator[Sequence[object]]:
    """Write the same as a table."""
    since, until, _error = asked_of(request, today=today)
    for line in ledger.statement(since=since, until=until):
        amounts = (line.opening, line.matched, line.unmatched, line.in_transit, line.other, line.closing)
        yield (
            line.name, line.currency, since, until, *(csv_files.plain(one, line.currency) for one in amounts),
            csv_files.plain(line.difference, line.currency), line.count, csv_files.plain(line.stated, line.currency),
            line.stated_on or "", csv_files.plain(line.bank_difference, line.currency),
        )  # fmt: skip
