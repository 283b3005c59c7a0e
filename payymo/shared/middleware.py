"""What every answer carries, whoever made it."""

import logging
import uuid
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from payymo.shared import logs

logger = logging.getLogger("payymo.security")
GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Give each request an id that its log lines, its answer and its error page share."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request under its id."""
        request.request_id = uuid.uuid4().hex[:16]  # type: ignore[attr-defined]
        token = logs.request_id.set(request.request_id)  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
            if response.status_code == HTTPStatus.FORBIDDEN:
                _note_refusal(request)
        finally:
            logs.request_id.reset(token)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


def _note_refusal(request: HttpRequest) -> None:
    """Write down who was refused what: the pattern of the address, which holds no id, and the ids of both."""
    # The page's user is read only if somebody asked before: here no tenant is entered any more.
    user = getattr(request, "_cached_user", None) or getattr(request, "refused_user", None)
    route = request.resolver_match.route if request.resolver_match else ""
    extra = {
        "event": "access_refused",
        "tenant": str(getattr(getattr(request, "tenant", None), "public_id", "")),
        "actor": str(getattr(user, "public_id", "")),
        "reason": f"{request.method} {route}",
        "status": HTTPStatus.FORBIDDEN.value,
    }
    logger.warning("access refused", extra=extra)


class LanguageMiddleware:
    """Begin each request in the installation's language, and leave the thread as it was.

    Whatever chooses a language further in would otherwise go on speaking to the next visitor of the thread, wherever
    that one is answered before anything asks for theirs: at an unknown host, say.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request."""
        with translation.override(settings.LANGUAGE_CODE):
            return self.get_response(request)


class AnswerHeadersMiddleware:
    """Nobody keeps an answer, except static files, which have their own rule."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request and add the headers."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "interest-cohort=()")
        return response
