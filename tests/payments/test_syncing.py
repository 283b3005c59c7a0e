"""A run against the stand-in: complete, repeatable, and never touching what people decided."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db.models import Sum

from payments.models import BalanceTransaction, Dispute, Payout, Refund, StripePayment, WebhookEvent
from payments.services import connecting, syncing
from payymo.shared.errors import Refused, Retryable
from payymo.shared.models import ReceiptState
from tenants import context


def cents(value):
    return int(value * 100)


def _facts(model):
    return list(model.objects.order_by("pk").values())


def everything():
    return [_facts(model) for model in (StripePayment, Refund, Dispute, Payout, BalanceTransaction, WebhookEvent)]


def assert_mirrors(account):
    received = {one["id"]: one for one in account.received()}
    rows = {row.charge_id: row for row in StripePayment.objects.all()}
    assert rows.keys() == received.keys()
    for charge_id, row in rows.items():
        shown = received[charge_id]
        assert (cents(row.amount), cents(row.amount_refunded), row.currency, row.disputed) == (
            shown["amount_captured"], shown["amount_refunded"], shown["currency"].upper(), shown["disputed"],
        )  # fmt: skip
        assert (row.payment_intent_id, row.balance_transaction_id, row.metadata) == (
            shown["payment_intent"], shown["balance_transaction"], shown["metadata"],
        )  # fmt: skip
        assert (row.state, row.allocated, row.proposed_at) == (ReceiptState.UNRECONCILED, 0, None)
    for model, kind, id_field in (
        (Refund, "refund", "refund_id"), (Dispute, "dispute", "dispute_id"), (Payout, "payout", "payout_id"),
    ):  # fmt: skip
        shown = {one["id"]: (one["amount"], one["status"]) for one in account.objects(kind)}
        assert {getattr(row, id_field): (cents(row.amount), row.status) for row in model.objects.all()} == shown
    shown = account.objects("balance_transaction")
    sums = BalanceTransaction.objects.aggregate(amount=Sum("amount"), fee=Sum("fee"), net=Sum("net"))
    assert BalanceTransaction.objects.count() == len(shown)
    assert {name: cents(value) for name, value in sums.items()} == {
        name: sum(one[name] for one in shown) for name in ("amount", "fee", "net")
    }


def test_the_first_run_holds_what_stripe_shows_to_the_cent(synced, account):
    assert_mirrors(account)

    assert (StripePayment.objects.count(), Refund.objects.count(), Dispute.objects.exists()) == (
        len(account.received()), len(account.objects("refund")), bool(account.objects("dispute")),
    )  # fmt: skip
    assert StripePayment.objects.count() > 100


def test_the_other_tenant_has_its_own_account_and_currency(db, globex, globex_account, connect, sync, now):
    with context.inside(globex):
        result = sync(connect(globex_account), now)

        assert_mirrors(globex_account)
        assert result.new_charges == len(globex_account.received())
        assert "GBP" in Counter(StripePayment.objects.values_list("currency", flat=True))


def test_declined_charges_are_not_payments(synced, account):
    declined = account.objects("charge", status="failed")

    assert declined
    assert not StripePayment.objects.filter(charge_id__in=[one["id"] for one in declined]).exists()


def test_a_run_notes_when_it_was_and_when_the_next_is(synced, now, later):
    assert (synced.synced_until, synced.events_seen_until, synced.last_success_at) == (now, now, now)
    assert (synced.next_sync_at, synced.failures, synced.last_error) == (later(minutes=15), 0, "")


def test_a_second_run_changes_nothing(synced, sync, later):
    before = everything()

    result = sync(synced, later(minutes=15))

    assert (result.new_charges, result.events) == (0, 0)
    assert everything() == before


def test_what_people_decided_stays(synced, account, sync, now, later):
    decided, ignored = StripePayment.objects.order_by("-charged_at")[:2]
    StripePayment.objects.filter(pk=decided.pk).update(
        state=ReceiptState.RECONCILED, allocated=decided.amount, proposed_at=now
    )
    StripePayment.objects.filter(pk=ignored.pk).update(
        state=ReceiptState.IGNORED, ignored_reason="test", proposed_at=now
    )
    for row in (decided, ignored):
        [shown] = account.objects("charge", id=row.charge_id)
        account.change(shown, description="Changed afterwards")

    sync(synced, later(minutes=15))

    decided.refresh_from_db()
    ignored.refresh_from_db()
    assert (decided.state, decided.allocated, decided.proposed_at) == (ReceiptState.RECONCILED, decided.amount, now)
    assert (ignored.state, ignored.ignored_reason, ignored.allocated) == (ReceiptState.IGNORED, "test", 0)
    assert decided.description == ignored.description == "Changed afterwards"


def test_a_late_balance_transaction_brings_fee_and_net_and_a_new_look(connection, account, sync, now, later):
    made = account.charge(11_900, description="Invoice #21400", email="a@mail.example")
    account.change(made, balance_transaction=None)
    sync(connection, now)
    row = StripePayment.objects.get(charge_id=made["id"])
    assert (row.balance_transaction_id, row.fee, row.net, row.settlement_currency) == ("", None, None, "")
    StripePayment.objects.update(proposed_at=now)
    account.change(made)

    sync(connection, later(minutes=15))

    row.refresh_from_db()
    assert (row.balance_transaction_id, row.fee, row.net, row.settlement_currency, row.proposed_at) == (
        made["balance_transaction"], Decimal("2.04"), Decimal("116.96"), "EUR", None,
    )  # fmt: skip
    assert list(StripePayment.objects.filter(proposed_at=None)) == [row]


def test_a_known_fact_is_not_forgotten(synced, account, sync, later):
    row = StripePayment.objects.order_by("-charged_at").first()
    [shown] = account.objects("charge", id=row.charge_id)
    account.change(shown, balance_transaction=None)

    sync(synced, later(minutes=15))

    assert StripePayment.objects.get(pk=row.pk).fee == row.fee != 0


def test_a_refund_is_read_and_may_fail_later(synced, account, sync, later):
    charge = account.charge(5_000)
    refund = account.add(
        {
            "id": "re_late", "object": "refund", "amount": 5_000, "balance_transaction": "txn_back",
            "charge": charge["id"], "created": charge["created"], "currency": "eur", "metadata": {},
            "payment_intent": charge["payment_intent"], "reason": "requested_by_customer", "status": "succeeded",
        },
        "refund",
    )  # fmt: skip
    account.change(charge, amount_refunded=5_000, refunded=True)
    sync(synced, later(minutes=15))
    row = Refund.objects.get(refund_id="re_late")
    assert (row.amount, row.status, row.payment.charge_id) == (50, "succeeded", charge["id"])
    assert row.payment.amount_refunded == 50

    account.change(refund, status="failed")
    account.change(charge, amount_refunded=0)
    sync(synced, later(minutes=30))

    row.refresh_from_db()
    assert (row.status, StripePayment.objects.get(charge_id=charge["id"]).amount_refunded) == ("failed", 0)


def test_a_dispute_takes_its_new_status(synced, account, sync, later):
    charge = account.charge(4_000)
    account.change(charge, disputed=True)
    dispute = account.add(
        {
            "id": "dp_new", "object": "dispute", "amount": 4_000, "charge": charge["id"], "created": charge["created"],
            "currency": "eur", "reason": "fraudulent", "status": "needs_response",
        },
        "dispute",
    )  # fmt: skip
    sync(synced, later(minutes=15))
    row = Dispute.objects.get(dispute_id="dp_new")
    assert (row.status, row.amount, row.payment.disputed) == ("needs_response", 40, True)

    account.change(dispute, status="won")
    sync(synced, later(minutes=30))

    assert Dispute.objects.get(dispute_id="dp_new").status == "won"


def test_what_a_payout_holds_is_its_amount(synced, account):
    rows = {row.payout_id: row for row in Payout.objects.prefetch_related("items")}

    assert rows
    for shown in account.objects("payout"):
        row = rows[shown["id"]]
        if shown["reconciliation_status"] != "completed":
            assert (row.items_complete, row.items_difference) == (False, None)
            continue
        held = [item for item in row.items.all() if item.source_id != row.payout_id]
        assert (row.items_complete, row.items_difference) == (True, 0)
        assert sum(item.net for item in held) == row.amount
        assert row.items.count() == len(account.items_of(row.payout_id))
        sources = {item.source_id for item in held}
        assert set(row.payments.values_list("charge_id", flat=True)) == {one for one in sources if one[:3] == "ch_"}


def test_items_that_do_not_add_up_are_shown_as_a_difference(connection, account, sync, now):
    payout = next(one for one in account.objects("payout") if one["reconciliation_status"] == "completed")
    account.change(payout, amount=payout["amount"] + 123)

    sync(connection, now)

    row = Payout.objects.get(payout_id=payout["id"])
    assert (row.items_complete, row.items_difference) == (True, Decimal("1.23"))


def test_items_wait_until_stripe_has_attributed_them(connection, account, sync, now, later):
    payout = account.objects("payout", reconciliation_status="completed")[-1]
    account.change(payout, reconciliation_status="in_progress")
    sync(connection, now)
    assert Payout.objects.get(payout_id=payout["id"]).items.count() == 0
    account.change(payout)

    sync(connection, later(minutes=15))

    row = Payout.objects.get(payout_id=payout["id"])
    assert (row.items_complete, row.items_difference, row.items.count()) == (
        True, 0, len(account.items_of(payout["id"])),
    )  # fmt: skip


def test_a_paid_payout_may_fail_days_later(synced, account, sync, later):
    payout = account.objects("payout", status="paid")[-1]
    before = Payout.objects.get(payout_id=payout["id"])
    account.fail_payout(payout["id"])

    sync(synced, later(days=3))

    row = Payout.objects.get(payout_id=payout["id"])
    assert (before.status, row.status, row.failure_message) == (
        "paid", "failed", "The bank account has been closed.",
    )  # fmt: skip
    assert (row.items_complete, row.items_difference) == (True, 0)
    assert BalanceTransaction.objects.get(kind="payout_failure").net == row.amount


def test_events_are_swept_for_72_hours_and_after_a_pause_for_all_of_it(synced, account, sync, now, later):
    charge = account.received()[0]
    for hours in (71, 73, 24 * 20):
        moment = int(later(hours=-hours).timestamp())
        account.add(account.event("charge.updated", charge, id=f"evt_{hours}", created=moment), "event")

    sync(synced, now)
    assert set(WebhookEvent.objects.filter(event_id__in=["evt_71", "evt_73"]).values_list("event_id", flat=True)) == {
        "evt_71"
    }
    type(synced).objects.update(events_seen_until=later(days=-18))
    sync(synced, now)

    assert WebhookEvent.objects.filter(event_id__in=["evt_71", "evt_73", "evt_480"]).count() == 3


def test_what_was_read_before_a_failure_stays_and_the_position_does_not_move(connection, account, sync, now, later):
    account.fault("server_error", times=1, only="payouts")

    with pytest.raises(Retryable, match=r"^Stripe cannot be reached just now\.$"):
        sync(connection, now)
    connection.refresh_from_db()
    assert (connection.synced_until, StripePayment.objects.count()) == (None, len(account.received()))
    sync(connection, later(minutes=1))

    assert_mirrors(account)


def test_a_connection_removed_during_a_run_stays_removed(connection, account, now):
    def remove(what, count):
        if what == "payouts":
            connecting.remove_connection(connection=connection)

    api = connecting.api_for(connection)
    syncing.sync_connection(connection=connection, api=api, now=now, progress=remove)
    connection.refresh_from_db()
    assert (connection.state, connection.next_sync_at, bytes(connection.key_sealed)) == ("REMOVED", None, b"")

    account.fault("unauthorized", only="charges")
    with pytest.raises(Refused, match="does not accept the key"):
        syncing.sync_connection(connection=connection, api=api, now=now)
    connection.refresh_from_db()
    assert (connection.state, connection.next_sync_at) == ("REMOVED", None)


def test_times_are_utc(synced, account):
    shown = account.received()[0]

    row = StripePayment.objects.get(charge_id=shown["id"])

    assert row.charged_at == datetime.fromtimestamp(shown["created"], tz=UTC)
