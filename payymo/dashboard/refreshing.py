"""Parts of pages that are fetched anew while somebody looks at them."""

import hashlib
import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

_TOKENS = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')


def is_part(request: HttpRequest) -> bool:
    """Whether a script asks for a part of a page; who opens its address gets the page."""
    return bool(getattr(request, "htmx", False)) or "X-Payymo-Part" in request.headers


def take_state(request: HttpRequest) -> str:
    """Take the state that a script names out of the query, so that no link of the page carries it on."""
    query = request.GET.copy()
    state = str(query.pop("state", [""])[-1])
    request.GET = query  # type: ignore[assignment] - a copy that is not written any more
    return state


def answer(
    request: HttpRequest, template: str, context: dict[str, Any], *, part: str, of: str, state: str = ""
) -> HttpResponse:
    """Answer with the page, or for a script that asks for its part with the template `part`, whose id is `of`.

    Shape: 204 where nothing in it has changed since the state that the script names, or that was taken from it.
    """
    if request.headers.get("X-Payymo-Part") != of:
        return render(request, template, context)
    html = render_to_string(part, context, request=request)
    # The tokens of forms differ each time and mean the same.
    made = hashlib.sha256(_TOKENS.sub("", html).encode()).hexdigest()[:16]
    if (state or request.GET.get("state")) == made:
        return HttpResponse(status=204)
    return HttpResponse(html, headers={"X-Payymo-State": made})
