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
from payymo.dashboard.links import link
from payymo.dashboard.pages import Chip, Feed
from whmcs.models import WhmcsInstance

STALE_AFTER = timedelta(days=2)
LIMIT = 50
_ALIVE = ("LINKED", "ACTIVE")


@dataclass(frozen=True, slots=True)
class Source:
    """One source and what is known of its last calls.

    Shape: `kind` is bank, stripe or whmcs. `asks`: nothing of it is imported until a person says which account it is.
    """

    kind: str
    name: str
    state: str
    last_success_at: datetime | None
    failures: int
    error: str
    connection: WhmcsInstance | StripeConnection | BankConnection
    asks: bool = False

    @property
    def title(self) -> str:
        """Return the name of the gateway; empty for a source that is none."""
        return self.connection.get_gateway_display() if isinstance(self.connection, StripeConnection) else ""

    def is_stale(self, now: datetime) -> bool:
        """Return whether what came since its last good call must be missing."""
        return self.last_success_at is not None and now - self.last_success_at > STALE_AFTER

    @property
    def is_alive(self) -> bool:
        """Return whether it is fetched from at all."""
        return self.state in _ALIVE


def read() -> tuple[Source, ...]:
    """Return every connected source within reach; three queries, however many there are."""
    return tuple(_all())


def _all() -> Iterator[Source]:
    for row in WhmcsInstance.objects.exclude(state="REMOVED").order_by("pk")[:LIMIT]:
        yield Source("whmcs", row.name, row.state, row.last_success_at, row.failures, row.last_error, row)
    accounts = BankAccount.objects.filter(reach.by_account("pk")).exclude(connection=None).exclude(is_paused=True)
    accounts = accounts.select_related("connection").exclude(connection__state=BankConnection.State.REVOKED)
    for account in accounts.order_by("pk")[:LIMIT]:
        consent = account.connection
        assert consent is not None  # noqa: S101 - excluded above
        name = account.name or _("Bank account")
        yield Source(
            "bank", name, consent.state, account.last_success_at, account.failures, account.last_error, consent,
            asks=account.held_at is not None,
        )  # fmt: skip
    gateways = StripeConnection.objects.filter(reach.of_stripe()).exclude(state__in=["REMOVED", "PAUSED"])
    for stripe in gateways.order_by("pk")[:LIMIT]:
        name = stripe.account_name or stripe.account_id
        yield Source("stripe", name, stripe.state, stripe.last_success_at, stripe.failures, stripe.last_error, stripe)


def chip(source: Source, now: datetime) -> Chip:
    """Say in two words how a source is."""
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
            detail=source.error,
            url=link("connections"),
        )
        for source in sources
    )


def summary(sources: tuple[Source, ...], now: datetime) -> Chip | None:
    """Say in one chip how all of them are; None while nothing is connected."""
    if not sources:
        return None
    broken = sum(not source.is_alive for source in sources)
    late = sum(source.is_alive and (source.is_stale(now) or source.failures > 0) for source in sources)
    if broken:
        return Chip(ngettext("%d feed needs you", "%d feeds need you", broken) % broken, "bad")
    if late:
        return Chip(ngettext("%d feed is late", "%d feeds are late", late) % late, "warn")
    return Chip(_("Feeds are up to date"), "ok")
