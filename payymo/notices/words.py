"""Events in words: for the dashboard, mails and Slack. They name amounts, days and counts, and nobody."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, ngettext

from matching.three_way_selectors import Check
from payymo.notices.kinds import Kind
from payymo.notices.models import Event
from payymo.shared import figures

_Details = Mapping[str, Any]


def _money(details: _Details) -> str:
    return figures.money(Decimal(str(details.get("amount", "0"))), str(details.get("currency", "")))


def _day(text: object) -> str:
    return figures.day(date.fromisoformat(str(text)[:10]))


def _feed(details: _Details) -> str:
    named = {"bank": gettext("The bank feed"), "stripe": "Stripe", "gocardless": "GoCardless", "whmcs": "WHMCS"}
    source = named.get(str(details.get("source")), "")
    if details.get("reason") == "refused":
        return gettext("%(source)s does not let Payymo in: nothing new is read.") % {"source": source}
    if details.get("reason") == "asks":
        return gettext("A new bank account may be here already: its payments wait until somebody says which it is.")
    if details.get("reason") == "consent":
        return gettext("A bank consent has ended: newer payments are missing.")
    return gettext("%(source)s was last read on %(day)s: whatever is newer is missing.") % {
        "source": source, "day": _day(details.get("since")),
    }  # fmt: skip


def _consent(details: _Details) -> str:
    days = int(details.get("days", 0))
    text = ngettext(
        "A bank consent ends in %(days)d day. Renew it, or newer payments will be missing.",
        "A bank consent ends in %(days)d days. Renew it, or newer payments will be missing.", days,
    )  # fmt: skip
    return text % {"days": days}


def _dispute(details: _Details) -> str:
    texts = {
        "won": gettext("A dispute over %s was won."),
        "lost": gettext("A dispute over %s was lost."),
        "prevented": gettext("A dispute over %s was prevented."),
        "inquiry": gettext("A customer's bank asks about a charge of %s."),
    }
    return texts.get(str(details.get("outcome")), gettext("A charge of %s is disputed.")) % _money(details)


def _money_back(details: _Details) -> str:
    if details.get("what") == "dispute":
        return gettext("A lost dispute took %s back, and WHMCS does not show it yet.") % _money(details)
    return gettext("A gateway refunded %s, and WHMCS does not show it yet.") % _money(details)


def _differs(details: _Details) -> str:
    match details.get("what"):
        case "balance":
            text = gettext("A bank's statement of %(day)s differs by %(money)s from what Payymo knows of the account.")
        case "parts":
            text = gettext("The parts of an account's statement leave %(money)s unexplained on %(day)s.")
        case what:
            # What a later release left behind is shown under its code.
            check = Check(what).label if what in Check.values else what
            return gettext("%(check)s: %(count)s, older than a few days.") % {"check": check, "count": details["count"]}
    return text % {"day": _day(details.get("day")), "money": _money(details)}


def _import(details: _Details) -> str:
    count = int(details.get("refused", 0))
    text = ngettext(
        "%(count)d entry of an imported file was refused.", "%(count)d entries of an imported file were refused.", count
    )
    return text % {"count": count}


def _trained(details: _Details) -> str:
    if details.get("taken"):
        return gettext("The engine learned from your decisions: version %s is in use.") % details.get("version", "")
    return gettext("The engine learned version %s and did not take it: it was no better.") % details.get("version", "")


def _endpoint(details: _Details) -> str:
    if details.get("reason") == "gone":
        return gettext("A webhook endpoint was switched off: it answered that it is gone.")
    return gettext("A webhook endpoint was switched off: it failed for too long.")


def _licence(details: _Details) -> str:
    match details.get("what"):
        case "ends":
            return gettext("The licence ends on %s.") % _day(details.get("day"))
        case "over":
            return gettext("The licence has ended. Nothing new can be added until it is renewed.")
        case "users":
            text = gettext("%(used)s of %(most)s users of the licence are in use.")
        case "bank_connections":
            text = gettext("%(used)s of %(most)s bank connections of the licence are in use.")
        case _:
            text = gettext("%(used)s of the %(most)s payments a month of the licence have come in.")
    return text % {"used": details.get("used", ""), "most": details.get("most", "")}


_TEXTS: Mapping[Kind, Callable[[_Details], str]] = {
    Kind.FEED_STOPPED: _feed,
    Kind.CONSENT_ENDS: _consent,
    Kind.POSTING_STOPPED: lambda d: gettext("A payment of %s could not be posted to WHMCS.") % _money(d),
    Kind.POSTING_UNCLEAR: lambda d: (
        gettext("WHMCS has not said for 15 minutes whether it booked a payment of %s.") % _money(d)
    ),
    Kind.POSTING_POSTED: lambda d: gettext("A payment of %s was posted to WHMCS.") % _money(d),
    Kind.PAYMENT_RETURNED: lambda d: gettext("The bank returned a matched payment of %s.") % _money(d),
    Kind.MONEY_BACK: _money_back,
    Kind.DISPUTE: _dispute,
    Kind.ASSIGNED: lambda d: gettext("A payment of %s was given to you.") % _money(d),
    Kind.MENTIONED: lambda d: gettext("You were mentioned at a payment of %s.") % _money(d),
    Kind.BOOKS_DIFFER: _differs,
    Kind.REVIEW_WAITS: lambda d: gettext("Payments wait for review."),
    Kind.IMPORT_REFUSED: _import,
    Kind.ENGINE_TRAINED: _trained,
    Kind.AUTOMATION_STOPPED: lambda d: gettext("Automatic approval stopped: too much of it was corrected."),
    Kind.LICENCE: _licence,
    Kind.API_KEY_MADE: lambda d: gettext("An API key was made."),
    Kind.STAFF_ENTERED: lambda d: gettext("Payymo's staff looked into your company, as you allowed."),
    Kind.ENDPOINT_OFF: _endpoint,
}
_PATHS: Mapping[Kind, str] = {
    Kind.FEED_STOPPED: "/connections/", Kind.CONSENT_ENDS: "/connections/", Kind.POSTING_STOPPED: "/postings/",
    Kind.POSTING_UNCLEAR: "/postings/", Kind.POSTING_POSTED: "/postings/", Kind.PAYMENT_RETURNED: "/returns/",
    Kind.BOOKS_DIFFER: "/reports/{report}/",
    Kind.REVIEW_WAITS: "/review/?order=oldest", Kind.IMPORT_REFUSED: "/imports/{about}/",
    Kind.ENGINE_TRAINED: "/reports/engine/",
    Kind.AUTOMATION_STOPPED: "/reports/engine/", Kind.LICENCE: "/settings/licence/",
    Kind.API_KEY_MADE: "/settings/api/", Kind.STAFF_ENTERED: "/settings/general/",
    Kind.ENDPOINT_OFF: "/settings/webhooks/",
}  # fmt: skip


def text_of(event: Event) -> str:
    """Say in one sentence what happened, in the language that is active."""
    return _TEXTS[Kind(event.kind)](event.details)


def path_of(event: Event) -> str:
    """Return where something can be done about it, on the tenant's host."""
    path = _PATHS.get(Kind(event.kind), "/transactions/{receipt}/")
    report = "statement" if event.details.get("what") in ("balance", "parts") else "three-way"
    return path.format(about=event.about, receipt=event.details.get("receipt", ""), report=report)
