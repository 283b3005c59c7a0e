"""For how long something is kept, and who is meant."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payymo.operations.services.retention_settings import LEAST_DAYS, LEAST_YEARS, MOST_DAYS, MOST_YEARS


class RetentionForm(forms.Form):
    """Both periods. `seen` says for which of them it was shown what goes."""

    unmatched_days = forms.IntegerField(
        label=gettext_lazy("Days until an unmatched payment no longer says who paid"),
        min_value=LEAST_DAYS,
        max_value=MOST_DAYS,
    )
    bookkeeping_years = forms.IntegerField(
        label=gettext_lazy("Years for which invoices and their payments say who paid"),
        min_value=LEAST_YEARS,
        max_value=MOST_YEARS,
    )
    seen = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    @property
    def asked(self) -> str:
        """The periods in the form of `seen`."""
        return f"{self.cleaned_data['unmatched_days']}/{self.cleaned_data['bookkeeping_years']}"

    @property
    def periods(self) -> dict[str, int]:
        """What the services take."""
        return {name: self.cleaned_data[name] for name in ("unmatched_days", "bookkeeping_years")}


class PersonForm(forms.Form):
    """Who is meant, by at least one of these."""

    client_number = forms.IntegerField(
        label=gettext_lazy("Client's number in WHMCS"), required=False, min_value=1, max_value=2**53
    )
    name = forms.CharField(label=gettext_lazy("Whole name"), required=False, max_length=200)
    email = forms.CharField(label=gettext_lazy("E-mail address"), required=False, max_length=254)
    iban = forms.CharField(label=gettext_lazy("Account number (IBAN)"), required=False, max_length=60)
    confirm = forms.CharField(required=False, max_length=254)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        for name in self.given:
            self.fields[name].widget.attrs["autocomplete"] = "off"

    @property
    def given(self) -> tuple[str, ...]:
        """The fields that say who."""
        return tuple(name for name in self.fields if name != "confirm")

    @property
    def who(self) -> dict[str, Any]:
        """What `persons.describe` takes."""
        values = self.cleaned_data
        number = values["client_number"]
        return {
            "clients": [number] if number else [],
            **{name: values[name] or "" for name in ("name", "email", "iban")},
        }

    def is_confirmed(self) -> bool:
        """Return whether one of the values was written once more, and note an error where it was not."""
        said = {_plain(self.cleaned_data[name]) for name in self.given} - {""}
        if _plain(self.cleaned_data["confirm"]) in said:
            return True
        self.add_error("confirm", _("Write the name, address or number from above once more. Nothing was erased."))
        return False


def _plain(value: object) -> str:
    return "".join(str(value if value is not None else "").split()).casefold()
