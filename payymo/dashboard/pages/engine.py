"""How sure the engine is, and how right it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from payymo.dashboard.pages.values import Chip, Fact, Moment


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of what was learned. Shape: `use_url` takes a POST; it is empty where it may not be chosen."""

    name: str
    chip: Chip
    trained: Moment
    right: str
    detail: str = ""
    use_url: str = ""
    report_url: str = ""


@dataclass(frozen=True, slots=True)
class StopCard:
    """Automation that was stopped. Shape: `resume_url` takes a POST; empty for those who may not resume it."""

    text: str
    moment: Moment
    resume_url: str = ""


@dataclass(frozen=True, slots=True)
class EnginePage:
    """Template `dashboard/engine.html`.

    Shape: `figures` is what `matching/engine_figures.html` needs, empty while nothing was trained; `shipped_url` and
    `release_url` take a POST and are empty where that makes no sense.
    """

    sentence: str
    facts: tuple[Fact, ...]
    versions: tuple[VersionRow, ...]
    figures: dict[str, Any] = field(default_factory=dict)
    stop: StopCard | None = None
    report_url: str = ""
    shipped_url: str = ""
    release_url: str = ""
