"""Inviting somebody."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Role


class InviteForm(forms.Form):
    """Who, and as what."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, data: Any = None, *, roles: Iterable[Role]) -> None:
        super().__init__(data)
        self.fields["role"].choices = [(role.code, role.name) for role in roles]  # type: ignore[attr-defined]
