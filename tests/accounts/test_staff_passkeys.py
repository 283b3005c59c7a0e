"""Staff sign in with passkeys of the staff host: after the password, in their own browser session, and once."""

import html
import json
import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingMail, Passkey, SecurityEvent, Session, User
from accounts.services import browser_sessions, own_language, passkeys, second_factor
from accounts.services.passkeys import Place
from accounts.tasks import send_staff_mails
from tests.accounts.authenticator import Authenticator
from tests.accounts.test_passkeys import NOW
from tests.conftest import PASSWORD

HOST, SECOND = "admin.localhost", "/admin/login/second/"
BODY = {"username": "staff@payymo.example", "password": PASSWORD, "next": "/admin/tenants/tenant/"}


@pytest.fixture
def staff(db):
    return User.objects.get(email="staff@payymo.example")


@pytest.fixture
def device(staff):
    made = Authenticator(origin=f"http://{HOST}:8000")
    place = Place(HOST, "k" * 32)
    options = passkeys.begin_adding(user=staff, tenant=None, place=place, now=NOW)
    passkeys.add(user=staff, tenant=None, place=place, answer=made.create(options), name="Key", now=NOW)
    made.count += 1
    return made


def browser():
    return Client(headers={"host": HOST})


def asked(page, kind="get"):
    found = re.search(rf'data-pm-passkey="{kind}"[^>]*data-pm-options="([^"]*)"', page.content.decode())
    return html.unescape(found.group(1))


def staffs_mails():
    """Work off the mails of the staff host, as the worker does, and return those that went out."""
    before = len(mail.outbox)
    send_staff_mails()
    return mail.outbox[before:]


def is_in(client):
    return client.get("/admin/").status_code == 200


def test_after_the_password_the_passkey_opens_the_console_and_goes_on(device):
    client = browser()

    sent = client.post("/admin/login/", BODY)
    before = is_in(client)
    done = client.post(SECOND, {"passkey": device.get(asked(client.get(SECOND)))})

    assert (sent.status_code, sent["Location"], before) == (303, SECOND, False)
    assert (done.status_code, done["Location"]) == (302, "/admin/tenants/tenant/")
    assert is_in(client)
    assert Session.objects.filter(tenant=None, revoked_at=None).count() == 1
    assert list(SecurityEvent.objects.order_by("pk").values_list("kind", flat=True)) == [
        "second_factor_changed",
        "staff_signed_in",
    ]


def test_a_recovery_code_still_opens_it(staff, device):
    [code, *_] = second_factor._new_recovery_codes(staff)
    client = browser()
    client.post("/admin/login/", BODY)

    assert client.post(SECOND, {"code": code}).status_code == 302
    assert is_in(client)


@pytest.mark.parametrize("how", ["another device", "another session", "another origin", "nothing", "a wrong code"])
def test_nothing_else_opens_it(device, how):
    client, other = browser(), browser()
    for each in (client, other):
        each.post("/admin/login/", BODY)
    options = asked(client.get(SECOND))
    if how == "another origin":
        device.origin = "http://acme.localhost:8000"
    answer = {
        "another device": {"passkey": Authenticator(origin=f"http://{HOST}:8000").get(options)},
        "another session": {"passkey": device.get(asked(other.get(SECOND)))},
        "another origin": {"passkey": device.get(options)},
        "nothing": {},
        "a wrong code": {"code": "123456"},
    }[how]

    refused = client.post(SECOND, answer)

    assert refused.status_code == 422
    assert not is_in(client)
    assert not Session.objects.exists()


def test_without_the_password_nobody_is_asked(device):
    client = browser()
    wrong = client.post("/admin/login/", {**BODY, "password": "not the one at all"})

    assert wrong.status_code == 200
    assert client.get(SECOND)["Location"] == "/admin/login/"
    assert client.post(SECOND, {"passkey": "{}"})["Location"] == "/admin/login/"


def test_somebody_who_is_no_longer_staff_is_not_let_in_by_it(staff, device):
    client = browser()
    client.post("/admin/login/", BODY)
    options = asked(client.get(SECOND))
    User.objects.filter(pk=staff.pk).update(is_staff=False)

    assert client.post(SECOND, {"passkey": device.get(options)})["Location"] == "/admin/login/"
    assert not is_in(client)


def test_guesses_at_the_second_step_are_limited(device):
    client = browser()
    client.post("/admin/login/", BODY)

    statuses = [client.post(SECOND, {"code": "000000"}).status_code for _ in range(6)]

    # The password, though right, is the first of five.
    assert statuses == [422] * 4 + [429] * 2


def test_next_leads_to_the_console_alone(device):
    client = browser()
    client.post("/admin/login/", {**BODY, "next": "https://evil.example/admin/"})

    done = client.post(SECOND, {"passkey": device.get(asked(client.get(SECOND)))})

    assert done["Location"] == "/admin/"


