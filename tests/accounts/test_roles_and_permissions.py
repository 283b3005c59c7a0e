import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import permissions
from accounts.guards import requires_permission
from accounts.models import Membership, Role
from accounts.permissions import BUILTIN_ROLES, PERMISSIONS, UnknownPermission
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
    reads = ["activity.view", "connections.view", "invoices.view", "overview.view", "review.view", "transactions.view"]

    assert granted["viewer"] == reads
    assert sorted(set(granted["reviewer"]) - set(reads)) == [
        "imports.add", "postings.retry", "review.bulk", "review.decide", "rules.view",
    ]  # fmt: skip
    assert BUILTIN_ROLES["admin"] - BUILTIN_ROLES["reviewer"] == {
        "audit.view", "connections.change", "rules.change", "settings.change",
    }  # fmt: skip
    assert BUILTIN_ROLES["owner"] - BUILTIN_ROLES["admin"] == {"members.change", "api_keys.change"}


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


def _names(user):
    return sorted(permissions.visible_bank_accounts(user, BankAccount.objects.all()).values_list("name", flat=True))


def test_without_a_grant_every_account_is_visible_and_with_one_only_that(in_acme, reviewer, viewer):
    main, _wages = _accounts("main", "wages")

    permissions.grant_bank_account(reviewer, main)

    assert (_names(reviewer), _names(viewer)) == (["main"], ["main", "wages"])
    permissions.withdraw_bank_account(reviewer, main)
    assert _names(reviewer) == ["main", "wages"]


def test_grants_narrow_staff_and_superusers_too(in_acme):
    from accounts.models import User

    staff = User.objects.get(email="staff@payymo.example")
    main, _wages = _accounts("main", "wages")

    permissions.grant_bank_account(staff, main)

    assert _names(staff) == ["main"]


def test_a_grant_of_one_tenant_says_nothing_in_another(acme, globex, reviewer):
    with context.inside(acme):
        [main] = _accounts("main")
        permissions.grant_bank_account(reviewer, main)

    with context.inside(globex):
        _accounts("main", "other")
        assert _names(reviewer) == ["main", "other"]


def test_grants_are_deleted_with_their_account(in_acme, reviewer):
    main, _wages = _accounts("main", "wages")
    permissions.grant_bank_account(reviewer, main)

    permissions.forget_grants(main)

    assert _names(reviewer) == ["main", "wages"]


def test_nobody_sees_an_account(in_acme):
    _accounts("main")

    assert _names(AnonymousUser()) == []


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
