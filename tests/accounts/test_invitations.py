"""Inviting people: by whom, into what, once, and what neither side learns."""

import re
from collections import Counter
from datetime import timedelta

import pyotp
import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.models import Invitation, Membership, OutgoingMail, Role, User
from accounts.services import second_factor
from payymo.audit.models import AuditEntry
from tenants import context
from tests.accounts import letters
from tests.accounts.browsing import GLOBEX, browser, is_in, signed_in
from tests.accounts.test_administration import Caller, member
from tests.accounts.visiting import Visitor
from tests.conftest import PASSWORD

NEW = "new.person@mail.example"
GOOD = "lanterns under quiet rain"


@pytest.fixture
def owner_api(in_acme):
    return Caller("owner")


def invite(caller, email=NEW, role="reviewer"):
    return caller.call("post", "invitations/", {"email": email, "role": role})


def opened(link, host="acme.localhost"):
    client = browser(host)
    assert client.get(link)["Location"] == "/invite/"
    return client


def accept(client, password=GOOD, **more):
    return client.post("/invite/", {"name": "New Person", "password": password, **more})


def test_an_invited_person_chooses_a_password_and_is_in(owner_api, in_acme):
    made = invite(owner_api)
    client = opened(letters.link_of())

    page = client.get("/invite/").content.decode()
    answer = accept(client)

    assert (made.status_code, "Join Acme" in page, NEW in page) == (201, True, True)
    assert (answer.status_code, answer["Location"], is_in(client)) == (302, "/", True)
    found = Membership.objects.get(user__email=NEW)
    assert (found.tenant, found.role.code, found.user.name) == (in_acme, "reviewer", "New Person")
    assert is_in(signed_in(NEW, GOOD))
    with context.inside(in_acme):
        assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"member.invited", "member.joined"}


def test_the_mail_has_plain_text_and_html_and_leads_to_the_stored_host(owner_api):
    invite(owner_api)

    [message] = letters.send()

    assert (message.to, message.subject) == ([NEW], "Join Acme on Payymo")
    assert "http://acme.localhost:" in message.body
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    assert letters.path_in(message) in html
    assert "<script" not in html


def test_no_header_chooses_the_host_of_a_link(owner_api):
    owner_api.headers["x-forwarded-host"] = "evil.example"
    invite(owner_api)

    [message] = letters.send()

    assert "evil" not in message.body


def test_only_a_hash_of_the_link_is_stored(owner_api):
    invite(owner_api)
    token = letters.link_of().split("/")[2]

    row = Invitation.objects.get()

    assert token.startswith("pmi_")
    assert len(token) == 47
    assert token not in str(Invitation.objects.values()) + str(OutgoingMail.objects.values())
    assert len(row.token_hash) == 64


def test_the_link_works_once(owner_api):
    invite(owner_api)
    link = letters.link_of()
    assert accept(opened(link)).status_code == 302

    again = opened(link).get("/invite/")

    assert (again.status_code, "This link is over" in again.content.decode()) == (410, True)
    assert Membership.objects.filter(user__email=NEW).count() == 1


def test_looking_at_the_page_does_not_use_it_up(owner_api):
    invite(owner_api)
    link = letters.link_of()

    for _ in range(3):
        assert opened(link).get("/invite/").status_code == 200

    assert accept(opened(link)).status_code == 302


@pytest.mark.parametrize(("hours", "works"), [(71, True), (73, False)])
def test_the_link_works_for_72_hours(owner_api, hours, works):
    invite(owner_api)
    link = letters.link_of()

    with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=False):
        answer = accept(opened(link))

    assert answer.status_code == (302 if works else 410)
    assert User.objects.filter(email=NEW).exists() is works


def test_a_withdrawn_invitation_opens_nothing(owner_api):
    made = invite(owner_api).json()
    link = letters.link_of()
    client = opened(link)

    assert owner_api.call("delete", f"invitations/{made['id']}/").status_code == 204

    assert accept(client).status_code == 410
    assert owner_api.call("delete", f"invitations/{made['id']}/").status_code == 404
    assert not User.objects.filter(email=NEW).exists()


def test_sending_again_makes_a_new_link_and_ends_the_one_before(owner_api):
    made = invite(owner_api).json()
    before = letters.link_of()

    assert owner_api.call("post", f"invitations/{made['id']}/resend/", {}).status_code == 202
    assert accept(opened(before)).status_code == 410
    after = letters.link_of()

    assert after != before
    assert accept(opened(before)).status_code == 410
    assert accept(opened(after)).status_code == 302


