"""Binds a browser session to the host it was opened on, and reads membership and permissions once a request."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation

from accounts import permissions, reach
from accounts.models import Session
from accounts.services import agents, browser_sessions, second_factor, sessions, staff_visits
from accounts.services.client_address import client_address
from payymo.audit import acting
from payymo.audit.acting import Acting
from tenants.middleware import host_of


class TenantSessionMiddleware:
    """A session counts only where it was opened, only for a member, for twelve unused hours and seven days at most.

    The request gets `is_staff_host`, `membership` (None for staff) and `permissions` (None outside a tenant and for
    whoever is no member), `browser_session` (its row), and `must_set_up` while the member has no second factor and
    everybody needs one.
    A session of another host is flushed: nobody but a thief carries a cookie from one tenant to another.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request as the member, the member of staff, or nobody."""
        request.is_staff_host = host_of(request) == settings.STAFF_HOST
        request.membership = None
        request.permissions = None
        request.browser_session = None
        request.must_set_up = False
        with acting.of(acting.SYSTEM), reach.of(reach.NOTHING):
            self._recognise(request)
            if request.user.is_authenticated:
                kind = "staff" if request.is_staff_host else "person"
                acting.name(Acting(kind, request.user.public_id))
                _speak(request)
            response = _to_the_door(request) or self.get_response(request)
        self._follow(request)
        return response

    @staticmethod
    def _follow(request: HttpRequest) -> None:
        """Open a row for whoever signed in during this request, and end the row of whoever signed out."""
        row, now = request.browser_session, timezone.now()
        if row is not None and not browser_sessions.is_row_of(request.session, row):
            sessions.end(Session.objects.filter(pk=row.pk), reason="signed_out", now=now)
        # What came in was checked: a session without a row was opened in this request, on this host.
        if SESSION_KEY in request.session and not browser_sessions.is_bound(request.session):
            browser_sessions.begin(
                request.session,
                user=request.user,
                tenant=request.tenant,
                staff=request.is_staff_host,
                agent=agents.name_of(request.headers.get("User-Agent", "")),
                address=client_address(request),
                now=now,
            )

    def _recognise(self, request: HttpRequest) -> None:
        if SESSION_KEY not in request.session:
            request.user = AnonymousUser()
            return
        now = timezone.now()
        realm = browser_sessions.realm_of(request.tenant, staff=request.is_staff_host)
        if request.user.is_authenticated:
            request.browser_session = browser_sessions.find(request.session, user=request.user, realm=realm, now=now)
        if request.browser_session is None:
            browser_sessions.end_row_of(request.session, reason="refused", now=now)
            request.session.flush()
            request.user = AnonymousUser()
        elif not self._admit(request):
            request.user = AnonymousUser()

    @staticmethod
    def _admit(request: HttpRequest) -> bool:
        if request.is_staff_host:
            if not request.user.is_staff:
                return False
            if request.tenant is not None:
                request.permissions = permissions.permissions_of_staff(request.user, request.tenant, timezone.now())
                reach.name(reach.EVERYTHING)
            return True
        request.membership = permissions.find_membership(request.user, request.tenant)
        if request.membership is None:
            return False
        request.permissions = permissions.permissions_of_member(request.membership)
        reach.name(permissions.reach_of(request.membership))
        request.must_set_up = second_factor.is_missing(request.membership)
        return True


def _to_the_door(request: HttpRequest) -> HttpResponse | None:
    """Send staff that is in no tenant yet to the page that asks for the reason; None for everybody else."""
    if not (request.is_staff_host and request.tenant and request.permissions):
        return None
    door = reverse("admin:enter")
    if request.path == door or staff_visits.is_inside(session=request.session, tenant=request.tenant):
        return None
    return HttpResponseRedirect(f"{door}?{urlencode({'next': request.path})}", status=303)


def _speak(request: HttpRequest) -> None:
    """Answer in the language that the person chose, whatever the browser says; `LanguageMiddleware` ends it."""
    if request.user.language:
        translation.activate(request.user.language)
        request.LANGUAGE_CODE = translation.get_language()
