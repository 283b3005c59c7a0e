"""Archives of everything of a tenant that its owner asked for. Tenant schema."""

from django.db import models

from payymo.shared.models import Record


class CompanyExport(Record):
    """One archive: asked for, made by a worker, fetched for a day, gone."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", "Waiting"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        OVER = "over", "Over"

    asked_by_id = models.BigIntegerField()
    asked_by_name = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, help_text="in plain words, for the owner")
    made_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    size = models.BigIntegerField(default=0, help_text="bytes")
    rows = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    parts = models.PositiveIntegerField(default=0)
    fetched = models.PositiveIntegerField(default=0, help_text="times")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="waiting"), name="one_company_export_waits"
            )
        ]


class ExportPart(Record):
    """A piece of an archive, sealed like everything that names a person."""

    export = models.ForeignKey(CompanyExport, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    content_sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="one_export_part_per_number")]
