"""The closed catalogue of what is told: who may know it, whom it asks to act, and how they hear of it at first."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """What happened. The value is also the type of the event at outgoing webhooks: it never changes its meaning."""

    FEED_STOPPED = "feed.stopped", _("A connection stopped")
    CONSENT_ENDS = "consent.ends", _("A bank consent ends soon")
    POSTING_STOPPED = "posting.stopped", _("A payment could not be posted to WHMCS")
    POSTING_UNCLEAR = "posting.unclear", _("Whether a payment was posted is unclear for 15 minutes")
    POSTING_POSTED = "posting.posted", _("A payment was posted to WHMCS")
    PAYMENT_RETURNED = "payment.returned", _("A matched payment was returned")
    MONEY_BACK = "payment.taken_back", _("Money went back, and WHMCS does not show it")
    DISPUTE = "dispute.changed", _("A customer disputes a charge, or a dispute ended")
    BOOKS_DIFFER = "books.differ", _("Bank, Payymo, WHMCS or a gateway show different things")
    ASSIGNED = "payment.assigned", _("A payment was given to you")
    MENTIONED = "payment.mentioned", _("Somebody mentioned you")
    REVIEW_WAITS = "review.waits", _("Payments wait for review, each morning")
    IMPORT_REFUSED = "import.refused", _("Entries of an imported file were refused")
    ENGINE_TRAINED = "engine.trained", _("The engine learned a new version, or refused one")
    AUTOMATION_STOPPED = "automation.stopped", _("Automatic approval stopped by itself")
    LICENCE = "licence.near_limit", _("The licence ends soon or is nearly used up")
    API_KEY_MADE = "api_key.made", _("An API key was made")
    STAFF_ENTERED = "staff.entered", _("Payymo's staff looked into the company")
    ENDPOINT_OFF = "endpoint.disabled", _("A webhook endpoint was switched off")


class Way(TextChoices):
    """How a member hears of a kind. Each way but OFF also lists it in the dashboard."""

    APP = "app", _("In Payymo")
    AT_ONCE = "at_once", _("E-mail at once")
    DAILY = "daily", _("Daily e-mail")
    WEEKLY = "weekly", _("Weekly e-mail")
    OFF = "off", _("Not at all")


MAILED = (Way.AT_ONCE, Way.DAILY, Way.WEEKLY)


@dataclass(frozen=True, slots=True)
class Audience:
    """Permissions: whoever holds `sees` may know it; whoever holds `acts` too can do something, and hears by `way`.

    Shape: `sees` alone hears in the app. Without `sees` nobody hears but webhooks. `is_personal` is told only to those
    whom it names, and to no webhook of the company.
    """

    sees: str
    acts: str = ""
    way: Way = Way.APP
    is_personal: bool = False


AUDIENCES: Mapping[Kind, Audience] = MappingProxyType(
    {
        Kind.FEED_STOPPED: Audience("connections.view", "connections.change", Way.AT_ONCE),
        Kind.CONSENT_ENDS: Audience("connections.view", "connections.change", Way.AT_ONCE),
        Kind.POSTING_STOPPED: Audience("invoices.view", "postings.retry", Way.AT_ONCE),
        Kind.POSTING_UNCLEAR: Audience("invoices.view", "postings.retry", Way.AT_ONCE),
        Kind.POSTING_POSTED: Audience(""),
        Kind.PAYMENT_RETURNED: Audience("transactions.view", "review.decide", Way.AT_ONCE),
        Kind.MONEY_BACK: Audience("transactions.view", "review.decide", Way.AT_ONCE),
        Kind.DISPUTE: Audience("transactions.view", "review.decide", Way.AT_ONCE),
        Kind.BOOKS_DIFFER: Audience("reports.view", "review.decide", Way.DAILY),
        Kind.ASSIGNED: Audience("review.view", "review.decide", Way.AT_ONCE, is_personal=True),
        Kind.MENTIONED: Audience("review.view", "review.decide", Way.AT_ONCE, is_personal=True),
        Kind.REVIEW_WAITS: Audience("review.decide", "review.decide", Way.DAILY, is_personal=True),
        Kind.IMPORT_REFUSED: Audience("imports.add", "imports.add", Way.DAILY),
        Kind.ENGINE_TRAINED: Audience("reports.view"),
        Kind.AUTOMATION_STOPPED: Audience("reports.view", "settings.change", Way.AT_ONCE),
        Kind.LICENCE: Audience("settings.change", "settings.change", Way.DAILY),
        Kind.API_KEY_MADE: Audience("api_keys.change", "api_keys.change", Way.DAILY),
        Kind.STAFF_ENTERED: Audience("settings.change", "settings.change", Way.DAILY),
        Kind.ENDPOINT_OFF: Audience("settings.change", "settings.change", Way.AT_ONCE),
    }
)
LISTED = tuple(kind for kind, audience in AUDIENCES.items() if audience.sees)
FOR_WEBHOOKS = tuple(kind for kind, audience in AUDIENCES.items() if not audience.is_personal)


def usual_way(kind: Kind, permissions: frozenset[str]) -> Way | None:
    """Return how somebody with these permissions hears of a kind unless they chose; None for not at all.

    Shape: a member who may not know it hears nothing, whatever they chose before.
    """
    audience = AUDIENCES[kind]
    if audience.sees not in permissions:
        return None
    return audience.way if audience.acts in permissions else Way.APP
