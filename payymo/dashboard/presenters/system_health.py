"""How the system works, in words with a next step."""

from collections.abc import Iterator
from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from payymo.dashboard import formats, words
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import Amount, Chip
from payymo.dashboard.pages.system_health import (
    Check,
    InstallationPage,
    LastError,
    StateCount,
    SystemHealthPage,
    TenantLine,
)
from payymo.dashboard.presenters import feeds
from payymo.operations.services import system_health
from payymo.operations.services.system_health import Hearts, TenantHealth, TenantNumbers, Waiting
from tenants.models import Tenant
from whmcs.models import Posting


def page(*, now: datetime) -> SystemHealthPage:
    """Build the page of the current company; fourteen queries."""
    health, sources = system_health.of_tenant(now=now), feeds.read()
    checks = (*_hearts(health.hearts, now), *_queues(health, now), *_parked(health))
    errors = (*_feed_errors(sources), *_posting_errors(health))
    worst = min(
        (check.chip.tone for check in checks), key=lambda tone: ("bad", "warn", "info", "ok", "neutral").index(tone)
    )
    if any(not source.is_alive for source in sources):
        worst = "bad"
    return SystemHealthPage(
        verdict=_verdict(worst),
        read=formats.moment(now, now),
        checks=checks,
        feeds=feeds.listed(sources, now),
        states=tuple(
            StateCount(words.state_chip(state, str(Posting.State(state).label)), count)
            for state, count in health.by_state.items()
        ),
        errors=errors[: 2 * system_health.MOST_ERRORS],
    )


def _verdict(tone: str) -> Chip:
    texts = {"bad": _("Something needs you"), "warn": _("Something is late")}
    return Chip(texts.get(tone, _("Everything runs")), tone if tone in texts else "ok")  # type: ignore[arg-type]


def _hearts(hearts: Hearts, now: datetime) -> Iterator[Check]:
    operator = _("Tell whoever runs this installation. Nothing is lost: what is due waits.")
    late = hearts.worker is None or now - hearts.worker > system_health.SILENT_AFTER
    beat_late = hearts.beat is None or now - hearts.beat > system_health.SILENT_AFTER
    # Without the clock no heartbeat is sent to workers either: they need not be the ones that stand still.
    yield Check(
        _("Workers"), _bad(late, _("Silent")), _seen(hearts.worker, now), operator if late and not beat_late else ""
    )
    yield Check(_("Schedule"), _bad(beat_late, _("Silent")), _seen(hearts.beat, now), operator if beat_late else "")


def _bad(is_bad: bool, text: str) -> Chip:
    return Chip(text, "bad") if is_bad else Chip(_("Runs"), "ok")


def _seen(at: datetime | None, now: datetime) -> str:
    return _("Last seen %s.") % formats.moment(at, now).text if at else _("Never seen")


def _queues(health: TenantHealth, now: datetime) -> Iterator[Check]:
    postings, endpoints = offer("postings"), link("webhooks")
    off = _("An endpoint is switched off: look at it, then resume it.") if health.endpoints_off else ""
    yield _queue(_("Jobs"), health.jobs, now)
    yield _queue(_("Payments to post"), health.postings, now, _("Look at what WHMCS answers."), postings)
    yield _queue(_("Card events"), health.events, now, _("Look at the Stripe connection."), offer("connections"))
    yield _queue(_("E-mails"), health.mails, now)
    yield _queue(_("Messages to webhooks"), health.deliveries, now, off or _("Look at what the endpoint answers."),
                 endpoints, is_bad=bool(off))  # fmt: skip


def _queue(
    title: str, waiting: Waiting, now: datetime, step: str = "", url: str = "", *, is_bad: bool = False
) -> Check:
    behind = waiting.is_behind(now)
    text = _("Nothing waits.")
    if waiting.since is not None:
        count = waiting.count
        text = ngettext("%(count)d waits, since %(since)s.", "%(count)d wait, the oldest since %(since)s.", count)
        text %= {"count": count, "since": formats.moment(waiting.since, now).text}
    chip = Chip(_("Needs attention"), "bad") if is_bad else Chip(_("Late"), "warn") if behind else Chip(_("Runs"), "ok")
    return Check(title, chip, text, step if behind or is_bad else "", url if behind or is_bad else "")


