from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from accounts.models import IdempotencyRecord, SecurityEvent
from tests.accounts.conftest import PASSWORD

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def token(acme_api):
    return acme_api.sign_in("reviewer@acme.example")["access"]


def _move(api, token, key="key-1", body=None, number=1):
    headers = {} if key is None else {"idempotency_key": key}
    return api.post(f"probe/money/{number}/", {} if body is None else body, token=token, **headers)


def _effects():
    return SecurityEvent.objects.filter(kind="probe").count()


def test_a_repetition_answers_the_same_and_does_nothing(acme_api, token):
    first = _move(acme_api, token)
    again = _move(acme_api, token)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert (_effects(), IdempotencyRecord.objects.count()) == (1, 1)


def test_another_key_is_another_act(acme_api, token):
    assert [_move(acme_api, token, key).status_code for key in ("a", "b")] == [201, 201]
    assert _effects() == 2


@pytest.mark.parametrize("key", [None, "", " ", "x" * 256, "kéy", "a\tb", "\x7f"])
def test_without_a_usable_key_nothing_is_done(acme_api, token, key):
    answer = _move(acme_api, token, key)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert _effects() == 0


@pytest.mark.parametrize("key", ["!", "x" * 255, "a b~c", '"8e03978e"'])
def test_any_printable_key_of_up_to_255_characters_is_accepted(acme_api, token, key):
    assert _move(acme_api, token, key).status_code == 201


def test_the_same_key_with_another_body_is_422_and_does_nothing(acme_api, token):
    _move(acme_api, token, body={"a": 1})

    answer = _move(acme_api, token, body={"a": 2})

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert _effects() == 1


def test_a_key_belongs_to_one_path_one_caller_and_one_tenant(acme_api, globex_api, token):
    other = acme_api.sign_in("owner@acme.example")["access"]
    there = globex_api.sign_in("reviewer@globex.example")["access"]

    answers = [
        _move(acme_api, token),
        _move(acme_api, token, number=2),
        _move(acme_api, other),
        _move(globex_api, there),
    ]

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["row"] for answer in answers}) == _effects() == 4


def test_a_refused_act_is_rolled_back_and_may_be_tried_again_with_its_key(acme_api, token):
    conflict = _move(acme_api, token, body={"conflict": True})
    refused = _move(acme_api, token, body={"refuse": True})

    assert (conflict.status_code, refused.status_code) == (409, 422)
    assert (_effects(), IdempotencyRecord.objects.count()) == (0, 0)
    assert _move(acme_api, token).status_code == 201


def test_whoever_lacks_the_right_leaves_no_record(acme_api):
    viewer = acme_api.sign_in("viewer@acme.example")["access"]

    assert _move(acme_api, viewer).status_code == 403
    assert _move(acme_api, "").status_code == 401
    assert (_effects(), IdempotencyRecord.objects.count()) == (0, 0)


def test_a_right_that_was_lost_is_missed_by_the_repetition_too(acme_api, acme, reviewer, token):
    from accounts.models import Membership, Role

    _move(acme_api, token)
    Membership.objects.filter(user=reviewer, tenant=acme).update(role=Role.objects.get(code="viewer", tenant=None))

    assert _move(acme_api, token).status_code == 403


def test_an_answer_is_kept_seven_days(acme_api):
    with time_machine.travel(START, tick=False) as clock:
        first = _move(acme_api, acme_api.sign_in("reviewer@acme.example")["access"])
        clock.shift(timedelta(days=6, hours=23))
        again = _move(acme_api, acme_api.sign_in("reviewer@acme.example")["access"])
        clock.shift(timedelta(hours=1))
        anew = _move(acme_api, acme_api.sign_in("reviewer@acme.example")["access"])

    assert first.json() == again.json() != anew.json()
    assert (_effects(), IdempotencyRecord.objects.count()) == (2, 1)


def test_the_kept_answer_is_sealed(acme_api, token):
    _move(acme_api, token)

    assert b"12.30" not in bytes(IdempotencyRecord.objects.get().answer_sealed)


def test_a_body_above_one_mib_is_413(acme_api, token):
    answer = _move(acme_api, token, body={"a": "x" * (1024 * 1024)})

    assert (answer.status_code, _effects()) == (413, 0)


def _sign_in(server):
    credentials = {"email": "reviewer@acme.example", "password": PASSWORD}
    return server.post("/api/v1/auth/token/", credentials).json()["access"]


def test_of_ten_equal_requests_at_once_one_takes_effect(server):
    token = _sign_in(server)

    answers = server.at_once(
        10,
        lambda _: server.post("/api/v1/probe/money/1/", {}, authorization=f"Bearer {token}", idempotency_key="at-once"),
    )

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[201] >= 1
    assert statuses[201] + statuses[409] == 10
    assert len({answer.json()["row"] for answer in answers if answer.status_code == 201}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_key_in_use"}
    assert _effects() == 1


def test_while_the_first_request_is_at_work_the_second_gets_409(server):
    from django.db import transaction

    from accounts.models import User
    from accounts.services.idempotency import TenantRecords
    from payymo.shared.api.idempotency import Scope
    from tenants import context
    from tenants.models import Tenant

    token = _sign_in(server)
    caller = f"user:{User.objects.get(email='reviewer@acme.example').public_id}"
    scope = Scope(caller=caller, route="POST /api/v1/probe/money/1/", key="busy")

    with context.inside(Tenant.objects.get(slug="acme")), transaction.atomic():
        assert TenantRecords().claim(scope)
        busy = server.post("/api/v1/probe/money/1/", {}, authorization=f"Bearer {token}", idempotency_key="busy")
    later = server.post("/api/v1/probe/money/1/", {}, authorization=f"Bearer {token}", idempotency_key="busy")

    assert (busy.status_code, busy.json()["code"], later.status_code) == (409, "idempotency_key_in_use", 201)
    connection.close()
