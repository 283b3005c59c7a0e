"""Our side of a first load: `python -m payymo.local throwaway -- python benchmarks/first_load.py`.

A WHMCS that answers at once, in the JSON of the real one, so that what is left is Payymo's own time: reading the
answers, writing the mirror, remembering the position. The time in which the answers are invented is taken off.
"""

import argparse
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings_test")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
INVOICES_PER_CLIENT = 5
ONE_OPEN_OF = 12
FIRST_DAY = date(2023, 3, 1)


class Invented:
    """Answers each action as WHMCS would for a host of so many invoices; counts its calls and its own seconds."""

    def __init__(self, invoices: int) -> None:
        self.invoices, self.clients = invoices, max(1, invoices // INVOICES_PER_CLIENT)
        self.calls: dict[str, int] = {}
        self.seconds = 0.0
        self._lock = threading.Lock()

    def answer(self, action: str, fields: Mapping[str, Any]) -> bytes:
        """Return the body of an answer."""
        began = time.thread_time()
        made = json.dumps({"result": "success", **getattr(self, f"_{action.lower()}")(fields)}).encode()
        with self._lock:
            self.calls[action] = self.calls.get(action, 0) + 1
            self.seconds += time.thread_time() - began
        return made

    def _ids(self, fields: Mapping[str, Any], ids: range, descending: bool) -> dict[str, Any]:
        start, count = int(fields["limitstart"]), int(fields["limitnum"])
        self._chosen = (ids[::-1] if descending else ids)[start : start + count]
        return {"totalresults": len(ids), "startnumber": start, "numreturned": len(self._chosen)}

    def _getclients(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        counts = self._ids(fields, range(1, self.clients + 1), fields["sorting"] == "DESC")
        rows = [
            {
                "id": one, "firstname": "Anna", "lastname": f"M&uuml;ller {one}",
                "companyname": f"Firma {one} &amp; Co",
                "email": f"client{one}@example.com", "datecreated": "2020-01-15", "groupid": 0, "status": "Active",
            }
            for one in self._chosen
        ]  # fmt: skip
        return {**counts, "clients": {"client": rows} if rows else ""}

    def _day(self, number: int) -> date:
        return FIRST_DAY + timedelta(days=number * 1090 // self.invoices)

    def _is_open(self, number: int) -> bool:
        return number % ONE_OPEN_OF == 0

    def _common(self, number: int) -> dict[str, Any]:
        day, is_open = self._day(number), self._is_open(number)
        paid = "0000-00-00 00:00:00" if is_open else f"{day} 10:11:12"
        return {
            "userid": number % self.clients + 1, "invoicenum": f"RE-{day.year}-{number:06}", "date": str(day),
            "duedate": str(day + timedelta(days=14)), "datepaid": paid,
            "subtotal": "100.00", "credit": "0.00", "tax": "19.00", "tax2": "0.00", "total": "119.00",
            "taxrate": "19.000", "taxrate2": "0.000", "status": "Unpaid" if is_open else "Paid",
            "paymentmethod": "banktransfer", "paymethodid": None, "notes": "",
        }  # fmt: skip

    def _getinvoices(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        status = fields.get("status", "")
        ids = range(1, self.invoices + 1)
        if status:
            ids = range(ONE_OPEN_OF, self.invoices + 1, ONE_OPEN_OF) if status == "Unpaid" else range(0)
        counts = self._ids(fields, ids, fields["order"] == "desc")
        rows = [
            {
                "id": one, **self._common(one), "firstname": "Anna", "lastname": "M&uuml;ller", "companyname": "",
                "last_capture_attempt": "0000-00-00 00:00:00", "date_refunded": "0000-00-00 00:00:00",
                "date_cancelled": "0000-00-00 00:00:00", "created_at": f"{self._day(one)} 04:00:00",
                "updated_at": f"{self._day(one)} 04:00:00", "currencycode": "EUR", "currencyprefix": "",
                "currencysuffix": " EUR",
            }
            for one in self._chosen
        ]  # fmt: skip
        return {**counts, "invoices": {"invoice": rows} if rows else ""}

    def _getinvoice(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        number = int(fields["invoiceid"])
        line = {
            "id": number * 2, "type": "Hosting", "relid": number, "amount": "50.00", "taxed": 1,
            "description": f"Web Hosting - kunde{number}.example (01/03/2026 - 31/03/2026)",
        }  # fmt: skip
        return {
            "invoiceid": number, **self._common(number), "balance": "119.00", "ccgateway": False,
            "lastcaptureattempt": "0000-00-00 00:00:00", "items": {"item": [line, {**line, "id": number * 2 + 1}]},
            "transactions": "",
        }  # fmt: skip

    def _gettransactions(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        client = int(fields["clientid"])
        rows = [
            {
                "id": str(number), "userid": str(client), "currency": "0", "gateway": "banktransfer",
                "date": f"{self._day(number)} 10:11:12", "description": "Invoice Payment", "amountin": "119.00",
                "fees": "0.00", "amountout": "0.00", "rate": "1.00000", "transid": f"T{number}",
                "invoiceid": str(number), "refundid": "0",
            }
            for number in range(client - 1 or self.clients, self.invoices + 1, self.clients)
            if not self._is_open(number)
        ]  # fmt: skip
        return {"totalresults": len(rows), "transactions": {"transaction": rows} if rows else ""}


def main() -> None:
    """Print the table; exit status 1 when the load is incomplete or our side takes 2 ms an invoice or more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=100_000)
    options = parser.parse_args()

    import django

    django.setup()
    from django.core.management import call_command

    from tenants import context
    from tenants.services.provisioning import create_tenant

    call_command("migrate_schemas", shared=True, verbosity=0, interactive=False)
    context.leave()
    with context.inside(create_tenant(slug="firstload", name="First load", domain="firstload.localhost")):
        sys.exit(_measure(options.invoices))


def _measure(invoices: int) -> int:
    from payymo.shared.http import Answer
    from whmcs.clients.whmcs_api import WhmcsHttpApi
    from whmcs.models import Invoice, InvoiceLine, WhmcsInstance, WhmcsTransaction
    from whmcs.services.invoice_sync import sync_instance

    whmcs = Invented(invoices)

    class Api(WhmcsHttpApi):
        def _call(self, action: str, fields: Mapping[str, Any], *, may_repeat: bool = False) -> Answer:
            return Answer(200, whmcs.answer(action, fields), {})

    instance = WhmcsInstance.objects.create(
        name="Billing", base_url="https://billing.example", identifier_sealed=b"-", secret_sealed=b"-"
    )
    api = Api(base_url=instance.base_url, identifier="-", secret="-")
    print(
        "| what | invoices | pages | read alone | calls | our side s | ms an invoice |\n|---|---|---|---|---|---|---|"
    )
    worst = 0.0
    for what, now in (
        ("first load", NOW),
        ("next run", NOW + timedelta(minutes=5)),
        ("daily sweep", NOW + timedelta(days=1)),
    ):
        whmcs.calls, whmcs.seconds = {}, 0.0
        began = time.perf_counter()
        done = sync_instance(instance=instance, api=api, now=now, budget=timedelta(hours=2))
        ours = time.perf_counter() - began - whmcs.seconds
        worst = max(worst, ours / invoices * 1000)
        print(
            f"| {what} | {Invoice.objects.count()} | {whmcs.calls.get('GetInvoices', 0)} | {done.read_invoices} | "
            f"{sum(whmcs.calls.values())} | {ours:.1f} | {ours / invoices * 1000:.3f} |",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\n{InvoiceLine.objects.count()} lines, {WhmcsTransaction.objects.count()} bookings; peak {peak} MB")
    is_whole = Invoice.objects.count() == invoices and not Invoice.objects.filter(needs_reading=True).exists()
    return 0 if is_whole and worst < 2 else 1


if __name__ == "__main__":
    main()
