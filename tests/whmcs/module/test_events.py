"""Reports of the addon module: who is believed, what is stored, and that a report only makes Payymo read again."""

import base64
import json
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import ApiKey, Membership
from accounts.permissions import permissions_of_member
from payymo.shared.errors import BadInput
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW
from whmcs.models import AddonModule, ModuleEvent
from whmcs.services import connection, module_events, pairing, signing

EVENT = {"id": "e1", "type": "InvoicePaid", "at": int(NOW.timestamp()), "data": {"invoice_id": 501}}


def pair(instance, owner, *, now=NOW):
    """Pair as the owner does, and return what the module reads from the setup code."""
    membership = Membership.objects.get(user=owner, tenant=context.current())
    paired = pairing.pair_module(
        instance=instance,
        membership=membership,
        granted=permissions_of_member(membership),
        address="http://acme.localhost/",
        now=now,
    )
    code = paired.setup_code.removeprefix("payymo1.")
    return json.loads(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)))


@pytest.fixture
def instance(in_acme):
    return rows.instance()


@pytest.fixture
def told(instance, owner):
    return pair(instance, owner)


def send(told, *events, secret="", message_id="m1", sent_at=NOW, now=NOW, body=b"", installation=""):
    body = body or json.dumps({"events": list(events)}).encode()
    headers = signing.signed_headers(secret=secret or told["secret"], message_id=message_id, body=body, now=sent_at)
    return module_events.receive_events(
        instance_id=installation or told["installation"], headers=headers, body=body, now=now
    )


def test_a_report_is_stored_and_its_invoice_is_read_again(instance, told):
    invoice = rows.invoice("INV-1", "50.00", whmcs_id=501, needs_reading=False)
    client = invoice.client
    event = {**EVENT, "data": {"invoice_id": 501, "client_id": client.whmcs_id, "transaction_id": "typed"}}

    assert send(told, event) == 1

    [stored] = ModuleEvent.objects.all()
    assert (stored.kind, stored.invoice_whmcs_id, stored.transaction_id) == ("InvoicePaid", 501, "typed")
    for row in (invoice, client, instance):
        row.refresh_from_db()
    assert invoice.needs_reading
    assert client.bookings_read_at is None
    assert instance.next_sync_at == NOW
    assert AddonModule.objects.get().last_seen_at == NOW


def test_the_same_report_twice_adds_nothing_and_marks_nothing(told):
    invoice = rows.invoice("INV-1", "50.00", whmcs_id=501)
    send(told, EVENT)
    type(invoice).objects.update(needs_reading=False)

    assert send(told, EVENT, message_id="m2") == 0

    assert ModuleEvent.objects.count() == 1
    invoice.refresh_from_db()
    assert not invoice.needs_reading


def test_what_payymo_booked_itself_is_stored_and_not_read_again(told):
    invoice = rows.invoice("INV-1", "50.00", whmcs_id=501)

    send(told, {**EVENT, "data": {"invoice_id": 501, "transaction_id": "PM-abc"}})

    invoice.refresh_from_db()
    assert (ModuleEvent.objects.count(), invoice.needs_reading) == (1, False)


def test_a_report_names_no_invoice_of_another_installation(told):
    other = rows.client(instance=rows.instance(bank_gateway="other"))
    invoice = rows.invoice("INV-1", "50.00", of=other, whmcs_id=501)

    send(told, EVENT)

    invoice.refresh_from_db()
    assert not invoice.needs_reading


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_report_that_is_too_old_or_from_the_future_is_refused(told, seconds):
    with pytest.raises(signing.BadSignature):
        send(told, EVENT, sent_at=NOW + timedelta(seconds=seconds))

    assert ModuleEvent.objects.count() == 0


def test_a_wrong_secret_a_changed_body_and_a_changed_id_are_refused(told):
    body = json.dumps({"events": [EVENT]}).encode()
    right = signing.signed_headers(secret=told["secret"], message_id="m1", body=body, now=NOW)
    other = "whsec_" + base64.b64encode(bytes(32)).decode()

    with pytest.raises(signing.BadSignature):
        send(told, EVENT, secret=other)
    for headers, sent in (
        (right, body + b" "),
        ({**right, "webhook-id": "m2"}, body),
        ({**right, "webhook-signature": "v1,"}, body),
        ({**right, "webhook-signature": ""}, body),
        ({**right, "webhook-timestamp": "x"}, body),
        ({}, body),
    ):
        with pytest.raises(signing.BadSignature):
            module_events.receive_events(instance_id=told["installation"], headers=headers, body=sent, now=NOW)

    assert ModuleEvent.objects.count() == 0


