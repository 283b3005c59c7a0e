"""What the review queue is filtered by, as query parameters, and the bar that shows it."""

from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from matching import queue_selectors, selectors
from matching.models import Band
from matching.services.teamwork import Colleague
from payymo.dashboard import paging
from payymo.dashboard.links import link
from payymo.dashboard.pages import Choice, FilterChip, Filters, FilterSelect, SavedViewLink, Views

_SOURCES = ("bank", "stripe")
_TOO_MUCH = Decimal(10) ** 15
_NOBODY = "nobody"


def chosen_in(request: HttpRequest) -> queue_selectors.QueueFilter:
    """Read the filters of the page; what cannot be read is not applied."""
    return _read(request.GET, request)


def queue_behind(request: HttpRequest, name: str = "queue") -> queue_selectors.QueueFilter:
    """Read the filters of the queue from which a panel was opened, a decision was made or a view is kept."""
    return _read(QueryDict((request.POST.get(name) or request.GET.get(name, ""))[:1000]), request)


def cursor_in(request: HttpRequest) -> str:
    """Return the position behind which the queue goes on; empty for the first page."""
    return request.GET.get("cursor", "")[:80]


def _read(asked: QueryDict, request: HttpRequest) -> queue_selectors.QueueFilter:
    try:
        least = Decimal(asked["over"]) if asked.get("over") else None
    except InvalidOperation:
        least = None
    if least is not None and not (least.is_finite() and abs(least) < _TOO_MUCH):
        least = None
    return queue_selectors.QueueFilter(
        band=asked.get("band", "") if asked.get("band", "") in Band.values else "",
        source=asked.get("source", "") if asked.get("source", "") in _SOURCES else "",
        text=paging.cleaned(asked.get("q", "")),
        least_amount=least,
        assignee=_assignee(asked.get("who", ""), request),
        order=asked.get("order", "") if asked.get("order", "") in queue_selectors.ORDERS else "",
    )


def _assignee(text: str, request: HttpRequest) -> int | None:
    """Read whose payments are asked for: `me`, `nobody`, or a colleague's number."""
    if text == "me":
        return int(request.user.pk)
    if text == _NOBODY:
        return queue_selectors.NOBODY
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 19 else None


def query_of(chosen: queue_selectors.QueueFilter, **without: str) -> str:
    """Write the filters as a query string; `without` replaces single ones."""
    who = "" if chosen.assignee is None else str(chosen.assignee) if chosen.assignee else _NOBODY
    kept = {
        "band": chosen.band, "source": chosen.source, "q": chosen.text,
        "over": str(chosen.least_amount) if chosen.least_amount is not None else "",
        "who": who, "order": chosen.order,
    }  # fmt: skip
    return urlencode({key: value for key, value in {**kept, **without}.items() if value})


def is_filtered(chosen: queue_selectors.QueueFilter) -> bool:
    """Return whether anything is left out; an order alone leaves nothing out."""
    return bool(query_of(chosen, order=""))


def filter_bar(chosen: queue_selectors.QueueFilter, colleagues: tuple[Colleague, ...], *, user_id: int) -> Filters:
    """Build the bar above the queue."""
    base = link("review")
    names = {each.id: each.name for each in colleagues}

    def chip(label: str, name: str) -> FilterChip:
        return FilterChip(label, f"{base}?{query_of(chosen, **{name: ''})}")

    chips = []
    if chosen.band:
        chips.append(chip(str(Band(chosen.band).label), "band"))
    if chosen.source:
        chips.append(chip(_("Bank") if chosen.source == "bank" else "Stripe", "source"))
    if chosen.text:
        chips.append(chip(f"“{chosen.text}”", "q"))
    if chosen.least_amount is not None:
        chips.append(chip(_("Over %s") % chosen.least_amount, "over"))
    if chosen.assignee is not None:
        chips.append(chip(_who(chosen.assignee, names, user_id), "who"))
    bands = (
        Choice("", _("All bands")),
        *(Choice(b.value, str(b.label), b == chosen.band) for b in queue_selectors.BAND_ORDER),
    )
    sources = (
        Choice("", _("Bank and Stripe")),
        Choice("bank", _("Bank"), chosen.source == "bank"),
        Choice("stripe", "Stripe", chosen.source == "stripe"),
    )
    selects = (
        FilterSelect("order", _("Order"), _orders(chosen.order)),
        FilterSelect("band", _("Band"), bands),
        FilterSelect("source", _("Source"), sources),
        FilterSelect("who", _("Assigned to"), _people(chosen.assignee, colleagues, user_id)),
    )
    over = str(chosen.least_amount) if chosen.least_amount is not None else ""
    return Filters(
        q=chosen.text,
        selects=selects,
        chips=tuple(chips),
        clear_url=base,
        hidden=(("over", over),) if over else (),
    )


def _orders(order: str) -> tuple[Choice, ...]:
    return (
        Choice("", _("Surest first, then largest")),
        Choice("oldest", _("Oldest payment first"), order == "oldest"),
        Choice("due", _("Longest overdue first: what WHMCS stops next"), order == "due"),
    )


def _who(assignee: int, names: dict[int, str], user_id: int) -> str:
    if assignee == user_id:
        return _("Mine")
    return names.get(assignee, _("A former colleague")) if assignee else _("Nobody's")


def _people(assignee: int | None, colleagues: tuple[Colleague, ...], user_id: int) -> tuple[Choice, ...]:
    others = [each for each in colleagues if each.id != user_id]
    return (
        Choice("", _("Everybody")),
        Choice("me", _("Me"), assignee == user_id),
        Choice(_NOBODY, _("Nobody"), assignee == queue_selectors.NOBODY),
        *(Choice(str(each.id), each.name, each.id == assignee) for each in others),
    )


def views_for(chosen: queue_selectors.QueueFilter, *, user_id: int) -> Views:
    """List the views above the queue: those everybody has, then the saved ones."""
    base, now = link("review"), query_of(chosen)
    built_in = (
        (_("All"), ""),
        (_("Mine"), urlencode({"who": user_id})),
        (_("Over 1,000"), "over=1000"),
        (_("Stops next"), "order=due"),
    )
    links = [SavedViewLink(name, f"{base}?{query}" if query else base, query == now) for name, query in built_in]
    for view in selectors.views_of(user_id=user_id):
        mine = view.owner_id == user_id
        links.append(
            SavedViewLink(
                name=view.name if mine else _("%(view)s (%(owner)s)") % {"view": view.name, "owner": view.owner_name},
                url=f"{base}?{view.query}" if view.query else base,
                current=view.query == now and bool(view.query),
                remove_url=f"{link('review_view_remove', view.public_id)}?{now}" if mine else "",
            )
        )
    return Views(links=tuple(links), query=now, save_url=link("review_views"))
