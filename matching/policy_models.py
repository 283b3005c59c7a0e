"""How sure a suggestion is, what may be approved without a person, and above what two decide. Tenant schema."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from banking.models import BankAccount
from payymo.shared.money import CurrencyField, MoneyField


class Band(models.TextChoices):
    """How sure a proposal is, in the words of the review screen."""

    EXACT = "exact", _("Exact")
    LIKELY = "likely", _("Likely")
    POSSIBLE = "possible", _("Possible")
    NONE = "none", _("No suggestion")


class AutoApprovalPolicy(models.Model):
    """What may be approved without a person. One row per tenant; absent or off means nothing."""

    is_on = models.BooleanField(default=False)
    bands = ArrayField(models.CharField(max_length=8, choices=Band), default=list)
    least_probability = models.FloatField(default=0.999)
    largest_amount = MoneyField(null=True, blank=True)
    bank_accounts = models.ManyToManyField(BankAccount, blank=True, related_name="auto_approval_policies")
    include_stripe = models.BooleanField(default=True)
    changed_by_id = models.BigIntegerField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(least_probability__gte=0.9) & Q(least_probability__lte=1.0), name="policy_probability_sane"
            )
        ]

    def __str__(self) -> str:
        """Name the policy."""
        return "auto-approval on" if self.is_on else "auto-approval off"


class TwoPersonLimit(models.Model):
    """What one person alone may approve of one payment in a currency. Without any row one person always may.

    Where there is one, each payment in a currency without a row needs two persons: 100 yen are no 100 euros, and what
    nobody thought of is no reason to let a person alone.
    """

    currency = CurrencyField(unique=True)
    amount = MoneyField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="two_person_limit_above_zero")]

    def __str__(self) -> str:
        """Name the limit."""
        return f"{self.amount} {self.currency}"
