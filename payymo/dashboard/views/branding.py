"""The company's look: name, colour and logo, and what browsers fetch of it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import for_members, requires_permission
from payymo.dashboard.forms_branding import LogoForm, LookForm
from payymo.dashboard.links import link
from payymo.dashboard.pages.branding import LookPage
from payymo.dashboard.shell import brand_of, shell_of
from payymo.operations import colours
from payymo.operations.services import branding
from payymo.shared.errors import DomainError

# The address names what it holds, so that a browser asks once; nobody else may keep it.
_KEPT = "private, max-age=31536000, immutable"


@require_http_methods(["GET", "POST"])
@requires_permission("settings.change", asks_again=True)
def look(request: HttpRequest) -> HttpResponse:
    """Show and change name and colour."""
    initial = {"name": request.tenant.name, "colour": branding.current().colour}
    form = LookForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            branding.change(tenant=request.tenant, **form.cleaned_data)
        except DomainError as error:
            form.add_error("colour", str(error))
        else:
            messages.success(request, _("Saved."))
            return _back()
    return _page(request, form, LogoForm())


@require_POST
@requires_permission("settings.change", asks_again=True)
def logo(request: HttpRequest) -> HttpResponse:
    """Take a logo, or show Payymo's own again."""
    if request.POST.get("do") == "remove":
        branding.remove_logo()
        messages.success(request, _("Payymo's own logo is shown again."))
        return _back()
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            branding.set_logo(data=form.cleaned_data["logo"].read(branding.MOST_BYTES + 1))
        except DomainError as error:
            form.add_error("logo", str(error))
        else:
            messages.success(request, _("Saved."))
            return _back()
    initial = {"name": request.tenant.name, "colour": branding.current().colour}
    return _page(request, LookForm(initial=initial), form)


@require_GET
@for_members
def style(request: HttpRequest, name: str) -> HttpResponse:
    """Serve the company's colours."""
    colour = branding.current().colour
    if not colour:
        raise Http404
    return HttpResponse(colours.css(colour), content_type="text/css", headers={"Cache-Control": _KEPT})


@require_GET
@for_members
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """Serve the company's logo."""
    data = branding.logo()
    if not data:
        raise Http404
    return HttpResponse(data, content_type="image/png", headers={"Cache-Control": _KEPT})


def _back() -> HttpResponse:
    return HttpResponseRedirect(link("branding"), status=303)


def _page(request: HttpRequest, form: LookForm, logo_form: LogoForm) -> HttpResponse:
    page = LookPage(form, logo_form, link("branding_logo"), brand_of(request))
    around = {"shell": shell_of(request, "settings"), "page": page}
    failed = form.errors or logo_form.errors
    return render(request, "dashboard/settings/branding.html", around, status=422 if failed else 200)
