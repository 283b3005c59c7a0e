"""Money of a matched payment that went back. Tenant schema."""

from django.db import models
from django.db.models import Q

from matching.pair_models import EntryPair
from payments.models import Dispute, Refund
from payymo.shared.models import Record
from whmcs.models import WhmcsTransaction

_NONE = {"pair__isnull": True, "refund__isnull": True, "dispute__isnull": True}
_EXACTLY_ONE_SOURCE = (
    Q(**{**_NONE, "pair__isnull": False})
    | Q(**{**_NONE, "refund__isnull": False})
    | Q(**{**_NONE, "dispute__isnull": False})
)
OPEN = Q(shown_at=None, dealt_with_at=None)


class TakenBack(Record):
    """A return, a refund or a lost dispute that WHMCS must be told of by hand; watched until WHMCS shows it."""

    pair = models.OneToOneField(
        EntryPair, on_delete=models.PROTECT, null=True, blank=True, related_name="taken_back", help_text="a return"
    )
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="taken_back")
    dispute = models.OneToOneField(Dispute, on_delete=models.PROTECT, null=True, blank=True, related_name="taken_back")
    noticed_at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True, blank=True, help_text="when WHMCS was first seen to show it")
    shown_day = models.DateField(null=True, blank=True, help_text="the day on which WHMCS booked it")
    shown_by = models.ForeignKey(
        WhmcsTransaction, on_delete=models.SET_NULL, null=True, blank=True, related_name="taken_back"
    )
    dealt_with_at = models.DateTimeField(null=True, blank=True, help_text="a person said that it is put right")
    dealt_with_by_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "taken back"
        constraints = [
            models.CheckConstraint(condition=_EXACTLY_ONE_SOURCE, name="taken_back_has_one_source"),
            models.CheckConstraint(
                condition=Q(shown_at=None) | Q(shown_day__isnull=False), name="shown_says_on_which_day"
            ),
        ]
        indexes = [models.Index(fields=["id"], condition=OPEN, name="taken_back_open")]
