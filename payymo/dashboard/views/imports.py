"""Statement files: upload, columns, preview, import. The rules are in `banking.services.statement_import`."""

import uuid
from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from banking import selectors
from banking.models import StatementImport
from banking.parsers.archives import MAX_FILES as MOST_FILES
from banking.parsers.csv_detection import CsvDetection
from banking.parsers.csv_mapping import DELIMITERS, ENCODINGS
from banking.parsers.registry import is_table
from banking.parsers.tables import has_text
from banking.services import statement_archives as archives
from banking.services import statement_commit, statement_preview
from banking.services import statement_import as statements
from banking.services.statement_files import mapping_from
from payymo.dashboard.forms_imports import MappingForm, UploadForm
from payymo.dashboard.links import link
from payymo.dashboard.pages import ImportPage, UploadPage
from payymo.dashboard.presenters import imports as present
from payymo.dashboard.shell import shell_of
from payymo.dashboard.upload_limit import LimitedUpload
from payymo.dashboard.views.end_of_sample import asked_of_sample, tell_end_of_sample
from payymo.shared.errors import Conflict, DomainError

MOST_ACCOUNTS = 200
MOST_REFUSALS = 10
State = StatementImport.State
# What a second press accepts, by what the first was refused for.
_ACCEPTED: dict[type[DomainError], str] = {
    statement_commit.UnprovedStatement: "accept_unproved",
    statement_commit.PerhapsKnownAccount: "accept_new_account",
}


def _import_or_404(import_id: uuid.UUID) -> StatementImport:
    found = selectors.statement_import(public_id=import_id)
    if found is None:
        raise Http404
    return found


@require_GET
@requires_permission("imports.add")
def imports(request: HttpRequest) -> HttpResponse:
    """List the uploaded files."""
    page = present.listing(request, now=timezone.now())
    return render(request, "dashboard/imports/list.html", {"shell": shell_of(request, "imports"), "page": page})


# Checking the token reads the body; the limit must stand before that, so the check moves inside.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@requires_permission("imports.add")
def import_new(request: HttpRequest) -> HttpResponse:
    """Take in a file of up to 10 MiB and go on to its preview."""
    request.upload_handlers = [LimitedUpload(request)]
    return _upload(request)


@csrf_protect
def _upload(request: HttpRequest) -> HttpResponse:
    asked_of_sample(request)
    accounts = selectors.accounts()[:MOST_ACCOUNTS]
    if request.method != "POST":
        return _upload_page(request, UploadForm(accounts=accounts))
    form = UploadForm(request.POST, request.FILES, accounts=accounts)
    if getattr(request, "upload_too_large", False):
        unbound = UploadForm(initial=request.POST.dict(), accounts=accounts)
        error = _("The file is larger than 10 MB. Nothing was saved. Export fewer days at once.")
        return _upload_page(request, unbound, error=error, code=413)
    if not form.is_valid():
        return _upload_page(request, form, code=422)
    sent = form.cleaned_data["file"]
    content = sent.read()
    try:
        if archives.is_archive(content):
            return _taken_apart(request, form, content)
        row = statements.upload_statement(
            account=form.account, file_name=sent.name, content=content, user_id=request.user.pk
        )
    except DomainError as refused:
        return _upload_page(request, form, error=str(refused), code=422)
    return HttpResponseRedirect(link("import", row.public_id), status=303)


def _taken_apart(request: HttpRequest, form: UploadForm, content: bytes) -> HttpResponse:
    """Keep each file of an archive and go on to the list, which says what each would add."""
    name = form.cleaned_data["file"].name
    outcomes = archives.upload_archive(
        account=form.account, archive_name=name, content=content, user_id=request.user.pk
    )
    refused = [outcome for outcome in outcomes if outcome.upload is None]
    kept = [outcome.upload for outcome in outcomes if outcome.upload is not None]
    text = ngettext("%d file of the archive was read.", "%d files of the archive were read.", len(kept)) % len(kept)
    nothing_yet = _("Nothing is imported yet.")
    messages.success(request, f"{text} {nothing_yet}")
    for outcome in refused[:MOST_REFUSALS]:
        messages.error(request, f"{outcome.name}: {outcome.refusal}")
    if len(refused) > MOST_REFUSALS:
        more = len(refused) - MOST_REFUSALS
        messages.error(request, ngettext("%d more file was refused.", "%d more files were refused.", more) % more)
    return HttpResponseRedirect(link("import_archive", kept[0].archive), status=303)


def _of_archive(archive: uuid.UUID) -> list[StatementImport]:
    found = list(selectors.statement_imports(archive=archive).order_by("pk")[:MOST_FILES])
    if not found:
        raise Http404
    return found


@require_GET
@requires_permission("imports.add")
def import_archive(request: HttpRequest, archive: uuid.UUID) -> HttpResponse:
    """List the files of an archive with what each would add."""
    page = present.archive_listing(request, _of_archive(archive), now=timezone.now())
    return render(request, "dashboard/imports/list.html", {"shell": shell_of(request, "imports"), "page": page})


@require_POST
@requires_permission("imports.add")
def import_archive_commit(request: HttpRequest, archive: uuid.UUID) -> HttpResponse:
    """Import the files of an archive that ask nothing of a person."""
    done = archives.import_together(uploads=_of_archive(archive), now=timezone.now())
    files = ngettext("%d file was imported.", "%d files were imported.", done.imported) % done.imported
    added = ngettext("%d transaction was added.", "%d transactions were added.", done.new) % done.new
    messages.success(request, f"{files} {added}")
    for name, reason in done.asking[:MOST_REFUSALS]:
        messages.info(request, f"{name}: {reason}")
    if done.waiting:
        left = ngettext("%d file is left: import again.", "%d files are left: import again.", done.waiting)
        messages.info(request, left % done.waiting)
    return HttpResponseRedirect(link("import_archive", archive), status=303)