def test_the_secret_before_is_accepted_until_the_next_pairing(instance, told, owner):
    second = pair(instance, owner)

    assert send(told, EVENT) == 1
    assert send(second, {**EVENT, "id": "e2"}) == 1

    pair(instance, owner)
    with pytest.raises(signing.BadSignature):
        send(told, {**EVENT, "id": "e3"})


def test_pairing_again_ends_the_key_before(instance, told, owner):
    pair(instance, owner)

    alive = ApiKey.objects.filter(revoked_at=None, tenant=context.current())
    assert [key.public_id for key in alive] == [AddonModule.objects.get().api_key_id]
    assert ApiKey.objects.filter(tenant=context.current()).count() == 2


def test_the_key_holds_what_the_module_shows_and_no_more(told):
    [key] = ApiKey.objects.filter(tenant=context.current())

    assert key.scopes == sorted(pairing.SCOPES)
    assert told["key"] not in str(vars(key))


def test_a_removed_connection_hears_nothing_and_its_key_is_gone(instance, told):
    connection.remove_instance(instance=instance, now=NOW)

    with pytest.raises(signing.BadSignature):
        send(told, EVENT)
    assert not ApiKey.objects.filter(tenant=context.current(), revoked_at=None).exists()
    with pytest.raises(pairing.NotConnected):
        pairing.pair_module(
            instance=instance,
            membership=Membership.objects.filter(tenant=context.current()).first(),
            granted=frozenset(pairing.SCOPES),
            address="http://acme.localhost",
            now=NOW,
        )


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b'{"events": []}',
        json.dumps({"events": [{**EVENT, "id": f"e{n}"} for n in range(101)]}).encode(),
        json.dumps({"events": [{**EVENT, "data": {"invoice_id": -1}}]}).encode(),
        json.dumps({"events": [{**EVENT, "data": {"invoice_id": True}}]}).encode(),
        json.dumps({"events": [{**EVENT, "data": {"invoice_id": "501"}}]}).encode(),
        json.dumps({"events": [{**EVENT, "data": {"transaction_id": 5}}]}).encode(),
        json.dumps({"events": [{**EVENT, "id": "x" * 65}]}).encode(),
        json.dumps({"events": [{**EVENT, "type": "<b>"}]}).encode(),
        json.dumps({"events": [EVENT, 7]}).encode(),
    ],
)
def test_a_signed_message_that_is_none_of_ours_stores_nothing(told, body):
    with pytest.raises(BadInput):
        send(told, body=body)

    assert ModuleEvent.objects.count() == 0


def test_reports_are_kept_thirty_days(told):
    send(told, EVENT)
    later = NOW + timedelta(days=31)

    send(told, {**EVENT, "id": "e2"}, sent_at=later, now=later)

    assert [event.event_id for event in ModuleEvent.objects.all()] == ["e2"]


def post(told, body, headers, host="acme.localhost"):
    held = context.current()
    try:
        return Browser().generic(
            "POST",
            f"/api/v1/webhooks/whmcs/{told['installation']}/",
            body,
            content_type="application/json",
            headers={"host": host, **headers},
        )
    finally:
        database.set_tenant(held)


def test_over_http_a_right_report_is_200_a_wrong_one_400_and_a_huge_one_413(told, globex):
    body = json.dumps({"events": [EVENT]}).encode()
    headers = signing.signed_headers(secret=told["secret"], message_id="m1", body=body, now=timezone.now())

    assert post(told, body, headers).status_code == 200
    assert post(told, body, headers).status_code == 200
    refused = post(told, body + b" ", headers)
    assert (refused.status_code, refused.content) == (400, b"")
    assert post(told, body, headers, host="globex.localhost").status_code == 400
    assert post(told, b" " * (256 * 1024 + 1), headers).status_code == 413
    assert ModuleEvent.objects.count() == 1
