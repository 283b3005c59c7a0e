import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, RefreshToken, Role, SecurityEvent, Session, User
from accounts.permissions import BUILTIN_ROLES
from accounts.services import sessions
from tenants.models import Tenant
from tests.accounts.conftest import PASSWORD

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def tokens(acme_api):
    return acme_api.sign_in("reviewer@acme.example")


def _kinds():
    return list(SecurityEvent.objects.order_by("pk").values_list("kind", flat=True))


# --- Signing in -------------------------------------------------------------------------------------------------------


def test_signing_in_answers_with_two_tokens_and_opens_one_session(acme_api, acme, reviewer):
    answer = acme_api.post("auth/token/", {"email": " Reviewer@ACME.example", "password": PASSWORD})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh", "expires_in"}
    assert answer.json()["expires_in"] == 600
    assert answer["Cache-Control"] == "no-store"
    session = Session.objects.get()
    assert (session.user, session.tenant) == (reviewer, acme)
    assert session.expires_at - session.created_at == timedelta(days=7)
    assert _kinds() == ["signed_in"]


def test_only_a_hash_of_the_refresh_token_is_stored(tokens):
    row = RefreshToken.objects.get()

    assert tokens["refresh"] not in json.dumps([row.token_hash, str(row.session_id)])
    assert len(row.token_hash) == 64


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("reviewer@acme.example", "wrong password"),
        ("reviewer@acme.example", PASSWORD + " "),
        ("nobody@acme.example", PASSWORD),
        ("reviewer@globex.example", PASSWORD),
        ("staff@payymo.example", PASSWORD),
    ],
)
def test_a_wrong_password_an_unknown_account_and_a_stranger_get_the_same_answer(acme_api, email, password):
    answer = acme_api.post("auth/token/", {"email": email, "password": password})

    body = answer.json()
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert (body["code"], body["detail"]) == ("sign_in_refused", "The e-mail address or the password is not right.")
    assert (Session.objects.count(), _kinds()) == (0, ["sign_in_refused"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "reviewer@acme.example"}, "password"),
        ({"password": PASSWORD}, "email"),
        ({"email": "", "password": PASSWORD}, "email"),
        ({"email": "reviewer@acme.example", "password": ""}, "password"),
        ({"email": "reviewer", "password": PASSWORD}, "email"),
        ({"email": ["reviewer@acme.example"], "password": PASSWORD}, "email"),
        ({"email": "reviewer@acme.example", "password": {"$ne": ""}}, "password"),
        ({"email": "reviewer@acme.example", "password": "x" * 129}, "password"),
        ({"email": "reviewer@acme.example", "password": "a\u0000b"}, "password"),
        ({"email": "reviewer@acme.example", "password": "\ud800"}, "password"),
        ({"email": "reviewer@acme.example", "password": PASSWORD, "tenant": "globex"}, "tenant"),
        ({"email": "reviewer@acme.example", "password": PASSWORD, "tenant_id": "x"}, "tenant_id"),
    ],
)
def test_a_body_that_cannot_be_used_is_400_and_counts_nothing(acme_api, body, field):
    answer = acme_api.post("auth/token/", body)

    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert (Session.objects.count(), _kinds()) == (0, [])


@pytest.mark.parametrize("otp", ["", None])
def test_an_empty_second_factor_is_accepted(acme_api, otp):
    body = {"email": "reviewer@acme.example", "password": PASSWORD, "otp": otp}

    assert acme_api.post("auth/token/", body).status_code == 200


@pytest.mark.parametrize("body", [[], "text", 5, None, [{"email": "a"}]])
def test_a_body_that_is_no_object_is_400(acme_api, body):
    assert acme_api.post("auth/token/", json.dumps(body)).status_code == 400


def test_a_form_instead_of_json_is_415(acme_api):
    answer = acme_api.client.post(
        "/api/v1/auth/token/", {"email": "a@b.example", "password": "x"}, headers={"host": "acme.localhost"}
    )

    assert answer.status_code == 415


def test_no_header_or_parameter_chooses_the_tenant(acme_api):
    credentials = {"email": "reviewer@globex.example", "password": PASSWORD}

    answer = acme_api.client.post(
        "/api/v1/auth/token/?tenant=globex",
        credentials,
        content_type="application/json",
        headers={"host": "acme.localhost", "x-forwarded-host": "globex.localhost", "x-tenant": "globex"},
    )

    assert answer.status_code == 401


