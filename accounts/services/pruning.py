"""Deleting what has run out, each kind after its own time."""

from datetime import datetime, timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Q

from accounts.models import (
    AttemptCounter,
    IdempotencyRecord,
    Invitation,
    OutgoingMail,
    PasskeyChallenge,
    PasswordReset,
    RefreshToken,
    SecurityEvent,
    Session,
)
from tenants.models import Tenant

COUNTERS_KEPT = timedelta(days=2)
REVOKED_KEPT = timedelta(days=30)
INVITATIONS_KEPT = timedelta(days=30)
SECURITY_EVENTS_KEPT = timedelta(days=365)


def prune(*, tenant: Tenant, now: datetime) -> dict[str, int]:
    """Delete what has run out for a tenant: sessions, tokens, links, mails, counters, answers, events; return how many.

    Shape: what belongs to no tenant (the staff host's sessions, mails, counters and events, what cookies name) goes in
    every tenant's turn; repeating it deletes nothing more.
    """
    here = Q(tenant=tenant) | Q(tenant=None)
    ended = Q(expires_at__lte=now) | Q(revoked_at__lte=now - REVOKED_KEPT)
    doomed = {
        "tokens": RefreshToken.objects.filter(session__tenant=tenant, expires_at__lte=now),
        "sessions": Session.objects.filter(here, ended),
        "counters": AttemptCounter.objects.filter(here, window_started_at__lte=now - COUNTERS_KEPT),
        "answers": IdempotencyRecord.objects.filter(tenant=tenant, expires_at__lte=now),
        "invitations": Invitation.objects.filter(tenant=tenant, expires_at__lte=now - INVITATIONS_KEPT),
        "resets": PasswordReset.objects.filter(tenant=tenant, expires_at__lte=now - COUNTERS_KEPT),
        "mails": OutgoingMail.objects.filter(here, due_at__lte=now - INVITATIONS_KEPT),
        "challenges": PasskeyChallenge.objects.filter(expires_at__lte=now),
        "events": SecurityEvent.objects.filter(here, happened_at__lte=now - SECURITY_EVENTS_KEPT),
    }
    deleted = {name: rows.delete()[1].get(rows.model._meta.label, 0) for name, rows in doomed.items()}
    SessionStore.clear_expired()
    return deleted
