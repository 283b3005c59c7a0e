"""What WHMCS does with money, through the public client: no idempotency, excess to credit, empty means everything."""

from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError

import pytest
import whmcspy

from tests.sandbox.clients import site_of


def pay(site, invoice: int, transid: str = "t-1", **params) -> dict:
    defaults = {"gateway": "banktransfer", "date": "2024-03-30 10:00:00"}
    return site.client.call("AddInvoicePayment", invoiceid=invoice, transid=transid, **{**defaults, **params})


def test_payment_in_full_closes_the_invoice_and_answers_nothing_more(site):
    invoice = site.new_invoice("119.00")

    answer = pay(site, invoice, amount="119.00", fees="0.30")

    shown = site.client.get_invoice(invoice)
    [row] = shown["transactions"]["transaction"]
    assert answer == {"result": "success"}
    assert (shown["status"], shown["balance"], shown["datepaid"]) == ("Paid", "0.00", "2024-03-30 10:00:00")
    assert (row["amountin"], row["fees"], row["transid"], row["gateway"]) == ("119.00", "0.30", "t-1", "banktransfer")


def test_part_payment_leaves_the_rest_and_the_status(site):
    invoice = site.new_invoice("119.00")

    pay(site, invoice, amount="19.00")

    shown = site.client.get_invoice(invoice)
    assert (shown["status"], shown["total"], shown["balance"]) == ("Unpaid", "119.00", "100.00")


def test_two_parts_close_it(site):
    invoice = site.new_invoice("119.00")

    pay(site, invoice, "a", amount="19.00")
    pay(site, invoice, "b", amount="100.00")

    assert (site.client.get_invoice(invoice)["status"], site.credit()) == ("Paid", 0)


def test_same_transaction_id_is_booked_twice(site):
    invoice = site.new_invoice("119.00")

    pay(site, invoice, "same", amount="119.00")
    pay(site, invoice, "same", amount="119.00")

    assert site.rows(invoice) == [("same", 11900), ("same", 11900)]
    assert site.credit() == 11900


@pytest.mark.parametrize("amount", [None, "", "0", "0.00", "abc"])
def test_amount_left_out_empty_or_zero_pays_everything(site, amount):
    invoice = site.new_invoice("119.00")

    pay(site, invoice, **({} if amount is None else {"amount": amount}))

    assert site.rows(invoice) == [("t-1", 11900)]
    assert site.client.get_invoice(invoice)["status"] == "Paid"


def test_decimal_comma_is_cut_off_as_php_does(site):
    invoice = site.new_invoice("119.00")

    pay(site, invoice, amount="12,50")

    assert site.rows(invoice) == [("t-1", 1200)]


def test_excess_becomes_credit_without_a_word(site):
    invoice = site.new_invoice("119.00")

    answer = pay(site, invoice, amount="120.00")

    [credit] = site.client.call("GetCredits", clientid=1204)["credits"]["credit"]
    assert answer == {"result": "success"}
    assert (site.credit(), credit["amount"], credit["description"]) == (
        100,
        "1.00",
        f"Overpayment of Invoice #{invoice}",
    )
    assert site.client.call("GetClientsDetails", clientid=1204)["client"]["credit"] == "1.00"


def test_cancelled_invoice_refuses_and_nothing_is_booked(site):
    invoice = site.new_invoice("119.00", status="Cancelled")

    with pytest.raises(whmcspy.Error, match="It is not possible to add a payment to an invoice that is Cancelled"):
        pay(site, invoice, amount="119.00")

    assert (site.rows(invoice), site.credit()) == ([], 0)


def test_unknown_invoice_is_refused(site):
    with pytest.raises(whmcspy.Error, match="Invoice ID Not Found"):
        pay(site, 1, amount="1.00")


def test_three_hundred_posts_at_once_keep_an_exact_book(site):
    invoices = [site.new_invoice("10.00") for _one in range(20)]
    before = len(site.book()["transactions"])

    def post(number: int) -> str:
        return pay(site, invoices[number % 20], f"n-{number}", amount="1.00")["result"]

    with ThreadPoolExecutor(60) as pool:
        results = list(pool.map(post, range(300)))

    book = site.book()
    rows = [one for one in book["transactions"] if one["invoiceid"] in invoices]
    assert results == ["success"] * 300
    assert len(book["transactions"]) - before == 300
    assert sorted(one["transid"] for one in rows) == sorted(f"n-{number}" for number in range(300))
    assert len({one["id"] for one in rows}) == 300
    assert {book["invoices"][str(one)]["status"] for one in invoices} == {"Paid"}
    assert book["credits"]["1204"] == 20 * 500


def test_number_of_a_proforma_comes_with_the_payment(sandbox):
    site = site_of(sandbox, "globex")
    invoice = site.new_invoice("20.00")
    before = site.client.get_invoice(invoice)["invoicenum"]
    known = [one["invoicenum"] for one in site.book()["invoices"].values() if one["invoicenum"]]

    pay(site, invoice, amount="20.00")

    assert before == ""
    assert site.client.get_invoice(invoice)["invoicenum"] == f"GBX/2024/{int(max(known)[-4:]) + 1:04d}"


def test_paid_combined_invoice_settles_its_parts_by_credit(sandbox, site):
    combined = next(
        one["allocations"][0][0]
        for one in sandbox.control("GET", "/truth/acme")
        if "mass_payment" in one.get("tags", []) and "booked_in_whmcs" not in one["tags"]
    )
    parts = [line["relid"] for line in site.client.get_invoice(combined)["items"]["item"]]

    pay(site, combined, amount=site.client.get_invoice(combined)["balance"])

    assert len(parts) == 2
    for part in (site.client.get_invoice(one) for one in parts):
        assert (part["status"], part["balance"], part["transactions"]) == ("Paid", "0.00", "")
        assert part["credit"] != "0.00"


