import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.models import UserObjectPermission

from accounts import permissions, reach
from accounts.guards import requires_permission
from accounts.models import Membership, Role
from accounts.permissions import BUILTIN_ROLES, PERMISSIONS, UnknownPermission
from accounts.reach import Reach
from accounts.services import members
from banking.models import BankAccount
from payymo.shared.errors import NotAllowed
from tenants import context
from tenants.models import Tenant

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_each_role_holds_everything_of_the_one_before():
    viewer, reviewer, admin, owner = BUILTIN_ROLES.values()

    assert list(BUILTIN_ROLES) == ["viewer", "reviewer", "admin", "owner"]
    assert viewer < reviewer < admin < owner == PERMISSIONS.keys()


def test_the_table_of_roles_is_the_published_one():
    granted = {code: sorted(codenames) for code, codenames in BUILTIN_ROLES.items()}
    reads = [
        "activity.view", "connections.view", "invoices.view", "overview.view", "reports.view", "review.view",
        "transactions.view",
    ]  # fmt: skip

    assert granted["viewer"] == reads
    assert sorted(set(granted["reviewer"]) - set(reads)) == [
        "imports.add", "postings.retry", "review.bulk", "review.decide", "rules.view",
    ]  # fmt: skip
    assert BUILTIN_ROLES["admin"] - BUILTIN_ROLES["reviewer"] == {
        "audit.view", "connections.change", "rules.change", "settings.change",
    }  # fmt: skip
    assert BUILTIN_ROLES["owner"] - BUILTIN_ROLES["admin"] == {
        "members.change", "api_keys.change", "persons.erase", "company.export", "addon_module.act",
    }  # fmt: skip


def test_the_rows_of_the_builtin_roles_equal_the_table(acme):
    rows = dict(Role.objects.filter(tenant=None).values_list("code", "permissions"))

    assert {code: frozenset(codenames) for code, codenames in rows.items()} == dict(BUILTIN_ROLES)


def test_syncing_the_roles_again_changes_no_row_and_repairs_a_changed_one(acme):
    before = dict(Role.objects.values_list("code", "pk"))
    Role.objects.filter(code="viewer", tenant=None).update(permissions=["members.change"])

    permissions.sync_builtin_roles()

    assert dict(Role.objects.values_list("code", "pk")) == before
    assert frozenset(Role.objects.get(code="viewer", tenant=None).permissions) == BUILTIN_ROLES["viewer"]


def test_permissions_are_read_by_one_query(acme, reviewer):
    with CaptureQueriesContext(connection) as queries:
        found = permissions.permissions_of(reviewer, acme)

    asked = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    assert (found, len(asked)) == (BUILTIN_ROLES["reviewer"], 1)


def test_a_stranger_and_nobody_may_do_nothing(acme, stranger):
    assert permissions.permissions_of(stranger, acme) == frozenset()
    assert permissions.permissions_of(AnonymousUser(), acme) == frozenset()


@pytest.mark.parametrize("ended", ["membership", "user", "tenant"])
def test_whatever_ends_takes_every_permission_at_once(acme, reviewer, ended):
    if ended == "membership":
        Membership.objects.filter(user=reviewer, tenant=acme).update(is_active=False)
    elif ended == "user":
        type(reviewer).objects.filter(pk=reviewer.pk).update(is_active=False)
    else:
        Tenant.objects.filter(pk=acme.pk).update(state=Tenant.State.SUSPENDED)

    assert permissions.permissions_of(reviewer, acme) == frozenset()


def test_a_role_of_another_tenant_gives_nothing(acme, globex, reviewer):
    foreign = Role.objects.create(tenant=globex, code="all", name="All", permissions=sorted(PERMISSIONS))
    Membership.objects.filter(user=reviewer, tenant=acme).update(role=foreign)

    assert permissions.permissions_of(reviewer, acme) == frozenset()


def test_a_role_of_the_tenants_own_gives_only_known_permissions(acme, reviewer):
    own = Role.objects.create(tenant=acme, code="own", name="Own", permissions=["review.view", "no.such_right"])
    Membership.objects.filter(user=reviewer, tenant=acme).update(role=own)

    assert permissions.permissions_of(reviewer, acme) == {"review.view"}


def test_require_refuses_in_words_and_passes_silently(acme, viewer, reviewer):
    permissions.require(reviewer, acme, "review.decide")

    with pytest.raises(NotAllowed, match="Approve, reject, split"):
        permissions.require(viewer, acme, "review.decide")


def test_a_misspelt_permission_is_an_error_when_the_code_is_loaded(acme, owner):
    with pytest.raises(UnknownPermission):
        permissions.require(owner, acme, "review.decided")
    with pytest.raises(UnknownPermission):
        requires_permission("reviews.view")


