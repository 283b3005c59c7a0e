"""Reading the mirror: what is open, what a search finds, and how many queries it takes."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.whmcs.site import NOW, leave
from whmcs import selectors
from whmcs.models import Client, Invoice, InvoiceLine, WhmcsInstance, WhmcsTransaction


@contextmanager
def queries(number: int):
    """Expect so many queries, besides the one before each that sets the tenant's schema."""
    with CaptureQueriesContext(connection) as captured:
        yield
    asked = [query["sql"] for query in captured if not query["sql"].startswith("SET search_path")]
    assert len(asked) == number, asked


@pytest.fixture
def hosting(in_acme):
    return WhmcsInstance.objects.create(
        name="Hosting", base_url="https://billing.acme.example", identifier_sealed=b"", secret_sealed=b""
    )


def client(hosting, number, company="", email="", **more):
    return Client.objects.create(
        instance=hosting, whmcs_id=number, company_name=company, email=email, synced_at=timezone.now(), **more
    )


def invoice(hosting, client, number, total="119.00", line="", **more):
    row = Invoice.objects.create(
        **{
            "instance": hosting,
            "client": client,
            "whmcs_id": number,
            "number": f"RE-2026-{number:05d}",
            "currency": "EUR",
            "total": Decimal(total),
            "balance": Decimal(total),
            "status": "Unpaid",
            "synced_at": NOW,
            **more,
        }
    )
    if line:
        InvoiceLine.objects.create(invoice=row, whmcs_id=number, description=line, amount=Decimal(total))
    return row


@pytest.fixture
def book(hosting):
    bakery = client(hosting, 41, "Müller & Söhne Bäckerei", "office@baeckerei.example")
    person = client(hosting, 42, first_name="Ada", last_name="Byron", email="ada@lovelace.example")
    return {
        "bakery": invoice(hosting, bakery, 1001, "1190.00", "Webhosting L - baeckerei-mueller.example (1/2026)"),
        "small": invoice(hosting, bakery, 1002, "11.90"),
        "person": invoice(
            hosting, person, 1003, "119.00", "Domain lovelace.example", other_numbers=["2618379555", "PRO-88"]
        ),
        "dollars": invoice(hosting, person, 1004, "119.00", currency="USD"),
        "paid": invoice(hosting, person, 1005, "119.00", status="Paid", balance=Decimal(0)),
        "unread": invoice(hosting, person, 1006, "119.00", needs_reading=True),
        "reserved": invoice(hosting, person, 1007, "119.00", reserved=Decimal("119.00")),
        "draft": invoice(hosting, person, 1008, "119.00", status="Draft"),
    }


def test_open_is_what_can_still_be_paid(book):
    assert [row.whmcs_id for row in selectors.open_invoices()] == [1001, 1002, 1003, 1004]
    assert selectors.open_totals() == {"EUR": Decimal("1320.90"), "USD": Decimal("119")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1001", [1001]),
        ("#1002", [1002]),
        ("RE-2026-01003", [1003]),
        ("re-2026", [1001, 1002, 1003]),
        ("müller", [1001, 1002]),
        ("muller", [1001, 1002]),
        ("MUELLER", [1001, 1002]),
        ("soehne backerei", [1001, 1002]),
        ("ådä", [1003]),
        ("RE202601003", [1003]),
        ("re2026", [1001, 1002, 1003]),
        ("2618379555", [1003]),
        ("pro-88", [1003]),
        ("_mueller", []),
        ("\\", []),
        ("byron", [1003]),
        ("Ada Byron", [1003]),
        ("ada müller", []),
        ("ada@lovelace.example", [1003]),
        ("baeckerei-mueller.example", [1001]),
        ("42", [1003]),
        ("1190", [1001]),
        ("1.190,00", [1001]),
        ("1,190.00", [1001]),
        ("11,90", [1002]),
        ("müller 11.90", [1002]),
        ("%", []),
        ("_", []),
        ("' OR 1=1 --", []),
        ("1\x00001", [1001]),
        ("9" * 90, []),
    ],
)
def test_a_search_finds_by_number_client_mail_domain_and_amount(book, text, found):
    assert [row.whmcs_id for row in selectors.find_invoices(text=text, currency="EUR")] == found


