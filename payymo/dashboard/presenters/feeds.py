"""How the sources of payments and invoices are, read once for the shell, the overview and the banner."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import reach
from banking.models import BankAccount, BankConnection
from payments.models import StripeConnection
from payymo.dashboard import formats
from payymo.dashboard.links import offer
from payymo.dashboard.pages import Chip, Feed
from whmcs import selectors
from whmcs.models import WhmcsInstance

STALE_AFTER = timedelta(days=2)
LIMIT = 50
_ALIVE = ("LINKED", "ACTIVE")


@dataclass(frozen=True, slots=True)
class Source:
    """One source and what is known of its last calls.

    Shape: `kind` is bank, stripe or whmcs. `asks`: nothing of it is imported until a person says which account it is.
    `is_paused`: a person leaves this WHMCS alone; paused accounts and gateways are no sources.
    """

    kind: str
    name: str
    state: str
    last_success_at: datetime | None
    failures: int
    error: str
    connection: WhmcsInstance | StripeConnection | BankConnection
    asks: bool = False
    is_paused: bool = False

    @property
    def title(self) -> str:
        """Return the name of the gateway; empty for a source that is none."""
        return self.connection.get_gateway_display() if isinstance(self.connection, StripeConnection) else ""

    def is_stale(self, now: datetime) -> bool:
        """Return whether what came since its last good call must be missing."""
        return self.last_success_at is not None and now - self.last_success_at > STALE_AFTER

    @property
    def is_alive(self) -> bool:
        """Return whether nobody has to repair it: it is fetched from, or left alone on purpose."""
        return self.is_paused or self.state in _ALIVE


def read() -> tuple[Source, ...]:
    """Return every connected source within reach; three queries, however many there are."""
    return tuple(_all())


def _all() -> Iterator[Source]:
    for row in WhmcsInstance.objects.exclude(state="REMOVED").order_by("pk")[:LIMIT]:
        yield Source(
            "whmcs", row.name, row.state, row.last_success_at, row.failures, row.error_in_words, row,
            is_paused=row.is_paused,
        )  # fmt: skip
    accounts = BankAccount.objects.filter(reach.by_account("pk")).exclude(connection=None).exclude(is_paused=True)
    accounts = accounts.select_related("connection").exclude(connection__state=BankConnection.State.REVOKED)
    for account in accounts.order_by("pk")[:LIMIT]:
        consent = account.connection
        assert consent is not None  # noqa: S101 - excluded above
        name = account.name or _("Bank account")
        yield Source(
            "bank", name, consent.state, account.last_success_at, account.failures, account.error_in_words, consent,
            asks=account.held_at is not None,
        )  # fmt: skip
    gateways = StripeConnection.objects.filter(reach.of_stripe()).exclude(state__in=["REMOVED", "PAUSED"])
    for stripe in gateways.order_by("pk")[:LIMIT]:
        told = (stripe.state, stripe.last_success_at, stripe.failures, stripe.error_in_words, stripe)
        yield Source("stripe", stripe.display_name, *told)


def chip(source: Source, now: datetime) -> Chip:
    """Say in two words how a source is."""
    if source.is_paused:
        return Chip(_("Paused"), "neutral")
    if not source.is_alive:
        return Chip(_("Needs attention"), "bad")
    if source.asks:
        return Chip(_("Needs attention"), "warn")
    if source.failures:
        return Chip(_("Trying again"), "warn")
    if source.last_success_at is None:
        return Chip(_("First fetch"), "info")
    return Chip(_("Stale"), "warn") if source.is_stale(now) else Chip(_("Up to date"), "ok")


def listed(sources: tuple[Source, ...], now: datetime) -> tuple[Feed, ...]:
    """Return the sources for the overview."""
    return tuple(
        Feed(
            name=source.name,
            kind=source.kind,  # type: ignore[arg-type]
            chip=chip(source, now),
            last_success=formats.moment(source.last_success_at, now) if source.last_success_at else None,
            detail=_("newer invoices are missing, and approved payments wait") if source.is_paused else source.error,
            url=offer("connections"),
        )
        for source in sources
    )


def summary(sources: tuple[Source, ...], now: datetime) -> Chip | None:
    """Say in one chip how all of them are; None while nothing is connected."""
    if not sources:
        return None
    broken = sum(not source.is_alive for source in sources)
    paused = sum(source.is_paused for source in sources)
    fetched = [source for source in sources if source.is_alive and not source.is_paused]
    late = sum(source.is_stale(now) or source.failures > 0 for source in fetched)
    if broken:
        return Chip(ngettext("%d feed needs you", "%d feeds need you", broken) % broken, "bad")
    if late:
        return Chip(ngettext("%d feed is late", "%d feeds are late", late) % late, "warn")
    if paused:
        return Chip(ngettext("%d feed is paused", "%d feeds are paused", paused) % paused, "info")
    return Chip(_("Feeds are up to date"), "ok")


def standing(name: str, last_read: datetime | None) -> str:
    """Say of when the mirror of a WHMCS is that a person has paused, and what waits for it."""
    if last_read is None:
        return _("%s is paused: nothing is read from it, and approved payments wait.") % name
    return _("%(name)s is paused: its invoices are as of %(moment)s, and approved payments wait.") % {
        "name": name,
        "moment": formats.full_moment(last_read),
    }


def standstills() -> tuple[str, ...]:
    """Say of each WHMCS that is paused of when its invoices are."""
    return tuple(standing(row.name, row.last_success_at) for row in selectors.paused_instances()[:LIMIT])
