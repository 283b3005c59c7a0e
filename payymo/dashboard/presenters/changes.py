"""What was done to anything but payments, with what it was before, as lines of a timeline."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ApiKey, User
from accounts.services.staff_visits import REASONS
from matching.models import Band
from payymo.audit import selectors
from payymo.audit.actions import ACTIONS, AREAS, acts_of
from payymo.audit.models import AuditEntry
from payymo.dashboard import csv_files, formats, paging, saved_views
from payymo.dashboard.links import link
from payymo.dashboard.pages import ActivityPage, Change, Choice, Event, FilterChip, Filters, FilterSelect
from payymo.dashboard.presenters import periods

MOST_ABOUT = 20
CSV_HEADER = ("at", "what", "who", "source", "about", "about_id", "before", "after")
# So many earlier acts of the same kinds are read to tell what was before.
MOST_COMPARED = 500
_KINDS: Mapping[str, Any] = {
    "person": gettext_lazy("A member"),
    "staff": gettext_lazy("Payymo's staff"),
    "api_key": gettext_lazy("An API key"),
    "whmcs": gettext_lazy("The addon module"),
    "system": gettext_lazy("Payymo"),
    "operator": gettext_lazy("Payymo's operator"),
}
_ICONS = {
    "security": "shield-check", "api_key": "key-round", "keys": "key-round", "member": "user", "role": "users",
    "rule": "sliders-horizontal", "payer": "users", "connection": "plug", "account": "plug", "consent": "plug",
    "import": "file-up", "support": "life-buoy", "staff": "life-buoy", "endpoint": "link", "engine": "sparkles",
}  # fmt: skip
_LABELS: Mapping[str, Any] = {
    "time_zone": gettext_lazy("Time zone"), "language": gettext_lazy("Language"),
    "undo_seconds": gettext_lazy("Seconds to undo"), "is_on": gettext_lazy("Approve automatically"),
    "bands": gettext_lazy("Suggestions"), "least_probability": gettext_lazy("Least probability"),
    "largest_amount": gettext_lazy("Largest amount"), "bank_accounts": gettext_lazy("Bank accounts"),
    "include_stripe": gettext_lazy("Stripe charges too"), "two_person_above": gettext_lazy("Two persons above"),
    "unmatched_days": gettext_lazy("Days of unmatched payments"), "colour": gettext_lazy("Colour"),
    "bookkeeping_years": gettext_lazy("Years of bookkeeping"), "role": gettext_lazy("Role"),
    "member": gettext_lazy("Member"), "is_active": gettext_lazy("Active"), "action": gettext_lazy("Answer"),
    "permissions": gettext_lazy("Permissions"), "scopes": gettext_lazy("Permissions"), "what": gettext_lazy("What"),
    "kinds": gettext_lazy("Kinds"), "hours": gettext_lazy("Hours"), "days": gettext_lazy("Days"),
    "new": gettext_lazy("New"), "known": gettext_lazy("Already known"), "version": gettext_lazy("Version"),
    "reason": gettext_lazy("Reason"), "reference": gettext_lazy("Ticket"), "form": gettext_lazy("Kind"),
}  # fmt: skip
# These describe one act and no state that an earlier act could have left.
_NEVER_BEFORE = frozenset({"what", "member", "new", "known", "hours", "reason", "reference", "sha256"})
_PAGES = {
    "matching.matchingrule": "rule", "matching.payerprofile": "payer", "banking.statementimport": "import",
    "banking.banktransaction": "transaction",
}  # fmt: skip
_THINGS: Mapping[str, Any] = {
    "banking.bankconnection": gettext_lazy("Bank"), "whmcs.whmcsinstance": "WHMCS",
    "payments.stripeconnection": gettext_lazy("Payment gateway"),
}  # fmt: skip
_GONE = ("rule.removed", "payer.forgotten", "rule.dismissed")

Before = Mapping[int, Mapping[str, Any]]

_BANDS = dict(Band.choices)
_FIGURES = {"least_probability", "largest_amount"}


def what_was(entries: Sequence[AuditEntry], earlier: Sequence[AuditEntry]) -> Before:
    """Return of each entry what its details were before, by its key, as far as the log tells.

    Shape: both newest first, `earlier` older than all of `entries`; what never had a value before is left out.
    """
    known: dict[tuple[str, uuid.UUID | None, Any], dict[str, Any]] = {}
    found: dict[int, Mapping[str, Any]] = {}
    for entry in reversed([*entries, *earlier]):
        state = known.setdefault((entry.action, entry.object_id, entry.details.get("member")), {})
        told = {name: value for name, value in entry.details.items() if name not in _NEVER_BEFORE}
        found[entry.pk] = {name: state[name] for name in told if name in state}
        state.update(told)
    return {entry.pk: found[entry.pk] for entry in entries}


def listing(request: HttpRequest, *, now: datetime) -> ActivityPage:
    """Build the timeline, 50 a page."""
    asked, position = _asked(request), paging.cursor(request)
    rows = selectors.changes(before=position[1] if position else None, **asked)
    shown, more = paging.page_of(request, list(rows[: paging.PAGE_SIZE + 1]))
    was, people = what_was(shown, selectors.earlier(shown, most=MOST_COMPARED)), _people(shown)
    return ActivityPage(
        events=tuple(_event(entry, was[entry.pk], people, now) for entry in shown),
        filters=_filters(request, asked),
        pager=paging.pager(request, after=f"c_{shown[-1].pk}" if more else ""),
        export_url=paging.exported(request, link("changes_csv")),
        empty="" if shown else "filtered" if any(asked.values()) else "nothing",
        changes_url=link("changes"),
        is_changes=True,
        views=saved_views.of(request, "changes"),
    )


def about(thing: uuid.UUID, *, now: datetime) -> tuple[Event, ...]:
    """Return what was last done to one thing, the newest first."""
    entries = list(selectors.about(thing, actions=acts_of(""))[:MOST_ABOUT])
    was, people = what_was(entries, ()), _people(entries)
    return tuple(_event(entry, was[entry.pk], people, now) for entry in entries)


def csv_rows(request: HttpRequest) -> Iterator[tuple[object, ...]]:
    """Yield every act as the timeline is filtered, newest first."""
    rows = list(selectors.changes(**_asked(request))[: csv_files.MOST_ROWS + 1])
    was, people = what_was(rows, selectors.earlier(rows, most=MOST_COMPARED)), _people(rows)
    for entry in rows:
        told = _changes(entry, was[entry.pk], people)
        yield (
            entry.happened_at.isoformat(timespec="seconds"), entry.action, _actor(entry, people), entry.actor_kind,
            entry.object_type, entry.object_id or "",
            "; ".join(f"{each.label}: {each.was}" for each in told if each.was is not None),
            "; ".join(f"{each.label}: {each.now}" for each in told),
        )  # fmt: skip


def _asked(request: HttpRequest) -> dict[str, Any]:
    since, until = periods.asked_moments(request)
    return {
        "area": paging.asked_choice(request, "area", tuple(AREAS)),
        "actor_kind": paging.asked_choice(request, "who", tuple(_KINDS)),
        "since": since,
        "until": until,
    }


def _people(entries: Sequence[AuditEntry]) -> Mapping[str, str]:
    """Return the names of the persons and keys that these entries speak of, by public id."""
    ids = {str(entry.actor_id) for entry in entries if entry.actor_id}
    ids |= {str(entry.details["member"]) for entry in entries if entry.details.get("member")}
    names = {str(row.public_id): row.display_name for row in User.objects.filter(public_id__in=ids)}
    names |= {str(row.public_id): _("Key %s") % row.name for row in ApiKey.objects.filter(public_id__in=ids)}
    return names


def _actor(entry: AuditEntry, people: Mapping[str, str]) -> str:
    # Who of the staff it was is the operator's to know.
    kind = str(_KINDS.get(entry.actor_kind, entry.actor_kind))
    return kind if entry.actor_kind == "staff" else people.get(str(entry.actor_id), kind)


def _event(entry: AuditEntry, was: Mapping[str, Any], people: Mapping[str, str], now: datetime) -> Event:
    area = entry.action.partition(".")[0]
    page = _PAGES.get(entry.object_type, "") if entry.object_id and entry.action not in _GONE else ""
    return Event(
        moment=formats.moment(entry.happened_at, now),
        actor=_actor(entry, people),
        title=str(ACTIONS.get(entry.action, entry.action)),
        detail=str(_THINGS.get(entry.object_type, "")),
        icon=_ICONS.get(area, "settings"),
        url=link(page, entry.object_id) if page else "",
        day=timezone.localtime(entry.happened_at).date(),
        changes=_changes(entry, was, people),
    )


def _changes(entry: AuditEntry, was: Mapping[str, Any], people: Mapping[str, str]) -> tuple[Change, ...]:
    return tuple(
        Change(
            label=str(_LABELS.get(name, name.replace("_", " "))),
            now=people.get(str(value), "") or _of_a_visit(entry, value) or _worded(name, value),
            was=_worded(name, was[name]) if name in was and was[name] != value else None,
        )
        for name, value in entry.details.items()
    )


def _of_a_visit(entry: AuditEntry, value: Any) -> str:
    return str(REASONS.get(value, "")) if entry.action == "staff.entered" else ""


def _worded(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name == "bands":
        return ", ".join(str(_BANDS.get(each, each)) for each in str(value).split(","))
    if name in _FIGURES and value not in (None, ""):
        return formats.plain(value)
    text = str("" if value is None else value).replace(",", ", ")
    return text or "–"


def _filters(request: HttpRequest, asked: Mapping[str, Any]) -> Filters:
    areas = [Choice(code, str(name), code == asked["area"]) for code, (name, _parts) in AREAS.items()]
    kinds = [Choice(code, str(name), code == asked["actor_kind"]) for code, name in _KINDS.items()]
    picked = (("area", areas), ("who", kinds))
    chips = [
        FilterChip(choice.label, paging.without(request, name))
        for name, choices in picked
        for choice in choices
        if choice.selected
    ]
    return Filters(
        selects=(
            FilterSelect("area", _("What"), (Choice("", _("Everything")), *areas)),
            FilterSelect("who", _("Who"), (Choice("", _("Everybody")), *kinds)),
        ),
        clear_url=request.path,
        has_search=False,
        **periods.filled(request, chips),
    )
