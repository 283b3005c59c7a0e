"""GoCardless as the second gateway: connected, heard, read, and its money found in the same tables as Stripe's."""

from decimal import Decimal

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from matching import adapters
from matching.core.payout_clues import Clue, weigh
from payments.models import (
    BalanceTransaction,
    Dispute,
    PaymentIntent,
    Payout,
    Refund,
    StripeConnection,
    StripePayment,
    WebhookEvent,
)
from payments.services import connecting, event_processing, webhooks
from payments.services.connecting import AccountTaken, UnusableKey
from payymo.shared.errors import Refused, Retryable
from tenants import context, sealing
from tests.factories import rows
from tests.payments.gocardless_account import GoCardlessAccount, call, event

PATH = "/api/v1/webhooks/gocardless/"


@pytest.fixture
def debits(sandbox_process):
    """Acme's account, with nothing collected yet."""
    found = GoCardlessAccount(sandbox_process, "acme")
    found.begin_anew()
    return found


@pytest.fixture
def connect_debits(now):
    def run(account, **more):
        given = {"token": account.keys.access_token, "webhook_secret": account.keys.webhook_secret, "now": now, **more}
        return connecting.connect_with_access_token(**given)

    return run


@pytest.fixture
def joined(in_acme, debits, connect_debits):
    """Acme's account, connected and not read yet."""
    return connect_debits(debits)


@pytest.fixture
def hear(debits, now):
    """Take calls as the webhook address does."""

    def run(*events, headers=None):
        body, signature = call(events, debits.keys.webhook_secret)
        origin = {"Webhook-Signature": signature, "Origin": "https://api-sandbox.gocardless.com"}
        return webhooks.receive_events(gateway="gocardless", body=body, headers=origin | (headers or {}), now=now)

    return run


@pytest.fixture
def work(now):
    def run():
        return event_processing.process_events(now=now, api_for=connecting.api_for)

    return run


def test_a_token_connects_its_account_and_is_sealed(joined, debits, now):
    row = StripeConnection.objects.get()

    assert (row.gateway, row.kind, row.account_id, row.livemode) == (
        "gocardless", "access_token", debits.keys.creditor_id, False,
    )  # fmt: skip
    assert (row.account_name, row.default_currency, row.next_sync_at) == ("Acme Hosting GmbH", "EUR", now)
    assert row.superfluous_permissions == []
    assert sealing.unseal(row, "key_sealed") == debits.keys.access_token


def test_a_token_that_may_write_is_taken_and_told(in_acme, debits, connect_debits):
    assert connect_debits(debits, token=debits.keys.full_token).superfluous_permissions == ["Payments (write)"]


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("rk_test_1", "begins with live_ or sandbox_"),
        ("sandbox_nobody", "does not accept"),
        ("live_" + "x" * 300, "begins"),
    ],
)
def test_an_unusable_token_is_refused_and_nothing_is_stored(in_acme, debits, connect_debits, token, said):
    with pytest.raises(UnusableKey, match=said):
        connect_debits(debits, token=token)

    assert not StripeConnection.objects.exists()


def test_a_permission_that_is_missing_is_named(in_acme, debits, connect_debits):
    debits.fault("lacks_right", only="payouts")

    with pytest.raises(UnusableKey, match="may not read: Payouts"):
        connect_debits(debits)


def test_an_account_belongs_to_one_tenant(joined, debits, connect_debits, globex):
    with (
        context.inside(globex),
        pytest.raises(AccountTaken, match="GoCardless account is connected to another"),
    ):
        connect_debits(debits)


def test_a_payment_is_on_its_way_until_it_is_paid_out_and_then_it_is_a_charge(joined, debits, sync, now, later):
    debits.confirmed(4990, description="Invoice RE-2026-00042")
    sync(joined, now)
    assert (StripePayment.objects.count(), PaymentIntent.objects.get().status) == (0, "processing")

    payout = debits.pay_out()
    sync(joined, later(hours=1))

    charge, found = StripePayment.objects.get(), Payout.objects.get()
    assert (charge.amount, charge.description, charge.payout) == (Decimal("49.90"), "Invoice RE-2026-00042", found)
    assert (charge.fee, charge.net, charge.settlement_currency) == (Decimal("0.699"), Decimal("49.201"), "EUR")
    assert (found.payout_id, found.statement_descriptor) == (payout["id"], payout["reference"])
    assert (found.amount, found.items_complete, found.items_difference) == (Decimal("49.20"), True, 0)
    assert PaymentIntent.objects.get().status == "succeeded"
    # What is paid out is not in the balance any more.
    assert sum(BalanceTransaction.objects.values_list("net", flat=True)) == Decimal("0.001")


