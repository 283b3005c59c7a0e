import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session as BrowserSession

from accounts.models import (
    AttemptCounter,
    IdempotencyRecord,
    Invitation,
    Membership,
    OutgoingMail,
    PasswordReset,
    RefreshToken,
    Role,
    SecurityEvent,
    Session,
)
from accounts.services import sessions
from accounts.services.pruning import prune
from accounts.tasks import prune_sessions
from tenants.context import TenantUnavailable
from tenants.models import Tenant

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _open(user, tenant, at):
    return sessions.open_session(membership=Membership.objects.get(user=user, tenant=tenant), now=at)


def test_what_has_run_out_goes_and_what_lives_stays(acme, reviewer):
    _open(reviewer, acme, NOW - timedelta(days=7))
    _open(reviewer, acme, NOW - timedelta(days=1))
    _open(reviewer, acme, NOW - timedelta(hours=1))
    Session.objects.filter(created_at=NOW - timedelta(hours=1)).update(revoked_at=NOW - timedelta(minutes=1))

    deleted = prune(tenant=acme, now=NOW)

    assert (deleted["sessions"], Session.objects.count()) == (1, 2)
    assert (deleted["tokens"], RefreshToken.objects.count()) == (2, 1)
    assert set(prune(tenant=acme, now=NOW).values()) == {0}


def test_a_revoked_session_goes_after_thirty_days(acme, reviewer):
    _open(reviewer, acme, NOW)
    Session.objects.update(revoked_at=NOW - timedelta(days=30), expires_at=NOW + timedelta(days=1))

    assert prune(tenant=acme, now=NOW)["sessions"] == 1


def test_another_tenants_rows_are_left_alone(acme, globex, stranger):
    _open(stranger, globex, NOW - timedelta(days=8))

    prune(tenant=acme, now=NOW)

    assert (Session.objects.count(), RefreshToken.objects.count()) == (1, 1)


def test_counters_events_and_answers_each_have_their_time(acme):
    for days in (1, 3):
        at = NOW - timedelta(days=days)
        AttemptCounter.objects.create(tenant=acme, subject=f"account:{days}", window_started_at=at)
        AttemptCounter.objects.create(tenant=None, subject=f"account:{days}", window_started_at=at)
    for days in (364, 366):
        SecurityEvent.objects.create(tenant=acme, kind="signed_in", happened_at=NOW - timedelta(days=days))
    for number, until in enumerate([NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)]):
        IdempotencyRecord.objects.create(
            tenant=acme, caller="user:x", route="POST /x", key=str(number), body_sha256="0" * 64, status=201,
            answer_sealed=b"x", expires_at=until,
        )  # fmt: skip

    deleted = prune(tenant=acme, now=NOW)

    gone = {name: count for name, count in deleted.items() if count}
    assert gone == {"counters": 2, "answers": 1, "events": 1}
    assert AttemptCounter.objects.count() == 2
    assert IdempotencyRecord.objects.get().key == "1"


def test_links_and_mails_go_when_nobody_can_need_them(acme):
    for kept, until in ((False, NOW - timedelta(days=31)), (True, NOW - timedelta(days=29))):
        Invitation.objects.create(
            tenant=acme, email=f"{kept}@x.example", role=Role.objects.get(code="viewer", tenant=None), expires_at=until
        )
        OutgoingMail.objects.create(tenant=acme, kind="invitation", about=uuid.uuid4(), due_at=until)
    PasswordReset.objects.create(tenant=acme, email="x@x.example", expires_at=NOW - timedelta(days=3))
    PasswordReset.objects.create(tenant=acme, email="x@x.example", expires_at=NOW - timedelta(days=1))

    deleted = prune(tenant=acme, now=NOW)

    assert [deleted[name] for name in ("invitations", "mails", "resets")] == [1, 1, 1]
    assert Invitation.objects.get().email == "True@x.example"


def test_old_browser_sessions_go_too(acme):
    BrowserSession.objects.create(session_key="old", session_data="", expire_date=datetime(2020, 1, 1, tzinfo=UTC))
    BrowserSession.objects.create(session_key="new", session_data="", expire_date=datetime(2100, 1, 1, tzinfo=UTC))

    prune(tenant=acme, now=NOW)

    assert list(BrowserSession.objects.values_list("session_key", flat=True)) == ["new"]


def test_the_task_works_for_the_tenant_it_is_given_and_for_no_other(acme, globex, stranger):
    _open(stranger, globex, NOW - timedelta(days=3650))

    assert prune_sessions(tenant_id=str(acme.public_id))["sessions"] == 0
    assert prune_sessions(tenant_id=str(globex.public_id))["sessions"] == 1


def test_the_task_refuses_a_suspended_tenant_and_no_tenant(acme):
    Tenant.objects.filter(pk=acme.pk).update(state=Tenant.State.SUSPENDED)

    with pytest.raises(TenantUnavailable):
        prune_sessions(tenant_id=str(acme.public_id))
    with pytest.raises(TenantUnavailable):
        prune_sessions()
