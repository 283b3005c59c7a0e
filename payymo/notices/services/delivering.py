"""Calling endpoints. The row is the queue: claimed by a compare-and-swap with a lease, called outside any transaction,
tried again for three days. A message may arrive twice and has the same id then; none is lost while its endpoint lives.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from payymo.audit.services import recording as audit
from payymo.notices.models import Delivery, DeliveryAttempt, Endpoint
from payymo.notices.services import messages
from payymo.shared import http
from tenants import context, sealing
from tenants.breakers import SecretOff, needs_secret

logger = logging.getLogger(__name__)
BATCH = 100
LEASE = timedelta(minutes=2)
# After the first try, in minutes: three days and some hours in all.
AGAIN_AFTER = (1, 5, 30, 120, 300, 600, 840, 1200, 1440)
OFF_AFTER = timedelta(days=5)
READ_SECONDS = 10.0
_GONE = 410
State = Delivery.State


@dataclass(frozen=True, slots=True)
class _Outcome:
    code: str
    status: int | None = None

    @property
    def is_good(self) -> bool:
        return self.code == "delivered"


def deliver_due(*, now: Callable[[], datetime], should_stop: Callable[[], bool] = lambda: False) -> int:
    """Call the endpoints for which something is due, at most a batch each; return how many messages arrived.

    Shape: an endpoint that fails is left alone for the rest of the run, so that a dead one costs one call and no
    more.
    """
    # Those that work first: a dead one has its call when the others have theirs.
    living = Endpoint.objects.filter(state=Endpoint.State.ACTIVE).order_by(
        F("failing_since").asc(nulls_first=True), "pk"
    )
    arrived = 0
    try:
        for endpoint in living:
            arrived += _deliver_to(endpoint, now, should_stop)
    except SecretOff as error:
        logger.warning("messages put off", extra={"event": "delivery_failed", "reason": error.reason})
    return arrived


def _deliver_to(endpoint: Endpoint, now: Callable[[], datetime], should_stop: Callable[[], bool]) -> int:
    due = Delivery.objects.filter(endpoint=endpoint, state=State.WAITING, due_at__lte=now())
    arrived = 0
    for delivery in due.select_related("endpoint", "event").order_by("due_at", "pk")[:BATCH]:
        if should_stop():
            break
        if not _claimed(delivery, now()):
            continue
        try:
            outcome = _call(delivery, now())
        except SecretOff:
            # Nobody was called: this try does not count.
            _put_back(delivery, now())
            raise
        if not _noted(delivery, outcome, now()):
            break
        arrived += 1
    return arrived


def _claimed(delivery: Delivery, now: datetime) -> bool:
    mine = Delivery.objects.filter(
        pk=delivery.pk, state=State.WAITING, attempts=delivery.attempts, due_at=delivery.due_at
    )
    claimed = {"attempts": delivery.attempts + 1, "tries": delivery.tries + 1, "due_at": now + LEASE}
    if not mine.update(**claimed):
        return False
    for name, value in claimed.items():
        setattr(delivery, name, value)
    return True


def _put_back(delivery: Delivery, now: datetime) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=F("attempts") - 1, tries=F("tries") - 1, due_at=now + timedelta(minutes=1)
    )


def _call(delivery: Delivery, now: datetime) -> _Outcome:
    """Call once and log what came of it.

    Raises: SecretOff: nobody was called.
    """
    endpoint = delivery.endpoint
    with needs_secret("webhooks"):
        address = sealing.unseal(endpoint, "address_sealed")
        message = messages.of_delivery(delivery, tenant=context.current(), secrets=_secrets(endpoint, now), now=now)
    began = time.monotonic()
    outcome = _answered(address, message)
    DeliveryAttempt.objects.create(
        delivery=delivery, called_at=now, status=outcome.status, outcome=outcome.code,
        milliseconds=int(1000 * (time.monotonic() - began)),
    )  # fmt: skip
    return outcome


def _secrets(endpoint: Endpoint, now: datetime) -> list[str]:
    if endpoint.form == Endpoint.Form.SLACK:
        return []
    found = [sealing.unseal(endpoint, "secret_sealed")]
    if endpoint.old_secret_until and endpoint.old_secret_until > now:
        found.append(sealing.unseal(endpoint, "old_secret_sealed"))
    return found


def _answered(address: str, message: messages.Message) -> _Outcome:
    try:
        answer = http.send(
            "POST", address, customer_url=True, read_seconds=READ_SECONDS, headers=message.headers, data=message.body
        )
    except http.AddressRefused:
        return _Outcome("address_refused")
    except http.NotReached:
        return _Outcome("not_reached")
    except http.AnswerLost:
        return _Outcome("no_answer")
    if 200 <= answer.status < 300:
        return _Outcome("delivered", answer.status)
    return _Outcome("redirect" if 300 <= answer.status < 400 else "refused", answer.status)


@transaction.atomic
def _noted(delivery: Delivery, outcome: _Outcome, now: datetime) -> bool:
    """Write down what came of a call; return whether it arrived."""
    # Sent again by a person meanwhile, it has another `tries`, and this answer does not end it.
    mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, tries=delivery.tries)
    endpoint = Endpoint.objects.filter(pk=delivery.endpoint_id)
    if outcome.is_good:
        mine.update(state=State.DELIVERED, delivered_at=now)
        endpoint.filter(failing_since__isnull=False).update(failing_since=None)
        return True
    extra = {"event": "delivery_failed", "reason": outcome.code, "count": delivery.tries}
    logger.warning("endpoint did not take a message", extra=extra)
    if delivery.tries <= len(AGAIN_AFTER):
        mine.update(due_at=now + timedelta(minutes=AGAIN_AFTER[delivery.tries - 1]))
    else:
        mine.update(state=State.GIVEN_UP)
    endpoint.filter(failing_since=None).update(failing_since=now)
    _switch_off(delivery.endpoint_id, outcome, now)
    return False


def _switch_off(pk: int, outcome: _Outcome, now: datetime) -> None:
    """Call an endpoint no more that says it is gone, or that took nothing for days; the notices tell it."""
    row = Endpoint.objects.select_for_update().get(pk=pk)
    is_gone = outcome.status == _GONE
    too_long = row.failing_since is not None and row.failing_since <= now - OFF_AFTER
    if row.state != Endpoint.State.ACTIVE or not (is_gone or too_long):
        return
    row.state, row.off_since, row.off_reason = Endpoint.State.OFF, now, "gone" if is_gone else "failing"
    row.save(update_fields=["state", "off_since", "off_reason"])
    audit.record(action="endpoint.switched_off", about=row, details={"reason": row.off_reason})
