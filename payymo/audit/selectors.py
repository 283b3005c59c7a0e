"""Reading the log."""

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from payymo.audit.actions import AREAS, OF_PAYMENTS, acts_of
from payymo.audit.models import AuditEntry, AuditLink
from payymo.shared.audit_chain import Anchor, ChainLink, ChainRecord
from tenants import context
from tenants.models import AuditAnchor

_FIELDS = ("public_id", "happened_at", "action", "actor_kind", "actor_id", "object_type", "object_id", "request_id")


def chain(*, after: int = 0, links: type[ChainLink] = AuditLink) -> Iterator[ChainRecord]:
    """Read every link after number `after` with its entry, in order, a few thousand at a time.

    Shape: the current tenant's log, or the one whose `links` are given.
    """
    rows = (
        links._default_manager.filter(number__gt=after)
        .order_by("number")
        .values_list(
            "number", "previous_hash", "entry_hash", *(f"entry__{name}" for name in _FIELDS),
            Cast("entry__details", TextField()),
        )
    )  # fmt: skip
    for (
        number,
        previous,
        own,
        public_id,
        moment,
        action,
        kind,
        actor,
        thing,
        thing_id,
        request,
        details,
    ) in rows.iterator(chunk_size=2000):
        yield ChainRecord(
            number, bytes(previous), bytes(own), str(public_id), moment, action, kind, str(actor or ""), thing,
            str(thing_id or ""), request, details,
        )  # fmt: skip


def entries_outside_the_chain() -> int:
    """Count committed entries that have no link: none, unless somebody removed one."""
    return AuditEntry.objects.filter(link=None).count()


def anchors() -> list[Anchor]:
    """Read the heads of this tenant's chain that were written down in the shared schema."""
    rows = AuditAnchor.objects.filter(tenant=context.current()).order_by("number")
    return [Anchor(row.number, bytes(row.entry_hash), row.anchored_at) for row in rows]


def find_entries(
    *,
    action: str = "",
    actor_id: uuid.UUID | None = None,
    object_id: uuid.UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditLink]:
    """Return the links with their entries, narrowed; the caller orders and bounds them."""
    found = AuditLink.objects.select_related("entry")
    if action:
        found = found.filter(entry__action=action)
    if actor_id:
        found = found.filter(entry__actor_id=actor_id)
    if object_id:
        found = found.filter(entry__object_id=object_id)
    if since:
        found = found.filter(entry__happened_at__gte=since)
    if until:
        found = found.filter(entry__happened_at__lt=until)
    return found


def about(object_id: uuid.UUID, *, actions: Collection[str]) -> QuerySet[AuditEntry]:
    """Return what was done to one thing, of these kinds, the newest first; the caller bounds it."""
    return AuditEntry.objects.filter(object_id=object_id, action__in=actions).order_by("-happened_at", "-pk")


def changes(
    *,
    before: int | None = None,
    area: str = "",
    actor_kind: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEntry]:
    """Return what was done to anything but payments, the newest first, behind a primary key; the caller bounds it."""
    asked = ~Q(action__in=OF_PAYMENTS)
    if before is not None:
        asked &= Q(pk__lt=before)
    if area in AREAS:
        asked &= Q(action__in=acts_of(area))
    if actor_kind:
        asked &= Q(actor_kind=actor_kind)
    if since is not None:
        asked &= Q(happened_at__gte=since)
    if until is not None:
        asked &= Q(happened_at__lt=until)
    return AuditEntry.objects.filter(asked).order_by("-pk")


def earlier(entries: Collection[AuditEntry], *, most: int) -> list[AuditEntry]:
    """Return what was done in the same ways before the oldest of these, the newest first: what may be compared."""
    if not entries:
        return []
    same = {entry.action for entry in entries}
    oldest = min(entry.pk for entry in entries)
    found = AuditEntry.objects.filter(~Q(action__in=OF_PAYMENTS), action__in=same, pk__lt=oldest)
    return list(found.order_by("-pk")[:most])
