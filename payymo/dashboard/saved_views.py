"""Views of the record lists: their filters and order under a name, private or shared."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from matching import selectors
from payymo.dashboard.links import link
from payymo.dashboard.pages import SavedViewLink, Views

# The lists that have views, and the right that each asks for. The name is also that of the list's address.
PLACES: Mapping[str, str] = {
    "transactions": "transactions.view",
    "invoices": "invoices.view",
    "payouts": "transactions.view",
    "payers": "rules.view",
    "postings": "invoices.view",
    "returns": "transactions.view",
    "rules": "rules.view",
    "imports": "imports.add",
    "activity": "activity.view",
    "changes": "audit.view",
}
_KEPT = frozenset({"q", "state", "source", "status", "found", "kind", "area", "who", "from", "to", "sort"})


def query_of(text: str) -> str:
    """Return the filters and the order of an address, always written alike; anything else is left out."""
    return urlencode(sorted((key, value) for key, value in parse_qsl(text, max_num_fields=50) if key in _KEPT))


def of(request: HttpRequest, place: str) -> Views:
    """Return the views of a list that a person sees, and what is needed to keep the one that is shown."""
    base, now = link(place), query_of(request.GET.urlencode())
    mine = request.user.pk
    saved = tuple(
        SavedViewLink(
            name=each.name
            if each.owner_id == mine
            else _("%(view)s (%(owner)s)") % {"view": each.name, "owner": each.owner_name},
            url=f"{base}?{each.query}",
            current=each.query == now,
            remove_url=link(f"{place}_view_remove", each.public_id) if each.owner_id == mine else "",
        )
        for each in selectors.views_of(user_id=mine, place=place)
    )
    return Views(
        links=(SavedViewLink(_("All"), base, not now), *saved) if saved else (),
        query=now,
        save_url=link(f"{place}_views") if now else "",
    )
