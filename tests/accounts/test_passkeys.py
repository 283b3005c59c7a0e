"""Passkeys: only for their host, their person and their browser session, each challenge once, copies found out."""

import html
import json
import re
import threading
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import (
    Membership,
    OutgoingMail,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    SecurityEvent,
    Session,
    User,
)
from accounts.services import passkeys, second_factor
from accounts.services.passkeys import PasskeyRefused, Place
from accounts.services.pruning import prune
from tests.accounts import letters
from tests.accounts.authenticator import PRESENT, Authenticator
from tests.accounts.browsing import GLOBEX, browser, is_in, signed_in
from tests.conftest import PASSWORD

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EMAIL = "reviewer@acme.example"
HERE = Place("acme.localhost", "k" * 32)


@pytest.fixture
def person(in_acme):
    return User.objects.get(email=EMAIL)


def added(person, tenant, device, place=HERE, now=NOW):
    options = passkeys.begin_adding(user=person, tenant=tenant, place=place, now=now)
    return passkeys.add(user=person, tenant=None, place=place, answer=device.create(options), name="Phone", now=now)


@pytest.fixture
def device(person, in_acme):
    made = Authenticator()
    added(person, in_acme, made)
    made.count += 1
    return made


def asked(person, place=HERE, now=NOW):
    return passkeys.begin_using(user=person, place=place, now=now)


def used(person, tenant, answer, place=HERE, now=NOW):
    return passkeys.use(user=person, tenant=tenant, place=place, answer=answer, now=now)


def test_the_first_passkey_brings_recovery_codes_and_the_second_keeps_them(person, in_acme):
    first, second = added(person, in_acme, Authenticator()), added(person, in_acme, Authenticator())

    assert (len(first), second) == (10, ())
    assert second_factor.is_set_up(person)
    assert Passkey.objects.filter(user=person, rp_id="acme.localhost").count() == 2


def test_the_options_ask_for_user_verification_and_name_the_host(person, in_acme):
    options = json.loads(passkeys.begin_adding(user=person, tenant=in_acme, place=HERE, now=NOW))

    assert options["rp"] == {"id": "acme.localhost", "name": "Payymo Acme"}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert len(options["challenge"]) >= 43
    assert "acme" not in options["user"]["id"]


def test_a_passkey_is_accepted_and_its_count_moves(person, in_acme, device):
    assert used(person, in_acme, device.get(asked(person))) is True

    row = Passkey.objects.get()
    assert (row.sign_count, row.last_used_at, row.suspected_at) == (2, NOW, None)


def test_a_challenge_is_spent_by_its_first_use_right_or_wrong(person, in_acme, device):
    options = asked(person)
    answer = device.get(options)
    stranger = Authenticator()

    assert used(person, in_acme, answer) is True
    device.count += 1
    assert used(person, in_acme, device.get(options)) is False
    other = asked(person)
    assert used(person, in_acme, stranger.get(other)) is False
    assert used(person, in_acme, device.get(other)) is False
    assert Passkey.objects.get().suspected_at is None


def test_a_challenge_of_another_browser_session_opens_nothing(person, in_acme, device):
    elsewhere = Place("acme.localhost", "other" * 6)

    assert used(person, in_acme, device.get(asked(person, elsewhere))) is False
    assert used(person, in_acme, device.get(asked(person)), elsewhere) is False


def test_a_challenge_for_adding_is_none_for_using_and_the_other_way_round(person, in_acme, device):
    adding = passkeys.begin_adding(user=person, tenant=in_acme, place=HERE, now=NOW)
    wanted = json.loads(asked(person))

    assert used(person, in_acme, device.get(json.dumps({**wanted, **json.loads(adding)}))) is False
    answer = Authenticator().create(json.dumps({**json.loads(adding), "challenge": wanted["challenge"]}))
    with pytest.raises(PasskeyRefused):
        passkeys.add(user=person, tenant=None, place=HERE, answer=answer, name="", now=NOW)
    assert Passkey.objects.count() == 1


