"""The second factor: each code once, guesses counted, nobody in without it, no guessing it with the password."""

import re
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, override_settings

from accounts.models import OutgoingMail, RecoveryCode, Session, TotpDevice, User
from accounts.services import second_factor
from payymo.audit.models import AuditEntry
from tenants import context
from tests.conftest import PASSWORD

NOW = datetime.now(UTC).replace(microsecond=0)
EMAIL = "reviewer@acme.example"


@pytest.fixture
def person(in_acme):
    return User.objects.get(email=EMAIL)


@pytest.fixture
def app(person):
    """The person's app, set up a minute ago."""
    made = pyotp.TOTP(second_factor.begin(user=person, issuer="Payymo").secret)
    second_factor.confirm(
        user=person, tenant=None, code=made.at(NOW - timedelta(minutes=2)), now=NOW - timedelta(minutes=2)
    )
    return made


def token(**fields):
    body = {"email": EMAIL, "password": PASSWORD, **fields}
    return Client().post(
        "/api/v1/auth/token/", body, content_type="application/json", headers={"host": "acme.localhost"}
    )


def test_the_app_is_on_from_its_first_right_code(person):
    app = pyotp.TOTP(second_factor.begin(user=person, issuer="Payymo").secret)

    with pytest.raises(second_factor.WrongCode):
        second_factor.confirm(user=person, tenant=None, code="000000" if app.at(NOW) != "000000" else "111111", now=NOW)
    assert second_factor.is_set_up(person) is False
    codes = second_factor.confirm(user=person, tenant=None, code=app.at(NOW), now=NOW)

    assert (second_factor.is_set_up(person), len(codes), len(set(codes))) == (True, 10, 10)
    with pytest.raises(second_factor.AlreadySetUp):
        second_factor.begin(user=person, issuer="Payymo")


def test_the_secret_has_160_bits_and_is_not_stored_in_clear(person):
    secret = second_factor.begin(user=person, issuer="Payymo").secret

    assert len(secret) * 5 == 160
    assert secret.encode() not in bytes(TotpDevice.objects.get().secret_sealed)


def test_a_code_counts_once_and_none_before_it_counts_later(person, app):
    present, before = app.at(NOW), app.at(NOW - timedelta(seconds=30))

    assert second_factor.use_code(user=person, code=present, now=NOW) is True
    assert second_factor.use_code(user=person, code=present, now=NOW) is False
    assert second_factor.use_code(user=person, code=before, now=NOW) is False


@pytest.mark.parametrize(("seconds", "right"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_differ_by_one_step(person, app, seconds, right):
    assert second_factor.use_code(user=person, code=app.at(NOW + timedelta(seconds=seconds)), now=NOW) is right


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "x" * 40])
def test_what_is_no_code_opens_nothing(person, app, code):
    assert second_factor.use_code(user=person, code=code, now=NOW) is False


def test_a_recovery_code_counts_once_however_it_is_typed(person, app):
    codes = second_factor.renew_recovery_codes(user=person, tenant=None, code=app.at(NOW), now=NOW)

    assert second_factor.use_code(user=person, code=codes[0].lower().replace("-", " "), now=NOW) is True
    assert second_factor.use_code(user=person, code=codes[0], now=NOW) is False
    assert second_factor.codes_left(person) == 9
    assert not RecoveryCode.objects.filter(code_hash__in=codes).exists()


