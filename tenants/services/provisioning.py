"""Making and finding tenants."""

import re

from django.db import IntegrityError, transaction

from payymo.shared.errors import BadInput, Conflict
from tenants import sealing
from tenants.models import Domain, Tenant, new_schema_name
from tenants.services import cloning, migrating, roles

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


class TenantExists(Conflict):
    """Another tenant has this slug or this host."""

    code = "tenant_exists"


class UnusableName(BadInput):
    """The slug or the host is not of the allowed form."""

    code = "unusable_name"


class UnknownTenant(BadInput):
    """There is no tenant with this slug."""

    code = "unknown_tenant"


def create_tenant(*, slug: str, name: str, domain: str) -> Tenant:
    """Create a tenant with its data key, its host and a schema that is a copy of the template; all of it or nothing.

    Raises: UnusableName, TenantExists; CannotCopy, MigrationsRun while a release is being installed.
    """
    host = domain.strip().lower()
    if not _SLUG.fullmatch(slug):
        raise UnusableName(f"The slug {slug!r} must be 3 to 40 of a-z, 0-9 and -, beginning with a letter.")
    if not _HOST.fullmatch(host):
        raise UnusableName(f"{domain!r} is not a host name; give it without https:// and port.")
    if not name.strip():
        raise UnusableName("The name is empty.")
    migrating.ensure_template()
    try:
        with transaction.atomic(durable=True):
            tenant: Tenant = Tenant.objects.create(slug=slug, name=name.strip(), schema_name=new_schema_name())
            Domain.objects.create(tenant=tenant, domain=host, is_primary=True)
            sealing.create_keys(tenant)
            cloning.clone_template(tenant.schema_name)
            roles.grant(tenant.schema_name)
            migrating.note_head(tenant)
    except IntegrityError as error:
        raise TenantExists(f"A tenant with the slug {slug!r} or the host {host!r} exists already.") from error
    return tenant


def find_tenant(*, slug: str) -> Tenant:
    """Return the tenant with this slug.

    Raises: UnknownTenant naming the ones there are.
    """
    tenant: Tenant | None = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        known = ", ".join(Tenant.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet"
        raise UnknownTenant(f"There is no tenant {slug!r}. Tenants: {known}.")
    return tenant