# --- Calling ----------------------------------------------------------------------------------------------------------


def test_me_says_who_calls_in_which_role_at_which_tenant(acme_api, acme, reviewer, tokens):
    answer = acme_api.get("auth/me/", token=tokens["access"])

    assert answer.json() == {
        "id": str(reviewer.public_id),
        "email": "reviewer@acme.example",
        "name": "Reviewer",
        "language": "",
        "role": "reviewer",
        "tenant": {"id": str(acme.public_id), "slug": "acme", "name": "Acme"},
        "permissions": sorted(BUILTIN_ROLES["reviewer"]),
    }


def test_a_call_costs_three_reads(acme_api, tokens):
    with CaptureQueriesContext(connection) as queries:
        acme_api.get("auth/me/", token=tokens["access"])

    reads = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    assert [next(t for t in ("domain", "signingkey", "membership") if t in sql) for sql in reads] == [
        "domain",
        "signingkey",
        "membership",
    ]


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer a b", "Bearer é", "Basic dXNlcjpwdw==", "bearer x.y.z", "Api-Key x", "x"],
)
def test_a_header_without_a_token_of_ours_is_401(acme_api, acme, header):
    answer = acme_api.client.get("/api/v1/auth/me/", headers={"host": "acme.localhost", "authorization": header})

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def test_a_browser_session_opens_no_api(acme_api, acme, reviewer):
    from accounts.services import browser_sessions

    acme_api.client.force_login(reviewer)
    session = acme_api.client.session
    browser_sessions.begin(session, user=reviewer, tenant=acme, now=datetime.now(tz=UTC))
    session.save()

    assert acme_api.client.get("/probe/overview/", headers={"host": "acme.localhost"}).status_code == 200
    assert acme_api.get("auth/me/").status_code == 401


def test_a_role_change_takes_effect_on_the_very_next_request(acme_api, acme, reviewer, tokens):
    assert acme_api.post("probe/connections/", {}, token=tokens["access"]).status_code == 403

    Membership.objects.filter(user=reviewer, tenant=acme).update(role=Role.objects.get(code="admin", tenant=None))

    assert acme_api.post("probe/connections/", {}, token=tokens["access"]).status_code == 204


def _end(what, acme, reviewer):
    if what == "membership suspended":
        Membership.objects.filter(user=reviewer, tenant=acme).update(is_active=False)
    elif what == "membership deleted":
        Membership.objects.filter(user=reviewer, tenant=acme).delete()
    elif what == "user deactivated":
        User.objects.filter(pk=reviewer.pk).update(is_active=False)
    elif what == "password changed":
        user = User.objects.get(pk=reviewer.pk)
        user.set_password("another good password")
        user.save()
    else:
        sessions.revoke_sessions_of(user=reviewer, tenant=acme, reason="test", now=datetime.now(tz=UTC))


ENDS = ["membership suspended", "membership deleted", "user deactivated", "password changed", "sessions revoked"]


@pytest.mark.parametrize("what", ENDS)
def test_whatever_ends_a_member_ends_both_tokens_at_once(acme_api, acme, reviewer, tokens, what):
    assert acme_api.get("auth/me/", token=tokens["access"]).status_code == 200

    _end(what, acme, reviewer)

    assert acme_api.get("auth/me/", token=tokens["access"]).status_code == 401
    assert acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}).status_code == 401
    assert acme_api.post("auth/token/verify/", {"token": tokens["access"]}).status_code == 401
    assert acme_api.post("auth/token/verify/", {"token": tokens["refresh"]}).status_code == 401
    assert RefreshToken.objects.exclude(used_at=None).count() == 0


def test_a_suspended_tenant_answers_nothing_at_all(acme_api, acme, tokens):
    Tenant.objects.filter(pk=acme.pk).update(state=Tenant.State.SUSPENDED)

    answers = [
        acme_api.get("auth/me/", token=tokens["access"]),
        acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}),
        acme_api.post("auth/token/", {"email": "owner@acme.example", "password": PASSWORD}),
    ]

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert Session.objects.count() == 1


