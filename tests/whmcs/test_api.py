"""The API: shapes without secrets, rights, strangers, strict input, and a retry that happens once."""

import json

import pytest
from django.db import connection
from django.test import Client as Browser

from payymo.sandbox import world
from tests.whmcs.site import leave, post
from whmcs.models import Posting, WhmcsInstance

PASSWORD = "correct horse battery"


class Api:
    """One person at one tenant's API. A request leaves the test in the schema where it was."""

    def __init__(self, role: str, tenant: str = "acme", host: str = "") -> None:
        self.host, self.token = f"{tenant}.localhost", ""
        answer = self.post("auth/token/", {"email": f"{role}@{tenant}.example", "password": PASSWORD})
        self.host, self.token = host or self.host, answer.json()["access"]

    def call(self, method: str, path: str, body=None, **headers):
        before = connection.tenant
        named = {"host": self.host, **({"authorization": f"Bearer {self.token}"} if self.token else {}), **headers}
        more = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        try:
            return getattr(Browser(), method)(f"/api/v1/{path}", headers=named, **more)
        finally:
            connection.set_tenant(before)

    def get(self, path: str):
        return self.call("get", path)

    def post(self, path: str, body=None, **headers):
        return self.call("post", path, {} if body is None else body, **headers)


@pytest.fixture
def reviewer_api(in_acme):
    return Api("reviewer")


@pytest.fixture
def viewer_api(in_acme):
    return Api("viewer")


@pytest.fixture
def admin_api(in_acme):
    return Api("admin")


PATHS = ["whmcs-instances/", "clients/", "invoices/", "postings/"]


@pytest.mark.parametrize("path", PATHS)
def test_nobody_reads_without_a_token_of_this_tenant(in_acme, globex, path):
    assert Browser(headers={"host": "acme.localhost"}).get(f"/api/v1/{path}").status_code == 401
    assert Api("owner", "globex", host="acme.localhost").get(path).status_code == 401


def test_a_connection_is_shown_without_its_secret(instance, viewer_api):
    answer = viewer_api.get("whmcs-instances/")

    [row] = answer.json()["results"]
    keys = world.WHMCS["acme"]
    assert row["secret"] == {"is_set": True, "last4": keys.secret[-4:]}
    assert keys.secret not in answer.content.decode()
    assert keys.identifier not in answer.content.decode()


def test_an_administrator_connects_an_installation(in_acme, site, admin_api):
    keys = world.WHMCS["acme"]
    body = {"name": "Main", "base_url": site.url, "identifier": keys.identifier, "secret": keys.secret}

    answer = admin_api.post("whmcs-instances/", body)

    assert (answer.status_code, answer.json()["state"], answer.json()["version"]) == (201, "ACTIVE", "8.13.1")
    assert WhmcsInstance.objects.get().name == "Main"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"secret": "wrong"}, 422, "access_refused"),
        ({"base_url": "nonsense"}, 400, "unusable_address"),
        ({"bank_gateway": "nosuch"}, 422, "unknown_gateway"),
        ({"colour": "red"}, 400, "invalid"),
        ({"secret": None}, 400, "invalid"),
    ],
)
def test_a_connection_that_cannot_be_is_a_problem_and_not_stored(in_acme, site, admin_api, change, status, code):
    keys = world.WHMCS["acme"]
    body = {"base_url": site.url, "identifier": keys.identifier, "secret": keys.secret, **change}

    answer = admin_api.post("whmcs-instances/", body)

    assert (answer.status_code, answer["content-type"], answer.json()["code"]) == (
        status, "application/problem+json", code,
    )  # fmt: skip
    assert WhmcsInstance.objects.count() == 0


def test_a_reviewer_may_not_connect_or_test(instance, site, reviewer_api):
    assert reviewer_api.post("whmcs-instances/", {}).status_code == 403
    assert reviewer_api.post(f"whmcs-instances/{instance.public_id}/test/").status_code == 403


