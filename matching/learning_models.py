"""What a tenant's engine has learned, version by version, and when automation was stopped. Tenant schema."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payymo.shared import sentences
from payymo.shared.models import Record


class EngineModel(Record):
    """One version of what the engine learned from this tenant's decisions: plain numbers on top of the shipped weights.

    Never edited but for which one is in use; a version that was refused keeps the reason.
    """

    class State(models.TextChoices):
        """At most one is IN_USE; without one, or when it was learned on other shipped weights, those hold."""

        IN_USE = "IN_USE", _("In use")
        KEPT = "KEPT", _("Kept")
        REFUSED = "REFUSED", _("Refused")

    number = models.PositiveIntegerField(unique=True)
    version = models.CharField(max_length=40, unique=True)
    base_version = models.CharField(max_length=40, help_text=_("the shipped weights that it corrects"))
    state = models.CharField(max_length=8, choices=State)
    added = models.JSONField(default=dict, help_text="what is added to each weight, in log-odds")
    curves = models.JSONField(default=dict, help_text="slope and shift per source; empty keeps the shipped ones")
    evaluation = models.JSONField(default=dict, help_text=_("every figure of its report"))
    reason = models.CharField(max_length=300, blank=True, help_text=_("why it was refused"))
    reason_said = models.JSONField(default=dict, blank=True, help_text="what its words are worded from")
    decisions = models.PositiveIntegerField(default=0, help_text=_("people's decisions known when it was trained"))
    trained_at = models.DateTimeField(db_index=True)
    used_since = models.DateTimeField(null=True, blank=True)
    chosen_by_id = models.BigIntegerField(
        null=True, blank=True, help_text=_("the person who chose it; training leaves it")
    )
    chosen_by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="IN_USE"), name="one_engine_model_in_use")
        ]

    @property
    def reason_in_words(self) -> str:
        """Why it was refused, in the active language."""
        return sentences.spoken(self.reason, self.reason_said)


class AutomationStop(Record):
    """Automation stopped because more was corrected than promised; while one is OPEN, nothing happens alone."""

    class State(models.TextChoices):
        """A person looks and resumes."""

        OPEN = "OPEN", _("Stopped")
        RESUMED = "RESUMED", _("Resumed")

    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    raised_at = models.DateTimeField(db_index=True)
    surprise = models.FloatField(help_text=_("the value of the watch; see the core's drift.py"))
    tolerated = models.FloatField(help_text=_("the share of corrections that the policy puts up with"))
    approved = models.PositiveIntegerField(help_text=_("automatic approvals that were watched"))
    corrected = models.PositiveIntegerField()
    engine_version = models.CharField(max_length=40)
    resumed_at = models.DateTimeField(null=True, blank=True)
    resumed_by_id = models.BigIntegerField(null=True, blank=True)
    resumed_by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="OPEN"), name="automation_stops_once")
        ]
