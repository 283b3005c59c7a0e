"""Which migrations of the tenants' apps this release has, and which a schema has seen."""

import hashlib
from collections.abc import Iterable
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_tenants.utils import schema_exists

Migrations = frozenset[tuple[str, str]]


@cache
def _labels() -> frozenset[str]:
    return frozenset(config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS)


@cache
def wanted() -> Migrations:
    """Return the migrations of the tenants' apps that are on disk."""
    known = MigrationLoader(None).disk_migrations or {}
    return frozenset(key for key in known if key[0] in _labels())


@cache
def _joined() -> Migrations:
    """Return the migrations that one on disk stands for: a database notes them beside it, and needs no more of them."""
    return frozenset(key for joining in MigrationLoader(None).replacements.values() for key in joining.replaces)


@cache
def head() -> str:
    """Return the fingerprint of a schema that this release can serve."""
    return fingerprint(wanted())


def fingerprint(migrations: Iterable[tuple[str, str]]) -> str:
    """Return a short name of exactly these migrations."""
    text = "\n".join(f"{app}.{name}" for app, name in sorted(migrations))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def applied(schema: str) -> Migrations:
    """Return the migrations of the tenants' apps that the schema has seen; none if there is no such schema."""
    return frozenset(key for key in _noted(schema) if key[0] in _labels()) - _joined()


def half_joined(schema: str) -> Migrations:
    """Return what a schema lacks of joined migrations of which it has others; Django can migrate it neither way."""
    noted = _noted(schema)
    replaced = [frozenset(joining.replaces) for joining in MigrationLoader(None).replacements.values()]
    return frozenset().union(*(old - noted for old in replaced if old & noted))


def _noted(schema: str) -> Migrations:
    quoted = connection.ops.quote_name(schema)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"{quoted}.django_migrations"])
        if not schema_exists(schema) or cursor.fetchone()[0] is None:
            return frozenset()
        cursor.execute(f"SELECT app, name FROM {quoted}.django_migrations")  # noqa: S608 - our own schema name, quoted  # nosec B608
        return frozenset(cursor.fetchall())


def whole_of_release() -> str:
    """Return the fingerprint of every migration on disk, the shared schema's included."""
    installed = {config.label for config in apps.get_app_configs()}
    return fingerprint(key for key in MigrationLoader(None).disk_migrations or {} if key[0] in installed)


def whole_of_database() -> str:
    """Return the fingerprint of every migration that the shared schema has noted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM public.django_migrations")
        return fingerprint(set(cursor.fetchall()) - _joined())
