"""Reading what helps and is not needed: orders, whose numbers name debts, what became of clients' credit, and when
WHMCS stops a service.

A role that does not allow these actions stops nothing: they are left out until the next time they are due.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from payymo.shared.errors import Refused, Retryable
from whmcs.clients import refusals
from whmcs.clients.base import Page, RemoteCredit, RemoteOrder, WhmcsApi
from whmcs.models import Client, CreditMovement, Invoice, Order, WhmcsInstance
from whmcs.services.other_numbers import note_orders
from whmcs.services.posting import PAYABLE
from whmcs.services.remote_pages import Pace, pages
from whmcs.services.single_readings import batches
from whmcs.services.sync_result import SyncResult
from whmcs.services.timing import Clock

ORDERS_EVERY, CREDIT_EVERY, AUTOMATION_EVERY = timedelta(days=7), timedelta(days=1), timedelta(days=1)
_ON = ("on", "1", "true", "yes")
_RECENT = timedelta(days=90)
_NOT_HERE = (refusals.ACTION_NOT_ALLOWED, refusals.ACTION_UNKNOWN)
# An order comes with its lines and much else: pages are smaller than those of invoices.
_FEW, _MOST = 25, 100
# A setting that nobody means: WHMCS's own form takes any number.
_MOST_DAYS = 365
# A walk that goes on reads so many rows again: some of those before may have been deleted since.
_AGAIN = 50


class SideReadings:
    """The side readings of one run; `step` is told how far it is and ends the run when its time is up."""

    def __init__(
        self,
        instance: WhmcsInstance,
        api: WhmcsApi,
        clock: Clock,
        result: SyncResult,
        step: Callable[[str, int, int], None],
    ) -> None:
        self._instance, self._api, self._clock = instance, api, clock
        self._result, self._step = result, step

    def automation(self, now: datetime, *, full: bool = False) -> None:
        """Ask once a day on which day after its due date an unpaid service is stopped.

        Raises: Refused, Retryable.
        """
        last = self._instance.automation_read_at
        if not full and last is not None and last > now - AUTOMATION_EVERY:
            return
        try:
            is_on = self._api.setting("AutoSuspension").casefold() in _ON
            days = self._api.setting("AutoSuspensionDays") if is_on else ""
        except Refused as error:
            # A release that does not know the name of a setting says so in words of its own.
            if error.reason not in (*_NOT_HERE, refusals.REFUSED):
                raise
            days = ""
        known = days.isascii() and days.isdigit() and int(days) <= _MOST_DAYS
        self._keep(suspends_after_days=int(days) if known else None, automation_read_at=now)

    def orders(self, now: datetime, *, full: bool = False) -> None:
        """Walk through all orders once a week, going on where a run was interrupted, and look for new ones between.

        Raises: Refused, Retryable.
        """
        last = self._instance.orders_swept_at
        try:
            if full or last is None or last <= now - ORDERS_EVERY:
                self._every_order()
            else:
                self._new_orders()
        except Refused as error:
            if error.reason not in _NOT_HERE:
                raise
        else:
            return
        self._keep(orders_position=0, orders_swept_at=now)

    def _every_order(self) -> None:
        start = max(0, self._instance.orders_position - _AGAIN)
        pace = Pace(size=_FEW, least=5, most=_MOST)
        for position, page in pages(lambda at, count: self._api.orders(start=at, count=count), start=start, pace=pace):
            self._write_orders(page)
            self._keep(orders_position=position)
            self._step("orders", position, page.total)
        self._keep(orders_position=0, orders_swept_at=self._clock())

    def _new_orders(self) -> None:
        """Read the first page, and the last one where the new ones are not on it: one of the two ends has them."""
        page = self._api.orders(start=0, count=_FEW)
        if not self._write_orders(page) and page.total > Order.objects.filter(instance=self._instance).count():
            self._write_orders(self._api.orders(start=max(0, page.total - _FEW), count=_FEW))

    def _write_orders(self, page: Page[RemoteOrder]) -> int:
        new = store_orders(self._instance, page.rows)
        self._result.new_orders += new
        self._result.unreadable += page.unreadable
        return new

    def credit(self, now: datetime) -> None:
        """Read the credit of clients whose recent invoices it has paid, or who were given some by a posting.

        Raises: Refused, Retryable.
        """
        due = Q(credit_read_at=None) | Q(credit_read_at__lte=now - CREDIT_EVERY)
        recent = Q(issue_date__gte=(now - _RECENT).date()) | Q(paid_at__gte=now - _RECENT) | Q(status__in=PAYABLE)
        ours = Invoice.objects.filter(recent & Q(credit__gt=0) | Q(is_credit_account=True), instance=self._instance)
        clients = Client.objects.filter(due, instance=self._instance, pk__in=ours.values("client"))
        rows = clients.order_by(F("credit_read_at").asc(nulls_first=True), "pk").values_list("pk", "whmcs_id")
        for done, total, batch in batches(list(rows)):
            answers = self._api.credits_of(tuple(whmcs_id for _, whmcs_id in batch))
            failures = [self._take(pk, one) for (pk, _), one in zip(batch, answers, strict=True)]
            for failure in failures:
                if failure is not None:
                    raise failure
            self._step("credit", done, total)

    def _take(self, client_id: int, answer: Page[RemoteCredit] | Refused | Retryable) -> Refused | Retryable | None:
        """Store what was answered, or return the error by which the run ends; a missing right is none."""
        if isinstance(answer, Retryable):
            return answer
        if isinstance(answer, Refused):
            if answer.reason not in (*_NOT_HERE, refusals.CLIENT_NOT_FOUND):
                return answer
        else:
            store_credit(self._instance, client_id, answer)
            self._result.unreadable += answer.unreadable
        Client.objects.filter(pk=client_id).update(credit_read_at=self._clock())
        return None

    def _keep(self, **values: object) -> None:
        WhmcsInstance.objects.filter(pk=self._instance.pk).update(**values)
        for name, value in values.items():
            setattr(self._instance, name, value)


def store_orders(instance: WhmcsInstance, remote: Sequence[RemoteOrder]) -> int:
    """Store orders by WHMCS's id and let their numbers name their invoices; return how many are new."""
    rows = {row.whmcs_id: row for row in remote}
    known = Order.objects.filter(instance=instance, whmcs_id__in=rows).count()
    Order.objects.bulk_create(
        [
            Order(
                instance=instance,
                whmcs_id=row.whmcs_id,
                number=row.number,
                client_whmcs_id=row.client_whmcs_id,
                invoice_whmcs_id=row.invoice_whmcs_id,
                status=row.status,
            )
            for _, row in sorted(rows.items())
        ],
        update_conflicts=True,
        unique_fields=["instance", "whmcs_id"],
        update_fields=["number", "client_whmcs_id", "invoice_whmcs_id", "status"],
        batch_size=500,
    )
    note_orders(instance, [(row.invoice_whmcs_id, row.number) for row in rows.values()])
    return len(rows) - known


