"""Writing down who did what, in the transaction in which it is done."""

from collections.abc import Mapping

from django.db import models

from payymo.audit import acting
from payymo.audit.acting import Acting
from payymo.audit.actions import ACTIONS
from payymo.audit.models import AuditEntry
from payymo.shared import logs
from tenants import context

Detail = str | int | bool | None


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
    AuditEntry.objects.create(
        action=action,
        actor_kind=who.kind,
        actor_id=who.id,
        object_type=about._meta.label_lower if about is not None else "",
        object_id=getattr(about, "public_id", None),
        request_id=logs.request_id.get(),
        details=dict(details or {}),
    )