def test_a_challenge_dies_after_five_minutes(person, in_acme, device):
    options = asked(person)

    assert used(person, in_acme, device.get(options), now=NOW + timedelta(minutes=5)) is False
    assert prune(tenant=in_acme, now=NOW + timedelta(minutes=5))["challenges"] == PasskeyChallenge.objects.count() + 1


@pytest.mark.parametrize(
    "fault", [{"origin": "http://evil.localhost:8000"}, {"origin": "http://acme.localhost.evil.example"},
              {"rp_id": "globex.localhost"}, {"flags": PRESENT}, {"flags": 0}],
)  # fmt: skip
def test_another_origin_another_host_or_no_verification_is_refused(person, in_acme, device, fault):
    for name, value in fault.items():
        setattr(device, name, value)

    assert used(person, in_acme, device.get(asked(person))) is False
    made = Authenticator(**fault)
    with pytest.raises(PasskeyRefused):
        added(person, in_acme, made)
    assert Passkey.objects.count() == 1


def test_a_colleagues_passkey_opens_nothing(person, in_acme, device, owner):
    theirs = Authenticator()
    added(owner, in_acme, theirs)
    theirs.count += 1

    assert used(person, in_acme, theirs.get(asked(person))) is False


def test_a_passkey_is_registered_for_one_person_only(person, in_acme, device, owner):
    with pytest.raises(PasskeyRefused):
        added(owner, in_acme, device)

    assert (Passkey.objects.count(), second_factor.is_set_up(owner)) == (1, False)
    assert RecoveryCode.objects.filter(user=owner).count() == 0


def test_a_count_that_goes_back_ends_the_passkey_and_tells_its_owner(person, in_acme, device):
    assert used(person, in_acme, device.get(asked(person))) is True
    copy = device
    copy.count = 2

    assert used(person, in_acme, copy.get(asked(person))) is False

    assert Passkey.objects.get().suspected_at == NOW
    assert SecurityEvent.objects.filter(kind="passkey_copied", user=person).count() == 1
    assert asked(person) == ""
    assert second_factor.is_set_up(person)
    [told] = letters.send(now=NOW)
    assert told.subject == "Your Payymo second factor was changed"


def test_an_authenticator_that_does_not_count_is_used_again(person, in_acme):
    still = Authenticator(count=0)
    added(person, in_acme, still)

    assert [used(person, in_acme, still.get(asked(person))) for _ in range(2)] == [True, True]


def test_of_four_uses_of_one_answer_at_once_one_counts(committed_acme, reviewer):
    from tenants import context

    device = Authenticator(count=0)
    try:
        added(reviewer, committed_acme, device)
        answer, ready, found = device.get(asked(reviewer)), threading.Barrier(4), []

        def use():
            try:
                with context.inside(committed_acme):
                    ready.wait(120)
                    found.append(used(reviewer, committed_acme, answer))
            finally:
                connection.close()

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert sorted(found) == [False, False, False, True]
        assert Passkey.objects.get().suspected_at is None
    finally:
        second_factor.reset(user=reviewer)
        PasskeyChallenge.objects.all().delete()


def test_with_the_last_second_factor_the_recovery_codes_go(person, in_acme, device):
    second = Authenticator()
    added(person, in_acme, second)
    first_row, second_row = Passkey.objects.order_by("pk")

    told = OutgoingMail.objects.filter(tenant=None).count()
    assert passkeys.remove(user=person, tenant=None, host="acme.localhost", public_id=first_row.public_id, now=NOW)
    assert not passkeys.remove(user=person, tenant=None, host="acme.localhost", public_id=first_row.public_id, now=NOW)
    assert OutgoingMail.objects.filter(tenant=None).count() == told + 1
    assert second_factor.codes_left(person) == 10
    assert passkeys.remove(user=person, tenant=None, host="acme.localhost", public_id=second_row.public_id, now=NOW)
    assert (second_factor.codes_left(person), second_factor.is_set_up(person)) == (0, False)