def test_staff_act_as_reviewers_only_while_the_tenant_grants_it(acme, owner):
    staff = type(owner).objects.get(email="staff@payymo.example")
    assert permissions.permissions_of_staff(staff, acme, NOW) == frozenset()

    Tenant.objects.filter(pk=acme.pk).update(support_access_until=NOW + timedelta(minutes=1))

    assert permissions.permissions_of_staff(staff, acme, NOW) == BUILTIN_ROLES["reviewer"]
    assert permissions.permissions_of_staff(staff, acme, NOW + timedelta(minutes=2)) == frozenset()
    assert permissions.permissions_of_staff(owner, acme, NOW) == frozenset()
    assert permissions.permissions_of(staff, acme) == frozenset()


def _accounts(*keys):
    return [BankAccount.objects.create(stable_key=key, currency="EUR", name=key) for key in keys]


def _limited(user, tenant, accounts):
    membership = Membership.objects.get(user=user, tenant=tenant)
    return members.limit_member(membership=membership, granted=frozenset(PERMISSIONS), accounts=accounts)


def test_an_unlimited_member_reaches_everything_without_a_query(in_acme, reviewer):
    membership = permissions.find_membership(reviewer, in_acme)

    with CaptureQueriesContext(connection) as queries:
        found = permissions.reach_of(membership)

    assert (found, len(queries)) == (reach.EVERYTHING, 0)


def test_a_limited_member_reaches_the_granted_accounts_and_others_all(in_acme, reviewer, viewer):
    main, _wages = _accounts("main", "wages")

    row = _limited(reviewer, in_acme, [main])

    assert permissions.reach_of(row) == Reach(frozenset({main.pk}))
    assert permissions.reach_of(permissions.find_membership(viewer, in_acme)) == reach.EVERYTHING


def test_without_any_account_a_limited_member_reaches_nothing(in_acme, reviewer):
    _accounts("main")

    assert permissions.reach_of(_limited(reviewer, in_acme, [])) == reach.NOTHING


def test_grants_are_deleted_with_their_account_and_the_limit_stays(in_acme, reviewer):
    main, _wages = _accounts("main", "wages")
    row = _limited(reviewer, in_acme, [main])

    main.delete()

    assert UserObjectPermission.objects.count() == 0
    assert permissions.reach_of(row) == reach.NOTHING


def test_a_limit_leaves_only_acts_on_single_payments(in_acme, reviewer):
    row = _limited(reviewer, in_acme, [])

    assert permissions.permissions_of_member(row) == {
        "overview.view", "review.view", "review.decide", "review.bulk", "transactions.view", "invoices.view",
        "activity.view", "postings.retry",
    }  # fmt: skip
    assert permissions.permissions_of(reviewer, in_acme) == permissions.permissions_of_member(row)


def test_a_limit_of_one_tenant_says_nothing_in_another(acme, globex, reviewer):
    role = Role.objects.get(code="reviewer", tenant=None)
    elsewhere = Membership.objects.create(user=reviewer, tenant=globex, role=role)
    with context.inside(acme):
        _limited(reviewer, acme, _accounts("main"))

    with context.inside(globex):
        assert permissions.reach_of(elsewhere) == reach.EVERYTHING
        assert UserObjectPermission.objects.count() == 0


def test_an_owner_is_not_limited_and_a_limited_member_is_not_made_owner(in_acme, owner, reviewer):
    row = _limited(reviewer, in_acme, [])

    with pytest.raises(members.NotLimitable):
        _limited(owner, in_acme, [])
    with pytest.raises(members.NotLimitable):
        members.change_member(
            membership=row, granted=frozenset(PERMISSIONS), role=Role.objects.get(code="owner", tenant=None), now=NOW
        )

    assert not Membership.objects.get(user=owner, tenant=in_acme).is_limited
    assert Membership.objects.get(pk=row.pk).role.code == "reviewer"


def test_nobody_limits_a_member_who_may_do_more(in_acme, reviewer):
    membership = Membership.objects.get(user__email="admin@acme.example", tenant=in_acme)

    with pytest.raises(NotAllowed, match=r"settings\.change"):
        members.limit_member(membership=membership, granted=BUILTIN_ROLES["reviewer"], accounts=[])

    assert not Membership.objects.get(pk=membership.pk).is_limited


def test_the_api_gives_401_to_nobody_403_to_a_colleague_and_passes_the_owner(acme_api):
    viewer = acme_api.sign_in("viewer@acme.example")["access"]
    owner = acme_api.sign_in("owner@acme.example")["access"]

    nobody = acme_api.get("probe/connections/")
    reading = acme_api.get("probe/connections/", token=viewer)
    writing = acme_api.post("probe/connections/", {}, token=viewer)
    allowed = acme_api.post("probe/connections/", {}, token=owner)

    assert (nobody.status_code, nobody["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    assert reading.json() == {"may": sorted(BUILTIN_ROLES["viewer"])}
    assert (writing.status_code, writing["Content-Type"]) == (403, "application/problem+json")
    assert json.loads(writing.content)["title"] == "Not allowed"
    assert allowed.status_code == 204
