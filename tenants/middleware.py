"""From the host to the tenant."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import get_script_prefix, set_script_prefix, set_urlconf
from django.utils import timezone

from tenants import context, unavailable
from tenants.models import Domain, Tenant

_STAFF_TENANT_PATH = re.compile(r"^/admin/t/(?P<slug>[a-z0-9-]{1,40})(?P<rest>/.*)$")


def host_of(request: HttpRequest) -> str:
    """Return the host without port, in lower case; forwarded headers are not read."""
    return request.META.get("HTTP_HOST", "").rsplit("@", 1)[-1].split(":")[0].rstrip(".").lower()


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
            domain = Domain.objects.select_related("tenant").filter(domain=host).first()
            if domain is None:
                if request.path == "/health/live":
                    return HttpResponse("ok", content_type="text/plain")
                return HttpResponseNotFound("No such host.", content_type="text/plain")
            instead = unavailable.answer_for(request, domain.tenant)
            if instead is not None:
                return instead
            request.tenant = domain.tenant
            context.enter_for_request(domain.tenant)
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
                return HttpResponseNotFound("This tenant grants no support access now.", content_type="text/plain")
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
        return self.get_response(request)