def test_the_app_and_a_passkey_share_the_recovery_codes(person, in_acme, device):
    app = pyotp.TOTP(second_factor.begin(user=person, issuer="Payymo").secret)
    assert second_factor.confirm(user=person, tenant=None, code=app.at(NOW), now=NOW) == ()
    assert second_factor.codes_left(person) == 10

    second_factor.remove(
        user=person, tenant=None, code=app.at(NOW + timedelta(seconds=30)), now=NOW + timedelta(seconds=30)
    )

    assert (second_factor.codes_left(person), second_factor.is_set_up(person)) == (10, True)


@settings(max_examples=60)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "attestationObject",
                                       "authenticatorData", "signature", "transports"]), inner, max_size=6),
    max_leaves=12,
))  # fmt: skip
def test_whatever_a_browser_sends_is_refused_and_never_breaks(django_db_blocker, django_db_setup, garbage):
    person = User(public_id="00000000-0000-4000-8000-000000000001")

    with django_db_blocker.unblock():
        for answer in (json.dumps(garbage), str(garbage), "x" * 20_000):
            assert passkeys.use(user=person, tenant=None, place=HERE, answer=answer, now=NOW) is False
            with pytest.raises(PasskeyRefused):
                passkeys.add(user=person, tenant=None, place=HERE, answer=answer, name="", now=NOW)
        connection.close()


# --- Pages ------------------------------------------------------------------------------------------------------------


def options_in(answer):
    return html.unescape(re.search(r'data-pm-options="([^"]+)"', answer.content.decode()).group(1))


@pytest.fixture
def with_passkey(in_acme):
    """A signed-in browser, and the device whose passkey was added by the page."""
    client, made = signed_in(EMAIL), Authenticator()
    page = client.get("/account/passkeys/new/")
    answer = client.post("/account/passkeys/new/", {"name": "My phone", "passkey": made.create(options_in(page))})
    assert len(re.findall(r"<li>(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}</li>", answer.content.decode())) == 10
    made.count += 1
    return client, made


def after_password(host="acme.localhost", onward=""):
    client = browser(host)
    assert client.post("/login/", {"email": EMAIL, "password": PASSWORD, "next": onward})["Location"] == "/2fa/"
    return client


def test_a_passkey_signs_in_instead_of_a_code(with_passkey):
    client = after_password()
    page = client.get("/2fa/")

    answer = client.post("/2fa/", {"passkey": with_passkey[1].get(options_in(page))})

    assert (answer.status_code, answer["Location"], is_in(client)) == (302, "/", True)


def test_a_password_alone_opens_nothing_any_more(with_passkey):
    client = after_password()

    assert not is_in(client)
    assert client.post("/2fa/", {"passkey": "{}"}).status_code == 422
    assert client.post("/2fa/", {"code": "123456"}).status_code == 422
    assert not is_in(client)


def test_an_answer_made_for_another_browser_signs_nobody_in(with_passkey):
    first, second = after_password(), after_password()
    answer = with_passkey[1].get(options_in(first.get("/2fa/")))
    second.get("/2fa/")

    assert second.post("/2fa/", {"passkey": answer}).status_code == 422
    assert not is_in(second)


def test_guesses_with_passkeys_are_limited_like_codes(with_passkey):
    client = after_password()

    statuses = [client.post("/2fa/", {"passkey": "{}"}).status_code for _ in range(6)]

    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {422} | ({429} if 429 in statuses[:-1] else set())


def test_at_another_company_a_recovery_code_is_asked_for_and_the_password_is_not_enough(with_passkey, globex, reviewer):
    role = Membership.objects.get(user=reviewer, tenant__slug="acme").role
    Membership.objects.create(user=reviewer, tenant=globex, role=role)
    codes = second_factor._new_recovery_codes(reviewer)

    client = after_password(GLOBEX)
    page = client.get("/2fa/").content.decode()

    assert "data-pm-passkey" not in page
    assert client.post("/2fa/", {"code": codes[0]}).status_code == 302
    assert is_in(client)


