"""Every fault switch, seen by the client that it hits."""

import time

import pytest
import requests
import stripe
import whmcspy

from payymo.sandbox import world
from tests.sandbox.clients import fault, sign_in, stripe_client


def refused(sandbox, order) -> str:
    answer = requests.post(f"{sandbox.base_url}/_control/faults", json=order, timeout=60)
    assert answer.status_code == 400
    return answer.json()["error"]


# The switch itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "order",
    [
        {"provider": "paypal", "fault": "slow"},
        {"provider": "stripe", "fault": "cut"},
        {"provider": "stripe", "fault": "slow", "times": 0},
        {"provider": "stripe", "fault": "slow", "probability": 1.5},
        {"provider": "stripe", "fault": "slow", "params": [1]},
    ],
)
def test_order_that_makes_no_sense_switches_nothing_on(sandbox, order):
    assert refused(sandbox, order)

    assert sandbox.control("GET", "/faults") == []


def test_fault_strikes_as_often_as_ordered_and_is_counted(sandbox, site):
    fault(sandbox, "whmcs", "auth_failed", times=2)

    statuses = [site.post("WhmcsDetails").status_code for _call in range(3)]

    [kept] = sandbox.control("GET", "/faults")
    assert statuses == [403, 403, 200]
    assert (kept["remaining"], kept["hits"]) == (0, 2)


def test_fault_of_one_host_leaves_the_other_alone(sandbox, site):
    fault(sandbox, "stripe", "server_error", slug="globex")

    assert stripe_client(sandbox, world.STRIPE["acme"].restricted_key).v1.balance.retrieve()
    with pytest.raises(stripe.APIError):
        stripe_client(sandbox, world.STRIPE["globex"].restricted_key).v1.balance.retrieve()


def test_fault_may_be_for_one_action_only(sandbox, site):
    fault(sandbox, "whmcs", "server_error", params={"only": "GetInvoices"})

    assert site.post("WhmcsDetails").status_code == 200
    assert site.post("GetInvoices").status_code == 500


def test_cleared_faults_strike_no_more(sandbox, site):
    fault(sandbox, "whmcs", "server_error")

    sandbox.control("DELETE", "/faults")

    assert site.post("WhmcsDetails").status_code == 200


def test_fault_with_a_chance_strikes_sometimes(sandbox, site):
    fault(sandbox, "whmcs", "server_error", probability=0.5)

    statuses = {site.post("WhmcsDetails").status_code for _call in range(60)}

    assert statuses == {200, 500}


# GoCardless ----------------------------------------------------------------------------------------------------------


def test_rate_limit_of_the_api(sandbox, bank, main_account):
    fault(sandbox, "gocardless", "rate_limited", params={"reset": 85092})

    answer = bank.get(f"accounts/{main_account}/transactions/")

    assert answer.status_code == 429
    assert answer.json() == {
        "summary": "Rate limit exceeded",
        "detail": "The rate limit for this resource is 10/day. Please try again in 85092 seconds",
        "status_code": 429,
    }
    assert answer.headers["HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_RESET"] == "85092"
    assert answer.headers["HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_REMAINING"] == "0"


def test_rate_limit_of_the_bank(sandbox, bank, main_account):
    fault(sandbox, "gocardless", "rate_limited", params={"form": "bank"})

    answer = bank.get(f"accounts/{main_account}/balances/")

    assert answer.status_code == 429
    assert answer.json() == {
        "summary": "Couldn't update account balances",
        "detail": "Daily request limit set by the Institution has been exceeded.",
        "status_code": 429,
        "type": "RateLimitError",
    }


def test_expired_consent_stays_expired_and_a_new_one_works(sandbox, bank):
    requisition = bank.consent("old")
    account = bank.accounts(requisition)[0]
    fault(sandbox, "gocardless", "consent_expired", times=1)

    first = bank.get(f"accounts/{account}/transactions/")
    again = bank.get(f"accounts/{account}/transactions/")
    renewed = bank.accounts(bank.consent("new"))[0]

    assert (first.status_code, again.status_code) == (401, 401)
    assert "The end user must connect the account once more" in first.json()["detail"]
    assert bank.client.requisition.get_requisition_by_id(requisition)["status"] == "EX"
    assert bank.get(f"accounts/{renewed}/transactions/").status_code == 200


def test_access_revoked_at_the_bank(sandbox, bank, main_account):
    fault(sandbox, "gocardless", "consent_expired", times=1, params={"form": "revoked"})

    answer = bank.get(f"accounts/{main_account}/transactions/")

    assert (answer.status_code, answer.json()["type"]) == (401, "AccessExpiredError")


def test_tenth_failure_in_a_row_suspends_the_account(sandbox, bank, main_account):
    fault(sandbox, "gocardless", "server_error", times=10)

    answers = [bank.get(f"accounts/{main_account}/transactions/") for _call in range(11)]

    assert [one.status_code for one in answers] == [500] * 10 + [409]
    assert answers[0].json()["type"] == "UnknownRequestError"
    assert answers[10].json()["summary"] == "Account suspended"
    assert bank.client.account_api(main_account).get_metadata()["status"] == "SUSPENDED"


def test_good_answer_ends_the_row_of_failures(sandbox, bank, main_account):
    for _round in range(2):
        fault(sandbox, "gocardless", "server_error", times=9)
        for _call in range(9):
            assert bank.get(f"accounts/{main_account}/balances/").status_code == 500
        assert bank.get(f"accounts/{main_account}/balances/").status_code == 200


