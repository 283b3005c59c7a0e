"""The form of a matching rule. It checks what was typed; `matching.services.rules` decides what makes sense."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banking.models import BankAccount
from matching.rule_models import MatchingRule
from matching.services import rules
from matching.services.rules import RuleDraft
from payymo.dashboard import words
from whmcs.models import Client


class RuleForm(forms.Form):
    """Conditions that must all hold, and what then happens."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, required=False)
    payer_text = forms.CharField(
        label=gettext_lazy("Payer's name holds"), max_length=200, required=False,
        help_text=gettext_lazy("Capital letters and spacing do not matter."),
    )  # fmt: skip
    payer_is_pattern = forms.BooleanField(label=gettext_lazy("This is a pattern (RE2)"), required=False)
    remittance_text = forms.CharField(label=gettext_lazy("Reference holds"), max_length=200, required=False)
    remittance_is_pattern = forms.BooleanField(label=gettext_lazy("This is a pattern (RE2)"), required=False)
    payer_account = forms.CharField(
        label=gettext_lazy("Payer's account"), max_length=64, required=False,
        help_text=gettext_lazy("An IBAN. Only a keyed hash and the last four characters are kept."),
    )  # fmt: skip
    direction = forms.ChoiceField(label=gettext_lazy("Direction"), required=False)
    bank_account = forms.ChoiceField(label=gettext_lazy("Bank account"), required=False)
    currency = forms.CharField(label=gettext_lazy("Currency"), max_length=3, required=False)
    least_amount = forms.DecimalField(label=gettext_lazy("Amount from"), required=False, min_value=0)
    most_amount = forms.DecimalField(label=gettext_lazy("Amount to"), required=False, min_value=0)
    action = forms.ChoiceField(label=gettext_lazy("Action"), choices=MatchingRule.Action.choices)
    client = forms.CharField(
        label=gettext_lazy("Client"), max_length=254, required=False,
        help_text=gettext_lazy("For “set” and “suggest”: the client's number, e-mail or company."),
    )  # fmt: skip
    ignore_reason = forms.ChoiceField(label=gettext_lazy("Reason for ignoring"), required=False)
    fee_limit = forms.DecimalField(
        label=gettext_lazy("Write off up to"), required=False, min_value=0,
        help_text=gettext_lazy("A larger shortage stays open. The reviewer sees the fee before approving."),
    )  # fmt: skip
    account_key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    account_last4 = forms.CharField(required=False, max_length=4, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices("direction", [("", _("Both ways")), *MatchingRule.Direction.choices])
        accounts = [
            (str(row.pk), f"{row.name or _('Account')} … {row.iban_last4} {row.currency}")
            for row in BankAccount.objects.filter(same_as=None).order_by("pk")[:200]
        ]
        self._choices("bank_account", [("", _("Any account")), *accounts])
        reasons = [(choice.value, choice.label) for choice in words.ignore_choices()]
        self._choices("ignore_reason", [("", _("Choose a reason")), *reasons])
        last4 = self["account_last4"].value()
        if last4:
            self.fields["payer_account"].widget.attrs["placeholder"] = f"… {last4}"

    def groups(self) -> tuple[tuple[str, list[forms.BoundField]], ...]:
        """Return what is seen in two parts: what must hold, and what then happens."""
        name, *shown = self.visible_fields()
        first = [field.name for field in shown].index("action")
        return (_("When all of this holds"), shown[:first]), (_("Then"), [*shown[first:], name])

    def _choices(self, field: str, choices: list[Any]) -> None:
        self.fields[field].choices = choices  # type: ignore[attr-defined]

    def clean_client(self) -> int | None:
        """Find the client that was typed."""
        text = self.cleaned_data["client"].strip()
        if not text:
            return None
        number = text.lstrip("#").split(" ", 1)[0]
        query = Q(company_name__iexact=text) | Q(email__iexact=text)
        if number.isascii() and number.isdigit() and len(number) < 19:
            query |= Q(whmcs_id=int(number))
        found = list(Client.objects.filter(query).order_by("pk")[:2])
        if not found:
            raise forms.ValidationError(_("No client has this number, e-mail or company."))
        if len(found) > 1:
            raise forms.ValidationError(_("More than one client is called this. Give the number."))
        return int(found[0].pk)

    def draft(self) -> RuleDraft:
        """Return what the rule is to say; an account left empty stays the one that was there."""
        values = dict(self.cleaned_data)
        key, last4 = values.pop("account_key"), values.pop("account_last4")
        typed = values.pop("payer_account")
        if typed:
            key, last4 = rules.payer_account(typed)
        account = values.pop("bank_account")
        return RuleDraft(
            **{name: value for name, value in values.items() if name != "client"},
            client_id=values["client"],
            bank_account_id=int(account) if account else None,
            payer_account_hash=key,
            payer_account_last4=last4 if key else "",
        )


def initial_of(values: RuleDraft | MatchingRule, client: Client | None) -> dict[str, Any]:
    """Return the form's first values for a draft or a saved rule and its client."""
    same = (
        "name", "payer_text", "payer_is_pattern", "remittance_text", "remittance_is_pattern", "direction", "currency",
        "least_amount", "most_amount", "action", "ignore_reason", "fee_limit",
    )  # fmt: skip
    return {
        **{name: getattr(values, name) for name in same},
        "bank_account": str(values.bank_account_id or ""),
        "client": f"{client.whmcs_id} {client.display_name}" if client else "",
        "account_key": values.payer_account_hash,
        "account_last4": values.payer_account_last4,
    }