def test_reading_again_adds_nothing(joined, debits, sync, now, later):
    debits.confirmed(1000)
    debits.confirmed(2000)
    debits.pay_out()
    sync(joined, now)
    before = [model.objects.count() for model in (StripePayment, Payout, BalanceTransaction, PaymentIntent)]

    sync(joined, later(hours=1))

    assert [model.objects.count() for model in (StripePayment, Payout, BalanceTransaction, PaymentIntent)] == before
    assert before == [2, 1, 3, 2]


def test_what_comes_back_is_a_refund_or_a_lost_dispute_and_in_a_later_payout(joined, debits, sync, now, later):
    first, second, third = (debits.confirmed(amount) for amount in (3000, 4000, 5000))
    paid = debits.pay_out()
    debits.refund(first, 1000)
    debits.refund(first, 500, fails=True)
    debits.act(second, "charge_back")
    debits.act(third, "fail")
    debits.confirmed(20000)
    debits.pay_out()

    sync(joined, now)

    assert sorted(Refund.objects.values_list("amount", "status")) == [(5, "failed"), (10, "succeeded")]
    assert {one.payment.charge_id: (one.status, one.withdrawn) for one in Dispute.objects.all()} == {
        second["id"]: ("lost", 40), third["id"]: ("lost", 50),
    }  # fmt: skip
    assert all(payout.items_difference == 0 for payout in Payout.objects.all())
    # The charge stays with the payout that paid it.
    assert {
        one.charge_id: one.payout.payout_id for one in StripePayment.objects.filter(amount__lt=100)
    } == dict.fromkeys([first["id"], second["id"], third["id"]], paid["id"])
    debits.act(second, "cancel_chargeback")
    sync(joined, later(hours=1))
    event_processing.process_events(now=later(hours=1), api_for=connecting.api_for)
    assert Dispute.objects.get(dispute_id=second["id"]).status == "won"


def test_items_older_than_six_months_are_asked_for_once(joined, debits, sync, now, later):
    debits.confirmed(1000)
    debits.pay_out(age_days=200)

    sync(joined, now)
    sync(joined, later(hours=1))

    payout = Payout.objects.get()
    assert (payout.reconciliation_status, payout.items_complete, payout.items.count()) == ("gone", False, 0)
    assert StripeConnection.objects.get().failures == 0


def test_unordered_events_bring_everything_whatever_comes_first(joined, debits, hear, work):
    debits.confirmed(1000)
    debits.confirmed(2500)
    debits.pay_out()
    told = debits.events()

    assert hear(*reversed(told)) == len(told)
    work()

    assert sorted(StripePayment.objects.values_list("amount", "payout__payout_id")) == [
        (10, Payout.objects.get().payout_id), (25, Payout.objects.get().payout_id),
    ]  # fmt: skip
    assert not WebhookEvent.objects.filter(processed_at=None).exists()


def test_a_charge_that_is_known_after_its_payout_is_linked_to_it(joined, debits, hear, work):
    payment = debits.confirmed(1000)
    payout = debits.pay_out()
    hear(event("payouts", "paid", payout=payout["id"]))
    work()
    assert not StripePayment.objects.exists()

    hear(event("payments", "paid_out", payment=payment["id"]))
    work()

    charge = StripePayment.objects.get()
    assert (charge.payout.payout_id, charge.fee) == (payout["id"], Decimal("0.30"))