def test_ending_one_session_leaves_the_members_other_sessions_alive(acme_api, tokens):
    other = acme_api.sign_in("reviewer@acme.example")

    acme_api.post("auth/token/revoke/", {"refresh": tokens["refresh"]})

    assert acme_api.get("auth/me/", token=tokens["access"]).status_code == 401
    assert acme_api.get("auth/me/", token=other["access"]).status_code == 200


# --- Refreshing -------------------------------------------------------------------------------------------------------


def test_refreshing_gives_a_new_pair_of_the_same_session_and_uses_the_old_token_up(acme_api, tokens):
    answer = acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]})

    new = answer.json()
    assert (answer.status_code, set(new)) == (200, {"access", "refresh", "expires_in"})
    assert new["refresh"] != tokens["refresh"]
    assert (Session.objects.count(), RefreshToken.objects.count()) == (1, 2)
    assert acme_api.get("auth/me/", token=new["access"]).status_code == 200
    assert acme_api.post("auth/token/verify/", {"token": tokens["refresh"]}).status_code == 401


def test_a_second_use_within_ten_seconds_is_409_and_harms_nothing(acme_api):
    with time_machine.travel(START, tick=False) as clock:
        tokens = acme_api.sign_in("reviewer@acme.example")
        new = acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}).json()
        clock.shift(timedelta(seconds=10))

        again = acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]})

        assert (again.status_code, again.json()["code"]) == (409, "refreshed_meanwhile")
        assert "access" not in again.json()
        assert acme_api.get("auth/me/", token=new["access"]).status_code == 200


def test_a_later_reuse_ends_the_whole_family_and_is_recorded(acme_api, acme, reviewer):
    with time_machine.travel(START, tick=False) as clock:
        tokens = acme_api.sign_in("reviewer@acme.example")
        other = acme_api.sign_in("reviewer@acme.example")
        new = acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}).json()
        clock.shift(timedelta(seconds=11))

        stolen = acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]})

        assert (stolen.status_code, stolen.json()["code"]) == (401, "invalid_token")
        assert acme_api.get("auth/me/", token=new["access"]).status_code == 401
        assert acme_api.post("auth/token/refresh/", {"refresh": new["refresh"]}).status_code == 401
        assert acme_api.get("auth/me/", token=other["access"]).status_code == 200
    event = SecurityEvent.objects.get(kind="refresh_token_reused")
    assert (event.tenant, event.user) == (acme, reviewer)
    assert Session.objects.get(revoked_reason="token_reused").revoked_at == START + timedelta(seconds=11)


def test_an_unused_refresh_token_ends_after_twelve_hours(acme_api):
    with time_machine.travel(START, tick=False) as clock:
        tokens = acme_api.sign_in("reviewer@acme.example")
        clock.shift(timedelta(hours=12, seconds=1))

        assert acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}).status_code == 401


def test_a_session_ends_after_seven_days_however_often_it_is_refreshed(acme_api):
    with time_machine.travel(START, tick=False) as clock:
        tokens = acme_api.sign_in("reviewer@acme.example")
        for _ in range(15):
            clock.shift(timedelta(hours=11))
            tokens = acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}).json()
        clock.shift(timedelta(hours=2, minutes=55))
        last = acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}).json()
        assert last["expires_in"] == 300

        clock.shift(timedelta(minutes=6))

        assert acme_api.post("auth/token/refresh/", {"refresh": last["refresh"]}).status_code == 401
        assert acme_api.get("auth/me/", token=last["access"]).status_code == 401


def test_a_refresh_reads_the_role_afresh(acme_api, acme, reviewer, tokens):
    Membership.objects.filter(user=reviewer, tenant=acme).update(role=Role.objects.get(code="viewer", tenant=None))

    new = acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}).json()

    verified = acme_api.post("auth/token/verify/", {"token": new["access"]}).json()
    assert verified["permissions"] == sorted(BUILTIN_ROLES["viewer"])


def test_an_access_token_buys_no_new_tokens(acme_api, tokens):
    assert acme_api.post("auth/token/refresh/", {"refresh": tokens["access"]}).status_code == 401
    assert acme_api.get("auth/me/", token=tokens["refresh"]).status_code == 401
    assert RefreshToken.objects.exclude(used_at=None).count() == 0


# --- Revoking and verifying -------------------------------------------------------------------------------------------


