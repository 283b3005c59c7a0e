"""Any report as a page: its table, its pictures, and where its files are."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from payymo.dashboard import formats
from payymo.dashboard.links import link
from payymo.dashboard.pages.reports import (
    ChartBox,
    ChartText,
    ExportLink,
    ReportCell,
    ReportChart,
    ReportFigures,
    ReportPage,
    ReportTile,
)
from payymo.dashboard.reports import periods
from payymo.dashboard.reports.catalogue import REPORTS, Entry
from payymo.dashboard.reports.cells import written
from payymo.dashboard.reports.drawing import draw
from payymo.dashboard.reports.freshness import stamp
from payymo.dashboard.reports.periods import Asked, Span
from payymo.dashboard.reports.shape import Chart, Kind, Report, Row
from payymo.shared.errors import BadInput

PAGE_ROWS = 50
FORMS = ("csv", "xlsx", "pdf")
_LABELS = {"csv": "CSV", "xlsx": "Excel", "pdf": "PDF"}
_INPUTS = {Span.DAYS: "date", Span.MONTHS: "month", Span.DAY: "date"}
_OPTIONS = ("list",)


def asked(entry: Entry, query: Mapping[str, str], *, now: datetime) -> Asked:
    """Read what the address asks for.

    Raises: BadInput.
    """
    options = {name: query[name] for name in _OPTIONS if query.get(name)}
    return periods.asked_of(query, entry.span, entry.usual, now=now, options=options)


def page(entry: Entry, query: Mapping[str, str], *, now: datetime) -> ReportPage:
    """Build the page; a period that cannot be used is said, and the usual one shown."""
    error = ""
    try:
        wanted = asked(entry, query, now=now)
    except BadInput as refused:
        wanted, error = periods.usually(entry.span, entry.usual, now=now, options={}), str(refused)
    parameters = wanted.query
    return ReportPage(
        title=str(entry.title),
        text=str(entry.text),
        period=wanted.words,
        back_url=link("reports"),
        input_type=_INPUTS[entry.span],
        since=parameters.get("from", ""),
        until=parameters.get("to", ""),
        on=wanted.until.isoformat() if entry.span is Span.DAY else "",
        latest=wanted.today.isoformat(),
        figures=figures(entry, wanted),
        figures_url=_address("report_figures", parameters, entry.name),
        exports=exports(entry, wanted),
        error=error,
    )


def exports(entry: Entry, wanted: Asked) -> tuple[ExportLink, ...]:
    """Return the addresses of the report's files."""
    return tuple(ExportLink(_LABELS[form], _address("report_export", wanted.query, entry.name, form)) for form in FORMS)


def _address(name: str, parameters: Mapping[str, str], *args: str) -> str:
    url = link(name, *args)
    return f"{url}?{urlencode(parameters)}" if parameters else url


def figures(entry: Entry, wanted: Asked) -> ReportFigures:
    """Build what of the page changes by itself."""
    state = stamp(wanted.today)
    report = entry.build(wanted)
    rows = list(islice(report.rows(), PAGE_ROWS + 1))
    more = _("The first %s rows are shown; the files have all of them.") % formats.number(PAGE_ROWS)
    return ReportFigures(
        state=state,
        as_of=wanted.as_of,
        sentence=report.sentence,
        head=tuple(
            ReportCell(report.columns[place].title, "", report.columns[place].kind.is_figure) for place in report.shown
        ),
        rows=tuple(_row(report, row) for row in rows[:PAGE_ROWS]),
        totals=tuple(_row(report, row) for row in report.totals),
        charts=tuple(map(chart, report.charts)),
        notes=report.notes,
        more=more if len(rows) > PAGE_ROWS else "",
        keys=tuple(cell for cell in _row(report, report.key_row) if cell.is_figure and cell.text),
    )


def _row(report: Report, row: Row) -> tuple[ReportCell, ...]:
    def cells() -> Iterator[ReportCell]:
        for place in report.shown if row else ():
            column = report.columns[place]
            is_short = column.kind in (Kind.DAY, Kind.MONTH)
            yield ReportCell(written(row[place], column.kind), column.title, column.kind.is_figure, is_short)

    return tuple(cells())


def chart(drawn_of: Chart) -> ReportChart:
    """Write a picture's places for SVG."""
    drawn = draw(drawn_of)
    return ReportChart(
        title=drawn.title,
        width=drawn.width,
        height=drawn.height,
        left=drawn.left,
        boxes=tuple(
            ChartBox(_place(box.x), _place(box.y), _place(box.width), _place(box.height), box.tone, box.title)
            for box in drawn.boxes
        ),
        lines=tuple(ChartText(str(drawn.left - 8), _place(line.y), line.text) for line in drawn.lines),
        labels=tuple(
            tuple(ChartText(_place(label.x), _place(line.y), line.text) for line in label.lines)
            for label in drawn.labels
        ),
        legend=drawn.legend,
    )


def _place(value: object) -> str:
    return f"{value:.1f}"


def tiles() -> tuple[ReportTile, ...]:
    """Return every report, as the list of all shows it."""
    return tuple(
        ReportTile(
            str(entry.title),
            str(entry.text),
            entry.icon,
            link("three_way") if entry.has_own_page else link("report", entry.name),
        )
        for entry in REPORTS.values()
    )
