"""The reading actions of WHMCS through `whmcspy` (0.3.0), a public client, and by bare posts for the exact form.

One bug of that client is worked round here: `get_transactions` calls `.get` on the wrapper, which WHMCS turns into an
empty string when there is nothing to list. Its `call` is used instead.
"""

from html import unescape

import pytest
import requests
import whmcspy

from payymo.sandbox import world
from tests.sandbox.clients import site_of


def test_every_client_is_listed_once_over_the_pages(site):
    pages = list(site.client.paginated_call("GetClients", orderby="id"))

    ids = [client["id"] for page in pages for client in page["clients"]["client"]]
    assert (len(pages), pages[0]["numreturned"], pages[0]["totalresults"]) == (12, 25, 300)
    assert ids == sorted(set(ids))
    assert len(ids) == 300


def test_invoices_are_paged_and_filtered(site):
    unpaid = site.client.call("GetInvoices", status="Unpaid", limitnum=5, orderby="id", order="desc")
    rows = unpaid["invoices"]["invoice"]
    ids = [one["id"] for one in rows]

    of_client = site.client.call("GetInvoices", userid=rows[0]["userid"], limitnum=200)["invoices"]["invoice"]

    assert (unpaid["startnumber"], unpaid["numreturned"], len(rows)) == (0, 5, 5)
    assert ids == sorted(ids, reverse=True)
    assert {one["status"] for one in rows} == {"Unpaid"}
    assert {one["userid"] for one in of_client} == {rows[0]["userid"]}


def test_overdue_is_a_filter_and_not_a_status(site):
    rows = site.client.call("GetInvoices", status="Overdue", limitnum=500)["invoices"]["invoice"]

    assert rows
    assert {one["status"] for one in rows} == {"Unpaid"}


def test_list_of_invoices_has_a_currency_and_one_invoice_has_the_balance(site):
    row = site.client.call("GetInvoices", limitnum=1)["invoices"]["invoice"][0]
    one = site.client.get_invoice(row["id"])

    assert not {"balance", "items", "transactions"} & set(row)
    assert (row["currencycode"], row["currencysuffix"]) == ("EUR", " EUR")
    assert not {"currencycode", "created_at"} & set(one)
    assert (one["invoiceid"], one["total"]) == (row["id"], row["total"])
    assert isinstance(row["id"], int)
    assert isinstance(one["balance"], str)


def test_empty_lists_are_empty_strings(site):
    invoice = site.new_invoice("10.00")

    assert site.client.get_invoice(invoice)["transactions"] == ""
    assert site.client.call("GetTransactions", transid="nobody")["transactions"] == ""
    assert site.client.call("GetInvoices", status="Nonsense")["invoices"] == ""
    assert site.client.call("GetClients", search="nobody at all")["clients"] == ""
    assert list(site.client.paginated_call("GetInvoices", status="Nonsense")) == []


def test_transactions_are_strings_all_through(site):
    booked = site.book()["transactions"][0]

    [row] = site.client.call("GetTransactions", transid=booked["transid"])["transactions"]["transaction"][:1]

    assert row["id"] == str(booked["id"])
    assert row["amountin"] == f"{booked['amountin'] / 100:.2f}"
    assert {type(value) for value in row.values()} == {str}
    assert (row["rate"], row["currency"], row["refundid"]) == ("1.00000", "0", "0")


def test_dates_that_are_not_there_are_zero(site):
    invoice = site.client.get_invoice(site.new_invoice("10.00"))

    assert (invoice["datepaid"], invoice["lastcaptureattempt"]) == ("0000-00-00 00:00:00", "0000-00-00 00:00:00")


def test_names_come_with_html_entities(sandbox):
    site = site_of(sandbox, "globex")
    clients = site.client.call("GetClients", limitnum=200)["clients"]["client"]

    encoded = [one for one in clients if "&amp;" in one["companyname"] or "&#039;" in one["lastname"]]

    assert encoded
    assert all("&amp;" not in unescape(one["companyname"]) for one in encoded)


def test_client_details_have_currency_and_credit_twice(site):
    details = site.client.call("GetClientsDetails", clientid=1204)

    assert (details["client"]["currency"], details["client"]["currency_code"]) == (1, "EUR")
    assert details["client"]["credit"] == details["credit"] == "0.00"
    assert "<br>" in details["client"]["lastlogin"]


def test_client_is_found_by_email(site):
    email = site.client.call("GetClientsDetails", clientid=1210)["client"]["email"]

    assert site.client.call("GetClientsDetails", email=email)["client"]["id"] == 1210


def test_second_currency_exists_and_has_clients(site):
    codes = {one["code"]: one["id"] for one in site.client.call("GetCurrencies")["currencies"]["currency"]}
    listed = site.client.call("GetInvoices", limitnum=2000)["invoices"]["invoice"]

    assert codes == {"EUR": "1", "USD": "2"}
    assert {one["currencycode"] for one in listed} == {"EUR", "USD"}


