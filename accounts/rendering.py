"""Answering with a page that says when to come back, and letting a browser forget the pages that it had."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def forgotten(answer: HttpResponse) -> HttpResponse:
    """Let the browser forget what it kept of the pages, with the answer to a sign-out; return that answer."""
    # Cookies stay: the look and the language are the browser's own, and the session's is gone already.
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def render_with(
    request: HttpRequest,
    template: str,
    page: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Render `template` with `page`, and add headers such as Retry-After."""
    answer = render(request, template, {"page": page}, status=status)
    for name, value in (headers or {}).items():
        answer[name] = value
    return answer
