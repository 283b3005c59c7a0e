"""Roles of the company's own on their pages: made, changed, and deleted with another role for whoever had them."""

import re

import pytest

from accounts.models import Invitation, Membership, Role, User
from payymo.audit.models import AuditEntry
from tests.dashboard.conftest import ACME, Browser

NEW = "/members/roles/new/"


@pytest.fixture
def clerk(in_acme, reviewer):
    """A role of acme's own, and a colleague who has it."""
    role = Role.objects.create(tenant=in_acme, code="clerk", name="Clerk", permissions=["review.view", "review.decide"])
    Membership.objects.filter(user=reviewer, tenant=in_acme).update(role=role)
    return role


@pytest.fixture
def as_people_officer(in_acme):
    """Somebody who may change members and see activity, and nothing else."""
    role = Role.objects.create(
        tenant=in_acme, code="people", name="People", permissions=["activity.view", "members.change"]
    )
    user = User.objects.create_user("people@acme.example", "correct horse battery", name="Pia")
    Membership.objects.create(user=user, tenant=in_acme, role=role, is_active=True)
    return Browser(ACME, tenant=in_acme, user=user)


def role_of(user, tenant):
    return Membership.objects.get(user=user, tenant=tenant).role.code


def remove(browser, code, instead=""):
    return browser.post(f"/members/roles/{code}/remove/", {"instead": instead})


def test_an_owner_makes_a_role_and_sees_it_with_what_it_may_do(as_owner, in_acme):
    answer = as_owner.post(NEW, {"name": "Book keeper", "permissions": ["review.view", "review.decide"]})

    made = Role.objects.get(tenant=in_acme)
    assert answer.status_code == 303
    assert (made.code, made.name, made.permissions) == ("book-keeper", "Book keeper", ["review.decide", "review.view"])
    html = as_owner.get("/members/roles/").content.decode()
    assert "Book keeper" in html
    assert "See payments and what is proposed for them" in html


def test_names_that_differ_in_signs_alone_get_codes_of_their_own(as_owner, in_acme):
    for name in ("Owner!", "Owner?", "☺"):
        as_owner.post(NEW, {"name": name, "permissions": ["review.view"]})

    assert list(Role.objects.filter(tenant=in_acme).order_by("pk").values_list("code", flat=True)) == [
        "owner-2", "owner-3", "role",
    ]  # fmt: skip
    assert Role.objects.get(code="owner", tenant=None).permissions != ["review.view"]


@pytest.mark.parametrize("name", ["clerk", "Clerk ", "OWNER", "Inhaber"])
def test_no_two_roles_are_called_the_same(as_owner, in_acme, clerk, name):
    sent = {"name": name, "permissions": ["activity.view"]}
    made = as_owner.post(NEW, sent, headers={"accept-language": "de"})
    assert made.status_code == 422
    assert "Eine Rolle dieses Namens gibt es schon." in made.content.decode()

    as_owner.post(NEW, {**sent, "name": "Clerk of the night"})
    assert as_owner.post("/members/roles/clerk-of-the-night/", sent).status_code == (303 if name == "Inhaber" else 422)
    assert as_owner.post("/members/roles/clerk/", {**sent, "name": "Clerk"}).status_code == 303


def test_who_gets_another_role_may_get_a_built_in_one_by_the_name_of_ones_language(as_owner, clerk):
    page = as_owner.get("/members/roles/clerk/", headers={"accept-language": "de"}).context["page"]

    assert (page.others[0].value, page.others[0].label) == ("viewer", "Leser")


@pytest.mark.parametrize("given", [{"name": ""}, {"permissions": []}, {"permissions": ["root"]}])
def test_a_role_that_makes_no_sense_is_refused(as_owner, in_acme, given):
    answer = as_owner.post(NEW, {"name": "Clerk", "permissions": ["review.view"], **given})

    assert (answer.status_code, Role.objects.filter(tenant=in_acme).exists()) == (422, False)


def test_a_changed_role_counts_on_the_next_request(as_owner, as_reviewer, clerk):
    before = as_reviewer.get("/review/").status_code
    answer = as_owner.post("/members/roles/clerk/", {"name": "Clerk", "permissions": ["activity.view"]})

    assert (before, answer.status_code, as_reviewer.get("/review/").status_code) == (200, 303, 403)


def test_a_deleted_role_gives_another_to_whoever_has_it_or_is_invited(as_owner, in_acme, clerk, reviewer, owner):
    offered = Invitation.objects.create(
        tenant=in_acme, email="new@acme.example", role=clerk, invited_by=owner, expires_at="2027-01-01T00:00Z"
    )

    answer = remove(as_owner, "clerk", "viewer")

    offered.refresh_from_db()
    assert answer.status_code == 303
    assert (role_of(reviewer, in_acme), offered.role.code) == ("viewer", "viewer")
    assert not Role.objects.filter(code="clerk").exists()
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"role.deleted", "member.changed"}


