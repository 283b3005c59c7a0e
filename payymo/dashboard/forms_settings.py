"""Forms of the general settings and of one's own display."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.forms import LanguageForm
from payymo.dashboard import formats
from tenants.services.settings import MOST_UNDO_SECONDS, SUPPORT_HOURS, time_zones

DENSITIES = (("comfortable", _("Comfortable")), ("compact", _("Compact")))


class GeneralForm(forms.Form):
    """Time zone, language and undo window."""

    time_zone = forms.ChoiceField(label=_("Time zone"), help_text=_("For moments; booking dates have none."))
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("Of messages to Slack, and of mails to members who chose none of their own."),
    )
    undo_seconds = forms.IntegerField(
        label=_("Undo window in seconds"),
        min_value=0,
        max_value=MOST_UNDO_SECONDS,
        help_text=_("How long an approval waits before it is posted to WHMCS: 0 to 600."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [(name, name) for name in time_zones()]  # type: ignore[attr-defined]


class SupportForm(forms.Form):
    """For how long Payymo's staff may look."""

    hours = forms.TypedChoiceField(
        label=_("For how long"), coerce=int, choices=[(hours, str(hours)) for hours in SUPPORT_HOURS]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {1: _("1 hour"), 8: _("8 hours"), 24: _("1 day"), 72: _("3 days")}
        self.fields["hours"].choices = list(words.items())  # type: ignore[attr-defined]


class DisplayForm(LanguageForm):
    """One's own language, and how the pages look and answer in this browser."""

    numbers = forms.ChoiceField(
        label=_("Numbers"), required=False, choices=[("", _("As the language")), *formats.NUMBER_STYLES.items()]
    )
    density = forms.ChoiceField(label=_("Lines of lists"), choices=DENSITIES)
    keys = forms.BooleanField(
        label=_("Single-key shortcuts"),
        required=False,
        help_text=_("Off, a key does nothing outside a field; every act has its button."),
    )
