"""Stripe through the official `stripe` library (16.1), with its own client objects and errors."""

import pytest
import requests
import stripe

from payymo.sandbox import world
from payymo.sandbox.process import start
from tests.sandbox.clients import UNTIL, stripe_client
from tests.sandbox.receiver import Receiver

ACME = world.STRIPE["acme"].account_id
GLOBEX = world.STRIPE["globex"].account_id


def ids(page) -> list[str]:
    return [one.id for one in page.data]


def test_charges_come_newest_first_and_page_without_gap_or_double(acme_stripe):
    walked = list(acme_stripe.v1.charges.list({"limit": 100}).auto_paging_iter())

    assert len(walked) == len({one.id for one in walked}) == 262
    assert [one.created for one in walked] == sorted((one.created for one in walked), reverse=True)


def test_page_goes_on_after_and_before_an_id(acme_stripe):
    first = acme_stripe.v1.charges.list({"limit": 3})
    second = acme_stripe.v1.charges.list({"limit": 3, "starting_after": first.data[-1].id})

    back = acme_stripe.v1.charges.list({"limit": 3, "ending_before": second.data[0].id})

    assert (first.object, first.url, first.has_more) == ("list", "/v1/charges", True)
    assert not set(ids(first)) & set(ids(second))
    assert ids(back) == ids(first)


def test_created_filters_take_bounds_and_equality(acme_stripe):
    middle = list(acme_stripe.v1.charges.list({"limit": 100}).auto_paging_iter())[50].created

    later = list(acme_stripe.v1.charges.list({"limit": 100, "created": {"gte": middle}}).auto_paging_iter())
    earlier = list(acme_stripe.v1.charges.list({"limit": 100, "created": {"lt": middle}}).auto_paging_iter())
    same = acme_stripe.v1.charges.list({"created": middle})

    assert (len(later) + len(earlier), min(one.created for one in later)) == (262, middle)
    assert len(same.data) == 1


def test_expansion_replaces_ids_by_objects(acme_stripe):
    plain = acme_stripe.v1.charges.list({"limit": 1}).data[0]
    charge = acme_stripe.v1.charges.retrieve(
        plain.id, {"expand": ["balance_transaction", "payment_intent.latest_charge"]}
    )
    listed = acme_stripe.v1.charges.list({"limit": 1, "expand": ["data.balance_transaction"]}).data[0]

    assert charge.balance_transaction.id == plain.balance_transaction == listed.balance_transaction.id
    assert charge.balance_transaction.net == charge.balance_transaction.amount - charge.balance_transaction.fee
    assert charge.payment_intent.latest_charge.id == plain.id
    assert "invoice" not in charge
    assert "refunds" not in charge


def test_property_that_is_no_object_cannot_be_expanded(acme_stripe):
    with pytest.raises(stripe.InvalidRequestError, match=r"This property cannot be expanded \(data\.amount\)"):
        acme_stripe.v1.charges.list({"expand": ["data.amount"]})


def test_declined_charge_has_no_money(acme_stripe):
    charges = list(acme_stripe.v1.charges.list({"limit": 100}).auto_paging_iter())

    declined = [one for one in charges if one.status == "failed"]

    assert len(declined) == 12
    assert {(one.paid, one.captured, one.amount_captured, one.balance_transaction) for one in declined} == {
        (False, False, 0, None)
    }


def test_every_automatic_payout_is_the_sum_of_its_rows(acme_stripe):
    payouts = list(acme_stripe.v1.payouts.list({"limit": 100}).auto_paging_iter())

    assert len(payouts) >= 20
    for payout in payouts:
        rows = list(acme_stripe.v1.balance_transactions.list({"payout": payout.id, "limit": 100}).auto_paging_iter())
        own = [one for one in rows if one.type == "payout"]
        assert [one.net for one in own] == [-payout.amount]
        assert sum(one.net for one in rows if one.type != "payout") == payout.amount


def test_paid_payouts_of_the_month_are_on_the_bank_account(sandbox, acme_stripe):
    paid = {one.id: one.amount for one in acme_stripe.v1.payouts.list({"limit": 100, "status": "paid"}).data}

    booked = {one["payout"]: one["amount"] for one in sandbox.control("GET", "/truth/acme") if one.get("payout")}

    assert len(booked) >= 19
    assert booked == {payout: amount for payout, amount in paid.items() if payout in booked}


def test_refunds_and_the_dispute_take_money_back(acme_stripe):
    refunds = acme_stripe.v1.refunds.list({"limit": 100, "expand": ["data.balance_transaction", "data.charge"]}).data
    [dispute] = acme_stripe.v1.disputes.list().data
    [withdrawn] = dispute.balance_transactions

    assert len(refunds) == 9
    assert all(one.balance_transaction.amount == -one.amount for one in refunds)
    assert all(0 < one.charge.amount_refunded <= one.charge.amount for one in refunds)
    assert (withdrawn.type, withdrawn.reporting_category) == ("adjustment", "dispute")
    assert (withdrawn.amount, withdrawn.fee) == (-dispute.amount, 2000)


