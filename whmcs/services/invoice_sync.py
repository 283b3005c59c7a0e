"""Keeping the mirror of a WHMCS installation up to date.

WHMCS can tell neither what changed since a day nor what an invoice in its list still owes. So a run reads the new
clients and invoices, walks through the open ones, and reads alone each invoice that is open, changed or gone; once a
day it walks through everything. Every page is committed, so an interrupted run goes on where it was.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from payymo.shared.errors import ProviderError
from whmcs.clients.base import Page, RemoteClient, RemoteInvoiceSummary, WhmcsApi
from whmcs.models import Invoice, WhmcsInstance
from whmcs.services import health
from whmcs.services.client_sync import clients_of, write_clients
from whmcs.services.invoice_mirror import write_page
from whmcs.services.other_numbers import take_up_numbers
from whmcs.services.posting import PAYABLE
from whmcs.services.remote_pages import pages
from whmcs.services.side_readings import SideReadings
from whmcs.services.single_readings import SingleReadings
from whmcs.services.sync_result import SyncResult
from whmcs.services.timing import clock_from

Progress = Callable[[str, int, int], None]
FULL_SWEEP_EVERY = timedelta(days=1)
# A part payment may leave no trace in the list, so an open invoice is read again after this time.
READ_AGAIN_AFTER = timedelta(hours=6)
_READ_AGAIN_AT_ONCE = 200
# A walk that goes on reads so many rows again: some of those before may have been deleted since.
_AGAIN = 50
_OPEN_STATUSES = sorted({*PAYABLE, Invoice.Status.DRAFT})


class _OutOfTime(Exception):
    """The run has used its time, or its WHMCS was paused; the next one goes on."""


def sync_instance(
    *,
    instance: WhmcsInstance,
    api: WhmcsApi,
    now: datetime,
    full: bool = False,
    budget: timedelta = timedelta(seconds=90),
    progress: Progress | None = None,
) -> SyncResult:
    """Read what is new and changed, for about `budget`, and remember how it went on the instance.

    Shape: `is_complete` is False when the time was up, or somebody paused it; another run goes on. `full` walks through
    everything.
    Raises: Refused, Retryable; what was read until then is kept.
    """
    run = _Sync(instance, api, now, budget, progress)
    try:
        run.everything(full=full)
        run.result.is_complete = True
    except _OutOfTime:
        run.result.is_complete = False
    except ProviderError as error:
        if health.needs_a_person(error):
            health.mark_broken(instance, error, now=run.clock())
        health.note_failure(instance, error, now=run.clock())
        raise
    health.note_success(instance, now=run.clock(), is_complete=run.result.is_complete)
    return run.result


class _Sync:
    """One run over one installation."""

    def __init__(
        self, instance: WhmcsInstance, api: WhmcsApi, now: datetime, budget: timedelta, progress: Progress | None
    ) -> None:
        self.instance, self.api, self.now = instance, api, now
        self.clock = clock_from(now)
        self.result = SyncResult()
        self._deadline = now + budget
        self._progress = progress or (lambda step, done, total: None)
        self.alone = SingleReadings(instance, api, self.clock, self.result, self._step)
        self.beside = SideReadings(instance, api, self.clock, self.result, self._step)

    def everything(self, *, full: bool) -> None:
        """Take the steps in an order in which each run comes further, however short its time is.

        Shape: the walks through whole lists remember their position, and what is read alone is unmarked one by one.
        """
        if full or self._is_due(self.instance.clients_swept_at):
            self._every_client()
        else:
            self._new_clients()
        last = self.instance.full_sweep_at
        if full or self._is_due(last):
            self._whole_list(is_first_load=last is None)
        self._new_invoices()
        self.alone.marked_invoices()
        self.alone.bookings_of_clients(self.now)
        self._open_invoices()
        self._ask_again()
        self.alone.marked_invoices()
        self.beside.automation(self.now, full=full)
        self.beside.orders(self.now, full=full)
        self.beside.credit(self.now)
        take_up_numbers(self.instance)

    def _is_due(self, last: datetime | None) -> bool:
        return last is None or last <= self.now - FULL_SWEEP_EVERY

    def _step(self, name: str, done: int, total: int) -> None:
        self._progress(name, done, total)
        is_paused = WhmcsInstance.objects.filter(pk=self.instance.pk, is_paused=True).exists()
        if is_paused or self.clock() >= self._deadline:
            raise _OutOfTime

    def _every_client(self) -> None:
        start = max(0, self.instance.clients_position - _AGAIN)
        read_at = self.clock()
        for position, page in pages(lambda at, count: self.api.clients(start=at, count=count), start=start):
            self._write_clients(page, read_at)
            self._keep(clients_position=position)
            self._step("clients", position, page.total)
            read_at = self.clock()
        self._keep(clients_position=0, clients_swept_at=self.now)

    def _new_clients(self) -> None:
        read_at = self.clock()
        for position, page in pages(lambda at, count: self.api.clients(start=at, count=count, newest_first=True)):
            if self._write_clients(page, read_at) < len(page.rows):
                return
            self._step("new clients", position, page.total)
            read_at = self.clock()

    def _write_clients(self, page: Page[RemoteClient], read_at: datetime) -> int:
        new, changed = write_clients(self.instance, page.rows, read_at=read_at)
        self.result.new_clients += new
        self.result.changed_clients += changed
        self.result.unreadable += page.unreadable
        return new

    def _whole_list(self, *, is_first_load: bool) -> None:
        start = max(0, self.instance.sweep_position - _AGAIN)
        read_at = self.clock()
        for position, page in pages(lambda at, count: self.api.invoices(start=at, count=count), start=start):
            self._write(page, read_at, is_first_load=is_first_load)
            self._keep(sweep_position=position)
            self._step("invoices", position, page.total)
            read_at = self.clock()
        self._keep(sweep_position=0, full_sweep_at=self.now)

    def _new_invoices(self) -> None:
        """Read back from the newest to the first one known; the mark moves only when there is no gap behind it."""
        known, highest = self.instance.highest_invoice_id, 0
        if not known:
            newest = self._of_instance().order_by("-whmcs_id").first()
            known = newest.whmcs_id if newest else 0
        read_at = self.clock()
        for position, page in pages(
            lambda start, count: self.api.invoices(start=start, count=count, newest_first=True)
        ):
            highest = max([highest, *(row.whmcs_id for row in page.rows)])
            self._write(page, read_at, is_first_load=False)
            if any(row.whmcs_id <= known for row in page.rows):
                break
            self._step("new invoices", position, page.total)
            read_at = self.clock()
        self._keep(highest_invoice_id=max(known, highest))

    def _open_invoices(self) -> None:
        """Walk through the open statuses; what is open here and not there any more is marked to be read."""
        seen: set[int] = set()
        began = self.clock()
        for status in _OPEN_STATUSES:
            read_at = self.clock()
            for _, page in self._pages_of(status):
                seen |= {row.whmcs_id for row in page.rows}
                self._write(page, read_at, is_first_load=False)
                self._step("open invoices", len(seen), page.total)
                read_at = self.clock()
        ours = Invoice.objects.filter(instance=self.instance, status__in=_OPEN_STATUSES, synced_at__lte=began)
        ours.exclude(whmcs_id__in=seen).update(needs_reading=True)

    def _pages_of(self, status: str) -> Iterator[tuple[int, Page[RemoteInvoiceSummary]]]:
        return pages(lambda start, count: self.api.invoices(start=start, count=count, status=status))

    def _write(self, page: Page[RemoteInvoiceSummary], read_at: datetime, *, is_first_load: bool) -> None:
        clients = clients_of(self.instance, self.api, page.rows, read_at=read_at)
        new, changed = write_page(self.instance, page.rows, clients, read_at=read_at, is_first_load=is_first_load)
        self.result.new_invoices += new
        self.result.changed_invoices += changed
        self.result.unreadable += page.unreadable

    def _ask_again(self) -> None:
        stale = Q(read_at=None) | Q(read_at__lte=self.now - READ_AGAIN_AFTER)
        rows = self._of_instance().filter(stale, status__in=PAYABLE, needs_reading=False).order_by("read_at", "pk")
        Invoice.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:_READ_AGAIN_AT_ONCE])).update(
            needs_reading=True
        )

    def _of_instance(self) -> QuerySet[Invoice]:
        return Invoice.objects.filter(instance=self.instance)

    def _keep(self, **values: object) -> None:
        WhmcsInstance.objects.filter(pk=self.instance.pk).update(**values)
        for name, value in values.items():
            setattr(self.instance, name, value)
