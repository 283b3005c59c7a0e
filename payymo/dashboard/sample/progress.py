"""What somebody did with the sample: kept in their session, and nowhere else."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from banking.models import BankAccount, BankConnection
from matching.core.types import Band
from payments.models import StripeConnection
from payymo.dashboard.sample.month import Month
from whmcs.models import WhmcsInstance

_KEY = "sample"
ACTS = ("approve", "reject", "hold", "ignore")
_REAL = (WhmcsInstance, BankConnection, BankAccount, StripeConnection)


def is_offered() -> bool:
    """Return whether the company has nothing of its own yet: no connection, no account, so no payment either."""
    return not any(model._default_manager.exists() for model in _REAL)


@dataclass(slots=True)
class Progress:
    """Which payments were decided, in order, and how many suggestions of each were turned down."""

    decided: list[int] = field(default_factory=list)
    rejected: dict[int, int] = field(default_factory=dict)

    def left(self, month: Month) -> list[int]:
        """Return the payments that are still to decide, the surest first."""
        waiting = [number for number in month.receipts if number not in self.decided]
        return sorted(waiting, key=lambda number: _place(month, number))


def _place(month: Month, number: int) -> tuple[int, float]:
    best = next(iter(month.suggestions[number].candidates), None)
    return (len(Band), 0) if best is None else (list(Band).index(best.band), -best.probability)


def begin(session: MutableMapping[str, Any]) -> None:
    """Begin anew."""
    session[_KEY] = {"decided": [], "rejected": {}}


def read(session: MutableMapping[str, Any]) -> Progress | None:
    """Return what was done so far; None before it began, or once the company has something of its own."""
    kept = session.get(_KEY)
    if kept is None:
        return None
    if not is_offered():
        remove(session)
        return None
    return Progress(list(kept["decided"]), {int(number): count for number, count in kept["rejected"].items()})


def save(session: MutableMapping[str, Any], progress: Progress) -> None:
    """Remember it."""
    session[_KEY] = {"decided": progress.decided, "rejected": progress.rejected}


def remove(session: MutableMapping[str, Any]) -> None:
    """Forget all of it: there is nothing else."""
    session.pop(_KEY, None)