def test_suspended_account_needs_a_new_consent(sandbox, bank, main_account):
    fault(sandbox, "gocardless", "suspended", times=1)

    answers = [bank.get(f"accounts/{main_account}/transactions/") for _call in range(2)]

    assert [(one.status_code, one.json()["summary"]) for one in answers] == [(409, "Account suspended")] * 2


def test_account_still_being_processed_has_a_body_without_summary(sandbox, bank, main_account):
    fault(sandbox, "gocardless", "processing", times=1)

    answer = bank.get(f"accounts/{main_account}/transactions/")

    assert (answer.status_code, answer.json()["status"], "summary" in answer.json()) == (409, "PROCESSING", False)


def test_address_that_is_not_allowed(sandbox, bank):
    fault(sandbox, "gocardless", "forbidden_ip", times=1)

    answer = bank.get("institutions/", country="de")

    assert (answer.status_code, answer.json()["summary"]) == (403, "IP address access denied")


def test_web_page_instead_of_the_bank_data(sandbox, bank):
    fault(sandbox, "gocardless", "html", times=1)

    answer = bank.get("institutions/", country="de")

    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")


# Stripe --------------------------------------------------------------------------------------------------------------


def test_rate_limit_of_stripe_says_why_and_not_when(sandbox, acme_stripe):
    fault(sandbox, "stripe", "rate_limited", times=1)

    with pytest.raises(stripe.RateLimitError) as limited:
        acme_stripe.v1.charges.list()

    assert limited.value.http_status == 429
    assert limited.value.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert "Retry-After" not in limited.value.headers


@pytest.mark.parametrize(
    ("name", "error"),
    [("server_error", stripe.APIError), ("html", stripe.APIError), ("unauthorized", stripe.AuthenticationError)],
)
def test_stripe_fault_becomes_the_librarys_error(sandbox, acme_stripe, name, error):
    fault(sandbox, "stripe", name, times=1)

    with pytest.raises(error):
        acme_stripe.v1.payouts.list()

    assert acme_stripe.v1.payouts.list().data


# WHMCS ---------------------------------------------------------------------------------------------------------------


def payment(site, invoice: int) -> dict:
    return {"invoiceid": invoice, "transid": "f-1", "gateway": "banktransfer", "amount": "10.00"}


def test_error_page_after_the_payment_was_booked(sandbox, site):
    invoice = site.new_invoice("10.00")
    fault(sandbox, "whmcs", "error_after_booking", times=1)

    answer = site.post("AddInvoicePayment", **payment(site, invoice))

    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert site.rows(invoice) == [("f-1", 1000)]


def test_timeout_after_the_payment_was_booked(sandbox, site):
    invoice = site.new_invoice("10.00")
    fault(sandbox, "whmcs", "timeout_after_booking", times=1, params={"seconds": 0.4})
    began = time.monotonic()

    with pytest.raises(requests.ConnectionError):
        site.post("AddInvoicePayment", **payment(site, invoice))

    assert time.monotonic() - began >= 0.4
    assert site.rows(invoice) == [("f-1", 1000)]


def test_faults_after_booking_leave_reads_and_refusals_alone(sandbox, site):
    fault(sandbox, "whmcs", "error_after_booking")

    assert site.post("GetInvoices").status_code == 200
    assert site.post("AddInvoicePayment", invoiceid=1, transid="x").json()["message"] == "Invoice ID Not Found"


@pytest.mark.parametrize("name", ["cut", "server_error", "html", "forbidden_ip", "auth_failed"])
def test_fault_before_booking_books_nothing(sandbox, site, name):
    invoice = site.new_invoice("10.00")
    fault(sandbox, "whmcs", name, times=1, params={"only": "AddInvoicePayment"})

    if name == "cut":
        with pytest.raises(requests.ConnectionError):
            site.post("AddInvoicePayment", **payment(site, invoice))
    else:
        assert "success" not in site.post("AddInvoicePayment", **payment(site, invoice)).text

    assert site.rows(invoice) == []
    assert site.post("AddInvoicePayment", **payment(site, invoice)).json() == {"result": "success"}


def test_maintenance_page_has_status_200(sandbox, site):
    fault(sandbox, "whmcs", "html", times=1)

    answer = site.post("GetInvoices")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_forbidden_address_is_named(sandbox, site):
    fault(sandbox, "whmcs", "forbidden_ip", times=1)

    with pytest.raises(whmcspy.MissingPermission, match=r"Invalid IP 127\.0\.0\.1"):
        site.client.call("GetInvoices")


# Slow answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["gocardless", "stripe", "whmcs"])
def test_slow_answer_comes_late_and_whole(sandbox, site, acme_stripe, provider):
    bank = sign_in(sandbox, "acme")
    calls = {
        "gocardless": lambda: bank.client.institution.get_institutions("DE"),
        "stripe": lambda: acme_stripe.v1.balance.retrieve(),
        "whmcs": lambda: site.client.call("WhmcsDetails"),
    }
    fault(sandbox, provider, "slow", times=1, params={"seconds": 0.3})
    began = time.monotonic()

    assert calls[provider]()

    assert time.monotonic() - began >= 0.3
