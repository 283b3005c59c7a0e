"""Where an addon module reports what happened in its WHMCS."""

import logging
import uuid

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from payymo.shared.errors import BadInput
from tenants.breakers import SecretOff
from whmcs.services import module_events

logger = logging.getLogger(__name__)


@method_decorator(csrf_exempt, name="dispatch")
class WhmcsWebhook(View):
    """Verified over the raw bytes, stored once, read again from WHMCS later."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        """Store the events: 200 with rows, 400 with an empty text and none, 503 when they must come again."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > module_events.LARGEST_BODY:
            return HttpResponse(status=413)
        try:
            module_events.receive_events(
                instance_id=str(public_id), headers=request.headers, body=request.body, now=timezone.now()
            )
        except BadInput as error:
            logger.warning("webhook refused", extra={"event": "webhook_refused", "reason": error.code})
            return HttpResponse(status=400)
        except SecretOff as error:
            logger.warning("webhook put off", extra={"event": "webhook_refused", "reason": error.reason})
            return HttpResponse(status=503, headers={"Retry-After": str(int(error.retry_after or 60))})
        return HttpResponse(status=200)
