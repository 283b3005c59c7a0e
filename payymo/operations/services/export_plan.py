"""What belongs to a tenant, table by table: whole tables of its schema, and its rows in the shared one."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.db import models

from accounts.models import ApiKey, Invitation, Membership, Role, SecurityEvent, User
from payymo.audit.models import AuditEntry, AuditLink
from payymo.operations.models import CompanyExport, ExportPart, ReportPack
from tenants.models import AuditAnchor, Domain, Erasure, Licence, LicenceCheck, ProviderAccount, Tenant

# Keys to other people's services are no record of the tenant's, and an archive is no place for them.
CREDENTIALS = frozenset(
    {
        "access_key_sealed",
        "access_sealed",
        "address_sealed",
        "credential_sealed",
        "identifier_sealed",
        "key_sealed",
        "old_secret_sealed",
        "refresh_sealed",
        "secret_id_sealed",
        "secret_key_sealed",
        "secret_sealed",
        "webhook_secret_old_sealed",
        "webhook_secret_sealed",
    }
)
# Hashes of keys and passwords, and flags of Payymo's own staff.
_HIDDEN = {
    ApiKey: {"key_hash"},
    Invitation: {"token_hash"},
    User: {"password", "is_staff", "is_superuser", "last_login"},
}
_OF_TENANT: tuple[type[models.Model], ...] = (
    *(Domain, ProviderAccount, Licence, LicenceCheck, AuditAnchor, Erasure),
    *(Role, Membership, Invitation, ApiKey, SecurityEvent),
)
# In the archive as `audit.jsonl`, in the form that proves itself.
_AS_CHAIN = frozenset({AuditEntry, AuditLink})
# An archive does not hold archives.
_NO_RECORD = frozenset({CompanyExport, ExportPart, ReportPack})


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the archive: its rows, in the order of their key, and what becomes of each column."""

    name: str
    rows: "models.QuerySet[models.Model]"
    plain: tuple[str, ...]
    opened: tuple[str, ...]
    left_out: tuple[str, ...]


def tables(tenant: Tenant) -> Iterator[Table]:
    """Name every table with the rows of this tenant. Must run inside its schema."""
    shared: dict[type[models.Model], models.Q] = {
        Tenant: models.Q(pk=tenant.pk),
        User: models.Q(memberships__tenant=tenant),
        **dict.fromkeys(
            _OF_TENANT,
            models.Q(tenant=tenant),
        ),
    }
    for model, condition in shared.items():
        yield _table(model, model._default_manager.filter(condition))
    for app in settings.TENANT_APPS:
        for model in apps.get_app_config(app.rpartition(".")[2]).get_models(include_auto_created=True):
            if model not in _AS_CHAIN | _NO_RECORD:
                yield _table(model, model._default_manager.all())


def _table(model: type[models.Model], rows: "models.QuerySet[models.Model]") -> Table:
    columns = [field.attname for field in model._meta.concrete_fields]
    hidden = _HIDDEN.get(model, set()) | (CREDENTIALS & set(columns))
    sealed = [name for name in columns if name.endswith("_sealed") and name not in hidden]
    return Table(
        name=model._meta.db_table,
        rows=rows.order_by("pk"),
        plain=tuple(name for name in columns if name not in hidden and name not in sealed),
        opened=tuple(sealed),
        left_out=tuple(sorted(hidden)),
    )
