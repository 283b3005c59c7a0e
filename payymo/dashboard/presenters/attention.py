"""The one thing that needs attention on every page: what is worst, and the one way on."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banking.models import BankConnection
from matching import taken_back_selectors
from matching.services import drift
from payymo.dashboard import formats
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import Banner, Tone
from payymo.dashboard.presenters.feeds import Source, standing
from tenants.breakers import features_off
from whmcs import selectors

_DAY = timedelta(days=1)
# Days before a consent ends: said to those who can renew it, then to everybody, then as the worst thing there is.
TOLD_ADMINS, TOLD_EVERYBODY, TOLD_LOUDLY = 14, 7, 1
NOTICE_DAYS = 30


def banner(sources: tuple[Source, ...], *, permissions: frozenset[str], now: datetime) -> Banner | None:
    """Return the worst thing, or None. Four queries besides what `sources` took."""
    may_change = "connections.change" in permissions
    told = TOLD_ADMINS if may_change else TOLD_EVERYBODY
    found = [*_secrets(), *_broken(sources, may_change), *_consents(sources, now, told, may_change)]
    found += [
        *_paused(sources, may_change),
        *_asking(sources, may_change),
        *_stale(sources, now),
        *_stopped(permissions),
        *_automation(permissions),
        *_returned(permissions),
    ]
    return min(found, key=lambda each: ("bad", "warn", "info").index(each.tone), default=None)


def _secrets() -> Iterator[Banner]:
    features = {
        "bank": _("Bank feeds"),
        "stripe": "Stripe",
        "gocardless": "GoCardless",
        "whmcs": "WHMCS",
        "mail": _("E-mail"),
        "webhooks": "Webhooks",
    }
    for feature in features_off():
        text = _("%s: off, because the stored credential cannot be opened just now. It goes on by itself.")
        yield Banner("bad", text % features.get(feature, feature), _("Show connections"), offer("connections"))


def _broken(sources: tuple[Source, ...], may_change: bool) -> Iterator[Banner]:
    for source in sources:
        if source.state != "BROKEN" or source.is_paused:
            continue
        url, action = offer("connections"), _("Show connections")
        if source.kind == "whmcs":
            text = _("%s does not let Payymo in: nothing is read from WHMCS, and nothing is posted.") % source.name
            if may_change:
                url, action = link("connection_credential", source.connection.public_id), _("Give a new credential")
        else:
            text = _("%(gateway)s refuses the key of %(name)s. Newer charges are missing.") % {
                "gateway": source.title,
                "name": source.name,
            }
        yield Banner("bad", text, action, url)


def days_left(consent: BankConnection, now: datetime) -> int | None:
    """Return how many whole days a consent still runs; None when it does not say, or is no living one."""
    if consent.state != BankConnection.State.LINKED or consent.consent_ends_at is None:
        return None
    return max((consent.consent_ends_at - now) // _DAY, 0)


def _consents(sources: tuple[Source, ...], now: datetime, told: int, may_change: bool) -> Iterator[Banner]:
    url = offer("connections")
    action = _("Renew consent") if may_change else _("Show connections")
    consents = {source.connection.pk: source.connection for source in sources if source.kind == "bank"}
    for consent in consents.values():
        assert isinstance(consent, BankConnection)  # noqa: S101 - of that kind
        bank, left = consent.institution_name, days_left(consent, now)
        if consent.state == BankConnection.State.SUSPENDED:
            yield Banner("bad", _("%s was suspended by the provider. Newer payments are missing.") % bank, action, url)
        elif consent.state == BankConnection.State.EXPIRED or (left == 0 and _is_over(consent, now)):
            text = _("The consent for %s has ended. Newer payments are missing.") % bank
            yield Banner("bad", text, action, url)
        elif left is not None and left <= told:
            yield Banner(_tone(left), ending(bank, left), action, url)


def _is_over(consent: BankConnection, now: datetime) -> bool:
    return consent.consent_ends_at is not None and consent.consent_ends_at <= now


def _tone(left: int) -> Tone:
    return "bad" if left <= TOLD_LOUDLY else "warn" if left <= TOLD_EVERYBODY else "info"


def ending(bank: str, left: int) -> str:
    """Say how long a consent still runs."""
    if left == 0:
        return _("The consent for %s ends within a day.") % bank
    text = ngettext(
        "The consent for %(bank)s ends in %(days)d day.", "The consent for %(bank)s ends in %(days)d days.", left
    )
    return text % {"bank": bank, "days": left}


def notice(consents: Iterable[BankConnection], now: datetime) -> str:
    """Name the consents that end within 30 days, for the page of the connections."""
    left = [(consent.institution_name, days_left(consent, now)) for consent in consents]
    return " ".join(ending(bank, days) for bank, days in left if days is not None and days <= NOTICE_DAYS)


def _stale(sources: tuple[Source, ...], now: datetime) -> Iterator[Banner]:
    for source in sources:
        is_fetched = source.is_alive and not source.is_paused
        if not is_fetched or not source.is_stale(now) or source.last_success_at is None:
            continue
        day = formats.day(source.last_success_at.date())
        texts = {
            "bank": _("Bank feed stopped on %(day)s. Newer payments are missing."),
            "stripe": _("%(gateway)s was last read on %(day)s. Newer charges are missing."),
            "whmcs": _("WHMCS was last read on %(day)s. Newer invoices are missing."),
        }
        text = texts[source.kind] % {"gateway": source.title, "day": day}
        yield Banner("warn", text, _("Show connections"), offer("connections"))


def _paused(sources: tuple[Source, ...], may_change: bool) -> Iterator[Banner]:
    for source in sources:
        if source.is_paused:
            action = _("Resume it there") if may_change else _("Show connections")
            yield Banner("warn", standing(source.name, source.last_success_at), action, offer("connections"))


def _asking(sources: tuple[Source, ...], may_change: bool) -> Iterator[Banner]:
    for source in sources:
        if source.asks:
            text = _("%s may be an account that is here already. Its payments wait until somebody says.") % source.name
            yield Banner("warn", text, _("Answer") if may_change else _("Show connections"), offer("connections"))


def _automation(permissions: frozenset[str]) -> Iterator[Banner]:
    stop = drift.open_stop() if "reports.view" in permissions else None
    if stop is None:
        return
    text = ngettext(
        "Nothing is approved automatically since %(day)s: %(count)d automatic approval was corrected.",
        "Nothing is approved automatically since %(day)s: %(count)d automatic approvals were corrected.",
        stop.corrected,
    ) % {"day": formats.day(stop.raised_at.date()), "count": stop.corrected}
    yield Banner("warn", text, _("Look at it"), link("engine"))


def _returned(permissions: frozenset[str]) -> Iterator[Banner]:
    if "transactions.view" not in permissions:
        return
    returned = taken_back_selectors.to_deal_with().count()
    if returned:
        text = ngettext(
            "Money of %d matched payment went back, and WHMCS does not show it.",
            "Money of %d matched payments went back, and WHMCS does not show it.",
            returned,
        ) % returned  # fmt: skip
        yield Banner("warn", text, _("Decide what happens"), offer("returns"))


def _stopped(permissions: frozenset[str]) -> Iterator[Banner]:
    if "invoices.view" not in permissions:
        return
    stopped = selectors.postings_within_reach().filter(state__in=selectors.NEEDS_A_PERSON).count()
    if stopped:
        text = ngettext(
            "%d approved payment could not be posted to WHMCS.", "%d approved payments could not be posted to WHMCS.",
            stopped,
        ) % stopped  # fmt: skip
        yield Banner("warn", text, _("Decide what happens"), offer("postings"))
