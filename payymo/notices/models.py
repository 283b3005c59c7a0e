"""What happened, who is told, and the endpoints that are called. Tenant schema; ids, codes and amounts only."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payymo.notices.kinds import Kind, Way
from payymo.shared.models import Record


class Position(models.Model):
    """How far the audit log was read; its lock lets one teller work at a time."""

    name = models.CharField(max_length=20, unique=True)
    number = models.BigIntegerField(default=0, help_text="the last link of the log that was read")

    def __str__(self) -> str:
        """Name the reader."""
        return f"{self.name} at {self.number}"


class Event(Record):
    """Something that happened once. The constraint is why nothing is told twice, however often it is seen."""

    kind = models.CharField(max_length=24, choices=Kind)
    about = models.UUIDField(help_text="public id of what it happened to; the tenant's for the company itself")
    occasion = models.CharField(max_length=120, blank=True, help_text="which time it happened to it")
    happened_at = models.DateTimeField(db_index=True)
    details = models.JSONField(default=dict, help_text="ids, codes and amounts; no name, no text of a payment")
    account_id = models.BigIntegerField(
        null=True, blank=True, help_text="bank account, for members who see some of them"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "about", "occasion"], name="an_event_happens_once")]


class Bundle(Record):
    """What one mail tells one member: what just happened, or a day's digest."""

    user_id = models.BigIntegerField()
    day = models.DateField(null=True, blank=True, help_text="of a daily digest; empty for a mail at once")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id", "day"], condition=~Q(day=None), name="one_digest_a_day")
        ]
        indexes = [models.Index(fields=["user_id", "made_at"], name="bundles_of_a_member")]


class Notice(Record):
    """An event as one member is told of it."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="notices")
    user_id = models.BigIntegerField()
    way = models.CharField(max_length=8, choices=Way, default=Way.APP)
    read_at = models.DateTimeField(null=True, blank=True)
    bundle = models.ForeignKey(Bundle, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "user_id"], name="told_once_to_each")]
        indexes = [
            models.Index(fields=["user_id", "-id"], name="notices_of_a_member"),
            models.Index(fields=["user_id"], condition=Q(read_at=None), name="notices_unread"),
            models.Index(
                fields=["user_id", "id"],
                condition=Q(bundle=None, read_at=None, way__in=["at_once", "daily", "weekly"]),
                name="notices_to_mail",
            ),
        ]


class Preference(Record):
    """How a member wants to hear of a kind; without a row the catalogue says."""

    user_id = models.BigIntegerField()
    kind = models.CharField(max_length=24, choices=Kind)
    way = models.CharField(max_length=8, choices=Way)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "kind"], name="one_preference_a_kind")]


class Endpoint(Record):
    """An address of the tenant's that is called when something happens: a program of theirs, or a Slack channel."""

    class Form(models.TextChoices):
        """What is sent to it."""

        WEBHOOK = "webhook", _("Webhook, signed")
        SLACK = "slack", _("Slack channel")

    class State(models.TextChoices):
        """Only ACTIVE is called."""

        ACTIVE = "ACTIVE", _("Active")
        PAUSED = "PAUSED", _("Paused")
        OFF = "OFF", _("Switched off")
        REMOVED = "REMOVED", _("Removed")

    form = models.CharField(max_length=8, choices=Form, default=Form.WEBHOOK)
    name = models.CharField(max_length=80)
    host = models.CharField(max_length=253, help_text="of the address, for show")
    address_sealed = models.BinaryField()
    secret_sealed = models.BinaryField(default=b"", blank=True)
    old_secret_sealed = models.BinaryField(default=b"", blank=True)
    old_secret_until = models.DateTimeField(null=True, blank=True)
    kinds = ArrayField(models.CharField(max_length=24, choices=Kind), help_text="what it is told")
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    failing_since = models.DateTimeField(null=True, blank=True, help_text="no delivery succeeded since")
    off_since = models.DateTimeField(null=True, blank=True)
    off_reason = models.CharField(max_length=40, blank=True)


class Delivery(Record):
    """One event on its way to one endpoint."""

    class State(models.TextChoices):
        """WAITING until it arrived or was given up; a person may send either again."""

        WAITING = "WAITING", _("Waiting")
        DELIVERED = "DELIVERED", _("Delivered")
        GIVEN_UP = "GIVEN_UP", _("Given up")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0, help_text="since it was left or sent again by a person")
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="delivered_once_to_each_endpoint")]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state="WAITING"), name="deliveries_due"),
            models.Index(fields=["endpoint", "-id"], name="deliveries_of_an_endpoint"),
        ]


class DeliveryAttempt(models.Model):
    """What came of one call. Never a body: neither what was sent nor what was answered."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    called_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status; empty without an answer")
    outcome = models.CharField(max_length=24, help_text="delivered, or a code that says why not")
    milliseconds = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        """Name the outcome."""
        return f"{self.outcome} {self.status or ''}".strip()
