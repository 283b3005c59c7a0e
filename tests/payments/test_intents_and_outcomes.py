"""Payment intents beside their charges, what came of disputes, and refunds that failed."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from payments.models import BalanceTransaction, Dispute, PaymentIntent, Refund, StripePayment
from payments.services.connecting import api_for
from payments.services.event_processing import Reader
from tenants import context
from tests.factories import rows
from tests.factories.callers import Caller


def disputed(account, amount=4_000, **fields):
    charge = account.charge(amount)
    account.change(charge, disputed=True)
    body = {
        "id": "dp_one", "object": "dispute", "amount": amount, "charge": charge["id"], "created": charge["created"],
        "currency": "eur", "reason": "fraudulent", "status": "needs_response",
        "evidence_details": {"due_by": 1_800_000_000}, "balance_transactions": [], **fields,
    }  # fmt: skip
    return account.add(body, "dispute")


def movement(amount, fee, serial):
    return {
        "id": f"txn_dp_{serial}", "object": "balance_transaction", "amount": amount, "fee": fee, "net": amount - fee,
        "currency": "eur", "type": "adjustment", "source": "dp_one", "created": 1_700_000_000,
        "available_on": 1_700_000_000,
        "reporting_category": "dispute" if amount < 0 else "dispute_reversal",
    }  # fmt: skip


def test_the_intents_are_what_stripe_shows(synced, account):
    shown = {one["id"]: one for one in account.objects("payment_intent")}

    found = {row.intent_id: row for row in PaymentIntent.objects.all()}

    assert found.keys() == shown.keys()
    for key, row in found.items():
        received = (int(row.amount * 100), int(row.amount_received * 100), row.status, row.charge_id)
        wanted = shown[key]
        assert received == (
            wanted["amount"],
            wanted["amount_received"],
            wanted["status"],
            wanted["latest_charge"] or "",
        )
    declined = PaymentIntent.objects.filter(status="requires_payment_method")
    assert set(declined.values_list("error_code", flat=True)) == {"card_declined"}


def test_what_waits_for_capture_is_shown(synced, account, sync, later):
    [intent] = account.objects("payment_intent")[-1:]
    account.change(intent, status="requires_capture", amount_received=0, amount_capturable=intent["amount"])

    sync(synced, later(minutes=15))

    row = PaymentIntent.objects.get(status="requires_capture")
    assert (row.amount_capturable, row.amount_received) == (row.amount, 0)


def test_a_text_that_only_the_intent_has_reaches_the_engine_once(synced, account, sync, now, later):
    charge = account.charge(5_000)
    [intent] = account.objects("payment_intent", latest_charge=charge["id"])
    sync(synced, later(minutes=15))
    row = StripePayment.objects.get(charge_id=charge["id"])
    assert (row.description, row.metadata) == ("", {})
    StripePayment.objects.update(proposed_at=now)
    account.change(intent, description="Invoice #21400", metadata={"invoice_id": "21400"})

    sync(synced, later(minutes=30))

    row.refresh_from_db()
    assert (row.description, row.metadata, row.proposed_at) == ("Invoice #21400", {"invoice_id": "21400"}, None)
    assert list(StripePayment.objects.filter(proposed_at=None)) == [row]
    StripePayment.objects.update(proposed_at=now)
    sync(synced, later(minutes=45))
    assert not StripePayment.objects.filter(proposed_at=None).exists()


def test_what_a_charge_says_itself_is_not_overruled(synced, account, sync, later):
    charge = account.charge(5_000, description="Invoice #1", metadata={"invoice_id": "1"})
    [intent] = account.objects("payment_intent", latest_charge=charge["id"])
    account.change(intent, description="Invoice #2", metadata={"invoice_id": "2"})

    sync(synced, later(minutes=15))

    row = StripePayment.objects.get(charge_id=charge["id"])
    assert (row.description, row.metadata) == ("Invoice #1", {"invoice_id": "1"})


def test_an_event_of_an_intent_brings_it_and_its_charge(connection, account):
    charge = account.charge(5_000)
    [intent] = account.objects("payment_intent", latest_charge=charge["id"])

    Reader(connection, api_for(connection)).apply("payment_intent.succeeded", intent["id"])

    assert PaymentIntent.objects.get().charge_id == StripePayment.objects.get().charge_id == charge["id"]


def test_a_dispute_that_was_won_gives_money_and_fee_back(synced, account, sync, later):
    dispute = disputed(account, balance_transactions=[movement(-4_000, 1_500, 1)])
    sync(synced, later(minutes=15))
    row = Dispute.objects.get(dispute_id="dp_one")
    assert (row.outcome, row.withdrawn, row.fee, row.reinstated) == ("open", 40, 15, 0)
    assert row.evidence_due_at == datetime.fromtimestamp(1_800_000_000, tz=UTC)

    both = [movement(-4_000, 1_500, 1), movement(4_000, -1_500, 2)]
    account.change(dispute, status="won", balance_transactions=both)
    sync(synced, later(minutes=30))

    row.refresh_from_db()
    assert (row.outcome, row.withdrawn, row.reinstated, row.fee, row.fee_returned) == ("won", 40, 40, 15, 15)
    assert row.settlement_currency == "EUR"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("warning_needs_response", "inquiry"), ("warning_closed", "inquiry"), ("needs_response", "open"),
        ("under_review", "open"), ("appeal_under_review", "open"), ("won", "won"), ("lost", "lost"),
        ("prevented", "prevented"), ("what_stripe_invents_next", "open"),
    ],
)  # fmt: skip
def test_each_status_has_its_outcome(status, outcome):
    assert Dispute(status=status).outcome == outcome


def test_an_inquiry_moves_no_money(synced, account, sync, later):
    disputed(account, status="warning_needs_response", evidence_details=None, balance_transactions=None)

    sync(synced, later(minutes=15))

    row = Dispute.objects.get(dispute_id="dp_one")
    assert (row.outcome, row.withdrawn, row.fee, row.evidence_due_at) == ("inquiry", 0, 0, None)


def test_a_failed_refund_says_why_and_where_the_money_came_back(synced, account, sync, later):
    refund = account.objects("refund")[-1]
    account.change(
        refund, status="failed", failure_reason="lost_or_stolen_card", failure_balance_transaction="txn_back"
    )

    sync(synced, later(minutes=15))

    row = Refund.objects.get(refund_id=refund["id"])
    assert (row.status, row.failure_reason, row.failure_balance_transaction_id) == (
        "failed", "lost_or_stolen_card", "txn_back",
    )  # fmt: skip


def test_the_ledger_keeps_the_rate_of_an_exchange(connection, account, sync, now):
    charge = account.charge(5_000)
    [ledger] = account.objects("balance_transaction", source=charge["id"])
    account.change(ledger, exchange_rate=1.08437, description="Exchanged")

    sync(connection, now)

    row = BalanceTransaction.objects.get(source_id=charge["id"])
    assert (row.exchange_rate, row.description) == (Decimal("1.0843700000"), "Exchanged")


def test_the_api_shows_refunds_disputes_and_what_is_on_its_way(acme):
    with context.inside(acme):
        charge = rows.charge("40.00", disputed=True)
        Dispute.objects.create(
            payment=charge, dispute_id="dp_1", amount=40, currency="EUR", status="lost", disputed_at=rows.NOW,
            withdrawn=40, fee=15, settlement_currency="EUR",
        )  # fmt: skip
        Refund.objects.create(
            payment=charge, refund_id="re_1", amount=5, currency="EUR", status="failed", refunded_at=rows.NOW
        )
        for status in ("processing", "succeeded"):
            PaymentIntent.objects.create(
                connection=charge.connection, intent_id=f"pi_{status}", amount=1200, currency="JPY", status=status,
                stripe_created_at=rows.NOW,
            )  # fmt: skip
    caller = Caller("viewer")

    shown = caller.get(f"stripe-payments/{charge.public_id}/").json()
    [waiting] = caller.get("stripe-payment-intents/?status=processing").json()["results"]

    [dispute], [refund] = shown["disputes"], shown["refunds"]
    assert (dispute["outcome"], dispute["withdrawn"], dispute["fee"]) == ("lost", "40.00", "15.00")
    assert (refund["refund_id"], refund["amount"], refund["status"]) == ("re_1", "5.00", "failed")
    assert (waiting["intent_id"], waiting["amount"]) == ("pi_processing", "1200")
    assert Caller("viewer", "globex").get("stripe-payment-intents/").json()["results"] == []
    assert caller.get("stripe-payment-intents/?state=x").status_code == 400
