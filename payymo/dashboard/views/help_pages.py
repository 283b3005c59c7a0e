"""Help: the guides, the key map, and the pictures in the guides."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from accounts.guards import for_members
from payymo.dashboard import guides
from payymo.dashboard.links import link
from payymo.dashboard.pages.general import Guide, GuidePage, HelpPage
from payymo.dashboard.shell import shell_of

_DAY = 24 * 3600


def _guides() -> tuple[Guide, ...]:
    return tuple(
        Guide(name, str(title), str(text), link("help_guide", name)) for name, (title, text) in guides.NAMES.items()
    )


@require_GET
@for_members
def index(request: HttpRequest) -> HttpResponse:
    """List the guides."""
    return render(request, "dashboard/help/index.html", {"shell": shell_of(request, ""), "page": HelpPage(_guides())})


@require_GET
@for_members
def shortcuts(request: HttpRequest) -> HttpResponse:
    """Show every key."""
    return render(request, "dashboard/help/shortcuts.html", {"shell": shell_of(request, ""), "page": None})


@require_GET
@for_members
def guide(request: HttpRequest, name: str) -> HttpResponse:
    """Show one guide."""
    if name not in guides.NAMES:
        raise Http404
    others = tuple(each for each in _guides() if each.name != name)
    text = guides.text(name)
    html = mark_safe(text.html)  # noqa: S308 - our own files, raw HTML off  # nosec B703
    page = GuidePage(str(guides.NAMES[name][0]), html, text.sections, others)
    return render(request, "dashboard/help/guide.html", {"shell": shell_of(request, ""), "page": page})


@require_GET
@for_members
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """Send a picture of a guide."""
    path = guides.image(name)
    if path is None:
        raise Http404
    answer = HttpResponse(path.read_bytes(), content_type="image/png")
    answer.headers["Cache-Control"] = f"private, max-age={_DAY}"
    return answer


@require_GET
@for_members
def elsewhere(request: HttpRequest, name: str) -> HttpResponse:
    """Lead from an address that people guess to the page."""
    return redirect(f"dashboard:{name}")
