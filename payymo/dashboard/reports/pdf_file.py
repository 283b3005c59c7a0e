"""Reports as a PDF for an accountant: A4, page x of y, figures at the right, totals, the head of a table on each page.

Drawn page by page; of a long table only the page at hand is held.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import IO

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape, portrait
from reportlab.pdfgen.canvas import Canvas

from payymo.dashboard import formats
from payymo.dashboard.reports import pdf_text
from payymo.dashboard.reports.cells import written
from payymo.dashboard.reports.drawing import Drawn, draw
from payymo.dashboard.reports.shape import MOST_PDF_ROWS, Kind, Report, Row

_MARGIN, _GAP = 40.0, 8.0
_SIZE, _LEAD, _SMALL = 8.0, 11.0, 7.5
_HEAD, _FOOT = 62.0, 34.0
_INK, _MUTED, _RULE, _SHADE = HexColor("#1a2233"), HexColor("#566178"), HexColor("#c9d0dd"), HexColor("#f1f3f8")
_TONES = tuple(map(HexColor, ("#4c57d6", "#0b7285", "#b7791f", "#c81e4a", "#7f899e")))
_CHART_HEIGHT = 150.0
_WIDE_FROM = 6
_LOOKED_AT = 200
_MOST_LINES = 3
_TOTAL = "pages"


@dataclass(frozen=True, slots=True)
class Made:
    """Who made the file, and when."""

    tenant: str
    at: datetime


def write(out: IO[bytes], reports: Sequence[Report], made: Made, *, title: str) -> None:
    """Write the reports into one file, each from a new page on, with a list of them when there are several."""
    canvas = Canvas(out, pagesize=portrait(A4), pageCompression=1, invariant=0, lang=get_language() or "en")
    canvas.setTitle(f"{title} – {made.tenant}")
    canvas.setAuthor(made.tenant)
    canvas.setCreator("Payymo")
    pages = _Pages(canvas, made)
    if len(reports) > 1:
        _contents(pages, reports, title)
    for report in reports:
        _Writer(pages, report).write()
    pages.finish()


class _Pages:
    """The pages of the file, with what stands on each of them."""

    def __init__(self, canvas: Canvas, made: Made) -> None:
        self.canvas, self._made, self.number = canvas, made, 0
        self.width, self.height = portrait(A4)
        self.y = 0.0

    def begin(self, report: Report | None, *, wide: bool, goes_on: bool = False) -> None:
        """Begin a page with its head and foot."""
        if self.number:
            self.canvas.showPage()
        self.number += 1
        self.width, self.height = landscape(A4) if wide else portrait(A4)
        self.canvas.setPageSize((self.width, self.height))
        self._write_head(report, goes_on=goes_on)
        self._write_foot()
        self.y = self.height - _MARGIN - _HEAD - 4

    def _write_head(self, report: Report | None, *, goes_on: bool) -> None:
        canvas, top = self.canvas, self.height - _MARGIN
        canvas.setFillColor(_INK)
        pdf_text.draw(canvas, _MARGIN, top - 10, self._made.tenant, 10, bold=True)
        zone_moment = _("Made %s") % formats.full_moment(self._made.at)
        canvas.setFillColor(_MUTED)
        pdf_text.draw(canvas, self.width - _MARGIN, top - 10, zone_moment, _SMALL, ends=True)
        if report is not None:
            title = _("%s (continued)") % report.title if goes_on else report.title
            canvas.setFillColor(_INK)
            pdf_text.draw(canvas, _MARGIN, top - 30, title, 14, bold=True)
            canvas.setFillColor(_MUTED)
            pdf_text.draw(canvas, _MARGIN, top - 45, _about(report), _SIZE)
        canvas.setStrokeColor(_RULE)
        canvas.line(_MARGIN, top - 53, self.width - _MARGIN, top - 53)

    def _write_foot(self) -> None:
        self.canvas.setFillColor(_MUTED)
        before, behind = _("Page %(number)s of %(total)s").split("%(total)s")
        text = before % {"number": self.number}
        room = pdf_text.width("0000", _SMALL)
        x = self.width - _MARGIN - room - pdf_text.width(text + behind, _SMALL)
        pdf_text.draw(self.canvas, x, _FOOT - 8, text, _SMALL)
        x += pdf_text.width(text, _SMALL)
        self.canvas.saveState()
        self.canvas.translate(x, _FOOT - 8)
        # How many pages there are is known at the end only: the number is drawn once, then, and shown on each.
        self.canvas.doForm(_TOTAL)
        self.canvas.restoreState()
        pdf_text.draw(self.canvas, _MARGIN, _FOOT - 8, "Payymo", _SMALL)

    def finish(self) -> None:
        """Write the number of pages, and the file."""
        self.canvas.showPage()
        self.canvas.beginForm(_TOTAL)
        self.canvas.setFillColor(_MUTED)
        pdf_text.draw(self.canvas, 0, 0, str(self.number), _SMALL)
        self.canvas.endForm()
        self.canvas.save()


def _about(report: Report) -> str:
    if not report.currencies:
        return report.period
    names = ", ".join(report.currencies)
    apart = _("Currencies: %s, each on its own") if len(report.currencies) > 1 else _("Currency: %s")
    return f"{report.period} · {apart % names}"


def _contents(pages: _Pages, reports: Sequence[Report], title: str) -> None:
    pages.begin(None, wide=False)
    canvas = pages.canvas
    canvas.setFillColor(_INK)
    pdf_text.draw(canvas, _MARGIN, pages.y + 22, title, 14, bold=True)
    for number, report in enumerate(reports, start=1):
        pages.y -= 10
        canvas.setFillColor(_INK)
        pdf_text.draw(canvas, _MARGIN, pages.y, f"{number}. {report.title}", 10, bold=True)
        pages.y -= 14
        canvas.setFillColor(_MUTED)
        _paragraph(pages, report.sentence or report.period)


def _paragraph(pages: _Pages, text: str) -> None:
    for line in pdf_text.lines_of(text, _SIZE + 1, pages.width - 2 * _MARGIN, most=6):
        pdf_text.draw(pages.canvas, _MARGIN, pages.y, line, _SIZE + 1)
        pages.y -= _LEAD + 1


class _Writer:
    """One report: sentence, pictures, table, totals and notes, over as many pages as it takes."""

    def __init__(self, pages: _Pages, report: Report) -> None:
        self._pages, self._report, self._canvas = pages, report, pages.canvas
        self._columns = [report.columns[place] for place in report.shown]
        self._wide = len(self._columns) > _WIDE_FROM
        self._widths: list[float] = []
        self._size, self._small, self._lead = _SIZE, _SMALL, _LEAD

    def write(self) -> None:
        self._pages.begin(self._report, wide=self._wide)
        self._canvas.bookmarkPage(self._report.name)
        self._canvas.addOutlineEntry(self._report.title, self._report.name)
        if self._report.sentence:
            self._canvas.setFillColor(_INK)
            _paragraph(self._pages, self._report.sentence)
            self._pages.y -= 6
        for chart in self._report.charts:
            self._need(_CHART_HEIGHT + 30 + 10 * len(chart.series))
            _write_chart(self._pages, draw(chart))
        self._write_table()
        self._write_notes()

    def _need(self, room: float, *, then: Callable[[], None] = lambda: None) -> None:
        """Go on to a new page where there is no room left."""
        if self._pages.y - room < _FOOT + 6:
            self._pages.begin(self._report, wide=self._wide, goes_on=True)
            then()

    def _write_table(self) -> None:
        rows = iter(islice(self._report.rows(), MOST_PDF_ROWS + 1))
        first = [self._texts(row) for row in islice(rows, _LOOKED_AT)]
        totals = [self._texts(row) for row in self._report.totals]
        if not first:
            self._canvas.setFillColor(_MUTED)
            _paragraph(self._pages, _("Nothing in this period."))
            return
        self._widths = self._fit([*first, *totals])
        self._need(3 * _LEAD + 20)
        self._write_names()
        for number, texts in enumerate(chain(first, map(self._texts, rows))):
            if number == MOST_PDF_ROWS:
                only = _("Only the first %s rows are here; the table has all of them.")
                self._report_note(only % formats.number(MOST_PDF_ROWS))
                break
            self._write_row(texts, bold=False, shade=number % 2 == 1)
        for texts in totals:
            self._write_row(texts, bold=True, shade=False)

    def _texts(self, row: Row) -> list[str]:
        return [
            written(row[place], column.kind) for place, column in zip(self._report.shown, self._columns, strict=True)
        ]

    def _fit(self, rows: Sequence[Sequence[str]]) -> list[float]:
        """Give each column what its figures need, and what is left to the texts, each as much as it can use."""
        room = self._pages.width - 2 * _MARGIN - _GAP * (len(self._columns) - 1)
        wanted, least = [], []
        for place, column in enumerate(self._columns):
            widest = max(pdf_text.width(row[place], _SIZE, bold=True) for row in rows)
            word = max(pdf_text.width(each, _SIZE, bold=True) for each in column.title.split())
            wanted.append(max(widest, word) + 1)
            least.append(min(wanted[-1], max(word + 1, 54.0)) if column.kind is Kind.TEXT else wanted[-1])
        over = sum(wanted) - room
        if over <= 0:
            # What is left over goes to the first column, so that figures stand at the right edge.
            return [wanted[0] - over, *wanted[1:]]
        spare = sum(wanted) - sum(least)
        shrunk = [
            want - (want - low) * min(1.0, over / spare if spare else 0.0)
            for want, low in zip(wanted, least, strict=True)
        ]
        scale = min(1.0, room / sum(shrunk))
        # What still does not fit is written smaller: a figure that is cut is another figure.
        self._size, self._small, self._lead = _SIZE * scale, _SMALL * scale, _LEAD * scale
        return [each * scale for each in shrunk]

    def _write_names(self) -> None:
        names = [
            pdf_text.lines_of(column.title, self._small, room, most=_MOST_LINES, bold=True)
            for column, room in zip(self._columns, self._widths, strict=True)
        ]
        height = max(map(len, names)) * (self._lead - 1) + 4
        top = self._pages.y
        self._canvas.setFillColor(_MUTED)
        for lines, x, column, room in self._places(names):
            for number, line in enumerate(lines):
                y = top - height + 6 + (len(lines) - 1 - number) * (self._lead - 1)
                pdf_text.draw(self._canvas, x + room if column else x, y, line, self._small, bold=True, ends=column)
        self._pages.y = top - height
        self._canvas.setStrokeColor(_MUTED)
        self._canvas.line(_MARGIN, self._pages.y, self._pages.width - _MARGIN, self._pages.y)

    def _places(self, cells: Sequence[list[str]]) -> Iterator[tuple[list[str], float, bool, float]]:
        x = _MARGIN
        for lines, room, column in zip(cells, self._widths, self._columns, strict=True):
            yield lines, x, column.kind.is_figure, room
            x += room + _GAP

    def _write_row(self, texts: Sequence[str], *, bold: bool, shade: bool) -> None:
        cells = [
            [text] if column.kind.is_figure else pdf_text.lines_of(text, self._size, room, most=_MOST_LINES, bold=bold)
            for text, room, column in zip(texts, self._widths, self._columns, strict=True)
        ]
        height = max(map(len, cells)) * self._lead + 3
        self._need(height, then=self._write_names)
        top = self._pages.y
        if shade:
            self._canvas.setFillColor(_SHADE)
            self._canvas.rect(_MARGIN - 3, top - height, self._pages.width - 2 * _MARGIN + 6, height, stroke=0, fill=1)
        if bold:
            self._canvas.setStrokeColor(_INK)
            self._canvas.line(_MARGIN, top, self._pages.width - _MARGIN, top)
        self._canvas.setFillColor(_INK)
        for lines, x, is_figure, room in self._places(cells):
            # A figure further down may be wider than all that were measured.
            size = pdf_text.fitting(lines[0], self._size, room, bold=bold) if is_figure else self._size
            for number, line in enumerate(lines):
                y = top - self._lead * (number + 1) + 1
                pdf_text.draw(self._canvas, x + room if is_figure else x, y, line, size, bold=bold, ends=is_figure)
        self._pages.y = top - height

    def _report_note(self, text: str) -> None:
        self._need(_LEAD * 2)
        self._pages.y -= _LEAD
        self._canvas.setFillColor(_MUTED)
        for line in pdf_text.lines_of(text, _SMALL, self._pages.width - 2 * _MARGIN, most=6):
            self._need(_LEAD)
            pdf_text.draw(self._canvas, _MARGIN, self._pages.y, line, _SMALL)
            self._pages.y -= _LEAD

    def _write_notes(self) -> None:
        for note in self._report.notes:
            self._report_note(note)


def _write_chart(pages: _Pages, drawn: Drawn) -> None:
    canvas, room = pages.canvas, min(pages.width - 2 * _MARGIN, 620.0)
    scale_x, scale_y = room / drawn.width, _CHART_HEIGHT / drawn.height
    canvas.setFillColor(_INK)
    pdf_text.draw(canvas, _MARGIN, pages.y, drawn.title, _SIZE, bold=True)
    pages.y -= 12
    x, right = _MARGIN, pages.width - _MARGIN
    for tone, name in drawn.legend:
        [shown] = pdf_text.lines_of(name, _SMALL, right - _MARGIN - 9, most=1)
        wide = 9 + pdf_text.width(shown, _SMALL)
        if x > _MARGIN and x + wide > right:
            x, pages.y = _MARGIN, pages.y - 10
        canvas.setFillColor(_TONES[tone - 1])
        canvas.rect(x, pages.y, 6, 6, stroke=0, fill=1)
        canvas.setFillColor(_MUTED)
        pdf_text.draw(canvas, x + 9, pages.y, shown, _SMALL)
        x += 12 + wide
    top = pages.y - 6

    def place(at_x: float, at_y: float) -> tuple[float, float]:
        return _MARGIN + at_x * scale_x, top - at_y * scale_y

    canvas.setStrokeColor(_RULE)
    for line in drawn.lines:
        begin, y = place(float(drawn.left), float(line.y))
        canvas.line(begin, y, _MARGIN + room, y)
        canvas.setFillColor(_MUTED)
        pdf_text.draw(canvas, begin - 4, y - 2.5, line.text, _SMALL - 1, ends=True)
    for box in drawn.boxes:
        left, lower = place(float(box.x), float(box.y + box.height))
        canvas.setFillColor(_TONES[box.tone - 1])
        canvas.rect(left, lower, float(box.width) * scale_x, float(box.height) * scale_y, stroke=0, fill=1)
    canvas.setFillColor(_MUTED)
    for label in drawn.labels:
        for line in label.lines:
            middle, y = place(float(label.x), float(line.y))
            pdf_text.draw(canvas, middle - pdf_text.width(line.text, _SMALL - 1) / 2, y, line.text, _SMALL - 1)
    pages.y = top - _CHART_HEIGHT - 14
