"""The record of sign-ins, refusals and misuse, as a row and as a log line; ids only."""

import logging
from datetime import datetime

from accounts.models import SecurityEvent, User
from payymo.audit.acting import Acting
from payymo.audit.actions import ACTIONS
from payymo.audit.services import recording as audit
from tenants import context
from tenants.models import Tenant

logger = logging.getLogger("payymo.security")


def record(*, kind: str, tenant: Tenant | None, user: User | None, now: datetime, detail: str = "") -> None:
    """Store what happened. `detail` holds ids and codes, never a name, an address or a secret."""
    SecurityEvent.objects.create(kind=kind, tenant=tenant, user=user, detail=detail, happened_at=now)
    extra = {"event": kind, "actor": str(user.public_id) if user else "", "reason": detail}
    logger.info("security event", extra=extra)
    if tenant is not None and tenant.is_active and f"security.{kind}" in ACTIONS:
        with context.inside(tenant):
            audit.record(action=f"security.{kind}", by=Acting("person", user.public_id if user else None))


def note_foreign_token(*, tenant: Tenant, session: str) -> None:
    """Log that a token of another tenant was shown here. No row: whoever holds such a token could fill the table."""
    logger.warning("token of another tenant", extra={"event": "cross_tenant_token", "session": session})