def test_of_many_uses_of_one_code_at_once_one_counts(committed_acme):
    person = User.objects.get(email=EMAIL)
    app = pyotp.TOTP(second_factor.begin(user=person, issuer="Payymo").secret)
    second_factor.confirm(
        user=person, tenant=None, code=app.at(NOW - timedelta(minutes=2)), now=NOW - timedelta(minutes=2)
    )
    right = []

    def spend():
        try:
            right.append(second_factor.use_code(user=person, code=app.at(NOW), now=NOW))
        finally:
            connection.close()

    try:
        threads = [threading.Thread(target=spend) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert sorted(right) == [False] * 5 + [True]
    finally:
        second_factor.reset(user=person)


def test_the_api_asks_for_the_code_and_takes_it_once(person, app):
    missing, wrong = token(), token(otp="000000" if app.now() != "000000" else "111111")
    code = app.now()
    right, again = token(otp=code), token(otp=code)

    assert (missing.status_code, missing.json()["code"]) == (401, "otp_required")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_refused")
    assert (right.status_code, again.status_code) == (200, 401)


def test_a_wrong_password_with_a_right_code_says_what_a_wrong_password_says(person, app):
    refused = token(password="wrong horse battery", otp=app.now())

    assert refused.json()["code"] == "sign_in_refused"
    assert token(otp=app.now()).status_code == 200


def test_knowing_the_password_gives_no_more_guesses_at_the_code(person, app):
    answers = []
    for guess in range(8):
        answers.append(token(otp=f"{guess:06d}").status_code)
        answers.append(token().status_code)

    assert answers[:4] == [401] * 4
    assert answers[-1] == 429


def browser():
    return Client(headers={"host": "acme.localhost"})


def sign_in(client, email=EMAIL, onward="/review/"):
    return client.post("/login/", {"email": email, "password": PASSWORD, "next": onward})


def test_the_browser_is_asked_for_the_code_before_anything_opens(person, app):
    client = browser()

    first = sign_in(client)
    locked = client.get("/review/")
    wrong = client.post("/2fa/", {"code": "000000" if app.now() != "000000" else "111111"})
    right = client.post("/2fa/", {"code": app.now()})

    assert (first.status_code, first["Location"]) == (302, "/2fa/")
    assert locked["Location"].startswith("/login/")
    assert (wrong.status_code, b"This code is not right" in wrong.content) == (422, True)
    assert (right.status_code, right["Location"]) == (302, "/review/")
    assert client.get("/review/").status_code == 200


def test_the_code_page_opens_nothing_without_a_password_before_it(person, app):
    answer = browser().post("/2fa/", {"code": app.now()})

    assert (answer.status_code, answer["Location"]) == (302, "/login/")


def test_the_wait_for_the_code_ends_after_five_minutes_and_with_another_password(person, app):
    late, changed = browser(), browser()
    sign_in(late)
    kept = late.session
    kept["payymo_pending_sign_in"] = {**kept["payymo_pending_sign_in"], "since": int(time.time()) - 301}
    kept.save()
    sign_in(changed)
    person.set_password("another horse battery")
    person.save()

    assert late.post("/2fa/", {"code": app.now()})["Location"] == "/login/?next=/review/"
    assert changed.post("/2fa/", {"code": app.now()})["Location"] == "/login/?next=/review/"


def test_a_person_sets_the_app_up_on_the_page_and_keeps_the_codes(in_acme):
    client = browser()
    sign_in(client)

    client.post("/account/security/", {"act": "begin"})
    shown = client.get("/account/security/").content.decode()
    secret = re.search(r"pm-verbatim\">([A-Z2-7]{32})<", shown).group(1)
    wrong = client.post("/account/security/", {"act": "confirm", "code": "12345"})
    done = client.post("/account/security/", {"act": "confirm", "code": pyotp.TOTP(secret).now()})

    assert "<svg" in shown
    # There are no recovery codes before the app is set up.
    assert "The six digits your authenticator app shows now." in shown
    assert wrong.status_code == 422
    assert "one of your recovery codes" not in shown + wrong.content.decode()
    assert "or one of your recovery codes" in client.get("/account/security/").content.decode()
    assert len(re.findall(r"<li>(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}</li>", done.content.decode())) == 10
    assert secret not in client.get("/account/security/").content.decode()
    assert second_factor.is_set_up(User.objects.get(email=EMAIL))


def test_the_page_is_for_members_only(in_acme):
    assert browser().get("/account/security/")["Location"].startswith("/login/")


@override_settings(SECOND_FACTOR_REQUIRED=True)
@pytest.mark.parametrize("who", ["owner", "reviewer", "viewer"])
def test_where_it_is_required_nobody_without_it_does_more_than_set_it_up(in_acme, who):
    client = browser()
    sign_in(client, f"{who}@acme.example")

    assert client.get("/review/")["Location"] == "/account/security/"
    assert client.get("/account/security/").status_code == 200
    refused = token(email=f"{who}@acme.example")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_missing")
    assert not Session.objects.filter(kind=Session.Kind.TOKEN).exists()


@override_settings(SECOND_FACTOR_REQUIRED=True)
def test_staff_without_it_do_not_enter(db):
    client = Client(headers={"host": "admin.localhost"})

    answer = client.post("/admin/login/", {"username": "staff@payymo.example", "password": PASSWORD})

    assert answer.status_code == 200
    assert b"has no second factor" in answer.content


def test_staff_with_it_enter_by_code(db):
    staff = User.objects.get(email="staff@payymo.example")
    app = pyotp.TOTP(second_factor.begin(user=staff, issuer="Payymo").secret)
    second_factor.confirm(
        user=staff, tenant=None, code=app.at(NOW - timedelta(minutes=2)), now=NOW - timedelta(minutes=2)
    )
    client = Client(headers={"host": "admin.localhost"})
    body = {"username": "staff@payymo.example", "password": PASSWORD}

    assert b'name="code"' in client.get("/admin/login/").content
    without = client.post("/admin/login/", body)
    with_code = client.post("/admin/login/", {**body, "code": app.now()})

    assert without.status_code == 200
    assert (with_code.status_code, with_code["Location"]) == (302, "/admin/")


def test_the_operator_takes_a_lost_app_away(person, app):
    told = OutgoingMail.objects.count()
    call_command("second_factor", email=EMAIL, reset=True)

    assert token().status_code == 200
    assert (OutgoingMail.objects.count() - told, OutgoingMail.objects.latest("pk").tenant.slug) == (1, "acme")
    with pytest.raises(CommandError) as refused:
        call_command("second_factor", email="nobody@acme.example", reset=True)
    assert refused.value.returncode == 2


def test_every_change_leaves_one_mail_and_a_refused_one_none(person, in_acme):
    here, left = {"user": person, "tenant": in_acme}, []
    step = timedelta(seconds=30)

    def counted(call, **given):
        with suppress(second_factor.WrongCode):
            call(**here, **given)
        left.append(OutgoingMail.objects.filter(tenant=in_acme, kind="second_factor_changed").count())

    app = pyotp.TOTP(second_factor.begin(user=person, issuer="Payymo").secret)
    counted(second_factor.confirm, code="no", now=NOW)
    counted(second_factor.confirm, code=app.at(NOW), now=NOW)
    counted(second_factor.renew_recovery_codes, code="no", now=NOW)
    counted(second_factor.renew_recovery_codes, code=app.at(NOW + step), now=NOW + step)
    counted(second_factor.remove, code="no", now=NOW)
    counted(second_factor.remove, code=app.at(NOW + 2 * step), now=NOW + 2 * step)

    assert left == [0, 1, 1, 2, 2, 3]
    with context.inside(in_acme):
        assert AuditEntry.objects.filter(action="security.second_factor_changed").count() == 3


def test_with_the_last_factor_the_sessions_of_programs_end(person, app):
    access = token(otp=app.now()).json()["access"]

    def status():
        headers = {"host": "acme.localhost", "authorization": f"Bearer {access}"}
        return Client().get("/api/v1/auth/me/", headers=headers).status_code

    before, later = status(), datetime.now(UTC) + timedelta(seconds=30)
    with pytest.raises(second_factor.WrongCode):
        second_factor.remove(user=person, tenant=None, code="no", now=later)
    refused = status()
    second_factor.remove(user=person, tenant=None, code=app.at(later), now=later)

    assert [before, refused, status()] == [200, 200, 401]
