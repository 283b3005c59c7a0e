"""Time zone, language, undo window, and the access of Payymo's staff."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guards import requires_permission
from payymo.audit.services import recording as audit
from payymo.dashboard import formats
from payymo.dashboard.forms_settings import GeneralForm, SupportForm
from payymo.dashboard.links import link
from payymo.dashboard.pages.general import GeneralSettingsPage
from payymo.dashboard.presenters import support as present
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import DomainError
from tenants.services import settings as services


@require_http_methods(["GET", "POST"])
@requires_permission("settings.change", asks_again=True)
def general(request: HttpRequest) -> HttpResponse:
    """Show and change the general settings."""
    tenant = request.tenant
    initial = {"time_zone": tenant.time_zone, "language": tenant.language, "undo_seconds": tenant.undo_seconds}
    form = GeneralForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            changed = services.change_general(tenant=tenant, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            if changed:
                audit.record(action="settings.changed", details=changed)
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(link("settings_general"), status=303)
    until = tenant.support_access_until
    now = timezone.now()
    page = GeneralSettingsPage(
        form=form,
        support_form=SupportForm(),
        support_url=link("settings_support"),
        support_until=formats.full_moment(until) if until and until > now else "",
        visits=present.visits(tenant, now=now),
    )
    return render(
        request, "dashboard/settings/general.html", {"shell": shell_of(request, "settings"), "page": page},
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_POST
@requires_permission("settings.change", asks_again=True)
def support(request: HttpRequest) -> HttpResponse:
    """Let Payymo's staff look for a while, or not any more."""
    if request.POST.get("do") == "end":
        services.end_support(tenant=request.tenant)
        audit.record(action="support.ended", about=request.tenant)
        messages.success(request, _("Nobody of Payymo's staff has access any more."))
        return HttpResponseRedirect(link("settings_general"), status=303)
    form = SupportForm(request.POST)
    if form.is_valid():
        hours = form.cleaned_data["hours"]
        until = services.grant_support(tenant=request.tenant, hours=hours, now=timezone.now())
        audit.record(action="support.granted", about=request.tenant, details={"hours": hours})
        messages.success(request, _("Payymo's staff may look until %s.") % formats.full_moment(until))
    else:
        messages.error(request, _("Choose one of the offered lengths."))
    return HttpResponseRedirect(link("settings_general"), status=303)
