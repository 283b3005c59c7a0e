"""One round: everything that needs no person, in the order in which each step makes the next one easier."""

from collections.abc import Callable
from datetime import datetime

from matching.services import (
    booked,
    booked_transfers,
    pairing,
    proposing,
    requeueing,
    rule_ignoring,
    rule_requeue,
    settlement,
    taken_back,
)
from matching.services.proposing import Outcome, Progress


def prepare(*, now: datetime) -> dict[str, int]:
    """Set aside, settle and link what is beyond doubt, and let changed invoices be looked at; return the counts."""
    paired = pairing.pair_found(now=now)
    return {
        **paired,
        **(taken_back.watch(now=now) if paired["returns"] else {}),
        "debits_by_rule": rule_ignoring.ignore_outgoing(now=now),
        "outgoing": proposing.set_outgoing_aside(now=now),
        "payouts": settlement.settle_found(now=now),
        **_link_booked(now=now),
        "invoices": requeueing.requeue_for_changed_invoices(now=now),
        "rules": rule_requeue.requeue_for_changed_rules(now=now),
    }


def _link_booked(*, now: datetime) -> dict[str, int]:
    """Link what WHMCS shows as booked; a booking that is new has changed its invoice."""
    if not proposing.has_news():
        return {"charges": 0, "transfers": 0}
    return {
        "charges": booked.link_booked_charges(now=now),
        "transfers": booked_transfers.link_booked_transfers(now=now),
    }


def run(*, now: datetime, progress: Progress | None = None, goes_on: Callable[[], bool] = lambda: True) -> Outcome:
    """Prepare, propose for every payment that waits, and ignore what the tenant's rules say is no invoice payment."""
    prepare(now=now)
    outcome = proposing.propose(receipts=proposing.waiting(), now=now, progress=progress, goes_on=goes_on)
    rule_ignoring.ignore_ruled(now=now)
    return outcome
