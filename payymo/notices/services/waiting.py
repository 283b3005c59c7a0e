"""What waits for review, in the figures of a digest: how many, how much, since when, with links to each part."""

from datetime import date
from typing import Any

from django.db.models import Count, DecimalField, F, Min, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import ngettext

from matching import queue_selectors
from matching.models import Band
from payymo.shared.figures import day, money, number
from tenants.links import address_of
from tenants.models import Tenant

_OPEN = F("amount") - Coalesce(
    F("bank_transaction__allocated"), F("stripe_payment__allocated"), output_field=DecimalField()
)


def is_any(*, on: date) -> bool:
    """Return whether a payment within reach waits."""
    return queue_selectors.waiting(on=on, chosen=queue_selectors.QueueFilter()).exists()


def figures(*, tenant: Tenant, on: date) -> dict[str, Any] | None:
    """Return the figures of what waits within reach, in the language that is active; None when nothing does.

    Shape: the number of queries is fixed; sums are of what is still open, one for each currency.
    """
    rows = queue_selectors.waiting(on=on, chosen=queue_selectors.QueueFilter()).values_list("band", "currency")
    found = list(rows.annotate(count=Count("pk"), open=Sum(_OPEN), since=Min("received_date")).order_by("currency"))
    if not found:
        return None
    counts = {band: sum(count for name, _, count, _, _ in found if name == band) for band in queue_selectors.BAND_ORDER}
    sums: dict[str, Any] = {}
    for _, currency, _, amount, _ in found:
        sums[currency] = sums.get(currency, 0) + amount
    queue = address_of(tenant, "/review/")
    since = min((first for *_, first in found if first), default=None)
    return {
        "text": _said(sum(counts.values()), since),
        "url": f"{queue}?order=oldest",
        "sums": [money(amount, currency) for currency, amount in sums.items()],
        "bands": [
            {
                "text": f"{Band(band).label}: {number(count)}",
                "url": f"{queue}?band={band.value}",
            }
            for band, count in counts.items()
            if count
        ],
    }


def _said(count: int, since: date | None) -> str:
    if since is None:
        text = ngettext("%(count)s payment waits for review.", "%(count)s payments wait for review.", count)
        return text % {"count": number(count)}
    text = ngettext(
        "%(count)s payment waits for review, since %(day)s.",
        "%(count)s payments wait for review, the oldest since %(day)s.",
        count,
    )
    return text % {"count": number(count), "day": day(since)}
