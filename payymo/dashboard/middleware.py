"""What surrounds every page: time zone, style of figures, and the answer when a secret cannot be opened."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils import timezone

from payymo.dashboard import formats
from payymo.dashboard.context import NUMBERS
from payymo.shared.api.errors import problem_json
from payymo.shared.crypto import UnreadableSecret
from payymo.shared.secret_store.base import SecretUnavailable

logger = logging.getLogger(__name__)


class TenantTimeMiddleware:
    """Show moments in the time zone of the company whose host was asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request."""
        tenant = getattr(request, "tenant", None)
        with timezone.override(getattr(tenant, "time_zone", "UTC")):
            return self.get_response(request)


class NumberStyleMiddleware:
    """Write figures as the person of this browser chose."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request."""
        with formats.numbers_as(request.COOKIES.get(NUMBERS, "")):
            return self.get_response(request)


class SecretOffMiddleware:
    """Answer 503 with a plain sentence instead of a crash; only what needs the secret is off."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a secret that is not available; everything else is somebody else's."""
        if not isinstance(error, UnreadableSecret | SecretUnavailable):
            return None
        logger.error("a secret is not available", exc_info=error, extra={"event": "secret_unavailable"})
        if request.path_info.startswith("/api/"):
            answer = problem_json(request, 503, "Payymo cannot open this just now.", code="secret_unavailable")
        else:
            answer = HttpResponse(get_template("secret_off.html").render(), status=503)
        answer.headers["Retry-After"] = "60"
        return answer