def test_a_link_of_one_company_opens_nothing_at_another(owner_api, globex):
    invite(owner_api)
    link = letters.link_of()

    assert accept(opened(link, GLOBEX)).status_code == 410
    assert Membership.objects.filter(tenant=globex, user__email=NEW).count() == 0


def test_a_member_of_another_company_joins_with_their_own_password(owner_api, globex, stranger):
    invite(owner_api, email=stranger.email)
    client = opened(letters.link_of())

    page = client.get("/invite/").content.decode()
    wrong = accept(client, password="some other password")
    right = accept(client, password=PASSWORD)

    assert "You have a Payymo account already" in page
    assert (wrong.status_code, right.status_code) == (400, 302)
    assert User.objects.filter(email=stranger.email).count() == 1
    stranger.refresh_from_db()
    assert (stranger.check_password(PASSWORD), stranger.name) == (True, "Reviewer")
    assert Membership.objects.filter(user=stranger).count() == 2


def test_a_known_person_with_a_second_factor_shows_it_too(owner_api, globex, stranger):
    app = pyotp.TOTP(second_factor.begin(user=stranger, issuer="Payymo").secret)
    codes = second_factor.confirm(user=stranger, tenant=None, code=app.now(), now=timezone.now())
    invite(owner_api, email=stranger.email)
    client = opened(letters.link_of())

    without = accept(client, password=PASSWORD)
    wrong = accept(client, password=PASSWORD, code="000000")
    right = accept(client, password=PASSWORD, code=codes[0])

    assert [answer.status_code for answer in (without, wrong, right)] == [400, 400, 302]


def test_guessing_a_known_persons_password_by_an_invitation_is_limited(owner_api, globex, stranger):
    invite(owner_api, email=stranger.email)
    client = opened(letters.link_of())

    statuses = [accept(client, password=f"wrong {number}").status_code for number in range(6)]

    assert statuses == [400] * 5 + [429]
    assert Membership.objects.filter(user=stranger).count() == 1


def test_the_one_who_invites_does_not_learn_who_has_an_account(owner_api, globex, stranger):
    def said(answer):
        return answer.status_code, sorted(answer.json()), answer.json()["role"]

    unknown, known = invite(owner_api), invite(owner_api, email=stranger.email)

    assert said(unknown) == said(known)
    listed = owner_api.call("get", "invitations/").json()["results"]
    assert [sorted(row) for row in listed] == [["created_at", "email", "expires_at", "id", "role"]] * 2


def test_inviting_a_known_and_an_unknown_address_asks_the_database_the_same(owner_api, stranger):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked(email):
        with CaptureQueriesContext(connection) as queries:
            invite(owner_api, email=email)
        return [query["sql"].split()[0] for query in queries]

    asked("warm.up@mail.example")
    assert asked(NEW) == asked(stranger.email)


@pytest.mark.parametrize("password", ["short", "acme acme acme acme", "qwerty123456", "x" * 129])
def test_a_new_person_needs_a_good_password(owner_api, password):
    invite(owner_api)
    client = opened(letters.link_of())

    answer = accept(client, password=password)

    assert (answer.status_code, User.objects.filter(email=NEW).count()) == (400, 0)
    assert accept(client).status_code == 302


def test_who_belongs_here_is_not_invited_again(owner_api):
    colleague = invite(owner_api, email="Viewer@acme.example")
    first, second = invite(owner_api), invite(owner_api, email=NEW.upper())

    assert (colleague.status_code, colleague.json()["code"]) == (409, "already_member")
    assert (first.status_code, second.status_code, second.json()["code"]) == (201, 409, "already_invited")


def test_nobody_invites_into_a_role_beyond_their_own(owner_api):
    owner_api.call("post", "roles/", {"code": "hr", "name": "HR", "permissions": ["members.change", "review.view"]})
    Membership.objects.filter(pk=member("viewer").pk).update(role=Role.objects.get(code="hr"))
    people = Caller("viewer")

    assert invite(people, role="owner").status_code == 403
    assert invite(people, role="hr").status_code == 201
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize("who", ["admin", "reviewer", "viewer", ""])
def test_only_who_may_change_members_invites(in_acme, who):
    assert invite(Caller(who)).status_code == (403 if who else 401)
    assert Invitation.objects.count() == 0


def test_another_company_does_not_see_or_touch_an_invitation(owner_api, globex):
    made = invite(owner_api).json()
    foreign = Caller("owner", "globex")

    assert foreign.call("get", "invitations/").json()["results"] == []
    assert foreign.call("delete", f"invitations/{made['id']}/").status_code == 404
    assert foreign.call("post", f"invitations/{made['id']}/resend/", {}).status_code == 404
    assert Invitation.objects.get().withdrawn_at is None


