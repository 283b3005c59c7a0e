"""Orders, whose numbers name debts, and movements of credit: read gently, bounded, and never a reason to stop."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from payymo.shared.errors import Refused, Retryable
from tests.factories import rows
from tests.factories.rows import NOW
from tests.whmcs.site import mirror
from whmcs.clients import reading, refusals
from whmcs.clients.base import Page, RemoteCredit, RemoteOrder
from whmcs.models import Client, CreditMovement, Invoice, Order, WhmcsInstance
from whmcs.services.erasing import erase_clients
from whmcs.services.side_readings import SideReadings, store_credit
from whmcs.services.sync_result import SyncResult


class Site:
    """A WHMCS with orders, the newest first, and credit by client."""

    def __init__(self, *numbers, credit=(), error=None, settings=()) -> None:
        self.orders_there = [
            RemoteOrder(place + 1, number, 7, 500 + place, "Active") for place, number in enumerate(numbers)
        ]
        self.credit, self.settings, self.error, self.asked = dict(credit), dict(settings), error, []

    def setting(self, name):
        self.asked.append(name)
        if self.error:
            raise self.error
        return self.settings[name]

    def orders(self, *, start, count):
        self.asked.append((start, count))
        if self.error:
            raise self.error
        newest = self.orders_there[::-1]
        return Page(
            rows=tuple(newest[start : start + count]), received=len(newest[start : start + count]), total=len(newest)
        )

    def credits_of(self, ids):
        self.asked.append(ids)
        return [self.error or Page(rows=self.credit.get(one, ()), received=1, total=1) for one in ids]


class OutOfTime(Exception):
    pass


def side(site, *, stops_after=None):
    steps = []

    def step(name, done, total):
        steps.append(name)
        if stops_after is not None and len(steps) > stops_after:
            raise OutOfTime

    return SideReadings(WhmcsInstance.objects.get(), site, lambda: NOW, SyncResult(), step)


@pytest.fixture
def debt(in_acme):
    return rows.invoice("INV-1", "50.00", whmcs_id=500, matched_at=NOW)


def numbers(invoice):
    invoice.refresh_from_db()
    return invoice.other_numbers


def movement(whmcs_id, amount, text="Credit Applied to Invoice #500", names=500):
    return RemoteCredit(whmcs_id, date(2026, 11, 1), text, Decimal(amount), names)


def refused(reason):
    return Refused("no", reason=reason)


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"id": 3, "ordernum": 2618230011, "userid": 7, "invoiceid": 500, "status": "Active"}, ("2618230011", 7, 500)),
        ({"id": "3", "ordernum": "2618230011", "userid": "7", "invoiceid": "0", "status": ""}, ("2618230011", 7, 0)),
        ({"id": "3", "ordernum": None, "userid": "7", "invoiceid": ""}, ("", 7, 0)),
    ],
)
def test_an_order_is_read_in_whatever_types_it_comes(row, wanted):
    found = reading.order(row)

    assert (found.number, found.client_whmcs_id, found.invoice_whmcs_id) == wanted


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Credit Applied to Invoice #1", 1),
        ("Guthaben verrechnet mit Rechnung # 812.", 812),
        ("Mass Invoice Payment Credit for Invoice #12 and #13", 0),
        ("Refund of order #A17", 0),
        ("Goodwill", 0),
        ("#12-B", 0),
    ],
)
def test_credit_names_an_invoice_only_where_its_text_names_one(text, named):
    found = reading.credit({"id": "1", "date": "2016-01-01", "description": text, "amount": "-10.00", "relid": "0"})

    assert (found.invoice_whmcs_id, found.amount, found.booked_on) == (named, Decimal("-10.00"), date(2016, 1, 1))


def test_the_flat_form_of_the_documentation_is_read_as_well():
    answer = {"totalresults": "1", "credits[credit][0][id]": "1", "credits[credit][0][date]": "0000-00-00",
              "credits[credit][0][description]": "x", "credits[credit][0][amount]": "10.00"}  # fmt: skip

    [found] = reading.page(answer, "credits", "credit", reading.credit).rows

    assert (found.amount, found.booked_on) == (Decimal("10.00"), None)


def test_an_orders_number_names_its_open_invoice_and_no_closed_one(debt):
    closed = rows.invoice("INV-2", "0.00", of=debt.client, whmcs_id=501, status="Paid", matched_at=NOW)

    side(Site("2618230011", "2618230012")).orders(NOW)

    assert (numbers(debt), debt.matched_at) == (["2618230011"], None)
    assert (numbers(closed), closed.matched_at) == ([], NOW)
    assert Order.objects.count() == 2


def test_a_walk_that_was_interrupted_goes_on_and_is_done_again_after_a_week(debt):
    site = Site(*(str(2_618_000_000 + place) for place in range(120)))
    with pytest.raises(OutOfTime):
        side(site, stops_after=1).orders(NOW)
    kept = WhmcsInstance.objects.get()
    assert (kept.orders_position, kept.orders_swept_at) == (73, None)

    side(site).orders(NOW)
    assert site.asked[2][0] == 23
    assert Order.objects.count() == 120
    kept = WhmcsInstance.objects.get()
    assert (kept.orders_position, kept.orders_swept_at) == (0, NOW)

    site.asked.clear()
    side(site).orders(NOW + timedelta(days=6))
    assert site.asked == [(0, 25)]
    side(site).orders(NOW + timedelta(days=7))
    assert len(site.asked) > 2


@pytest.mark.parametrize("newest_first", [True, False])
def test_new_orders_are_found_at_either_end_of_the_list(debt, newest_first):
    site = Site(*(str(2_618_000_000 + place) for place in range(60)))
    side(site).orders(NOW)
    site.orders_there.insert(60 if newest_first else 0, RemoteOrder(99, "2618999999", 7, 500, "Pending"))
    site.asked.clear()

    side(site).orders(NOW + timedelta(hours=1))

    assert "2618999999" in numbers(debt)
    assert len(site.asked) == (1 if newest_first else 2)


@pytest.mark.parametrize("reason", [refusals.ACTION_NOT_ALLOWED, refusals.ACTION_UNKNOWN])
def test_a_role_that_does_not_allow_them_stops_nothing_and_is_asked_again_a_week_later(debt, reason):
    site = Site(error=refused(reason))
    Invoice.objects.filter(pk=debt.pk).update(credit=10)

    side(site).orders(NOW)
    side(site).credit(NOW)

    assert WhmcsInstance.objects.get().orders_swept_at == NOW
    assert Client.objects.get().credit_read_at == NOW


@pytest.mark.parametrize("error", [refused(refusals.ACCESS_REFUSED), Retryable("later", reason="no_answer")])
def test_any_other_failure_ends_the_run_as_everywhere(debt, error):
    Invoice.objects.filter(pk=debt.pk).update(credit=10)

    with pytest.raises((Refused, Retryable)):
        side(Site("1", error=error)).orders(NOW)
    with pytest.raises((Refused, Retryable)):
        side(Site(error=error)).credit(NOW)
    with pytest.raises((Refused, Retryable)):
        side(Site(error=error)).automation(NOW)

    assert Client.objects.get().credit_read_at is None


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ({"AutoSuspension": "on", "AutoSuspensionDays": "5"}, 5),
        ({"AutoSuspension": "on", "AutoSuspensionDays": "0"}, 0),
        ({"AutoSuspension": "", "AutoSuspensionDays": "5"}, None),
        ({"AutoSuspension": "on", "AutoSuspensionDays": ""}, None),
        ({"AutoSuspension": "on", "AutoSuspensionDays": "99999"}, None),
        ({"AutoSuspension": "on", "AutoSuspensionDays": "-1"}, None),
    ],
)
def test_the_day_on_which_a_service_is_stopped_is_known_where_whmcs_stops_any(debt, said, days):
    side(Site(settings=said)).automation(NOW)

    assert WhmcsInstance.objects.get().suspends_after_days == days


def test_when_services_are_stopped_is_asked_once_a_day_and_a_change_is_taken_over(debt):
    site = Site(settings={"AutoSuspension": "on", "AutoSuspensionDays": "5"})

    side(site).automation(NOW)
    site.settings["AutoSuspension"] = ""
    side(site).automation(NOW + timedelta(hours=23))
    assert WhmcsInstance.objects.get().suspends_after_days == 5
    side(site).automation(NOW + timedelta(days=1))

    assert WhmcsInstance.objects.get().suspends_after_days is None
    assert site.asked == ["AutoSuspension", "AutoSuspensionDays", "AutoSuspension"]


@pytest.mark.parametrize("reason", [refusals.ACTION_NOT_ALLOWED, refusals.ACTION_UNKNOWN, refusals.REFUSED])
def test_a_whmcs_that_does_not_tell_when_it_stops_services_is_read_on(debt, reason):
    WhmcsInstance.objects.update(suspends_after_days=5)

    side(Site(error=refused(reason))).automation(NOW)

    kept = WhmcsInstance.objects.get()
    assert (kept.suspends_after_days, kept.automation_read_at) == (None, NOW)


def test_credit_is_read_once_a_day_for_clients_whose_invoices_it_paid_and_for_no_others(debt):
    rows.invoice("INV-2", "10.00")
    Invoice.objects.filter(pk=debt.pk).update(credit=10)
    site = Site(credit={debt.client.whmcs_id: (movement(1, "25.00", "Deposit", 0), movement(2, "-10.00"))})

    side(site).credit(NOW)
    side(site).credit(NOW + timedelta(hours=23))

    assert site.asked == [(debt.client.whmcs_id,)]
    assert [(row.amount, row.invoice_id) for row in CreditMovement.objects.order_by("whmcs_id")] == [
        (Decimal(25), None), (Decimal(-10), debt.pk),
    ]  # fmt: skip
    side(site).credit(NOW + timedelta(days=1))
    assert len(site.asked) == 2


def test_what_whmcs_lists_no_more_goes_but_not_when_a_row_could_not_be_read(debt):
    held = (movement(1, "25.00"), movement(2, "-10.00"))
    store_credit(debt.instance, debt.client_id, Page(held, 2, 2))

    store_credit(debt.instance, debt.client_id, Page(held[:1], 2, 2, unreadable=("credit 2: amount",)))
    assert CreditMovement.objects.count() == 2
    store_credit(debt.instance, debt.client_id, Page(held[:1], 1, 1))

    assert [row.whmcs_id for row in CreditMovement.objects.all()] == [1]


def test_a_text_that_names_another_clients_invoice_is_no_proof(debt):
    other = rows.client("Somebody else")

    store_credit(debt.instance, other.pk, Page((movement(1, "-10.00"),), 1, 1))

    assert CreditMovement.objects.get().invoice is None


def test_erasing_a_client_empties_the_texts_of_their_credit(debt):
    store_credit(debt.instance, debt.client_id, Page((movement(1, "-10.00"),), 1, 1))

    erase_clients([debt.client_id], now=NOW)

    assert CreditMovement.objects.get().description == ""


def test_the_real_answers_are_understood_and_an_order_names_what_it_made(instance, site):
    number = site.new_invoice("30.00", ordernum=2618999111)
    mine = mirror(site, instance, number)

    told = SyncResult()
    beside = SideReadings(instance, site.api(), lambda: NOW, told, lambda name, done, total: None)
    beside.orders(NOW)
    [credit] = site.api().credits_of((mine.client.whmcs_id,))

    assert told.unreadable == []
    assert "2618999111" in numbers(mine)
    assert credit.unreadable == ()
    beside.automation(NOW)
    assert WhmcsInstance.objects.get().suspends_after_days == 5
    assert all(row.booked_on is not None for row in credit.rows)
