"""A tenant's WHMCS in the running stand-in, its own book to compare with, and the steps that tests take."""

import functools
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from payymo.sandbox import world
from payymo.sandbox.process import SandboxProcess
from whmcs.clients.base import RemoteInvoiceSummary
from whmcs.clients.whmcs_api import WhmcsHttpApi
from whmcs.locks import lock_invoices
from whmcs.models import Invoice, Posting, WhmcsInstance
from whmcs.services import connection, posting
from whmcs.services.client_sync import clients_of
from whmcs.services.dispatching import PostingRun, post_pending
from whmcs.services.invoice_mirror import write_page, write_reading

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One tenant's WHMCS behind the stand-in: what it is told, and what it shows."""

    process: SandboxProcess
    slug: str

    @property
    def url(self) -> str:
        return f"{self.process.base_url}/whmcs/{self.slug}"

    def api(self, *, read_seconds: float = 20.0, secret: str = "") -> WhmcsHttpApi:
        keys = world.WHMCS[self.slug]
        return WhmcsHttpApi(
            base_url=self.url, identifier=keys.identifier, secret=secret or keys.secret, read_seconds=read_seconds
        )

    def fault(self, name: str, *, only: str = "", times: int | None = None, probability: float = 1.0, **params) -> None:
        order = {"provider": "whmcs", "slug": self.slug, "fault": name, "probability": probability, "params": params}
        if only:
            params["only"] = only
        if times:
            order["times"] = times
        self.process.control("POST", "/faults", order)

    def quiet(self) -> None:
        self.process.control("DELETE", "/faults")

    def new_invoice(self, total: str = "119.00", **more) -> int:
        shown = self.process.control(
            "POST", f"/whmcs/{self.slug}/invoice", {"userid": self.client_id(), "total": total, **more}
        )
        return int(shown["invoiceid"])

    def client_id(self) -> int:
        return _first_client(self)

    def change_invoice(self, whmcs_id: int, **changes) -> None:
        self.process.control("POST", f"/whmcs/{self.slug}/invoice", {"id": whmcs_id, **changes})

    def delete_invoice(self, whmcs_id: int) -> None:
        self.process.control("DELETE", f"/whmcs/{self.slug}/invoice/{whmcs_id}")

    def shrink(self, invoices: int) -> None:
        self.process.control("POST", f"/whmcs/{self.slug}/shrink", {"invoices": invoices})

    def book(self) -> dict:
        return self.process.control("GET", f"/book/{self.slug}")

    def booked(self, transaction_id: str) -> list[dict]:
        return [row for row in self.book()["transactions"] if row["transid"] == transaction_id]

    def balance(self, whmcs_id: int) -> int:
        return self.book()["invoices"][str(whmcs_id)]["balance"]

    def pay_by_hand(self, whmcs_id: int, amount: str, transaction_id: str = "typed by hand") -> None:
        self.api().add_invoice_payment(
            invoice_whmcs_id=whmcs_id,
            amount=Decimal(amount),
            transaction_id=transaction_id,
            gateway="banktransfer",
            paid_at=datetime(2026, 3, 1, 9, 0, tzinfo=UTC),
            fees=Decimal(0),
            sends_email=False,
        )


@functools.cache
def _first_client(site: Site) -> int:
    return site.api().clients(start=0, count=1).rows[0].whmcs_id


def summary_of(site: Site, whmcs_id: int) -> RemoteInvoiceSummary:
    page = site.api().invoices(start=0, count=100, newest_first=True)
    return next(row for row in page.rows if row.whmcs_id == whmcs_id)


def mirror(site: Site, instance: WhmcsInstance, whmcs_id: int, *, read_at: datetime = LONG_AGO) -> Invoice:
    """Mirror one invoice as a sync would."""
    summary = summary_of(site, whmcs_id)
    clients = clients_of(instance, site.api(), [summary], read_at=read_at)
    write_page(instance, [summary], clients, read_at=read_at, is_first_load=False)
    invoice = Invoice.objects.get(instance=instance, whmcs_id=whmcs_id)
    write_reading(invoice.pk, site.api().invoice(whmcs_id), read_at=read_at)
    invoice.refresh_from_db()
    return invoice


def connect(site: Site) -> WhmcsInstance:
    keys = world.WHMCS[site.slug]
    return connection.connect_instance(
        name="Hosting", base_url=site.url, identifier=keys.identifier, secret=keys.secret, now=NOW
    )


def leave(invoice: Invoice, amount: str = "119.00", **more) -> Posting:
    values = {
        "invoice": invoice,
        "amount": Decimal(amount),
        "currency": "EUR",
        "paid_at": datetime(2026, 2, 27, 12, 0, tzinfo=UTC),
        "now": NOW,
        "gateway": "banktransfer",
        "not_before": NOW,
        **more,
    }
    return posting.leave_pending(**values)


def post(now: datetime = NOW, **more) -> PostingRun:
    return post_pending(now=now, api_for=more.pop("api_for", connection.api_for), **more)


def moves(row: Posting) -> list[str]:
    """Return the states it went through, and check that the sequence has no gap."""
    found = list(row.transitions.order_by("sequence"))
    assert [move.sequence for move in found] == list(range(1, len(found) + 1))
    assert all(later.from_state == earlier.to_state for earlier, later in itertools.pairwise(found))
    return [move.to_state for move in found]


def reserved(invoice: Invoice) -> Decimal:
    return lock_invoices([invoice.pk])[invoice.pk].reserved


def mirror_newest(site: Site, instance: WhmcsInstance, number: int, *, read_at: datetime = LONG_AGO) -> list[Invoice]:
    """Mirror the newest `number` invoices, all of them unpaid, as WHMCS lists them."""
    for start in range(0, number, 100):
        page = site.api().invoices(start=start, count=min(100, number - start), newest_first=True)
        clients = clients_of(instance, site.api(), page.rows, read_at=read_at)
        write_page(instance, page.rows, clients, read_at=read_at, is_first_load=False)
    found = list(Invoice.objects.filter(instance=instance).order_by("-whmcs_id")[:number])
    assert {invoice.status for invoice in found} == {"Unpaid"}
    return found
