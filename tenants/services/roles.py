"""What the database role of web and workers may do: read and write rows, and nothing that changes a schema.

The owner's role migrates, makes and drops schemas. Whatever is granted is granted anew after each migration, so that a
new table is never forgotten, and never wider than the tables below allow.
"""

from collections.abc import Mapping
from types import MappingProxyType

from django.conf import settings
from django.db import connection, transaction

from tenants import context
from tenants.models import TEMPLATE_SCHEMA, Tenant

_ROWS = "SELECT, INSERT, UPDATE, DELETE"
# What is less than all rows may do. A log that only grows is a log only if its writer cannot change it.
_SHARED: Mapping[str, str] = MappingProxyType(
    {
        "django_migrations": "SELECT",
        "tenants_tenant": "SELECT, UPDATE",
        "tenants_domain": "SELECT",
        "tenants_tenantdeletion": "SELECT",
        "tenants_licence": "SELECT, INSERT",
        "tenants_licencecheck": "SELECT, INSERT, UPDATE",
        "tenants_auditanchor": "SELECT, INSERT",
        "tenants_platformentry": "SELECT, INSERT",
        "tenants_platformlink": "SELECT",
        "tenants_platformanchor": "SELECT, INSERT",
        "accounts_securityevent": "SELECT, INSERT, DELETE",
    }
)
_TENANT: Mapping[str, str] = MappingProxyType(
    {"django_migrations": "SELECT", "audit_auditentry": "SELECT, INSERT", "audit_auditlink": "SELECT"}
)


def grant_all() -> int:
    """Grant what the restricted role needs in the shared schema and in every tenant's; return how many schemas.

    Shape: does nothing where one role does everything (no PAYYMO_OWNER_DATABASE_URL). Repeatable.
    """
    context.leave()
    grant("public")
    schemas = list(Tenant.objects.order_by("pk").values_list("schema_name", flat=True))
    for schema in schemas:
        grant(schema)
    return len(schemas) + 1


@transaction.atomic
def grant(schema: str) -> None:
    """Grant what the restricted role needs in this schema, and take what it had beyond that."""
    if not settings.APP_ROLE or schema == TEMPLATE_SCHEMA:
        return
    role, quoted = connection.ops.quote_name(settings.APP_ROLE), connection.ops.quote_name(schema)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        tables = {name for (name,) in cursor.fetchall()}
        narrow = {
            name: rights for name, rights in (_SHARED if schema == "public" else _TENANT).items() if name in tables
        }
        cursor.execute(
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {quoted} FROM {role}, PUBLIC; "
            f"REVOKE ALL ON SCHEMA {quoted} FROM {role}, PUBLIC; GRANT USAGE ON SCHEMA {quoted} TO {role}; "
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {quoted} TO {role}; "
            f"GRANT {_ROWS} ON ALL TABLES IN SCHEMA {quoted} TO {role}; "
            + "".join(
                f"REVOKE ALL ON {quoted}.{name} FROM {role}; GRANT {rights} ON {quoted}.{name} TO {role}; "
                for name, rights in narrow.items()
            )
        )
