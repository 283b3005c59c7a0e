"""What surrounds every page: time zone, style of figures, and the answer when a secret cannot be opened."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils import timezone

from payymo.dashboard import formats, links
from payymo.dashboard.context import NUMBERS
from payymo.dashboard.views import errors
from payymo.shared.api.errors import problem_json
from payymo.shared.crypto import UnreadableSecret
from payymo.shared.errors import DomainError
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


class OfferMiddleware:
    """Let pages offer only ways that are open to whoever looks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request."""
        with links.shown_to(request.permissions):
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
            reference = {"reference": getattr(request, "request_id", "")}
            answer = HttpResponse(get_template("secret_off.html").render(reference), status=503)
        answer.headers["Retry-After"] = "60"
        return answer


class RefusalMiddleware:
    """Answer with a page where a browser would else see a crash or an empty answer.

    Shape: what a service refuses keeps the status and the words of its error; the address of a form says that it is
    none of a page. Below `/api/` each view answers for itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request."""
        response = self.get_response(request)
        opened = request.method == "GET" and not request.path_info.startswith("/api/")
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and opened:
            page = errors.not_a_page(request)
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer what a service refused; everything else is somebody else's."""
        return errors.refused(request, error) if isinstance(error, DomainError) else None
