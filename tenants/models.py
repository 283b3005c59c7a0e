"""Tenants, the hosts by which they are reached, and what binds outside accounts to them. Shared schema."""

import secrets
import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from tenants.figure_models import TenantFigure as TenantFigure
from tenants.job_models import Job as Job
from tenants.job_models import ParkedJob as ParkedJob
from tenants.licence_models import Licence as Licence
from tenants.licence_models import LicenceCheck as LicenceCheck
from tenants.platform_models import PlatformAnchor as PlatformAnchor
from tenants.platform_models import PlatformEntry as PlatformEntry
from tenants.platform_models import PlatformLink as PlatformLink

# Holds no tenant's data: migrated with each release, and copied for each new tenant.
TEMPLATE_SCHEMA = "payymo_tenant_template"


def new_schema_name() -> str:
    """Make a schema name that nobody chose and nobody can guess."""
    return f"t_{secrets.token_hex(16)}"


class Tenant(TenantMixin):
    """One customer of Payymo: a hosting company with a schema of its own."""

    class State(models.TextChoices):
        """Only an active tenant is served; everything else stops at once."""

        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        DELETING = "deleting", _("Deleting")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=State, default=State.ACTIVE)
    time_zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(
        max_length=10, default="en", help_text=_("of messages to channels, and to people who chose none")
    )
    undo_seconds = models.PositiveIntegerField(
        default=30, help_text=_("how long an approval can be taken back, 0 to 600")
    )
    unmatched_days = models.PositiveIntegerField(
        default=180, help_text="after how many days an unmatched payment no longer says who paid, 30 to 730"
    )
    bookkeeping_years = models.PositiveIntegerField(default=10, help_text="how long matched payments say so, 6 to 10")
    support_access_until = models.DateTimeField(
        null=True, blank=True, help_text=_("Payymo's staff may look until then")
    )
    posting_paused_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="since a restore: WHMCS was not compared yet"
    )
    schema_head = models.CharField(
        max_length=16,
        blank=True,
        editable=False,
        help_text=_("the fingerprint of the migrations that the schema has seen"),
    )
    migration_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    migration_finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    migration_error = models.CharField(max_length=500, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(undo_seconds__lte=600), name="tenant_undo_at_most_600_s"),
            models.CheckConstraint(
                condition=models.Q(unmatched_days__gte=30, unmatched_days__lte=730), name="tenant_unmatched_30_to_730_d"
            ),
            models.CheckConstraint(
                condition=models.Q(bookkeeping_years__gte=6, bookkeeping_years__lte=10),
                name="tenant_bookkeeping_6_to_10_y",
            ),
        ]

    def __str__(self) -> str:
        """Name the tenant for staff."""
        return self.name

    @property
    def is_active(self) -> bool:
        """Whether anything may run for this tenant."""
        return self.state == self.State.ACTIVE


class Domain(DomainMixin):
    """A host that leads to a tenant, by exact match."""


class TenantKey(models.Model):
    """A key of the tenant, wrapped by the master key. Destroying them all makes every sealed value unreadable.

    The sealing key with the highest number seals; the ones below still open while a rotation runs. The index key makes
    look-up hashes and stays, whatever happens to the others.
    Source: docs/adr/0024-data-keys-rotate-and-the-index-key-stays.md
    """

    class Purpose(models.TextChoices):
        """What a key is for."""

        SEAL = "seal", "Sealing"
        INDEX = "index", "Look-up hashes"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="data_keys")
    purpose = models.CharField(max_length=5, choices=Purpose, default=Purpose.SEAL)
    number = models.PositiveIntegerField(default=1)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "purpose", "number"], name="one_tenant_key_per_number"),
            models.CheckConstraint(condition=models.Q(number__lte=65_535), name="a_key_number_fits_two_bytes"),
        ]

    def __str__(self) -> str:
        """Name the key without showing it."""
        return f"{self.purpose} key {self.number} of tenant {self.tenant_id}"


class PlatformKey(models.Model):
    """A key that belongs to no tenant, wrapped by the master key."""

    name = models.CharField(max_length=40, unique=True)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        """Name the key without showing it."""
        return self.name


class ProviderAccount(models.Model):
    """An outside account (Stripe `acct_...`) that belongs to exactly one tenant."""

    provider = models.CharField(max_length=20)
    external_id = models.CharField(max_length=255)
    livemode = models.BooleanField()
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="provider_accounts")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "external_id", "livemode"], name="provider_account_has_one_tenant"
            ),
        ]

    def __str__(self) -> str:
        """Name the account."""
        return f"{self.provider} {self.external_id}"


class Heartbeat(models.Model):
    """When a real worker last did a task: a living process may have stopped consuming."""

    name = models.CharField(max_length=40, unique=True)
    beaten_at = models.DateTimeField()

    def __str__(self) -> str:
        """Name the heart."""
        return self.name


class AuditAnchor(models.Model):
    """A head of a tenant's audit log, written down daily outside its schema: a removed end can be told from it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="audit_anchors")
    number = models.BigIntegerField()
    entry_hash = models.BinaryField()
    anchored_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="one_anchor_per_head")]

    def __str__(self) -> str:
        """Name the head."""
        return f"entry {self.number} of tenant {self.tenant_id}"


class TenantDeletion(models.Model):
    """A deletion, step by step: what a run that was killed goes on with, and the proof that stays.

    It names no tenant row, since that row goes; the export's checksum says what was handed over before.
    """

    tenant_public_id = models.UUIDField(editable=False)
    slug = models.SlugField(max_length=40)
    schema_name = models.CharField(max_length=63)
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="until then it can be undone")
    export_sha256 = models.CharField(max_length=64, blank=True)
    export_rows = models.BigIntegerField(default=0)
    exported_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    key_destroyed_at = models.DateTimeField(null=True, blank=True)
    schema_dropped_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_public_id"], condition=models.Q(undone_at=None), name="one_deletion_per_tenant"
            ),
        ]

    def __str__(self) -> str:
        """Name the deletion."""
        return f"deletion of {self.slug}"


class Breaker(models.Model):
    """What failed lately for a tenant: a provider that does not answer, or a secret that cannot be had.

    Without a row all is well. Kept in the database, so that every process leaves a dead server alone.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="breakers")
    name = models.CharField(max_length=80, help_text="`provider:...` or `secret:...`")
    failures = models.PositiveIntegerField(default=0, help_text="in a row")
    opened_at = models.DateTimeField(null=True, blank=True, help_text="empty while calls still pass")
    tries_again_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="one_breaker_per_tenant_and_name")]

    def __str__(self) -> str:
        """Name the breaker."""
        return f"{self.name} of tenant {self.tenant_id}"


class Erasure(models.Model):
    """A person whose data was erased, kept so that it is erased again after a restore. Shared schema.

    `selectors` are ids and keyed hashes: nobody can read from them who it was.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="erasures")
    selectors = models.JSONField()
    erased_at = models.DateTimeField()
    applied_at = models.DateTimeField(help_text="the last time it was carried out")

    def __str__(self) -> str:
        """Name the erasure."""
        return f"erasure {self.public_id}"
