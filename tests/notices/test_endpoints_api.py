"""Webhook endpoints over the API: made by an administrator, shown without address and secret, nobody else's."""

import pytest

from payymo.notices.models import Delivery, Endpoint
from tests.factories.callers import Caller

pytestmark = pytest.mark.usefixtures("public_names")

BODY = {"name": "Books", "address": "https://books.example/hook?token=abc", "events": ["posting.posted"]}


@pytest.fixture
def inside(in_acme):
    """Look at acme's rows after a call, which leaves the connection in the shared schema."""
    from tenants import context

    return lambda: context.enter_for_request(in_acme)


def test_an_endpoint_lives_over_the_api(inside):
    admin = Caller("admin")
    made = admin.post("webhook-endpoints/", BODY)
    assert made.status_code == 201
    one = f"webhook-endpoints/{made.json()['id']}/"
    secret = made.json()["secret"]

    shown = admin.get(one)
    assert shown.json()["host"] == "books.example"
    assert not any(hidden in shown.content.decode() for hidden in (secret, "token"))
    assert admin.put(one, {"name": "Ledger", "events": ["feed.stopped"]}).json()["events"] == ["feed.stopped"]
    assert admin.post(f"{one}rotate/", {}).json()["secret"] not in ("", secret)
    assert [admin.post(f"{one}{act}/", {}).json()["state"] for act in ("pause", "resume")] == ["PAUSED", "ACTIVE"]
    sent = admin.post(f"{one}test/", {})
    assert (sent.status_code, sent.json()["event"]) == (202, "payymo.test")
    assert admin.post(f"webhook-deliveries/{sent.json()['id']}/resend/", {}).status_code == 202
    assert [row["id"] for row in admin.get(f"{one}deliveries/").json()["results"]] == [sent.json()["id"]]
    assert admin.delete(one).status_code == 204
    assert [admin.get(path).status_code for path in (one,)] == [404]
    inside()
    assert Endpoint.objects.get().state == "REMOVED"


@pytest.mark.parametrize(
    "wrong", [{"address": "http://books.example/"}, {"events": []}, {"events": ["payment.mentioned"]}, {"x": 1}]
)
def test_what_cannot_be_used_is_refused(inside, wrong):
    assert Caller("admin").post("webhook-endpoints/", {**BODY, **wrong}).status_code == 400
    inside()
    assert not Endpoint.objects.exists()


def test_a_colleague_without_the_right_and_a_stranger_reach_nothing(inside):
    one = f"webhook-endpoints/{Caller('admin').post('webhook-endpoints/', BODY).json()['id']}/"

    for who, host, answer in (("reviewer", "acme", 403), ("admin", "globex", 404)):
        caller = Caller(who, host)
        assert [caller.get(one).status_code, caller.post(f"{one}test/", {}).status_code] == [answer] * 2
    inside()
    assert not Delivery.objects.exists()
