"""Where one is signed in: browsers and programs in one list, each ended at once, and only one's own."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.models import Membership, Session
from payymo.audit.models import AuditEntry
from tenants import context
from tests.accounts.browsing import GLOBEX, browser, is_in, signed_in
from tests.accounts.test_administration import Caller
from tests.conftest import PASSWORD

EMAIL = "reviewer@acme.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def here(in_acme):
    return signed_in(EMAIL, **{"user-agent": FIREFOX})


def listed(caller):
    return caller.call("get", "auth/sessions/").json()["results"]


def test_the_list_holds_browsers_and_programs_and_says_which_call_this_is(here):
    program = Caller("reviewer")

    rows = {row["kind"]: row for row in listed(program)}

    assert rows.keys() == {"browser", "token"}
    assert (rows["browser"]["agent"], rows["browser"]["address"]) == ("Firefox on Linux", "127.0.0.1")
    assert (rows["browser"]["is_current"], rows["token"]["is_current"]) == (False, True)


def test_a_browser_ended_over_the_api_is_out_on_its_next_request(here):
    program = Caller("reviewer")
    [row] = [row for row in listed(program) if row["kind"] == "browser"]

    assert is_in(here)
    assert program.call("delete", f"auth/sessions/{row['id']}/").status_code == 204

    assert not is_in(here)
    assert program.call("delete", f"auth/sessions/{row['id']}/").status_code == 404


def test_a_program_ended_on_the_page_is_out_on_its_next_request(here):
    program = Caller("reviewer")
    row = Session.objects.get(kind="token")

    answer = here.post(f"/account/sessions/{row.public_id}/end/")

    assert (answer.status_code, answer["Location"]) == (303, "/account/security/")
    assert program.call("get", "auth/me/").status_code == 401
    assert is_in(here)


def test_nobody_elses_session_is_found_or_ended(here, globex, stranger):
    colleague, foreign = signed_in("owner@acme.example"), signed_in(stranger.email, host=GLOBEX)
    program = Caller("reviewer")

    for row in Session.objects.exclude(user__email=EMAIL):
        assert program.call("delete", f"auth/sessions/{row.public_id}/").status_code == 404
        assert here.post(f"/account/sessions/{row.public_id}/end/").status_code == 404
    assert is_in(colleague)
    assert is_in(foreign)
    assert {row["id"] for row in listed(program)} == {
        str(row.public_id) for row in Session.objects.filter(user__email=EMAIL)
    }


def test_a_session_of_ones_own_at_another_company_is_not_shown_here(here, globex, reviewer):
    role = Membership.objects.get(user=reviewer, tenant__slug="acme").role
    Membership.objects.create(user=reviewer, tenant=globex, role=role)
    there = signed_in(EMAIL, host=GLOBEX)
    program = Caller("reviewer")
    [foreign] = Session.objects.filter(tenant=globex)

    assert str(foreign.public_id) not in {row["id"] for row in listed(program)}
    assert program.call("delete", f"auth/sessions/{foreign.public_id}/").status_code == 404
    assert is_in(there)


@pytest.mark.parametrize("by", ["page", "api"])
def test_signing_out_everywhere_ends_browsers_and_programs_at_every_company(here, in_acme, globex, reviewer, by):
    role = Membership.objects.get(user=reviewer, tenant__slug="acme").role
    Membership.objects.create(user=reviewer, tenant=globex, role=role)
    another, elsewhere, program = signed_in(EMAIL), signed_in(EMAIL, host=GLOBEX), Caller("reviewer")
    colleague = signed_in("owner@acme.example")

    if by == "page":
        assert here.post("/account/sessions/end-all/")["Location"] == "/login/"
    else:
        assert program.call("delete", "auth/sessions/").status_code == 204

    assert [is_in(one) for one in (here, another, elsewhere)] == [False] * 3
    assert program.call("get", "auth/me/").status_code == 401
    assert is_in(colleague)
    with context.inside(in_acme):
        assert AuditEntry.objects.filter(action="security.sessions_revoked").count() == 1


def test_signing_out_everywhere_else_leaves_this_browser(here):
    another, program, colleague = signed_in(EMAIL), Caller("reviewer"), signed_in("owner@acme.example")

    assert here.post("/account/sessions/end-all/", {"here": "stays"})["Location"] == "/account/security/"

    assert [is_in(one) for one in (here, another, colleague)] == [True, False, True]
    assert program.call("get", "auth/me/").status_code == 401


def test_signing_out_ends_the_row_of_this_browser_only(here):
    another = signed_in(EMAIL)

    here.post("/logout/")

    assert (is_in(here), is_in(another)) == (False, True)
    assert Session.objects.filter(kind="browser", revoked_reason="signed_out").count() == 1


def test_a_stolen_cookie_is_worthless_once_its_owner_has_signed_out(here):
    thief = browser()
    thief.cookies["payymo_session"] = here.cookies["payymo_session"].value
    assert is_in(thief)

    here.post("/logout/")

    assert not is_in(thief)


def test_the_use_of_a_session_is_noted_to_the_minute(in_acme):
    start = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        client = signed_in(EMAIL)
        clock.shift(timedelta(seconds=30))
        is_in(client)
        soon = Session.objects.get().last_used_at
        clock.shift(timedelta(seconds=40))
        is_in(client)

    assert (soon, Session.objects.get().last_used_at) == (start, start + timedelta(seconds=70))


def test_a_browsers_row_is_no_session_of_a_token(here):
    program = Caller("reviewer")
    Session.objects.filter(kind="token").update(kind="browser")

    assert program.call("get", "auth/me/").status_code == 401


def test_a_program_with_a_key_has_no_sessions_of_its_own(in_acme):
    key = Caller("owner").call("post", "api-keys/", {"name": "x", "scopes": ["review.view"]}).json()["key"]
    program = Caller(key=key)

    assert program.call("get", "auth/sessions/").status_code == 403
    assert program.call("delete", "auth/sessions/").status_code == 403
    assert program.call("post", "auth/password/", {"current_password": "x", "new_password": "y"}).status_code == 403
    assert program.call("post", "auth/step-up/", {"password": "x"}).status_code == 403


def test_staff_have_a_row_too_and_it_ends_with_their_sign_out(db):
    staff = browser("admin.localhost")
    staff.post("/admin/login/", {"username": "staff@payymo.example", "password": PASSWORD, "next": "/admin/"})
    row = Session.objects.get(tenant=None)

    assert staff.get("/admin/").status_code == 200
    Session.objects.filter(pk=row.pk).update(revoked_at=datetime.now(UTC))
    assert staff.get("/admin/").status_code == 302


def test_the_list_asks_no_more_for_more_sessions(here, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        is_in(here)
    for _ in range(5):
        signed_in(EMAIL)
    with CaptureQueriesContext(connection) as many:
        is_in(here)

    assert len(many) == len(few)
