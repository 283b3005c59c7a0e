"""What a decision says about the engine's best suggestion: kept on the decision's row, so that reports count rows."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from matching.core.types import NoneReason
from matching.locks import Receipt
from matching.models import Decision, Proposal, ProposalLine
from matching.services.decisions import about


def judged(
    receipt: Receipt, opened: Sequence[Proposal], *, lines: Iterable[tuple[int, Decimal]] = ()
) -> dict[str, Any]:
    """Return the fields of a decision that settles these (invoice, amount) lines, or nothing.

    Shape: `opened` holds the locked open proposals, best first. Empty where there was no suggestion, and after a
    rejection: the next candidate was never the engine's answer.
    """
    best = opened[0] if opened and opened[0].rank == 1 else None
    if best is None or _was_rejected(receipt):
        return {}
    suggested = set(ProposalLine.objects.filter(proposal=best).values_list("invoice_id", "amount"))
    is_silent = not suggested or best.none_reason not in ("", NoneReason.AMBIGUOUS)
    return {
        "suggested_band": best.band,
        "suggested_probability": None if is_silent else best.probability,
        "followed": not set(lines) if is_silent else set(lines) == suggested,
    }


def turned_down(receipt: Receipt, proposal: Proposal) -> dict[str, Any]:
    """Return the fields of a decision that rejects a proposal; only the best one is the engine's answer."""
    if proposal.rank != 1 or _was_rejected(receipt):
        return {}
    return {
        "suggested_band": proposal.band,
        "suggested_probability": proposal.probability,
        "followed": False,
    }


def _was_rejected(receipt: Receipt) -> bool:
    return Decision.objects.filter(kind=Decision.Kind.REJECT, undone_by=None, **about(receipt)).exists()
