"""One round: everything that needs no person, in the order in which each step makes the next one easier."""

from datetime import datetime

from matching.services import booked, booked_transfers, proposing, settlement
from matching.services.proposing import Outcome, Progress


def prepare(*, now: datetime) -> dict[str, int]:
    """Set aside, settle and link what is beyond doubt, and let changed invoices be looked at; return the counts."""
    return {
        "outgoing": proposing.set_outgoing_aside(now=now),
        "payouts": settlement.settle_found(now=now),
        "charges": booked.link_booked_charges(now=now),
        "transfers": booked_transfers.link_booked_transfers(now=now),
        "invoices": proposing.requeue_for_changed_invoices(now=now),
    }


def run(*, now: datetime, progress: Progress | None = None) -> Outcome:
    """Prepare, then propose for every payment that waits."""
    prepare(now=now)
    return proposing.propose(receipts=proposing.waiting(), now=now, progress=progress)
