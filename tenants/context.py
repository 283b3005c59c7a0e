"""The only place that switches the schema."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection as _connection
from django.db.migrations.recorder import MigrationRecorder
from django_tenants.utils import get_public_schema_name

from payymo.shared import logs
from tenants import release
from tenants.models import Tenant

# django-tenants adds the schema to Django's connection, which its types do not know.
connection: Any = _connection


class TenantUnavailable(Exception):
    """The tenant is missing, unknown, not active or being updated: nothing may run for it."""


class NoTenant(Exception):
    """The code needs a tenant, but the connection is in the shared schema."""


@contextmanager
def inside(tenant: Tenant, *, suspended_too: bool = False, deleting_too: bool = False) -> Iterator[Tenant]:
    """Work in the tenant's schema and return to where the connection was.

    Shape: `suspended_too` is for what takes rights away, which must not wait for a suspension to end; `deleting_too`
    for what an operator does to a tenant in any state.
    Raises: TenantUnavailable unless the tenant is active and its schema is what this release needs.
    """
    suspended_too = suspended_too or deleting_too
    if not (
        tenant.is_active
        or (suspended_too and tenant.state == Tenant.State.SUSPENDED)
        or (deleting_too and tenant.state == Tenant.State.DELETING)
    ):
        raise TenantUnavailable(f"tenant {tenant.public_id} is {tenant.state}")
    if tenant.schema_head != release.head() and not deleting_too:
        raise TenantUnavailable(f"tenant {tenant.public_id} is being updated")
    before = getattr(connection, "tenant", None)
    connection.set_tenant(tenant)
    token = logs.tenant_id.set(str(tenant.public_id))
    try:
        yield tenant
    finally:
        logs.tenant_id.reset(token)
        if before is None:
            connection.set_schema_to_public()
        else:
            connection.set_tenant(before)


@contextmanager
def inside_id(tenant_id: str | uuid.UUID) -> Iterator[Tenant]:
    """Work for the tenant with this public id, read afresh, so that a suspension holds at once.

    Raises: TenantUnavailable if it is unknown or not active. Never falls back to the shared schema.
    """
    try:
        tenant = Tenant.objects.get(public_id=tenant_id)
    except (Tenant.DoesNotExist, ValidationError) as error:
        raise TenantUnavailable(f"no tenant {tenant_id}") from error
    with inside(tenant):
        yield tenant


def enter_for_request(tenant: Tenant) -> None:
    """Leave the connection in the tenant's schema until `leave`; the middleware calls both."""
    connection.set_tenant(tenant)
    logs.tenant_id.set(str(tenant.public_id))


@contextmanager
def migrating(schema: str) -> Iterator[None]:
    """Work in a schema whose tables may not be there yet, its list of migrations above all."""
    connection.set_schema(schema, include_public=False)
    try:
        # Its own, before the shared schema's could be taken for it.
        MigrationRecorder(connection).ensure_schema()
        connection.set_schema(schema)
        yield
    finally:
        leave()


def leave() -> None:
    """Return the connection to the shared schema."""
    connection.set_schema_to_public()
    logs.tenant_id.set("")


def current() -> Tenant:
    """Return the tenant whose schema the connection is in.

    Raises: NoTenant in the shared schema.
    """
    tenant = getattr(connection, "tenant", None)
    if not isinstance(tenant, Tenant) or connection.schema_name == get_public_schema_name():
        raise NoTenant("this needs a tenant")
    return tenant


def cache_key(key: str, key_prefix: str, version: int) -> str:
    """Put the schema into each cache key."""
    return f"{settings.MODE}:{connection.schema_name}:{key_prefix}:{version}:{key}"
