"""A person who leaves: nothing opens any more, in any tenant, and nobody else loses anything."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from guardian.models import UserObjectPermission

from accounts import permissions
from accounts.models import Membership, Role, Session, User
from accounts.services import sessions
from accounts.services.members import LastOwner
from accounts.services.removal import remove_user
from tenants import context
from tenants.models import Tenant
from tests.conftest import PASSWORD
from tests.factories import rows

NOW = datetime.now(UTC)


@pytest.fixture
def leaver(acme, globex):
    """A reviewer of two tenants with a grant in each and a session in one."""
    user = User.objects.create_user("leaver@acme.example", PASSWORD, name="Lea")
    role = Role.objects.get(code="reviewer", tenant=None)
    for tenant in (acme, globex):
        membership = Membership.objects.create(user=user, tenant=tenant, role=role)
        with context.inside(tenant):
            permissions.replace_grants(user, [rows.account()])
    sessions.open_session(membership=membership, now=NOW)
    return user


def grants(tenant):
    with context.inside(tenant, suspended_too=True):
        return UserObjectPermission.objects.count()


def test_everything_that_opened_something_is_gone_and_the_row_stays(acme, globex, leaver):
    assert remove_user(user=leaver, now=NOW) == 2

    row = User.objects.get(email="leaver@acme.example")
    assert (row.is_active, row.has_usable_password(), row.name) == (False, False, "Lea")
    assert not Membership.objects.filter(user=row).exists()
    assert not Session.objects.filter(user=row, revoked_at=None).exists()
    assert (grants(acme), grants(globex)) == (0, 0)


def test_grants_in_a_suspended_tenant_go_too(acme, globex, leaver):
    Tenant.objects.filter(pk=globex.pk).update(state=Tenant.State.SUSPENDED)
    globex.refresh_from_db()

    remove_user(user=leaver, now=NOW)

    assert grants(globex) == 0


def test_what_others_hold_stays(acme, globex, leaver, reviewer):
    with context.inside(acme):
        permissions.replace_grants(reviewer, [rows.account()])
    before = Membership.objects.exclude(user=leaver).count()

    remove_user(user=leaver, now=NOW)

    assert (grants(acme), Membership.objects.count()) == (1, before)


def test_the_only_owner_stays_and_nothing_is_changed(acme, owner):
    with pytest.raises(LastOwner, match="acme"):
        remove_user(user=owner, now=NOW)

    owner.refresh_from_db()
    assert owner.is_active
    assert Membership.objects.filter(user=owner, is_active=True).count() == 1


def test_doing_it_again_changes_nothing(leaver):
    remove_user(user=leaver, now=NOW)

    assert remove_user(user=leaver, now=NOW) == 0


def test_the_command_removes_and_names_what_it_cannot_do(leaver, capsys):
    call_command("remove_user", " Leaver@acme.example ")
    assert "Removed from 2 tenants" in capsys.readouterr().out

    with pytest.raises(CommandError, match="no user"):
        call_command("remove_user", "nobody@acme.example")
    with pytest.raises(CommandError, match="owner first"):
        call_command("remove_user", "owner@acme.example")
