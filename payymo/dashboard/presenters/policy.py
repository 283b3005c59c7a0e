"""The auto-approval policy as a form shows it, and what it would have done."""

from datetime import datetime, timedelta
from typing import Any

from matching.models import AutoApprovalPolicy, Decision, Proposal
from matching.services import second_look
from payymo.dashboard.forms import TWO_PERSONS
from payymo.dashboard.pages import Forecast

DAYS = 90


def initial(policy: AutoApprovalPolicy) -> dict[str, Any]:
    """Return the form's first values."""
    return {
        "is_on": policy.is_on,
        "bands": policy.bands,
        "least_probability": policy.least_probability,
        "largest_amount": policy.largest_amount,
        **{f"{TWO_PERSONS}{currency}": amount for currency, amount in second_look.limits().items()},
        "bank_accounts": list(policy.bank_accounts.values_list("pk", flat=True)) if policy.pk else [],
        "include_stripe": policy.include_stripe,
    }


def forecast(now: datetime) -> Forecast | None:
    """Count how many decided payments of the last 90 days the engine was certain of, and how often it was wrong.

    A certain suggestion is wrong when a person rejected it, or matched the payment by hand instead.
    """
    since = now - timedelta(days=DAYS)
    decided = Decision.objects.filter(
        decided_at__gte=since,
        source=Decision.Source.PERSON,
        kind__in=[Decision.Kind.APPROVE, Decision.Kind.ALLOCATE, Decision.Kind.REJECT, Decision.Kind.IGNORE],
        undone_by=None,
    )
    total = decided.count()
    if not total:
        return None
    certain = Proposal.objects.filter(decision__in=decided, is_certain=True)
    would = certain.values("decision").distinct().count()
    right = certain.filter(status=Proposal.Status.APPROVED).values("decision").distinct().count()
    return Forecast(days=DAYS, would=would, of=total, wrong=would - right)
