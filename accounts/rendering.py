"""Answering with a page that says when to come back."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


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
