"""What a password may be, and what changing it ends."""

import pytest

from accounts.models import Session, User
from accounts.services import passwords
from tests.accounts.browsing import is_in, signed_in
from tests.accounts.test_administration import Caller
from tests.conftest import PASSWORD

EMAIL = "reviewer@acme.example"
NEW = "lanterns under quiet rain"


def strength(password, tenant):
    passwords.check_strength(password=password, tenant=tenant, email="mona.lind@mail.example", name="Mona Lind")


@pytest.mark.parametrize(
    "password",
    [
        "lanterns under quiet rain", "aaaabbbbccccd", "twelve chars", "ünï©ödé ist gut", "x y z " * 20 + "1234567",
        "ALLUPPERCASELETTERS",
    ],
)  # fmt: skip
def test_any_long_enough_password_that_names_nobody_is_taken(acme, password):
    strength(password, acme)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("eleven chr.", "too short"),
        ("x" * 129, "too long"),
        ("qwerty123456", "too common"),
        ("password12345!", "common password, repeated, disguised or with digits"),
        ("monkey-monkey-monkey", "common password, repeated"),
        ("P@55w0rd!2026", "common password, repeated, disguised"),
        ("m0nk3y-m0nk3y-m0nk3y!", "common password, repeated, disguised"),
        ("$unshine_123456", "common password, repeated, disguised"),
        ("my acme is the best", "Leave out acme"),
        ("hosted at ACME yes", "Leave out acme"),
        ("i like payymo a lot", "Leave out payymo"),
        ("here comes mona again", "Leave out mona"),
        ("lind of the mountains", "Leave out lind"),
    ],
)
def test_a_password_that_a_guesser_tries_first_is_refused_with_the_reason(acme, password, why):
    with pytest.raises(passwords.WeakPassword) as refused:
        strength(password, acme)

    assert why in str(refused.value)


def test_a_word_of_another_company_is_no_reason(acme, globex):
    strength("globex in the garden", acme)


def test_at_least_three_thousand_common_passwords_are_known():
    assert len(passwords._COMMON.passwords) >= 3000


def test_a_long_password_is_not_cut_off(reviewer, acme):
    long = "r" * 127 + "z"
    reviewer.set_password(long)

    assert reviewer.check_password(long)
    assert not reviewer.check_password(long[:-1])


@pytest.fixture
def here(in_acme):
    return signed_in(EMAIL)


def change(client, current=PASSWORD, new=NEW):
    return client.post("/account/password/", {"current": current, "new": new})


def test_changing_it_on_the_page_ends_every_other_session_and_keeps_this_one(here):
    another, program = signed_in(EMAIL), Caller("reviewer")

    answer = change(here)

    assert (answer.status_code, answer["Location"]) == (303, "/account/security/")
    assert (is_in(here), is_in(another)) == (True, False)
    assert program.call("get", "auth/me/").status_code == 401
    assert is_in(signed_in(EMAIL, NEW))


def test_changing_it_over_the_api_keeps_the_callers_session(here):
    program, other = Caller("reviewer"), Caller("reviewer")

    answer = program.call("post", "auth/password/", {"current_password": PASSWORD, "new_password": NEW})

    assert answer.status_code == 204
    assert (program.call("get", "auth/me/").status_code, other.call("get", "auth/me/").status_code) == (200, 401)
    assert not is_in(here)


@pytest.mark.parametrize(("current", "new"), [("wrong", NEW), (PASSWORD, "short"), (PASSWORD, "acme acme acme")])
def test_a_refused_change_changes_nothing(here, current, new):
    another = signed_in(EMAIL)

    page = change(here, current, new)
    api = Caller("reviewer").call("post", "auth/password/", {"current_password": current, "new_password": new})

    assert (page.status_code, api.status_code) == (400, 400)
    assert User.objects.get(email=EMAIL).check_password(PASSWORD)
    assert (is_in(here), is_in(another)) == (True, True)
    assert Session.objects.exclude(revoked_at=None).count() == 0


def test_the_answer_to_a_refused_change_holds_no_password(here):
    page = change(here, "a wrong present one", "acme acme acme")

    assert "a wrong present one" not in page.content.decode()
    assert "acme acme acme" not in page.content.decode()


def test_guessing_the_present_password_is_limited_like_signing_in(here):
    statuses = [change(here, current=f"wrong {number}").status_code for number in range(6)]

    assert statuses == [400] * 5 + [429]
    assert User.objects.get(email=EMAIL).check_password(PASSWORD)
