"""Every error of the API as problem+json. Source: RFC 9457."""

import logging
import math
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from payymo.shared.api.parsing import BodyTooLarge
from payymo.shared.crypto import UnreadableSecret
from payymo.shared.errors import DomainError, ProviderError, Retryable
from payymo.shared.secret_store.base import SecretUnavailable

logger = logging.getLogger(__name__)
_TITLES = {
    400: "Bad request", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    406: "Not acceptable", 409: "Conflict", 413: "Too large", 415: "Unsupported media type",
    422: "Cannot be done", 429: "Too many requests", 502: "The provider refused", 503: "Try again later",
}  # fmt: skip


class NotOpened(DomainError):
    """What is asked for is stored encrypted, and cannot be opened now."""

    code = "secret_unavailable"
    status = 503
    retry_after = 60.0


def problem(status: int, detail: str, *, code: str = "", request_id: str = "", **more: Any) -> dict[str, Any]:
    """Build the body of an error answer."""
    body = {"type": f"urn:payymo:{code}" if code else "about:blank", "title": _TITLES.get(status, "Error")}
    return {**body, "status": status, "detail": detail, "code": code, "request_id": request_id, **more}


def problem_json(request: HttpRequest, status: int, detail: str, *, code: str = "") -> HttpResponse:
    """Answer with a problem from outside DRF."""
    body = problem(status, detail, code=code, request_id=getattr(request, "request_id", ""))
    return JsonResponse(body, status=status, content_type="application/problem+json")


def _named(error: Exception) -> Exception:
    """Give errors from elsewhere the form of ours or DRF's."""
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return BodyTooLarge()
    if isinstance(error, UnreadableSecret | SecretUnavailable):
        # What it is about says more to us than to the caller: the log has it.
        logger.error("a secret is not available", exc_info=error, extra={"event": "secret_unavailable"})
        return NotOpened("Payymo cannot open what is stored encrypted just now. Try again later.")
    return error


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into problem+json; what is not known becomes a 500 elsewhere."""
    request_id = getattr(context["request"], "request_id", "")
    headers: dict[str, str] = {}
    more: dict[str, Any] = {}
    error = _named(error)
    if isinstance(error, DomainError):
        status, detail, code, more = error.status, str(error), error.code, dict(error.members)
        if status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="api"'
    elif isinstance(error, ProviderError):
        status = 503 if isinstance(error, Retryable) else 502
        detail, code = str(error.sentence), error.reason
    elif isinstance(error, exceptions.APIException):
        status, code = error.status_code, str(getattr(error, "default_code", ""))
        if isinstance(error.detail, dict | list):
            detail, more = "Some fields cannot be used.", {"errors": error.get_full_details()}
        else:
            detail = str(error.detail)
        if getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
        if getattr(error, "wait", None) is not None:
            headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    else:
        return None
    # Our own refusals and the providers' say `retry_after`, in seconds; DRF's throttles say `wait`.
    retry_after: float | None = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["Retry-After"] = str(math.ceil(retry_after))
    if status == 403:
        # For the line of the log that says who was refused what.
        context["request"]._request.refused_user = context["request"].user
    set_rollback()
    body = problem(status, detail, code=code, request_id=request_id, **more)
    return Response(body, status=status, headers=headers, content_type="application/problem+json")