def _parked(health: TenantHealth) -> Iterator[Check]:
    if health.parked:
        text = ngettext("%d job was parked after it failed hard.", "%d jobs were parked after they failed hard.",
                        health.parked)  # fmt: skip
        yield Check(_("Parked jobs"), Chip(_("Needs attention"), "bad"), text % health.parked,
                    _("Payymo's staff looks at it and releases it."))  # fmt: skip
    for name in health.breakers:
        kind, _mark, what = name.partition(":")
        text = (
            _("It did not answer several times and is asked once a minute.") if kind == "provider"
            else _("The stored credential cannot be opened just now. It goes on by itself.")
        )  # fmt: skip
        yield Check(what.partition(":")[0].capitalize(), Chip(_("Left alone"), "warn"), text)


def _feed_errors(sources: tuple[feeds.Source, ...]) -> Iterator[LastError]:
    for source in [each for each in sources if each.error and not each.is_paused][: system_health.MOST_ERRORS]:
        step = _("Renew or repair the connection.") if not source.is_alive else _("It is tried again by itself.")
        yield LastError(source.name, source.error, step, offer("connections"))


def _posting_errors(health: TenantHealth) -> Iterator[LastError]:
    for posting in health.errors:
        waits = posting.state in (Posting.State.CONFLICT, Posting.State.FAILED)
        yield LastError(
            what=_("Invoice %s") % posting.invoice.display_number,
            text=posting.error_in_words,
            step=_("Try again or give it up.") if waits else _("It is tried again by itself."),
            url=offer("postings"),
            amount=Amount(posting.amount, posting.currency),
        )


def installation(request: HttpRequest, *, now: datetime) -> InstallationPage:
    """Build staff's page: numbers of all companies, a hundred a page."""
    asked = request.GET.get("after", "")
    found = system_health.of_installation(after=int(asked) if asked.isascii() and asked.isdigit() else 0)
    depth = found.queue_depth
    broker = Check(
        _("Queue"), Chip(_("Runs"), "ok") if depth is not None else Chip(_("Does not answer"), "bad"),
        _("%s messages that no worker has taken.") % formats.number(depth or 0) if depth is not None else "",
    )  # fmt: skip
    parked = Check(
        _("Parked jobs"),
        Chip(_("Needs attention"), "bad") if found.parked else Chip(_("None"), "ok"),
        formats.number(found.parked),
    )
    return InstallationPage(
        read=formats.moment(now, now),
        checks=(*_hearts(found.hearts, now), broker, _queue(_("Jobs"), found.jobs, now), parked),
        tenants=tuple(_line(each, now) for each in found.tenants),
        next_url=f"?after={found.tenants[-1].pk}" if found.more else "",
    )


def _line(tenant: TenantNumbers, now: datetime) -> TenantLine:
    chip = Chip(_("Late"), "warn") if tenant.is_behind(now) else Chip(_("Runs"), "ok")
    if tenant.state != Tenant.State.ACTIVE:
        chip = Chip(str(Tenant.State(tenant.state).label), "neutral")
    return TenantLine(
        name=tenant.name, slug=tenant.slug, chip=chip, to_review=tenant.to_review,
        oldest=formats.apart(tenant.review_waits), needs_person=tenant.needs_person,
        on_their_way=tenant.on_their_way, waits=formats.apart(tenant.posting_waits),
        feed=formats.apart(tenant.feed_age),
        jobs=tenant.jobs_waiting, off=tenant.breakers,
        counted=formats.moment(tenant.noted_at, now) if tenant.noted_at else None,
        enter_url=f"/admin/t/{tenant.slug}/" if tenant.lets_in(now) else "",
    )  # fmt: skip
