"""Draws the engine's figures as SVG: axes, points and counts, with class names for the page or colours of their own.

Shape: every text is escaped; the same figures give the same bytes. A table of the same figures belongs beside each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import log
from typing import Any

WIDTH, HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 20, 16, 48
_TICKS = (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.997, 0.999)
_NEAREST = 0.0004
_STYLE = (
    "svg{background:#fff;font-family:Roboto,system-ui,sans-serif}text{font-size:11px;fill:#566178}"
    ".pm-grid{stroke:#e3e7ef}.pm-ideal{stroke:#7f899e;stroke-dasharray:4 4;fill:none}"
    ".pm-curve{stroke:#4c57d6;stroke-width:2;fill:none}.pm-point{fill:#4c57d6}.pm-range{stroke:#4c57d6;opacity:.5}"
    ".pm-bar-in{fill:#eceefc;stroke:#4c57d6}.pm-bar-matched{fill:#4c57d6}.pm-mark{stroke:#a9153c;stroke-width:3}"
    "@media(prefers-color-scheme:dark){svg{background:#111a2e}text{fill:#9aa6bd}.pm-grid{stroke:#233152}"
    ".pm-ideal{stroke:#67748f}.pm-curve{stroke:#8f98ff}.pm-point{fill:#8f98ff}.pm-range{stroke:#8f98ff}"
    ".pm-bar-in{fill:#1f2757;stroke:#8f98ff}.pm-bar-matched{fill:#8f98ff}.pm-mark{stroke:#ff9db2}}"
)


def reliability(
    bins: Sequence[Mapping[str, Any]], *, title: str, across: str, up: str, standalone: bool = False
) -> str:
    """What was said against what came true, on scales that spread out what is nearly certain; n beside each point."""
    low = _lowest([one["said"] for one in bins] + [one["right"] for one in bins])
    parts = _frame(across, up)
    for tick in (one for one in _TICKS if one >= low):
        x, y = _across(_place(tick, low)), _up(_place(tick, low))
        parts += [_line("pm-grid", x, _up(0), x, _up(1)), _line("pm-grid", _across(0), y, _across(1), y)]
        parts += [_text(x, HEIGHT - 30, _share(tick), "middle"), _text(_LEFT - 8, y + 4, _share(tick), "end")]
    parts.append(_line("pm-ideal", _across(0), _up(0), _across(1), _up(1)))
    for number, one in enumerate(bins):
        x, y = _across(_place(one["said"], low)), _up(_place(one["right"], low))
        parts.append(_line("pm-range", x, _up(_place(one["low"], low)), x, _up(_place(one["high"], low))))
        parts.append(f'<circle class="pm-point" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        parts.append(_text(x, y + (18 if number % 2 else -9), f"n {one['n']}", "middle"))
    return _svg(parts, title, standalone)


def coverage(
    points: Sequence[Mapping[str, float]], *, title: str, across: str, up: str, standalone: bool = False
) -> str:
    """The share right among the surest receipts, against how many of all receipts those are."""
    low = min(0.99, min((point["right"] for point in points), default=0.99))
    low -= (1 - low) * 0.1
    parts = _frame(across, up)
    for step in range(6):
        share, right = step / 5, low + (1 - low) * step / 5
        x, y = _across(share), _up(step / 5)
        parts += [_line("pm-grid", x, _up(0), x, _up(1)), _line("pm-grid", _across(0), y, _across(1), y)]
        parts += [_text(x, HEIGHT - 30, _share(share), "middle"), _text(_LEFT - 8, y + 4, f"{right:.1%}", "end")]
    where = [(_across(point["share"]), _up((point["right"] - low) / (1 - low))) for point in points]
    parts.append(f'<polyline class="pm-curve" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in where)}"/>')
    parts += [f'<circle class="pm-point" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in where]
    return _svg(parts, title, standalone)


def months(rows: Sequence[Mapping[str, Any]], *, title: str, up: str, standalone: bool = False) -> str:
    """A bar a month for what came true, and a mark across it for what was said on average.

    Shape: each row has `label`, `right` and `said`; both may be None, then the month stays empty.
    """
    parts = _frame("", up)
    for step in range(6):
        y = _up(step / 5)
        parts += [_line("pm-grid", _across(0), y, _across(1), y), _text(_LEFT - 8, y + 4, _share(step / 5), "end")]
    width = 1 / max(1, len(rows))
    for number, row in enumerate(rows):
        start, end = _across((number + 0.2) * width), _across((number + 0.8) * width)
        if number % (len(rows) // 13 + 1) == 0:
            parts.append(_text((start + end) / 2, HEIGHT - 30, row["label"], "middle"))
        if row["right"] is None or row["said"] is None:
            continue
        top, said = _up(row["right"]), _up(row["said"])
        box = f'x="{start:.1f}" y="{top:.1f}" width="{end - start:.1f}" height="{_up(0) - top:.1f}"'
        parts.append(f'<rect class="pm-bar-matched" {box} rx="2"/>')
        parts.append(_line("pm-mark", start - 4, said, end + 4, said))
    return _svg(parts, title, standalone)


def _lowest(values: Sequence[float]) -> float:
    """Where the scales begin: the tick below everything that is drawn."""
    least = min(values, default=0.5)
    return max((tick for tick in _TICKS if tick <= least), default=_TICKS[0])


def _place(value: float, low: float) -> float:
    """Where a probability stands between `low` and certainty, in log-odds; nothing stands outside."""
    highest = 1 - _NEAREST
    bounded = min(highest, max(low, value, _NEAREST))
    return (_logit(bounded) - _logit(low)) / (_logit(highest) - _logit(low))


def _logit(value: float) -> float:
    return log(value / (1 - value))


def _across(place: float) -> float:
    return _LEFT + place * (WIDTH - _LEFT - _RIGHT)


def _up(place: float) -> float:
    return HEIGHT - _BOTTOM - place * (HEIGHT - _BOTTOM - _TOP)


def _frame(across: str, up: str) -> list[str]:
    middle = _TOP + (HEIGHT - _BOTTOM - _TOP) / 2
    turned = f'transform="rotate(-90 14 {middle:.1f})"'
    parts = [f'<text x="14" y="{middle:.1f}" text-anchor="middle" {turned}>{escape(up)}</text>']
    if across:
        parts.append(_text(_across(0.5), HEIGHT - 8, across, "middle"))
    return parts


def _line(name: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _share(value: float) -> str:
    return f"{value:.1%}" if value > 0.99 and value != 1 else f"{value:.0%}"


def _svg(parts: Sequence[str], title: str, standalone: bool) -> str:
    head = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}"'
    if standalone:
        own = f'<svg xmlns="http://www.w3.org/2000/svg" {head}><title>{escape(title)}</title><style>{_STYLE}</style>'
        return own + "".join(parts) + "</svg>\n"
    return f'<svg class="pm-chart" {head}>' + "".join(parts) + "</svg>"