def store_credit(instance: WhmcsInstance, client_id: int, page: Page[RemoteCredit]) -> None:
    """Make a client's movements of credit those that WHMCS lists; it lists all of them at once.

    Shape: what is gone there goes here, unless a row could not be read.
    """
    rows = {row.whmcs_id: row for row in page.rows}
    named = {row.invoice_whmcs_id for row in rows.values() if row.invoice_whmcs_id}
    # Only the client's own invoices: a text is no proof.
    mine = Invoice.objects.filter(instance=instance, client=client_id, whmcs_id__in=named, is_credit_account=False)
    invoices = dict(mine.values_list("whmcs_id", "pk"))
    with transaction.atomic():
        if not page.unreadable:
            held = CreditMovement.objects.filter(instance=instance, client=client_id)
            held.exclude(whmcs_id__in=rows).delete()
        CreditMovement.objects.bulk_create(
            [
                CreditMovement(
                    instance=instance,
                    client_id=client_id,
                    whmcs_id=row.whmcs_id,
                    booked_on=row.booked_on,
                    description=row.description,
                    amount=row.amount,
                    invoice_id=invoices.get(row.invoice_whmcs_id),
                )
                for _, row in sorted(rows.items())
            ],
            update_conflicts=True,
            unique_fields=["instance", "whmcs_id"],
            update_fields=["client", "booked_on", "description", "amount", "invoice"],
            batch_size=500,
        )
