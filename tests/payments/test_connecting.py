"""Connecting: what is pasted is proved against Stripe first, and one account belongs to one tenant."""

import pytest
from django.db import connection as database

from payments.models import StripeConnection, StripePayment
from payments.services import connecting, pausing
from payments.services.connecting import AccountTaken, UnusableKey
from payymo.shared.errors import Retryable
from tenants import context, sealing
from tenants.models import ProviderAccount
from tests.payments.refusing_proxy import RefusingProxy


def assert_nothing_stored():
    assert not StripeConnection.objects.exists()
    assert not ProviderAccount.objects.exists()


def test_a_good_key_connects_its_account(connection, account, now):
    row = StripeConnection.objects.get()

    assert (row.account_id, row.account_name, row.kind, row.livemode, row.default_currency) == (
        account.keys.account_id, "Acme Hosting GmbH", "restricted_key", False, "EUR",
    )  # fmt: skip
    assert (row.state, row.key_last4, row.next_sync_at) == ("ACTIVE", "0001", now)


def test_secrets_are_sealed_in_the_table(connection, account):
    with database.cursor() as cursor:
        cursor.execute("SELECT payments_stripeconnection::text FROM payments_stripeconnection")
        [(text,)] = cursor.fetchall()

    for secret in (account.keys.restricted_key, account.keys.webhook_secret):
        assert secret not in text
        assert secret.encode().hex() not in text
    assert sealing.unseal(connection, "key_sealed") == account.keys.restricted_key
    assert sealing.unseal(connection, "webhook_secret_sealed") == account.keys.webhook_secret


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"key": "pk_test_51AcmeReadOnlyKey"}, "begins with rk_live_ or rk_test_"),
        ({"key": ""}, "begins with rk_live_ or rk_test_"),
        ({"key": "rk_test_" + "x" * 300}, "begins with rk_live_ or rk_test_"),
        ({"key": "rk_test_ключ"}, "begins with rk_live_ or rk_test_"),
        ({"key": "sk_live_51Secret"}, "may move money"),
        ({"key": "rk_test_51NobodyHasThisKey"}, "does not accept the key"),
        ({"webhook_secret": "whatever"}, "begins with whsec_"),
    ],
)
def test_an_unusable_key_is_refused_in_plain_words(in_acme, account, connect, given, said):
    with pytest.raises(UnusableKey, match=said) as caught:
        connect(account, **given)

    assert caught.value.status == 400
    assert_nothing_stored()


def test_missing_read_permissions_are_named(in_acme, account, connect, settings):
    with RefusingProxy(account.process.base_url, refused=("disputes", "payouts")) as proxy:
        settings.STRIPE_URL = proxy.url
        with pytest.raises(UnusableKey, match=r"^The key may not read: Disputes, Payouts\. Give it read access"):
            connect(account)

    assert_nothing_stored()


def test_an_account_that_cannot_be_asked_is_not_connected(in_acme, account, connect):
    account.fault("server_error", times=2)

    with pytest.raises(Retryable, match="cannot be reached"):
        connect(account)

    assert_nothing_stored()


def test_the_same_account_is_not_connected_twice(connection, account, connect):
    with pytest.raises(AccountTaken, match="connected already"):
        connect(account)

    assert StripeConnection.objects.count() == 1


def test_an_account_of_another_tenant_is_refused(in_acme, connection, account, globex, connect):
    with context.inside(globex):
        with pytest.raises(AccountTaken, match="another company") as caught:
            connect(account)
        assert not StripeConnection.objects.exists()

    assert caught.value.status == 409
    assert ProviderAccount.objects.get().tenant == in_acme


def test_a_removed_account_forgets_its_secrets_and_keeps_what_was_read(synced):
    count = StripePayment.objects.count()

    connecting.remove_connection(connection=synced)

    synced.refresh_from_db()
    assert (synced.state, synced.next_sync_at) == ("REMOVED", None)
    assert not any(map(bytes, (synced.key_sealed, synced.webhook_secret_sealed, synced.webhook_secret_old_sealed)))
    assert (StripePayment.objects.count(), ProviderAccount.objects.count()) == (count, 0)


def test_a_removed_account_goes_on_when_it_is_connected_again(synced, account, connect, sync, later):
    count = StripePayment.objects.count()
    connecting.remove_connection(connection=synced)
    account.charge(2_500)

    again = connect(account, now=later(hours=1))
    result = sync(again, later(hours=1))

    assert (again.pk, again.state, result.new_charges) == (synced.pk, "ACTIVE", 1)
    assert StripePayment.objects.count() == count + 1


def test_a_removed_account_may_go_to_another_tenant_and_then_not_back(connection, account, globex, connect):
    connecting.remove_connection(connection=connection)
    with context.inside(globex):
        connect(account)

    with pytest.raises(AccountTaken, match="another company"):
        connect(account)

    connection.refresh_from_db()
    assert connection.state == "REMOVED"


def test_a_refused_connection_takes_a_new_key(connection, account, connect, later):
    StripeConnection.objects.update(state="BROKEN", failures=3, last_error="Refused.", next_sync_at=None)

    again = connect(account, now=later(hours=1))

    assert (again.pk, again.state, again.failures, again.last_error, again.next_sync_at) == (
        connection.pk, "ACTIVE", 0, "", later(hours=1),
    )  # fmt: skip


def test_a_wrong_webhook_secret_changes_nothing(connection, account):
    with pytest.raises(UnusableKey, match="whsec_"):
        connecting.change_webhook_secret(connection=connection, webhook_secret="secret")

    connection.refresh_from_db()
    assert sealing.unseal(connection, "webhook_secret_sealed") == account.keys.webhook_secret


def test_a_new_key_does_not_resume_an_account_that_a_person_has_paused(connection, account, connect, now):
    pausing.pause_connection(connection_id=connection.public_id, is_paused=True, now=now)
    StripeConnection.objects.update(key_sealed=b"", key_last4="old")

    known = connect(account)

    assert (known.pk, known.state, known.next_sync_at) == (connection.pk, "PAUSED", None)
    assert sealing.unseal(known, "key_sealed") == account.keys.restricted_key
    assert StripeConnection.objects.get().state == "PAUSED"
    pausing.pause_connection(connection_id=connection.public_id, is_paused=False, now=now)
    assert StripeConnection.objects.get().next_sync_at == now
