"""The tenant's keys at the bank data provider, and the one token that every worker shares."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from banking import locks
from banking.clients.base import Reason, Token
from banking.clients.gocardless import GoCardless, GoCardlessTokens
from banking.models import BankAccount, BankConnection, BankProvider, ProviderKey
from payymo.shared.errors import BadInput, Conflict, Refused, Retryable
from tenants import sealing
from tenants.breakers import ProviderBreaker, needs_secret

# Renewed early enough that a token does not end between two calls of one run.
_EARLY = timedelta(minutes=5)
_LOCK = "gocardless-token"


class NoProviderKey(Conflict):
    """There are no keys of the bank data provider yet."""

    code = "no_provider_key"


class KeysRefused(BadInput):
    """The provider does not accept the keys; nothing was stored."""

    code = "keys_refused"


def save_provider_key(*, secret_id: str, secret_key: str, now: datetime) -> ProviderKey:
    """Store the keys after the provider has accepted them, and let every connection that waited for them go on.

    Raises: KeysRefused; Retryable when the provider cannot be asked. Nothing is stored then.
    """
    secret_id, secret_key = secret_id.strip(), secret_key.strip()
    if not secret_id or not secret_key or len(secret_id) > 200 or len(secret_key) > 500:
        raise KeysRefused("Give the secret ID and the secret key as the GoCardless portal shows them.")
    try:
        access, refresh = GoCardlessTokens(settings.GOCARDLESS_URL).new(secret_id=secret_id, secret_key=secret_key)
    except Refused as error:
        raise KeysRefused(str(error)) from error
    with transaction.atomic():
        row = ProviderKey.objects.select_for_update().filter(provider=BankProvider.GOCARDLESS).first()
        row = row or ProviderKey(provider=BankProvider.GOCARDLESS)
        row.secret_id_sealed = sealing.seal(row, "secret_id_sealed", secret_id)
        row.secret_key_sealed = sealing.seal(row, "secret_key_sealed", secret_key)
        _put(row, access, refresh, now)
        row.save()
        waiting = BankAccount.objects.filter(connection__state=BankConnection.State.LINKED, is_paused=False)
        waiting.filter(last_error_code__in=[Reason.CREDENTIALS_INVALID, Reason.ADDRESS_NOT_ALLOWED]).update(
            next_sync_at=now, failures=0, last_error="", last_error_code=""
        )
    return row


def has_provider_key() -> bool:
    """Return whether the tenant has keys."""
    return ProviderKey.objects.filter(provider=BankProvider.GOCARDLESS).exists()


def provider(*, now: datetime, is_patient: bool = False) -> GoCardless:
    """Return the tenant's bank data provider; a patient one repeats calls that failed, while nobody waits for it.

    Raises: NoProviderKey or SecretOff when the first call is made.
    """
    return GoCardless(settings.GOCARDLESS_URL, KeptTokens(now), breaker=_breaker(), is_patient=is_patient)


def _breaker() -> ProviderBreaker:
    return ProviderBreaker(BankProvider.GOCARDLESS)


def _put(row: ProviderKey, access: Token, refresh: Token | None, now: datetime) -> None:
    row.access_sealed = sealing.seal(row, "access_sealed", access.text)
    row.access_expires_at = now + timedelta(seconds=access.seconds)
    if refresh is not None:
        row.refresh_sealed = sealing.seal(row, "refresh_sealed", refresh.text)
        row.refresh_expires_at = now + timedelta(seconds=refresh.seconds)


class KeptTokens:
    """Implements `TokenSource` on the row of the keys.

    However many workers find the token over, one asks for another: the others wait for the tenant's named lock, not
    for a row, since no row stays locked while a provider is called.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now

    def current(self) -> str:
        """Return the kept token, or a fresh one when it is about to end."""
        row = self._row()
        with needs_secret("bank"):
            kept = sealing.unseal(row, "access_sealed")
        return kept if self._is_good(row) else self.renew(kept)

    def renew(self, rejected: str) -> str:
        """Return a token other than `rejected`.

        Raises: Refused(CREDENTIALS_INVALID), Retryable; NoProviderKey.
        """
        try:
            with needs_secret("bank"), locks.one_after_another(_LOCK):
                row = self._row()
                kept = sealing.unseal(row, "access_sealed")
                if self._is_good(row) and kept != rejected:
                    return kept
                access, refresh = self._asked_for(row)
                _put(row, access, refresh, self._now)
                row.save()
                return access.text
        except locks.Busy as error:
            raise Retryable("Another worker is renewing the token.", reason=Reason.NOT_READY, retry_after=30) from error

    def _asked_for(self, row: ProviderKey) -> tuple[Token, Token | None]:
        tokens = GoCardlessTokens(settings.GOCARDLESS_URL, breaker=_breaker())
        if row.refresh_expires_at and row.refresh_expires_at - _EARLY > self._now:
            try:
                return tokens.refresh(refresh_token=sealing.unseal(row, "refresh_sealed")), None
            except Refused as error:
                if error.reason != Reason.CREDENTIALS_INVALID:
                    raise
        return tokens.new(
            secret_id=sealing.unseal(row, "secret_id_sealed"), secret_key=sealing.unseal(row, "secret_key_sealed")
        )

    def _is_good(self, row: ProviderKey) -> bool:
        return bool(row.access_expires_at and row.access_expires_at - _EARLY > self._now)

    def _row(self) -> ProviderKey:
        row = ProviderKey.objects.filter(provider=BankProvider.GOCARDLESS).first()
        if row is None:
            raise NoProviderKey("There are no GoCardless keys yet. Enter them under Connections first.")
        return row
