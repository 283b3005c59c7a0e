"""Sending the outbox to WHMCS so that each payment is booked there once.

WHMCS books the same transaction id as often as it is sent. So before every send, the first one included, the id is
looked up; a send whose outcome is not known is looked up after a wait, and sent again only when it was absent twice;
and `POSTED` needs the booking read back. No transaction is open while WHMCS is called.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from payymo.shared.errors import Refused, Retryable, Unknown
from payymo.shared.sentences import Sentence, as_columns
from tenants import context
from tenants.models import Tenant
from whmcs.clients import refusals
from whmcs.clients.base import RemoteInvoice, RemoteTransaction, WhmcsApi
from whmcs.locks import lock_invoices
from whmcs.models import Invoice, Posting, WhmcsInstance
from whmcs.services import health
from whmcs.services.booked import Booked, LookedUp, look_up
from whmcs.services.claiming import claim_next, renew
from whmcs.services.mirroring import local_day, store_transactions, to_local, write_invoice
from whmcs.services.objections import objection
from whmcs.services.timing import Clock, Timing, clock_from, usual
from whmcs.services.transitions import count_reserved, expect_less, keep, move

logger = logging.getLogger(__name__)
ApiFor = Callable[[WhmcsInstance], WhmcsApi]
State = Posting.State
# After so many failures in a row of one installation the rest of this run leaves it alone.
_FAILURES_UNTIL_SKIPPED = 3
_GONE = (refusals.INVOICE_NOT_FOUND, refusals.INVOICE_CANCELLED, refusals.CLIENT_NOT_FOUND)


@dataclass(slots=True)
class PostingRun:
    """How many postings a run has left in each state."""

    counts: Counter[str] = field(default_factory=Counter)

    @property
    def handled(self) -> int:
        """How many were taken."""
        return self.counts.total()


def post_pending(
    *,
    now: datetime,
    api_for: ApiFor,
    limit: int = 200,
    timing: Timing | None = None,
    budget: timedelta | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> PostingRun:
    """Send, look up and settle what is due, at most `limit` postings; any number of workers may do so at once.

    Shape: begins with no further posting once `budget` has passed or `should_stop` says so.
    """
    run, clock, waits = PostingRun(), clock_from(now), timing or usual()
    worker = _Worker(api_for, clock, waits)
    failures: Counter[int] = Counter()
    for _turn in range(limit):
        is_out_of_time = budget is not None and clock() >= now + budget
        if is_out_of_time or should_stop() or not _tenant_is_active():
            break
        skipping = [pk for pk, count in failures.items() if count >= _FAILURES_UNTIL_SKIPPED]
        posting = claim_next(now=clock(), timing=waits, skipping=skipping)
        if posting is None:
            break
        if posting.lease_until is not None:
            reached = worker.handle(posting)
            failures[posting.instance_id] = 0 if reached else failures[posting.instance_id] + 1
        run.counts[posting.state] += 1
    return run


def _tenant_is_active() -> bool:
    """A suspension stops postings at once, in the middle of a run too; so does the pause after a restore."""
    served = Tenant.objects.filter(pk=context.current().pk, state=Tenant.State.ACTIVE, posting_paused_at=None)
    return bool(served.exists())


class _Worker:
    """Brings claimed postings as far as they go now."""

    def __init__(self, api_for: ApiFor, clock: Clock, timing: Timing) -> None:
        self._api_for, self._clock, self._timing = api_for, clock, timing
        self._apis: dict[int, WhmcsApi] = {}

    def handle(self, posting: Posting) -> bool:
        """Work on one; say whether WHMCS could be talked to."""
        return self._check(posting) if posting.state == State.UNKNOWN else self._send(posting)

    def _api(self, posting: Posting) -> WhmcsApi:
        """Return the client of the posting's installation.

        Raises: Refused if its credential cannot be opened.
        """
        if posting.instance_id not in self._apis:
            self._apis[posting.instance_id] = self._api_for(posting.instance)
        return self._apis[posting.instance_id]

    def _send(self, posting: Posting) -> bool:
        try:
            found = look_up(self._api(posting), posting)
            read_at = self._clock()
            remote = self._invoice(posting)
        except (Refused, Retryable) as error:
            return self._not_sent(posting, error)
        if found.verdict is not Booked.ABSENT:
            return self._settle(posting, found, remote, read_at)
        against = objection(posting, remote) if remote is not None else None
        if against and remote is not None:
            self._conflict(posting, against, remote, read_at)
            return True
        if not _tenant_is_active() or not renew(posting, now=self._clock(), timing=self._timing):
            # Nothing was sent by this worker; if another has taken the posting over, it is not moved here.
            now = self._clock()
            move(posting, State.RETRYABLE, now=now, reason="not sent: it may no longer be posted to", not_before=now)
            return True
        try:
            self._book(posting)
        except Unknown as error:
            self._unknown(posting, error.sentence)
            return False
        except (Refused, Retryable) as error:
            return self._not_sent(posting, error, is_final=isinstance(error, Refused))
        return self._read_back(posting)

    def _invoice(self, posting: Posting) -> RemoteInvoice | None:
        """Read the invoice as WHMCS shows it now; of a client's credit there is none.

        Raises: Refused, Retryable.
        """
        if posting.invoice.is_credit_account:
            return None
        return self._api(posting).invoice(posting.invoice.whmcs_id)

    def _book(self, posting: Posting) -> None:
        if posting.invoice.is_credit_account:
            self._api(posting).add_credit_payment(
                client_whmcs_id=posting.invoice.client.whmcs_id,
                amount=posting.amount,
                transaction_id=posting.transaction_id,
                gateway=posting.gateway,
                paid_on=local_day(posting.paid_at, posting.instance),
                fees=posting.fees,
            )
            return
        self._api(posting).add_invoice_payment(
            invoice_whmcs_id=posting.invoice.whmcs_id,
            amount=posting.amount,
            transaction_id=posting.transaction_id,
            gateway=posting.gateway,
            paid_at=to_local(posting.paid_at, posting.instance),
            fees=posting.fees,
            sends_email=posting.instance.sends_payment_emails,
        )

    def _read_back(self, posting: Posting) -> bool:
        try:
            found = look_up(self._api(posting), posting)
            read_at = self._clock()
            remote = self._invoice(posting)
        except (Refused, Retryable) as error:
            told = _("Sent, but it could not be read back: %(why)s")
            self._unknown(posting, Sentence(told, {"why": error.sentence}))
            return False
        if found.verdict is Booked.ABSENT:
            self._unknown(posting, Sentence(_("WHMCS accepted the payment, but does not show it.")))
            return True
        return self._settle(posting, found, remote, read_at)

    def _check(self, posting: Posting) -> bool:
        """Look up what may have been booked, and decide."""
        try:
            found = look_up(self._api(posting), posting)
            read_at = self._clock()
            remote = self._invoice(posting) if found.verdict is not Booked.ABSENT else None
        except (Refused, Retryable) as error:
            now = self._clock()
            if health.needs_a_person(error):
                health.mark_broken(posting.instance, error, now=now)
            self._look_later(posting, absent=posting.absent_look_ups, **as_columns(error.sentence))
            return False
        if found.verdict is not Booked.ABSENT:
            return self._settle(posting, found, remote, read_at)
        absent = posting.absent_look_ups + 1
        if absent < self._timing.look_ups_until_absent:
            self._look_later(posting, absent=absent)
            return True
        now = self._clock()
        if posting.attempts > len(self._timing.back_off):
            move(posting, State.FAILED, now=now, reason="not booked, and every try of the plan is used up")
        else:
            move(posting, State.QUEUED, now=now, reason="looked up: not booked", not_before=now, absent_look_ups=0)
        return True

    def _settle(self, posting: Posting, found: LookedUp, remote: RemoteInvoice | None, read_at: datetime) -> bool:
        if found.booking is None:
            assert found.difference is not None  # noqa: S101 - what is booked differently says how
            self._conflict(posting, found.difference, remote, read_at)
            return True
        if not _record(posting, found.booking, remote, read_at=read_at, now=self._clock()):
            logger.warning("lease lost", extra={"event": "posting_lease_lost", "posting": posting.public_id})
        return True

    def _conflict(self, posting: Posting, why: Sentence, remote: RemoteInvoice | None, read_at: datetime) -> None:
        """Leave it to a person, with the invoice as WHMCS shows it; the amount stays reserved."""
        with transaction.atomic():
            invoice = lock_invoices([posting.invoice_id])[posting.invoice_id]
            is_moved = move(posting, State.CONFLICT, now=self._clock(), **_because(why))
            if is_moved and remote is not None:
                write_invoice(invoice, remote, read_at=read_at, is_newest=True)

    def _unknown(self, posting: Posting, why: Sentence) -> None:
        now = self._clock()
        move(
            posting,
            State.UNKNOWN,
            now=now,
            not_before=now + self._timing.unknown_wait,
            absent_look_ups=0,
            **_because(why),
        )

    def _look_later(self, posting: Posting, *, absent: int, **said: Any) -> None:
        now = self._clock()
        since = posting.transitions.filter(to_state=State.UNKNOWN).order_by("-sequence").values_list("moved_at")[0][0]
        wait = self._timing.before_look_up(absent, now - since)
        keep(posting, absent_look_ups=absent, not_before=now + wait, lease_until=None, **said)

    def _not_sent(self, posting: Posting, error: Refused | Retryable, *, is_final: bool = False) -> bool:
        """Nothing was booked by this try: plan the next one, or leave it to a person."""
        now, because = self._clock(), _because(error.sentence)
        wait = self._timing.after_failure(posting.attempts, error.retry_after)
        if health.needs_a_person(error):
            health.mark_broken(posting.instance, error, now=now)
        elif error.reason in _GONE:
            move(posting, State.CONFLICT, now=now, **because)
            return True
        elif is_final or wait is None:
            used_up = Sentence(_("Every try of the plan is used up. %(why)s"), {"why": error.sentence})
            move(posting, State.FAILED, now=now, **because if is_final else _because(used_up))
            return is_final
        later = now + (wait or self._timing.back_off[-1])
        move(posting, State.RETRYABLE, now=now, not_before=later, **because)
        return False


def _because(why: Sentence) -> dict[str, Any]:
    """Return the reason for the history, and what the posting keeps of it."""
    return {"reason": why.in_english(), **as_columns(why)}


def _record(
    posting: Posting, booking: RemoteTransaction, remote: RemoteInvoice | None, *, read_at: datetime, now: datetime
) -> bool:
    """Write the proof, the invoice as WHMCS shows it now, and the end of the reservation, all at once."""
    with transaction.atomic():
        invoice: Invoice = lock_invoices([posting.invoice_id])[posting.invoice_id]
        [row] = store_transactions(posting.instance, (booking,), {invoice.whmcs_id: invoice.pk})
        if not move(
            posting,
            State.POSTED,
            now=now,
            reason="read back from WHMCS",
            posted_at=now,
            whmcs_transaction=row,
            absent_look_ups=0,
            last_error="",
        ):
            return False
        if remote is not None:
            write_invoice(invoice, remote, read_at=read_at, is_newest=True)
        expect_less(invoice, posting)
        count_reserved(invoice)
    return True
