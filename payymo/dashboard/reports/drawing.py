"""Where the bars of a picture stand: one layout, drawn as SVG by a template and into the PDF by its writer."""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from payymo.dashboard import formats
from payymo.dashboard.charts import nice_top
from payymo.dashboard.pages import Amount
from payymo.dashboard.reports.shape import Chart

WIDTH, HEIGHT = 720, 240
LEFT, BOTTOM, TOP = 60, 36, 10
_LEADING = 13
TONES = 5
_MOST_LABELS = 13
_WIDEST = Decimal(44)
# A letter of the smallest text, on average.
_LETTER = Decimal("5.8")


@dataclass(frozen=True, slots=True)
class Box:
    """A bar. Units: those of the view box, from the upper left corner; `tone` is 1 to 5."""

    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal
    tone: int
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """A text at a height: a line of the grid with its figure, or a line of a name."""

    y: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a group, under its middle. Shape: one line or two."""

    x: Decimal
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A whole picture. Shape: `zero` is the height of the line on which the bars stand."""

    title: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
    legend: tuple[tuple[int, str], ...]
    zero: Decimal
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM


def draw(chart: Chart) -> Drawn:
    """Lay the picture out. Shape: without a group there is a grid and no bar."""
    highest, lowest = _range(chart)
    room = Decimal(HEIGHT - BOTTOM - TOP) / (highest - lowest)

    def up(value: Decimal) -> Decimal:
        return TOP + (highest - value) * room

    return Drawn(
        title=chart.title,
        boxes=tuple(_boxes(chart, up)),
        lines=tuple(Line(up(value), _axis(value, chart.unit)) for value in _steps(lowest, highest, chart.unit)),
        labels=tuple(_labels(chart)),
        legend=tuple((place % TONES + 1, name) for place, name in enumerate(chart.series)) if chart.series[1:] else (),
        zero=up(Decimal(0)),
    )


def value_text(value: Decimal, unit: str) -> str:
    """Write a value with its unit."""
    if unit == "%":
        return formats.percent(value)
    if len(unit) == 3:
        return formats.money(Amount(value, unit))
    if unit:
        return f"{formats.decimal_text(value, digits=1)}{formats.NO_BREAK_SPACE}{unit}"
    return formats.number(int(value))


def _axis(value: Decimal, unit: str) -> str:
    return formats.percent(value) if unit == "%" else formats.compact(value)


def _range(chart: Chart) -> tuple[Decimal, Decimal]:
    if chart.unit == "%":
        return Decimal(1), Decimal(0)
    if chart.is_stacked:
        most, least = max((sum(group.values, Decimal(0)) for group in chart.groups), default=Decimal(0)), Decimal(0)
    else:
        every = [value for group in chart.groups for value in group.values]
        most, least = max([*every, Decimal(0)]), min([*every, Decimal(0)])
    # A side that is far smaller than the other gets no round figure of its own, only room.
    highest = nice_top(most) if most > 0 or least == 0 else Decimal(0)
    lowest = -nice_top(-least) if least < 0 else Decimal(0)
    return highest, lowest


def _steps(lowest: Decimal, highest: Decimal, unit: str) -> list[Decimal]:
    largest = max(highest, -lowest)
    step = largest / (4 if largest.normalize().as_tuple().digits in {(2,), (4,)} else 5)
    if not unit:
        # Nobody counts halves.
        step = max(step, Decimal(1))
    below = [-step * number for number in range(int(-lowest / step), 0, -1)]
    return [*below, *(step * number for number in range(int(highest / step) + 1))]


def _boxes(chart: Chart, up: Callable[[Decimal], Decimal]) -> Iterator[Box]:
    step = Decimal(WIDTH - LEFT) / max(len(chart.groups), 1)
    beside = 1 if chart.is_stacked else max(len(chart.series), 1)
    width = min(step * Decimal("0.72") / beside, _WIDEST)
    for place, group in enumerate(chart.groups):
        x, top = LEFT + step * place + (step - width * beside) / 2, Decimal(0)
        for number, value in enumerate(group.values):
            if not value:
                continue
            begin = top if chart.is_stacked else Decimal(0)
            top = begin + value
            name = f"{group.label} · {chart.series[number]}" if chart.series[1:] else group.label
            yield Box(
                x=x if chart.is_stacked else x + width * number,
                y=min(up(begin), up(top)),
                width=width,
                height=abs(up(begin) - up(top)),
                tone=number % TONES + 1,
                title=f"{name}: {value_text(value, chart.unit)}",
            )


def _fitting(text: str, room: Decimal) -> list[str]:
    """Break and cut a name that would reach into the next one; the table beside has it whole."""
    most = max(int(room / _LETTER) - 1, 4)
    words = " ".join(_hyphenated(word, most) for word in text.split())
    return textwrap.wrap(words, most, max_lines=2, placeholder="…", break_on_hyphens=False)


def _hyphenated(word: str, most: int) -> str:
    """Part a word that no line holds, without leaving a letter by itself."""
    if len(word) <= most:
        return word
    cut = most - 2 if len(word) == most else most - 1
    return f"{word[:cut]}- {_hyphenated(word[cut:], most)}"


def _labels(chart: Chart) -> Iterator[Label]:
    step = Decimal(WIDTH - LEFT) / max(len(chart.groups), 1)
    every = -(-len(chart.groups) // _MOST_LABELS) or 1
    for place, group in enumerate(chart.groups):
        if place % every == 0:
            below = enumerate(_fitting(group.label, step * every))
            lines = tuple(Line(Decimal(HEIGHT - BOTTOM + _LEADING * (number + 1)), line) for number, line in below)
            yield Label(LEFT + step * place + step / 2, lines)
