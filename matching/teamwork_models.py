"""What colleagues leave for each other at a payment, and the views of the queue they keep. Tenant schema."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from banking.models import BankTransaction
from payments.models import StripePayment
from payymo.shared.models import Record

_EXACTLY_ONE_RECEIPT = Q(bank_transaction__isnull=False, stripe_payment__isnull=True) | Q(
    bank_transaction__isnull=True, stripe_payment__isnull=False
)


class Assignment(Record):
    """Who looks after a payment. A payment without a row is everybody's."""

    bank_transaction = models.OneToOneField(
        BankTransaction, on_delete=models.CASCADE, null=True, blank=True, related_name="assignment"
    )
    stripe_payment = models.OneToOneField(
        StripePayment, on_delete=models.CASCADE, null=True, blank=True, related_name="assignment"
    )
    assignee_id = models.BigIntegerField(db_index=True, help_text="user")
    assignee_name = models.CharField(max_length=120)
    assigned_by_id = models.BigIntegerField(help_text="user")
    assigned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_EXACTLY_ONE_RECEIPT, name="an_assignment_is_about_one_receipt"),
        ]


class Comment(Record):
    """What a person says about a payment. Append-only, until the payment's personal data is erased."""

    bank_transaction = models.ForeignKey(
        BankTransaction, on_delete=models.CASCADE, null=True, blank=True, related_name="comments"
    )
    stripe_payment = models.ForeignKey(
        StripePayment, on_delete=models.CASCADE, null=True, blank=True, related_name="comments"
    )
    author_id = models.BigIntegerField(help_text="user")
    author_name = models.CharField(max_length=120)
    text = models.CharField(max_length=1000)
    mentions = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="users named with @")
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_EXACTLY_ONE_RECEIPT, name="a_comment_is_about_one_receipt"),
        ]


class SavedView(Record):
    """A named query string of the review queue or of a list, private or shared."""

    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500, help_text="the filters and the order, as in the address")
    owner_id = models.BigIntegerField(help_text="user")
    owner_name = models.CharField(max_length=120)
    is_shared = models.BooleanField(default=False)
    place = models.CharField(max_length=20, default="review", help_text="the queue, or which list")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner_id", "place", "name"], name="one_view_per_owner_place_and_name")
        ]


class DismissedOffer(Record):
    """An offered rule that somebody does not want to be offered again."""

    key_hash = models.CharField(max_length=64, unique=True, help_text="of the payer and the answer")
    dismissed_by_id = models.BigIntegerField(help_text="user")
    dismissed_at = models.DateTimeField()
