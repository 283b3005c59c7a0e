"""Looking at what no act of the log says: connections that fell silent, postings nobody answers for, disputes.

Nothing is remembered here but the events themselves: what is seen again has the same occasion, and is not told again.
The number of queries is fixed; each looks at a bounded number of rows, the newest first.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.db.models import F, Func, IntegerField, Max, Q

from accounts.models import Membership
from accounts.permissions import active_memberships
from banking.models import BankAccount, BankConnection, BankTransaction, StatementImport
from matching import taken_back_selectors, three_way_selectors
from matching.taken_back_models import TakenBack
from matching.three_way_selectors import Check
from payments.models import Dispute, Refund, StripeConnection, StripePayment
from payymo.notices.kinds import Kind
from payymo.notices.models import Endpoint
from payymo.notices.services import waiting
from payymo.notices.services.collecting import locked
from payymo.notices.services.telling import Happening, said, tell
from tenants import context, days
from tenants.licence_keys import Terms
from tenants.services import licences
from whmcs import selectors
from whmcs.models import Posting, PostingTransition, WhmcsInstance

MOST = 200
SILENT_AFTER = timedelta(days=2)
SHOWN_WITHIN = timedelta(hours=2)
UNCLEAR_AFTER = timedelta(minutes=15)
NEARLY = 0.9
MORNING = time(7)
_LICENCE_DAYS = (1, 7, 30)
# What began before this is no news, whenever Payymo first looks.
_NEWS = timedelta(days=30)


def watch(*, now: datetime) -> int:
    """Tell what is the case now and was not told before; return how many were new."""
    seen = [
        *_connections(now), *_consents(now), *_unclear(now), *_returned(now), *_taken_back(now), *_disputes(now),
        *_imports(now), *_endpoints(), *_review(now),
    ]  # fmt: skip
    with locked():
        return tell(seen, now=now)


def watch_licence(*, now: datetime) -> int:
    """Tell that the licence ends soon or is nearly used up; return how many were new."""
    seen = list(_licence(now))
    with locked():
        return tell(seen, now=now)


def _feed(row: WhmcsInstance | StripeConnection | BankAccount, source: str, now: datetime) -> Iterator[Happening]:
    since = row.last_success_at
    refused = getattr(row, "state", "") == "BROKEN"
    if not refused and (since is None or since > now - SILENT_AFTER or since < now - _NEWS):
        return
    reason = "refused" if refused else "silent"
    details = {"source": source, "reason": reason, "since": since.isoformat() if since else ""}
    # A later silence has a later beginning.
    occasion = f"{reason}:{since.isoformat() if since else 'never'}"
    yield Happening(Kind.FEED_STOPPED, row.public_id, occasion, now, details)


def _connections(now: datetime) -> Iterator[Happening]:
    for instance in WhmcsInstance.objects.exclude(state="REMOVED").exclude(is_paused=True).order_by("-pk")[:MOST]:
        yield from _feed(instance, "whmcs", now)
    for stripe in StripeConnection.objects.exclude(state__in=["REMOVED", "PAUSED"]).order_by("-pk")[:MOST]:
        yield from _feed(stripe, stripe.gateway, now)
    accounts = BankAccount.objects.filter(connection__state=BankConnection.State.LINKED, is_paused=False)
    for account in accounts.order_by("-pk")[:MOST]:
        yield from _feed(account, "bank", now)
        if account.held_at is not None:
            details = {"source": "bank", "reason": "asks"}
            occasion = f"asks:{account.held_at.isoformat()}"
            yield Happening(Kind.FEED_STOPPED, account.public_id, occasion, account.held_at, details)


def _consents(now: datetime) -> Iterator[Happening]:
    state = BankConnection.State
    rows = BankConnection.objects.filter(state__in=[state.LINKED, state.EXPIRED, state.SUSPENDED])
    for consent in rows.filter(renewed_by=None).order_by("-pk")[:MOST]:
        ends = consent.consent_ends_at
        if consent.state == state.LINKED:
            if consent.warned_days and ends and ends > now:
                days = {"days": consent.warned_days}
                yield Happening(Kind.CONSENT_ENDS, consent.public_id, str(consent.warned_days), now, days)
        elif ends is None or ends > now - _NEWS:
            reason = "consent" if consent.state == state.EXPIRED else "refused"
            yield Happening(
                Kind.FEED_STOPPED, consent.public_id, consent.state, now, {"source": "bank", "reason": reason}
            )


def _unclear(now: datetime) -> Iterator[Happening]:
    moves = PostingTransition.objects.filter(posting__state=Posting.State.UNKNOWN, to_state=Posting.State.UNKNOWN)
    rows = (
        moves.order_by()
        .values(
            "posting__public_id", "posting__amount", "posting__currency",
            account=Max("posting__invoicematch_set__bank_transaction__account"),
        )
        .annotate(last=Max("sequence"), since=Max("moved_at"))
        .filter(since__lte=now - UNCLEAR_AFTER)
        .order_by("-since")
    )  # fmt: skip
    for row in rows[:MOST]:
        money = said(row["posting__amount"], row["posting__currency"])
        details = {"posting": str(row["posting__public_id"]), **money}
        occasion = str(row["last"])
        yield Happening(
            Kind.POSTING_UNCLEAR, row["posting__public_id"], occasion, row["since"], details, account=row["account"]
        )


def _returned(now: datetime) -> Iterator[Happening]:
    waiting = taken_back_selectors.to_deal_with().filter(pair__paired_at__gt=now - _NEWS)
    for pair in (row.pair for row in waiting[:MOST] if row.pair is not None):
        details = {"receipt": str(pair.earlier.public_id), **said(pair.earlier.amount, pair.earlier.currency)}
        yield Happening(
            Kind.PAYMENT_RETURNED, pair.public_id, "", pair.paired_at, details, account=pair.earlier.account_id
        )


def _taken_back(now: datetime) -> Iterator[Happening]:
    """Tell refunds and lost disputes that WHMCS still does not show: what WHMCS did itself is there by then.

    Shape: none while a WHMCS is paused, as what it shows now is not known; they are told afterwards.
    """
    if selectors.paused_instances().exists():
        return
    since, until = now - _NEWS, now - SHOWN_WITHIN
    waiting = taken_back_selectors.to_deal_with().filter(pair=None, noticed_at__gt=since, noticed_at__lte=until)
    for row in waiting[:MOST]:
        source = row.refund or row.dispute
        assert source is not None  # noqa: S101 - kept by a constraint
        yield _went_back(source, row.noticed_at)
    # A charge that Payymo matched to nothing may be booked in WHMCS all the same.
    period = three_way_selectors.Period(days.today(since), days.today(until))
    missing = three_way_selectors.rows_of(Check.REFUND_NOT_IN_WHMCS, period, limit=MOST)
    watched = set(TakenBack.objects.filter(refund__in=missing).values_list("refund", flat=True))
    for refund in missing:
        if refund.pk not in watched and since < refund.refunded_at <= until:
            yield _went_back(refund, refund.refunded_at)


def _went_back(source: Refund | Dispute, at: datetime) -> Happening:
    what, key = ("refund", source.refund_id) if isinstance(source, Refund) else ("dispute", source.dispute_id)
    details = {"receipt": str(source.payment.public_id), "what": what, **said(source.amount, source.currency)}
    return Happening(Kind.MONEY_BACK, source.payment.public_id, key, at, details)


def _disputes(now: datetime) -> Iterator[Happening]:
    # A dispute takes two or three months from its first day to its last.
    rows = Dispute.objects.filter(disputed_at__gt=now - 6 * _NEWS).select_related("payment").order_by("-disputed_at")
    for dispute in rows[:MOST]:
        outcome = str(dispute.outcome)
        money = said(dispute.amount, dispute.currency)
        details = {"receipt": str(dispute.payment.public_id), "outcome": outcome, **money}
        occasion = f"{dispute.dispute_id}:{outcome}"
        yield Happening(Kind.DISPUTE, dispute.payment.public_id, occasion, now, details)


def _imports(now: datetime) -> Iterator[Happening]:
    rows = StatementImport.objects.filter(
        state=StatementImport.State.COMMITTED, committed_at__gt=now - _NEWS
    ).exclude(refused=[])  # fmt: skip
    count = Func(F("refused"), function="jsonb_array_length", output_field=IntegerField())
    columns = rows.annotate(count=count).order_by("-pk").values_list("public_id", "committed_at", "count", "account_id")
    for public_id, committed_at, refused, account in columns[:MOST]:
        assert committed_at is not None  # noqa: S101 - filtered above
        yield Happening(Kind.IMPORT_REFUSED, public_id, "", committed_at, {"refused": refused}, account=account)


def _endpoints() -> Iterator[Happening]:
    off = Endpoint.objects.filter(state=Endpoint.State.OFF).exclude(off_since=None).order_by("-pk")
    for public_id, off_since, reason in off.values_list("public_id", "off_since", "off_reason")[:MOST]:
        assert off_since is not None  # noqa: S101 - excluded above
        yield Happening(Kind.ENDPOINT_OFF, public_id, off_since.isoformat(), off_since, {"reason": reason})


def _review(now: datetime) -> Iterator[Happening]:
    """Say once a morning, before the digests, that payments wait; how many is each reader's own."""
    local, tenant = now.astimezone(days.zone()), context.current()
    if local.time() >= MORNING and waiting.is_any(on=local.date()):
        members = frozenset(active_memberships().filter(tenant=tenant).values_list("user_id", flat=True))
        yield Happening(Kind.REVIEW_WAITS, tenant.public_id, local.date().isoformat(), now, to=members)


