"""Making a key for a program."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.services.api_keys import LONGEST_LIFE


class ApiKeyForm(forms.Form):
    """What a key is for, what it opens, and for how long."""

    name = forms.CharField(
        label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Which program uses it."),
    )  # fmt: skip
    days = forms.IntegerField(
        label=_("Ends after days"), min_value=1, max_value=LONGEST_LIFE.days, initial=90, help_text=_("1 to 365.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("It acts for you: what you lose, it loses."),
    )

    def __init__(self, *args: Any, choices: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = list(choices)  # type: ignore[attr-defined]
