"""The licence page."""

from dataclasses import dataclass

from payymo.dashboard.pages.values import Chip, Fact


@dataclass(frozen=True, slots=True)
class LicencePage:
    """Template `dashboard/settings/licence.html`."""

    chip: Chip
    text: str
    facts: tuple[Fact, ...]
