"""The period statement."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard import csv_files
from payymo.dashboard.presenters import statement as present
from payymo.dashboard.shell import shell_of


@require_GET
@requires_permission("reports.view")
def statement(request: HttpRequest) -> HttpResponse:
    """Show what each account began with, what moved, and what it ended with."""
    page = present.page(request, today=timezone.localdate())
    return render(request, "dashboard/statement.html", {"shell": shell_of(request, "statement"), "page": page})


@require_GET
@requires_permission("reports.view")
def statement_csv(request: HttpRequest) -> HttpResponse:
    """Download the same as a table."""
    rows = present.csv_rows(request, today=timezone.localdate())
    return csv_files.answer("statement.csv", present.CSV_HEADER, rows)
