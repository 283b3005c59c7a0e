"""Members, roles and API keys over the API: what an owner can do, what nobody can, and that strangers see nothing."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from accounts import permissions
from accounts.models import ApiKey, Membership, Role
from accounts.services import members
from payymo.shared.errors import DomainError
from tests.conftest import PASSWORD

NOW = datetime.now(UTC)


class Caller:
    """Somebody with a token, or a program with a key."""

    def __init__(self, who="", tenant="acme", key=""):
        self.headers = {"host": f"{tenant}.localhost"}
        if who:
            body = {"email": f"{who}@{tenant}.example", "password": PASSWORD}
            self.headers["authorization"] = f"Bearer {self.call('post', 'auth/token/', body).json()['access']}"
        if key:
            self.headers["authorization"] = f"Api-Key {key}"

    def call(self, method, path, body=None):
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(Client(), method)(f"/api/v1/{path}", headers=self.headers, **more)


@pytest.fixture
def owner_api(in_acme):
    return Caller("owner")


def member(who, tenant="acme"):
    return Membership.objects.get(user__email=f"{who}@{tenant}.example", tenant__slug=tenant)


def make_key(caller, **fields):
    body = {"name": "Nightly export", "scopes": ["transactions.view"], **fields}
    return caller.call("post", "api-keys/", body)


def test_a_key_opens_what_its_scopes_say_and_nothing_else(owner_api):
    made = make_key(owner_api)
    program = Caller(key=made.json()["key"])

    assert made.status_code == 201
    assert program.call("get", "bank-transactions/").status_code == 200
    assert program.call("get", "invoices/").status_code == 403
    assert program.call("post", "api-keys/", {"name": "x", "scopes": ["transactions.view"]}).status_code == 403
    assert ApiKey.objects.get().last_used_at is not None


def test_a_key_is_shown_once_and_kept_as_a_hash(owner_api):
    key = make_key(owner_api).json()["key"]

    listed = owner_api.call("get", "api-keys/")

    assert key.startswith("pmk_")
    assert len(key) >= 47
    assert key not in listed.content.decode()
    assert [row["last4"] for row in listed.json()["results"]] == [key[-4:]]
    assert key not in str(ApiKey.objects.values())


def test_a_key_of_another_tenant_opens_nothing(owner_api, globex):
    key = make_key(owner_api).json()["key"]

    assert Caller(tenant="globex", key=key).call("get", "bank-transactions/").status_code == 401
    assert ApiKey.objects.get().last_used_at is None


def test_a_revoked_an_expired_and_an_orphaned_key_open_nothing(owner_api):
    made = [make_key(owner_api).json() for _ in range(3)]
    revoked, expired, orphaned = (Caller(key=one["key"]) for one in made)

    assert owner_api.call("delete", f"api-keys/{made[0]['id']}/").status_code == 204
    ApiKey.objects.filter(public_id=made[1]["id"]).update(expires_at=NOW - timedelta(seconds=1))
    assert revoked.call("get", "bank-transactions/").status_code == 401
    assert expired.call("get", "bank-transactions/").status_code == 401
    assert orphaned.call("get", "bank-transactions/").status_code == 200
    member("owner")
    Membership.objects.filter(user__email="owner@acme.example").update(is_active=False)
    assert orphaned.call("get", "bank-transactions/").status_code == 401


def test_a_key_loses_what_its_maker_loses(owner_api):
    program = Caller(key=make_key(owner_api, scopes=["review.view", "settings.change"]).json()["key"])
    Membership.objects.filter(user__email="owner@acme.example").update(
        role=Role.objects.get(code="viewer", tenant=None)
    )

    assert program.call("get", "proposals/").status_code == 200
    assert program.call("get", "auth/me/").json()["permissions"] == ["review.view"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"scopes": []}, "at least one"),
        ({"scopes": ["everything"]}, "Unknown scope"),
        ({"days": 366}, "365"),
        ({"name": " "}, "blank"),
        ({"admin": True}, "not known"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(owner_api, fields, text):
    answer = make_key(owner_api, **fields)

    assert (answer.status_code, ApiKey.objects.count()) == (400, 0)
    assert text in answer.content.decode()


def test_a_key_cannot_make_a_key_or_change_a_member(owner_api):
    program = Caller(key=make_key(owner_api, scopes=["api_keys.change", "members.change"]).json()["key"])

    made = make_key(program, scopes=["members.change"])
    changed = program.call("patch", f"members/{member('viewer').user.public_id}/", {"role": "owner"})

    assert (made.status_code, made.json()["code"], ApiKey.objects.count()) == (403, "step_up_needed", 1)
    assert (changed.status_code, member("viewer").role.code) == (403, "viewer")


@pytest.mark.parametrize("path", ["members/", "roles/", "api-keys/"])
def test_only_an_owner_administers(in_acme, globex, path):
    assert Caller("owner").call("get", path).status_code == 200
    assert Caller("admin").call("get", path).status_code == 403
    assert Caller().call("get", path).status_code == 401


def test_a_colleague_gets_another_role_and_it_counts_at_once(owner_api):
    reviewer = Caller("reviewer")
    person = member("reviewer").user.public_id

    changed = owner_api.call("patch", f"members/{person}/", {"role": "viewer"})

    assert (changed.status_code, changed.json()["role"]) == (200, "viewer")
    assert "review.decide" not in reviewer.call("get", "auth/me/").json()["permissions"]


def test_an_ended_membership_ends_every_session_at_once(owner_api):
    reviewer = Caller("reviewer")

    owner_api.call("patch", f"members/{member('reviewer').user.public_id}/", {"is_active": False})

    assert reviewer.call("get", "auth/me/").status_code == 401


def test_a_member_of_another_tenant_is_not_found(owner_api, globex):
    person = member("reviewer", "globex").user.public_id

    assert owner_api.call("patch", f"members/{person}/", {"role": "owner"}).status_code == 404
    assert member("reviewer", "globex").role.code == "reviewer"


def test_the_last_owner_stays(owner_api):
    person = member("owner").user.public_id

    demoted = owner_api.call("patch", f"members/{person}/", {"role": "viewer"})
    ended = owner_api.call("patch", f"members/{person}/", {"is_active": False})

    assert (demoted.status_code, demoted.json()["code"], ended.status_code) == (409, "last_owner", 409)
    assert (member("owner").role.code, member("owner").is_active) == ("owner", True)


def test_of_two_owners_who_demote_each_other_one_stays(committed_acme):
    owner, viewer = Role.objects.get(code="owner", tenant=None), Role.objects.get(code="viewer", tenant=None)
    Membership.objects.filter(pk=member("admin").pk).update(role=owner)
    refused = []

    def demote(who):
        from tenants import context

        try:
            with context.inside(committed_acme):
                members.change_member(
                    membership=member(who), granted=frozenset(permissions.PERMISSIONS), role=viewer, now=NOW
                )
        except DomainError as error:
            refused.append(error.code)
        finally:
            connection.close()

    try:
        threads = [threading.Thread(target=demote, args=(who,)) for who in ("owner", "admin")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert refused == ["last_owner"]
        assert sorted([member("owner").role.code, member("admin").role.code]) == ["owner", "viewer"]
    finally:
        Membership.objects.filter(pk=member("owner").pk).update(role=owner)
        Membership.objects.filter(pk=member("admin").pk).update(role=Role.objects.get(code="admin", tenant=None))


def test_a_role_of_ones_own_is_made_given_and_deleted_once_unused(owner_api):
    body = {"code": "auditor", "name": "Auditor", "permissions": ["audit.view", "activity.view"]}
    person = member("viewer").user.public_id

    assert owner_api.call("post", "roles/", body).status_code == 201
    assert owner_api.call("patch", f"members/{person}/", {"role": "auditor"}).json()["role"] == "auditor"
    assert Caller("viewer").call("get", "audit-log/").status_code == 200
    assert owner_api.call("delete", "roles/auditor/").status_code == 409
    owner_api.call("patch", f"members/{person}/", {"role": "viewer"})
    assert owner_api.call("delete", "roles/auditor/").status_code == 204
    assert Role.objects.filter(code="auditor").count() == 0


@pytest.mark.parametrize(
    "body",
    [
        {"code": "owner", "name": "Mine", "permissions": ["audit.view"]},
        {"code": "mine", "name": "Mine", "permissions": ["root"]},
        {"code": "mine", "name": "Mine", "permissions": []},
    ],
)
def test_a_role_that_makes_no_sense_is_refused(owner_api, body):
    before = Role.objects.count()

    assert owner_api.call("post", "roles/", body).status_code == 400
    assert (Role.objects.count(), Role.objects.get(code="owner").name) == (before, "Owner")


def test_nobody_gives_a_right_that_they_lack(owner_api):
    owner_api.call(
        "post", "roles/", {"code": "hr", "name": "People", "permissions": ["members.change", "activity.view"]}
    )
    owner_api.call("patch", f"members/{member('viewer').user.public_id}/", {"role": "hr"})
    people = Caller("viewer")

    itself = people.call("patch", f"members/{member('viewer').user.public_id}/", {"role": "owner"})
    another = people.call("patch", f"members/{member('reviewer').user.public_id}/", {"is_active": False})
    role = people.call("post", "roles/", {"code": "x", "name": "X", "permissions": ["settings.change"]})

    assert (itself.status_code, another.status_code, role.status_code) == (403, 403, 403)
    assert (member("viewer").role.code, member("reviewer").is_active) == ("hr", True)


def test_the_table_of_operations_and_roles_is_published(in_acme):
    table = Caller("viewer").call("get", "permissions/").json()

    assert {row["permission"] for row in table} == permissions.PERMISSIONS.keys()
    assert [row["roles"] for row in table if row["permission"] == "review.decide"] == [["reviewer", "admin", "owner"]]


def test_the_lists_need_no_more_queries_for_more_rows(owner_api):
    from django.test.utils import CaptureQueriesContext

    make_key(owner_api)
    with CaptureQueriesContext(connection) as one:
        owner_api.call("get", "api-keys/")
    for _ in range(5):
        make_key(owner_api)
    with CaptureQueriesContext(connection) as six:
        owner_api.call("get", "api-keys/")

    assert len(six) == len(one)
