"""The licence page."""

from dataclasses import dataclass

from payymo.dashboard.pages.values import Fact


@dataclass(frozen=True, slots=True)
class LicencePage:
    """Template `dashboard/settings/licence.html`. Shape: `tone` is ok, warn, bad or neutral."""

    tone: str
    state: str
    text: str
    facts: tuple[Fact, ...]