def _upload_page(request: HttpRequest, form: UploadForm, *, error: str = "", code: int = 200) -> HttpResponse:
    page = UploadPage(form=form, cancel_url=link("imports"), error=error)
    around = {"shell": shell_of(request, "imports"), "page": page}
    return render(request, "dashboard/imports/upload.html", around, status=code)


def _show(request: HttpRequest, page: ImportPage, *, code: int = 200) -> HttpResponse:
    around = {"shell": shell_of(request, "imports"), "page": page}
    return render(request, "dashboard/imports/detail.html", around, status=code)


@require_GET
@requires_permission("imports.add")
def import_detail(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Show a file at the step it is at."""
    row = _import_or_404(import_id)
    return _show(request, _page_of(row))


def _page_of(row: StatementImport, *, error: str = "", accepts: tuple[str, ...] = ()) -> ImportPage:
    now = timezone.now()
    if row.state == State.DISCARDED:
        return present.failed_page(row, now=now, error=error)
    if row.state == State.NEEDS_MAPPING:
        detection = _detection(row)
        form = MappingForm(detection=detection, has_text=has_text(row.format))
        return present.mapping_page(row, form=form, detection=detection, now=now, error=error)
    try:
        return present.preview_page(row, statement_preview.preview(row), now=now, error=error, accepts=accepts)
    except DomainError as refused:
        return present.failed_page(row, now=now, error=str(refused))


def _detection(row: StatementImport, *, encoding: str = "", delimiter: str = "") -> CsvDetection:
    """Return how the file starts, with the columns that were chosen before."""
    kept = mapping_from(row.mapping) if row.state == State.READY and row.mapping else None
    found = statements.detect_columns(
        row,
        encoding=encoding or (kept.encoding if kept else ""),
        delimiter=delimiter or (kept.delimiter if kept else ""),
    )
    if kept is None or found.mapping.delimiter != kept.delimiter:
        return found
    # In another encoding the same columns have other names.
    names = {"encoding": found.mapping.encoding, "header": found.mapping.header}
    same = found.mapping.header_row == kept.header_row
    return replace(found, mapping=replace(kept, **names) if same else kept, open_points=())


@require_http_methods(["GET", "POST"])
@requires_permission("imports.add")
def import_map(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Choose the columns of a table, for the first time or again."""
    row, now = _import_or_404(import_id), timezone.now()
    if not is_table(row.format) or row.state not in (State.NEEDS_MAPPING, State.READY):
        return HttpResponseRedirect(link("import", row.public_id), status=303)
    try:
        detection, error = _detection(row, **_chosen_text(request)), ""
    except DomainError as refused:
        detection, error = _detection(row), str(refused)
    # Separated otherwise, the file has other columns than those that the person was shown.
    is_again = request.POST.get("shown_with", detection.mapping.delimiter) != detection.mapping.delimiter
    form = MappingForm(None if is_again else request.POST or None, detection=detection, has_text=has_text(row.format))
    if form.is_bound and form.is_valid() and not error:
        try:
            statements.set_mapping(statement_import=row, mapping=form.mapping())
            return HttpResponseRedirect(link("import", row.public_id), status=303)
        except DomainError as refused:
            error = str(refused)
    page = present.mapping_page(row, form=form, detection=detection, now=now, error=error)
    return _show(request, page, code=422 if error or form.errors else 200)


def _chosen_text(request: HttpRequest) -> dict[str, str]:
    """Return the code page and the delimiter that were chosen, each as none when it is none of those to choose from."""
    return {
        name: chosen
        for name, known in (("encoding", ENCODINGS), ("delimiter", DELIMITERS))
        if (chosen := request.POST.get(name, "")) in known
    }


@require_POST
@requires_permission("imports.add")
def import_commit(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Import the file; one whose balances do not add up, or whose account may be known, needs a second press."""
    row = _import_or_404(import_id)
    accepted = tuple(name for name in _ACCEPTED.values() if name in request.GET)
    try:
        committed, result = statement_commit.commit_import(
            statement_import=row, now=timezone.now(), **dict.fromkeys(accepted, True)
        )
    except DomainError as refused:
        code = 409 if isinstance(refused, Conflict) else 422
        more = (_ACCEPTED[type(refused)],) if type(refused) in _ACCEPTED else ()
        return _show(request, _page_of(row, error=str(refused), accepts=(*accepted, *more)), code=code)
    if committed.state == State.DISCARDED:
        messages.info(request, _("This file was imported before. Nothing in it is new."))
    else:
        text = ngettext("%d transaction was added.", "%d transactions were added.", result.new) % result.new
        counts = _("%(known)d known before, %(refused)d refused.") % {
            "known": result.known, "refused": len(result.refused),
        }  # fmt: skip
        messages.success(request, f"{text} {counts}")
        tell_end_of_sample(request)
    return HttpResponseRedirect(link("import", row.public_id), status=303)


@require_POST
@requires_permission("imports.add")
def import_discard(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Put the file away."""
    row = _import_or_404(import_id)
    try:
        statements.discard(statement_import=row)
    except DomainError as refused:
        return _show(request, _page_of(row, error=str(refused)), code=409)
    messages.success(request, _("The file was discarded. Nothing of it was imported."))
    return HttpResponseRedirect(link("imports"), status=303)
