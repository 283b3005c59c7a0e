"""The addon module of one WHMCS installation, and what it reported. Tenant schema."""

from django.db import models

from payymo.shared.models import Record


class AddonModule(Record):
    """An installed addon module: the API key it reads with, and the secret that signs between the two."""

    instance = models.OneToOneField("whmcs.WhmcsInstance", on_delete=models.PROTECT, related_name="addon_module")
    api_key_id = models.UUIDField(unique=True, help_text="public id of its API key; the key itself is kept nowhere")
    webhook_secret_sealed = models.BinaryField()
    webhook_secret_old_sealed = models.BinaryField(default=b"", blank=True)
    paired_at = models.DateTimeField()
    version = models.CharField(max_length=20, blank=True)
    php_version = models.CharField(max_length=20, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    queued_events = models.PositiveIntegerField(default=0, help_text="as it last said; many mean that it cannot send")
    books_payments = models.BooleanField(
        default=False, help_text="postings go through it: it said that it may book, and was seen"
    )
    bookings_refused_at = models.DateTimeField(
        null=True, blank=True, help_text="when it last took no posting; the API is used for an hour"
    )


class ModuleEvent(models.Model):
    """A report of the module, stored once. A hint only: what it concerns is read again from WHMCS."""

    instance = models.ForeignKey("whmcs.WhmcsInstance", on_delete=models.PROTECT, related_name="module_events")
    event_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=40)
    invoice_whmcs_id = models.PositiveBigIntegerField(default=0)
    client_whmcs_id = models.PositiveBigIntegerField(default=0)
    transaction_id = models.CharField(max_length=255, blank=True)
    order_number = models.CharField(max_length=40, blank=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "event_id"], name="a_module_event_is_stored_once")]

    def __str__(self) -> str:
        """Name the event."""
        return f"{self.kind} {self.event_id}"
