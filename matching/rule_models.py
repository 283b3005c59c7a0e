"""A tenant's own rules and the payments for which they were followed. Tenant schema."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from banking.models import BankAccount, BankTransaction
from payments.models import StripePayment
from payymo.shared.models import Record
from payymo.shared.money import CurrencyField, MoneyField
from whmcs.models import Client


class MatchingRule(Record):
    """A tenant's own rule: conditions that must all hold, and what then happens. Data only; removed rules stay.

    Source: docs/adr/0013-a-rule-answers-one-of-three-questions.md
    """

    class Action(models.TextChoices):
        """What happens to a payment that meets the conditions."""

        SET_CLIENT = "set_client", _("Set the client")
        SUGGEST_CLIENT = "suggest_client", _("Suggest a client")
        IGNORE = "ignore", _("Ignore")
        ALLOW_AUTOMATION = "allow_automation", _("Allow automatic approval")
        FORBID_AUTOMATION = "forbid_automation", _("Never approve automatically")
        WRITE_OFF_FEE = "write_off_fee", _("Write off a small shortage as a fee")

    class Direction(models.TextChoices):
        """Which way the money went."""

        IN = "in", _("Money in")
        OUT = "out", _("Money out")

    name = models.CharField(max_length=80)
    position = models.PositiveIntegerField()
    is_paused = models.BooleanField(default=False)
    removed_at = models.DateTimeField(null=True, blank=True)
    remittance_text = models.CharField(max_length=200, blank=True)
    remittance_is_pattern = models.BooleanField(default=False)
    payer_text = models.CharField(max_length=200, blank=True)
    payer_is_pattern = models.BooleanField(default=False)
    payer_account_hash = models.CharField(max_length=64, blank=True, help_text="as the payment carries it")
    payer_account_last4 = models.CharField(max_length=4, blank=True)
    direction = models.CharField(max_length=3, choices=Direction, blank=True)
    bank_account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="matching_rules"
    )
    currency = CurrencyField(blank=True)
    least_amount = MoneyField(null=True, blank=True)
    most_amount = MoneyField(null=True, blank=True)
    action = models.CharField(max_length=20, choices=Action)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, blank=True, related_name="matching_rules")
    ignore_reason = models.CharField(max_length=40, blank=True)
    fee_limit = MoneyField(null=True, blank=True)
    made_from = models.ForeignKey(
        "matching.Decision", on_delete=models.SET_NULL, null=True, blank=True, related_name="rules_made"
    )
    changed_by_id = models.BigIntegerField(null=True, blank=True)
    changed_by_name = models.CharField(max_length=120, blank=True)
    changed_at = models.DateTimeField()
    requeued_at = models.DateTimeField(
        null=True, blank=True, help_text="empty: payments that the last change may concern still wait to be looked at"
    )
    last_run_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(
                    remittance_text="", payer_text="", payer_account_hash="", direction="", currency="",
                    bank_account__isnull=True,
                ),
                name="a_rule_has_a_condition",
            ),
            models.CheckConstraint(
                condition=Q(least_amount__isnull=True, most_amount__isnull=True, fee_limit__isnull=True)
                | ~Q(currency=""),
                name="a_rules_amounts_have_a_currency",
            ),
            models.CheckConstraint(
                condition=Q(action__in=["set_client", "suggest_client"], client__isnull=False)
                | Q(action="ignore", client__isnull=True) & ~Q(ignore_reason="")
                | Q(action="write_off_fee", client__isnull=True, fee_limit__isnull=False, fee_limit__gt=0)
                | Q(action__in=["allow_automation", "forbid_automation"], client__isnull=True),
                name="a_rules_action_has_what_it_needs",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["position", "id"], condition=Q(removed_at=None), name="rules_in_order")]


class RuleHit(models.Model):
    """A rule was followed for a payment. `is_wrong` once a person decided otherwise."""

    rule = models.ForeignKey(MatchingRule, on_delete=models.CASCADE, related_name="hits")
    bank_transaction = models.ForeignKey(
        BankTransaction, on_delete=models.CASCADE, null=True, blank=True, related_name="rule_hits"
    )
    stripe_payment = models.ForeignKey(
        StripePayment, on_delete=models.CASCADE, null=True, blank=True, related_name="rule_hits"
    )
    first_at = models.DateTimeField()
    is_wrong = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(bank_transaction__isnull=False, stripe_payment__isnull=True)
                | Q(bank_transaction__isnull=True, stripe_payment__isnull=False),
                name="a_hit_is_about_one_receipt",
            ),
            models.UniqueConstraint(fields=["rule", "bank_transaction"], name="one_hit_per_rule_and_transaction"),
            models.UniqueConstraint(fields=["rule", "stripe_payment"], name="one_hit_per_rule_and_charge"),
        ]

    def __str__(self) -> str:
        """Name the hit."""
        return f"hit of rule {self.rule_id}"
