"""How many payments of a month were matched, and how many of those without a person; and on what evidence."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncMonth

from matching import cash
from matching.models import Decision, Proposal
from payymo.shared.models import ReceiptState
from tenants import days

_BY_REASON = """
    SELECT code, count(*), count(*) FILTER (WHERE approved), count(*) FILTER (WHERE approved AND automatic),
           count(*) FILTER (WHERE wrong)
    FROM (
        SELECT DISTINCT decision.id, piece ->> 'code' AS code, decision.kind = 'APPROVE' AS approved,
               decision.source = 'policy' AS automatic,
               decision.kind = 'APPROVE' AND (undo.id IS NOT NULL OR correction.id IS NOT NULL) AS wrong
        FROM {decision} AS decision
        JOIN {proposal} AS proposal ON proposal.decision_id = decision.id
        CROSS JOIN LATERAL jsonb_array_elements(proposal.reasons) AS piece
        LEFT JOIN {decision} AS undo ON undo.undoes_id = decision.id
        LEFT JOIN {decision} AS correction ON correction.corrects_id = decision.id
        WHERE decision.decided_at >= %(begin)s AND decision.decided_at < %(end)s
          AND decision.kind IN ('APPROVE', 'REJECT') AND piece ->> 'agrees' <> 'no'
    ) AS evidence
    GROUP BY code
    ORDER BY 2 DESC, 1
"""


@dataclass(frozen=True, slots=True)
class MonthOfPayments:
    """What became of the payments of a month, as it is now.

    Shape: `received` = `matched` + `partly` + `set_aside` + `open`; `automatic` of the matched ones were approved by
    the policy, and `linked` were booked in WHMCS already.
    """

    month: date
    received: int = 0
    matched: int = 0
    partly: int = 0
    set_aside: int = 0
    open: int = 0
    automatic: int = 0
    linked: int = 0

    @property
    def match_rate(self) -> float | None:
        """The share of what was to be matched that is."""
        wanted = self.received - self.set_aside
        return self.matched / wanted if wanted else None

    @property
    def automation(self) -> float | None:
        """The share of the matched ones that needed nobody."""
        return (self.automatic + self.linked) / self.matched if self.matched else None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One kind of evidence, and what became of the suggestions that had it. Shape: `code` is a reason's code."""

    code: str
    decided: int
    approved: int
    automatic: int
    wrong: int


def whole(months: Sequence[MonthOfPayments]) -> MonthOfPayments:
    """Add months up, of which there is at least one; the sum bears the first one's name."""
    counts = ("received", "matched", "partly", "set_aside", "open", "automatic", "linked")
    return replace(months[0], **{name: sum(getattr(month, name) for month in months) for name in counts})


def by_month(*, since: date, until: date) -> list[MonthOfPayments]:
    """Return every month from `since` to `until` that had a payment, oldest first; two queries.

    Shape: `since` and `until` are days; a payment belongs to the month in which it came.
    """
    found: dict[date, Counter[str]] = {}
    bank = _counted(cash.bank_receipts(since, until).annotate(month=TruncMonth("booking_date")), "bank_transaction")
    stripe = _counted(
        cash.charges(since, until).annotate(month=TruncMonth("charged_at", tzinfo=days.zone())), "stripe_payment"
    )
    for row in bank:
        found.setdefault(row["month"], Counter()).update(_counts(row))
    for row in stripe:
        found.setdefault(row["month"].date(), Counter()).update(_counts(row))
    return [MonthOfPayments(month, **counts) for month, counts in sorted(found.items())]


def _counts(row: dict[str, int]) -> dict[str, int]:
    return {name: value for name, value in row.items() if name != "month"}


def _counted(rows: "QuerySet[Any]", receipt: str) -> "QuerySet[Any, dict[str, Any]]":
    by_policy = Decision.objects.filter(
        **{receipt: OuterRef("pk")}, source=Decision.Source.POLICY, kind=Decision.Kind.APPROVE, undone_by=None
    )
    state = ReceiptState
    return (
        rows.annotate(
            is_automatic=Exists(by_policy.filter(probability__isnull=False)),
            is_linked=Exists(by_policy.filter(probability=None)),
        )
        .values("month")
        .annotate(
            received=Count("pk"),
            matched=Count("pk", filter=Q(state=state.RECONCILED)),
            partly=Count("pk", filter=Q(state=state.PARTLY_ALLOCATED)),
            set_aside=Count("pk", filter=Q(state=state.IGNORED)),
            open=Count("pk", filter=Q(state=state.UNRECONCILED)),
            automatic=Count("pk", filter=Q(state=state.RECONCILED, is_automatic=True)),
            linked=Count("pk", filter=Q(state=state.RECONCILED, is_automatic=False, is_linked=True)),
        )
        .order_by()
    )


def by_reason(*, since: date, until: date) -> list[Evidence]:
    """Return the evidence of what was approved or rejected in the period, the most frequent first; one query.

    Shape: a suggestion with several kinds of evidence counts for each of them, so the rows do not add up.
    """
    begin, end = days.moments(since, until)
    quote = connection.ops.quote_name
    names = {"decision": quote(Decision._meta.db_table), "proposal": quote(Proposal._meta.db_table)}
    with connection.cursor() as cursor:
        cursor.execute(_BY_REASON.format(**names), {"begin": begin, "end": end})
        return [Evidence(*row) for row in cursor.fetchall()]
