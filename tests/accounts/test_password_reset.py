"""A forgotten password: the same answer for everybody, a link that works once, and what it ends."""

import re
from collections import Counter
from datetime import timedelta

import pyotp
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, OutgoingMail, PasswordReset, User
from accounts.services import resetting, second_factor
from tests.accounts import letters
from tests.accounts.browsing import GLOBEX, browser, is_in, signed_in
from tests.accounts.counting import hashes_of
from tests.accounts.test_administration import Caller
from tests.accounts.visiting import Visitor
from tests.conftest import PASSWORD

EMAIL = "reviewer@acme.example"
GOOD = "lanterns under quiet rain"
UNKNOWN = ["nobody@acme.example", "reviewer@globex.example", "staff@payymo.example"]


def ask(email=EMAIL, host="acme.localhost"):
    return browser(host).post("/password/forgotten/", {"email": email})


def opened(link, host="acme.localhost"):
    client = browser(host)
    assert client.get(link)["Location"] == "/password/reset/"
    return client


def choose(client, password=GOOD):
    return client.post("/password/reset/", {"new": password})


def test_the_link_changes_the_password_and_ends_every_session(in_acme, globex, reviewer):
    role = Membership.objects.get(user=reviewer, tenant=in_acme).role
    Membership.objects.create(user=reviewer, tenant=globex, role=role)
    here, there, program = signed_in(EMAIL), signed_in(EMAIL, host=GLOBEX), Caller("reviewer")
    ask()
    client = opened(letters.link_of())

    answer = choose(client)

    assert (answer.status_code, answer["Location"]) == (302, "/login/")
    assert [is_in(one) for one in (here, there, client)] == [False] * 3
    assert program.call("get", "auth/me/").status_code == 401
    assert is_in(signed_in(EMAIL, GOOD))
    assert browser().post("/login/", {"email": EMAIL, "password": PASSWORD}).status_code == 422


def test_a_mail_says_afterwards_that_the_password_was_changed(in_acme):
    ask()
    choose(opened(letters.link_of()))

    [told] = letters.send()

    assert (told.to, told.subject) == ([EMAIL], "Your Payymo password was changed")


def test_the_second_factor_is_still_asked_for(in_acme, reviewer):
    app = pyotp.TOTP(second_factor.begin(user=reviewer, issuer="Payymo").secret)
    second_factor.confirm(user=reviewer, tenant=None, code=app.now(), now=timezone.now())
    ask()
    choose(opened(letters.link_of()))
    client = browser()

    answer = client.post("/login/", {"email": EMAIL, "password": GOOD})

    assert (answer["Location"], is_in(client)) == ("/2fa/", False)


@pytest.mark.parametrize("email", UNKNOWN)
def test_an_unknown_address_gets_the_same_answer_and_no_mail(in_acme, globex, email):
    known, unknown = ask(), ask(email)

    def said(answer):
        return answer.status_code, re.sub(r'(content|value|nonce)="[^"]{20,}"', "", answer.content.decode())

    assert said(known) == said(unknown)
    assert [message.to for message in letters.send()] == [[EMAIL]]
    assert PasswordReset.objects.filter(email=email).count() == 0


@pytest.mark.parametrize("email", UNKNOWN)
def test_asking_costs_the_same_for_known_and_unknown(in_acme, settings, email):
    settings.PASSWORD_HASHERS = ["tests.accounts.counting.CountingHasher"]

    def asked(address):
        with CaptureQueriesContext(connection) as queries:
            assert hashes_of(lambda: ask(address)) == 0
        return [query["sql"].split()[0] for query in queries]

    asked("warm.up@acme.example")
    assert asked(EMAIL) == asked(email)


def test_somebody_who_was_ended_gets_no_link(in_acme, reviewer):
    Membership.objects.filter(user=reviewer).update(is_active=False)
    ask()

    assert letters.send() == []


@pytest.mark.parametrize(("minutes", "works"), [(29, True), (31, False)])
def test_the_link_works_for_30_minutes(in_acme, minutes, works):
    ask()
    link = letters.link_of()

    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
        assert choose(opened(link)).status_code == (302 if works else 410)

    assert User.objects.get(email=EMAIL).check_password(GOOD) is works