def test_foreign_charge_keeps_its_currency_and_settles_in_the_accounts(acme_stripe, sandbox):
    charges = acme_stripe.v1.charges.list({"limit": 100, "expand": ["data.balance_transaction"]})

    settled = {one.balance_transaction.currency for one in charges.auto_paging_iter() if one.balance_transaction}

    assert settled == {"eur"}


def test_events_are_listed_by_type_with_the_object_inside(acme_stripe):
    paid = acme_stripe.v1.events.list({"type": "payout.paid", "limit": 2})
    some = acme_stripe.v1.events.list({"types": ["refund.created", "charge.dispute.created"], "limit": 100})

    assert all(one.data.object.object == "payout" for one in paid.data)
    assert {one.type for one in some.data} == {"refund.created", "charge.dispute.created"}
    assert "account" not in paid.data[0]


def test_balance_and_account_belong_to_the_key(acme_stripe):
    balance, account = acme_stripe.v1.balance.retrieve(), acme_stripe.v1.accounts.retrieve_current()

    assert {one.currency for one in balance.available + balance.pending} == {"eur"}
    assert (account.id, account.country, account.default_currency) == (ACME, "DE", "eur")


def test_accounts_are_apart(sandbox, acme_stripe):
    charge = acme_stripe.v1.charges.list({"limit": 1}).data[0].id
    stranger = stripe_client(sandbox, world.STRIPE["globex"].restricted_key)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        stranger.v1.charges.retrieve(charge)
    with pytest.raises(stripe.PermissionError) as forbidden:
        stranger.v1.charges.list({}, {"stripe_account": ACME})

    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert str(refused.value.user_message) == f"No such charge: '{charge}'"
    assert (forbidden.value.http_status, forbidden.value.error.code) == (403, "account_invalid")
    assert stranger.v1.charges.list({"limit": 1}).data[0].currency == "gbp"


def test_platform_reads_the_account_named_in_the_header_and_else_its_own(platform):
    acme = platform.v1.charges.list({"limit": 1}, {"stripe_account": ACME})
    globex = platform.v1.charges.list({"limit": 1}, {"stripe_account": GLOBEX})
    own = platform.v1.charges.list({"limit": 1})

    assert (acme.data[0].currency, globex.data[0].currency, own.data) == ("eur", "gbp", [])


def test_wrong_key_and_no_key_are_unauthenticated(sandbox):
    with pytest.raises(stripe.AuthenticationError) as wrong:
        stripe_client(sandbox, "sk_test_wrong0000000").v1.balance.retrieve()
    bare = requests.get(f"{sandbox.base_url}/stripe/v1/balance", timeout=60)

    assert wrong.value.http_status == 401
    assert "Invalid API Key provided: sk_test_" in str(wrong.value)
    assert "wrong0000000" not in str(wrong.value)
    assert bare.json()["error"]["message"].startswith("You did not provide an API key.")


