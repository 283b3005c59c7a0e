"""What workers do for tenants: how the last runs ended, and what is parked until a person looks. Shared schema."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """A job of one tenant. `running_since` outlives only a worker that died: a run that ends empties it."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="jobs")
    task = models.CharField(max_length=120)
    arguments = models.JSONField(default=dict, help_text="ids only; the tenant is apart")
    running_since = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True, help_text="it was busy, or the tenant's share was")
    succeeded_at = models.DateTimeField(null=True, blank=True)
    deaths = models.PositiveSmallIntegerField(default=0, help_text="workers in a row that died on it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "task", "arguments"], name="one_row_per_job")]
        indexes = [models.Index(fields=["tenant", "waiting_since"], condition=~Q(waiting_since=None), name="job_waits")]

    def __str__(self) -> str:
        """Name the job."""
        return f"{self.task} of tenant {self.tenant_id}"


class ParkedJob(models.Model):
    """A message that nobody works on until a person releases it. Equal ones are counted, not repeated."""

    class Reason(models.TextChoices):
        """Why it is parked."""

        NO_TENANT = "no_tenant", _("No tenant was named")
        UNKNOWN_TENANT = "unknown_tenant", _("The tenant is unknown")
        INACTIVE_TENANT = "inactive_tenant", _("The tenant is not active")
        KILLED_WORKERS = "killed_workers", _("It killed its worker three times")

    task = models.CharField(max_length=120)
    named_tenant = models.CharField(max_length=64, blank=True, help_text=_("as the message said"))
    arguments = models.JSONField(default=dict)
    reason = models.CharField(max_length=20, choices=Reason)
    times = models.PositiveIntegerField(default=1)
    parked_at = models.DateTimeField()
    last_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "named_tenant", "arguments", "reason"],
                condition=Q(released_at=None),
                name="parked_once_until_released",
            )
        ]
        indexes = [models.Index(fields=["-last_at"], condition=Q(released_at=None), name="job_parked")]

    def __str__(self) -> str:
        """Name what is parked."""
        return f"{self.task}: {self.get_reason_display()}"