def test_add_funds_invoice_turns_the_payment_into_credit(site):
    funds = site.new_invoice("50.00", type="AddFunds")

    pay(site, funds, amount="50.00")

    assert site.client.call("GetClientsDetails", clientid=1204)["client"]["credit"] == "50.00"


# AddTransaction, credit, invoices ------------------------------------------------------------------------------------


def test_transaction_ids_are_unique_for_addtransaction_only(site):
    site.client.add_transaction("banktransfer", userid=1204, transid="u-1", amountin="5.00", credit=1)

    with pytest.raises(whmcspy.Error, match="Transaction ID must be Unique"):
        site.client.add_transaction("banktransfer", userid=1204, transid="u-1", amountin="5.00", credit=1)
    site.client.add_transaction(
        "banktransfer", userid=1204, transid="u-1", amountin="5.00", credit=1, allowduplicatetransid=1
    )

    assert site.credit() == 1000


def test_the_word_false_is_true_for_php(site):
    site.client.add_transaction("banktransfer", userid=1204, transid="u-2", amountin="5.00", credit=False)

    assert site.credit() == 500


def test_date_of_addtransaction_is_in_the_sites_own_format(site):
    site.client.add_transaction("banktransfer", userid=1204, transid="d-1", amountin="1.00", date="30.03.2024")
    site.client.add_transaction("banktransfer", userid=1204, transid="d-2", amountin="1.00", date="2024-03-30")

    dates = {one["transid"]: one["date"] for one in site.book()["transactions"] if one["transid"] in ("d-1", "d-2")}
    assert dates == {"d-1": "2024-03-30 00:00:00", "d-2": "0000-00-00 00:00:00"}


def test_addtransaction_on_an_invoice_does_not_close_it(site):
    invoice = site.new_invoice("10.00")

    site.client.add_transaction("banktransfer", userid=1204, invoiceid=invoice, transid="l-1", amountin="10.00")

    assert site.client.get_invoice(invoice)["status"] == "Unpaid"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"userid": 1}, "Client ID Not Found"),
        ({"userid": 1204, "invoiceid": 1}, "Invoice ID Not Found"),
        ({"userid": 1204, "currencyid": 2}, "Currency ID does not match Client currency"),
        ({"userid": 1204, "currencyid": 9}, "Currency ID Not Found"),
        ({}, "A Currency ID is required for non-customer related transactions"),
    ],
)
def test_addtransaction_refuses_what_does_not_fit(site, params, message):
    before = len(site.book()["transactions"])

    with pytest.raises(whmcspy.Error, match=message):
        site.client.add_transaction("banktransfer", amountin="1.00", **params)

    assert len(site.book()["transactions"]) == before


def test_invoice_of_somebody_else_is_refused(site):
    invoice = site.new_invoice("10.00")

    with pytest.raises(whmcspy.Error, match="User ID does not own the given Invoice ID"):
        site.client.add_transaction("banktransfer", userid=1205, invoiceid=invoice, amountin="10.00")


def test_credit_is_added_applied_and_taken(site):
    invoice = site.new_invoice("30.00")

    added = site.client.call("AddCredit", clientid=1204, description="goodwill", amount="25.00")
    applied = site.client.call("ApplyCredit", invoiceid=invoice, amount="20.00")
    with pytest.raises(whmcspy.Error, match="Amount exceeds customer credit balance"):
        site.client.call("ApplyCredit", invoiceid=invoice, amount="6.00")

    shown = site.client.get_invoice(invoice)
    signed = [one["amount"] for one in site.client.call("GetCredits", clientid=1204)["credits"]["credit"]]
    assert added["newbalance"] == "25.00"
    assert applied == {"result": "success", "invoiceid": str(invoice), "amount": "20.00", "invoicepaid": "false"}
    assert (shown["credit"], shown["total"], shown["balance"], shown["transactions"]) == ("20.00", "10.00", "10.00", "")
    assert signed == ["25.00", "-20.00"]
    assert len(site.rows(invoice)) == 0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"amount": "12.5"}, "Amount must be in decimal format: ### or ###.##"),
        ({}, "No Amount Provided"),
        ({"amount": "1.00", "type": "double"}, "Type can only be add or remove"),
    ],
)
def test_addcredit_refuses_bad_orders(site, params, message):
    with pytest.raises(whmcspy.Error, match=message):
        site.client.call("AddCredit", clientid=1204, description="x", **params)

    assert site.credit() == 0


def test_invoice_marked_paid_by_hand_has_no_money(site):
    invoice = site.new_invoice("30.00")

    site.client.call("UpdateInvoice", invoiceid=invoice, status="Paid", notes="by hand")

    shown = site.client.get_invoice(invoice)
    assert (shown["status"], shown["transactions"], shown["balance"]) == ("Paid", "", "30.00")


def test_unknown_status_is_refused(site):
    with pytest.raises(whmcspy.Error, match="Invalid status Nearly"):
        site.client.call("UpdateInvoice", invoiceid=site.new_invoice("1.00"), status="Nearly")


def test_control_refuses_an_invoice_that_makes_no_sense(site):
    with pytest.raises(HTTPError) as refused:
        site.new_invoice("abc")

    refused.value.close()
    assert refused.value.code == 400
