"""Decisions as lines of a timeline."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from matching.models import Decision
from payymo.dashboard import formats, words
from payymo.dashboard.links import offer
from payymo.dashboard.pages import Event
from payymo.dashboard.presenters import receipts

_ICONS = {
    "APPROVE": "check", "ALLOCATE": "split", "REJECT": "x", "IGNORE": "eye-off", "HOLD": "clock", "SETTLE": "landmark",
    "FIRST": "users", "PAIR": "arrow-left-right", "UNDO": "undo-2", "GIVE_UP": "x", "WRONG": "circle-alert",
}  # fmt: skip
_ASIDE = (Decision.Kind.IGNORE, Decision.Kind.PAIR)
_EVENT_TONES = {"APPROVE": "ok", "ALLOCATE": "ok", "SETTLE": "ok", "REJECT": "bad"}


def event_of(decision: Decision, now: datetime, *, with_receipt: bool = False) -> Event:
    """Word a decision for a timeline."""
    receipt = decision.bank_transaction or decision.stripe_payment
    detail = words.ignore_reason(decision.reason) if decision.kind in _ASIDE else words.decision_reason(decision.reason)
    title = str(decision.get_kind_display())
    if with_receipt and receipt is not None:
        amount, name = formats.money(receipts.amount_of(receipt)), receipts.name_of(receipt)
        about = _("%(amount)s from %(name)s") % {"amount": amount, "name": name} if name else amount
        title += f": {about}"
    if hasattr(decision, "undone_by"):
        undone = _("undone")
        detail = f"{detail} ({undone})".strip()
    return Event(
        moment=formats.moment(decision.decided_at, now),
        actor=decision.decided_by_name or str(decision.get_source_display()),
        title=title,
        detail=detail,
        tone=_EVENT_TONES.get(decision.kind, "neutral"),  # type: ignore[arg-type]
        icon=_ICONS.get(decision.kind, "circle-dot"),
        url=offer("transaction", receipt.public_id) if with_receipt and receipt is not None else "",
        day=timezone.localtime(decision.decided_at).date(),
    )
