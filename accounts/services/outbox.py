"""Leaving a mail to be sent: a row in the caller's transaction, and a worker woken when it commits."""

import uuid
from datetime import datetime

from accounts.models import OutgoingMail
from tenants.models import Tenant
from tenants.nudging import nudge, nudge_platform


def post(*, kind: OutgoingMail.Kind, about: uuid.UUID, tenant: Tenant | None, now: datetime) -> None:
    """Leave a mail of a tenant, or of the staff host where there is none."""
    OutgoingMail.objects.create(tenant=tenant, kind=kind, about=about, due_at=now)
    if tenant is None:
        nudge_platform("accounts.tasks.send_staff_mails")
    else:
        nudge("mails", tenant=tenant)