def test_250_events_cost_what_one_costs_and_again_add_nothing(joined, hear):
    first, *events = [event("mandates", "active", mandate=f"MD{number}") for number in range(250)]

    with CaptureQueriesContext(database) as one:
        hear(first)
    with CaptureQueriesContext(database) as many:
        hear(*events)
    hear(first, *events)
    hear(events[0], events[0])

    assert WebhookEvent.objects.count() == 250
    assert len(many) == len(one)


def test_an_event_of_the_other_environment_is_kept_apart(joined, hear):
    hear(event(payment="PM1"), headers={"Origin": "https://api.gocardless.com"})

    row = WebhookEvent.objects.get()
    assert (row.next_attempt_at, row.last_error) == (None, "The event is of the other mode (test or live).")


def test_while_rotating_both_secrets_are_good(joined, debits, hear):
    connecting.change_webhook_secret(connection=joined, webhook_secret="the-next-one")

    assert hear(event(payment="PM1")) == 1
    connecting.change_webhook_secret(connection=joined, webhook_secret="and-one-more")
    with pytest.raises(webhooks.BadSignature):
        hear(event(payment="PM2"))


def post(body, signature, **headers):
    sent = {"host": "acme.localhost", "webhook-signature": signature, "origin": "https://api-sandbox.gocardless.com"}
    return Client().post(PATH, body, content_type="application/json", headers=sent | headers)


def test_calls_are_answered_as_gocardless_asks(acme, globex, debits, connect_debits):
    with context.inside(acme):
        connect_debits(debits)
    body, signature = call([event(payment="PM1"), event(payment="PM2")], debits.keys.webhook_secret)
    empty = call([], debits.keys.webhook_secret)
    many = call([event(payment="PM1") for _ in range(251)], debits.keys.webhook_secret)

    assert post(body, signature).status_code == 200
    assert post(body, signature.upper()).status_code == 200
    for wrong in ("", "0" * 64, signature[:-1], "x" * 64, "é" * 64):
        assert post(body, wrong.encode("latin-1", "replace").decode("latin-1")).status_code == 498
    assert post(body + b" ", signature).status_code == 498
    # Signed with acme's secret, but sent to another tenant.
    assert post(body, signature, host="globex.localhost").status_code == 498
    assert (post(*empty).status_code, post(*many).status_code) == (400, 400)
    with context.inside(acme):
        assert WebhookEvent.objects.count() == 2
    with context.inside(globex):
        assert not WebhookEvent.objects.exists()


def test_a_limit_is_waited_for_and_a_refused_token_stops_the_connection(joined, debits, sync, now, later, settings):
    settings.READ_TRIES = 1
    debits.fault("rate_limited")
    with pytest.raises(Retryable) as caught:
        sync(joined, now)
    assert 0 < caught.value.retry_after <= 60
    debits.fault("server_error")
    with pytest.raises(Retryable):
        sync(joined, later(minutes=2))
    debits.fault("unauthorized")
    with pytest.raises(Refused, match="does not accept the access token"):
        sync(joined, later(minutes=9))

    row = StripeConnection.objects.get()
    assert (row.state, row.failures, row.next_sync_at) == ("BROKEN", 3, None)


def test_its_payout_is_told_on_the_bank_account_by_its_reference_and_never_by_stripes_name(in_acme):
    payout = adapters.to_payout(rows.payout("49.20", payout_id="PO0123", statement_descriptor="ACME-0A1B2C"))

    def clue(text):
        entry = rows.transfer(text, "49.20", name="", booking_date=payout.arrival_date)
        return weigh(adapters.to_receipt(entry), payout)

    assert payout.processor == "GOCARDLESS"
    assert clue("ACME-0A1B2C GOCARDLESS") is Clue.DESCRIPTOR
    assert clue("GOCARDLESS LTD") is Clue.NAMED
    assert clue("STRIPE PAYMENTS") is Clue.AMOUNT


def test_removing_it_forgets_the_token_and_frees_the_account(joined, debits, connect_debits, globex):
    connecting.remove_connection(connection=joined)

    row = StripeConnection.objects.get()
    assert (row.state, bytes(row.key_sealed), bytes(row.webhook_secret_sealed)) == ("REMOVED", b"", b"")
    with context.inside(globex):
        assert connect_debits(debits).state == "ACTIVE"
