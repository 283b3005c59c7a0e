"""Events over HTTP: signed by an account of this tenant, stored once before the answer, and nothing without a row."""

import json

import pytest
from django.db import InternalError, transaction
from django.db import connection as database
from django.test import Client

from payments.models import StripeConnection, StripePayment, WebhookEvent
from payments.services import connecting, event_processing
from payymo.sandbox import world
from tenants import context, sealing
from tests.payments.stripe_account import Counted, header, signed

PATH = "/api/v1/webhooks/stripe/"


@pytest.fixture
def tenant_connection(acme, account, connect):
    """Acme's account, connected; requests enter the schema by themselves."""
    with context.inside(acme):
        return connect(account)


@pytest.fixture
def post(tenant_connection):
    def run(body, signature, host="acme.localhost"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Client(raise_request_exception=False).post(
            PATH, body, content_type="application/json", headers={"host": host, "stripe-signature": signature}
        )

    return run


@pytest.fixture
def send(post, account, now):
    """Post a body signed with acme's secret."""

    def run(body, at=None, secret=account.keys.webhook_secret, **more):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return post(body, header(body, secret, (at or now).timestamp()), **more)

    return run


@pytest.fixture
def stored(acme):
    def run():
        with context.inside(acme):
            return list(WebhookEvent.objects.order_by("pk"))

    return run


@pytest.fixture
def event(account):
    return account.event("charge.updated", account.received()[-1])


def test_a_signed_event_is_stored_sealed_and_due(send, stored, event, acme):
    answer = send(event)

    [row] = stored()
    assert (answer.status_code, answer.content) == (200, b"")
    assert (row.event_id, row.kind, row.object_id) == (event["id"], "charge.updated", event["data"]["object"]["id"])
    assert (row.processed_at, row.attempts, row.last_error, row.next_attempt_at) == (None, 0, "", row.received_at)
    with context.inside(acme):
        assert json.loads(sealing.unseal(row, "payload_sealed")) == event
    assert event["id"].encode() not in bytes(row.payload_sealed)


def test_the_same_event_twice_is_stored_once_and_welcome_both_times(send, stored, event):
    assert [send(event).status_code for _ in range(3)] == [200, 200, 200]
    assert len(stored()) == 1


def test_one_good_signature_among_several_is_enough(post, stored, event, account, now):
    body = json.dumps(event).encode()
    at = int(now.timestamp())
    good, bad = signed(body, account.keys.webhook_secret, at), signed(body, "whsec_other", at)

    answer = post(body, f"t={at},v1={bad},v1={good},v0={'0' * 64}")

    assert (answer.status_code, len(stored())) == (200, 1)


@pytest.mark.parametrize("seconds", [-299, 299])
def test_a_stamp_within_five_minutes_is_taken(send, stored, event, later, seconds):
    assert send(event, at=later(seconds=seconds * 0.98)).status_code == 200
    assert len(stored()) == 1


@pytest.mark.parametrize("seconds", [-302, 310, -86_400, 86_400])
def test_an_old_stamp_or_one_of_the_future_is_refused(send, stored, event, later, seconds):
    answer = send(event, at=later(seconds=seconds))

    assert (answer.status_code, answer.content, stored()) == (400, b"", [])


@pytest.mark.parametrize(
    "signature",
    [
        "", "t=1", "v1=00", "t=,v1=00", "t=NOW", "t=NOW,v0=GOOD", "t=NOW,v1=", "t=NOW,v1=" + "0" * 64, "t=NOW,v1=é",
        "x" * 5000,
    ],
)  # fmt: skip
def test_no_signature_that_fits_means_no_row(post, stored, event, account, now, signature):
    body = json.dumps(event).encode()
    at = int(now.timestamp())
    signature = signature.replace("NOW", str(at)).replace("GOOD", signed(body, account.keys.webhook_secret, at))

    answer = post(body, signature)

    assert (answer.status_code, answer.content, stored()) == (400, b"", [])


def test_a_body_changed_after_signing_is_refused(post, stored, event, account, now):
    body = json.dumps(event).encode()
    signature = header(body, account.keys.webhook_secret, now.timestamp())

    assert post(body + b" ", signature).status_code == 400
    assert stored() == []


def test_another_tenants_secret_does_not_verify(send, stored, event, globex, globex_account, connect):
    with context.inside(globex):
        connect(globex_account)

    assert send(event, secret=globex_account.keys.webhook_secret).status_code == 400
    assert send(event, host="globex.localhost").status_code == 400
    own = globex_account.event("charge.updated", globex_account.received()[0])
    assert send(own, secret=globex_account.keys.webhook_secret, host="globex.localhost").status_code == 200
    assert stored() == []
    with context.inside(globex):
        assert [row.event_id for row in WebhookEvent.objects.all()] == [own["id"]]


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe{}", b"not json", b"[]", b"7", b"null", b"{}", b"", b"[" * 100_000,
        b'{"id": "evt_1", "type": "charge.updated", "created": 1e400}',
        b'{"id": "evt_1", "type": "charge.updated", "created": 99999999999999999999}',
        b'{"id": 5, "type": "charge.updated", "created": 1}',
    ],
)  # fmt: skip
def test_a_signed_body_that_is_no_event_is_refused(send, stored, body):
    answer = send(body)

    assert (answer.status_code, answer.content, stored()) == (400, b"", [])


