"""Saying that a posted decision was wrong: nothing is moved here, and nothing is learned from it any more."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from matching import locks
from matching.models import Decision, InvoiceMatch, StripeInvoiceMatch
from matching.services import drift, learning
from matching.services.decisions import Actor, record
from payymo.shared.errors import Conflict
from whmcs.models import Posting

STILL_HERE = (Posting.State.QUEUED, Posting.State.WITHDRAWN)


class NotReportable(Conflict):
    """Only a match that is on its way to WHMCS or there can be reported as wrong."""

    code = "not_reportable"


@transaction.atomic
def report_wrong(*, decision_id: uuid.UUID | str, actor: Actor, now: datetime, reason: str = "") -> Decision:
    """Record that a posted decision was wrong: what it taught is forgotten, and the watch over automation hears of it.

    The money is put right in WHMCS by a person; the mirror shows it then.
    Raises: Decision.DoesNotExist; Conflict when it was undone; NotReportable: nothing is written.
    """
    decision, receipt = locks.lock_decision(decision_id)
    if decision.kind not in (Decision.Kind.APPROVE, Decision.Kind.ALLOCATE):
        raise NotReportable(gettext("Only a match with invoices can be reported as wrong."))
    if Decision.objects.filter(corrects=decision).exists():
        raise NotReportable(gettext("This was reported as wrong already."))
    matches = [
        match
        for model in (InvoiceMatch, StripeInvoiceMatch)
        for match in model.objects.filter(decision=decision, reverses=None).select_related("posting", "invoice")
    ]
    if any(match.posting is not None and match.posting.state in STILL_HERE for match in matches):
        raise NotReportable(gettext("The payment is not on its way to WHMCS yet. Undo the decision instead."))
    wrong = record(receipt, Decision.Kind.WRONG, actor=actor, now=now, reason=reason[:300], corrects=decision)
    drift.after_correction(decision, now=now)
    clients = {match.invoice.client_id for match in matches}
    learning.unlearn(receipt, clients, on=decision.decided_at.date())
    learning.learn_rejection(receipt, clients, on=now.date())
    return wrong
