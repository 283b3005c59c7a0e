"""The same over the API with a token: propose, approve, post, read back."""

import uuid

import pytest
import requests

from tests.conftest import PASSWORD
from whmcs.models import Posting


def _call(served, method, path, *, token="", host="acme", **body):
    headers = {"Host": f"{host}.localhost", **body.pop("headers", {})}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    address = f"http://127.0.0.1:{served.port}/api/v1{path}"
    return requests.request(method, address, headers=headers, timeout=120, **body)


def _token(served, email="reviewer@acme.example", host="acme"):
    answer = _call(served, "POST", "/auth/token/", host=host, json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) >= {"access", "refresh", "expires_in"}
    return answer.json()["access"]


def test_approve_with_a_token_and_find_it_in_the_book_once(served, connected, sandbox):
    token = _token(served)
    proposals = _call(served, "GET", "/proposals/?band=exact", token=token).json()["results"]
    assert len(proposals) == 3
    approve = f"/proposals/{proposals[0]['id']}/approve/"
    key = {"Idempotency-Key": str(uuid.uuid4())}

    first = _call(served, "POST", approve, token=token, json={}, headers=key)
    again = _call(served, "POST", approve, token=token, json={}, headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Posting.objects.count() == 1
    Posting.objects.update(not_before="2026-01-01T00:00:00Z")
    served.manage("post_pending", "--tenant", "acme")
    [posting_id] = first.json()["postings"]
    posting = _call(served, "GET", f"/postings/{posting_id}/", token=token).json()
    assert posting["state"] == "POSTED"
    book = sandbox.control("GET", "/book/acme")["transactions"]
    assert len([row for row in book if row["transid"] == posting["transaction_id"]]) == 1
    log = _call(served, "GET", "/audit-log/", token=_token(served, "owner@acme.example")).json()["results"]
    moves = [(entry["details"]["from"], entry["details"]["to"]) for entry in log if entry["action"] == "posting.moved"]
    [approval] = [entry for entry in log if entry["action"] == "decision.approve"]
    assert moves == [("SENDING", "POSTED"), ("QUEUED", "SENDING"), ("", "QUEUED")]
    assert (approval["actor_kind"], approval["object"]) == ("person", first.json()["id"])
    served.manage("verify_audit", "--tenant", "acme")


@pytest.mark.parametrize(
    "path",
    ["/proposals/", "/bank-transactions/", "/invoices/", "/clients/", "/postings/", "/payouts/", "/stripe-payments/"],
)
def test_a_token_of_another_tenant_opens_nothing(served, connected, path):
    foreign = _token(served, "reviewer@globex.example", host="globex")

    assert _call(served, "GET", path, token=foreign).status_code == 401
    assert _call(served, "GET", path).status_code == 401


def test_a_stranger_sees_404_for_what_exists_elsewhere(served, connected):
    proposal = _call(served, "GET", "/proposals/", token=_token(served)).json()["results"][0]
    stranger = _token(served, "reviewer@globex.example", host="globex")

    seen = _call(served, "GET", f"/proposals/{proposal['id']}/", token=stranger, host="globex")
    approved = _call(
        served,
        "POST",
        f"/proposals/{proposal['id']}/approve/",
        token=stranger,
        host="globex",
        json={},
        headers={"Idempotency-Key": "k1"},
    )

    assert (seen.status_code, approved.status_code) == (404, 404)
    assert Posting.objects.count() == 0


def test_approving_needs_an_idempotency_key_and_the_right(served, connected):
    token = _token(served)
    proposal = _call(served, "GET", "/proposals/", token=token).json()["results"][0]
    approve = f"/proposals/{proposal['id']}/approve/"

    without_key = _call(served, "POST", approve, token=token, json={})
    viewer = _token(served, "viewer@acme.example")
    without_right = _call(served, "POST", approve, token=viewer, json={}, headers={"Idempotency-Key": "k2"})

    assert (without_key.status_code, without_right.status_code) == (400, 403)
    assert without_key.headers["Content-Type"] == "application/problem+json"
    assert Posting.objects.count() == 0
