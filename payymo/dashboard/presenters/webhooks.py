"""Endpoints and their deliveries in words."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payymo.dashboard import formats, paging
from payymo.dashboard.links import link
from payymo.dashboard.pages import Chip, Fact
from payymo.dashboard.pages.webhooks import CallLine, DeliveryRow, EndpointRow, WebhookPage, WebhooksPage
from payymo.notices.kinds import Kind
from payymo.notices.models import Delivery, DeliveryAttempt, Endpoint
from payymo.notices.services import endpoints, messages

MOST_CALLS = 12
_TONES = {"ACTIVE": "ok", "PAUSED": "neutral", "OFF": "bad", "WAITING": "info", "DELIVERED": "ok", "GIVEN_UP": "bad"}
_OUTCOMES = {
    "delivered": gettext_lazy("Taken"),
    "refused": gettext_lazy("Refused"),
    "redirect": gettext_lazy("Answered with another address, which is not followed"),
    "not_reached": gettext_lazy("No connection"),
    "no_answer": gettext_lazy("No answer in time"),
    "address_refused": gettext_lazy("The name does not lead to the public internet"),
}
_OFF = {
    "gone": gettext_lazy("It was switched off because it answered that it is gone (410)."),
    "failing": gettext_lazy("It was switched off because it took no message for five days."),
}


def _chip(row: Endpoint | Delivery) -> Chip:
    return Chip(str(row.get_state_display()), _TONES[row.state])  # type: ignore[arg-type]


def listing(form: Any) -> WebhooksPage:
    """Build the list."""
    return WebhooksPage(
        rows=tuple(
            EndpointRow(
                name=row.name, url=link("webhook", row.public_id), form=str(row.get_form_display()), host=row.host,
                state=_chip(row), count=len(row.kinds),
            )
            for row in endpoints.living()
        ),
        form=form,
    )  # fmt: skip


def detail(request: HttpRequest, row: Endpoint, form: Any, *, now: datetime, secret: str = "") -> WebhookPage:
    """Build the page of an endpoint with its log, 50 messages a page."""
    position = paging.cursor(request)
    newest = DeliveryAttempt.objects.order_by("-pk")
    sent = Delivery.objects.filter(endpoint=row).select_related("event").prefetch_related(
        Prefetch("log", queryset=newest)
    )  # fmt: skip
    sent = sent.filter(pk__lt=position[1]) if position else sent
    shown, more = paging.page_of(request, list(sent.order_by("-pk")[: paging.PAGE_SIZE + 1]))
    is_active, is_webhook = row.state == Endpoint.State.ACTIVE, row.form == Endpoint.Form.WEBHOOK
    urls = {name: link(f"webhook_{name}", row.public_id) for name in ("test", "rotate", "pause", "resume", "remove")}
    return WebhookPage(
        name=row.name,
        state=_chip(row),
        text=str(_OFF.get(row.off_reason, "")),
        facts=_facts(row, now),
        form=form,
        deliveries=tuple(_delivery(each, now, is_active) for each in shown),
        pager=paging.pager(request, after=f"d_{shown[-1].pk}" if more else ""),
        back_url=link("webhooks"),
        secret=secret,
        test_url=urls["test"] if is_active else "",
        change_url=link("webhook", row.public_id),
        rotate_url=urls["rotate"] if is_webhook else "",
        version=endpoints.version_of(row),
        pause_url=urls["pause"] if is_active else "",
        resume_url="" if is_active else urls["resume"],
        remove_url=urls["remove"],
    )


def _facts(row: Endpoint, now: datetime) -> tuple[Fact, ...]:
    facts = [
        Fact(_("Kind"), str(row.get_form_display())),
        Fact(_("Host"), row.host, verbatim=True),
        Fact(_("Added"), moment=formats.moment(row.created_at, now)),
    ]
    if row.old_secret_until and row.old_secret_until > now:
        facts.append(Fact(_("The secret before signs until"), formats.full_moment(row.old_secret_until)))
    if row.failing_since:
        facts.append(Fact(_("Failing since"), moment=formats.moment(row.failing_since, now)))
    return tuple(facts)


def _delivery(row: Delivery, now: datetime, is_active: bool) -> DeliveryRow:
    waits = row.state == Delivery.State.WAITING and is_active and row.due_at > now
    return DeliveryRow(
        what=str(Kind(row.event.kind).label) if row.event else _("Test message"),
        message_id=messages.id_of(row),
        state=_chip(row),
        moment=formats.moment(row.created_at, now),
        calls=tuple(
            CallLine(
                formats.moment(call.called_at, now), str(call.status or ""),
                str(_OUTCOMES.get(call.outcome, call.outcome)), f"{formats.number(call.milliseconds)}\u00a0ms",
            )
            for call in list(row.log.all())[:MOST_CALLS]
        ),
        next_at=formats.moment(row.due_at, now) if waits and row.attempts else None,
        resend_url=link("webhook_resend", row.public_id) if is_active else "",
    )  # fmt: skip
