"""General settings, one's own display, and help."""

from __future__ import annotations

from dataclasses import dataclass

from django.forms import BaseForm

from payymo.dashboard.pages.records import SetupStep
from payymo.dashboard.pages.values import Event


@dataclass(frozen=True, slots=True)
class GeneralSettingsPage:
    """Template `dashboard/settings/general.html`. `support_until` is empty while staff has no access.

    Shape: `visits` are the latest, newest first.
    """

    form: BaseForm
    support_form: BaseForm
    support_url: str
    support_until: str = ""
    visits: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class DisplayPage:
    """Template `dashboard/profile.html`."""

    form: BaseForm


@dataclass(frozen=True, slots=True)
class SetupPage:
    """Template `dashboard/setup.html`. Shape: a step is done as the data says; nobody ticks it off."""

    steps: tuple[SetupStep, ...]
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide of the help: its name in the address, its title, and what it is about."""

    name: str
    title: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class HelpPage:
    """Template `dashboard/help/index.html`."""

    guides: tuple[Guide, ...]


@dataclass(frozen=True, slots=True)
class GuidePage:
    """Template `dashboard/help/guide.html`. Shape: `html` is made from our own text; of each section id and title."""

    title: str
    html: str
    sections: tuple[tuple[str, str], ...]
    others: tuple[Guide, ...]
