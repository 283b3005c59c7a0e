"""Payouts and bank entries paired over the API."""

import pytest

from matching.models import Settlement
from matching.services import settlement
from tenants import context
from tests.factories import rows
from tests.factories.callers import Caller
from tests.factories.rows import NOW


@pytest.fixture
def stored(acme):
    with context.inside(acme):
        return rows.payout("100.00", currency="KWD"), rows.transfer("GUTSCHR", "100.00", currency="KWD")


def body(payout, entry, **more):
    return {"payouts": [str(payout.public_id)], "bank_transaction": str(entry.public_id), **more}


def settlements_of(acme):
    with context.inside(acme):
        return Settlement.objects.filter(undone_by=None).count()


def test_a_reviewer_pairs_shows_and_takes_apart(acme, stored):
    payout, entry = stored
    caller = Caller("reviewer")

    first = caller.post("settlements/", body(payout, entry), key="k1")
    again = caller.post("settlements/", body(payout, entry), key="k1")

    assert first.status_code == again.status_code == 201, first.content
    assert first.json() == again.json()
    [made] = first.json()
    assert (made["amount"], made["bank_amount"], made["difference"], made["clue"]) == (
        "100.000",
        "100.000",
        "0.000",
        "",
    )
    [listed] = caller.get(f"settlements/?payout={payout.public_id}").json()["results"]
    assert listed == made
    undone = caller.post(f"decisions/{made['decision']}/undo/", {}, key="k2")
    assert undone.status_code == 201, undone.content
    assert caller.get("settlements/").json()["results"] == []
    assert settlements_of(acme) == 0


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), (None, 401)], ids=["a viewer may look only", "nobody without signing in"]
)
def test_who_may_not(acme, stored, who, status):
    assert Caller(who).post("settlements/", body(*stored), key="k").status_code == status
    assert settlements_of(acme) == 0


def test_a_stranger_sees_nothing_and_pairs_nothing(acme, stored):
    stranger = Caller("reviewer", "globex")

    assert stranger.get("settlements/").json()["results"] == []
    assert stranger.post("settlements/", body(*stored), key="k").status_code == 404
    assert settlements_of(acme) == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"payouts": []}, 400),
        ({"payouts": ["x"]}, 400),
        ({"payouts": ["00000000-0000-4000-8000-000000000000"]}, 404),
        ({"bank_transaction": "00000000-0000-4000-8000-000000000000"}, 404),
        ({"amount": "1.00"}, 400),
        ({"is_return": True}, 400),
    ],
)
def test_what_cannot_be_is_refused(acme, stored, change, status):
    answer = Caller("reviewer").post("settlements/", {**body(*stored), **change}, key="k")

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert settlements_of(acme) == 0


def test_a_post_needs_its_key_and_a_filter_an_id(acme, stored):
    caller = Caller("reviewer")

    assert caller.post("settlements/", body(*stored)).status_code == 400
    assert caller.get("settlements/?payout=1").status_code == 400
    assert caller.get("settlements/?payed=1").status_code == 400


def test_a_taken_payout_is_a_conflict(acme, stored):
    payout, _ = stored
    with context.inside(acme):
        settlement.settle_found(now=NOW)
        other = rows.transfer("GUTSCHR", "100.00", currency="KWD")
        rows.transfer("x", "1.00")
    caller = Caller("reviewer")
    assert caller.post("settlements/", body(*stored), key="k1").status_code == 201

    assert caller.post("settlements/", body(payout, other), key="k2").status_code == 409
    assert settlements_of(acme) == 1
