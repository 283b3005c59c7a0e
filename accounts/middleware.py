"""Binds a browser session to the host it was opened on, and reads membership and permissions once a request."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import permissions, reach
from accounts.browser_sessions import belongs_to, bind, is_alive, realm_of
from accounts.services import second_factor, staff_visits
from payymo.audit import acting
from payymo.audit.acting import Acting
from tenants.middleware import host_of


class TenantSessionMiddleware:
    """A session counts only where it was opened, only for a member, and for seven days at most.

    The request gets `is_staff_host`, `membership` (None for staff) and `permissions` (None outside a tenant and for
    whoever is no member), and `must_set_up` while the role asks for a second factor that is not there.
    A session of another host is flushed: nobody but a thief carries a cookie from one tenant to another.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request as the member, the member of staff, or nobody."""
        request.is_staff_host = host_of(request) == settings.STAFF_HOST
        realm = realm_of(request.tenant, staff=request.is_staff_host)
        request.membership = None
        request.permissions = None
        request.must_set_up = False
        with acting.of(acting.SYSTEM), reach.of(reach.NOTHING):
            self._recognise(request, realm)
            if request.user.is_authenticated:
                kind = "staff" if request.is_staff_host else "person"
                acting.name(Acting(kind, request.user.public_id))
            response = self.get_response(request)
        # What came in was checked above: a session without the mark was opened in this request, on this host.
        if SESSION_KEY in request.session and not belongs_to(request.session, realm):
            bind(request.session, realm, now=timezone.now())
        return response

    def _recognise(self, request: HttpRequest, realm: str) -> None:
        if SESSION_KEY not in request.session:
            request.user = AnonymousUser()
            return
        lifetime = timedelta(seconds=settings.SESSION_SECONDS)
        alive = is_alive(request.session, now=timezone.now(), lifetime=lifetime)
        if not (belongs_to(request.session, realm) and alive):
            request.session.flush()
            request.user = AnonymousUser()
            return
        if not (request.user.is_authenticated and self._admit(request)):
            request.user = AnonymousUser()

    @staticmethod
    def _admit(request: HttpRequest) -> bool:
        if request.is_staff_host:
            if not request.user.is_staff:
                return False
            if request.tenant is not None:
                request.permissions = permissions.permissions_of_staff(request.user, request.tenant, timezone.now())
                reach.name(reach.EVERYTHING)
                if request.permissions:
                    staff_visits.note_entry(session=request.session, tenant=request.tenant, staff=request.user)
            return True
        request.membership = permissions.find_membership(request.user, request.tenant)
        if request.membership is None:
            return False
        request.permissions = permissions.permissions_of_member(request.membership)
        reach.name(permissions.reach_of(request.membership))
        request.must_set_up = second_factor.is_missing(request.membership)
        return True
