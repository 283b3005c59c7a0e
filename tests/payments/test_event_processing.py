"""Working on events: each object is read anew, once, and order and number of the events mean nothing."""

import itertools
import json
from decimal import Decimal

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from payments.models import Dispute, Payout, Refund, StripeConnection, StripePayment, WebhookEvent
from payments.services import event_processing, pausing, webhooks
from payments.tasks import process_events
from payymo.shared.models import ReceiptState
from tests.payments.stripe_account import Counted, header


@pytest.fixture
def api(account):
    return Counted(account.keys.restricted_key)


@pytest.fixture
def work(api, now):
    def run(at=now, **more):
        return event_processing.process_events(now=at, api_for=lambda connection: api, **more)

    return run


@pytest.fixture
def deliver(account, now, connection):
    """Take events as their webhooks bring them."""

    def run(*events):
        for event in events:
            body = json.dumps(event).encode()
            signature = header(body, account.keys.webhook_secret, now.timestamp())
            webhooks.receive_events(gateway="stripe", body=body, headers={"Stripe-Signature": signature}, now=now)

    return run


def test_what_an_event_says_is_not_believed(deliver, work, account):
    shown = account.received()[-1]
    claimed = shown | {"amount": 1, "amount_captured": 1, "amount_refunded": 1, "description": "Forged"}
    deliver(account.event("charge.updated", claimed))

    assert work() == 1

    row = StripePayment.objects.get()
    assert (row.charge_id, row.amount * 100, row.description) == (
        shown["id"], shown["amount_captured"], shown["description"] or "",
    )  # fmt: skip
    assert WebhookEvent.objects.get().processed_at is not None


def test_the_order_of_events_means_nothing(deliver, work, account, later):
    charge = account.charge(9_000)
    created = account.event("charge.succeeded", charge)
    refunded = account.event("charge.refunded", charge | {"amount_refunded": 9_000})
    account.change(charge, amount_refunded=9_000)
    outcomes = []
    for order in itertools.permutations((created, refunded)):
        WebhookEvent.objects.all().delete()
        StripePayment.objects.all().delete()
        for event in order:
            deliver(event)
            work()
        row = StripePayment.objects.get()
        outcomes.append((row.amount, row.amount_refunded, row.state))

    assert outcomes == [(90, 90, ReceiptState.UNRECONCILED)] * 2


def test_what_was_worked_on_before_the_time_was_over_is_done(deliver, work, account, api, monkeypatch):
    charges = account.received()[-3:]
    deliver(*[account.event("charge.updated", charge) for charge in charges])
    read = api.charge

    def slow(charge_id):
        if charge_id == charges[2]["id"]:
            raise SoftTimeLimitExceeded
        return read(charge_id)

    monkeypatch.setattr(api, "charge", slow, raising=False)
    with pytest.raises(SoftTimeLimitExceeded):
        work()

    assert WebhookEvent.objects.filter(processed_at=None).count() == 1
    monkeypatch.undo()
    assert (work(), WebhookEvent.objects.filter(processed_at=None).count()) == (1, 0)


def test_two_events_for_one_change_change_once(deliver, work, account, api):
    charge = account.received()[-1]
    deliver(account.event("charge.updated", charge), account.event("charge.updated", charge))

    assert work() == 2
    assert (StripePayment.objects.count(), api.calls) == (1, {"charge": 1})


def test_many_events_cost_one_read_for_each_object(deliver, work, account, api):
    charges = account.received()[-3:]
    kinds = ("charge.succeeded", "charge.updated", "charge.captured", "charge.refunded")
    deliver(*[account.event(kind, charge) for charge in charges for kind in kinds for _ in range(5)])

    assert work() == 60
    assert (StripePayment.objects.count(), api.calls) == (3, {"charge": 3})


def test_a_later_run_reads_again(deliver, work, account, api, later):
    charge = account.charge(3_000)
    deliver(account.event("charge.succeeded", charge))
    work()
    account.change(charge, description="Now with a text")
    deliver(account.event("charge.updated", charge))

    work()

    assert (StripePayment.objects.get().description, api.calls["charge"]) == ("Now with a text", 2)


def test_kinds_that_concern_nothing_cost_nothing(deliver, work, account, api):
    other = {"id": "cus_1", "object": "customer"}
    deliver(*[account.event(kind, other) for kind in ("customer.created", "customer.updated", "new.kind")])

    assert (work(), api.calls, StripePayment.objects.count()) == (3, {}, 0)


def test_refund_and_dispute_events_bring_their_charge(deliver, work, account, api):
    refund = account.objects("refund")[-1]
    dispute = account.objects("dispute")[-1]
    deliver(
        account.event("refund.created", refund), account.event("charge.refund.updated", refund),
        account.event("charge.dispute.created", dispute), account.event("charge.dispute.funds_withdrawn", dispute),
    )  # fmt: skip

    assert work() == 4
    assert Refund.objects.get().payment.charge_id == refund["charge"]
    assert Dispute.objects.get().payment.charge_id == dispute["charge"]
    assert api.calls == {"refund": 1, "dispute": 1, "charge": 2}


