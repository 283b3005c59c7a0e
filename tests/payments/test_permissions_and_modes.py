"""What a key may do, test and live kept apart, progress, and the change of a signing secret."""

import pytest

from payments.models import BalanceTransaction, StripeConnection, StripePayment
from payments.services import claiming, connecting, syncing
from payments.services.connecting import UnusableKey
from payymo.shared.errors import Refused, Retryable
from tenants import context
from tests.factories import rows
from tests.factories.callers import Caller


def excess(account, *rights):
    account.fault("excess_right", times=100, only=list(rights))


def test_a_key_that_may_only_read_payments_is_just_right(connection, now):
    assert (connection.superfluous_permissions, connection.permissions_checked_at) == ([], now)


def test_a_right_too_many_is_named_and_does_not_stop_the_connection(in_acme, account, connect):
    excess(account, "customers", "refunds:write", "payouts:write")

    made = connect(account)

    assert made.superfluous_permissions == ["Customers (read)", "Refunds (write)", "Payouts (write)"]
    assert StripeConnection.objects.get().state == "ACTIVE"


def test_the_check_changes_nothing_at_stripe(connection, account):
    before = account.all_rows()

    connecting.api_for(connection).superfluous_permissions()

    assert account.all_rows() == before


@pytest.mark.parametrize("resource", ["charges", "balance_transactions", "events"])
def test_a_right_that_is_missing_is_named_and_nothing_is_stored(in_acme, account, connect, resource):
    account.fault("lacks_right", times=1, only=[resource])

    with pytest.raises(UnusableKey, match=resource.replace("_", " ").capitalize()):
        connect(account)

    assert not StripeConnection.objects.exists()


def test_a_right_that_was_taken_away_later_stops_the_run_and_says_so(synced, account, sync, later):
    account.fault("lacks_right", times=1, only=["disputes"])

    with pytest.raises(Refused, match="lacks a read permission"):
        sync(synced, later(minutes=15))

    synced.refresh_from_db()
    assert (synced.state, synced.last_error_code) == ("BROKEN", "permission_missing")


def test_a_check_over_the_api_says_what_is_missing_and_superfluous(acme, account, connect):
    with context.inside(acme):
        key = connect(account).public_id
    account.fault("lacks_right", times=1, only=["payouts"])
    excess(account, "charges:write")

    answer = Caller("owner").post(f"stripe-connections/{key}/permissions/", {})

    assert (answer.status_code, answer.json()) == (200, {"missing": ["Payouts"], "superfluous": ["Charges (write)"]})
    assert Caller("reviewer").post(f"stripe-connections/{key}/permissions/", {}).status_code == 403
    assert Caller("owner", "globex").post(f"stripe-connections/{key}/permissions/", {}).status_code == 404


def test_a_signing_secret_is_changed_over_the_api(acme, account, connect):
    with context.inside(acme):
        key = connect(account).public_id
    path = f"stripe-connections/{key}/webhook-secret/"

    changed = Caller("owner").post(path, {"webhook_secret": "whsec_next"})

    assert changed.status_code == 200
    assert "whsec" not in changed.content.decode()
    assert Caller("owner").post(path, {"webhook_secret": "next"}).status_code == 400
    assert Caller("viewer").post(path, {"webhook_secret": "whsec_x"}).status_code == 403
    assert Caller("owner", "globex").post(path, {"webhook_secret": "whsec_x"}).status_code == 404
    with context.inside(acme):
        row = StripeConnection.objects.get()
        assert row.webhook_secret_sealed
        assert row.webhook_secret_old_sealed


def a_live_account(**fields):
    return StripeConnection.objects.create(
        account_id="acct_live", kind="restricted_key", livemode=True, **{"state": "ACTIVE", **fields}
    )


def test_a_test_account_is_refused_beside_a_live_one(in_acme, account, connect):
    a_live_account()

    with pytest.raises(UnusableKey, match="This is a test key, and a live account is connected"):
        connect(account)

    assert StripeConnection.objects.count() == 1


def test_a_test_account_is_welcome_once_the_live_one_is_gone(in_acme, account, connect):
    a_live_account(state="REMOVED")

    assert connect(account).livemode is False


def test_a_live_account_leaves_no_test_payment_to_decide(in_acme, now):
    test, decided = rows.charge("10.00"), rows.charge("11.00", state="RECONCILED", allocated="11.00")
    with pytest.raises(UnusableKey, match="A test account is connected"):
        claiming._keep_modes_apart(True)
    StripeConnection.objects.update(state="REMOVED")

    claiming._keep_modes_apart(True)

    states = dict(StripePayment.objects.values_list("charge_id", "state"))
    assert states == {test.charge_id: "IGNORED", decided.charge_id: "RECONCILED"}


def test_the_first_run_shows_how_far_it_is(connection, account, sync, now, monkeypatch):
    monkeypatch.setattr(syncing, "TELL_EVERY", 50)
    seen = []
    sync(connection, now, progress=lambda kind, count: seen.append((kind, count)))

    charges = [count for kind, count in seen if kind == "charges"]
    assert charges[0] == 50
    assert charges == sorted(charges)
    assert charges[-1] == len(account.objects("charge"))
    assert list(dict.fromkeys(kind for kind, _ in seen)) == [
        "charges", "payment intents", "refunds", "disputes", "balance transactions", "payouts",
    ]  # fmt: skip
    connection.refresh_from_db()
    assert connection.sync_progress == {}


def test_a_run_that_stops_leaves_its_progress_to_be_seen(connection, account, sync, now):
    account.fault("server_error", times=2, only=["payouts"])

    with pytest.raises(Retryable):
        sync(connection, now)

    connection.refresh_from_db()
    assert (connection.sync_progress["kind"], connection.synced_until) == ("balance transactions", None)


class _Killed(BaseException):
    """The process ends: nothing is noted any more."""


def test_a_first_run_that_was_killed_goes_on_where_it_was(connection, account, sync, now, later, monkeypatch):
    monkeypatch.setattr(syncing, "TELL_EVERY", 50)

    def kill(kind, count):
        if (kind, count) == ("balance transactions", 100):
            raise _Killed

    with pytest.raises(_Killed):
        sync(connection, now, progress=kill)
    stored, seen = BalanceTransaction.objects.count(), []
    account.charge(1234)
    sync(connection, later(minutes=5), progress=lambda kind, count: seen.append((kind, count)))

    # No kind is read again, and this one goes on behind what was stored.
    assert seen[0] == ("balance transactions", 150)
    assert stored < BalanceTransaction.objects.count()
    connection.refresh_from_db()
    assert (connection.synced_until, connection.sync_progress) == (now, {})
    # What came meanwhile is found by the next run, which begins before this one did.
    assert not StripePayment.objects.filter(amount="12.34").exists()
    sync(connection, later(minutes=20))
    assert set(StripePayment.objects.values_list("charge_id", flat=True)) == {one["id"] for one in account.received()}
    ledger = {one["id"] for one in account.objects("balance_transaction")}
    assert set(BalanceTransaction.objects.values_list("transaction_id", flat=True)) == ledger


def test_a_first_run_that_failed_reads_what_it_has_not_read(connection, account, sync, now, later):
    account.fault("server_error", times=1, only=["refunds"])
    with pytest.raises(Retryable):
        sync(connection, now)
    seen = []

    sync(connection, later(minutes=1), progress=lambda kind, count: seen.append(kind))

    assert "charges" not in seen
    assert seen[0] == "refunds"
