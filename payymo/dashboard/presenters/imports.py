"""Statement files: the list, the columns to choose, and what a file would add or has added."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import User
from banking import selectors
from banking.models import StatementImport
from banking.parsers.csv_detection import CsvDetection
from banking.parsers.registry import is_table, label_of
from banking.parsers.types import ParsedEntry, Refusal
from banking.services.entry_values import Verdict
from banking.services.notes import about_gap, worded
from banking.services.statement_archives import can_be_imported
from banking.services.statement_preview import Preview
from payymo.dashboard import formats, ordering, paging, saved_views, tables
from payymo.dashboard.links import link, offer
from payymo.dashboard.ordering import Order
from payymo.dashboard.pages import (
    Amount,
    ArchiveBox,
    Chip,
    Choice,
    Fact,
    FilterChip,
    Filters,
    FilterSelect,
    ImportPage,
    ImportRow,
    ImportsPage,
    LineNote,
    PreviewRow,
    Proof,
    Tone,
)
from payymo.dashboard.presenters.receipts import masked

State = StatementImport.State
SHOWN_ROWS = 200
_SHOWN_NOTES = 100
_GAP_ACCOUNTS = 100
_SHOWN_GAPS = 5
_TONES: dict[str, Tone] = {State.NEEDS_MAPPING: "info", State.READY: "info", State.COMMITTED: "ok"}


def _chip(row: StatementImport) -> Chip:
    if row.state == State.READY and row.proved is False:
        return Chip(_("Not proved"), "bad")
    return Chip(str(row.get_state_display()), _TONES.get(row.state, "neutral"))


def _account(row: StatementImport) -> str:
    if row.account is None:
        return ""
    return " ".join(filter(None, (row.account.name or _("Account"), masked(row.account.iban_last4))))


def _names(user_ids: Iterable[int | None]) -> dict[int | None, str]:
    return {user.pk: user.display_name for user in User.objects.filter(pk__in={key for key in user_ids if key})}


def listing(request: HttpRequest, *, now: datetime) -> ImportsPage:
    """Build the list, newest first unless asked otherwise, 50 a page."""
    text, state = paging.asked_text(request), paging.asked_choice(request, "state", State.values)
    order = tables.asked(request, "imports", default=Order("uploaded", falls=True))
    position = ordering.position(request, tables.kind_of("imports", order))
    rows = ordering.ordered(selectors.statement_imports(text=text, state=state), "pk", order, position)
    shown, more = paging.page_of(request, list(rows[: paging.PAGE_SIZE + 1]))
    names = _names(row.uploaded_by_id for row in shown)
    return ImportsPage(
        rows=tuple(_row(row, names.get(row.uploaded_by_id, ""), now) for row in shown),
        table=tables.table(request, "imports", order),
        filters=_filters(request, text, state, order),
        pager=paging.pager(request, after=f"{shown[-1].pk}_{shown[-1].pk}" if more else ""),
        upload_url=link("import_new"),
        gaps=_gaps(),
        empty="" if shown else "filtered" if text or state else "nothing",
        views=saved_views.of(request, "imports"),
    )


def _filters(request: HttpRequest, text: str, state: str, order: Order) -> Filters:
    states = (Choice("", _("All")), *(Choice(code, str(label), code == state) for code, label in State.choices))
    chips = []
    if text:
        chips.append(FilterChip(f"“{text}”", paging.without(request, "q")))
    if state:
        chips.append(FilterChip(str(State(state).label), paging.without(request, "state")))
    return Filters(
        q=text,
        selects=(FilterSelect("state", _("State"), states),),
        chips=tuple(chips),
        clear_url=request.path,
        hidden=ordering.kept(order),
    )


def archive_listing(request: HttpRequest, rows: Sequence[StatementImport], *, now: datetime) -> ImportsPage:
    """Build the list of the files of one archive, in its order, and what importing them together would do."""
    names = _names(row.uploaded_by_id for row in rows)
    ready = [row for row in rows if can_be_imported(row)]
    box = ArchiveBox(
        name=rows[0].file_name.rpartition(" (")[2].removesuffix(")"),
        ready=len(ready),
        new=sum(row.new_count for row in ready),
        asking=sum(row.state in (State.NEEDS_MAPPING, State.READY) for row in rows) - len(ready),
        commit_url=link("import_archive_commit", rows[0].archive) if ready else "",
    )
    shown = tuple(_row(row, names.get(row.uploaded_by_id, ""), now) for row in rows)
    return ImportsPage(rows=shown, table=tables.table(request, "imports"), archive=box)


def _row(row: StatementImport, by: str, now: datetime) -> ImportRow:
    return ImportRow(
        url=link("import", row.public_id),
        name=row.file_name,
        format=label_of(row.format),
        account=_account(row),
        moment=formats.moment(row.created_at, now),
        by=by,
        new=row.new_count,
        known=row.known_count,
        refused=len(row.refused),
        state=_chip(row),
    )


def _base(row: StatementImport, now: datetime) -> dict[str, object]:
    """Return what every step shows."""
    facts = [
        Fact(_("Uploaded"), moment=formats.moment(row.created_at, now)),
        Fact(_("By"), text=_names([row.uploaded_by_id]).get(row.uploaded_by_id, "")),
    ]
    if row.committed_at:
        facts.append(Fact(_("Imported"), moment=formats.moment(row.committed_at, now)))
    return {
        "name": row.file_name,
        "format": label_of(row.format),
        "account": _account(row),
        "state": _chip(row),
        "facts": tuple(fact for fact in facts if fact.text or fact.moment),
    }


def mapping_page(
    row: StatementImport, *, form: BaseForm, detection: CsvDetection, now: datetime, error: str = ""
) -> ImportPage:
    """Show how the file starts and ask what its columns are."""
    head = detection.mapping.header_row
    asked = [point.question for point in detection.open_points]
    if row.account_id is None and detection.mapping.own_account is None and not detection.mapping.fixed_account:
        asked.append(_("The file does not say which account it is of; what is its number?"))
    return ImportPage(
        **_base(row, now),  # type: ignore[arg-type]
        step="map",
        mapping=form,
        sample=detection.rows[head - 1 if head else 0 :],
        error=error or ("" if form.is_bound else " ".join(asked)),
        map_url=link("import_map", row.public_id),
        discard_url=link("import_discard", row.public_id),
    )


def failed_page(row: StatementImport, *, now: datetime, error: str = "") -> ImportPage:
    """Show a file that was put away, or that cannot be read any more."""
    return ImportPage(**_base(row, now), step="failed", error=error)  # type: ignore[arg-type]


def preview_page(
    row: StatementImport, found: Preview, *, now: datetime, error: str = "", accepts: Iterable[str] = ()
) -> ImportPage:
    """Show what the file holds and what importing it does, or did; `accepts` is what the next press accepts."""
    done = row.state == State.COMMITTED
    base = _base(row, now)
    rows = _rows(row, found, done=done)
    # What was imported said this when it was; read again it would say that everything is known.
    refused = row.refused if done else [each.as_dict() for each in found.result.refused]
    proof = _proof(found)
    commit = link("import_commit", row.public_id) + (f"?{urlencode(dict.fromkeys(accepts, 1))}" if accepts else "")
    return ImportPage(
        **{**base, "facts": (*base["facts"], *_more_facts(row, found))},  # type: ignore[arg-type, misc]
        step="done" if done else "preview",
        rows=rows[:SHOWN_ROWS],
        rows_more=max(len(rows) - SHOWN_ROWS, 0),
        new=row.new_count if done else found.result.new,
        known=row.known_count if done else found.result.known,
        refused=len(refused),
        refusals=_told(refused),
        notes=_told(row.noted if done else _noted(found)),
        pending=sum(entry.status == "pending" for entry in found.file.entries),
        proofs=(proof if done else replace(proof, text=""),),
        error=error or ("" if done else proof.text),
        anyway=bool(accepts),
        commit_url="" if done else commit,
        discard_url="" if done else link("import_discard", row.public_id),
        result_url=offer("transactions", query=f"import={row.public_id}") if done else "",
    )


def _more_facts(row: StatementImport, found: Preview) -> list[Fact]:
    facts = []
    if found.account is None and found.file.number:
        text = _("A new account ending in %s will be kept.") % found.file.number[-4:]
        facts.append(Fact(_("Account"), text=text))
    if is_table(row.format) and row.state == State.READY:
        facts.append(Fact(_("Columns"), text=_("Choose them again"), url=link("import_map", row.public_id)))
    return facts


def _noted(found: Preview) -> list[dict[str, Any]]:
    return [each.as_dict() for each in (*(Refusal(0, told) for told in found.gaps), *found.result.noted)]


def _gaps() -> tuple[str, ...]:
    """Say what is missing between the statements of the accounts within reach, newest first."""
    accounts = {account.pk: account for account in selectors.accounts()[:_GAP_ACCOUNTS]}
    missing = [
        (gap, accounts[pk]) for pk, gaps in selectors.statement_gaps(accounts=list(accounts)).items() for gap in gaps
    ]
    missing.sort(key=lambda told: told[0].before, reverse=True)
    return tuple(
        f"{account.name or _('Account')} {masked(account.iban_last4)}: {about_gap(gap, account.currency)}"
        for gap, account in missing[:_SHOWN_GAPS]
    )


def _told(notes: list[dict[str, Any]]) -> tuple[LineNote, ...]:
    return tuple(LineNote(int(note["line"]), worded(note)) for note in notes[:_SHOWN_NOTES])


def _rows(row: StatementImport, found: Preview, *, done: bool) -> tuple[PreviewRow, ...]:
    """List the entries in the order of the file; of an imported one, those are new that it added."""
    added = set(row.transactions.values_list("fingerprint", flat=True)) if done else set()
    currency = found.file.currency
    rows = [_read_row(verdict, currency, added, done=done) for verdict in found.result.verdicts]
    rows += [_pending_row(entry) for entry in found.file.entries if entry.status == "pending"]
    rows += [PreviewRow(refusal.line, "refused", note=refusal.reason) for refusal in found.result.refused]
    return tuple(sorted(rows, key=lambda shown: shown.line))


def _read_row(verdict: Verdict, currency: str, added: set[str], *, done: bool) -> PreviewRow:
    facts = verdict.arrival.facts
    return PreviewRow(
        line=verdict.arrival.line,
        state="new" if (facts.fingerprint in added if done else verdict.is_new) else "known",
        day=formats.day(facts.booking_date),
        name=facts.counterparty_name,
        reference=facts.remittance_information or facts.structured_reference,
        amount=Amount(facts.amount, currency),
        note="" if done or verdict.note is None else str(verdict.note.label),
    )


def _pending_row(entry: ParsedEntry) -> PreviewRow:
    return PreviewRow(
        line=entry.line,
        state="pending",
        day=formats.day(entry.booking_date),
        name=entry.counterparty_name,
        reference=entry.remittance_information or entry.structured_reference,
        amount=Amount(entry.amount, entry.currency),
    )


def _proof(found: Preview) -> Proof:
    file = found.file
    text = ""
    if file.proved is False and file.adds_up:
        text = _("The sums agree, but rows that could not be read leave it open whether the file is complete.")
    elif file.proved is False:
        text = _("Opening plus entries is not closing: entries are missing, refused, or in the file twice.")
    return Proof(
        opening=Amount(file.opening.amount, file.currency) if file.opening else None,
        entries=Amount(file.booked_sum, file.currency),
        closing=Amount(file.closing.amount, file.currency) if file.closing else None,
        holds=file.proved,
        adds_up=file.adds_up,
        text=text,
    )
