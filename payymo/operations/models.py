"""A company's look, archives of everything of it, and the months of reports that members get. Tenant schema."""

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


class ReportSchedule(Record):
    """A member's wish to get a report once a month. Deleted when they stop it."""

    user_id = models.BigIntegerField()
    report = models.CharField(max_length=40, blank=True, help_text="its name; empty for all of them")
    day = models.PositiveSmallIntegerField(help_text="of the month, 1 to 28, in the tenant's time zone")
    language = models.CharField(max_length=10)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id", "report"], name="one_schedule_per_member_and_report"),
            models.CheckConstraint(condition=models.Q(day__gte=1, day__lte=28), name="schedule_on_a_day_of_any_month"),
        ]


class ReportPack(Record):
    """A month's reports in one file: asked for or due, made by a worker, there for its member for a week, gone.

    Shape: `done` of `steps` says how far it is; `content_sealed` is empty unless the state is READY.
    """

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", "Waiting"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        OVER = "over", "Over"

    user_id = models.BigIntegerField(db_index=True)
    report = models.CharField(max_length=40, blank=True, help_text="its name; empty for all of them")
    month = models.DateField(help_text="its first day")
    language = models.CharField(max_length=10)
    schedule = models.ForeignKey(ReportSchedule, on_delete=models.SET_NULL, null=True, blank=True, related_name="packs")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    size = models.PositiveIntegerField(default=0, help_text="bytes")
    content_sealed = models.BinaryField(default=b"", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["schedule", "month"], name="one_scheduled_pack_a_month"),
            models.UniqueConstraint(
                fields=["user_id", "report", "month"],
                condition=models.Q(state="waiting", schedule=None),
                name="one_report_pack_waits",
            ),
        ]


class Branding(models.Model):
    """The company's own colour and logo; without a row, Payymo's."""

    is_the_one = models.BooleanField(default=True, unique=True, editable=False)
    colour = models.CharField(max_length=7, blank=True, help_text="#rrggbb; empty for Payymo's")
    logo = models.BinaryField(default=b"", blank=True, help_text="PNG, drawn anew from what was uploaded")
    logo_sha256 = models.CharField(max_length=64, blank=True)
    logo_width = models.PositiveSmallIntegerField(default=0)
    logo_height = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(is_the_one=True), name="one_look_a_company")]

    def __str__(self) -> str:
        """Name it."""
        return "the company's look"
