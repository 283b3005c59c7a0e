"""Races over real HTTP: each call has its own thread and its own database connection."""

from collections import Counter

from accounts.models import RefreshToken, SecurityEvent, Session
from tests.accounts.conftest import PASSWORD


def _sign_in(server):
    answer = server.post("/api/v1/auth/token/", {"email": "reviewer@acme.example", "password": PASSWORD})
    assert answer.status_code == 200
    return answer.json()


def test_of_twenty_refreshes_at_once_exactly_one_succeeds(server):
    tokens = _sign_in(server)

    answers = server.at_once(20, lambda _: server.post("/api/v1/auth/token/refresh/", {"refresh": tokens["refresh"]}))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 19}
    assert [answer.json()["code"] for answer in answers if answer.status_code == 409] == ["refreshed_meanwhile"] * 19
    assert RefreshToken.objects.count() == 2
    assert Session.objects.get().revoked_at is None
    [winner] = [answer.json() for answer in answers if answer.status_code == 200]
    again = server.post("/api/v1/auth/token/refresh/", {"refresh": winner["refresh"]})
    assert again.status_code == 200


def test_refreshing_while_the_session_is_revoked_leaves_nothing_alive(server):
    tokens = _sign_in(server)
    body = {"refresh": tokens["refresh"]}

    answers = server.at_once(
        8, lambda place: server.post(f"/api/v1/auth/token/{'revoke' if place % 2 else 'refresh'}/", body)
    )

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[204] == 4
    assert statuses[200] + statuses[409] + statuses[401] == 4
    for pair in (answer.json() for answer in answers if answer.status_code == 200):
        assert server.post("/api/v1/auth/token/verify/", {"token": pair["access"]}).status_code == 401
        assert server.post("/api/v1/auth/token/refresh/", {"refresh": pair["refresh"]}).status_code == 401
    assert SecurityEvent.objects.filter(kind="signed_out").count() == 1


def test_one_token_at_both_tenants_at_once_is_taken_by_its_own_only(server):
    tokens = _sign_in(server)

    answers = server.at_once(
        6,
        lambda place: server.post(
            "/api/v1/auth/token/refresh/",
            {"refresh": tokens["refresh"]},
            host="globex.localhost" if place else "acme.localhost",
        ),
    )

    assert [answer.status_code for answer in answers] == [200] + [401] * 5
