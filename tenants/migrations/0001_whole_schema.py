"""Tenants and all that the shared schema keeps of them, with the log that cannot be changed."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
import django_tenants.postgresql_backend.base
from django.db import migrations, models

from payymo.shared.audit_chain import protect_sql, unprotect_sql

_LOG = {"entries": "tenants_platformentry", "links": "tenants_platformlink", "function": "platform"}


class Migration(migrations.Migration):
    replaces = [
        ("tenants", "0001_initial"),
        ("tenants", "0002_auditanchor"),
        ("tenants", "0003_platform_key"),
        ("tenants", "0004_tenant_deletion"),
        ("tenants", "0005_breaker"),
        ("tenants", "0006_tenant_keys"),
        ("tenants", "0007_schema_state"),
        ("tenants", "0008_jobs"),
        ("tenants", "0009_platform_log"),
        ("tenants", "0010_retention"),
        ("tenants", "0011_figures"),
        ("tenants", "0012_licences"),
        ("tenants", "0013_posting_pause"),
        ("tenants", "0014_trigrams"),
    ]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True)),
                ("beaten_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Tenant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "schema_name",
                    models.CharField(
                        db_index=True,
                        max_length=63,
                        unique=True,
                        validators=[django_tenants.postgresql_backend.base._check_schema_name],
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("suspended", "Suspended"), ("deleting", "Deleting")],
                        default="active",
                        max_length=12,
                    ),
                ),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                (
                    "undo_seconds",
                    models.PositiveIntegerField(
                        default=30, help_text="how long an approval can be taken back, 0 to 600"
                    ),
                ),
                (
                    "support_access_until",
                    models.DateTimeField(blank=True, help_text="Payymo's staff may look until then", null=True),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("migration_error", models.CharField(blank=True, editable=False, max_length=500)),
                ("migration_finished_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("migration_started_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "schema_head",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="the fingerprint of the migrations that the schema has seen",
                        max_length=16,
                    ),
                ),
                (
                    "bookkeeping_years",
                    models.PositiveIntegerField(default=10, help_text="how long matched payments say so, 6 to 10"),
                ),
                (
                    "unmatched_days",
                    models.PositiveIntegerField(
                        default=180,
                        help_text="after how many days an unmatched payment no longer says who paid, 30 to 730",
                    ),
                ),
                (
                    "posting_paused_at",
                    models.DateTimeField(
                        blank=True, editable=False, help_text="since a restore: WHMCS was not compared yet", null=True
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("undo_seconds__lte", 600)), name="tenant_undo_at_most_600_s"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("unmatched_days__gte", 30), ("unmatched_days__lte", 730)),
                        name="tenant_unmatched_30_to_730_d",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("bookkeeping_years__gte", 6), ("bookkeeping_years__lte", 10)),
                        name="tenant_bookkeeping_6_to_10_y",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Domain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("domain", models.CharField(db_index=True, max_length=253, unique=True)),
                ("is_primary", models.BooleanField(db_index=True, default=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="domains", to="tenants.tenant"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TenantKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wrapped", models.BinaryField()),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="data_keys", to="tenants.tenant"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[("seal", "Sealing"), ("index", "Look-up hashes")], default="seal", max_length=5
                    ),
                ),
                ("number", models.PositiveIntegerField(default=1)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "purpose", "number"), name="one_tenant_key_per_number"),
                    models.CheckConstraint(
                        condition=models.Q(("number__lte", 65535)), name="a_key_number_fits_two_bytes"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=20)),
                ("external_id", models.CharField(max_length=255)),
                ("livemode", models.BooleanField()),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="provider_accounts",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "external_id", "livemode"), name="provider_account_has_one_tenant"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditAnchor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField()),
                ("entry_hash", models.BinaryField()),
                ("anchored_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="audit_anchors", to="tenants.tenant"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tenant", "number"), name="one_anchor_per_head")],
            },
        ),
        migrations.CreateModel(
            name="PlatformKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True)),
                ("wrapped", models.BinaryField()),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TenantDeletion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tenant_public_id", models.UUIDField(editable=False)),
                ("slug", models.SlugField(max_length=40)),
                ("schema_name", models.CharField(max_length=63)),
                ("requested_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="until then it can be undone")),
                ("export_sha256", models.CharField(blank=True, max_length=64)),
                ("export_rows", models.BigIntegerField(default=0)),
                ("exported_at", models.DateTimeField(blank=True, null=True)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("key_destroyed_at", models.DateTimeField(blank=True, null=True)),
                ("schema_dropped_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at", None)),
                        fields=("tenant_public_id",),
                        name="one_deletion_per_tenant",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Breaker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="`provider:...` or `secret:...`", max_length=80)),
                ("failures", models.PositiveIntegerField(default=0, help_text="in a row")),
                ("opened_at", models.DateTimeField(blank=True, help_text="empty while calls still pass", null=True)),
                ("tries_again_at", models.DateTimeField(blank=True, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="breakers", to="tenants.tenant"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "name"), name="one_breaker_per_tenant_and_name")
                ],
            },
        ),
        migrations.CreateModel(
            name="ParkedJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("task", models.CharField(max_length=120)),
                ("named_tenant", models.CharField(blank=True, help_text="as the message said", max_length=64)),
                ("arguments", models.JSONField(default=dict)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("no_tenant", "No tenant was named"),
                            ("unknown_tenant", "The tenant is unknown"),
                            ("inactive_tenant", "The tenant is not active"),
                            ("killed_workers", "It killed its worker three times"),
                        ],
                        max_length=20,
                    ),
                ),
                ("times", models.PositiveIntegerField(default=1)),
                ("parked_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("released_at", None)), fields=["-last_at"], name="job_parked")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("released_at", None)),
                        fields=("task", "named_tenant", "arguments", "reason"),
                        name="parked_once_until_released",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("task", models.CharField(max_length=120)),
                ("arguments", models.JSONField(default=dict, help_text="ids only; the tenant is apart")),
                ("running_since", models.DateTimeField(blank=True, null=True)),
                (
                    "waiting_since",
                    models.DateTimeField(blank=True, help_text="it was busy, or the tenant's share was", null=True),
                ),
                ("succeeded_at", models.DateTimeField(blank=True, null=True)),
                ("deaths", models.PositiveSmallIntegerField(default=0, help_text="workers in a row that died on it")),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="jobs", to="tenants.tenant"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("waiting_since", None), _negated=True),
                        fields=["tenant", "waiting_since"],
                        name="job_waits",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "task", "arguments"), name="one_row_per_job")
                ],
            },
        ),
        migrations.CreateModel(
            name="PlatformAnchor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField(unique=True)),
                ("entry_hash", models.BinaryField()),
                ("anchored_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PlatformEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "happened_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), db_index=True, editable=False
                    ),
                ),
                ("action", models.CharField(max_length=60)),
                ("actor_kind", models.CharField(max_length=20)),
                ("actor_id", models.UUIDField(blank=True, null=True)),
                ("object_type", models.CharField(blank=True, max_length=60)),
                ("object_id", models.UUIDField(blank=True, db_index=True, null=True)),
                ("request_id", models.CharField(blank=True, max_length=40)),
                ("details", models.JSONField(blank=True, default=dict)),
            ],
            options={
                "verbose_name_plural": "platform entries",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("action__regex", "^[A-Za-z0-9_.:-]*$"),
                            ("actor_kind__regex", "^[A-Za-z0-9_.:-]*$"),
                            ("object_type__regex", "^[A-Za-z0-9_.:-]*$"),
                            ("request_id__regex", "^[A-Za-z0-9_.:-]*$"),
                        ),
                        name="tenants_platformentry_plain_fields",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlatformLink",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("previous_hash", models.BinaryField()),
                ("entry_hash", models.BinaryField()),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="link", to="tenants.platformentry"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("selectors", models.JSONField()),
                ("erased_at", models.DateTimeField()),
                ("applied_at", models.DateTimeField(help_text="the last time it was carried out")),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="erasures", to="tenants.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TenantFigure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                (
                    "label",
                    models.CharField(
                        blank=True, help_text="a state or a kind of source, from a fixed list", max_length=40
                    ),
                ),
                ("value", models.FloatField()),
                ("noted_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="figures", to="tenants.tenant"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "name", "label"), name="one_figure_of_a_name")
                ],
            },
        ),
        migrations.CreateModel(
            name="Licence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("licence_id", models.UUIDField(unique=True)),
                ("key", models.TextField(max_length=8192)),
                ("plan", models.CharField(max_length=60)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("installed_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="licences", to="tenants.tenant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LicenceCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("licence_id", models.UUIDField(help_text="all zeros where none is installed")),
                ("purpose", models.CharField(max_length=20)),
                ("outcome", models.CharField(max_length=12)),
                ("day", models.DateField()),
                ("checks", models.PositiveIntegerField()),
                ("last_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="licence_checks", to="tenants.tenant"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "licence_id", "purpose", "outcome", "day"), name="one_licence_check_row_a_day"
                    )
                ],
            },
        ),
        migrations.RunSQL(protect_sql(**_LOG), unprotect_sql(**_LOG)),
        # One of PostgreSQL's own and trusted: the owner of the database may add it. It stays when this is undone.
        migrations.RunSQL(
            "CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public", reverse_sql=migrations.RunSQL.noop
        ),
    ]