def test_a_refund_that_failed_weeks_later_is_told_by_its_event(synced, deliver, work, account):
    row = Refund.objects.order_by("refunded_at").first()
    [refund] = account.objects("refund", id=row.refund_id)
    [charge] = account.objects("charge", id=row.payment.charge_id)
    account.change(refund, status="failed")
    account.change(charge, amount_refunded=0)
    deliver(account.event("refund.failed", refund))

    work()

    row.refresh_from_db()
    assert (row.status, row.payment.amount_refunded) == ("failed", 0)


def test_payout_events_bring_what_it_holds_once_it_is_attributed(deliver, work, account, api):
    payout = account.objects("payout", reconciliation_status="completed")[-1]
    account.change(payout, reconciliation_status="in_progress")
    deliver(account.event("payout.created", payout), account.event("payout.paid", payout))
    work()
    assert (Payout.objects.get().items_complete, api.calls) == (False, {"payout": 1})
    account.change(payout)
    deliver(account.event("payout.reconciliation_completed", payout))

    work()

    row = Payout.objects.get()
    assert (row.items_complete, row.items_difference, row.amount * 100) == (True, Decimal(0), payout["amount"])
    assert row.items.count() == len(account.items_of(row.payout_id))


def test_a_payout_that_failed_after_it_was_paid_stays_failed_whatever_comes_last(synced, deliver, work, account):
    payout = account.objects("payout", status="paid")[-1]
    failed = account.fail_payout(payout["id"])
    deliver(account.event("payout.failed", failed), account.event("payout.paid", payout))

    work()

    assert Payout.objects.get(payout_id=payout["id"]).status == "failed"


def test_the_sweep_finds_events_that_were_never_delivered(synced, sync, account, later, work):
    WebhookEvent.objects.all().delete()
    charge = account.charge(7_700, description="Lost")

    result = sync(synced, later(minutes=15))

    lost = WebhookEvent.objects.get(object_id=charge["id"])
    assert (lost.kind, lost.processed_at, result.events) == ("charge.succeeded", None, WebhookEvent.objects.count())
    assert work(later(minutes=15)) == result.events
    assert sync(synced, later(minutes=30)).events == 0


def test_an_object_that_is_gone_is_given_up_and_the_others_go_on(deliver, work, account):
    good = account.received()[-1]
    deliver(account.event("charge.updated", good | {"id": "ch_gone"}), account.event("charge.updated", good))

    assert work() == 1

    gone = WebhookEvent.objects.get(object_id="ch_gone")
    assert (gone.processed_at, gone.next_attempt_at, gone.attempts) == (None, None, 1)
    assert gone.last_error == "Stripe refused the question (resource_missing)."


def test_when_stripe_is_away_one_question_is_enough_and_the_rest_stays_due(deliver, work, account, api, now, later):
    deliver(*[account.event("charge.updated", charge) for charge in account.received()[-4:]])
    account.fault("rate_limited")

    assert (work(), api.calls["charge"]) == (0, 1)

    first, *others = WebhookEvent.objects.order_by("pk")
    assert (first.attempts, first.next_attempt_at, first.last_error) == (
        1,
        later(minutes=2),
        "Stripe asks to slow down.",
    )
    assert [(one.attempts, one.next_attempt_at) for one in others] == [(0, now)] * 3
    assert (work(), work(later(minutes=2))) == (3, 1)
    assert not WebhookEvent.objects.filter(processed_at=None).exists()


def test_after_twelve_attempts_an_event_waits_for_a_person(deliver, work, account, later):
    deliver(account.event("charge.updated", account.received()[-1]))
    WebhookEvent.objects.update(attempts=11)
    account.fault("rate_limited")

    work()

    assert WebhookEvent.objects.values_list("attempts", "next_attempt_at").get() == (12, None)


def test_events_of_a_refused_key_wait_and_keep_nobody_waiting(deliver, work, account, api):
    deliver(account.event("charge.updated", account.received()[-1]))
    StripeConnection.objects.update(state="BROKEN")
    assert (work(limit=1), api.calls) == (0, {})

    StripeConnection.objects.update(state="ACTIVE")

    assert work(limit=1) == 1


def test_access_withdrawn_in_stripe_stops_the_connection(deliver, work, account, connection):
    deliver(account.event("account.application.deauthorized", {"id": "ca_1", "object": "application"}))

    work()

    connection.refresh_from_db()
    assert (connection.state, connection.next_sync_at, connection.last_error) == (
        "BROKEN", None, "Access was withdrawn in Stripe.",
    )  # fmt: skip


def test_the_task_works_on_what_is_due(deliver, account, acme):
    deliver(account.event("charge.updated", account.received()[-1]))

    process_events(tenant_id=str(acme.public_id))

    assert (StripePayment.objects.count(), WebhookEvent.objects.filter(processed_at=None).count()) == (1, 0)


def test_what_is_reported_while_an_account_is_paused_waits_and_is_not_lost(deliver, work, account, connection, now):
    pausing.pause_connection(connection_id=connection.public_id, is_paused=True, now=now)
    charge = account.charge(9_000)

    deliver(account.event("charge.succeeded", charge))

    assert (work(), WebhookEvent.objects.filter(processed_at=None, next_attempt_at__lte=now).count()) == (0, 1)
    assert not StripePayment.objects.filter(charge_id=charge["id"]).exists()
    pausing.pause_connection(connection_id=connection.public_id, is_paused=False, now=now)
    assert work() == 1
    assert StripePayment.objects.get(charge_id=charge["id"]).amount == Decimal(90)
