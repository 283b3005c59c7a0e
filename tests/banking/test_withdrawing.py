"""A consent is withdrawn: fetching stops at once, whatever is on its way, and it is on record."""

import pytest

from banking.models import BankAccount, BankConnection, BankTransaction, RawFetch
from banking.services import disconnecting, schedule
from banking.services.fetching import NotConnected, sync_account
from payymo.audit.models import AuditEntry
from tests.factories.callers import Caller


def test_nothing_is_fetched_any_more_and_the_bank_is_told(connection, account, provider, bank, now, later):
    disconnecting.withdraw_consent(connection=connection, provider=provider, now=now)

    connection.refresh_from_db()
    assert (connection.state, connection.withdrawn_at, connection.consent_id) == ("REVOKED", now, "")
    assert schedule.providers_with_work(now=later(hours=1)) == []
    assert schedule.sync_due_accounts(provider=provider, now=later(hours=1)) == []
    with pytest.raises(NotConnected):
        sync_account(account_id=account.pk, provider=provider, now=now)
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="consent.")] == ["consent.withdrawn"]


def test_what_the_bank_answers_after_the_withdrawal_is_not_kept(connection, account, provider, now):
    class Withdrawing:
        """Withdraws while the bank is asked."""

        def __getattr__(self, name):
            return getattr(provider, name)

        def fetch_transactions(self, **asked):
            found = provider.fetch_transactions(**asked)
            disconnecting.withdraw_consent(connection=connection, provider=provider, now=now)
            return found

    result = sync_account(account_id=account.pk, provider=Withdrawing(), now=now)

    assert (result.outcome, RawFetch.objects.count(), BankTransaction.objects.count()) == ("waiting", 0, 0)


def test_withdrawing_twice_is_withdrawing_once(connection, provider, now, later):
    disconnecting.withdraw_consent(connection=connection, provider=provider, now=now)
    disconnecting.withdraw_consent(connection=connection, provider=provider, now=later(days=3))

    connection.refresh_from_db()
    assert connection.withdrawn_at == now
    assert AuditEntry.objects.filter(action="consent.withdrawn").count() == 1


def test_removing_a_connection_withdraws_nothing(connection, provider, now):
    disconnecting.remove_connection(connection=connection, provider=provider)

    connection.refresh_from_db()
    assert (connection.state, connection.withdrawn_at) == ("REVOKED", None)


def test_it_is_done_over_the_api_by_who_may_change_connections(connection, in_acme):
    path = f"bank-connections/{connection.public_id}/withdraw/"

    refused = Caller("viewer").post(path, {})
    stranger = Caller("owner", host="globex").post(path, {})
    done = Caller("admin").post(path, {})

    assert (refused.status_code, stranger.status_code, done.status_code) == (403, 404, 204)
    from tenants import context

    with context.inside(in_acme):
        assert BankConnection.objects.get().withdrawn_at is not None
        assert set(BankAccount.objects.values_list("next_sync_at", flat=True)) == {None}
