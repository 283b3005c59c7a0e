"""What is kept of persons and for how long, and archives of everything."""

from __future__ import annotations

from dataclasses import dataclass

from django.forms import BaseForm

from payymo.dashboard.pages.values import Chip, Fact, Moment


@dataclass(frozen=True, slots=True)
class RetentionPage:
    """Template `dashboard/settings/retention.html`. `goes` is what the next run erases with the periods shown.

    Shape: `asks` is set where shorter periods were sent that nobody has seen the effect of; nothing is saved then.
    """

    form: BaseForm
    goes: tuple[Fact, ...] = ()
    asks: bool = False


@dataclass(frozen=True, slots=True)
class PersonsPage:
    """Template `dashboard/persons.html`. `found` says whether anybody was looked for; `goes` and `stays` what is there.

    Shape: `carried` are the fields of the search, for the acts on what was found.
    """

    form: BaseForm
    found: bool = False
    goes: tuple[Fact, ...] = ()
    stays: tuple[Fact, ...] = ()
    reason: str = ""
    carried: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An archive. `fetch_url` takes a POST, and is empty when there is nothing to fetch."""

    state: Chip
    asked_by: str
    asked: Moment
    text: str = ""
    sha256: str = ""
    fetch_url: str = ""


@dataclass(frozen=True, slots=True)
class ExportsPage:
    """Template `dashboard/settings/export.html`. `ask_url` takes a POST; empty while one is being made."""

    rows: tuple[ExportRow, ...]
    ask_url: str = ""