def test_the_amount_asked_for_comes_first(book):
    rows = selectors.find_invoices(text="re-2026", amount=Decimal("119.00"), currency="EUR")

    assert [row.whmcs_id for row in rows] == [1003, 1001, 1002]


@pytest.mark.parametrize("text", ["Straße", "Łódź", "ÅNGSTRÖM", "İzmir", "Œuvre", "plain", "Ærø", "ßüÜ%_'\\", "Đặng"])
def test_the_database_compares_names_as_python_does(hosting, text):
    invoice(hosting, client(hosting, 1, f"x {text} y"), 2001)

    for typed in (text, text.lower(), text.upper()):
        assert [row.whmcs_id for row in selectors.find_invoices(text=typed)] == [2001], typed


def test_bounds_find_what_is_outstanding_and_not_what_is_reserved(book):
    Invoice.objects.filter(whmcs_id=1001).update(reserved=Decimal("1071.00"))

    rows = selectors.find_invoices(text="", least=Decimal("113.05"), most=Decimal("124.95"), currency="EUR")

    assert [row.whmcs_id for row in rows] == [1001, 1003]


def test_without_a_text_only_the_amount_finds(book):
    assert [row.whmcs_id for row in selectors.find_invoices(text="", amount=Decimal("11.90"))] == [1002]


def test_a_search_is_bounded(hosting):
    person = client(hosting, 1, "Bulk")
    for number in range(1, 31):
        invoice(hosting, person, number)

    assert len(selectors.find_invoices(text="bulk")) == 20
    assert len(selectors.find_invoices(text="bulk", limit=5)) == 5


def test_queries_of_a_search_do_not_grow_with_its_rows(hosting):
    person = client(hosting, 1, "Bulk")
    for number in range(1, 16):
        invoice(hosting, person, number, line="Domain x.example")

    for limit in (1, 15):
        with queries(2):
            rows = list(selectors.find_invoices(text="bulk", limit=limit))
            assert all(row.client.display_name == "Bulk" and row.lines.all() and row.instance.name for row in rows)


def test_an_invoice_comes_with_its_whole_history(book):
    row = book["person"]
    WhmcsTransaction.objects.create(instance=row.instance, whmcs_id=9, invoice=row, amount_in=1, transaction_id="t")
    leave(row, "19.00")

    with queries(5):
        found = selectors.invoice_with_history(public_id=row.public_id)
        moves = [move.to_state for posting in found.postings.all() for move in posting.transitions.all()]

    assert ([line.description for line in found.lines.all()], moves) == (["Domain lovelace.example"], ["QUEUED"])
    assert [booking.transaction_id for booking in found.transactions.all()] == ["t"]


def test_bookings_are_found_by_any_of_their_names(book):
    row = book["paid"]
    for number, name, amount in ((1, "ch_1", 5), (2, "pi_1", 5), (3, "txn_refund", 0), (4, "", 5)):
        WhmcsTransaction.objects.create(
            instance=row.instance, whmcs_id=number, invoice=row, amount_in=amount, transaction_id=name
        )

    found = selectors.bookings_named(transaction_ids=["ch_1", "pi_1", "txn_refund", ""])

    assert [booking.transaction_id for booking in found] == ["ch_1", "pi_1"]


def test_postings_are_counted_by_state(book):
    leave(book["person"], "19.00")
    leave(book["bakery"], "19.00")

    assert selectors.postings_by_state() == {"QUEUED": 2}
    assert [row.invoice.whmcs_id for row in selectors.postings(states=["QUEUED"])] == [1001, 1003]
    assert list(selectors.postings(states=["POSTED"])) == []
