"""Bank entries that belong together. Tenant schema."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from banking.models import BankTransaction
from payymo.shared.models import Record


class EntryPair(Record):
    """A payment and its return, or the two sides of an own transfer. Taken back by `undone_by`, never deleted."""

    class Kind(models.TextChoices):
        """What makes them a pair."""

        RETURN = "RETURN", _("Returned payment")
        TRANSFER = "TRANSFER", _("Transfer between own accounts")

    kind = models.CharField(max_length=8, choices=Kind)
    earlier = models.ForeignKey(BankTransaction, on_delete=models.PROTECT, related_name="pairs_as_earlier")
    later = models.ForeignKey(BankTransaction, on_delete=models.PROTECT, related_name="pairs_as_later")
    clue = models.CharField(max_length=12, help_text="what connected the two")
    decisions = models.ManyToManyField(
        "matching.Decision", related_name="pairs", help_text="one of each side set aside"
    )
    undone_by = models.ForeignKey(
        "matching.Decision", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_pairs"
    )
    paired_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["earlier"], condition=Q(undone_by=None), name="an_entry_is_returned_once"),
            models.UniqueConstraint(fields=["later"], condition=Q(undone_by=None), name="an_entry_returns_one_other"),
            models.CheckConstraint(condition=~Q(earlier=F("later")), name="a_pair_has_two_sides"),
        ]