def test_small_reads_answer_as_documented(site):
    methods = site.client.call("GetPaymentMethods")["paymentmethods"]["paymentmethod"]

    assert [one["module"] for one in methods] == ["banktransfer", "stripe", "paypalcheckout"]
    assert site.client.call("WhmcsDetails")["whmcs"]["version"] == "8.13.1"
    assert "Add Transaction" in site.client.call("GetAdminDetails")["allowedpermissions"]
    assert site.client.call("GetAutomationLog")["currentDatetime"]
    assert site.client.call("GetCredits", clientid=1204)["credits"] == ""


def test_activity_is_logged_newest_first(site):
    site.client.call("LogActivity", description="first")
    site.client.call("LogActivity", description="second", clientid=1204)

    entries = site.client.call("GetActivityLog")["activity"]["entry"]

    assert [(one["description"], one["clientId"]) for one in entries] == [("second", 1204), ("first", 0)]


@pytest.mark.parametrize(
    ("action", "params", "message"),
    [
        ("GetInvoice", {"invoiceid": 1}, "Invoice ID Not Found"),
        ("GetClientsDetails", {"clientid": 1}, "Client Not Found"),
        ("GetClientsDetails", {}, "Either clientid Or email Is Required"),
        ("GetCredits", {"clientid": 1}, "Client ID Not Found"),
        ("DecryptPassword", {}, "API Function Not Found"),
    ],
)
def test_error_of_an_action_has_status_200(site, action, params, message):
    answer = site.post(action, **params)

    assert (answer.status_code, answer.json()) == (200, {"result": "error", "message": message})


def test_wrong_credentials_are_403(sandbox, site):
    wrong = whmcspy.WHMCS(site.url, "nobody", "nothing")
    bare = requests.post(site.url, data={"action": "GetInvoices", "responsetype": "json"}, timeout=60)

    with pytest.raises(whmcspy.MissingPermission, match="Authentication Failed"):
        wrong.call("GetInvoices")
    assert (bare.status_code, bare.json()["message"]) == (403, "Invalid or missing credentials")


def test_credentials_of_one_site_open_no_other(sandbox, site):
    keys = world.WHMCS["acme"]
    other = whmcspy.WHMCS(site_of(sandbox, "globex").url, keys.identifier, keys.secret)

    with pytest.raises(whmcspy.MissingPermission):
        other.call("GetInvoices")


def test_action_that_is_left_out_is_a_bad_request(site):
    answer = site.post("")

    assert (answer.status_code, answer.json()["message"]) == (400, "Empty action request")


def test_action_names_ignore_case(site):
    assert site.client.call("getinvoices", limitnum=1)["result"] == "success"


def test_answer_without_responsetype_is_not_json(site):
    keys = world.WHMCS["acme"]
    data = {"identifier": keys.identifier, "secret": keys.secret, "action": "WhmcsDetails"}

    answer = requests.post(site.url, data=data, timeout=60)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert "<result>success</result>" in answer.text


def test_page_of_an_invoice_shows_its_transactions_escaped(site):
    invoice = site.new_invoice("10.00")
    site.client.call("AddInvoicePayment", invoiceid=invoice, transid="<b>x</b>", gateway="banktransfer", amount="10.00")

    page = requests.get(
        site.url.replace("includes/api.php", f"admin/invoices.php?action=edit&id={invoice}"), timeout=60
    )

    assert page.status_code == 200
    assert '<b id="status">Paid</b>' in page.text
    assert "&lt;b&gt;x&lt;/b&gt;" in page.text


def test_credit_note_of_version_9_stands_among_the_payments_without_a_gateway(sandbox):
    site = site_of(sandbox, "globex")
    notes = [one for one in site.book()["transactions"] if not one["gateway"]]

    shown = site.client.get_invoice(notes[0]["invoiceid"])
    [row] = shown["transactions"]["transaction"]

    assert site.client.call("WhmcsDetails")["whmcs"]["version"] == "9.0.4"
    assert len(notes) == 2
    assert (shown["status"], shown["balance"], row["transid"], row["gateway"]) == ("Paid", "0.00", "", "")
    assert row["description"].startswith("Credit Note CN-")


def test_row_inserted_between_two_pages_shifts_the_second(site):
    first = site.client.call("GetInvoices", limitnum=10, orderby="id", order="desc")["invoices"]["invoice"]
    site.new_invoice("1.00")

    second = site.client.call("GetInvoices", limitstart=10, limitnum=10, orderby="id", order="desc")["invoices"][
        "invoice"
    ]

    assert second[0]["id"] == first[-1]["id"]
