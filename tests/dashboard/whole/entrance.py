"""The pages in front of a company: signing in, the links of mails, and what an error shows."""

from dataclasses import replace

import pyotp
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.permissions import permissions_of_role
from accounts.services import invitations, passkeys, second_factor
from tenants.models import Tenant
from tests.accounts import letters
from tests.accounts.authenticator import Authenticator
from tests.conftest import PASSWORD
from tests.dashboard.conftest import ACME, STAFF, Browser
from tests.dashboard.whole import crawl

STATIC = ("500", "503", "suspended", "secret_off")
# What the product says in words of its own where it can; these are for whoever sends what no page sends.
RARE = ("400", "409", "413", "429")


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
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    said = {f"/{name}.html": render_to_string(f"{name}.html") for name in STATIC}
    said |= {f"/?{name}": render_to_string(f"{name}.html", {}, request) for name in RARE}
    return found + [crawl.Page(path, path, {"Content-Type": "text/html"}, text.encode()) for path, text in said.items()]


def staff_pages(tenant: Tenant, staff: User) -> list[crawl.Page]:
    """Open those of the staff host, from its sign-in to the sign-out."""
    visitor = Browser(STAFF, tenant=tenant)
    member = Browser(STAFF, tenant=tenant, user=staff, is_staff_host=True)
    found = [crawl.opened(visitor, "/admin/login/"), crawl.opened(member, "/admin/nowhere/", status=404)]
    gone = member.post("/admin/logout/")
    _with_a_passkey(staff)
    visitor.post("/admin/login/", {"username": staff.email, "password": PASSWORD})
    found.append(crawl.opened(visitor, "/admin/login/second/"))
    headers = {name: value for name, value in gone.headers.items() if name != "Clear-Site-Data"}
    return [*found, crawl.Page("/admin/logout/", "admin/logout/", headers, gone.content)]


def _with_a_passkey(staff: User) -> None:
    place, now = passkeys.Place(STAFF, "k" * 32), timezone.now()
    options = passkeys.begin_adding(user=staff, tenant=None, place=place, now=now)
    answer = Authenticator(origin=f"http://{STAFF}:8000").create(options)
    passkeys.add(user=staff, tenant=None, place=place, answer=answer, name="Κλειδί", now=now)


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
