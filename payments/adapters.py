"""Rows of the Stripe ledger to the core's values, and the equation of a payout to and from its row."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Left

from payments.core.payout_sum import ZERO, Equation, Movement, Part
from payments.models import BalanceTransaction, Payout


def movements_of(items: QuerySet[BalanceTransaction]) -> Iterator[Movement]:
    """Sum alike movements up in the database: one query, and a handful of rows however many items there are."""
    alike = items.order_by().annotate(mark=Left("source_id", 3)).values("kind", "reporting_category", "mark")
    for row in alike.annotate(total=Sum("amount"), rest=Sum("net"), rows=Count("pk")):
        yield Movement(
            kind=row["kind"],
            category=row["reporting_category"],
            source_id=row["mark"],
            amount=row["total"],
            net=row["rest"],
            count=row["rows"],
        )


def written(equation: Equation) -> dict[str, list[str | int]]:
    """Write the parts for `Payout.parts`: sum and count of each."""
    return {str(part): [str(equation.part(part)), equation.counts.get(part, 0)] for part in Part}


def equation_of(payout: Payout) -> Equation:
    """Read what was written; a payout that is not explained yet has no parts."""
    return Equation(
        amount=payout.amount,
        payout_fee=payout.fee,
        carried_in=payout.carried_in or ZERO,
        parts={Part(name): Decimal(found[0]) for name, found in payout.parts.items()},
        counts={Part(name): int(found[1]) for name, found in payout.parts.items()},
    )
