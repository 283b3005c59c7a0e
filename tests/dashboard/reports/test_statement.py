"""The period statement as a page and as a table."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from accounts.permissions import PERMISSIONS
from accounts.services import members
from banking.models import StatementImport
from payments.models import BalanceTransaction, StripeConnection
from tests.factories import rows
from tests.factories.rows import TODAY

PERIOD = f"from={TODAY.replace(day=1)}&to={TODAY}"


def page_of(browser, query=PERIOD):
    answer = browser.get(f"/reports/statement/?{query}")
    assert answer.status_code == 200
    return answer.context["page"]


def named(name):
    account = rows.account()
    account.name = name
    account.save(update_fields=["name"])
    return account


def unnamed(currency):
    account = rows.account(currency)
    account.name = account.iban_last4 = ""
    account.save(update_fields=["name", "iban_last4"])
    return account


def cells_of(page):
    """Return the rows as texts by the name of their column."""
    return [{cell.label: cell.text for cell in row} for row in page.figures.rows]


def test_an_account_with_what_it_began_and_ended_with(as_viewer, in_acme):
    account = rows.account()
    rows.transfer("x", "10.00", into=account, booking_date=TODAY)
    rows.transfer("y", "-4.00", into=account, booking_date=TODAY)

    page = page_of(as_viewer)

    [row] = cells_of(page)
    assert {name: row[name].replace("\u00a0", " ") for name in ("Opening", "Unmatched", "Other", "Closing")} == {
        "Opening": "0.00 EUR", "Unmatched": "10.00 EUR", "Other": "−4.00 EUR", "Closing": "6.00 EUR",
    }  # fmt: skip
    assert "No bank statement ends in this period" in page.figures.sentence
    assert any("no opening balance is known" in note for note in page.figures.notes)
    [chart] = page.figures.charts
    assert [box.title.replace("\u00a0", " ") for box in chart.boxes] == [
        "Unmatched: 10.00 EUR", "Other: −4.00 EUR", "Closing: 6.00 EUR",
    ]  # fmt: skip


def test_the_accounts_of_one_currency_are_added_up_beside_the_only_picture(as_viewer, in_acme):
    rows.transfer("x", "10.00", into=named("One"), booking_date=TODAY)
    rows.transfer("y", "-4.00", into=named("Two"), booking_date=TODAY)

    keys = {cell.label: cell.text.replace("\u00a0", " ") for cell in page_of(as_viewer).figures.keys}

    assert keys == {
        "Opening": "0.00 EUR", "Matched": "0.00 EUR", "Unmatched": "10.00 EUR", "In transit": "0.00 EUR",
        "Other": "−4.00 EUR", "Closing": "6.00 EUR",
    }  # fmt: skip


def test_accounts_of_two_currencies_are_never_added_up(as_viewer, in_acme):
    rows.transfer("x", "10.00", into=named("One"), booking_date=TODAY)
    rows.transfer("y", "9.00", into=rows.account("USD"), currency="USD", booking_date=TODAY)

    assert page_of(as_viewer).figures.keys == ()


def test_two_gateways_of_one_name_are_told_apart(as_viewer, in_acme):
    for gateway in ("stripe", "gocardless"):
        connection_of = StripeConnection.objects.create(
            account_id=gateway, account_name="Acme", gateway=gateway, kind="restricted_key", livemode=True
        )
        BalanceTransaction.objects.create(
            connection=connection_of, transaction_id=gateway, kind="charge", amount=5, fee=0, net=5, currency="EUR",
            available_date=TODAY, stripe_created_at=rows.NOW,
        )  # fmt: skip

    assert {cells["Account"] for cells in cells_of(page_of(as_viewer))} == {"Acme (Stripe)", "Acme (GoCardless)"}


@pytest.mark.parametrize(
    ("closing", "said"),
    [
        (
            "1499",
            "The bank's statement of Account without a name ends with 1,499 JPY, but the movements with 1,500 JPY",
        ),
        ("1500", "1 account agrees with its bank statement"),
    ],
)
def test_a_bank_statement_that_differs_is_told_with_both_figures(as_viewer, in_acme, closing, said):
    account = unnamed("JPY")
    rows.transfer("x", "1500", currency="JPY", into=account, booking_date=TODAY)
    spans = [{"first": f"{TODAY}", "last": f"{TODAY}", "number": "1", "opening": "0", "closing": closing}]
    StatementImport.objects.create(
        account=account, file_name="a.xml", file_sha256="0" * 64, file_sealed=b"", state="COMMITTED", spans=spans
    )

    assert said in page_of(as_viewer).figures.sentence.replace("\u00a0", " ")


def test_the_download_holds_the_same_amounts(as_viewer, in_acme):
    rows.transfer("x", "10.00", into=named("=cmd()"), booking_date=TODAY)

    answer = as_viewer.get(f"/reports/statement/export.csv?{PERIOD}")

    [line] = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert (line["opening"], line["unmatched"], line["closing"], line["difference"]) == (
        "0.00",
        "10.00",
        "10.00",
        "0.00",
    )
    assert line["account"].startswith("'=cmd()")


def test_days_in_the_wrong_order_say_so_and_the_month_before_is_shown(as_viewer, in_acme):
    page = page_of(as_viewer, "from=2026-11-20&to=2026-11-01")

    assert "a last day that is not before it" in page.error
    assert page.since.endswith("-01")


def test_no_account_is_a_page_that_says_so(as_viewer, in_acme):
    assert page_of(as_viewer).figures.rows == ()


def test_queries_do_not_grow_with_entries_or_accounts(as_viewer, in_acme):
    rows.transfer("x", "10.00", into=rows.account(), booking_date=TODAY)
    page_of(as_viewer)
    with CaptureQueriesContext(connection) as few:
        page_of(as_viewer)
    for _number in range(5):
        account = rows.account()
        for _ in range(3):
            rows.transfer("x", "10.00", into=account, booking_date=TODAY)
    with CaptureQueriesContext(connection) as many:
        assert len(page_of(as_viewer).figures.rows) == 6

    assert len(many) <= len(few)


def test_a_member_limited_to_some_accounts_sees_no_statement(as_viewer, in_acme, viewer):
    membership = Membership.objects.get(user=viewer, tenant=in_acme)
    members.limit_member(membership=membership, granted=frozenset(PERMISSIONS), accounts=[rows.account()])

    assert as_viewer.get("/reports/statement/").status_code == 403
    assert as_viewer.get("/reports/statement/export.csv").status_code == 403
