"""Reading alone what WHMCS's lists do not tell: balances and lines of invoices, bookings of clients."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_noop as _

from payymo.shared.errors import Refused, Retryable
from whmcs.clients import refusals
from whmcs.clients.at_once import AT_ONCE
from whmcs.clients.base import RemoteInvoice, WhmcsApi
from whmcs.models import Client, Invoice, WhmcsInstance
from whmcs.services.invoice_mirror import write_gone, write_readings
from whmcs.services.mirroring import store_transactions
from whmcs.services.posting import PAYABLE
from whmcs.services.remote_pages import Pace
from whmcs.services.sync_result import SyncResult
from whmcs.services.timing import Clock

Row = TypeVar("Row")
BOOKINGS_EVERY = timedelta(days=1)
_RECENT = timedelta(days=90)
_UNREADABLE_IN_A_ROW = 3
_LARGEST_BATCH = 64


class SingleReadings:
    """The readings of one run; `step` is told how far it is and ends the run when its time is up."""

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
        self._unreadable_in_a_row = 0

    def marked_invoices(self) -> None:
        """Read what the lists have shown to be new, changed or gone."""
        rows = self._invoices().filter(needs_reading=True).order_by("pk").values_list("pk", "whmcs_id")
        self._unreadable_in_a_row = 0
        for done, total, batch in batches(list(rows)):
            read_at = self._clock()
            answers = self._api.invoices_alone(tuple(whmcs_id for _, whmcs_id in batch))
            self._write(batch, answers, read_at)
            self._step("balances", done, total)

    def _write(
        self,
        batch: Sequence[tuple[int, int]],
        answers: Sequence[RemoteInvoice | Refused | Retryable],
        read_at: datetime,
    ) -> None:
        """Keep what was answered, and only then stop at what was not.

        Raises: Refused, Retryable.
        """
        found = {pk: one for (pk, _), one in zip(batch, answers, strict=True) if isinstance(one, RemoteInvoice)}
        self._result.read_invoices += write_readings(found, read_at=read_at)
        for (pk, whmcs_id), answer in zip(batch, answers, strict=True):
            if isinstance(answer, Refused):
                if answer.reason != refusals.INVOICE_NOT_FOUND:
                    raise answer
                write_gone(pk, read_at=read_at)
            if not isinstance(answer, Retryable):
                self._unreadable_in_a_row = 0
                continue
            if answer.reason != "unreadable_answer":
                raise answer
            self._result.unreadable.append(f"invoice {whmcs_id}: {answer}")
            self._unreadable_in_a_row += 1
            if self._unreadable_in_a_row >= _UNREADABLE_IN_A_ROW:
                raise Retryable(_("WHMCS's answers to GetInvoice cannot be read."), reason="unreadable_answer")

    def bookings_of_clients(self, now: datetime) -> None:
        """Read the bookings of clients with recent invoices, those that were never read first.

        Raises: Refused, Retryable.
        """
        due = Q(bookings_read_at=None) | Q(bookings_read_at__lte=now - BOOKINGS_EVERY)
        recent = Q(issue_date__gte=(now - _RECENT).date()) | Q(paid_at__gte=now - _RECENT) | Q(status__in=PAYABLE)
        ours = Client.objects.filter(
            due, instance=self._instance, pk__in=self._invoices().filter(recent).values("client")
        )
        rows = ours.order_by(F("bookings_read_at").asc(nulls_first=True), "pk").values_list("pk", "whmcs_id")
        for done, total, batch in batches(list(rows)):
            answers = self._api.bookings_of(tuple(whmcs_id for _, whmcs_id in batch))
            failed = [one for one in answers if isinstance(one, Refused | Retryable)]
            answered = [
                (pk, page)
                for (pk, _), page in zip(batch, answers, strict=True)
                if not isinstance(page, Refused | Retryable)
            ]
            bookings = tuple(row for _, page in answered for row in page.rows)
            wanted = {row.invoice_whmcs_id for row in bookings}
            invoices = dict(self._invoices().filter(whmcs_id__in=wanted).values_list("whmcs_id", "pk"))
            self._result.bookings += len(store_transactions(self._instance, bookings, invoices))
            self._result.unreadable += [line for _, page in answered for line in page.unreadable]
            Client.objects.filter(pk__in=[pk for pk, _ in answered]).update(bookings_read_at=self._clock())
            if failed:
                raise failed[0]
            self._step("bookings", done, total)

    def _invoices(self) -> QuerySet[Invoice]:
        return Invoice.objects.filter(instance=self._instance)


def batches(rows: Sequence[Row]) -> Iterator[tuple[int, int, Sequence[Row]]]:
    """Yield how many are done with each batch, how many there are, and the batch: larger as long as it is quick."""
    pace = Pace(size=AT_ONCE, least=AT_ONCE, most=_LARGEST_BATCH)
    start = 0
    while start < len(rows):
        batch, began = rows[start : start + pace.size], time.monotonic()
        start += len(batch)
        yield start, len(rows), batch
        pace.took(time.monotonic() - began)
