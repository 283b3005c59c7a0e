"""The pages in front of a company: signing in, the links of mails, and what an error shows."""

from dataclasses import replace

import pyotp
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.permissions import permissions_of_role
from accounts.services import invitations, second_factor
from tenants.models import Tenant
from tests.accounts import letters
from tests.conftest import PASSWORD
from tests.dashboard.conftest import ACME, Browser
from tests.dashboard.whole import crawl

STATIC = ("500", "503", "suspended", "secret_off")


def pages(tenant: Tenant, owner: User) -> list[crawl.Page]:
    """Open each of them as a browser of its own. Shape: those of errors have an address that says so."""
    visitor = Browser(ACME, tenant=tenant)
    viewer = Browser(ACME, tenant=tenant, user=User.objects.get(email="viewer@acme.example"))
    found = [
        crawl.opened(visitor, "/login/"),
        crawl.opened(visitor, "/password/forgotten/"),
        _asked_for_a_code(tenant),
        _led_by_a_mail(tenant, _invite(tenant, owner)),
        _led_by_a_mail(tenant, lambda: visitor.post("/password/forgotten/", {"email": owner.email})),
        replace(crawl.opened(visitor, "/invite/", status=410), path="/invite/?over"),
        crawl.opened(viewer, "/nowhere/", status=404),
        replace(crawl.opened(viewer, "/settings/general/", status=403), path="/settings/general/?forbidden"),
    ]
    return found + [
        crawl.Page(f"/{name}.html", name, {"Content-Type": "text/html"}, render_to_string(f"{name}.html").encode())
        for name in STATIC
    ]


def _asked_for_a_code(tenant: Tenant) -> crawl.Page:
    admin = User.objects.get(email="admin@acme.example")
    app = pyotp.TOTP(second_factor.begin(user=admin, issuer="Payymo").secret)
    second_factor.confirm(user=admin, tenant=None, code=app.now(), now=timezone.now())
    client = Browser(ACME, tenant=tenant)
    client.post("/login/", {"email": admin.email, "password": PASSWORD})
    return crawl.opened(client, "/2fa/")


def _invite(tenant: Tenant, owner: User):
    role = Role.objects.get(tenant=None, code="reviewer")
    granted = permissions_of_role(Membership.objects.get(user=owner, tenant=tenant).role)
    return lambda: invitations.invite(
        tenant=tenant, email="nea@acme.example", role=role, invited_by=owner, granted=granted, now=timezone.now()
    )


def _led_by_a_mail(tenant: Tenant, ask) -> crawl.Page:
    ask()
    client: Client = Browser(ACME, tenant=tenant)
    return crawl.opened(client, client.get(letters.link_of())["Location"])
