"""Parts of pages that are fetched anew while somebody looks at them."""

import hashlib
import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

_TOKENS = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')


def answer(request: HttpRequest, template: str, context: dict[str, Any], *, part: str, of: str) -> HttpResponse:
    """Answer with the page, or for a script that asks for its part with the template `part`, whose id is `of`.

    Shape: 204 where nothing in it has changed since the state that the script names.
    """
    if request.headers.get("X-Payymo-Part") != of:
        return render(request, template, context)
    html = render_to_string(part, context, request=request)
    # The tokens of forms differ each time and mean the same.
    state = hashlib.sha256(_TOKENS.sub("", html).encode()).hexdigest()[:16]
    if request.GET.get("state") == state:
        return HttpResponse(status=204)
    return HttpResponse(html, headers={"X-Payymo-State": state})