def test_a_company_cannot_send_any_number_of_invitations(owner_api, in_acme):
    from accounts.services import attempts

    for _ in range(100):
        attempts.count_use(attempts.INVITATIONS, value="", tenant=in_acme, now=timezone.now())

    refused = invite(owner_api)

    assert (refused.status_code, int(refused["Retry-After"]) > 0, Invitation.objects.count()) == (429, True, 0)


@pytest.mark.parametrize("email", ["new@acme.example\nBcc: all@evil.example", "new@acme.example\r\n\r\nHello", "a b"])
def test_an_address_that_would_write_another_header_is_refused(owner_api, email):
    refused = invite(owner_api, email=email)

    assert (refused.status_code, Invitation.objects.count(), letters.send()) == (400, 0, [])


def test_a_role_that_is_deleted_takes_its_invitations_along(owner_api):
    owner_api.call("post", "roles/", {"code": "temp", "name": "Temp", "permissions": ["review.view"]})
    invite(owner_api, role="temp")

    assert owner_api.call("delete", "roles/temp/").status_code == 204
    assert letters.send() == []


def test_of_eight_who_use_one_invitation_at_once_one_becomes_a_member(server, committed_acme, newcomers):
    owner = User.objects.get(email="owner@acme.example")
    row = Invitation.objects.create(
        tenant=committed_acme, email=NEW, role=Role.objects.get(code="viewer", tenant=None), invited_by=owner,
        expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    from accounts.services import invitations

    link = re.search(r"/invite/\S+", invitations.letter(row.public_id, committed_acme, timezone.now()).text)[0]
    visitors = [Visitor(server, link) for _ in range(8)]

    answers = server.at_once(8, lambda place: visitors[place].post("/invite/", {"name": "N", "password": GOOD}))

    assert Counter(answer.status_code for answer in answers) == {302: 1, 410: 7}
    assert Membership.objects.filter(user__email=NEW).count() == 1
    assert mail.outbox == []


# --- The members page -------------------------------------------------------------------------------------------------


@pytest.fixture
def page(in_acme):
    return signed_in("owner@acme.example")


def test_an_owner_invites_sends_again_and_withdraws_on_the_page(page, in_acme):
    sent = page.post("/members/invitations/", {"email": NEW, "role": "viewer"})
    row = Invitation.objects.get()
    shown = page.get("/members/").content.decode()

    assert (sent.status_code, sent["Location"], NEW in shown) == (303, "/members/", True)
    first = letters.link_of()
    page.post(f"/members/invitations/{row.public_id}/resend/")
    assert letters.link_of() != first
    page.post(f"/members/invitations/{row.public_id}/withdraw/")
    row.refresh_from_db()
    assert row.withdrawn_at is not None
    assert page.post(f"/members/invitations/{row.public_id}/withdraw/").status_code == 404


def test_an_owner_changes_a_role_ends_and_resumes_on_the_page(page):
    person = member("viewer").user.public_id

    page.post(f"/members/{person}/", {"role": "reviewer"})
    assert member("viewer").role.code == "reviewer"
    page.post(f"/members/{person}/", {"do": "end"})
    assert member("viewer").is_active is False
    page.post(f"/members/{person}/", {"do": "resume"})
    assert member("viewer").is_active is True


def test_a_refused_invitation_says_why_and_keeps_what_was_typed(page):
    answer = page.post("/members/invitations/", {"email": "viewer@acme.example", "role": "viewer"})

    assert answer.status_code == 422
    assert "belongs to a member" in answer.content.decode()
    assert 'value="viewer@acme.example"' in answer.content.decode()


def test_a_member_of_another_company_is_not_on_the_page_and_not_changed(page, globex):
    person = member("viewer", "globex").user.public_id

    assert "globex.example" not in page.get("/members/").content.decode()
    assert page.post(f"/members/{person}/", {"do": "end"}).status_code == 404
    assert member("viewer", "globex").is_active is True


def test_the_page_asks_no_more_for_more_members(page, in_acme):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        page.get("/members/")
    role = Role.objects.get(code="viewer", tenant=None)
    for number in range(6):
        user = User.objects.create_user(f"more{number}@acme.example")
        Membership.objects.create(user=user, tenant=in_acme, role=role)
        Invitation.objects.create(
            tenant=in_acme, email=f"w{number}@x.example", role=role, expires_at=timezone.now() + timedelta(hours=1)
        )
    with CaptureQueriesContext(connection) as many:
        page.get("/members/")

    assert len(many) <= len(few)
