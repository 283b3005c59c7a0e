"""Connections and their health, in plain words."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from banking import selectors
from banking.core.continuity import Gap
from banking.models import AccountQuota, BankAccount, BankConnection
from banking.services.notes import about_gap
from payments.models import Gateway, StripeConnection
from payments.services import oauth
from payymo.dashboard import formats
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import (
    AccountLine,
    Amount,
    Chip,
    Choice,
    ConnectionCard,
    ConnectionsPage,
    Fact,
    ProviderTile,
)
from payymo.dashboard.presenters import account_questions, attention
from payymo.dashboard.presenters.receipts import masked
from whmcs.models import WhmcsInstance

LIMIT = 50
# Consents that were withdrawn or came to nothing are history.
NOT_SHOWN = ("REVOKED", "FAILED")
_MOST_METHODS = 20
COUNTRIES = (
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IS", "IE", "IT", "LV", "LI", "LT",
    "LU", "MT", "NL", "NO", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "GB",
)  # fmt: skip
_TONES = {
    "LINKED": "ok",
    "ACTIVE": "ok",
    "PENDING": "info",
    "PAUSED": "neutral",
    "REVOKED": "neutral",
    "REMOVED": "neutral",
}


def country_choices(chosen: str) -> tuple[Choice, ...]:
    """Return the countries with open banking, by their names."""
    names = formats.locale().territories
    listed = sorted((str(names.get(code, code)), code) for code in COUNTRIES)
    return tuple(Choice(code, name, code == chosen) for name, code in listed)


def _chip(row: Any) -> Chip:
    if getattr(row, "is_paused", False):
        return Chip(_("Paused"), "neutral")
    if row.failures and row.state in ("LINKED", "ACTIVE"):
        return Chip(_("Trying again"), "warn")
    return Chip(str(row.get_state_display()), _TONES.get(row.state, "bad"))  # type: ignore[arg-type]


def _times(row: Any, now: datetime) -> dict[str, Any]:
    is_due = row.next_sync_at and row.next_sync_at > now and not getattr(row, "is_paused", False)
    return {
        "last_success": formats.moment(row.last_success_at, now) if row.last_success_at else None,
        "next_run": formats.moment(row.next_sync_at, now) if is_due else None,
        "last_error": row.error_in_words,
    }


def _urls(kind: str, row: Any, *, may_change: bool, alive: bool) -> dict[str, str]:
    page = {"page_url": link("connection", kind, row.public_id)}
    if not may_change:
        return page
    return {
        **page,
        "sync_url": link("connection_sync", kind, row.public_id) if alive else "",
        "remove_url": link("connection_remove", kind, row.public_id),
    }


def _found(row: WhmcsInstance) -> tuple[Fact, ...]:
    """Say what the last test found out about the installation."""
    hours, minutes = divmod(abs(row.clock_offset_seconds) // 60, 60)
    sign = "-" if row.clock_offset_seconds < 0 else "+"
    methods = (module for module, _name in row.found.get("payment_methods", [])[:_MOST_METHODS])
    facts = (
        Fact(_("Currencies"), text=", ".join(row.found.get("currencies", []))),
        Fact(_("Payment methods"), text=", ".join(methods)),
        Fact(_("Its clock"), text=f"UTC{sign}{hours:02}:{minutes:02}", verbatim=True),
        Fact(_("Its dates"), text=row.found.get("date_format", ""), verbatim=True),
        Fact(_("Helpful, and not allowed by the role"), text=", ".join(row.found.get("left_out", []))),
    )
    return tuple(fact for fact in facts if fact.text)


def _guard(days: int) -> str:
    return ngettext("%d day", "%d days", days) % days if days else _("Off")


def _whmcs(row: WhmcsInstance, now: datetime, may_change: bool) -> ConnectionCard:
    facts = (
        Fact(_("Version"), text=row.version),
        Fact(_("Bank payments are booked under"), text=row.bank_gateway),
        Fact(_("Secret ends in"), text=row.secret_last4),
        *_found(row),
        Fact(_("Suspension guard"), text=_guard(row.guard_days)),
    )
    is_alive = row.state == WhmcsInstance.State.ACTIVE and not row.is_paused
    return ConnectionCard(
        kind="whmcs",
        name=row.name,
        detail=row.base_url,
        chip=_chip(row),
        facts=facts,
        test_url=link("connection_test", row.public_id) if may_change else "",
        credential_url=link("connection_credential", row.public_id) if may_change else "",
        module_url=link("whmcs_module", row.public_id),
        guard_url=link("connection_guard", row.public_id) if may_change else "",
        pause_url=link("whmcs_pause", row.public_id) if may_change else "",
        is_paused=row.is_paused,
        **_times(row, now),
        **_urls("whmcs", row, may_change=may_change, alive=is_alive),
    )


def _calls_left(quotas: list[AccountQuota], now: datetime) -> str:
    transactions = [quota for quota in quotas if quota.scope == "transactions"]
    if not transactions:
        return ""
    return formats.number(min(_left(quota, now) for quota in transactions))


def _quota_facts(
    row: BankConnection, accounts: list[BankAccount], quotas: dict[int, list[AccountQuota]], now: datetime
) -> tuple[Fact, ...]:
    """Name the provider, and of each account the calls that are left of each scope."""
    names = {"details": _("details"), "balances": _("balances"), "transactions": _("transactions")}
    facts = [Fact(_("Provider"), text=str(row.get_provider_display()))]
    for account in accounts:
        told = [
            f"{names[each.scope]} {formats.number(_left(each, now))}/{formats.number(each.limit)}"
            for each in sorted(quotas[account.pk], key=lambda each: each.scope)
        ]
        if told:
            facts.append(Fact(_("Calls left for %s") % masked(account.iban_last4), text=", ".join(told)))
    return tuple(facts)


def _left(quota: AccountQuota, now: datetime) -> int:
    return quota.limit if quota.resets_at and quota.resets_at <= now else max(quota.limit - quota.used, 0)


def _bank(
    row: BankConnection,
    accounts: list[BankAccount],
    quotas: dict[int, list[AccountQuota]],
    gaps: Mapping[int, tuple[Gap, ...]],
    known: Mapping[str, BankAccount],
    number_of: Callable[[BankAccount], dict[str, str]],
    now: datetime,
    may_change: bool,
) -> ConnectionCard:
    percent = None
    if row.consent_ends_at is not None:
        whole = (row.consent_ends_at - row.created_at).total_seconds()
        left = (row.consent_ends_at - now).total_seconds()
        percent = formats.bar(left / whole) if whole > 0 else 0
    lines = tuple(
        AccountLine(
            name=account.name or _("Account"),
            iban=masked(account.iban_last4),
            currency=account.currency,
            balance=Amount(account.booked_balance, account.currency) if account.booked_balance is not None else None,
            url=offer("transactions"),
            is_paused=account.is_paused and account.same_as_id is None,
            pause_url=link("account_pause", account.public_id) if may_change and account.same_as_id is None else "",
            gap=str(about_gap(gaps[account.pk][-1], account.currency)) if account.pk in gaps else "",
            **number_of(account),
            **account_questions.asked(account, known, may_change=may_change),
        )
        for account in accounts
    )
    newest = max(accounts, key=lambda each: (each.last_success_at is not None, each.last_success_at), default=row)
    errors = [account.error_in_words for account in accounts if account.last_error]
    times = _times(newest, now) | {"last_error": row.error_in_words or "; ".join(dict.fromkeys(errors))}
    alive = row.state == BankConnection.State.LINKED
    card = ConnectionCard(
        kind="bank",
        name=row.institution_name,
        detail=row.country,
        chip=_chip(row),
        facts=_quota_facts(row, accounts, quotas, now),
        calls_left=_calls_left([quota for account in accounts for quota in quotas[account.pk]], now),
        consent_end=formats.day(row.consent_ends_at.date()) if row.consent_ends_at else "",
        consent_percent=percent,
        accounts=lines,
        renew_url=link("connection_renew", row.public_id) if may_change and row.state != "PENDING" else "",
        consent_url=_consent_url(row, now) if may_change else "",
        **times,
        **_urls("bank", row, may_change=may_change, alive=alive),
    )
    return card


def _consent_url(row: BankConnection, now: datetime) -> str:
    """Return where an unfinished consent goes on, while its callback would still be taken."""
    waits = row.state == BankConnection.State.PENDING and row.callback_hash
    return row.consent_link if waits and row.callback_until and row.callback_until > now else ""


def _stripe(row: StripeConnection, now: datetime, may_change: bool) -> ConnectionCard:
    hook = _("Webhooks are verified") if oauth.is_heard(row) else _("No webhook: asked every 15 minutes")
    facts = (
        Fact(_("Account"), text=row.account_id, verbatim=True),
        Fact(_("Mode"), text=pgettext("mode", "Live") if row.livemode else pgettext("mode", "Test")),
        Fact(_("Events"), text=hook),
        *((Fact(_("Key ends in"), text=row.key_last4),) if row.key_last4 else ()),
        *_stripe_notes(row),
    )
    is_alive = row.state == StripeConnection.State.ACTIVE
    return ConnectionCard(
        kind="stripe",
        name=row.display_name,
        detail=f"{row.get_gateway_display()}: {row.get_kind_display()}",
        chip=_chip(row),
        facts=facts,
        # Where a key is pasted; the account that it opens is known, and goes on where it stopped.
        credential_url=link(f"connect_{row.gateway}") if may_change and row.state == row.State.BROKEN else "",
        pause_url=link("gateway_pause", row.public_id) if may_change and row.state != row.State.BROKEN else "",
        is_paused=row.is_paused,
        **_times(row, now),
        **_urls("stripe", row, may_change=may_change, alive=is_alive),
    )


def _stripe_notes(row: StripeConnection) -> tuple[Fact, ...]:
    """Say how far the first reading is, and which rights the key has beyond the need."""
    notes = []
    if row.synced_until is None and row.sync_progress:
        read = f"{row.sync_progress.get('kind', '')}: {formats.number(int(row.sync_progress.get('count', 0)))}"
        notes.append(Fact(_("First reading"), text=read))
    if row.superfluous_permissions:
        notes.append(Fact(_("Rights it does not need"), text=", ".join(row.superfluous_permissions)))
    return tuple(notes)


def listing(request: HttpRequest, *, now: datetime, numbers: Mapping[int, str] | None = None) -> ConnectionsPage:
    """Build the page of all connections; `numbers` are whole numbers of accounts that were asked for, by key."""
    may_change = "connections.change" in request.permissions
    installations = list(WhmcsInstance.objects.exclude(state="REMOVED").order_by("pk")[:LIMIT])
    consents = list(BankConnection.objects.exclude(state__in=NOT_SHOWN).order_by("-pk")[:LIMIT])
    stripes = list(StripeConnection.objects.exclude(state="REMOVED").order_by("pk")[:LIMIT])
    accounts: dict[int, list[BankAccount]] = defaultdict(list)
    for account in BankAccount.objects.filter(connection__in=consents).order_by("pk"):
        accounts[account.connection_id or 0].append(account)
    quotas: dict[int, list[AccountQuota]] = defaultdict(list)
    for quota in AccountQuota.objects.filter(account__connection__in=consents):
        quotas[quota.account_id].append(quota)
    gaps = selectors.statement_gaps(accounts=[account.pk for held in accounts.values() for account in held])
    known = account_questions.known_to([account for held in accounts.values() for account in held])
    may_decide = "review.decide" in request.permissions

    def number_of(account: BankAccount) -> dict[str, str]:
        number = (numbers or {}).get(account.pk, "")
        is_offered = may_decide and account.iban_sealed and not number
        return {"number": number, "number_url": link("account_number", account.public_id) if is_offered else ""}

    # A consent that was renewed has handed its accounts over and is history.
    shown = [row for row in consents if accounts[row.pk] or row.state != "EXPIRED"]
    cards = (
        *(_whmcs(row, now, may_change) for row in installations),
        *(_bank(row, accounts[row.pk], quotas, gaps, known, number_of, now, may_change) for row in shown),
        *(_stripe(row, now, may_change) for row in stripes),
    )
    linked = sum(row.state != BankConnection.State.PENDING for row in shown)
    debits = sum(row.gateway == Gateway.GOCARDLESS for row in stripes)
    tiles = _tiles(len(installations), linked, len(stripes) - debits, debits, may_change)
    return ConnectionsPage(tiles=tiles, connections=cards, notice=attention.notice(shown, now))


def _tiles(whmcs: int, bank: int, stripe: int, debits: int, may_change: bool) -> tuple[ProviderTile, ...]:
    def url(name: str) -> str:
        return link(name) if may_change else ""

    return (
        ProviderTile(
            "whmcs", "WHMCS", _("Invoices and clients; payments are posted there."), whmcs, url("connect_whmcs")
        ),
        ProviderTile("bank", _("Bank"), _("Open banking, with your consent at your bank."), bank, url("connect_bank")),
        ProviderTile("stripe", "Stripe", _("Charges, refunds and payouts, read only."), stripe, url("connect_stripe")),
        ProviderTile(
            "stripe",
            "GoCardless",
            _("Direct Debits, refunds and payouts, read only."),
            debits,
            url("connect_gocardless"),
        ),
    )