def test_the_link_works_once_and_takes_the_other_links_along(in_acme):
    ask()
    ask()
    first, second = (letters.path_in(message) for message in letters.send())

    assert choose(opened(second)).status_code == 302
    for link in (first, second):
        assert choose(opened(link), "another good long one").status_code == 410
    assert User.objects.get(email=EMAIL).check_password(GOOD)


def test_a_weak_password_is_refused_and_the_link_stays(in_acme):
    ask()
    client = opened(letters.link_of())

    for weak in ("short", "reviewer of acme", "qwerty123456", "x" * 129):
        assert choose(client, weak).status_code == 400
    assert User.objects.get(email=EMAIL).check_password(PASSWORD)
    assert choose(client).status_code == 302


def test_a_link_of_one_company_opens_nothing_at_another(in_acme, globex, reviewer):
    Membership.objects.create(user=reviewer, tenant=globex, role=Membership.objects.get(user=reviewer).role)
    ask()

    assert choose(opened(letters.link_of(), GLOBEX)).status_code == 410


def test_only_a_hash_of_the_link_is_stored(in_acme):
    ask()
    token = letters.link_of().split("/")[3]

    assert token.startswith("pmr_")
    assert token not in str(PasswordReset.objects.values()) + str(OutgoingMail.objects.values())


def test_an_invitations_token_is_no_reset_and_the_other_way_round(in_acme):
    ask()
    token = letters.link_of().split("/")[3]
    client = browser()

    client.get(f"/invite/{token}/")
    assert client.get("/invite/").status_code == 410
    client.get(f"/password/reset/{token.replace('pmr_', 'pmi_')}/")
    assert client.get("/password/reset/").status_code == 410


def test_asking_is_limited_per_account_known_or_not(in_acme):
    known = [ask().status_code for _ in range(4)]
    unknown = [ask("nobody@acme.example") for _ in range(4)]

    assert known == [answer.status_code for answer in unknown] == [200] * 3 + [429]
    assert int(unknown[-1]["Retry-After"]) > 0
    assert PasswordReset.objects.count() == 6


def test_asking_is_limited_per_address(in_acme):
    statuses = [ask(f"user{number}@acme.example").status_code for number in range(21)]

    assert statuses == [200] * 20 + [429]


def test_asking_does_not_stop_anybody_from_signing_in(in_acme):
    for _ in range(4):
        ask()

    assert is_in(signed_in(EMAIL))


def test_a_form_without_an_address_counts_nothing(in_acme):
    assert [ask(email).status_code for email in ("", "x", " ")] == [422] * 3
    assert PasswordReset.objects.count() == 0


def test_of_eight_who_use_one_link_at_once_one_changes_the_password(server, committed_acme, reviewer):
    now = timezone.now()
    row = PasswordReset.objects.create(tenant=committed_acme, email=EMAIL, expires_at=now)
    link = re.search(r"/password/reset/\S+", resetting.letter(row.public_id, committed_acme, now).text)[0]
    visitors = [Visitor(server, link) for _ in range(8)]

    try:
        answers = server.at_once(
            8, lambda place: visitors[place].post("/password/reset/", {"new": f"{GOOD} {'abcdefgh'[place]}"})
        )

        assert Counter(answer.status_code for answer in answers) == {302: 1, 410: 7}
        [winner] = [place for place, answer in enumerate(answers) if answer.status_code == 302]
        assert User.objects.get(email=EMAIL).check_password(f"{GOOD} {'abcdefgh'[winner]}")
    finally:
        reviewer.set_password(PASSWORD)
        reviewer.save()


def test_of_ten_requests_at_once_three_are_taken(server, committed_acme):
    visitors = [Visitor(server, "/password/forgotten/") for _ in range(10)]

    answers = server.at_once(10, lambda place: visitors[place].post("/password/forgotten/", {"email": EMAIL}))

    assert Counter(answer.status_code for answer in answers) == {200: 3, 429: 7}
    assert PasswordReset.objects.count() == 3
