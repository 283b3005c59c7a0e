"""What waits, what came in, how the feeds are, and what is still to set up."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import reach
from accounts.permissions import active_memberships
from banking.models import BankAccount, BankConnection
from matching import queue_selectors, selectors
from matching.services.policy import current_policy
from matching.taken_back_selectors import to_deal_with
from payments.models import StripeConnection
from payymo.dashboard import formats
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import (
    Amount,
    BandCount,
    Choice,
    Figure,
    Flow,
    FlowDay,
    OpenMoney,
    OverviewPage,
    SetupStep,
    Spark,
)
from payymo.dashboard.presenters import feeds, stopping
from payymo.dashboard.presenters.events import event_of
from payymo.dashboard.presenters.hints import FIRST
from payymo.dashboard.sample.progress import is_offered
from tenants import context, days
from whmcs.models import Posting, WhmcsInstance
from whmcs.selectors import postings_within_reach

# How far back it may look, in days, and how far it does by itself.
PERIODS = (7, 30, 90)
DAYS = 30


def page(
    *, now: datetime, with_setup: bool, last: int = DAYS, permissions: frozenset[str] = frozenset()
) -> OverviewPage:
    """Build the overview of the last so many days, with the steps of setting up while some are left."""
    since = (now - timedelta(days=last)).date()
    span = tuple(since + timedelta(days=each) for each in range((days.today(now) - since).days + 1))
    money = selectors.open_money(since=since)
    counts = queue_selectors.band_counts(on=days.today(now))
    sources = feeds.read()
    main = max(money, key=lambda each: each.received, default=None)
    return OverviewPage(
        period=_("Last %d days") % last,
        open_money=tuple(_open(each, span) for each in money),
        bands=tuple(
            BandCount(band.value, counts[band.value], offer("review", query=f"band={band.value}"))
            for band in queue_selectors.BAND_ORDER
        ),
        figures=_figures(span, any(source.is_paused for source in sources)),
        flow=_flow(main.currency, since=since, last=last) if main else None,
        feeds=feeds.listed(sources, now),
        decisions=tuple(event_of(each, now, with_receipt=True) for each in selectors.recent_decisions(limit=8)),
        setup=_setup() if with_setup else (),
        sample=is_offered(),
        stopping=stopping.rows(today=days.today(now)),
        periods=tuple(Choice(str(each), _("%d days") % each, each == last) for each in PERIODS),
        self_url=f"{link('overview')}?days={last}",
        sync_url=link("connections_sync") if "connections.change" in permissions else "",
        setup_url=link("setup") if "settings.change" in permissions else "",
    )


def _open(money: selectors.OpenMoney, span: tuple[date, ...]) -> OpenMoney:
    return OpenMoney(
        open=Amount(money.open, money.currency),
        total=Amount(money.received, money.currency),
        count=money.count,
        share=(money.received - money.open) / money.received if money.received else Decimal(1),
        spark=_open_spark(money, span),
    )


def _open_spark(money: selectors.OpenMoney, span: tuple[date, ...]) -> Spark | None:
    most_on, most = max(money.days, key=lambda each: each[1], default=(None, Decimal(0)))
    if most_on is None or most <= 0:
        return None
    sentence = _("Still open, by the day it came in: most of %(day)s, %(amount)s.") % {
        "day": formats.day(most_on),
        "amount": formats.money(Amount(most, money.currency)),
    }
    return _spark(dict(money.days), span, sentence)


def _spark(values: Mapping[date, Decimal | int], span: tuple[date, ...], sentence: str) -> Spark:
    # A booking day may lie before what is today here, or after it: the picture has room for what the sentence names.
    shown = sorted({*span, *values})
    return Spark(tuple(Decimal(values.get(each, 0)) for each in shown), sentence)


def _posted_spark(rows: QuerySet[Posting], span: tuple[date, ...]) -> Spark | None:
    begin, _end = days.moments(span[0], span[-1])
    day = TruncDate("posted_at", tzinfo=days.zone())
    by_day = dict(rows.filter(posted_at__gte=begin).values_list(day).annotate(count=Count("pk")).order_by())
    if not by_day:
        return None
    total, most_on = sum(by_day.values()), max(by_day, key=lambda each: (by_day[each], each))
    sentence = ngettext(
        "%(count)s posted in this period, on %(day)s.",
        "%(count)s posted in this period, most on %(day)s: %(most)s.",
        total,
    ) % {
        "count": formats.number(total),
        "day": formats.day(most_on),
        "most": formats.number(by_day[most_on]),
    }
    return _spark(by_day, span, sentence)


def _figures(span: tuple[date, ...], is_held: bool) -> tuple[Figure, ...]:
    state, rows = Posting.State, postings_within_reach()
    waiting = rows.filter(state__in=[state.QUEUED, state.SENDING, state.RETRYABLE, state.UNKNOWN]).count()
    stopped = rows.filter(state__in=[state.CONFLICT, state.FAILED]).count()
    posted = rows.filter(state=state.POSTED, kind=Posting.Kind.POST)
    under_way = _("inside the undo window, or being sent")
    if is_held:
        under_way = _("inside the undo window, being sent, or waiting for a paused WHMCS")
    return (
        Figure(
            _("Posted to WHMCS"),
            formats.number(posted.count()),
            _("read back in WHMCS's own book"),
            spark=_posted_spark(posted, span),
        ),
        Figure(_("On their way"), formats.number(waiting), under_way),
        Figure(_("Need a person"), formats.number(stopped), _("refused by WHMCS, or changed there"), offer("postings")),
        Figure(
            _("Money taken back"),
            formats.number(to_deal_with().count()),
            _("WHMCS does not show it yet"),
            offer("returns"),
        ),
    )


def _flow(currency: str, *, since: date, last: int) -> Flow:
    days = selectors.money_by_day(since=since, currency=currency)
    received = sum((day[1] for day in days), Decimal(0))
    matched = sum((day[2] for day in days), Decimal(0))
    sentence = _("%(matched)s of %(received)s received on bank accounts in the last %(days)d days are matched.") % {
        "days": last,
        "matched": formats.money(Amount(matched, currency)),
        "received": formats.money(Amount(received, currency)),
    }
    return Flow(
        currency=currency,
        days=tuple(FlowDay(*day) for day in days),
        sentence=sentence,
        received=Amount(received, currency),
        matched=Amount(matched, currency),
    )


def setup_steps() -> tuple[SetupStep, ...]:
    """Return the steps of setting up, each done or not as the data says; none for somebody who is limited."""
    if not reach.current().is_everything:
        return ()  # setting up is for those who see everything
    decided = selectors.decided_by(None, most=FIRST)
    has_bank = BankConnection.objects.filter(state="LINKED").exists() or BankAccount.objects.exists()
    steps = (
        SetupStep(_("Connect WHMCS"), _("Payymo reads invoices and posts payments there."),
                  WhmcsInstance.objects.filter(state="ACTIVE").exists(), link("connect_whmcs")),
        SetupStep(_("Connect a bank or upload a statement"), _("Open banking, or CAMT, MT940 and CSV files."),
                  has_bank, link("connect_bank")),
        SetupStep(_("Connect Stripe"), _("A restricted read key is enough. You can skip this."),
                  StripeConnection.objects.filter(state__in=["ACTIVE", "PAUSED"]).exists(), link("connect_stripe")),
        SetupStep(_("Choose what may happen alone"), _("Nothing does until you say so."),
                  current_policy().pk is not None, link("settings_matching")),
        SetupStep(_("Review the first %d with hints") % FIRST,
                  _("%(done)d of %(last)d decided, one key a payment.") % {"done": decided, "last": FIRST},
                  decided >= FIRST, offer("review")),
        SetupStep(_("Invite a colleague"), _("Large payments can then need two persons."),
                  active_memberships().filter(tenant=context.current()).count() > 1, link("members")),
    )  # fmt: skip
    return steps


def _setup() -> tuple[SetupStep, ...]:
    steps = setup_steps()
    return () if all(step.done for step in steps) else steps
