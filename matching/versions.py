"""The name of the state that a decision is made from."""

import hashlib
from collections.abc import Sequence

from matching.locks import Receipt
from matching.models import Proposal


def version_of(receipt: Receipt, proposals: Sequence[Proposal]) -> str:
    """Name the state of a payment; it changes with every decision and every new suggestion."""
    state = [receipt.state, str(receipt.allocated), *(f"{p.pk}:{p.rank}" for p in proposals)]
    return hashlib.sha256("|".join(state).encode()).hexdigest()[:16]
