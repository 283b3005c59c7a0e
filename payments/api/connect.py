"""The two addresses of the installation that Stripe Connect knows: the way back of an owner, and events of accounts."""

import logging
import uuid
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from payments.clients.gateways import GATEWAYS
from payments.services import platform_webhooks
from payymo.shared.errors import BadInput
from tenants import context
from tenants.models import Domain

logger = logging.getLogger(__name__)
LONGEST = 500
CALLBACK_PATH = "/connections/stripe/callback/"


class StripeConnectReturn(View):
    """Where Stripe leads an owner back to: he is led on to the host of the tenant that the state names.

    Nothing is decided here: who he is, and whether the state is his, only that host can tell.
    """

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lead on, with what Stripe said; a state of nobody's is 404."""
        told = {name: request.GET.get(name, "")[:LONGEST] for name in ("state", "code", "error")}
        try:
            tenant = uuid.UUID(hex=told["state"].partition(".")[0])
        except ValueError:
            return HttpResponseNotFound("No such attempt.", content_type="text/plain")
        domain = Domain.objects.filter(tenant__public_id=tenant).order_by("-is_primary", "pk").first()
        if domain is None:
            return HttpResponseNotFound("No such attempt.", content_type="text/plain")
        port = request.get_port() if settings.PUBLIC_SCHEME == "http" else ""
        host = f"{domain.domain}:{port}" if port not in ("", "80") else domain.domain
        query = urlencode({name: value for name, value in told.items() if value})
        return HttpResponseRedirect(f"{settings.PUBLIC_SCHEME}://{host}{CALLBACK_PATH}?{query}")


@method_decorator(csrf_exempt, name="dispatch")
class StripeConnectWebhook(View):
    """Where Stripe reports the events of all connected accounts."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Store the event with its tenant: 200 also for an account of nobody's, 400 for a wrong signature."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > GATEWAYS["stripe"].largest_body:
            return HttpResponse(status=413)
        try:
            platform_webhooks.receive(body=request.body, headers=request.headers, now=timezone.now())
        except BadInput as error:
            logger.warning("webhook refused", extra={"event": "webhook_refused", "reason": error.code})
            return HttpResponse(status=400)
        except context.TenantUnavailable:
            # It is sent again, for days.
            return HttpResponse(status=503, headers={"Retry-After": "60"})
        return HttpResponse(status=200)
