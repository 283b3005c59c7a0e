"""What a host answers while its tenant is not served."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

from payymo.shared.api.errors import problem_json
from tenants.models import Tenant

_SUSPENDED = "This account is suspended. Nothing is lost; ask Payymo's support."
_PROGRAMS = ("/api/", "/.well-known/", "/metrics")


def answer(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Answer 503, as problem+json to programs and as a page to people; a provider's webhook is sent again later."""
    if request.path_info.startswith(_PROGRAMS):
        response = problem_json(request, 503, _SUSPENDED, code="tenant_suspended")
    else:
        response = HttpResponse(get_template("suspended.html").render(), status=503)
    response["Cache-Control"] = "no-store"
    return response
