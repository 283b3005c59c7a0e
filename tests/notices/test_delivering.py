"""Outgoing webhooks over real HTTP: signed, logged, tried again for days, and given up with a word."""

import base64
import hashlib
import hmac
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection

from payymo.notices import words
from payymo.notices.kinds import Kind
from payymo.notices.models import Delivery, DeliveryAttempt, Endpoint, Event
from payymo.notices.services import collecting, delivering, endpoints, messages, watching
from payymo.notices.services.telling import Happening, tell
from tenants import context
from tenants.models import Tenant

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ABOUT = "5b6a2f3e-0000-4000-8000-000000000001"


@pytest.fixture
def receiver(settings):
    """A program of the tenant's on this machine: what it was sent, and the status that it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.got.append((dict(self.headers), body))
            self.send_response(server.answers)
            self.send_header("Content-Length", "7")
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()
            self.wfile.write(b"private")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.answers = [], 200
    server.url = f"http://127.0.0.1:{server.server_port}/hook?token=abc"
    settings.LOOPBACK_EXCEPTION = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def endpoint(receiver, form="webhook", kinds=("posting.posted",)):
    return endpoints.add(form=form, name="Books", address=receiver.url, kinds=kinds, now=NOW)


def happened(number=0, kind=Kind.POSTING_POSTED):
    with collecting.locked():
        tell([Happening(kind, ABOUT, str(number), NOW, {"amount": "49.00", "currency": "EUR"})], now=NOW)


def run(now=NOW):
    return delivering.deliver_due(now=lambda: now)


def state():
    row = Delivery.objects.order_by("pk").last()
    return row.state, row.tries, row.attempts


def is_signed(headers, body, secret):
    """Check as the guide tells a receiver to."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, given) for given in headers["webhook-signature"].split(" "))


def test_an_event_arrives_signed_with_ids_and_amounts(in_acme, receiver):
    made = endpoint(receiver)
    happened()

    assert run() == 1
    [(headers, body)] = receiver.got
    assert is_signed(headers, body, made.secret)
    assert json.loads(body) == {
        "type": "posting.posted", "timestamp": "2026-11-20T09:00:00.000Z", "tenant": str(in_acme.public_id),
        "data": {"id": ABOUT, "amount": "49.00", "currency": "EUR"},
    }  # fmt: skip
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert (run(), state()) == (0, ("DELIVERED", 1, 1))


def test_only_what_was_chosen_is_sent_and_nothing_personal_can_be(in_acme, receiver):
    endpoint(receiver, kinds=("dispute.changed",))
    happened()

    assert (Event.objects.count(), Delivery.objects.count()) == (0, 0)
    with pytest.raises(endpoints.UnusableEndpoint):
        endpoint(receiver, kinds=("payment.mentioned",))


def test_the_log_holds_status_code_and_time_and_no_body(in_acme, receiver):
    made = endpoint(receiver)
    receiver.answers = 500
    happened()
    run()

    log = DeliveryAttempt.objects.values().get()
    assert (log["status"], log["outcome"], log["called_at"]) == (500, "refused", NOW)
    assert not any(secret in str(log) for secret in ("private", made.secret, "token"))


def test_a_message_is_tried_ten_times_over_three_days_and_given_up(in_acme, receiver):
    endpoint(receiver)
    receiver.answers = 503
    happened()
    now, waits = NOW, []
    while Delivery.objects.get().state == "WAITING":
        run(now)
        due = Delivery.objects.get().due_at
        waits.append(int((due - now) / MINUTE))
        now = max(due, now + MINUTE)

    assert waits[:-1] == list(delivering.AGAIN_AFTER)
    assert timedelta(days=3) < now - NOW < timedelta(days=4)
    assert (state(), len(receiver.got)) == (("GIVEN_UP", 10, 10), 10)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_a_redirect_is_not_followed(in_acme, receiver):
    endpoint(receiver)
    receiver.answers = 307
    happened()

    assert (run(), DeliveryAttempt.objects.get().outcome, len(receiver.got)) == (0, "redirect", 1)