def test_characters_that_no_table_holds_do_not_break_the_row(send, stored, event):
    event["type"] = "charge.updated\x00\ud800"

    assert send(event).status_code == 200
    assert [row.kind for row in stored()] == ["charge.updated?"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"livemode": True}, "The event is of the other mode (test or live)."),
        ({"account": "acct_somebody"}, "The event is of another account."),
    ],
)
def test_an_event_of_another_mode_or_account_is_kept_apart(send, stored, account, acme, now, more, said):
    api = Counted(account.keys.restricted_key)
    answer = send(account.event("charge.updated", account.received()[-1], **more))

    [row] = stored()
    assert (answer.status_code, row.next_attempt_at, row.last_error) == (200, None, said)
    with context.inside(acme):
        assert event_processing.process_events(now=now, api_for=lambda connection: api) == 0
        assert not StripePayment.objects.exists()
    assert not api.calls


def test_its_own_account_may_be_named(send, stored, account):
    named = account.event("charge.updated", account.received()[-1], account=account.keys.account_id)

    assert send(named).status_code == 200
    assert stored()[0].next_attempt_at is not None


def test_a_body_above_256_kib_is_too_large(send, stored, event):
    event["data"]["object"]["description"] = "x" * (256 * 1024)

    answer = send(event)

    assert (answer.status_code, answer.content, stored()) == (413, b"", [])


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_answered(tenant_connection, method):
    answer = getattr(Client(), method)(PATH, headers={"host": "acme.localhost"})

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_no_cookie_is_set_and_no_csrf_token_is_asked_for(acme, account, send, event, post):
    answer = send(event)

    assert (answer.status_code, dict(answer.cookies)) == (200, {})


def test_while_rotating_the_old_secret_is_good_too_and_after_the_next_no_more(
    send, stored, account, acme, tenant_connection
):  # fmt: skip
    charge, first = account.received()[-1], account.keys.webhook_secret

    def outcome(secret):
        return send(account.event("charge.updated", charge), secret=secret).status_code

    def change(secret):
        with context.inside(acme):
            connecting.change_webhook_secret(connection=tenant_connection, webhook_secret=secret)

    change("whsec_second")
    assert (outcome(first), outcome("whsec_second")) == (200, 200)
    change("whsec_third")
    assert (outcome(first), outcome("whsec_second"), outcome("whsec_third")) == (400, 200, 200)
    assert len(stored()) == 4


def test_events_of_a_refused_key_are_kept_and_of_a_removed_account_not(
    send, stored, account, acme, tenant_connection, event
):  # fmt: skip
    with context.inside(acme):
        StripeConnection.objects.update(state="BROKEN")
    assert send(event).status_code == 200
    with context.inside(acme):
        connecting.remove_connection(connection=tenant_connection)

    assert send(account.event("charge.updated", account.received()[0])).status_code == 400
    assert [row.event_id for row in stored()] == [event["id"]]


def test_without_a_row_there_is_no_200(send, stored, event, acme):
    with context.inside(acme), database.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_webhookevent ADD CONSTRAINT closed CHECK (attempts > 0)")

    # The statement that failed ends the transaction around this test, so a savepoint stands for it.
    with pytest.raises(InternalError), transaction.atomic():
        assert send(event).status_code == 500
    assert stored() == []


def test_the_platforms_hosts_take_no_events(send, stored, event):
    assert send(event, host="admin.localhost").status_code == 404
    assert stored() == []


def test_stripe_delivers_to_a_running_server(live_acme, account):
    url = f"{live_acme}{PATH}"
    order = {"url": url, "types": ["charge.succeeded"], "limit": 5}

    answers = account.process.control("POST", "/stripe/acme/deliver", order)
    again = account.process.control("POST", "/stripe/acme/deliver", order)
    forged = account.process.control(
        "POST", "/stripe/acme/deliver", {**order, "secret": world.STRIPE["globex"].webhook_secret}
    )

    assert [one["status"] for one in answers + again + forged] == [200] * 10 + [400] * 5
    rows = WebhookEvent.objects.order_by("pk").values_list("event_id", flat=True)
    assert list(rows) == [one["id"] for one in answers]
