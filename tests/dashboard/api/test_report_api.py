"""Reports for programs: the list, a table with period, account and currency, and CSV."""

import csv
import io

import pytest
from django.test import Client as Browser

from payymo.dashboard.reports.catalogue import REPORTS
from tests.factories import rows
from tests.whmcs.test_api import Api

OCTOBER = "from=2026-10-01&to=2026-10-31"


@pytest.fixture
def api(in_acme):
    return Api("viewer")


@pytest.fixture
def accounts(in_acme):
    """An account in euros with two entries of October, and one in dollars."""
    made = []
    for name, currency in (("Main", "EUR"), ("Dollars", "USD")):
        account = rows.account(currency)
        account.name = name
        account.save(update_fields=["name"])
        made.append(account)
    rows.transfer("one", "120.00", into=made[0], booking_date="2026-10-05")
    rows.transfer("two", "30.50", into=made[0], booking_date="2026-10-06")
    rows.transfer("three", "10.00", into=made[1], currency="USD", booking_date="2026-10-07")


def test_every_report_is_listed_and_answers_as_a_table(api, accounts):
    listed = api.get("reports/").json()

    assert [each["name"] for each in listed] == list(REPORTS)
    for each in listed:
        answer = api.get(f"reports/{each['name']}/table/")
        assert (answer.status_code, answer.json()["name"] != "") == (200, True)
        keys = {column["key"] for column in answer.json()["columns"]}
        assert all(set(row) == keys for row in answer.json()["rows"])


@pytest.mark.parametrize(("short", "table"), [("period", "statement"), ("ageing", "ageing")])
def test_what_scripts_ask_for_most_has_a_short_name(api, accounts, short, table):
    asked = f"?{OCTOBER}&currency=EUR" if short == "period" else "?on=2026-10-31"

    assert api.get(f"reports/{short}/{asked}").json() == api.get(f"reports/{table}/table/{asked}").json()


def test_money_has_its_currency_and_its_digits(api, accounts):
    table = api.get(f"reports/statement/table/?{OCTOBER}").json()

    by_account = {row["account"].split()[0]: row for row in table["rows"]}
    assert by_account["Main"]["unmatched"] == {"amount": "150.50", "currency": "EUR"}
    assert by_account["Dollars"]["unmatched"] == {"amount": "10.00", "currency": "USD"}
    assert (by_account["Main"]["from"], by_account["Main"]["entries"]) == ("2026-10-01", 2)


@pytest.mark.parametrize(
    ("asked", "accounts_shown", "totals"),
    [("", ["Dollars", "Main"], 2), ("&currency=USD", ["Dollars"], 1), ("&account=Main … 3000", ["Main"], 0),
     ("&account=Main … 3000&currency=USD", [], 0)],
)  # fmt: skip
def test_a_table_is_of_one_account_or_currency(api, accounts, asked, accounts_shown, totals):
    table = api.get(f"reports/statement/table/?{OCTOBER}{asked}").json()

    assert sorted(row["account"].split()[0] for row in table["rows"]) == accounts_shown
    assert len(table["totals"]) in (0, totals)
    assert all(asked == "" or "USD" in str(row) for row in table["totals"])


def test_rows_are_bounded_and_more_is_said(api, accounts):
    first = api.get(f"reports/statement/table/?{OCTOBER}&limit=1").json()

    assert (len(first["rows"]), first["more"]) == (1, True)
    assert api.get(f"reports/statement/table/?{OCTOBER}&limit=1001").status_code == 400


def test_csv_has_the_same_rows(api, accounts):
    answer = api.get(f"reports/statement/table.csv?{OCTOBER}&currency=EUR")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["account"].split()[0], row["unmatched"]) == ("Main", "150.50")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("reports/nothing/table/", 404), ("reports/nothing/table.csv", 404),
        ("reports/statement/table/?from=2026-10-31&to=2026-10-01", 400),
        ("reports/statement/table/?from=yesterday", 400), ("reports/statement/table/?currency=eur", 400),
        ("reports/statement/table/?unknown=1", 400), ("reports/speed/table/?account=Main", 400),
        ("reports/speed/table/?currency=EUR", 400), (f"reports/statement/table.csv?{OCTOBER}&limit=5", 400),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_refused(api, path, status):
    assert api.get(path).status_code == status


@pytest.mark.parametrize(
    "path", ["reports/", "reports/period/", "reports/statement/table/", "reports/statement/table.csv"]
)
def test_reports_need_the_right_and_this_tenants_token(api, globex, path):
    assert Browser(headers={"host": "acme.localhost"}).get(f"/api/v1/{path}").status_code == 401
    assert Api("viewer", host="globex.localhost").get(path).status_code in (401, 403, 404)
