"""A suspended tenant stops at once, in every way in which something can happen for it, and resumes as it was."""

import json
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import SecurityEvent, Session
from banking.models import BankTransaction
from payments.models import WebhookEvent
from payymo.audit.acting import Acting
from payymo.audit.models import AuditEntry
from payymo.operations.services import lifecycle
from payymo.sandbox import world
from tenants import context
from tenants.models import Tenant
from tenants.tasks import fan_out
from tests.conftest import PASSWORD
from tests.factories.callers import Caller
from tests.payments.stripe_account import StripeAccount, header
from tests.whmcs.site import Site, connect, leave, mirror, post
from whmcs.models import Posting
from whmcs.tasks import post_pending

OPERATOR = Acting("operator")
STRIPE = "/api/v1/webhooks/stripe/"


def suspend():
    lifecycle.suspend_tenant(slug="acme", by=OPERATOR)


def resume():
    lifecycle.resume_tenant(slug="acme", by=OPERATOR)


def test_nobody_signs_in_at_a_suspended_tenant(acme, signing_key):
    suspend()

    answer = Caller("").post("auth/token/", {"email": "owner@acme.example", "password": PASSWORD})

    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "tenant_suspended"
    assert Session.objects.count() == SecurityEvent.objects.count() == 0
    page = Client().post("/login/", {"username": "x", "password": "y"}, headers={"host": "acme.localhost"})
    assert (page.status_code, b"suspended" in page.content) == (503, True)


def test_a_token_stops_at_once_and_opens_again_after_resuming(acme, signing_key):
    owner = Caller("owner")
    assert owner.get("auth/me/").status_code == 200

    suspend()
    assert owner.get("auth/me/").status_code == 503

    resume()
    assert owner.get("auth/me/").status_code == 200


def test_a_refresh_token_is_not_spent_at_a_suspended_tenant(acme, signing_key):
    caller = Caller("")
    pair = caller.post("auth/token/", {"email": "owner@acme.example", "password": PASSWORD}).json()

    suspend()
    assert caller.post("auth/token/refresh/", {"refresh": pair["refresh"]}).status_code == 503

    resume()
    assert caller.post("auth/token/refresh/", {"refresh": pair["refresh"]}).status_code == 200


def test_other_tenants_go_on(acme, globex, signing_key):
    suspend()

    assert Caller("owner", "globex").get("auth/me/").status_code == 200


def test_a_webhook_is_answered_503_so_that_it_is_sent_again_and_is_stored_then(acme, sandbox):
    account = StripeAccount(sandbox, "acme")
    with context.inside(acme):
        _connect_stripe(account)
    body = json.dumps(account.event("charge.updated", account.received()[-1])).encode()

    def send():
        headers = {"host": "acme.localhost", "stripe-signature": header(body, account.keys.webhook_secret, time.time())}
        return Client().post(STRIPE, body, content_type="application/json", headers=headers).status_code

    def stored():
        with context.inside(acme, suspended_too=True):
            return WebhookEvent.objects.count()

    suspend()
    assert (send(), stored()) == (503, 0)

    resume()
    acme.refresh_from_db()
    assert (send(), stored()) == (200, 1)


def _connect_stripe(account):
    from django.utils import timezone

    from payments.services.connecting import connect_with_restricted_key

    keys = world.STRIPE["acme"]
    connect_with_restricted_key(key=keys.restricted_key, webhook_secret=keys.webhook_secret, now=timezone.now())


def test_beat_sends_no_work_for_a_suspended_tenant_and_a_message_that_waits_is_refused(acme, globex, monkeypatch):
    from celery import current_app

    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs, **_: sent.append(kwargs["tenant_id"]))
    suspend()

    fan_out(task="whmcs.tasks.post_pending")

    assert sent == [str(globex.public_id)]
    with pytest.raises(context.TenantUnavailable):
        post_pending(tenant_id=str(acme.public_id))
    assert connection.schema_name == "public"


def test_a_posting_that_waits_is_not_sent_and_is_sent_once_after_resuming(in_acme, sandbox):
    site = Site(sandbox, "acme")
    invoice = mirror(site, connect(site), site.new_invoice("119.00"))
    row = leave(invoice)

    suspend()
    assert post().handled == 0
    assert site.booked(row.transaction_id) == []

    resume()
    assert dict(post().counts) == {Posting.State.POSTED: 1}
    assert len(site.booked(row.transaction_id)) == 1


def test_nothing_is_deleted_and_both_acts_are_on_record(in_acme):
    before = BankTransaction.objects.count()

    suspend()
    suspend()
    resume()

    recorded = AuditEntry.objects.order_by("pk").values_list("action", "actor_kind", "object_id")
    assert list(recorded) == [
        ("tenant.suspended", "operator", in_acme.public_id),
        ("tenant.resumed", "operator", in_acme.public_id),
    ]
    assert BankTransaction.objects.count() == before


@pytest.mark.parametrize("act", [lifecycle.suspend_tenant, lifecycle.resume_tenant])
def test_a_tenant_that_is_being_deleted_is_neither_suspended_nor_resumed(acme, act):
    Tenant.objects.filter(pk=acme.pk).update(state=Tenant.State.DELETING)

    with pytest.raises(lifecycle.WrongState, match="being deleted"):
        act(slug="acme", by=OPERATOR)

    assert Tenant.objects.get(pk=acme.pk).state == Tenant.State.DELETING


def test_the_commands_say_what_they_did_and_name_an_unknown_tenant(acme):
    out = StringIO()

    call_command("suspend_tenant", tenant="acme", stdout=out)
    call_command("resume_tenant", tenant="acme", stdout=out)

    assert out.getvalue().split("\n")[:2] == ["acme is suspended.", "acme is active."]
    with pytest.raises(CommandError, match="no tenant 'nobody'") as refused:
        call_command("suspend_tenant", tenant="nobody")
    assert refused.value.returncode == 2