def test_revoking_ends_the_session_at_once_and_may_be_repeated(acme_api, tokens):
    first = acme_api.post("auth/token/revoke/", {"refresh": tokens["refresh"]})
    again = acme_api.post("auth/token/revoke/", {"refresh": tokens["refresh"]})

    assert (first.status_code, first.content, again.status_code) == (204, b"", 204)
    assert acme_api.get("auth/me/", token=tokens["access"]).status_code == 401
    assert acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}).status_code == 401
    assert _kinds() == ["signed_in", "signed_out"]


def test_verifying_says_what_a_token_is_worth(acme_api, acme, reviewer, tokens):
    access = acme_api.post("auth/token/verify/", {"token": tokens["access"]})
    refresh = acme_api.post("auth/token/verify/", {"token": tokens["refresh"]})

    assert (access.status_code, refresh.status_code) == (200, 200)
    assert set(access.json()) == {"token_type", "sub", "tenant_id", "exp", "permissions"}
    assert (access.json()["token_type"], refresh.json()["token_type"]) == ("access", "refresh")
    assert access.json()["tenant_id"] == str(acme.public_id)
    assert access.json()["sub"] == str(reviewer.public_id)


@pytest.mark.parametrize("path", ["auth/token/refresh/", "auth/token/revoke/", "auth/token/verify/"])
@pytest.mark.parametrize("body", [{}, {"refresh": "", "token": ""}, {"other": "x"}, {"refresh": 5, "token": "x"}])
def test_an_unusable_body_is_400(acme_api, path, body):
    assert acme_api.post(path, body).status_code == 400


@pytest.mark.parametrize("path", ["auth/token/refresh/", "auth/token/revoke/", "auth/token/verify/"])
def test_a_damaged_token_is_401(acme_api, path):
    name = "token" if "verify" in path else "refresh"

    assert acme_api.post(path, {name: "a.b.c"}).status_code == 401


# --- Another tenant ---------------------------------------------------------------------------------------------------


def _same_person_in_both(globex, reviewer):
    """Even a member of both tenants uses a token at the tenant that gave it."""
    role = Role.objects.get(code="owner", tenant=None)
    Membership.objects.create(user=reviewer, tenant=globex, role=role)


@pytest.mark.parametrize("member_of_both", [False, True])
def test_a_token_of_acme_is_worthless_at_globex(globex_api, globex, reviewer, tokens, member_of_both):
    if member_of_both:
        _same_person_in_both(globex, reviewer)

    answers = {
        "me": globex_api.get("auth/me/", token=tokens["access"]),
        "probe": globex_api.get("probe/connections/", token=tokens["access"]),
        "verify access": globex_api.post("auth/token/verify/", {"token": tokens["access"]}),
        "verify refresh": globex_api.post("auth/token/verify/", {"token": tokens["refresh"]}),
        "refresh": globex_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}),
        "revoke": globex_api.post("auth/token/revoke/", {"refresh": tokens["refresh"]}),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert Session.objects.get().revoked_at is None
    assert RefreshToken.objects.get().used_at is None


def test_what_was_refused_at_globex_still_works_at_acme(acme_api, globex_api, tokens):
    globex_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]})

    assert acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}).status_code == 200


def test_a_spent_token_shown_at_globex_ends_nothing_at_acme(acme_api, globex_api, globex, reviewer):
    _same_person_in_both(globex, reviewer)
    with time_machine.travel(START, tick=False) as clock:
        tokens = acme_api.sign_in("reviewer@acme.example")
        new = acme_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]}).json()
        clock.shift(timedelta(minutes=1))

        globex_api.post("auth/token/refresh/", {"refresh": tokens["refresh"]})

        assert acme_api.get("auth/me/", token=new["access"]).status_code == 200


def test_an_unknown_host_knows_no_token(acme, tokens):
    answer = Client().get(
        "/api/v1/auth/me/", headers={"host": "other.localhost", "authorization": f"Bearer {tokens['access']}"}
    )

    assert answer.status_code == 404


def test_the_two_tenants_of_one_person_have_two_sets_of_permissions(acme_api, globex_api, globex, reviewer, tokens):
    _same_person_in_both(globex, reviewer)

    there = globex_api.sign_in("reviewer@acme.example")

    assert globex_api.get("auth/me/", token=there["access"]).json()["role"] == "owner"
    assert acme_api.get("auth/me/", token=tokens["access"]).json()["role"] == "reviewer"
    assert acme_api.get("auth/me/", token=there["access"]).status_code == 401
