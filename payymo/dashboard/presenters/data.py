"""Counts of what goes and what stays, and archives, in words."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from payymo.dashboard import formats
from payymo.dashboard.links import link
from payymo.dashboard.pages.data import ExportRow, ExportsPage
from payymo.dashboard.pages.values import Chip, Fact
from payymo.operations.models import CompanyExport
from payymo.operations.services import company_exports
from payymo.operations.services.persons import Erased
from payymo.operations.services.retention import Kept

State = CompanyExport.State


def kept_long_enough(counts: Kept) -> tuple[Fact, ...]:
    """Word what the next run of the retention erases; nothing for what there is none of."""
    names = {
        "unmatched_transactions": _("Unmatched bank entries lose their payer"),
        "unmatched_charges": _("Unmatched card payments lose their payer"),
        "lost_intents": _("Failed card payments go"),
        "payloads": _("Answers of banks go"),
        "webhook_events": _("Messages of Stripe go"),
        "withdrawn_transactions": _("Entries of withdrawn consents lose their payer"),
        "old_transactions": _("Matched bank entries lose their payer"),
        "old_charges": _("Matched card payments lose their payer"),
        "old_invoice_lines": _("Lines of invoices lose their text"),
        "old_clients": _("Clients lose their name and address"),
        "old_names_of_deciders": _("Decisions lose the name of who decided"),
    }
    return tuple(
        Fact(label, formats.number(getattr(counts, name))) for name, label in names.items() if getattr(counts, name)
    )


def _things() -> Mapping[str, str]:
    return {
        "clients": _("Clients"), "transactions": _("Bank entries"), "charges": _("Card payments"),
        "rules": _("Matching rules"),
    }  # fmt: skip


def goes(counts: Erased) -> tuple[Fact, ...]:
    """Word what an erasure takes."""
    found = {name: getattr(counts, name) for name in _things()}
    return tuple(Fact(label, formats.number(found[name])) for name, label in _things().items() if found[name])


def stays(counts: Erased) -> tuple[Fact, ...]:
    """Word what an erasure leaves for bookkeeping."""
    return tuple(
        Fact(label, formats.number(counts.stays[name])) for name, label in _things().items() if counts.stays.get(name)
    )


def erased_text(done: Erased) -> str:
    """Say in one sentence what was erased."""
    total = done.clients + done.transactions + done.charges + done.rules
    said = ngettext("Erased: %(n)d record.", "Erased: %(n)d records.", total) % {"n": total}
    return f"{said} {done.reason}".strip()


def exports(now: datetime) -> ExportsPage:
    """Return the newest archives."""
    rows = company_exports.listed()
    waits = any(row.state == State.WAITING for row in rows)
    return ExportsPage(tuple(_row(row, now) for row in rows), "" if waits else link("export_ask"))


def _row(row: CompanyExport, now: datetime) -> ExportRow:
    is_there = row.state == State.READY and row.expires_at is not None and row.expires_at > now
    return ExportRow(
        state=_state(row, is_there=is_there),
        asked_by=row.asked_by_name,
        asked=formats.moment(row.created_at, now),
        text=_text(row, now) if is_there else row.error,
        sha256=row.sha256 if is_there else "",
        fetch_url=link("export_fetch", row.public_id) if is_there else "",
    )


def _state(row: CompanyExport, *, is_there: bool) -> Chip:
    if is_there:
        return Chip(_("Ready"), "ok")
    if row.state == State.WAITING:
        return Chip(_("Being made"), "info")
    return Chip(_("Failed"), "bad") if row.state == State.FAILED else Chip(_("Gone"), "neutral")


def _text(row: CompanyExport, now: datetime) -> str:
    assert row.expires_at is not None  # noqa: S101 - what is ready has an end
    size = _("%(n)s MB") % {"n": formats.number(max(1, round(row.size / 1_000_000)))}
    until = formats.moment(row.expires_at, now).text
    return _("%(rows)s rows, %(size)s. It goes %(until)s.") % {
        "rows": formats.number(row.rows), "size": size, "until": until,
    }  # fmt: skip