def test_staff_add_and_remove_their_own_passkey_while_the_sign_in_is_fresh(staff):
    client = browser()
    client.post("/admin/login/", BODY)
    page = client.get("/admin/passkeys/")
    made = Authenticator(origin=f"http://{HOST}:8000").create(asked(page, "create"))

    added = client.post("/admin/passkeys/", {"passkey": made, "name": "Desk"})
    row = Passkey.objects.get(user=staff)
    again = client.post("/admin/passkeys/", {"passkey": made, "name": "Desk"})
    removed = client.post(f"/admin/passkeys/{row.public_id}/")

    told = staffs_mails()
    assert [(message.to, message.subject) for message in told] == [
        (["staff@payymo.example"], "Your Payymo second factor was changed")
    ] * 2
    assert f"http://{HOST}:8000/admin/passkeys/" in told[0].body
    assert (added.status_code, row.rp_id, row.name) == (200, HOST, "Desk")
    assert len(added.context["page"]["codes"]) == 10
    assert (again.status_code, removed.status_code, Passkey.objects.count()) == (422, 303, 0)
    assert json.loads(asked(page, "create"))["rp"] == {"id": HOST, "name": "Payymo staff"}


def test_who_signed_in_long_ago_signs_in_again_first(device):
    client = browser()
    client.post("/admin/login/", BODY)
    client.post(SECOND, {"passkey": device.get(asked(client.get(SECOND)))})
    Session.objects.update(confirmed_at="2026-01-01T00:00Z")

    answers = [client.get("/admin/passkeys/"), client.post(f"/admin/passkeys/{Passkey.objects.get().public_id}/")]

    assert answers[0]["Location"] == "/admin/login/?next=/admin/passkeys/"
    assert answers[1].status_code == 302
    assert Passkey.objects.count() == 1
    assert not is_in(client)


def test_nobody_elses_passkey_is_removed(staff, device, reviewer):
    client = browser()
    client.post("/admin/login/", BODY)
    client.post(SECOND, {"passkey": device.get(asked(client.get(SECOND)))})
    other = Passkey.objects.create(user=reviewer, rp_id=HOST, name="x", credential_id=b"1", public_key=b"2")

    assert client.post(f"/admin/passkeys/{other.public_id}/").status_code == 404
    assert Passkey.objects.filter(pk=other.pk).exists()


NEW_ONE = "lanterns under quiet rain"


def test_staff_change_their_password_and_are_told_and_every_other_session_ends(staff, device):
    here, there = browser(), browser()
    for client in (here, there):
        client.post("/admin/login/", BODY)
        client.post(SECOND, {"passkey": device.get(asked(client.get(SECOND)))})
        device.count += 1
    staffs_mails()

    done = here.post("/admin/password_change/", {"current": PASSWORD, "new": NEW_ONE})

    staff.refresh_from_db()
    assert (done.status_code, done["Location"]) == (303, "/admin/password_change/done/")
    assert (staff.check_password(NEW_ONE), is_in(here), is_in(there)) == (True, True, False)
    [told] = staffs_mails()
    assert (told.to, told.subject) == ([staff.email], "Your Payymo password was changed")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"current": "not the present one", "new": NEW_ONE}, "This is not your present password."),
        ({"current": PASSWORD, "new": "short"}, "too short"),
        ({"current": PASSWORD, "new": "password1234567"}, "common password"),
    ],
)
def test_a_refused_change_of_staffs_password_changes_nothing_and_counts(staff, device, given, says):
    client = browser()
    client.post("/admin/login/", BODY)
    client.post(SECOND, {"passkey": device.get(asked(client.get(SECOND)))})
    staffs_mails()

    refused = client.post("/admin/password_change/", given)

    staff.refresh_from_db()
    assert (refused.status_code, says in refused.content.decode()) == (422, True)
    assert (staff.check_password(PASSWORD), is_in(client), staffs_mails()) == (True, True, [])


def test_guesses_at_staffs_present_password_are_limited(device):
    client = browser()
    client.post("/admin/login/", BODY)
    client.post(SECOND, {"passkey": device.get(asked(client.get(SECOND)))})

    for number in range(5):
        client.post("/admin/password_change/", {"current": f"guess {number}", "new": NEW_ONE})
    refused = client.post("/admin/password_change/", {"current": PASSWORD, "new": NEW_ONE})

    assert "Too many sign-in attempts" in refused.content.decode()


def test_staffs_mail_in_their_own_language_waits_while_the_mail_server_is_down(staff, device, settings):
    own_language.choose(user=staff, language="de")
    sound, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.accounts.test_mailing.Refusing"

    assert staffs_mails() == []
    settings.EMAIL_BACKEND = sound
    OutgoingMail.objects.update(due_at=NOW)
    [told] = staffs_mails()

    assert told.subject == "Ihr zweiter Faktor bei Payymo wurde geändert"
    assert staffs_mails() == []


def test_staff_see_their_sessions_and_end_one_and_nobody_elses(staff, device, reviewer, acme):
    here, there = browser(), browser()
    for client in (here, there):
        client.post("/admin/login/", BODY)
        client.post(SECOND, {"passkey": device.get(asked(client.get(SECOND)))})
        device.count += 1
    first, second = Session.objects.filter(user=staff).order_by("pk")
    stranger = browser_sessions.begin({}, user=reviewer, tenant=acme, now=timezone.now())

    page = here.get("/admin/sessions/")
    refused = here.post(f"/admin/sessions/{stranger.public_id}/")
    ended = here.post(f"/admin/sessions/{second.public_id}/")

    assert list(page.context["page"]["rows"]) == [second, first]
    assert (refused.status_code, ended.status_code) == (404, 303)
    assert (is_in(here), is_in(there)) == (True, False)
    assert browser().get("/admin/sessions/").status_code == 302