def test_the_api_takes_a_recovery_code_of_somebody_with_passkeys_only(with_passkey, reviewer):
    codes = second_factor._new_recovery_codes(reviewer)

    def token(**more):
        return browser().post(
            "/api/v1/auth/token/", {"email": EMAIL, "password": PASSWORD, **more}, content_type="application/json"
        )

    assert (token().status_code, token().json()["code"]) == (401, "otp_required")
    assert token(otp=codes[0]).status_code == 200


def test_the_list_names_passkeys_and_one_is_removed(with_passkey):
    client, _ = with_passkey
    row = Passkey.objects.get()

    assert "My phone" in client.get("/account/security/").content.decode()
    assert client.post(f"/account/passkeys/{row.public_id}/remove/").status_code == 303
    assert Passkey.objects.count() == 0
    assert client.post(f"/account/passkeys/{row.public_id}/remove/").status_code == 404


def test_nobody_removes_a_colleagues_passkey(with_passkey):
    other = signed_in("owner@acme.example")

    assert other.post(f"/account/passkeys/{Passkey.objects.get().public_id}/remove/").status_code == 404
    assert Passkey.objects.count() == 1


def test_adding_and_removing_ask_again_and_go_on(with_passkey):
    client, device = with_passkey
    page = client.get("/account/passkeys/new/")
    another = Authenticator()
    form = {"name": "Key", "passkey": another.create(options_in(page))}
    Session.objects.update(confirmed_at=datetime.now(UTC) - timedelta(minutes=15))

    question = client.post("/account/passkeys/new/", form)
    carried = html.unescape(re.search(r'name="passkey" value="([^"]+)"', question.content.decode()).group(1))
    proof = {"confirm-asked": "1", "confirm-passkey": device.get(options_in(question))}
    done = client.post("/account/passkeys/new/", {"name": "Key", "passkey": carried, **proof})

    assert (question.status_code, done.status_code) == (403, 303)
    assert set(Passkey.objects.values_list("name", flat=True)) == {"My phone", "Key"}


def test_an_answer_to_an_earlier_sign_in_of_the_same_browser_signs_nobody_in(with_passkey):
    client = after_password()
    answer = with_passkey[1].get(options_in(client.get("/2fa/")))
    client.post("/login/", {"email": EMAIL, "password": PASSWORD})

    assert client.post("/2fa/", {"passkey": answer}).status_code == 422
    assert not is_in(client)


def test_a_code_is_asked_for_only_where_there_is_one(with_passkey, reviewer):
    client = after_password()
    assert 'name="code"' in client.get("/2fa/").content.decode()

    RecoveryCode.objects.filter(user=reviewer).update(used_at=datetime.now(UTC))

    page = client.get("/2fa/").content.decode()
    assert ("data-pm-passkey" in page, 'name="code"' in page) == (True, False)
    # Where the passkey does not count any more either, the page still is no dead end without a word.
    Passkey.objects.update(suspected_at=datetime.now(UTC))
    assert 'name="code"' in client.get("/2fa/").content.decode()


def test_the_second_factor_page_dies_with_its_five_minutes_and_leads_on_to_the_same_page(with_passkey):
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        client = after_password(onward="/review/")
        answer = with_passkey[1].get(options_in(client.get("/2fa/")))
        clock.shift(timedelta(minutes=5, seconds=1))

        late = client.post("/2fa/", {"passkey": answer})
        asked = client.get(late["Location"]).content.decode()

    assert (late.status_code, late["Location"]) == (302, "/login/?next=/review/")
    assert "not finished in time" in asked
    assert client.get("/2fa/")["Location"] == "/login/"


def test_an_operator_takes_lost_passkeys_away(with_passkey):
    from django.core.management import call_command

    call_command("second_factor", email=EMAIL, reset=True)

    assert (Passkey.objects.count(), RecoveryCode.objects.count()) == (0, 0)
    assert is_in(signed_in(EMAIL))
