"""Stops automation when more of it is corrected than was promised, and lets a person resume it."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from matching import locks
from matching.core.drift import ALARM, surprise
from matching.models import AutomationStop, Decision
from matching.services import engine_models
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict

MOST_WATCHED = 20_000
"""The newest automatic approvals that are looked at; what was stopped and resumed before does not count again."""


class NotStopped(Conflict):
    """Automation was resumed already."""

    code = "automation_not_stopped"


def open_stop() -> AutomationStop | None:
    """Return why nothing happens alone at present; None while automation is free to work."""
    return AutomationStop.objects.filter(state=AutomationStop.State.OPEN).first()


def after_correction(decision: Decision, *, now: datetime) -> AutomationStop | None:
    """Look at the watch after a decision was taken back or reported as wrong; stop automation if it says so.

    Call it inside the transaction of the correction, after its own row and before any lock on invoices or payers.
    Return the stop it made.
    """
    if not is_automatic(decision):
        return None
    locks.lock_watch()
    if open_stop() is not None:
        return None
    outcomes = _outcomes()
    tolerated = 1 - engine_models.target_precision()
    value = surprise(outcomes, tolerated=tolerated)
    if value < ALARM:
        return None
    stop = AutomationStop.objects.create(
        raised_at=now, surprise=value, tolerated=tolerated, approved=len(outcomes), corrected=sum(outcomes),
        engine_version=engine_models.model_in_use().version,
    )  # fmt: skip
    details: dict[str, int | str] = {"approved": stop.approved, "corrected": stop.corrected}
    audit.record(action="automation.stopped", about=stop, details={**details, "version": stop.engine_version})
    return stop


@transaction.atomic
def resume(*, stop_id: uuid.UUID | str, by: User, now: datetime) -> AutomationStop:
    """Let automation work again after a person has looked; the watch starts anew.

    Raises: AutomationStop.DoesNotExist; NotStopped.
    """
    stop = AutomationStop.objects.select_for_update().get(public_id=stop_id)
    if stop.state != AutomationStop.State.OPEN:
        raise NotStopped(gettext("%(resumed_by_name)s resumed it already.") % {"resumed_by_name": stop.resumed_by_name})
    stop.state, stop.resumed_at = AutomationStop.State.RESUMED, now
    stop.resumed_by_id, stop.resumed_by_name = by.pk, by.display_name
    stop.save(update_fields=["state", "resumed_at", "resumed_by_id", "resumed_by_name"])
    audit.record(action="automation.resumed", about=stop)
    return stop


def is_automatic(decision: Decision) -> bool:
    """Whether the policy approved a suggestion; a link to what WHMCS had booked has no probability."""
    return (
        decision.source == Decision.Source.POLICY
        and decision.kind == Decision.Kind.APPROVE
        and decision.probability is not None
    )


def _outcomes() -> list[bool]:
    """Return for the watched automatic approvals, oldest first, whether they were corrected."""
    rows = Decision.objects.filter(
        source=Decision.Source.POLICY, kind=Decision.Kind.APPROVE, probability__isnull=False
    ).order_by("-pk")
    resumed = AutomationStop.objects.exclude(resumed_at=None).order_by("-resumed_at").first()
    if resumed is not None:
        rows = rows.filter(decided_at__gt=resumed.resumed_at)
    found = rows.values_list("undone_by", "corrected_by")[:MOST_WATCHED]
    return [undone is not None or corrected is not None for undone, corrected in reversed(list(found))]
