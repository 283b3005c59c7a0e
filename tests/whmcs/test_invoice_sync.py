"""The mirror against the running stand-in: complete, repeatable, resumable, and never older than a posting."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from payymo.shared.errors import Refused, Retryable
from tests.whmcs.site import LONG_AGO, NOW, Site, leave, mirror, post, reserved
from whmcs.models import Client, Invoice, InvoiceLine, Posting, WhmcsInstance, WhmcsTransaction
from whmcs.services.client_sync import clients_of
from whmcs.services.invoice_mirror import write_page, write_reading, write_readings
from whmcs.services.invoice_sync import sync_instance
from whmcs.services.posting import PAYABLE

INVOICES = 130


@pytest.fixture(scope="module")
def shrunk(sandbox_process):
    """A host of which a whole reading is a hundred calls; the others get theirs back whole."""
    whole = Site(sandbox_process, "globex")
    whole.shrink(INVOICES)
    yield whole
    sandbox_process.control("POST", "/reset")


@pytest.fixture
def site(shrunk):
    shrunk.quiet()
    yield shrunk
    shrunk.quiet()


def sync(instance, site, now=NOW, **more):
    instance.refresh_from_db()
    return sync_instance(instance=instance, api=more.pop("api", site.api()), now=now, **more)


class Remembering:
    """Answers as the stand-in answered when it was first asked the same, which makes a first run short."""

    def __init__(self, api) -> None:
        self._api, self._answers = api, {}

    def __getattr__(self, action):
        if action == "invoices_alone":
            return lambda ids: [self.invoice(whmcs_id) for whmcs_id in ids]
        if action == "bookings_of":
            return lambda ids: [self.transactions(client_whmcs_id=whmcs_id) for whmcs_id in ids]

        def answer(*args, **how):
            key = (action, args, tuple(sorted(how.items())))
            if key not in self._answers:
                self._answers[key] = getattr(self._api, action)(*args, **how)
            return self._answers[key]

        return answer


@pytest.fixture(scope="module")
def remembering(shrunk):
    return Remembering(shrunk.api())


@pytest.fixture
def synced(instance, site, remembering):
    """A mirror from the beginning of this module; what was added since comes with the next run."""
    assert sync(instance, site, api=remembering).is_complete
    return instance


@pytest.fixture
def freshly_synced(instance, site):
    result = sync(instance, site)
    assert (result.is_complete, result.unreadable) == (True, [])
    return instance


def _shown(site) -> dict[int, tuple[str, int]]:
    return {int(number): (row["status"], row["balance"]) for number, row in site.book()["invoices"].items()}


def test_the_first_run_mirrors_everything_as_whmcs_shows_it(freshly_synced, site):
    shown = _shown(site)
    mirrored = {row.whmcs_id: row for row in Invoice.objects.prefetch_related("lines")}

    assert {number: row.status for number, row in mirrored.items()} == {n: status for n, (status, _) in shown.items()}
    assert Client.objects.count() == site.api().clients(start=0, count=1).total
    assert not any(row.needs_reading for row in mirrored.values())
    for number, row in mirrored.items():
        if row.status in PAYABLE:
            assert (row.balance * 100, bool(row.lines.all())) == (shown[number][1], True)
        else:
            assert row.balance == 0


def test_the_first_run_mirrors_what_whmcs_booked(freshly_synced, site):
    booked = {row["id"]: row for row in site.book()["transactions"] if row["userid"]}
    mirrored = {row.whmcs_id: row for row in WhmcsTransaction.objects.select_related("invoice")}

    assert len(mirrored) > len(booked) * 0.9
    for number, row in mirrored.items():
        assert (row.amount_in * 100, row.transaction_id) == (booked[number]["amountin"], booked[number]["transid"])
        assert (row.invoice.whmcs_id if row.invoice else 0) == booked[number]["invoiceid"]


def test_entities_are_decoded_once(synced, site):
    names = set(Client.objects.values_list("company_name", flat=True))

    assert any("&" in name for name in names)
    assert not any("&amp;" in name or "&#039;" in name for name in names)


def test_a_second_run_changes_nothing(freshly_synced, site):
    before = list(Invoice.objects.order_by("pk").values_list("pk", "balance", "status", "matched_at"))
    Invoice.objects.update(matched_at=NOW)

    result = sync(freshly_synced, site, NOW + timedelta(minutes=5))

    assert (result.new_clients, result.new_invoices, result.changed_invoices, result.read_invoices) == (0, 0, 0, 0)
    assert [row[:3] for row in before] == list(Invoice.objects.order_by("pk").values_list("pk", "balance", "status"))
    assert not Invoice.objects.filter(matched_at=None).exists()


def test_a_new_invoice_waits_for_the_engine_and_others_do_not(freshly_synced, site):
    Invoice.objects.update(matched_at=NOW)
    number = site.new_invoice("77.00", description="Domain example-shop.example")

    sync(freshly_synced, site, NOW + timedelta(minutes=5))

    [waiting] = Invoice.objects.filter(matched_at=None)
    assert (waiting.whmcs_id, waiting.balance, waiting.needs_reading) == (number, Decimal("77"), False)
    assert waiting.lines.get().description == "Domain example-shop.example"


def test_an_invoice_paid_in_whmcs_is_closed_with_its_booking(synced, site):
    number = site.new_invoice("77.00")
    sync(synced, site, NOW + timedelta(minutes=5))
    Invoice.objects.update(matched_at=NOW)
    site.pay_by_hand(number, "77.00", "ch_by_stripe")

    sync(synced, site, NOW + timedelta(minutes=10))

    row = Invoice.objects.get(whmcs_id=number)
    assert (row.status, row.balance, row.matched_at) == ("Paid", 0, None)
    assert WhmcsTransaction.objects.get(transaction_id="ch_by_stripe").invoice == row


def test_a_part_payment_is_seen(synced, site):
    number = site.new_invoice("77.00")
    sync(synced, site, NOW + timedelta(minutes=5))
    site.pay_by_hand(number, "30.00")

    sync(synced, site, NOW + timedelta(hours=7))

    assert Invoice.objects.get(whmcs_id=number).balance == Decimal("47")


def test_a_cancelled_invoice_owes_nothing(synced, site):
    number = site.new_invoice("77.00")
    sync(synced, site, NOW + timedelta(minutes=5))
    site.change_invoice(number, status="Cancelled")

    sync(synced, site, NOW + timedelta(minutes=10))

    row = Invoice.objects.get(whmcs_id=number)
    assert (row.status, row.needs_reading) == ("Cancelled", False)


def test_the_number_given_on_payment_is_seen(synced, site):
    number = site.new_invoice("77.00")
    sync(synced, site, NOW + timedelta(minutes=5))
    assert Invoice.objects.get(whmcs_id=number).display_number == str(number)
    site.pay_by_hand(number, "77.00")

    sync(synced, site, NOW + timedelta(minutes=10))

    assert Invoice.objects.get(whmcs_id=number).number.startswith("GBX/")


def test_a_change_of_an_old_closed_invoice_is_seen_by_the_daily_sweep(synced, site):
    row = Invoice.objects.filter(status="Paid").order_by("whmcs_id").first()
    site.change_invoice(row.whmcs_id, status="Refunded")
    try:
        sync(synced, site, NOW + timedelta(minutes=5))
        row.refresh_from_db()
        assert row.status == "Paid"
        sync(synced, site, NOW + timedelta(days=1, minutes=1))
    finally:
        site.change_invoice(row.whmcs_id, status="Paid")

    row.refresh_from_db()
    assert row.status == "Refunded"


def test_an_invoice_deleted_in_whmcs_is_kept_as_cancelled(synced, site):
    number = site.new_invoice("77.00")
    sync(synced, site, NOW + timedelta(minutes=5))
    Invoice.objects.filter(whmcs_id=number).update(whmcs_id=99_999_999)

    sync(synced, site, NOW + timedelta(minutes=10))

    gone = Invoice.objects.get(whmcs_id=99_999_999)
    assert (gone.status, gone.balance, gone.needs_reading) == ("Cancelled", 0, False)


def test_reservations_survive_a_run(synced, site):
    number = site.new_invoice("77.00")
    sync(synced, site, NOW + timedelta(minutes=5))
    invoice = Invoice.objects.get(whmcs_id=number)
    leave(invoice, "50.00", currency="GBP", not_before=NOW + timedelta(days=1))

    sync(synced, site, NOW + timedelta(days=2))

    assert reserved(invoice) == Decimal("50")


def test_a_run_that_runs_out_of_time_goes_on_where_it_was(instance, site):
    first = sync(instance, site, budget=timedelta(0))
    instance.refresh_from_db()
    assert (first.is_complete, instance.full_sweep_at) == (False, None)
    assert instance.next_sync_at < NOW + timedelta(minutes=1)

    runs = 0
    while not sync(instance, site, budget=timedelta(seconds=2)).is_complete:
        runs += 1
        assert runs < 60

    assert set(Invoice.objects.values_list("whmcs_id", flat=True)) == set(_shown(site))
    assert not Invoice.objects.filter(needs_reading=True).exists()


class PageLost:
    """A client whose second page of invoices is never answered."""

    def __init__(self, api) -> None:
        self._api, self.asked = api, 0

    def __getattr__(self, name):
        return getattr(self._api, name)

    def invoices(self, **how):
        self.asked += 1
        if self.asked > 1:
            raise Retryable("down", reason="unreachable")
        return self._api.invoices(**how)


def test_an_interrupted_run_keeps_what_it_read_and_backs_off(instance, site):
    with pytest.raises(Retryable):
        sync(instance, site, api=PageLost(site.api()))

    instance.refresh_from_db()
    assert (Invoice.objects.count(), instance.sweep_position) == (100, 100)
    assert (instance.failures, instance.last_error_code, instance.state) == (1, "unreachable", "ACTIVE")
    assert instance.next_sync_at > NOW + timedelta(seconds=59)
    assert sync(instance, site).is_complete
    assert set(Invoice.objects.values_list("whmcs_id", flat=True)) == set(_shown(site))


@pytest.mark.parametrize("fault", ["html", "server_error", "cut"])
def test_a_whmcs_that_answers_nothing_useful_changes_nothing(instance, site, fault):
    site.fault(fault)

    with pytest.raises(Retryable):
        sync(instance, site)

    instance.refresh_from_db()
    assert (Invoice.objects.count(), Client.objects.count(), instance.failures) == (0, 0, 1)
    assert instance.last_success_at is None


def test_waits_grow_with_failures_and_end_with_a_success(instance, site):
    site.fault("html")
    waits = []
    for _ in range(8):
        with pytest.raises(Retryable):
            sync(instance, site)
        instance.refresh_from_db()
        waits.append(round((instance.next_sync_at - NOW).total_seconds() / 60))

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    site.quiet()
    assert sync(instance, site).is_complete
    instance.refresh_from_db()
    assert (instance.failures, instance.last_error) == (0, "")


@pytest.mark.parametrize(("fault", "reason"), [("forbidden_ip", "ip_not_allowed"), ("auth_failed", "access_refused")])
def test_refused_access_stops_the_connection_with_a_plain_sentence(instance, site, fault, reason):
    site.fault(fault)

    with pytest.raises(Refused):
        sync(instance, site)

    instance.refresh_from_db()
    assert (instance.state, instance.last_error_code) == (WhmcsInstance.State.BROKEN, reason)


def test_a_reading_from_before_a_posting_never_replaces_it(instance, site):
    invoice = mirror(site, instance, site.new_invoice("50.00"))
    stale = site.api().invoice(invoice.whmcs_id)
    leave(invoice, "50.00", currency="GBP")
    post()

    assert not write_reading(invoice.pk, stale, read_at=NOW + timedelta(seconds=30))
    assert not write_reading(invoice.pk, stale, read_at=LONG_AGO)

    invoice.refresh_from_db()
    assert (invoice.status, invoice.balance) == ("Paid", 0)


def test_an_invoice_with_a_posting_under_way_is_left_to_the_posting(instance, site):
    invoice = mirror(site, instance, site.new_invoice("50.00"))
    site.fault("error_after_booking", only="AddInvoicePayment")
    row = leave(invoice, "20.00", currency="GBP")
    post()
    assert Posting.objects.get(pk=row.pk).state == "UNKNOWN"

    sync(instance, site, NOW + timedelta(hours=7))

    invoice.refresh_from_db()
    assert (invoice.balance, invoice.reserved, invoice.needs_reading) == (Decimal("50"), Decimal("20"), True)


def test_lines_that_changed_are_replaced(instance, site):
    invoice = mirror(site, instance, site.new_invoice("50.00"))
    InvoiceLine.objects.filter(invoice=invoice).update(description="old text")
    InvoiceLine.objects.create(invoice=invoice, whmcs_id=99_999_999, amount=1)
    Invoice.objects.filter(pk=invoice.pk).update(matched_at=NOW)

    write_reading(invoice.pk, site.api().invoice(invoice.whmcs_id), read_at=NOW)

    invoice.refresh_from_db()
    assert ([line.description for line in invoice.lines.all()], invoice.matched_at) == (["Web Hosting"], None)


def test_queries_of_a_page_and_of_readings_do_not_grow_with_their_rows(freshly_synced, site):
    later = NOW + timedelta(hours=1)
    rows = list(Invoice.objects.filter(status__in=PAYABLE).order_by("-whmcs_id")[:9])
    remote = {row.pk: site.api().invoice(row.whmcs_id) for row in rows}
    listed = {row.whmcs_id: row for row in site.api().invoices(start=0, count=100, newest_first=True).rows}
    clients = clients_of(freshly_synced, site.api(), listed.values(), read_at=NOW)

    def queries(number: int) -> int:
        some = rows[:number]
        InvoiceLine.objects.filter(invoice__in=some).update(description="before")
        Invoice.objects.filter(pk__in=[row.pk for row in some]).update(total=1, balance=1)
        summaries = [replace(listed[row.whmcs_id], number=f"CHANGED-{number}-{row.pk}") for row in some]
        with CaptureQueriesContext(connections["default"]) as found:
            write_page(freshly_synced, summaries, clients, read_at=later, is_first_load=False)
            assert write_readings({row.pk: remote[row.pk] for row in some}, read_at=later) == number
        return len(found)

    few, more = queries(2), queries(9)

    assert few == more


def test_progress_is_told_step_by_step(instance, site):
    told = []

    sync(instance, site, progress=lambda step, done, total: told.append((step, done, total)))

    assert {step for step, _, _ in told} >= {"clients", "invoices", "open invoices", "balances", "bookings"}
    assert all(0 < done <= total for step, done, total in told if step in ("balances", "bookings"))
