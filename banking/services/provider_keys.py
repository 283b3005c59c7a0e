"""The tenant's keys at each bank data provider, and the one token that every worker shares."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from banking import locks
from banking.clients import base
from banking.clients.base import Capabilities, Reason, Token
from banking.clients.enable_banking import Application, EnableBanking
from banking.clients.gocardless import GoCardless, GoCardlessTokens
from banking.clients.simplefin import SimpleFin
from banking.models import BankAccount, BankConnection, BankProvider, ProviderKey
from payymo.shared.errors import BadInput, Conflict, Refused, Retryable
from tenants import sealing
from tenants.breakers import ProviderBreaker, needs_secret

# Renewed early enough that a token does not end between two calls of one run.
_EARLY = timedelta(minutes=5)
_LOCK = "gocardless-token"
_LONGEST_KEY = 8000


class NoProviderKey(Conflict):
    """There are no keys of the bank data provider yet."""

    code = "no_provider_key"


class KeysRefused(BadInput):
    """The provider does not accept the keys; nothing was stored."""

    code = "keys_refused"


class UnknownProvider(BadInput):
    """There is no provider of this name."""

    code = "unknown_provider"


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider to connect by. `is_ready`: its keys are there, or it needs none."""

    key: str
    name: str
    capabilities: Capabilities
    is_ready: bool


_CAPABILITIES = {
    BankProvider.ENABLE_BANKING: EnableBanking.capabilities,
    BankProvider.GOCARDLESS: GoCardless.capabilities,
    BankProvider.SIMPLEFIN: SimpleFin.capabilities,
}


def choices() -> tuple[Choice, ...]:
    """Return every provider, those open to new users first."""
    held = set(ProviderKey.objects.values_list("provider", flat=True))
    listed = [(key, _CAPABILITIES[key]) for key in BankProvider if key in _CAPABILITIES]
    return tuple(
        Choice(key.value, str(key.label), able, key.value in held or not able.needs_keys) for key, able in listed
    )


def default_choice() -> str:
    """Return the provider of the newest connection, or the first whose keys are there, or the first of all."""
    listed = choices()
    newest = BankConnection.objects.order_by("-pk").values_list("provider", flat=True).first()
    first = (one.key for one in listed if one.is_ready and one.capabilities.needs_keys)
    return newest or next(first, listed[0].key)


def require_keys(key: str) -> None:
    """Let go on where the provider's keys are there, or it needs none.

    Raises: UnknownProvider, NoProviderKey.
    """
    if not choice(key).is_ready:
        raise _no_keys(BankProvider(key))


def choice(key: str) -> Choice:
    """Return one provider.

    Raises: UnknownProvider.
    """
    found = next((one for one in choices() if one.key == key), None)
    if found is None:
        raise UnknownProvider(gettext("There is no bank data provider of this name."))
    return found


def save_provider_key(
    *, provider: str, secret_id: str, secret_key: str, now: datetime, redirect_url: str = ""
) -> ProviderKey:
    """Store the keys after the provider has accepted them, and let every connection that waited for them go on.

    Shape: `redirect_url`, when given, must be one that the provider lets people come back to.
    Raises: KeysRefused; Retryable when the provider cannot be asked. Nothing is stored then.
    """
    secret_id, secret_key = secret_id.strip(), secret_key.strip()
    if not secret_id or not secret_key or len(secret_id) > 200 or len(secret_key) > _LONGEST_KEY:
        raise KeysRefused(gettext("Give both keys as the provider's portal shows them."))
    tokens = _accepted(provider, secret_id, secret_key, redirect_url, now)
    with transaction.atomic():
        row = ProviderKey.objects.select_for_update().filter(provider=provider).first()
        row = row or ProviderKey(provider=provider)
        row.secret_id_sealed = sealing.seal(row, "secret_id_sealed", secret_id)
        row.secret_key_sealed = sealing.seal(row, "secret_key_sealed", secret_key)
        if tokens:
            _put(row, *tokens, now)
        row.save()
        living = {"connection__state": BankConnection.State.LINKED, "connection__provider": provider}
        waiting = BankAccount.objects.filter(is_paused=False, **living)
        waiting.filter(last_error_code__in=[Reason.CREDENTIALS_INVALID, Reason.ADDRESS_NOT_ALLOWED]).update(
            next_sync_at=now, failures=0, last_error="", last_error_code=""
        )
    return row


def _accepted(
    provider: str, secret_id: str, secret_key: str, redirect_url: str, now: datetime
) -> tuple[Token, Token] | None:
    """Return the tokens that the keys give, where the provider gives any.

    Raises: KeysRefused, UnknownProvider; Retryable.
    """
    try:
        if provider == BankProvider.GOCARDLESS:
            return GoCardlessTokens(settings.GOCARDLESS_URL).new(secret_id=secret_id, secret_key=secret_key)
        if provider == BankProvider.ENABLE_BANKING:
            application = Application(secret_id, secret_key)
            allowed = EnableBanking(settings.ENABLE_BANKING_URL, lambda: application, now=now).redirect_urls()
            if redirect_url and redirect_url not in allowed:
                raise KeysRefused(
                    gettext("Add %(redirect_url)s to the redirect URLs of the application at Enable Banking first.")
                    % {"redirect_url": redirect_url}
                )
            return None
    except Refused as error:
        raise KeysRefused(str(error.sentence)) from error
    raise UnknownProvider(gettext("There is no bank data provider of this name that takes keys."))


def provider(key: str, *, now: datetime, is_patient: bool = False) -> base.BankProvider:
    """Return one of the tenant's bank data providers; a patient one repeats calls that failed, while nobody waits.

    Raises: UnknownProvider; NoProviderKey or SecretOff when the first call is made.
    """
    if key == BankProvider.GOCARDLESS:
        return GoCardless(settings.GOCARDLESS_URL, KeptTokens(now), breaker=_breaker(key), is_patient=is_patient)
    if key == BankProvider.ENABLE_BANKING:
        return EnableBanking(
            settings.ENABLE_BANKING_URL, _application, now=now, breaker=_breaker(key), is_patient=is_patient
        )
    if key == BankProvider.SIMPLEFIN:
        return SimpleFin(breaker=_breaker(key))
    raise UnknownProvider(gettext("There is no bank data provider of this name."))


def _application() -> Application:
    row = _row_of(BankProvider.ENABLE_BANKING)
    with needs_secret("bank"):
        return Application(sealing.unseal(row, "secret_id_sealed"), sealing.unseal(row, "secret_key_sealed"))


def _breaker(key: str) -> ProviderBreaker:
    return ProviderBreaker(key)


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
            raise Retryable(
                _("Another worker is renewing the token."), reason=Reason.NOT_READY, retry_after=30
            ) from error

    def _asked_for(self, row: ProviderKey) -> tuple[Token, Token | None]:
        tokens = GoCardlessTokens(settings.GOCARDLESS_URL, breaker=_breaker(BankProvider.GOCARDLESS))
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
        return _row_of(BankProvider.GOCARDLESS)


def _row_of(key: BankProvider) -> ProviderKey:
    row = ProviderKey.objects.filter(provider=key).first()
    if row is None:
        raise _no_keys(key)
    return row


def _no_keys(key: BankProvider) -> NoProviderKey:
    text = gettext("There are no %(provider)s keys yet. Enter them under Connections first.")
    return NoProviderKey(text % {"provider": str(key.label).split(" Bank ")[0]})
