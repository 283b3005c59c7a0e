"""Pictures drawn by the server as SVG: places and sizes only, no colour and no text of their own."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from payymo.dashboard import formats
from payymo.dashboard.pages import Amount, Flow, Spark

WIDTH, HEIGHT = 720, 208
SPARK_WIDTH, SPARK_HEIGHT = 120, 28
_LEFT, _BOTTOM, _TOP = 56, 24, 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: the whole bar is what came in, the filled part what is matched."""

    x: str
    width: str
    top: str
    height: str
    matched_top: str
    matched_height: str
    title: str
    label: str = ""
    middle: str = ""


@dataclass(frozen=True, slots=True)
class GridLine:
    """A horizontal line and its figure."""

    y: str
    text_y: str
    text: str


@dataclass(frozen=True, slots=True)
class FlowChart:
    """Everything the template needs to write the SVG. Units: those of the view box."""

    width: int
    height: int
    left: int
    bars: tuple[Bar, ...]
    grid: tuple[GridLine, ...]
    base: int


def nice_top(most: Decimal) -> Decimal:
    """Return the next round figure that is not below `most`; 1 for nothing."""
    if most <= 0:
        return Decimal(1)
    magnitude = Decimal(10) ** most.adjusted()
    for step in (Decimal(1), Decimal(2), Decimal(4), Decimal(5), Decimal(10)):
        if most <= step * magnitude:
            return step * magnitude
    return (most / magnitude).to_integral_value(ROUND_CEILING) * magnitude


def _text(value: Decimal) -> str:
    return f"{value:.1f}"


def flow_chart(flow: Flow) -> FlowChart:
    """Lay out money in against matched, one bar a day. Shape: an empty flow gives a grid without bars."""
    base = HEIGHT - _BOTTOM
    room = Decimal(base - _TOP)
    top = nice_top(max((day.received for day in flow.days), default=Decimal(0)))
    step = Decimal(WIDTH - _LEFT) / max(len(flow.days), 1)
    width = min(step * Decimal("0.68"), Decimal(28))
    bars = []
    for index, day in enumerate(flow.days):
        x = _LEFT + step * index + (step - width) / 2
        height = max(day.received, Decimal(0)) / top * room
        matched = min(max(day.matched, Decimal(0)), max(day.received, Decimal(0))) / top * room
        received, done = Amount(day.received, flow.currency), Amount(day.matched, flow.currency)
        labelled = index % 7 == 0 or len(flow.days) <= 10
        bars.append(
            Bar(
                x=_text(x),
                width=_text(width),
                top=_text(base - height),
                height=_text(height),
                matched_top=_text(base - matched),
                matched_height=_text(matched),
                title=f"{formats.day(day.day)}: {formats.money(received)} / {formats.money(done)}",
                label=formats.day_short(day.day) if labelled else "",
                middle=_text(x + width / 2),
            )
        )
    parts = 4 if top.normalize().as_tuple().digits in {(2,), (4,)} else 5
    grid = []
    for part in range(parts + 1):
        y = base - room * part / parts
        grid.append(GridLine(_text(y), _text(y + 4), formats.compact(top * part / parts)))
    return FlowChart(WIDTH, HEIGHT, _LEFT, tuple(bars), tuple(grid), base)


@dataclass(frozen=True, slots=True)
class SparkLine:
    """The corners of a line, and those of the ground below it. Units: those of the view box."""

    line: str
    ground: str
    width: int = SPARK_WIDTH
    height: int = SPARK_HEIGHT


def spark_line(spark: Spark) -> SparkLine:
    """Lay out a line from the first day at the left to the last at the right; its top is the largest value."""
    top = max((*spark.values, Decimal(0))) or Decimal(1)
    room, step = Decimal(SPARK_HEIGHT - 4), Decimal(SPARK_WIDTH) / max(len(spark.values) - 1, 1)
    corners = [
        f"{_text(step * place)},{_text(SPARK_HEIGHT - 2 - max(value, Decimal(0)) / top * room)}"
        for place, value in enumerate(spark.values)
    ]
    line = " ".join(corners)
    return SparkLine(line, f"0,{SPARK_HEIGHT} {line} {SPARK_WIDTH},{SPARK_HEIGHT}")
