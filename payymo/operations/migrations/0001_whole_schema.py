"""Exports of companies, scheduled reports and branding."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("operations", "0001_initial"), ("operations", "0002_report_packs"), ("operations", "0003_branding")]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="CompanyExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("asked_by_id", models.BigIntegerField()),
                ("asked_by_name", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("ready", "Ready"), ("failed", "Failed"), ("over", "Over")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, help_text="in plain words, for the owner", max_length=300)),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("size", models.BigIntegerField(default=0, help_text="bytes")),
                ("rows", models.BigIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("parts", models.PositiveIntegerField(default=0)),
                ("fetched", models.PositiveIntegerField(default=0, help_text="times")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")), fields=("state",), name="one_company_export_waits"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ExportPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("number", models.PositiveIntegerField()),
                ("content_sealed", models.BinaryField()),
                (
                    "export",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="operations.companyexport",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("export", "number"), name="one_export_part_per_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportSchedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("user_id", models.BigIntegerField()),
                ("report", models.CharField(blank=True, help_text="its name; empty for all of them", max_length=40)),
                ("day", models.PositiveSmallIntegerField(help_text="of the month, 1 to 28, in the tenant's time zone")),
                ("language", models.CharField(max_length=10)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user_id", "report"), name="one_schedule_per_member_and_report"),
                    models.CheckConstraint(
                        condition=models.Q(("day__gte", 1), ("day__lte", 28)), name="schedule_on_a_day_of_any_month"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportPack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("user_id", models.BigIntegerField(db_index=True)),
                ("report", models.CharField(blank=True, help_text="its name; empty for all of them", max_length=40)),
                ("month", models.DateField(help_text="its first day")),
                ("language", models.CharField(max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("ready", "Ready"), ("failed", "Failed"), ("over", "Over")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("steps", models.PositiveSmallIntegerField(default=0)),
                ("done", models.PositiveSmallIntegerField(default=0)),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("size", models.PositiveIntegerField(default=0, help_text="bytes")),
                ("content_sealed", models.BinaryField(blank=True, default=b"")),
                (
                    "schedule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="packs",
                        to="operations.reportschedule",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("schedule", "month"), name="one_scheduled_pack_a_month"),
                    models.UniqueConstraint(
                        condition=models.Q(("schedule", None), ("state", "waiting")),
                        fields=("user_id", "report", "month"),
                        name="one_report_pack_waits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Branding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_the_one", models.BooleanField(default=True, editable=False, unique=True)),
                ("colour", models.CharField(blank=True, help_text="#rrggbb; empty for Payymo's", max_length=7)),
                (
                    "logo",
                    models.BinaryField(blank=True, default=b"", help_text="PNG, drawn anew from what was uploaded"),
                ),
                ("logo_sha256", models.CharField(blank=True, max_length=64)),
                ("logo_width", models.PositiveSmallIntegerField(default=0)),
                ("logo_height", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("is_the_one", True)), name="one_look_a_company")
                ],
            },
        ),
    ]
