"""Planted secrets go through the real paths, good and bad, and the whole log is searched for them."""

import io
import json
import logging
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from banking.models import BankAccount, BankTransaction
from banking.services import provider_keys
from banking.tasks import sync_due_accounts
from payments.models import StripeConnection
from payments.services import connecting
from payments.tasks import sync_due_connections
from payymo.sandbox import world
from payymo.shared.logs import JsonFormatter
from tenants import context, sealing
from tests.banking.bank import Bank
from tests.conftest import PASSWORD
from tests.factories.callers import Caller
from tests.payments.stripe_account import StripeAccount, header
from whmcs.models import Client as WhmcsClient
from whmcs.models import WhmcsInstance
from whmcs.services import connection as whmcs
from whmcs.tasks import sync_due_instances


@pytest.fixture
def log():
    """Everything that any logger writes, in the form in which it is written in production, debugging asked for."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(before)
    root.removeHandler(handler)


def test_sign_ins_webhooks_and_fetches_good_and_bad_leave_no_secret_in_the_log(acme, owner, sandbox, log):
    planted = {PASSWORD, "wrong-hunter2-password", "owner@acme.example", "nobody-here@acme.example"}
    tenant_id, now = str(acme.public_id), timezone.now()

    caller = Caller("owner")
    session = caller.post("auth/token/", {"email": "owner@acme.example", "password": PASSWORD}).json()
    planted |= {session["access"], session["refresh"]}
    for email in ("owner@acme.example", "nobody-here@acme.example"):
        Caller(None).post("auth/token/", {"email": email, "password": "wrong-hunter2-password"})
    browser = Client(headers={"host": "acme.localhost"})
    browser.post("/login/", {"email": "owner@acme.example", "password": "wrong-hunter2-password"})
    caller.post("auth/token/refresh/", {"refresh": session["refresh"]})
    caller.post("auth/token/refresh/", {"refresh": session["refresh"]})
    caller.get("bank-transactions/?iban=DE89370400440532013000")

    account, bank = StripeAccount(sandbox, "acme"), Bank(sandbox, "acme")
    keys, bank_keys = world.WHMCS["acme"], world.GOCARDLESS["acme"]
    planted |= {account.keys.restricted_key, account.keys.webhook_secret, keys.identifier, keys.secret}
    planted |= {bank_keys.secret_id, bank_keys.secret_key, "DE89370400440532013000"}
    with context.inside(acme):
        connecting.connect_with_restricted_key(
            key=account.keys.restricted_key, webhook_secret=account.keys.webhook_secret, now=now
        )
        whmcs.connect_instance(
            name="Billing", base_url=f"{sandbox.base_url}/whmcs/acme", identifier=keys.identifier, secret=keys.secret,
            now=now,
        )  # fmt: skip
        bank.save_keys(now)
        linked = bank.connect(owner.pk, now, provider_keys.provider("gocardless_bad", now=now))
        planted.add(linked.consent_id)
        for row in BankAccount.objects.all():
            planted.add(sealing.unseal(row, "iban_sealed"))

    event = json.dumps(account.event("charge.updated", account.received()[-1])).encode()
    for secret, body in (
        (account.keys.webhook_secret, event),
        ("whsec_forgedforgedforged", event),
        (account.keys.webhook_secret, b"{"),
    ):
        signed = header(body, secret, now.timestamp())
        planted.add(signed.rpartition("=")[2])
        Client().post(
            "/api/v1/webhooks/stripe/", body, content_type="application/json",
            headers={"host": "acme.localhost", "stripe-signature": signed},
        )  # fmt: skip

    with context.inside(acme):
        WhmcsInstance.objects.update(base_url="https://127.0.0.1/nowhere")
    for fault in ("html", "server_error", "unauthorized"):
        account.fault(fault)
        for task in (sync_due_connections, sync_due_instances):
            task(tenant_id=tenant_id)
        with context.inside(acme):
            StripeConnection.objects.update(next_sync_at=now, state="ACTIVE")
            WhmcsInstance.objects.update(next_sync_at=now, state="ACTIVE")
    bank.fault("server_error")
    sync_due_accounts(tenant_id=tenant_id)
    with context.inside(acme):
        BankAccount.objects.update(next_sync_at=now - timedelta(days=1))
        sealed = WhmcsInstance.objects.get()
        WhmcsInstance.objects.filter(pk=sealed.pk).update(secret_sealed=b"\x01" * 60, next_sync_at=now, state="ACTIVE")
    sync_due_accounts(tenant_id=tenant_id)
    sync_due_instances(tenant_id=tenant_id)

    with context.inside(acme):
        planted |= set(BankTransaction.objects.values_list("counterparty_name", flat=True)[:200])
        planted |= set(BankTransaction.objects.values_list("remittance_information", flat=True)[:200])
        planted |= set(WhmcsClient.objects.values_list("email", flat=True)[:200])
    text = log.getvalue()
    assert len(text.splitlines()) > 10
    assert all(json.loads(one)["level"] for one in text.splitlines())
    assert len(planted) > 30
    events = {json.loads(one).get("event") for one in text.splitlines()}
    assert events >= {"signed_in", "sign_in_refused", "webhook_refused", "sync_failed"}
    leaked = sorted(secret for secret in planted if len(secret) > 5 and secret.casefold() in text.casefold())
    assert leaked == []
