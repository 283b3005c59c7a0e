"""From the host to the tenant."""

import re
from collections.abc import Callable

from csp.constants import SELF
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.template.loader import get_template
from django.urls import get_script_prefix, set_script_prefix, set_urlconf
from django.utils import timezone, translation
from django.utils.translation import gettext

from tenants import context, unavailable
from tenants.models import Tenant

# In the order in which a row is made of them.
_FIELDS = [field.attname for field in Tenant._meta.concrete_fields]
_TENANT_AT = (
    "SELECT {fields} FROM tenants_tenant tenant JOIN tenants_domain host ON tenant_id = tenant.id WHERE domain = %s"
)
_TENANT_AT = _TENANT_AT.format(fields=", ".join(f"tenant.{name}" for name in _FIELDS))
_STAFF_TENANT_PATH = re.compile(r"^/admin/t/(?P<slug>[a-z0-9-]{1,40})(?P<rest>/.*)$")


def host_of(request: HttpRequest) -> str:
    """Return the host without port, in lower case; forwarded headers are not read."""
    return request.META.get("HTTP_HOST", "").rsplit("@", 1)[-1].split(":")[0].rstrip(".").lower()


def tenant_at(host: str) -> Tenant | None:
    """Read the tenant whose stored domain equals the host.

    A plain statement: it is asked at every request, and Django would take longer to write it than the server to answer.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TENANT_AT, [host])
        row = cursor.fetchone()
        return Tenant.from_db(connection.alias, _FIELDS, row) if row else None


def _no_access(request: HttpRequest) -> HttpResponse:
    """Answer staff that is not let in; a page that is still open shows the sentence beside what was tried."""
    with translation.override(translation.get_language_from_request(request)):
        if request.headers.get("HX-Request"):
            text = gettext("Support access to this company has ended. Nothing was saved.")
            return HttpResponseForbidden(text, content_type="text/plain; charset=utf-8")
        page = get_template("no_access.html").render({"reference": getattr(request, "request_id", "")})
        return HttpResponseNotFound(page)


class TenantHostMiddleware:
    """Enter the schema of the tenant whose stored domain equals the host; anything else is 404.

    On the staff host a path `/admin/t/<tenant>/...` enters that tenant, if it grants support access now; who may use it
    is decided by the admin site itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request inside its tenant."""
        host = host_of(request)
        request.is_staff_host = host == settings.STAFF_HOST
        context.leave()
        prefix = get_script_prefix()
        try:
            if request.is_staff_host:
                return self._serve_staff(request)
            tenant = tenant_at(host)
            if tenant is None:
                if request.path == "/health/live":
                    return HttpResponse("ok", content_type="text/plain")
                return HttpResponseNotFound("No such host.", content_type="text/plain")
            instead = unavailable.answer_for(request, tenant)
            if instead is not None:
                return instead
            request.tenant = tenant
            context.enter_for_request(tenant)
            return self.get_response(request)
        finally:
            # Addresses made later in this thread, in a task for example, are not below a tenant's part of the console.
            set_script_prefix(prefix)
            set_urlconf(None)
            context.leave()

    def _serve_staff(self, request: HttpRequest) -> HttpResponse:
        request.tenant = None
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        set_urlconf(settings.PUBLIC_SCHEMA_URLCONF)
        if found := _STAFF_TENANT_PATH.match(request.path_info):
            tenant = Tenant.objects.filter(slug=found["slug"], state=Tenant.State.ACTIVE).first()
            if tenant is None or not tenant.support_access_until or tenant.support_access_until < timezone.now():
                return _no_access(request)
            instead = unavailable.answer_for(request, tenant)
            if instead is not None:
                return instead
            request.tenant = tenant
            request.urlconf = "payymo.urls_staff_tenant"
            set_urlconf(request.urlconf)
            prefix = f"/admin/t/{tenant.slug}"
            set_script_prefix(prefix)
            request.META["SCRIPT_NAME"] = prefix
            request.path_info = found["rest"]
            context.enter_for_request(tenant)
        response = self.get_response(request)
        # These pages are Django's own: their scripts are files of this host, without a nonce.
        response._csp_update = {"script-src": [SELF]}  # type: ignore[attr-defined]
        return response
