"""What somebody did with the sample: kept in their session, and nowhere else."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from banking.models import BankAccount, BankConnection
from matching.core.types import Band, Candidate
from payments.models import StripeConnection
from payymo.dashboard.sample.month import Month, Use
from whmcs.models import WhmcsInstance

_KEY = "sample"
# What the rest of a payment becomes: the client's credit, or their next invoices.
_RESTS = ("credit", "next")
# An invoice, the cents it was given, and those that were written off as a fee.
Share = tuple[int, int, int]
KEEP = "keep"
ACTS = ("approve", "reject", "hold", "ignore")
_REAL = (WhmcsInstance, BankAccount, StripeConnection)
# A consent at a bank that is not given, or came to nothing, is no connection.
_NONE = (BankConnection.State.PENDING, BankConnection.State.FAILED)


def is_offered() -> bool:
    """Return whether the company has nothing of its own yet: no connection, no account, so no payment either."""
    banks = BankConnection.objects.exclude(state__in=_NONE)
    return not banks.exists() and not any(model._default_manager.exists() for model in _REAL)


@dataclass(frozen=True, slots=True)
class Act:
    """A decision: the payment, whether it leaves the queue, and what invoices were given."""

    number: int
    closes: bool
    given: tuple[Share, ...] = ()


@dataclass(slots=True)
class Progress:
    """What was decided, in order, and the invoices of each suggestion that was turned down, by payment.

    Shape: `stays` says that somebody who connected something wanted to keep the sample beside it.
    """

    acts: list[Act] = field(default_factory=list)
    rejected: dict[int, list[list[int]]] = field(default_factory=dict)
    stays: bool = False

    @property
    def uses(self) -> tuple[Use, ...]:
        """What was given to invoices."""
        return tuple((act.number, *share) for act in self.acts for share in act.given)

    @property
    def closed(self) -> set[int]:
        """The payments that left the queue."""
        return {act.number for act in self.acts if act.closes}

    @property
    def count(self) -> int:
        """How often was decided."""
        return len(self.acts) + sum(len(each) for each in self.rejected.values())

    def candidates(self, month: Month, number: int) -> list[Candidate]:
        """Return what is still suggested for a payment."""
        against = self.rejected.get(number, [])
        return [each for each in month.suggestions[number].candidates if _invoices(each) not in against]

    def reject(self, number: int, candidate: Candidate) -> None:
        """Suggest this no more."""
        self.rejected.setdefault(number, []).append(_invoices(candidate))

    def give(self, number: int, given: tuple[Share, ...], *, left: int, rest: str) -> None:
        """Give of a payment to invoices; what is left of it stays in the queue, unless `rest` says what it becomes."""
        over = left - sum(cents for _invoice, cents, _fee in given)
        self.acts.append(Act(number, not over or rest in _RESTS, given))

    def take_back(self, number: int) -> bool:
        """Take the last decision about a payment back; False if there is none."""
        last = next((place for place in reversed(range(len(self.acts))) if self.acts[place].number == number), None)
        if last is None:
            return False
        del self.acts[last]
        self.rejected.pop(number, None)
        return True

    def left(self, month: Month) -> list[int]:
        """Return the payments that are still to decide, the surest first."""
        waiting = [number for number in month.receipts if number not in self.closed]
        return sorted(waiting, key=lambda number: self._place(month, number))

    def _place(self, month: Month, number: int) -> tuple[int, float]:
        best = next(iter(self.candidates(month, number)), None)
        return (len(Band), 0) if best is None else (list(Band).index(best.band), -best.probability)


def _invoices(candidate: Candidate) -> list[int]:
    return [share.invoice_id for share in candidate.allocations]


def begin(session: MutableMapping[str, Any]) -> None:
    """Begin anew."""
    save(session, Progress())


def read(session: MutableMapping[str, Any]) -> Progress | None:
    """Return what was done so far; None before it began, or once something real has ended it."""
    kept = session.get(_KEY)
    if kept is None:
        return None
    if not kept.get("stays") and not is_offered():
        remove(session)
        return None
    # A session of an earlier version begins anew.
    acts = [
        Act(number, closes, tuple((invoice, cents, fee) for invoice, cents, fee in given))
        for number, closes, given in kept.get("acts", [])
    ]
    rejected = {int(number): each for number, each in kept["rejected"].items()} if "acts" in kept else {}
    return Progress(acts, rejected, bool(kept.get("stays")))


def save(session: MutableMapping[str, Any], progress: Progress) -> None:
    """Remember it."""
    acts = [[act.number, act.closes, [list(share) for share in act.given]] for act in progress.acts]
    rejected = {str(key): each for key, each in progress.rejected.items()}
    session[_KEY] = {"acts": acts, "rejected": rejected, "stays": progress.stays}


def choose(session: MutableMapping[str, Any], answer: str) -> None:
    """Remember what a form that connects something was answered: KEEP, or that the sample ends with what is real.

    Shape: changes nothing by itself, so that a connection that fails takes nothing away.
    """
    found = read(session)
    if found is not None:
        found.stays = answer == KEEP
        save(session, found)


def has_ended(session: MutableMapping[str, Any]) -> bool:
    """Return whether something real has just ended a sample that was looked at, and forget it then."""
    return _KEY in session and read(session) is None


def remove(session: MutableMapping[str, Any]) -> None:
    """Forget all of it: there is nothing else."""
    session.pop(_KEY, None)
