"""Data protection: for how long persons are named, what is stored about one, and archives of everything."""

import json
import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from payymo.dashboard.forms_data import PersonForm, RetentionForm
from payymo.dashboard.links import link
from payymo.dashboard.pages.data import PersonsPage, RetentionPage
from payymo.dashboard.presenters import data as present
from payymo.dashboard.shell import shell_of
from payymo.operations.models import CompanyExport
from payymo.operations.services import company_exports, person_export, persons, retention, retention_settings
from payymo.shared.errors import DomainError


@require_http_methods(["GET", "POST"])
@requires_permission("settings.change", asks_again=True)
def keeping(request: HttpRequest) -> HttpResponse:
    """Show for how long persons are named and what goes next; a shorter time is saved once its effect was seen."""
    now, tenant = timezone.now(), retention_settings.current()
    stored = {"unmatched_days": tenant.unmatched_days, "bookkeeping_years": tenant.bookkeeping_years}
    form = RetentionForm(request.POST or None, initial=stored)
    asks, shown = False, stored
    if form.is_bound and form.is_valid():
        shown = form.periods
        shorter = any(shown[name] < stored[name] for name in shown)
        asks = shorter and form.cleaned_data["seen"] != form.asked
        if not asks:
            retention_settings.change(tenant=tenant, **shown)
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(link("settings_retention"), status=303)
        form = RetentionForm({**shown, "seen": form.asked})
    goes = present.kept_long_enough(retention.foresee(**shown, now=now))
    context = {"shell": shell_of(request, "settings"), "page": RetentionPage(form, goes, asks)}
    return render(request, "dashboard/settings/retention.html", context, status=422 if asks or form.errors else 200)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@requires_permission("persons.erase", asks_again=True)
def person(request: HttpRequest) -> HttpResponse:
    """Look for what is stored about a person, give it out, or erase what no bookkeeping needs."""
    form = PersonForm(request.POST or None)
    if not (form.is_bound and form.is_valid()):
        return _persons(request, PersonsPage(form))
    try:
        meant = persons.describe(**form.who)
        if request.POST.get("do") == "export":
            return _given_out(meant)
        if request.POST.get("do") == "erase" and form.is_confirmed():
            done = persons.erase(person=meant, now=timezone.now())
            messages.success(request, present.erased_text(done))
            return HttpResponseRedirect(link("persons"), status=303)
        return _persons(request, _found(form, meant))
    except DomainError as error:
        form.add_error(None, str(error))
        return _persons(request, PersonsPage(form))


def _found(form: PersonForm, meant: persons.Person) -> PersonsPage:
    counts = persons.foresee(meant)
    carried = tuple((name, form[name].value() or "") for name in form.given)
    return PersonsPage(form, True, present.goes(counts), present.stays(counts), counts.reason, carried)


def _given_out(meant: persons.Person) -> HttpResponse:
    told = person_export.export(person=meant, now=timezone.now())
    answer = HttpResponse(json.dumps(told, ensure_ascii=False, indent=1), content_type="application/json")
    answer["Content-Disposition"] = 'attachment; filename="person.json"'
    return answer


def _persons(request: HttpRequest, page: PersonsPage) -> HttpResponse:
    context = {"shell": shell_of(request, "persons"), "page": page}
    return render(request, "dashboard/persons.html", context, status=422 if page.form.errors else 200)


@require_GET
@requires_permission("company.export")
def exports(request: HttpRequest) -> HttpResponse:
    """Show the archives of everything."""
    context = {"shell": shell_of(request, "settings"), "page": present.exports(timezone.now())}
    return render(request, "dashboard/settings/export.html", context)


@require_POST
@requires_permission("company.export", asks_again=True)
def ask_export(request: HttpRequest) -> HttpResponse:
    """Ask for an archive."""
    try:
        company_exports.ask(asked_by=request.user)
        messages.success(request, _("The archive is being made. Look here again in some minutes."))
    except DomainError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(link("settings_export"), status=303)


@require_POST
@requires_permission("company.export", asks_again=True)
def fetch_export(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Give out an archive, piece by piece."""
    row, now = get_object_or_404(CompanyExport, public_id=public_id), timezone.now()
    try:
        pieces = company_exports.fetch(export=row, now=now)
    except DomainError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(link("settings_export"), status=303)
    answer = StreamingHttpResponse(pieces, content_type="application/zip")
    answer["Content-Length"] = str(row.size)
    answer["Content-Disposition"] = f'attachment; filename="payymo-{request.tenant.slug}-{row.made_at:%Y-%m-%d}.zip"'
    return answer
