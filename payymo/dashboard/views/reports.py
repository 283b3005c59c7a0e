"""Every report: as a page that refreshes itself, and as a file."""

import tempfile
from collections.abc import Callable
from typing import IO

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard import refreshing
from payymo.dashboard.links import link
from payymo.dashboard.presenters import reports as present
from payymo.dashboard.reports import files, freshness, pdf_file
from payymo.dashboard.reports.catalogue import REPORTS, Entry
from payymo.dashboard.reports.shape import Report
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import BadInput
from tenants import days

_IN_MEMORY = 1 << 20
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


def _entry_or_404(name: str) -> Entry:
    if name not in REPORTS:
        raise Http404
    return REPORTS[name]


def _with_page_or_404(name: str) -> Entry:
    entry = _entry_or_404(name)
    if entry.has_own_page:
        raise Http404
    return entry


@require_GET
@requires_permission("reports.view")
def report(request: HttpRequest, name: str) -> HttpResponse:
    """Show one report."""
    page = present.page(_with_page_or_404(name), request.GET.dict(), now=timezone.now())
    return render(request, "dashboard/reports/report.html", {"shell": shell_of(request, "reports"), "page": page})


@require_GET
@requires_permission("reports.view")
def report_figures(request: HttpRequest, name: str) -> HttpResponse:
    """Answer the figures anew, or 204 while they are those that the caller shows already; without script, the page."""
    if not refreshing.is_part(request):
        return HttpResponseRedirect(f"{link('report', name)}?{request.GET.urlencode()}")
    entry, now = _with_page_or_404(name), timezone.now()
    if request.GET.get("state") == freshness.stamp(days.today(now)):
        return HttpResponse(status=204)
    try:
        wanted = present.asked(entry, request.GET.dict(), now=now)
        figures = present.figures(entry, wanted)
    except BadInput as refused:
        raise Http404 from refused
    return render(request, "dashboard/reports/figures.html", {"figures": figures})


@require_GET
@requires_permission("reports.view")
def report_export(request: HttpRequest, name: str, form: str) -> HttpResponseBase:
    """Download a report as a table, a workbook or a PDF."""
    entry, now = _entry_or_404(name), timezone.now()
    if form not in present.FORMS:
        raise Http404
    try:
        made = entry.build(present.asked(entry, request.GET.dict(), now=now))
    except BadInput:
        # The page says what is wrong with the period.
        page = link("three_way") if entry.has_own_page else link("report", name)
        return HttpResponseRedirect(f"{page}?{request.GET.urlencode()}")
    tenant = request.tenant.name
    writers: dict[str, Callable[[IO[bytes], Report], None]] = {
        "csv": files.write_csv,
        "xlsx": lambda out, one: files.write_workbook(out, [one], tenant=tenant),
        "pdf": lambda out, one: pdf_file.write(out, [one], pdf_file.Made(tenant, now), title=one.title),
    }
    # Written whole before the first byte goes out: a stream that is read later would be outside the tenant.
    out = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the answer closes it
    writers[form](out, made)
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=f"{name}.{form}", content_type=_TYPES[form])