def test_a_person_sends_it_again_with_the_same_id(in_acme, receiver):
    endpoint(receiver)
    happened()
    run()

    endpoints.resend(delivery_id=Delivery.objects.get().public_id, now=NOW)
    assert (run(), state()) == (1, ("DELIVERED", 1, 2))
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_after_a_rotation_both_secrets_sign_for_a_day(in_acme, receiver):
    made = endpoint(receiver)
    fresh = endpoints.rotate(endpoint_id=made.row.public_id, now=NOW)
    happened()
    run()
    happened(1)
    run(NOW + endpoints.OVERLAP)

    (early, early_body), (late, late_body) = receiver.got
    assert is_signed(early, early_body, made.secret)
    assert is_signed(early, early_body, fresh.secret)
    assert not is_signed(late, late_body, made.secret)
    assert is_signed(late, late_body, fresh.secret)


def test_an_endpoint_that_fails_for_days_is_switched_off_and_the_admin_told(in_acme, receiver):
    endpoint(receiver)
    receiver.answers = 500
    happened()
    run()
    happened(1)
    run(NOW + delivering.OFF_AFTER)

    row = Endpoint.objects.get()
    assert (row.state, row.off_reason) == ("OFF", "failing")
    happened(2)
    assert Delivery.objects.count() == 2
    watching.watch(now=NOW)
    assert Event.objects.filter(kind="endpoint.disabled", about=row.public_id).count() == 1

    receiver.answers = 200
    endpoints.resume(endpoint_id=row.public_id, now=NOW)
    assert run() == 2


def test_one_that_says_it_is_gone_is_switched_off_at_once(in_acme, receiver):
    endpoint(receiver)
    receiver.answers = 410
    happened()
    run()
    watching.watch(now=NOW)

    assert Endpoint.objects.get().off_reason == "gone"
    assert "it answered that it is gone" in words.text_of(Event.objects.get(kind="endpoint.disabled"))


def test_one_success_ends_the_failing(in_acme, receiver):
    endpoint(receiver)
    receiver.answers = 500
    happened()
    run()
    receiver.answers = 200
    run(NOW + MINUTE)

    assert Endpoint.objects.get().failing_since is None


def test_a_dead_endpoint_costs_one_call_and_holds_up_no_other(in_acme, receiver):
    dead = endpoints.add(
        form="webhook", name="Dead", address=receiver.url, kinds=("posting.posted",), now=NOW
    ).row  # fmt: skip
    with unreachable(dead):
        endpoint(receiver)
        for number in range(3):
            happened(number)
        assert run() == 3

    assert DeliveryAttempt.objects.filter(delivery__endpoint=dead).count() == 1


@contextmanager
def unreachable(row):
    """Let an endpoint's address be one that is not public, as a name that was moved to the inside would be."""
    from tenants import sealing

    row.address_sealed = sealing.seal(row, "address_sealed", "https://127.0.0.1/")
    row.save()
    yield
    assert DeliveryAttempt.objects.get(delivery__endpoint=row).outcome == "address_refused"


def test_slack_gets_a_sentence_in_the_companys_language_and_no_signature(in_acme, receiver):
    made = endpoint(receiver, form="slack")
    happened()
    run()

    Tenant.objects.filter(pk=in_acme.pk).update(language="de")
    with context.inside(Tenant.objects.get(pk=in_acme.pk)):
        happened(1)
        run()

    (headers, body), (_, german) = receiver.got
    assert made.secret == ""
    assert "Eine Zahlung über 49,00" in json.loads(german)["text"]
    assert json.loads(body)["text"].startswith("A payment of 49.00\u00a0EUR was posted to WHMCS. <http")
    assert "webhook-signature" not in headers


def test_a_test_message_says_that_it_is_one(in_acme, receiver):
    made = endpoint(receiver)
    endpoints.test(endpoint_id=made.row.public_id, now=NOW)

    assert run() == 1
    assert json.loads(receiver.got[0][1])["type"] == messages.TEST


def test_two_workers_at_once_send_once(committed_acme, receiver):
    endpoint(receiver)
    happened()
    barrier, arrived = threading.Barrier(2), []

    def work():
        try:
            with context.inside(committed_acme):
                barrier.wait(60)
                arrived.append(run())
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)

    assert (sorted(arrived), len(receiver.got)) == ([0, 1], 1)
