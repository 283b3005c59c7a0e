"""Telling what happened: each event stored once, with a notice for each member who may know and a delivery for each
endpoint that asked, in the caller's transaction. Whatever is told twice is told once.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from accounts.models import Membership
from accounts.permissions import active_memberships, permissions_of_member, reaches_of
from accounts.reach import Reach
from payymo.notices.kinds import AUDIENCES, Kind, Way, usual_way
from payymo.notices.models import Delivery, Endpoint, Event, Notice, Preference
from payymo.shared.money import quantized
from tenants import context
from tenants.nudging import nudge


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that may be worth telling: `occasion` says which time it happened to what it is `about`.

    Shape: `to` are users by id, for a kind that is personal; `account` is the bank account that it belongs to.
    """

    kind: Kind
    about: uuid.UUID
    occasion: str
    happened_at: datetime
    details: dict[str, Any] = field(default_factory=dict)
    account: int | None = None
    to: frozenset[int] = frozenset()

    @property
    def key(self) -> tuple[str, uuid.UUID, str]:
        """What makes it this one."""
        return (str(self.kind), self.about, self.occasion)


def said(amount: Decimal | str, currency: str) -> dict[str, str]:
    """Return how details hold an amount: in the currency's own digits."""
    return {"amount": str(quantized(Decimal(amount), currency)), "currency": currency}


@dataclass(frozen=True, slots=True)
class _Listener:
    """A member with what they may do, see and chose."""

    user_id: int
    permissions: frozenset[str]
    reach: Reach
    chosen: dict[str, str]

    def way(self, happening: Happening) -> Way | None:
        """Return how the member hears of it; None for not at all."""
        if AUDIENCES[happening.kind].is_personal and self.user_id not in happening.to:
            return None
        if self.reach.accounts is not None and happening.account not in self.reach.accounts:
            return None
        usual = usual_way(happening.kind, self.permissions)
        way = usual and Way(self.chosen.get(happening.kind, usual))
        return None if way == Way.OFF else way


def tell(happenings: Sequence[Happening], *, now: datetime) -> int:
    """Store what is new of these, with its notices and deliveries; return how many were new.

    Shape: the caller holds the teller's lock (`collecting.locked`) inside a transaction, so that nobody tells beside.
    """
    endpoints = list(Endpoint.objects.filter(state=Endpoint.State.ACTIVE).order_by("pk"))
    wanted = {kind for endpoint in endpoints for kind in endpoint.kinds}
    found = {each.key: each for each in happenings if AUDIENCES[each.kind].sees or each.kind in wanted}
    known = _known(found.values()) if found else set()
    fresh = [each for key, each in found.items() if key not in known]
    if not fresh:
        return 0
    events = Event.objects.bulk_create(
        Event(
            kind=each.kind, about=each.about, occasion=each.occasion, happened_at=each.happened_at,
            details=each.details, account_id=each.account,
        )
        for each in fresh
    )  # fmt: skip
    pairs = list(zip(fresh, events, strict=True))
    listeners = _listeners()
    Notice.objects.bulk_create(
        Notice(event=event, user_id=listener.user_id, way=way)
        for happening, event in pairs
        for listener in listeners
        if (way := listener.way(happening)) is not None
    )
    deliveries = Delivery.objects.bulk_create(
        Delivery(endpoint=endpoint, event=event, due_at=now)
        for _, event in pairs
        for endpoint in endpoints
        if event.kind in endpoint.kinds
    )
    if deliveries:
        nudge("deliveries")
    return len(fresh)


def _known(happenings: Any) -> set[tuple[str, uuid.UUID, str]]:
    asked = list(happenings)
    about = Q(kind__in={each.kind for each in asked}, about__in={each.about for each in asked})
    return set(Event.objects.filter(about).values_list("kind", "about", "occasion"))


def _listeners() -> list[_Listener]:
    """Return the members as they are now; three queries, however many there are."""
    members: list[Membership] = list(active_memberships().filter(tenant=context.current()).order_by("pk"))
    reaches = reaches_of(members)
    chosen: dict[int, dict[str, str]] = {}
    for user_id, kind, way in Preference.objects.values_list("user_id", "kind", "way"):
        chosen.setdefault(user_id, {})[kind] = way
    return [
        _Listener(each.user_id, permissions_of_member(each), reaches[each.user_id], chosen.get(each.user_id, {}))
        for each in members
    ]
