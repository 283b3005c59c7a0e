"""Browsers of acme's people, of a stranger and of staff, each on its own host."""

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.services import browser_sessions
from tenants import context

ACME = "acme.localhost"
STAFF = "admin.localhost"


class Browser(Client):
    """A browser on one host. After each answer the test is inside acme again, where it looks at rows."""

    def __init__(self, host, *, tenant, user=None, is_staff_host=False):
        super().__init__(HTTP_HOST=host)
        self.tenant = tenant
        if user is not None:
            self.force_login(user)
            session = self.session
            browser_sessions.begin(session, user=user, tenant=tenant, staff=is_staff_host, now=timezone.now())
            session.save()

    def request(self, **request):
        try:
            return super().request(**request)
        finally:
            context.enter_for_request(self.tenant)

    def whole(self, path):
        """Get a page, and of an address that has only a part of one, the part."""
        return self.get(path, headers={"X-Payymo-Part": "any"})

    def fragment(self, method, path, data=None):
        return getattr(self, method)(path, data or {}, headers={"HX-Request": "true"})


@pytest.fixture
def anonymous(in_acme):
    return Browser(ACME, tenant=in_acme)


@pytest.fixture
def as_viewer(in_acme, viewer):
    return Browser(ACME, tenant=in_acme, user=viewer)


@pytest.fixture
def as_reviewer(in_acme, reviewer):
    return Browser(ACME, tenant=in_acme, user=reviewer)


@pytest.fixture
def as_owner(in_acme, owner):
    return Browser(ACME, tenant=in_acme, user=owner)


@pytest.fixture
def as_admin(in_acme):
    return Browser(ACME, tenant=in_acme, user=User.objects.get(email="admin@acme.example"))


@pytest.fixture
def queries_of():
    """Count the queries of a call; a request empties Django's own log when it begins, so it is counted here."""

    def count(call):
        found = 0

        def counted(execute, sql, params, many, of):
            nonlocal found
            found += 1
            return execute(sql, params, many, of)

        with connection.execute_wrapper(counted):
            call()
        return found

    return count


@pytest.fixture
def every_page():
    """Read a list to its end; return the rows of all pages."""

    def read(browser, path):
        found = []
        while path:
            page = browser.get(path).context["page"]
            found += page.rows
            path = page.pager.next_url
        return found

    return read


@pytest.fixture
def as_newcomer(in_acme):
    """A colleague whose role includes nothing."""
    role = Role.objects.create(tenant=in_acme, code="none", name="Newcomer", permissions=[])
    user = User.objects.create_user("newcomer@acme.example", "correct horse battery", name="New")
    Membership.objects.create(user=user, tenant=in_acme, role=role, is_active=True)
    return Browser(ACME, tenant=in_acme, user=user)
