"""The list of reports, and the months of them in one file: asked for, scheduled, fetched."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires_permission
from payymo.dashboard import refreshing
from payymo.dashboard.forms_reports import PackForm, ScheduleForm
from payymo.dashboard.links import link
from payymo.dashboard.presenters import report_packs as present
from payymo.dashboard.shell import shell_of
from payymo.operations.models import ReportPack
from payymo.operations.services import report_packs
from payymo.shared.errors import DomainError


@require_GET
@requires_permission("reports.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Show which reports there are, and the member's own files."""
    return _shown(request)


def _shown(request: HttpRequest, *, code: int = 200, **forms: PackForm | ScheduleForm) -> HttpResponse:
    page = present.page(request.user, now=timezone.now(), **forms)  # type: ignore[arg-type]
    around = {"shell": shell_of(request, "reports"), "page": page}
    return render(request, "dashboard/reports/list.html", around, status=code)


@require_GET
@requires_permission("reports.view")
def packs(request: HttpRequest) -> HttpResponse:
    """Answer the member's files anew, or 204 while they are as the caller shows them; without script, the page."""
    if not refreshing.is_part(request):
        return redirect("dashboard:reports")
    found = present.packs(request.user, now=timezone.now())
    if request.GET.get("state") == found.state:
        return HttpResponse(status=204)
    return render(request, "dashboard/reports/packs.html", {"packs": found})


@require_POST
@requires_permission("reports.view")
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a month in one file."""
    form = PackForm(request.POST, prefix="pack")
    if not form.is_valid():
        return _shown(request, code=422, pack_form=form)
    language, report = get_language() or "en", form.cleaned_data["report"]
    try:
        report_packs.ask(user=request.user, report=report, month=form.first_day, language=language, now=timezone.now())
    except DomainError as error:
        form.add_error(None, str(error))
        return _shown(request, code=422, pack_form=form)
    return HttpResponseRedirect(link("reports"), status=303)


@require_GET
@requires_permission("reports.view")
def fetch(request: HttpRequest, pack_id: uuid.UUID) -> HttpResponse:
    """Download one of the member's own files."""
    try:
        row, content = report_packs.content_of(user=request.user, pack_id=pack_id, now=timezone.now())
    except ReportPack.DoesNotExist as error:
        raise Http404 from error
    except DomainError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(link("reports"), status=303)
    answer = HttpResponse(content, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{request.tenant.slug}-{row.month:%Y-%m}.zip"'
    return answer


@require_POST
@requires_permission("reports.view")
def schedule(request: HttpRequest) -> HttpResponse:
    """Let a report come each month."""
    form = ScheduleForm(request.POST, prefix="schedule")
    if not form.is_valid():
        return _shown(request, code=422, schedule_form=form)
    chosen = form.cleaned_data
    try:
        report_packs.schedule(
            user=request.user, report=chosen["report"], day=chosen["day"], language=get_language() or "en"
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return _shown(request, code=422, schedule_form=form)
    messages.success(request, _("It comes each month; a mail says when it is there."))
    return HttpResponseRedirect(link("reports"), status=303)


@require_POST
@requires_permission("reports.view")
def stop(request: HttpRequest, schedule_id: uuid.UUID) -> HttpResponse:
    """Stop what comes each month."""
    if not report_packs.stop(user=request.user, schedule_id=schedule_id):
        raise Http404
    messages.success(request, _("Stopped. No more mails come about it."))
    return HttpResponseRedirect(link("reports"), status=303)
