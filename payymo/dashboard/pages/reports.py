"""Reports as pages: one object for each of them, and the list of all."""

from __future__ import annotations

from dataclasses import dataclass

from django.forms import Form

from payymo.dashboard.pages.values import Chip, Moment


@dataclass(frozen=True, slots=True)
class ReportCell:
    """A cell, written. Shape: `label` is the name of its column, for narrow screens; `text` is empty for nothing.

    A short one is never broken.
    """

    text: str
    label: str
    is_figure: bool
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class ChartBox:
    """A bar. Shape: the places are written for SVG; `tone` is 1 to 5."""

    x: str
    y: str
    width: str
    height: str
    tone: int
    title: str


@dataclass(frozen=True, slots=True)
class ChartText:
    """A text of a picture, and its place."""

    x: str
    y: str
    text: str


@dataclass(frozen=True, slots=True)
class ReportChart:
    """A picture. Shape: `lines` are the lines of the grid, each with its figure; a label has one line or two."""

    title: str
    width: int
    height: int
    left: int
    boxes: tuple[ChartBox, ...]
    lines: tuple[ChartText, ...]
    labels: tuple[tuple[ChartText, ...], ...]
    legend: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """Template `dashboard/reports/figures.html`: everything of a report that changes by itself.

    Shape: `state` names the figures, so that the next look can ask whether they changed. `keys` are the
    few figures for the place beside the only picture; empty where no row says it all.
    """

    state: str
    as_of: str
    sentence: str
    head: tuple[ReportCell, ...]
    rows: tuple[tuple[ReportCell, ...], ...]
    totals: tuple[tuple[ReportCell, ...], ...]
    charts: tuple[ReportChart, ...]
    notes: tuple[str, ...]
    more: str = ""
    keys: tuple[ReportCell, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportLink:
    """A file of the report."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Template `dashboard/reports/report.html`.

    Shape: `input_type` is empty where no period is asked for; `on` is the day where only one is, at most `latest`.
    """

    title: str
    text: str
    period: str
    back_url: str
    input_type: str
    since: str
    until: str
    figures: ReportFigures
    figures_url: str
    exports: tuple[ExportLink, ...]
    error: str = ""
    on: str = ""
    latest: str = ""


@dataclass(frozen=True, slots=True)
class ReportTile:
    """A report in the list of all."""

    title: str
    text: str
    icon: str
    url: str


@dataclass(frozen=True, slots=True)
class PackRow:
    """A month in one file. Shape: `fetch_url` is empty until it is there; `steps` is 0 before it is begun."""

    title: str
    state: Chip
    asked: Moment
    done: int
    steps: int
    text: str
    fetch_url: str


@dataclass(frozen=True, slots=True)
class Packs:
    """Template `dashboard/reports/packs.html`. Shape: `every` seconds the page looks again."""

    state: str
    every: int
    rows: tuple[PackRow, ...]


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A report that comes each month. Shape: `stop_url` takes a POST."""

    title: str
    text: str
    stop_url: str


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """Template `dashboard/reports/list.html`."""

    tiles: tuple[ReportTile, ...]
    packs: Packs
    packs_url: str
    pack_form: Form
    pack_url: str
    schedules: tuple[ScheduleRow, ...]
    schedule_form: Form
    schedule_url: str
