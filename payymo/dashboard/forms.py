"""Forms of the dashboard. They check what was typed; the services decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banking.models import BankAccount
from matching.models import Band


class MatchingPolicyForm(forms.Form):
    """What may be approved without a person."""

    is_on = forms.BooleanField(label=_("Approve certain payments automatically"), required=False)
    bands = forms.MultipleChoiceField(
        label=_("Which suggestions"),
        choices=[(Band.EXACT.value, Band.EXACT.label), (Band.LIKELY.value, Band.LIKELY.label)],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    least_probability = forms.FloatField(
        label=_("Least probability"),
        min_value=0.9,
        max_value=1,
        help_text=_("Between 0.9 and 1; 0.99 is a good start."),
    )
    largest_amount = forms.DecimalField(
        label=_("Largest amount"),
        required=False,
        min_value=0,
        max_digits=15,
        decimal_places=2,
        help_text=_("Above it a person decides. Empty: no limit."),
    )
    bank_accounts = forms.MultipleChoiceField(
        label=_("Bank accounts"), widget=forms.CheckboxSelectMultiple, required=False
    )
    include_stripe = forms.BooleanField(label=_("Link Stripe charges too"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank_accounts"].choices = [  # type: ignore[attr-defined]
            (str(account.pk), f"{account.name or _('Account')} … {account.iban_last4} {account.currency}")
            for account in BankAccount.objects.order_by("pk")[:200]
        ]

    def values(self) -> dict[str, Any]:
        """Return what `change_policy` takes."""
        cleaned = dict(self.cleaned_data)
        cleaned["bank_account_ids"] = [int(key) for key in cleaned.pop("bank_accounts")]
        return cleaned
