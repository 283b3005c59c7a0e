"""Deleting a tenant: stopped and exported first, kept for a while, then destroyed for good, step by step.

Each step of the last part is a transaction of its own that notes itself down, so a run that was killed goes on where it
was. The data key goes first: from then on nothing sealed can be read, whatever happens to the rest.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django_tenants.utils import schema_exists

from accounts.models import Membership, SecurityEvent, User
from accounts.services import removal
from payymo.audit.acting import Acting
from payymo.audit.services import recording as audit
from payymo.operations.services import exporting
from payymo.operations.services.lifecycle import WrongState
from payymo.shared.errors import BadInput, Conflict
from tenants import context, sealing
from tenants.models import Tenant, TenantDeletion
from tenants.services.provisioning import find_tenant

GRACE_DAYS = 30
State = Tenant.State


class NotDueYet(Conflict):
    """The days in which the deletion can be undone are not over, or nothing was exported."""

    code = "not_due_yet"


class UnreadableRows(Conflict):
    """The archive would lack what cannot be opened any more."""

    code = "unreadable_rows"


def begin(
    *, slug: str, archive: Path, grace: timedelta, by: Acting, now: datetime, accepts_unreadable: bool = False
) -> TenantDeletion:
    """Stop the tenant for good, export everything, check the archive, and let the days of grace begin.

    Shape: run again after an interruption it exports anew, to another file; the days count from the first time.
    Raises: UnknownTenant; UnusableFile, UnreadableRows (the tenant stays stopped, nothing is deleted).
    """
    if grace < timedelta(0):
        raise BadInput("The days of grace cannot be negative.")
    tenant = find_tenant(slug=slug)
    deletion = _stop(tenant, grace, by, now)
    tenant.refresh_from_db()
    written = exporting.export_tenant(tenant=tenant, path=archive, now=now)
    exporting.check_archive(archive)
    if written.unreadable and not accepts_unreadable:
        raise UnreadableRows(f"{written.unreadable} sealed values open with no key; see the manifest in {archive}.")
    deletion.export_sha256, deletion.export_rows, deletion.exported_at = written.sha256, written.rows, now
    deletion.save(update_fields=["export_sha256", "export_rows", "exported_at"])
    return deletion


@transaction.atomic
def _stop(tenant: Tenant, grace: timedelta, by: Acting, now: datetime) -> TenantDeletion:
    locked = Tenant.objects.select_for_update().get(pk=tenant.pk)
    deletion, is_new = TenantDeletion.objects.get_or_create(
        tenant_public_id=locked.public_id,
        undone_at=None,
        defaults={
            "slug": locked.slug, "schema_name": locked.schema_name, "requested_at": now, "due_at": now + grace,
        },
    )  # fmt: skip
    if is_new:
        Tenant.objects.filter(pk=locked.pk).update(state=State.DELETING)
        with context.inside(locked, deleting_too=True):
            audit.record(
                action="tenant.deletion_began", about=locked, by=by, details={"due": deletion.due_at.isoformat()}
            )
    return deletion


@transaction.atomic
def undo(*, slug: str, by: Acting, now: datetime) -> Tenant:
    """Keep the tenant after all; it is suspended then, and `resume_tenant` serves it again.

    Raises: UnknownTenant; WrongState unless it is being deleted and nothing was destroyed.
    """
    tenant: Tenant = Tenant.objects.select_for_update().get(pk=find_tenant(slug=slug).pk)
    kept = TenantDeletion.objects.filter(
        tenant_public_id=tenant.public_id, undone_at=None, key_destroyed_at=None
    ).update(undone_at=now)
    if not kept:
        raise WrongState(f"{slug} is not being deleted, or its data is destroyed already.")
    tenant.state = State.SUSPENDED
    tenant.save(update_fields=["state"])
    with context.inside(tenant, suspended_too=True):
        audit.record(action="tenant.deletion_undone", about=tenant, by=by)
    return tenant


def due(*, now: datetime) -> list[TenantDeletion]:
    """Return the deletions whose days of grace are over, and those that were interrupted; the oldest first."""
    open_ones = TenantDeletion.objects.filter(undone_at=None, finished_at=None, exported_at__isnull=False)
    return list(open_ones.filter(due_at__lte=now).order_by("due_at", "pk")[:500])


def open_deletion(*, slug: str) -> TenantDeletion:
    """Return the deletion of this tenant that is not finished.

    Raises: WrongState.
    """
    found = TenantDeletion.objects.filter(slug=slug, undone_at=None, finished_at=None).first()
    if found is None:
        raise WrongState(f"{slug} is not being deleted.")
    return found


def finish(*, deletion: TenantDeletion, now: datetime) -> TenantDeletion:
    """Destroy the data key, drop the schema, remove the shared rows and free the hosts.

    Shape: can be stopped anywhere and run again; two runs at once wait for each other. Doing it again changes nothing.
    Raises: NotDueYet; nothing is destroyed.
    """
    if deletion.exported_at is None:
        raise NotDueYet(f"Nothing of {deletion.slug} was exported: run delete_tenant --export FILE first.")
    if deletion.due_at > now:
        raise NotDueYet(f"{deletion.slug} can still be kept until {deletion.due_at:%Y-%m-%d %H:%M} UTC.")
    context.leave()
    for marker, step in _STEPS:
        _take(deletion.pk, marker, step, now)
    deletion.refresh_from_db()
    return deletion


@transaction.atomic
def _take(pk: int, marker: str, step: Callable[[TenantDeletion], None], now: datetime) -> None:
    deletion = TenantDeletion.objects.select_for_update().get(pk=pk)
    if deletion.undone_at is not None:
        raise WrongState(f"The deletion of {deletion.slug} was undone.")
    if getattr(deletion, marker) is None:
        step(deletion)
        setattr(deletion, marker, now)
        deletion.save(update_fields=[marker])


def _destroy_key(deletion: TenantDeletion) -> None:
    sealing.destroy_data_keys(Tenant.objects.get(public_id=deletion.tenant_public_id))


def _drop_schema(deletion: TenantDeletion) -> None:
    if schema_exists(deletion.schema_name):
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {connection.ops.quote_name(deletion.schema_name)} CASCADE")


def _remove_shared_rows(deletion: TenantDeletion) -> None:
    tenant = Tenant.objects.get(public_id=deletion.tenant_public_id)
    people = list(User.objects.filter(memberships__tenant=tenant))
    SecurityEvent.objects.filter(tenant=tenant).delete()
    Membership.objects.filter(tenant=tenant).delete()
    tenant.delete(force_drop=False)
    for user in people:
        removal.forget_user(user=user)


_STEPS = (
    ("key_destroyed_at", _destroy_key),
    ("schema_dropped_at", _drop_schema),
    ("finished_at", _remove_shared_rows),
)
