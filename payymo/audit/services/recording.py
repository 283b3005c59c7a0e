"""Writing down who did what, in the transaction in which it is done."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from payymo.audit import acting
from payymo.audit.acting import Acting
from payymo.audit.actions import ACTIONS
from payymo.audit.models import AuditEntry
from payymo.shared import logs
from tenants import context
from tenants.models import PlatformEntry

Detail = str | int | bool | None
# What is done to a tenant from outside is in its own log and in the platform's.
OF_THE_PLATFORM = frozenset({"tenant", "staff", "license", "support"})


def record(
    *,
    action: str,
    about: models.Model | None = None,
    by: Acting | None = None,
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Append one entry to the current tenant's log; it becomes part of the chain when the transaction commits.

    Shape: `about` is a row with a `public_id`; `by` is whoever acts in this request or task unless given; `details`
    holds ids, codes and amounts, never a name or a secret. The moment is the database's own.
    Raises: NoTenant in the shared schema. KeyError for an act that is not in ACTIONS.
    """
    context.current()
    ACTIONS[action]
    who = by or acting.current()
    entry = _entry(action, about, who, details)
    AuditEntry.objects.create(**entry)
    if action.partition(".")[0] in OF_THE_PLATFORM:
        tenant = str(context.current().public_id)
        PlatformEntry.objects.create(**{**entry, "details": {**entry["details"], "tenant": tenant}})


def record_platform(
    *,
    action: str,
    about: models.Model | None = None,
    by: Acting | None = None,
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Append one entry to the platform's log, which is nobody's but the operator's; works in any schema.

    Raises: KeyError for an act that is not in ACTIONS.
    """
    ACTIONS[action]
    PlatformEntry.objects.create(**_entry(action, about, by or acting.current(), details))


def _entry(
    action: str, about: models.Model | None, who: Acting, details: Mapping[str, Detail] | None
) -> dict[str, Any]:
    return {
        "action": action,
        "actor_kind": who.kind,
        "actor_id": who.id,
        "object_type": about._meta.label_lower if about is not None else "",
        "object_id": getattr(about, "public_id", None),
        "request_id": logs.request_id.get(),
        "details": dict(details or {}),
    }
