"""The overview names the payments that wait while WHMCS is about to stop their client's service."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from matching import stop_selectors
from matching.models import Proposal
from matching.services import proposing
from payymo.dashboard.presenters.stopping import stop_words
from tenants import context, days
from tests.factories import rows
from whmcs.models import Invoice, InvoiceLine, Order, WhmcsInstance

AFTER = 5


@pytest.fixture
def telling(in_acme):
    return rows.instance(suspends_after_days=AFTER)


def today():
    return days.today(timezone.now())


def waiting(number, *, stops_in, kind="Hosting", after=AFTER, **fields):
    """A payment that waits, for an invoice whose service stops in so many days."""
    due = today() + timedelta(days=stops_in - after)
    debt = rows.invoice(number, "20.00", due_date=due, issue_date=due - timedelta(days=14), **fields)
    InvoiceLine.objects.filter(invoice=debt).update(kind=kind, related_id=9)
    payment = rows.transfer(number, "20.00", name=debt.client.company_name, booking_date=due)
    proposing.propose(receipts=[payment], now=timezone.now())
    return payment


def shown(browser):
    found = browser.get("/").context["page"].stopping
    return None if found is None else [(row.invoice, row.when) for row in found]


def test_who_waits_is_shown_with_the_day_the_soonest_first_and_the_weekend_last(as_viewer, telling):
    waiting("INV-2002", stops_in=9)
    payment = waiting("INV-2001", stops_in=2)
    waiting("INV-2003", stops_in=-3)

    page = as_viewer.get("/").content.decode()
    row = as_viewer.get("/").context["page"].stopping[0]

    assert shown(as_viewer) == [
        ("INV-2001", "stops in 2 days"), ("INV-2002", "stops in 9 days"), ("INV-2003", "was to stop 3 days ago"),
    ]  # fmt: skip
    assert (row.client, row.url) == ("Northwind Ltd", f"/review/{payment.public_id}/?order=due")
    day = today() + timedelta(days=2)
    assert f'<time datetime="{day}" title="{day.day} {day:%b %Y}">stops in 2 days</time>' in page
    assert 'href="/review/?order=due"' in page
    assert as_viewer.get(row.url).context["page"].panel.receipt_id == str(payment.public_id)


@pytest.mark.parametrize(
    ("stops_in", "kind", "status"),
    [
        (3, "Hosting", "Unpaid, stops in 3 days"),
        (-1, "Addon", "Unpaid, was to stop 1 day ago"),
        (3, "DomainRegister", "Unpaid"),
        (30, "Hosting", "Unpaid"),
    ],
)
def test_the_panel_says_beside_the_status_when_a_service_stops(as_viewer, telling, stops_in, kind, status):
    payment = waiting("INV-2001", stops_in=stops_in, kind=kind)

    [candidate] = as_viewer.get(f"/review/{payment.public_id}/").context["page"].panel.candidates

    assert [line.status for line in candidate.lines] == [status]


def test_an_order_that_waits_has_no_service_that_stops(as_viewer, telling):
    payment = waiting("INV-2001", stops_in=3)
    number = Invoice.objects.get(number="INV-2001").whmcs_id
    Order.objects.create(instance=telling, whmcs_id=1, number="7", invoice_whmcs_id=number, status="Pending")

    [candidate] = as_viewer.get(f"/review/{payment.public_id}/").context["page"].panel.candidates

    assert [line.status for line in candidate.lines] == ["Unpaid"]


def test_at_most_five_are_shown_and_they_cost_what_one_costs(as_viewer, telling, queries_of):
    waiting("INV-2000", stops_in=1)
    as_viewer.get("/")
    one = queries_of(lambda: as_viewer.get("/"))
    for place in range(1, 7):
        waiting(f"INV-200{place}", stops_in=1 + place)

    assert queries_of(lambda: as_viewer.get("/")) == one
    assert [number for number, _ in shown(as_viewer)] == [f"INV-200{place}" for place in range(5)]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ("a domain", {"stops_in": 2, "kind": "Domain"}),
        ("later than two weeks", {"stops_in": 15}),
        ("longer ago than three days", {"stops_in": -4}),
        ("paid", {"stops_in": 2}),
        ("held", {"stops_in": 2}),
        ("not running yet", {"stops_in": 2}),
        ("decided", {"stops_in": 2}),
    ],
)
def test_what_does_not_stop_soon_or_does_not_wait_is_left_out(as_viewer, telling, change, fields):
    payment = waiting("INV-2001", **fields)
    if change == "paid":
        Invoice.objects.update(status="Paid")
    if change == "held":
        type(payment).objects.update(held_until=today() + timedelta(days=3))
    if change == "not running yet":
        Order.objects.create(
            instance=telling, whmcs_id=1, invoice_whmcs_id=Invoice.objects.get().whmcs_id, status="Pending"
        )
    if change == "decided":
        Proposal.objects.update(status="APPROVED")

    assert shown(as_viewer) == []
    assert "Nobody has to wait." in as_viewer.get("/").content.decode()


@pytest.mark.parametrize("fields", [{"suspends_after_days": None}, {"state": "REMOVED"}])
def test_without_a_whmcs_that_tells_there_is_no_such_list(as_viewer, telling, fields):
    waiting("INV-2001", stops_in=2)
    WhmcsInstance.objects.update(**fields)

    assert shown(as_viewer) is None
    assert "Service stops soon" not in as_viewer.get("/").content.decode()


def test_installations_that_wait_for_different_times_are_put_in_one_order(telling):
    slow = rows.instance(suspends_after_days=30)
    waiting("INV-3001", stops_in=4, after=30, of=rows.client("Globex BV", instance=slow))
    waiting("INV-2001", stops_in=6)
    waiting("INV-2002", stops_in=1)

    found = stop_selectors.stopping_soon(on=today(), limit=2)

    assert [(stop.invoice.number, (stop.day - today()).days) for stop in found] == [("INV-2002", 1), ("INV-3001", 4)]


def test_another_tenants_clients_are_never_among_them(as_viewer, telling, globex):
    with context.inside(globex):
        rows.instance(suspends_after_days=AFTER)
        waiting("INV-9001", stops_in=1)
    waiting("INV-2001", stops_in=2)

    assert [number for number, _ in shown(as_viewer)] == ["INV-2001"]


@pytest.mark.parametrize(
    ("apart", "words"),
    [(0, "stops today"), (1, "stops in 1 day"), (2, "stops in 2 days"), (-1, "was to stop 1 day ago")],
)
def test_the_day_is_said_in_words(apart, words):
    day = date(2026, 11, 20)

    assert stop_words(day + timedelta(days=apart), day) == words