def _licence(now: datetime) -> Iterator[Happening]:
    tenant = context.current()
    found = licences.standing(tenant=tenant, now=now, purpose="notices")
    terms = found.terms
    if terms is None:
        return
    if found.state is licences.State.EXPIRED:
        yield Happening(Kind.LICENCE, tenant.public_id, f"over:{terms.licence_id}", now, {"what": "over"})
        return
    near = next((days for days in _LICENCE_DAYS if terms.ends <= now + timedelta(days=days)), None)
    if near is not None:
        details = {"what": "ends", "day": terms.ends.date().isoformat()}
        yield Happening(Kind.LICENCE, tenant.public_id, f"ends:{terms.licence_id}:{near}", now, details)
    for name, (used, most) in _used(terms, now).items():
        if most is not None and used >= NEARLY * most:
            occasion = f"{name}:{terms.licence_id}:{now:%Y-%m}"
            yield Happening(Kind.LICENCE, tenant.public_id, occasion, now, {"what": name, "used": used, "most": most})


def _used(terms: Terms, now: datetime) -> dict[str, tuple[int, int | None]]:
    begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    arrived = Q(created_at__gte=begin)
    received = sum(model.objects.filter(arrived).count() for model in (BankTransaction, StripePayment))
    alive = ["LINKED", "EXPIRED", "SUSPENDED"]
    return {
        "users": (Membership.objects.filter(tenant=context.current(), is_active=True).count(), terms.users),
        "bank_connections": (BankConnection.objects.filter(state__in=alive).count(), terms.bank_connections),
        "transactions": (received, terms.transactions),
    }
