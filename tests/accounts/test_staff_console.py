from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.admin.sites import AdminSite
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from accounts import admin
from accounts.forms import StaffSignInForm
from accounts.models import Membership, Role, SecurityEvent, User
from tests.accounts.conftest import PASSWORD

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
STAFF = "staff@payymo.example"


@pytest.fixture
def request_(db):
    request = RequestFactory().post("/admin/login/")
    request.session = SessionStore()
    request.tenant = None
    return request


def _form(request, password, email=STAFF):
    return StaffSignInForm(request, data={"username": email, "password": password})


def test_staff_sign_in_is_recorded(acme, request_):
    form = _form(request_, PASSWORD)

    assert form.is_valid()
    assert form.get_user().email == STAFF
    assert list(SecurityEvent.objects.values_list("kind", "tenant")) == [("staff_signed_in", None)]


@pytest.mark.parametrize("email", [STAFF, "owner@acme.example", "nobody@payymo.example"])
def test_guessing_at_staff_accounts_is_limited_too(acme, request_, email):
    with time_machine.travel(START, tick=False):
        for _ in range(5):
            assert "staff account" in str(_form(request_, "wrong", email).errors)

        sixth = _form(request_, PASSWORD, email)

        assert "Too many sign-in attempts" in str(sixth.errors)
    assert set(SecurityEvent.objects.values_list("kind", flat=True)) == {"staff_sign_in_refused"}


def test_an_empty_form_counts_nothing(acme, request_):
    assert not _form(request_, "").is_valid()
    assert SecurityEvent.objects.count() == 0


def _as(request, email):
    request.user = User.objects.get(email=email)
    return request


def test_no_password_and_no_superuser_flag_is_shown_or_set(acme, request_):
    fields = admin.UserAdmin(User, AdminSite()).get_fields(_as(request_, STAFF))

    assert not {"password", "is_superuser", "groups", "user_permissions"} & set(fields)


def test_only_a_superuser_says_who_is_staff(acme, request_):
    site = admin.UserAdmin(User, AdminSite())
    member, superuser = User.objects.get(email="owner@acme.example"), User.objects.get(email=STAFF)
    helper = User.objects.create_user("helper@payymo.example", PASSWORD, is_staff=True)

    assert "is_staff" not in site.get_readonly_fields(_as(request_, STAFF), member)
    assert "is_staff" in site.get_readonly_fields(_as(request_, helper.email), member)
    assert set(site.get_readonly_fields(request_, superuser)) == set(site.fields)


def test_nobody_adds_or_deletes_people_roles_or_memberships_there(acme, request_):
    request = _as(request_, STAFF)

    for model, cls in ((User, admin.UserAdmin), (Role, admin.RoleAdmin), (Membership, admin.MembershipAdmin)):
        site = cls(model, AdminSite())
        assert (site.has_add_permission(request), site.has_delete_permission(request)) == (False, False)


def test_a_membership_is_offered_the_builtin_roles_and_those_of_its_own_tenant(acme, globex, request_):
    own = Role.objects.create(tenant=acme, code="own", name="Own")
    foreign = Role.objects.create(tenant=globex, code="foreign", name="Foreign")
    membership = Membership.objects.filter(tenant=acme).first()
    request_.resolver_match = type("Match", (), {"kwargs": {"object_id": str(membership.pk)}})

    offered = set(admin.MembershipAdmin._roles(request_))

    assert own in offered
    assert foreign not in offered
    assert {"viewer", "reviewer", "admin", "owner"} <= {role.code for role in offered}
