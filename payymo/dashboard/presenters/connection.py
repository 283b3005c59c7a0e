"""One connection: its health, what it fetched last, and what was done to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from banking.models import BankConnection, RawFetch
from payymo.dashboard import formats
from payymo.dashboard.links import link
from payymo.dashboard.pages import Chip, Fact
from payymo.dashboard.pages.settings import ConnectionPage, FetchLine
from payymo.dashboard.presenters import changes, connections

MOST_FETCHES = 50


def detail(
    request: HttpRequest, kind: str, row: Any, *, now: datetime, numbers: Mapping[int, str] | None = None
) -> ConnectionPage | None:
    """Build the page of one connection; None for one that the list of connections does not show any more.

    Shape: `numbers` are the whole numbers of accounts, by primary key, for somebody who asked for them.
    """
    address = link("connection", kind, row.public_id)
    cards = connections.listing(request, now=now, numbers=numbers).connections
    card = next((each for each in cards if each.page_url == address), None)
    if card is None:
        return None
    return ConnectionPage(
        card=card,
        facts=_facts(row, now),
        fetches=_fetches(row, now) if isinstance(row, BankConnection) else (),
        events=changes.about(row.public_id, now=now) if "audit.view" in request.permissions else (),
    )


def _facts(row: Any, now: datetime) -> tuple[Fact, ...]:
    facts = [Fact(_("Connected"), moment=formats.moment(row.created_at, now))]
    if row.last_attempt_at:
        facts.append(Fact(_("Last tried"), moment=formats.moment(row.last_attempt_at, now)))
    if row.failures:
        facts.append(Fact(_("Failures in a row"), text=formats.number(row.failures)))
    return tuple(facts)


def _fetches(row: BankConnection, now: datetime) -> tuple[FetchLine, ...]:
    found = RawFetch.objects.filter(account__connection=row).select_related("account").defer("payload_sealed")
    return tuple(
        FetchLine(
            moment=formats.moment(each.fetched_at, now),
            account=each.account.name or _("Account"),
            since=each.complete_from,
            until=each.complete_until,
            state=_state(each),
        )
        for each in found.order_by("-pk")[:MOST_FETCHES]
    )


def _state(fetch: RawFetch) -> Chip:
    if fetch.processed_at is None:
        return Chip(_("Not read yet"), "info")
    if refused := len(fetch.refused):
        return Chip(ngettext("%d entry refused", "%d entries refused", refused) % refused, "bad")
    return Chip(pgettext("an answer", "Read"), "ok")
