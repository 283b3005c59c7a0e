"""What the review queue is filtered by, as query parameters, and the bar that shows it."""

from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from matching import selectors
from matching.models import Band
from payymo.dashboard import paging
from payymo.dashboard.links import link
from payymo.dashboard.pages import Choice, FilterChip, Filters, FilterSelect

_SOURCES = ("bank", "stripe")
_TOO_MUCH = Decimal(10) ** 15


def chosen_in(request: HttpRequest) -> selectors.QueueFilter:
    """Read the filters of the page; what cannot be read is not applied."""
    return _read(request.GET)


def queue_behind(request: HttpRequest) -> selectors.QueueFilter:
    """Read the filters of the queue from which a panel was opened or a decision was made."""
    return _read(QueryDict((request.POST.get("queue") or request.GET.get("queue", ""))[:1000]))


def _read(asked: QueryDict) -> selectors.QueueFilter:
    try:
        least = Decimal(asked["over"]) if asked.get("over") else None
    except InvalidOperation:
        least = None
    if least is not None and not (least.is_finite() and abs(least) < _TOO_MUCH):
        least = None
    return selectors.QueueFilter(
        band=asked.get("band", "") if asked.get("band", "") in Band.values else "",
        source=asked.get("source", "") if asked.get("source", "") in _SOURCES else "",
        text=paging.cleaned(asked.get("q", "")),
        least_amount=least,
    )


def query_of(chosen: selectors.QueueFilter, **without: str) -> str:
    """Write the filters as a query string; `without` replaces single ones."""
    kept = {
        "band": chosen.band, "source": chosen.source, "q": chosen.text,
        "over": str(chosen.least_amount) if chosen.least_amount is not None else "",
    }  # fmt: skip
    return urlencode({key: value for key, value in {**kept, **without}.items() if value})


def filter_bar(chosen: selectors.QueueFilter) -> Filters:
    """Build the bar above the queue."""
    base = link("review")

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
    bands = (
        Choice("", _("All bands")),
        *(Choice(b.value, str(b.label), b == chosen.band) for b in selectors.BAND_ORDER),
    )
    sources = (
        Choice("", _("Bank and Stripe")),
        Choice("bank", _("Bank"), chosen.source == "bank"),
        Choice("stripe", "Stripe", chosen.source == "stripe"),
    )
    return Filters(
        q=chosen.text,
        selects=(FilterSelect("band", _("Band"), bands), FilterSelect("source", _("Source"), sources)),
        chips=tuple(chips),
        clear_url=base,
    )


def cursor_in(request: HttpRequest) -> tuple[int, Decimal, int] | None:
    """Read the keyset position; None for the first page."""
    try:
        place, amount, key = request.GET["cursor"].split("_")
        found = int(place), Decimal(amount), int(key)
    except (KeyError, ValueError, InvalidOperation):
        return None
    return found if found[1].is_finite() and abs(found[1]) < _TOO_MUCH else None
