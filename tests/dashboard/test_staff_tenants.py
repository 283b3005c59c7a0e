"""The staff console's page of a tenant: stopping it and serving it again."""

import uuid
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from accounts.models import User
from tenants import licence_keys
from tenants.models import Licence, Tenant
from tests.dashboard.conftest import ACME, STAFF, Browser


@pytest.fixture
def as_staff(in_acme):
    staff = User.objects.get(email="staff@payymo.example")
    return Browser(STAFF, tenant=in_acme, user=staff, is_staff_host=True)


def path(tenant, act=""):
    return f"/admin/tenants/tenant/{tenant.pk}/{f'act/{act}/' if act else 'change/'}"


def state(tenant):
    return Tenant.objects.get(pk=tenant.pk).state


def test_staff_suspends_and_resumes_by_writing_the_short_name(as_staff, in_acme):
    page = as_staff.get(path(in_acme))
    assert b"Write acme to confirm" in page.content

    assert as_staff.post(path(in_acme, "suspend"), {"confirm": "acme"}).status_code == 303
    assert state(in_acme) == "suspended"

    as_staff.post(path(in_acme, "resume"), {"confirm": "acme"})
    assert state(in_acme) == "active"


@pytest.mark.parametrize("written", ["", "globex", "ACME"])
def test_without_the_short_name_nothing_is_done(as_staff, in_acme, written):
    as_staff.post(path(in_acme, "suspend"), {"confirm": written})

    assert state(in_acme) == "active"


def test_reading_the_address_does_nothing(as_staff, in_acme):
    assert as_staff.get(path(in_acme, "suspend")).status_code == 405
    assert state(in_acme) == "active"


@pytest.mark.parametrize("act", ["destroy", "delete", "active"])
def test_an_unknown_act_is_refused(as_staff, in_acme, act):
    assert as_staff.post(path(in_acme, act), {"confirm": "acme"}).status_code in (403, 404)
    assert state(in_acme) == "active"


def test_staff_without_every_right_may_look_and_not_act(in_acme):
    User.objects.filter(email="staff@payymo.example").update(is_superuser=False)
    browser = Browser(STAFF, tenant=in_acme, user=User.objects.get(email="staff@payymo.example"), is_staff_host=True)

    page = browser.get(path(in_acme))

    assert (page.status_code, b"to confirm" in page.content) == (200, False)
    assert browser.post(path(in_acme, "suspend"), {"confirm": "acme"}).status_code == 403
    assert state(in_acme) == "active"


def test_a_tenants_owner_reaches_none_of_it(in_acme, owner):
    assert (
        Browser(ACME, tenant=in_acme, user=owner).post(path(in_acme, "suspend"), {"confirm": "acme"}).status_code == 404
    )
    on_staff_host = Browser(STAFF, tenant=in_acme, user=owner, is_staff_host=True)
    assert on_staff_host.post(path(in_acme, "suspend"), {"confirm": "acme"}).status_code == 302
    assert state(in_acme) == "active"


@pytest.fixture
def seller(settings):
    key = Ed25519PrivateKey.generate()
    settings.LICENSE_PUBLIC_KEYS = [key.public_key().public_bytes_raw()]
    return key


def licence_for(tenant, seller, **more):
    begin = timezone.now() - timedelta(minutes=1)
    terms = licence_keys.Terms(
        licence_id=str(uuid.uuid4()), tenant=str(tenant.public_id), plan="standard",
        issued_at=licence_keys.iso(begin), expires_at=licence_keys.iso(begin + timedelta(days=30)), **more,
    )  # fmt: skip
    return licence_keys.sign(terms, seller)


def test_staff_installs_a_licence_and_the_tenants_settings_show_it(as_staff, as_owner, in_acme, seller):
    before = as_owner.get("/settings/licence/")
    assert b"No licence is installed" in before.content

    answer = as_staff.post(
        "/admin/tenants/licence/add/", {"tenant": in_acme.pk, "key": licence_for(in_acme, seller, users=7)}
    )

    assert answer.status_code == 302, answer.content
    assert Licence.objects.get().tenant == in_acme
    page = as_owner.get("/settings/licence/").content.decode()
    assert "at most 7" in page
    assert str(in_acme.public_id) in page
    assert as_staff.get("/admin/tenants/licence/").status_code == 200
    assert as_staff.get(f"/admin/tenants/licence/{Licence.objects.get().pk}/change/").status_code == 200
    assert as_staff.get("/admin/tenants/licencecheck/").status_code == 200


def test_a_licence_of_another_company_is_refused_on_the_form(as_staff, in_acme, globex, seller):
    answer = as_staff.post("/admin/tenants/licence/add/", {"tenant": in_acme.pk, "key": licence_for(globex, seller)})

    assert (answer.status_code, b"for another company" in answer.content) == (200, True)
    assert Licence.objects.count() == 0


def test_a_viewer_does_not_see_the_licence(as_viewer, in_acme):
    assert as_viewer.get("/settings/licence/").status_code == 403
