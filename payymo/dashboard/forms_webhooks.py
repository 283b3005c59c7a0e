"""Adding an endpoint, and choosing what it is told."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from payymo.notices.kinds import FOR_WEBHOOKS
from payymo.notices.models import Endpoint
from payymo.notices.services.endpoints import LONGEST_ADDRESS


class EndpointChangeForm(forms.Form):
    """Name and events."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("For your own list."))
    kinds = forms.MultipleChoiceField(label=_("What it is told"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [(kind.value, kind.label) for kind in FOR_WEBHOOKS]  # type: ignore[attr-defined]


class EndpointForm(EndpointChangeForm):
    """A new endpoint."""

    form = forms.ChoiceField(label=_("Kind"), choices=Endpoint.Form.choices)
    address = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_ADDRESS,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url", "spellcheck": "false"}),
        help_text=_("Begins with https:// and leads to the public internet. It is kept encrypted."),
    )
    field_order = ("form", "name", "address", "kinds")
