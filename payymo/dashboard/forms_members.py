"""Inviting somebody, limiting somebody, and roles of the company's own."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Role
from banking.models import BankAccount


class InviteForm(forms.Form):
    """Who, and as what."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, data: Any = None, *, roles: Iterable[Role]) -> None:
        super().__init__(data)
        self.fields["role"].choices = [(role.code, role.label) for role in roles]  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    """A role's name and what it may do, out of what its maker may."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    permissions = forms.MultipleChoiceField(
        label=_("What the role may do"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("You give no right that you do not have yourself."),
    )

    def __init__(self, *args: Any, choices: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["permissions"].choices = list(choices)  # type: ignore[attr-defined]


class AccountsForm(forms.Form):
    """What a colleague sees: everything, or some bank accounts."""

    is_limited = forms.BooleanField(label=_("Only the bank accounts below"), required=False)
    accounts = forms.MultipleChoiceField(label=_("Bank accounts"), widget=forms.CheckboxSelectMultiple, required=False)

    def __init__(self, *args: Any, accounts: Iterable[BankAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(row.public_id): row for row in accounts}
        self.fields["accounts"].choices = [  # type: ignore[attr-defined]
            (key, f"{row.name or _('Account')} … {row.iban_last4} {row.currency}") for key, row in self.known.items()
        ]

    @property
    def chosen(self) -> list[BankAccount] | None:
        """The accounts that stay in sight; None for everything."""
        wanted = self.cleaned_data
        return [self.known[key] for key in wanted["accounts"]] if wanted["is_limited"] else None
