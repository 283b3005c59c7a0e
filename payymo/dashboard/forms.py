"""Forms of the dashboard. They check what was typed; the services decide."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from banking.models import BankAccount
from matching.models import Band
from matching.services import second_look
from payments.models import StripePayment
from payymo.dashboard import formats
from payymo.dashboard.amounts import read_local_amount
from payymo.shared.money import UnreadableAmount, exponent
from whmcs.services.connection import MOST_GUARD_DAYS

# The field of each currency is called by this and its code.
TWO_PERSONS = "two_person_above_"


class AmountField(forms.CharField):
    """An amount that is shown and read as the person's language writes it. `digits` is set by the form."""

    digits = 2
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def prepare_value(self, value: Any) -> Any:
        """Write a stored amount; what was typed stays as it was typed."""
        return formats.decimal_text(value, digits=self.digits) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Decimal | None:
        """Read what was typed; empty is no amount.

        Raises: ValidationError.
        """
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_local_amount(text, digits=self.digits)
        except UnreadableAmount as error:
            raise forms.ValidationError(str(error)) from error


def digits_in_use() -> int:
    """Return the most decimals that a currency of this tenant's accounts has; two while there is none."""
    currencies = BankAccount.objects.order_by().values_list("currency", flat=True).distinct()[:50]
    return max((exponent(currency) for currency in currencies), default=2)


def currencies_of_payments() -> set[str]:
    """Return the currencies in which payments come in, as many as can have a limit."""
    found: set[str] = set()
    for model in (BankAccount, StripePayment):
        rows = model._default_manager.order_by().values_list("currency", flat=True).distinct()
        found.update(rows[: second_look.MOST_CURRENCIES])
    return set(sorted(found)[: second_look.MOST_CURRENCIES])


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
    largest_amount = AmountField(
        label=_("Largest amount"),
        required=False,
        max_length=40,
        help_text=_("In the payment's own currency; above it a person decides. Empty: no limit."),
    )
    bank_accounts = forms.MultipleChoiceField(
        label=_("Bank accounts"), widget=forms.CheckboxSelectMultiple, required=False
    )
    include_stripe = forms.BooleanField(label=_("Link Stripe charges too"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["largest_amount"].digits = digits_in_use()  # type: ignore[attr-defined]
        self._limited = sorted(currencies_of_payments() | second_look.limits().keys())
        for currency in self._limited:
            self.fields[f"{TWO_PERSONS}{currency}"] = self._limit(currency)
        self.fields["bank_accounts"].choices = [  # type: ignore[attr-defined]
            (str(account.pk), f"{account.name or _('Account')} … {account.iban_last4} {account.currency}")
            for account in BankAccount.objects.filter(same_as=None).order_by("pk")[:200]
        ]

    def _limit(self, currency: str) -> AmountField:
        limit = AmountField(label=gettext("Two persons above, in %s") % currency, required=False, max_length=40)
        limit.digits = exponent(currency)
        if currency == self._limited[-1]:
            limit.help_text = gettext(
                "A larger payment needs a second approval by somebody else. All empty: one person is enough. "
                "Where one is set, a payment in a currency without an amount always needs two."
            )
        return limit

    def values(self) -> dict[str, Any]:
        """Return what `change_policy` takes."""
        cleaned = dict(self.cleaned_data)
        limits = {currency: cleaned.pop(f"{TWO_PERSONS}{currency}") for currency in self._limited}
        cleaned["two_person_above"] = {currency: most for currency, most in limits.items() if most is not None}
        cleaned["bank_account_ids"] = [int(key) for key in cleaned.pop("bank_accounts")]
        return cleaned


class WhmcsForm(forms.Form):
    """What connects a WHMCS installation."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Such as your brand; only you see it."))
    base_url = forms.CharField(
        label=_("WHMCS address"),
        max_length=300,
        help_text=_("Where your clients sign in, such as https://billing.example.com"),
    )
    identifier = forms.CharField(label=_("API identifier"), max_length=256)
    secret = forms.CharField(label=_("API secret"), max_length=256, widget=forms.PasswordInput)
    access_key = forms.CharField(
        label=_("API access key"),
        max_length=256,
        required=False,
        widget=forms.PasswordInput,
        help_text=_("Only if your configuration.php sets one."),
    )


class CredentialForm(forms.Form):
    """Another credential of a WHMCS that is connected."""

    identifier = forms.CharField(label=_("API identifier"), max_length=256)
    secret = forms.CharField(label=_("API secret"), max_length=256, widget=forms.PasswordInput)
    access_key = forms.CharField(
        label=_("API access key"),
        max_length=256,
        required=False,
        widget=forms.PasswordInput,
        help_text=_("Only if your configuration.php sets one."),
    )


class GuardForm(forms.Form):
    """How long payments that wait hold suspensions."""

    days = forms.IntegerField(
        label=_("Days"),
        min_value=0,
        max_value=MOST_GUARD_DAYS,
        help_text=_("Counted from the day the payment came; 0 holds nobody."),
    )


class StripeForm(forms.Form):
    """What connects a Stripe account."""

    key = forms.CharField(
        label=_("Restricted key"),
        max_length=255,
        widget=forms.PasswordInput,
        help_text=_("It begins with rk_live_ and needs read access only."),
    )
    webhook_secret = forms.CharField(
        label=_("Webhook signing secret"),
        max_length=255,
        required=False,
        widget=forms.PasswordInput,
        help_text=_("It begins with whsec_. Without it Payymo asks Stripe every 15 minutes."),
    )


class GoCardlessForm(forms.Form):
    """What connects a GoCardless account."""

    token = forms.CharField(
        label=_("Access token"),
        max_length=255,
        widget=forms.PasswordInput,
        help_text=_("It begins with live_ and needs read access only."),
    )
    webhook_secret = forms.CharField(
        label=_("Webhook endpoint secret"),
        max_length=255,
        required=False,
        widget=forms.PasswordInput,
        help_text=_("Without it Payymo asks GoCardless every 15 minutes."),
    )


class EnableBankingKeysForm(forms.Form):
    """The tenant's own application at Enable Banking."""

    secret_id = forms.CharField(label=_("Application ID"), max_length=200)
    secret_key = forms.CharField(
        label=_("Private key"),
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("The whole .pem file that the control panel made, with its first and last line."),
    )


class SetupTokenForm(forms.Form):
    """What a person brings from SimpleFIN."""

    setup_token = forms.CharField(
        label=_("Setup token"),
        max_length=2000,
        widget=forms.PasswordInput,
        help_text=_("Make one at SimpleFIN Bridge under Apps and paste it here. It works once."),
    )


class BankKeysForm(forms.Form):
    """The tenant's own keys at GoCardless Bank Account Data."""

    secret_id = forms.CharField(label=_("Secret ID"), max_length=200)
    secret_key = forms.CharField(label=_("Secret key"), max_length=400, widget=forms.PasswordInput)
