"""The match rate, versions of the engine, stops and reports of errors over the API."""

import uuid

import pytest

from matching.core.scoring import shipped_model
from matching.models import AutomationStop, Decision, EngineModel
from tenants import context
from tests.factories import rows
from tests.factories.callers import Caller
from tests.factories.rows import NOW
from whmcs.models import Posting


@pytest.fixture
def versions(acme):
    with context.inside(acme):
        base = shipped_model().version
        values = {"base_version": base, "trained_at": NOW}
        return [
            EngineModel.objects.create(number=1, version=f"{base}+1", state="KEPT", **values),
            EngineModel.objects.create(number=2, version=f"{base}+2", state="IN_USE", **values),
            EngineModel.objects.create(number=3, version=f"{base}+3", state="REFUSED", reason="worse", **values),
        ]


@pytest.fixture
def stop(acme):
    with context.inside(acme):
        return AutomationStop.objects.create(
            raised_at=NOW, surprise=60_000.0, tolerated=0.001, approved=400, corrected=5, engine_version="1"
        )


def test_the_match_rate_of_the_asked_months(acme):
    with context.inside(acme):
        payment = rows.transfer("x", "1.00")
        Decision.objects.create(
            kind="APPROVE", source="person", bank_transaction=payment, decided_at=NOW, followed=True,
            suggested_band="exact", suggested_probability=0.75,
        )  # fmt: skip

    answer = Caller("viewer").get("reports/match-rate/?from=2026-10&to=2026-11").json()

    assert answer["time_zone"] == "UTC"
    empty, found = answer["months"]
    assert (empty["month"], empty["judged"], empty["said"]) == ("2026-10-01", 0, None)
    assert (found["judged"], found["said"], found["right"], found["calibration_error"]) == (1, 0.75, 1.0, None)
    assert found["bands"][0] | {"band": "exact", "proposed": 1, "followed": 1} == found["bands"][0]
    assert len(Caller("viewer").get("reports/match-rate/").json()["months"]) == 12


@pytest.mark.parametrize("query", ["from=x", "from=2026-13", "from=2026-11&to=2026-10", "from=2001-01", "x=1"])
def test_months_that_cannot_be_read_are_refused(acme, query):
    answer = Caller("viewer").get(f"reports/match-rate/?{query}")

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


def test_an_admin_goes_back_to_an_earlier_version(acme, versions):
    caller = Caller("admin")

    listed = caller.get("engine-models/").json()["results"]
    used = caller.post(f"engine-models/{versions[0].public_id}/use/", {})

    assert {row["number"]: row["state"] for row in listed} == {1: "KEPT", 2: "IN_USE", 3: "REFUSED"}
    assert (used.status_code, used.json()["state"], used.json()["chosen_by_name"]) == (200, "IN_USE", "Admin")
    assert caller.get(f"engine-models/{versions[1].public_id}/").json()["state"] == "KEPT"
    assert caller.post("engine-models/release/", {}).status_code == 204
    assert caller.get(f"engine-models/{versions[0].public_id}/").json()["chosen_by_name"] == ""


def test_an_admin_goes_back_to_the_shipped_weights(acme, versions):
    answer = Caller("admin").post("engine-models/shipped/use/", {})

    assert (answer.status_code, answer.json()["number"], answer.json()["state"]) == (200, 4, "IN_USE")


def test_a_refused_version_is_not_used(acme, versions):
    answer = Caller("admin").post(f"engine-models/{versions[2].public_id}/use/", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "engine_model_not_usable")


def test_an_admin_resumes_what_was_stopped_once(acme, stop):
    caller = Caller("admin")

    listed = caller.get("automation-stops/").json()["results"]
    answers = [caller.post(f"automation-stops/{stop.public_id}/resume/", {}) for _ in range(2)]

    assert [(row["state"], row["corrected"]) for row in listed] == [("OPEN", 5)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[0].json()["resumed_by_name"] == "Admin"


@pytest.mark.parametrize("who", ["viewer", "reviewer"])
def test_choosing_and_resuming_need_the_right_to_change_settings(acme, versions, stop, who):
    caller = Caller(who)
    paths = (
        f"engine-models/{versions[0].public_id}/use/", "engine-models/shipped/use/", "engine-models/release/",
        f"automation-stops/{stop.public_id}/resume/",
    )  # fmt: skip

    assert [caller.post(path, {}).status_code for path in paths] == [403] * 4
    with context.inside(acme):
        assert EngineModel.objects.get(state="IN_USE").number == 2
        assert AutomationStop.objects.get().state == "OPEN"


def test_a_stranger_finds_neither_versions_nor_stops(acme, versions, stop):
    caller = Caller("admin", "globex")

    assert caller.get("engine-models/").json()["results"] == []
    assert caller.get(f"engine-models/{versions[0].public_id}/").status_code == 404
    assert caller.post(f"engine-models/{versions[0].public_id}/use/", {}).status_code == 404
    assert caller.post(f"automation-stops/{stop.public_id}/resume/", {}).status_code == 404
    assert Caller(None).get("engine-models/").status_code == 401


def test_a_posted_decision_is_reported_as_wrong_once(acme):
    with context.inside(acme):
        debt, payment = rows.invoice("INV-1", "5.00"), rows.transfer("INV-1", "5.00")
    caller = Caller("reviewer")
    body = {"receipt": str(payment.public_id), "lines": [{"invoice": str(debt.public_id), "amount": "5.00"}]}
    decision = caller.post("allocations/", body, key=str(uuid.uuid4())).json()["id"]
    path = f"decisions/{decision}/wrong/"
    early = caller.post(path, {"reason": "oops"}, key=str(uuid.uuid4()))
    with context.inside(acme):
        Posting.objects.update(state="POSTED", posted_at=NOW)

    first, second = (caller.post(path, {"reason": "oops"}, key=str(uuid.uuid4())) for _ in range(2))

    assert (early.status_code, first.status_code, second.status_code) == (409, 201, 409)
    assert (first.json()["kind"], first.json()["reason"]) == ("WRONG", "oops")
    assert Caller("viewer").post(path, {}, key=str(uuid.uuid4())).status_code == 403
    assert Caller("reviewer", "globex").post(path, {}, key=str(uuid.uuid4())).status_code == 404
