"""Leaving a mail to be sent: a row in the caller's transaction, and a worker woken when it commits."""

import uuid
from datetime import datetime

from accounts.models import OutgoingMail
from tenants.models import Tenant
from tenants.nudging import nudge


def post(*, kind: OutgoingMail.Kind, about: uuid.UUID, tenant: Tenant, now: datetime) -> None:
    """Leave a mail. Must run inside the tenant's schema."""
    OutgoingMail.objects.create(tenant=tenant, kind=kind, about=about, due_at=now)
    nudge("mails")
