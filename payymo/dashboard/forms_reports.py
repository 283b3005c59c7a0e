"""A month's reports in one file: which, and when."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from payymo.dashboard.reports.catalogue import REPORTS


def _choices() -> list[tuple[str, Any]]:
    return [("", _("All reports")), *((entry.name, entry.title) for entry in REPORTS.values())]


class MonthField(forms.DateField):
    """A month as browsers send it: `2026-10`. Shape: its first day."""

    widget = forms.DateInput(attrs={"type": "month"}, format="%Y-%m")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m"], **kwargs)


class PackForm(forms.Form):
    """Which month, now."""

    month = MonthField(label=_("Month"))
    report = forms.ChoiceField(label=_("Report"), choices=_choices, required=False)

    @property
    def first_day(self) -> date:
        """The month that was chosen."""
        chosen: date = self.cleaned_data["month"]
        return chosen.replace(day=1)


class ScheduleForm(forms.Form):
    """Which report, and on which day of each month."""

    day = forms.IntegerField(label=_("Day of the month"), min_value=1, max_value=28, initial=3)
    report = forms.ChoiceField(label=_("Report"), choices=_choices, required=False)
