"""Bringing schemas to the release's head: the template and each tenant's, with the state of each on its row."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from django.db.models.functions import Now

from payymo.shared.errors import Conflict
from tenants import context, release
from tenants.models import TEMPLATE_SCHEMA, Tenant
from tenants.services import roles


class MigrationsRun(Conflict):
    """Another process is migrating this schema."""

    code = "migrations_run"


class NotAtHead(Conflict):
    """The migrations ended, and the schema is still not what this release needs."""

    code = "not_at_head"


class BetweenReleases(Conflict):
    """An earlier release ended amid migrations that this one has joined."""

    code = "between_releases"


def is_current(tenant: Tenant) -> bool:
    """Return whether this release can serve the tenant's schema, by what its row says."""
    return tenant.schema_head == release.head()


def behind() -> QuerySet[Tenant]:
    """Return the tenants that are not at this release's head, the oldest first."""
    late: QuerySet[Tenant] = Tenant.objects.exclude(schema_head=release.head()).order_by("pk")
    return late


def ensure_template() -> None:
    """Make the template, or bring it to head."""
    context.leave()
    if template_is_current():
        return
    with _alone(TEMPLATE_SCHEMA):
        if not template_is_current():
            _migrate(TEMPLATE_SCHEMA)


def template_is_current() -> bool:
    """Return whether the template is what this release makes, by what it has seen."""
    return release.fingerprint(release.applied(TEMPLATE_SCHEMA)) == release.head()


def migrate_tenant(*, tenant: Tenant) -> None:
    """Bring one tenant's schema to head, and note when it began, when it ended or why it failed.

    Shape: can be stopped anywhere and run again; each migration is a transaction. From the first change on until the
    head is noted the tenant is not served, since its row then names an older head.
    Raises: MigrationsRun, NotAtHead; DatabaseError and whatever a migration raises, noted on the row.
    """
    context.leave()
    with _alone(tenant.schema_name):
        _note(tenant, migration_started_at=Now(), migration_finished_at=None, migration_error="")
        try:
            _migrate(tenant.schema_name)
            roles.grant(tenant.schema_name)
            note_head(tenant)
        except Exception as error:
            context.leave()
            _note(tenant, migration_error=f"{type(error).__name__}: {error}"[:500])
            raise


def note_head(tenant: Tenant) -> None:
    """Note what the tenant's schema has seen, as the schema itself says.

    Raises: NotAtHead.
    """
    found = release.fingerprint(release.applied(tenant.schema_name))
    if found != release.head():
        missing = sorted(release.wanted() - release.applied(tenant.schema_name))
        raise NotAtHead(f"{tenant.schema_name} is not at head; missing: {missing or 'none, it is of a newer release'}.")
    _note(tenant, schema_head=found, migration_finished_at=Now(), migration_error="")


def _note(tenant: Tenant, **values: object) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(**values)
    tenant.refresh_from_db(fields=list(values))


class _WholeMigrations(MigrationExecutor):
    """Changes a schema and notes it in one transaction.

    Django notes a migration that has deferred statements after its transaction: a kill between the two would leave a
    schema that no further run can migrate. It also leaves its own block open when one of the deferred statements fails:
    all that came after, the next tenants too, would belong to a transaction that nothing commits.
    """

    def apply_migration(self, state: Any, migration: Migration, fake: bool = False, fake_initial: bool = False) -> Any:
        """Apply one."""
        with transaction.atomic() if migration.atomic else nullcontext():
            blocks = len(connection.atomic_blocks)
            try:
                return super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)
            except Exception as error:
                while len(connection.atomic_blocks) > blocks:
                    connection.atomic_blocks[-1].__exit__(type(error), error, error.__traceback__)
                raise


def check_whole(schema: str) -> None:
    """Pass a schema that this release can bring up to date.

    Raises: BetweenReleases; nothing is changed.
    """
    if lacks := sorted(release.half_joined(schema)):
        first = ".".join(lacks[0])
        raise BetweenReleases(
            f"The migrations of {schema} ended early ({first} is missing), and this release has joined them. Finish "
            "them with the code of the release that began them (manage.py migrate_tenants), then run this again."
        )


def _migrate(schema: str) -> None:
    """Apply what is missing. Content types and permissions are made when the shared schema is migrated."""
    check_whole(schema)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {connection.ops.quote_name(schema)}")
    with context.migrating(schema):
        executor = _WholeMigrations(connection)
        executor.loader.check_consistent_history(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())


@contextmanager
def _alone(schema: str) -> Iterator[None]:
    """Let one process at a time work on a schema.

    The lock belongs to a session of its own, since migrating closes the connection.
    """
    other = connection.copy()
    key = int.from_bytes(hashlib.sha256(f"migrate:{schema}".encode()).digest()[:8], "big", signed=True)
    try:
        with other.cursor() as cursor:
            try:
                cursor.execute("SELECT pg_advisory_lock(%s)", [key])
            except DatabaseError as error:
                raise MigrationsRun(f"{schema} is being migrated by another process.") from error
        yield
    finally:
        other.close()
