"""What a host answers while its tenant is not served."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils import translation

from payymo.shared.api.errors import problem_json
from tenants import release
from tenants.models import Tenant

_SUSPENDED = "This account is suspended. Nothing is lost; ask Payymo's support."
_UPDATING = "Payymo is being updated for this account. Nothing is lost; try again in a minute."
_PROGRAMS = ("/api/", "/.well-known/", "/metrics")
_RETRY_SECONDS = 60


def answer_for(request: HttpRequest, tenant: Tenant) -> HttpResponse | None:
    """Return the answer in the tenant's place, or None when it is served.

    Shape: 503 as problem+json to programs and as a page to people; a provider's webhook is sent again later.
    """
    if not tenant.is_active:
        return _answer(request, _SUSPENDED, "tenant_suspended", "suspended.html")
    if tenant.schema_head != release.head():
        response = _answer(request, _UPDATING, "tenant_updating", "503.html")
        response["Retry-After"] = str(_RETRY_SECONDS)
        return response
    return None


def _answer(request: HttpRequest, text: str, code: str, template: str) -> HttpResponse:
    if request.path_info.startswith(_PROGRAMS):
        response = problem_json(request, 503, text, code=code)
    else:
        reference = {"reference": getattr(request, "request_id", "")}
        with translation.override(translation.get_language_from_request(request)):
            response = HttpResponse(get_template(template).render(reference), status=503)
    response["Cache-Control"] = "no-store"
    return response
