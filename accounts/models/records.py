"""What is noted about sign-ins and requests: events, counters, kept answers. Shared schema."""

from django.db import models

from accounts.models.people import User
from payymo.shared.models import Record
from tenants.models import Tenant


class SecurityEvent(models.Model):
    """A sign-in result, refusal or token misuse. Append-only; holds ids and no secret."""

    tenant = models.ForeignKey(Tenant, on_delete=models.SET_NULL, null=True, related_name="security_events")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="security_events")
    kind = models.CharField(max_length=40)
    detail = models.CharField(max_length=200, blank=True)
    happened_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Name the event."""
        return self.kind


class AttemptCounter(models.Model):
    """Failed sign-ins per tenant and subject in a window, counted by one UPDATE that returns the new value."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, related_name="attempt_counters")
    subject = models.CharField(max_length=100, help_text="kind and keyed hash: account, address or tenant")
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "subject"], nulls_distinct=False, name="one_counter_per_subject"),
        ]

    def __str__(self) -> str:
        """Name the counter."""
        return self.subject


class IdempotencyRecord(Record):
    """What a money-moving request answered, so that its repetition answers the same and does nothing.

    Written in the transaction of the effect: the row exists exactly when the effect does. The answer is sealed with the
    tenant's key, since this table is in the shared schema.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="idempotency_records")
    caller = models.CharField(max_length=80, help_text="kind and public id of who called")
    route = models.CharField(max_length=300, help_text="method and path")
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer_sealed = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "caller", "route", "key"], name="one_effect_per_idempotency_key"),
        ]