def test_every_answer_names_its_request(sandbox, acme_stripe):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        acme_stripe.v1.payouts.retrieve("po_none")

    assert refused.value.request_id.startswith("req_")
    assert acme_stripe.v1.balance.retrieve().last_response.request_id.startswith("req_")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"limit": 101}, "limit"),
        ({"limit": 0}, "limit"),
        ({"colour": "red"}, "colour"),
        ({"starting_after": "ch_x"}, "starting_after"),
    ],
)
def test_wrong_list_parameter_is_refused(acme_stripe, params, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        acme_stripe.v1.charges.list(params)

    assert refused.value.param == param


def test_read_only_key_may_not_refund(acme_stripe):
    charge = acme_stripe.v1.charges.list({"limit": 1}).data[0]

    with pytest.raises(stripe.PermissionError, match="rak_charge_write"):
        acme_stripe.v1.refunds.create({"charge": charge.id})

    assert acme_stripe.v1.charges.retrieve(charge.id).amount_refunded == 0


def refundable(platform):
    charges = platform.v1.charges.list({"limit": 50}, {"stripe_account": ACME}).data
    return next(one for one in charges if one.paid and not one.amount_refunded and not one.disputed)


def test_refund_changes_the_charge_and_books_a_row(platform):
    charge = refundable(platform)
    options = {"stripe_account": ACME}

    refund = platform.v1.refunds.create({"charge": charge.id, "amount": 100, "metadata": {"why": "test"}}, options)

    changed = platform.v1.charges.retrieve(charge.id, {"expand": ["refunds"]}, options)
    row = platform.v1.balance_transactions.retrieve(refund.balance_transaction, {}, options)
    assert (changed.amount_refunded, changed.refunded, ids(changed.refunds)) == (100, False, [refund.id])
    assert (row.amount, row.source, refund.metadata.why) == (-100, refund.id, "test")
    assert platform.v1.events.list({"limit": 1}, options).data[0].type == "charge.refunded"


def test_same_idempotency_key_refunds_once(platform):
    charge = refundable(platform)
    options = {"stripe_account": ACME, "idempotency_key": "once-1"}

    first = platform.v1.refunds.create({"charge": charge.id, "amount": 100}, options)
    again = platform.v1.refunds.create({"charge": charge.id, "amount": 100}, options)
    with pytest.raises(stripe.IdempotencyError):
        platform.v1.refunds.create({"charge": charge.id, "amount": 200}, options)

    assert first.id == again.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert platform.v1.charges.retrieve(charge.id, {}, {"stripe_account": ACME}).amount_refunded == 100


def test_more_than_was_paid_cannot_be_refunded(platform):
    charge = refundable(platform)

    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        platform.v1.refunds.create({"charge": charge.id, "amount": charge.amount + 1}, {"stripe_account": ACME})

    assert platform.v1.charges.retrieve(charge.id, {}, {"stripe_account": ACME}).amount_refunded == 0


def test_delivered_events_are_signed_so_that_the_library_accepts_them(sandbox, acme_stripe):
    secret = world.STRIPE["acme"].webhook_secret

    with Receiver() as endpoint:
        order = {"url": endpoint.url, "types": ["payout.paid"], "limit": 3}
        answers = sandbox.control("POST", "/stripe/acme/deliver", order)

    events = [acme_stripe.construct_event(body, signature, secret) for body, signature in endpoint.got]
    assert [one["status"] for one in answers] == [204, 204, 204]
    assert [one.id for one in events] == [one["id"] for one in answers]
    assert [one.created for one in events] == sorted(one.created for one in events)
    with pytest.raises(stripe.SignatureVerificationError):
        acme_stripe.construct_event(*endpoint.got[0], world.STRIPE["globex"].webhook_secret)


def test_charge_of_this_moment_is_listed_first_and_waits_for_its_payout(sandbox, acme_stripe):
    order = {
        "amount": 11900,
        "description": "Invoice #1",
        "metadata": {"invoice_id": "21400"},
        "email": "a@mail.example",
    }

    made = sandbox.control("POST", "/stripe/acme/charge", order)

    newest = acme_stripe.v1.charges.list({"limit": 1, "expand": ["data.balance_transaction"]}).data[0]
    assert (newest.id, newest.amount, newest.metadata.invoice_id) == (made["id"], 11900, "21400")
    assert (newest.balance_transaction.status, newest.balance_transaction.fee) == ("pending", 204)
    assert [one.type for one in acme_stripe.v1.events.list({"limit": 2}).data] == [
        "payment_intent.succeeded",
        "charge.succeeded",
    ]


def test_paid_payout_may_fail_later_and_the_money_comes_back(sandbox, acme_stripe):
    payout = acme_stripe.v1.payouts.list({"status": "paid", "limit": 1}).data[0]

    sandbox.control("POST", f"/stripe/acme/payouts/{payout.id}/fail")

    failed = acme_stripe.v1.payouts.retrieve(payout.id, {"expand": ["failure_balance_transaction"]})
    back = failed.failure_balance_transaction
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert (back.type, back.net, back.reporting_category) == ("payout_failure", payout.amount, "payout_reversal")
    assert acme_stripe.v1.events.list({"limit": 1}).data[0].type == "payout.failed"


def test_new_events_go_to_the_webhook_address_by_themselves(tmp_path):
    with Receiver() as endpoint:
        running = start(tmp_path, None, "--until", UNTIL, "--webhook-url-acme", endpoint.url)
        try:
            running.control("POST", "/stripe/acme/charge", {"amount": 500})
            running.control("POST", "/stripe/globex/charge", {"amount": 500})
            endpoint.wait_for(2)
        finally:
            running.stop()

    client = stripe_client(running, world.STRIPE["acme"].restricted_key)
    kinds = [client.construct_event(*one, world.STRIPE["acme"].webhook_secret).type for one in endpoint.got]
    assert kinds == ["charge.succeeded", "payment_intent.succeeded"]


def test_connect_endpoint_is_told_whose_event_it_is(sandbox, platform):
    with Receiver() as endpoint:
        sandbox.control("POST", "/stripe/globex/deliver", {"url": endpoint.url, "limit": 1, "connect": True})

    event = platform.construct_event(*endpoint.got[0], world.STRIPE_PLATFORM.webhook_secret)
    assert event.account == GLOBEX


def test_events_never_leave_the_machine(sandbox):
    answer = requests.post(
        f"{sandbox.base_url}/_control/stripe/acme/deliver", json={"url": "http://192.0.2.1/hook"}, timeout=60
    )

    assert (answer.status_code, "this machine only" in answer.json()["error"]) == (400, True)
