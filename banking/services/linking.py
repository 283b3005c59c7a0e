"""Which account of Payymo a provider's account is: by number and currency, never by the provider's id.

So a renewed consent, under which every id is new, continues the same history. An account belongs to one tenant.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from banking import adapters
from banking.clients.base import ProviderAccount
from banking.models import AccountQuota, BankAccount, BankConnection
from banking.services.account_answers import take_over
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict
from payymo.shared.sentences import Sentence, Value
from tenants import context, sealing
from tenants.models import ProviderAccount as Claim

State = BankConnection.State
_CLAIMED_AS = "bank_account"


class AccountLinkedElsewhere(Conflict):
    """The account is linked by another living connection, here or at another tenant; nothing was linked."""

    code = "account_linked_elsewhere"

    def __init__(self, text: str, **values: Value) -> None:
        self.sentence = Sentence(text, values)
        super().__init__(str(self.sentence))


def link_accounts(
    *, connection: BankConnection, accounts: Sequence[ProviderAccount], ends_at: datetime | None, now: datetime
) -> None:
    """Put every account under the connection, all or none, and make it LINKED; what it renews is then removed.

    Raises: AccountLinkedElsewhere.
    """
    with transaction.atomic():
        connection = BankConnection.objects.select_for_update().get(pk=connection.pk)
        if connection.state != State.PENDING:
            return
        for account in sorted(accounts, key=lambda one: (one.number, one.currency)):
            _link(account, connection, now)
        BankConnection.objects.filter(pk=connection.pk).update(
            state=State.LINKED, consent_ends_at=ends_at, last_success_at=now, last_error="", last_error_code="",
            failures=0, next_sync_at=None, callback_hash="", consent_link="",
        )  # fmt: skip
        if connection.renews_id:
            BankAccount.objects.filter(connection_id=connection.renews_id).update(
                next_sync_at=None, last_error=gettext_noop("The renewed consent does not include this account.")
            )
            BankConnection.objects.filter(pk=connection.renews_id).update(state=State.REVOKED)
        audit.record(action="connection.changed" if connection.renews_id else "connection.added", about=connection)


def _link(account: ProviderAccount, connection: BankConnection, now: datetime) -> None:
    key = sealing.data_key()
    stable = adapters.stable_key(account.number, account.currency, key=key)
    row = BankAccount.objects.select_for_update(of=("self",)).select_related("connection").filter(stable_key=stable)
    known = row.first()
    if known is not None and _is_linked_by_another(known, connection):
        raise AccountLinkedElsewhere(
            gettext_noop(
                "The account ending in %(iban_last4)s is connected already. Renew or remove that connection instead."
            ),
            iban_last4=known.iban_last4,
        )
    _claim(account)
    if known is not None and known.same_as_id is not None:
        _link_joined(known, known.same_as_id, account, connection, now)
        return
    held = known or new_account(number=account.number, currency=account.currency, is_iban=account.is_iban, key=key)
    held.connection, held.provider_account_id = connection, account.id
    held.name, held.owner_name = held.name or account.name, account.owner_name or held.owner_name
    held.next_sync_at = None if held.is_paused else now
    held.failures, held.last_error, held.last_error_code = 0, "", ""
    held.save()
    # Calls are counted by the provider's id, which is new.
    AccountQuota.objects.filter(account=held).delete()


def _link_joined(
    alias: BankAccount, known_id: int, account: ProviderAccount, connection: BankConnection, now: datetime
) -> None:
    """Bring the account that this one is by another name, unless another living connection does."""
    known = BankAccount.objects.select_for_update(of=("self",)).select_related("connection").get(pk=known_id)
    alias.connection, alias.provider_account_id = connection, account.id
    if not _is_linked_by_another(known, connection):
        take_over(account=alias, known=known, now=now)
    alias.save()


def new_account(*, number: str, currency: str, is_iban: bool, key: sealing.TenantKeys | None = None) -> BankAccount:
    """Build an account row by its number and currency; it is not saved."""
    key = key or sealing.data_key()
    compact = adapters.compact_iban(number)
    row = BankAccount(
        stable_key=adapters.stable_key(compact, currency, key=key), currency=currency, iban_last4=compact[-4:]
    )
    row.iban_sealed = sealing.seal(row, "iban_sealed", compact, key=key)
    row.iban_hash = adapters.iban_hash(compact, key=key) if is_iban else ""
    return row


def _is_linked_by_another(account: BankAccount, connection: BankConnection) -> bool:
    other = account.connection
    if other is None or other.pk in {connection.pk, connection.renews_id}:
        return False
    return other.state == State.LINKED


def _claim_id(stable: str, currency: str) -> str:
    # Keyed for the platform: equal for every tenant, readable for nobody.
    return sealing.platform_hash(f"{stable}|{currency}", purpose="bank-account-claim")


def _claim(account: ProviderAccount) -> None:
    tenant = context.current()
    claim, _ = Claim.objects.get_or_create(
        provider=_CLAIMED_AS,
        external_id=_claim_id(adapters.compact_iban(account.number), account.currency),
        livemode=True,
        defaults={"tenant": tenant},
    )
    if claim.tenant_id != tenant.pk:
        raise AccountLinkedElsewhere(
            gettext_noop("This bank account is connected at another Payymo customer. Ask support.")
        )


def release(accounts: Sequence[BankAccount]) -> None:
    """Let the accounts be linked elsewhere again."""
    numbers = [(sealing.unseal(account, "iban_sealed"), account.currency) for account in accounts]
    ids = [_claim_id(number, currency) for number, currency in numbers if number]
    Claim.objects.filter(provider=_CLAIMED_AS, external_id__in=ids, tenant=context.current()).delete()