def test_a_test_answers_with_the_state_and_fails_with_a_sentence(instance, site, admin_api):
    assert admin_api.post(f"whmcs-instances/{instance.public_id}/test/").json()["state"] == "ACTIVE"
    site.fault("forbidden_ip")

    answer = admin_api.post(f"whmcs-instances/{instance.public_id}/test/")

    assert (answer.status_code, answer.json()["code"]) == (422, "ip_not_allowed")
    assert "Add 127.0.0.1" in answer.json()["detail"]


def test_invoices_and_clients_are_listed_and_searched(invoice, viewer_api):
    [row] = viewer_api.get(f"invoices/?status=open&q={invoice.whmcs_id}").json()["results"]

    assert (row["whmcs_id"], row["outstanding"], row["currency"]) == (invoice.whmcs_id, "119.00", "EUR")
    assert row["client"]["id"] == str(invoice.client.public_id)
    assert viewer_api.get("invoices/?status=Paid").json()["results"] == []
    assert len(viewer_api.get("clients/").json()["results"]) == 1
    detail = viewer_api.get(f"invoices/{invoice.public_id}/").json()
    assert (detail["lines"][0]["description"], detail["bookings"], detail["postings"]) == ("Web Hosting", [], [])


@pytest.mark.parametrize(
    "path",
    ["invoices/?colour=red", "invoices/?status=Nosuch", "invoices/?currency=euro", "invoices/?page_size=201",
     "clients/?status=x", "postings/?state=NOSUCH", "postings/?q=x"],
)  # fmt: skip
def test_an_unknown_filter_is_refused(in_acme, viewer_api, path):
    assert viewer_api.get(path).status_code == 400


def test_pages_follow_a_cursor(instance, site, invoice, viewer_api):
    row = leave(invoice, "10.00")
    leave(invoice, "10.00")

    first = viewer_api.get("postings/?page_size=1&state=QUEUED&state=POSTED").json()

    assert (len(first["results"]), first["previous"]) == (1, None)
    second = viewer_api.get(first["next"].split("/api/v1/")[1]).json()
    assert [item["id"] for item in second["results"]] == [str(row.public_id)]


def test_a_posting_shows_its_moves(invoice, site, viewer_api):
    row = leave(invoice)
    post()

    shown = viewer_api.get(f"postings/{row.public_id}/").json()

    assert (shown["state"], shown["transaction_id"]) == ("POSTED", row.transaction_id)
    assert [move["to_state"] for move in shown["moves"]] == ["QUEUED", "SENDING", "POSTED"]
    assert shown["whmcs_transaction"] == site.booked(row.transaction_id)[0]["id"]


@pytest.fixture
def stopped(invoice, site):
    row = leave(invoice, "19.00")
    site.pay_by_hand(invoice.whmcs_id, "19.00")
    post()
    row.refresh_from_db()
    assert row.state == "CONFLICT"
    return row


def test_a_retry_needs_a_key_and_happens_once(stopped, reviewer_api):
    path = f"postings/{stopped.public_id}/retry/"
    assert reviewer_api.post(path).status_code == 400

    answers = [reviewer_api.post(path, **{"idempotency-key": "one"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    stopped.refresh_from_db()
    assert stopped.state == "QUEUED"
    assert reviewer_api.post(path, **{"idempotency-key": "two"}).status_code == 409


def test_a_viewer_may_not_retry(stopped, viewer_api):
    answer = viewer_api.post(f"postings/{stopped.public_id}/retry/", **{"idempotency-key": "one"})

    stopped.refresh_from_db()
    assert (answer.status_code, stopped.state) == (403, "CONFLICT")


@pytest.mark.parametrize("path", ["invoices/{}/", "postings/{}/"])
def test_what_belongs_to_another_tenant_does_not_exist(invoice, globex, path):
    row = leave(invoice)
    public_id = row.public_id if "postings" in path else invoice.public_id

    answer = Api("owner", "globex").get(path.format(public_id))

    assert answer.status_code == 404


def test_another_tenant_cannot_retry(stopped, globex):
    answer = Api("owner", "globex").post(f"postings/{stopped.public_id}/retry/", **{"idempotency-key": "x"})

    assert (answer.status_code, Posting.objects.get(pk=stopped.pk).state) == (404, "CONFLICT")