@pytest.mark.parametrize("instead", ["", "clerk", "nowhere"])
def test_a_role_that_somebody_has_stays_without_another_one(as_owner, in_acme, clerk, reviewer, instead):
    remove(as_owner, "clerk", instead)

    assert role_of(reviewer, in_acme) == "clerk"
    assert not AuditEntry.objects.filter(action="role.deleted").exists()


def test_whoever_sees_some_accounts_only_does_not_become_an_owner_by_it(as_owner, in_acme, clerk, reviewer):
    Membership.objects.filter(user=reviewer, tenant=in_acme).update(is_limited=True)

    remove(as_owner, "clerk", "owner")

    assert role_of(reviewer, in_acme) == "clerk"


def test_nobody_gives_takes_or_hands_on_a_right_that_they_lack(as_people_officer, in_acme, clerk, reviewer):
    made = as_people_officer.post(NEW, {"name": "Mine", "permissions": ["settings.change"]})
    changed = as_people_officer.post("/members/roles/clerk/", {"name": "Clerk", "permissions": ["activity.view"]})
    remove(as_people_officer, "clerk", "people")
    remove(as_people_officer, "people", "owner")

    clerk.refresh_from_db()
    assert (made.status_code, changed.status_code) == (422, 422)
    assert clerk.permissions == ["review.view", "review.decide"]
    assert role_of(reviewer, in_acme) == "clerk"
    assert set(Role.objects.filter(tenant=in_acme).values_list("code", flat=True)) == {"clerk", "people"}


def test_a_role_of_another_company_and_a_built_in_one_are_not_found(as_owner, globex):
    theirs = Role.objects.create(tenant=globex, code="theirs", name="Theirs", permissions=["review.view"])

    for code in ("theirs", "owner"):
        assert as_owner.get(f"/members/roles/{code}/").status_code == 404
        assert remove(as_owner, code, "viewer").status_code == 404
    assert Role.objects.filter(pk=theirs.pk).exists()


def test_a_colleague_without_the_right_sees_and_makes_no_role(as_admin, in_acme):
    answers = [as_admin.get("/members/roles/"), as_admin.post(NEW, {"name": "Mine", "permissions": ["review.view"]})]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert not Role.objects.filter(tenant=in_acme).exists()


def test_the_list_of_roles_asks_no_more_for_more_roles(as_owner, in_acme, clerk, queries_of):
    few = queries_of(lambda: as_owner.get("/members/roles/"))
    Role.objects.bulk_create(
        Role(tenant=in_acme, code=f"r{number}", name="R", permissions=["review.view"]) for number in range(20)
    )

    assert queries_of(lambda: as_owner.get("/members/roles/")) == few


OWN_ROLES = [
    ["review.view", "review.decide"], ["transactions.view"], ["invoices.view", "overview.view"],
    ["activity.view", "members.change"], ["connections.view", "connections.change", "reports.view"],
    ["rules.view"], ["imports.add"], ["settings.change"], ["persons.erase"],
]  # fmt: skip


@pytest.mark.parametrize("rights", OWN_ROLES, ids=lambda rights: rights[0])
def test_a_role_of_ones_own_leads_to_a_page_and_offers_only_pages_that_open(in_acme, rights):
    role = Role.objects.create(tenant=in_acme, code="own", name="Own", permissions=rights)
    user = User.objects.create_user("own@acme.example", "correct horse battery", name="Own")
    Membership.objects.create(user=user, tenant=in_acme, role=role, is_active=True)
    browser = Browser(ACME, tenant=in_acme, user=user)

    first = browser.get("/", follow=True)

    assert first.status_code == 200
    around = re.sub(r"<main.*?</main>", "", first.content.decode(), flags=re.DOTALL)
    offered = set(re.findall(r'(?:href|action|hx-get)="(/[^"#?]*)', around))
    offered -= {each for each in offered if each.startswith(("/static/", "/logout/", "/account/theme"))}
    assert offered >= {"/account/security/", "/help/"}
    assert {each: browser.get(each, follow=True).status_code for each in offered} == dict.fromkeys(offered, 200)


def test_who_may_open_nothing_is_told_so(as_newcomer):
    assert as_newcomer.get("/").status_code == 403


def test_a_part_of_the_overview_never_brings_another_page(in_acme, clerk, reviewer):
    browser = Browser(ACME, tenant=in_acme, user=reviewer)

    assert browser.get("/", headers={"X-Payymo-Part": "pm-overview"}).status_code == 403
