"""Connecting a bank: keys, banks to choose from, the consent and its way back.

The reference in the callback is the only link to the attempt and nobody signs it: it is random, kept as a hash, good
once, for ten minutes, and for the user who started. What the callback says is never believed; the provider is asked.
"""

import hashlib
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext
from redis.exceptions import RedisError

from banking import adapters
from banking.clients.base import AccountRef, BankProvider, Consent, Institution, LinkState, LinkStatus, Reason
from banking.models import BankAccount, BankConnection
from banking.services import linking
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict, ProviderError, Refused, Retryable, Unknown
from tenants import context, sealing
from tenants.jobs import exclusive
from tenants.services import licences

logger = logging.getLogger(__name__)
State = BankConnection.State
CALLBACK_LIFE = timedelta(minutes=10)
# Banks may take longer to hand over the accounts than a person takes to come back.
GIVE_UP_AFTER = timedelta(hours=1)
HISTORY_DAYS = 180
_INSTITUTIONS_SECONDS = 86_400
_RENEWABLE = (State.LINKED, State.EXPIRED, State.SUSPENDED)
_UNKNOWN_REFERENCE = "This link has ended, was already used, or belongs to somebody else. Please start again."
_NOT_FINISHED = "The consent was not finished at the bank. Please try again."


class UnknownInstitution(BadInput):
    """The provider does not know this bank."""

    code = "unknown_institution"


class UnknownReference(BadInput):
    """The callback's reference is unknown, used, too old or somebody else's."""

    code = "unknown_reference"


class TokenRefused(BadInput):
    """The pasted token does not open anything; nothing was stored."""

    code = "token_refused"


class NotRenewable(Conflict):
    """The connection is in a state that cannot be renewed."""

    code = "not_renewable"


class UnknownCountry(BadInput):
    """The country is not a two-letter code."""

    code = "unknown_country"


def list_institutions(*, country: str, provider: BankProvider, text: str = "") -> Sequence[Institution]:
    """Return the banks of a country whose name or BIC holds the text; the provider is asked once a day.

    Raises: UnknownCountry; Refused, Retryable.
    """
    code = country.strip().upper()
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        raise UnknownCountry(gettext("Give the country as two letters, such as DE."))
    wanted = text.strip().casefold()
    listed = _listed(code, provider)
    return tuple(one for one in listed if wanted in one.name.casefold() or wanted in one.bic.casefold())


def _listed(code: str, provider: BankProvider) -> tuple[Institution, ...]:
    name = f"institutions:{provider.key}:{code}"
    try:
        if (kept := cache.get(name)) is not None:
            return tuple(kept)
    except RedisError:
        logger.warning("cache is not reachable", extra={"event": "cache_unreachable"})
    found = tuple(provider.list_institutions(country=code))
    try:
        cache.set(name, found, _INSTITUTIONS_SECONDS)
    except RedisError:
        logger.warning("cache is not reachable", extra={"event": "cache_unreachable"})
    return found


def _hash(reference: str) -> str:
    return hashlib.sha256(reference.encode("utf-8", "replace")).hexdigest()


def _require_room(now: datetime) -> None:
    in_use = BankConnection.objects.filter(state__in=_RENEWABLE).count()
    licences.require_room(tenant=context.current(), limit="bank_connections", used=in_use, now=now)


def start_consent(
    *,
    institution_id: str,
    user_id: int,
    redirect_url: str,
    provider: BankProvider,
    now: datetime,
    renews: BankConnection | None = None,
    language: str = "en",
) -> BankConnection:
    """Prepare a consent and return its connection, which waits; `consent_link` is the page to send the user to.

    Raises: UnknownInstitution; LicenceLimit; Refused (plan used up), Retryable, Unknown. Nothing is stored then.
    """
    if renews is None:
        _require_room(now)
    try:
        institution = provider.institution(institution_id=institution_id)
    except Refused as error:
        if error.reason == Reason.UNKNOWN_INSTITUTION:
            raise UnknownInstitution(gettext("No bank has this id. Choose one from the list of a country.")) from error
        raise
    reference = secrets.token_urlsafe(32)
    link = provider.start_link(
        institution=institution,
        reference=reference,
        redirect_url=redirect_url,
        history_days=HISTORY_DAYS,
        language=language,
    )
    countries = institution.countries
    country = renews.country if renews else next((one for one in countries if one in institution_id), "")
    return BankConnection.objects.create(
        provider=provider.key,
        institution_id=institution.id,
        institution_name=institution.name,
        country=country or (countries[0] if countries else ""),
        consent_id=link.consent_id,
        attempt_id=link.attempt_id,
        consent_link=link.url,
        callback_hash=_hash(reference),
        callback_until=now + CALLBACK_LIFE,
        started_by_id=user_id,
        history_days=link.history_days,
        access_days=link.access_days,
        renews=renews,
    )


def connect(
    *, institution_id: str, token: str, user_id: int, redirect_url: str, provider: BankProvider, now: datetime
) -> BankConnection:
    """Start a consent at a bank, or connect with a token, whichever way the provider goes.

    Raises: what `start_consent` or `connect_with_token` raises.
    """
    if not provider.capabilities.needs_redirect:
        return connect_with_token(token=token, user_id=user_id, provider=provider, now=now)
    return start_consent(
        institution_id=institution_id, user_id=user_id, redirect_url=redirect_url, provider=provider, now=now
    )


def renew_consent(
    *,
    connection: BankConnection,
    user_id: int,
    redirect_url: str,
    provider: BankProvider,
    now: datetime,
    token: str = "",
) -> BankConnection:
    """Start a new consent at the same bank; when it is finished it takes over the accounts and their history.

    Raises: NotRenewable; what `start_consent` raises.
    """
    check_renewable(connection)
    if not provider.capabilities.needs_redirect:
        return connect_with_token(token=token, user_id=user_id, provider=provider, now=now, renews=connection)
    return start_consent(
        institution_id=connection.institution_id,
        user_id=user_id,
        redirect_url=redirect_url,
        provider=provider,
        now=now,
        renews=connection,
    )


def check_renewable(connection: BankConnection) -> None:
    """Pass if the connection may be renewed.

    Raises: NotRenewable.
    """
    if connection.state not in _RENEWABLE:
        raise NotRenewable(
            gettext("A connection that is %(state)s cannot be renewed.")
            % {"state": connection.get_state_display().lower()}
        )


def connect_with_token(
    *, token: str, user_id: int, provider: BankProvider, now: datetime, renews: BankConnection | None = None
) -> BankConnection:
    """Connect everything that a pasted token opens; the token is good once.

    Shape: PENDING when the provider does not answer now (`finish_waiting` goes on).
    Raises: TokenRefused, LicenceLimit, and nothing is stored; NotRenewable; linking.AccountLinkedElsewhere.
    """
    if renews is None:
        _require_room(now)
    else:
        check_renewable(renews)
    row = BankConnection(
        provider=provider.key, institution_id=provider.key, institution_name=provider.key, started_by_id=user_id,
        callback_until=now + CALLBACK_LIFE, history_days=HISTORY_DAYS, renews=renews,
    )  # fmt: skip
    row.institution_name = row.get_provider_display()
    row.credential_sealed = sealing.seal(row, "credential_sealed", token.strip())
    row.save()
    try:
        connection = _finish(row, provider, now)
    except Refused as error:
        row.delete()
        raise TokenRefused(str(error)) from error
    except (Retryable, Unknown):
        return row
    if connection.state == State.FAILED:
        sentence = connection.last_error
        connection.delete()
        raise TokenRefused(sentence)
    return connection


def provider_awaiting(*, reference: str) -> str:
    """Return the provider whose page sends somebody back with this reference.

    Raises: UnknownReference.
    """
    found = BankConnection.objects.filter(callback_hash=_hash(reference), state=State.PENDING)
    key = found.values_list("provider", flat=True).first()
    if key is None:
        raise UnknownReference(_UNKNOWN_REFERENCE)
    return key


def finish_consent(
    *, reference: str, user_id: int, provider: BankProvider, now: datetime, error_code: str = "", code: str = ""
) -> BankConnection:
    """Take the user back from the bank: ask the provider what was granted and link the accounts.

    Shape: LINKED; PENDING when the bank is still preparing the accounts (`finish_waiting` goes on); FAILED with the
    reason in plain words in `last_error`. `error_code` is what the callback claims; it only words a failure. `code` is
    kept sealed until the provider has taken it for the lasting consent.
    Raises: UnknownReference, and nothing changes; linking.AccountLinkedElsewhere; Retryable when the provider cannot
    be asked now (`finish_waiting` goes on).
    """
    mine = BankConnection.objects.filter(
        callback_hash=_hash(reference), state=State.PENDING, started_by_id=user_id, callback_until__gt=now,
        provider=provider.key,
    )  # fmt: skip
    connection = mine.first()
    # One statement spends the reference: of two parallel callbacks one goes on.
    spent: dict[str, str | bytes] = {"callback_hash": ""}
    if connection is not None and code and not connection.consent_id:
        spent["credential_sealed"] = sealing.seal(connection, "credential_sealed", code)
    if connection is None or not mine.filter(pk=connection.pk).update(**spent):
        raise UnknownReference(_UNKNOWN_REFERENCE)
    return _finish(connection, provider, now, error_code=error_code)


def _finish(
    connection: BankConnection, provider: BankProvider, now: datetime, *, error_code: str = "", waits: bool = False
) -> BankConnection:
    with exclusive(f"consent:{connection.pk}") as free:
        # What came back is good once: of a person and a worker who are at it together, one exchanges it.
        connection.refresh_from_db()
        if not free or connection.state != State.PENDING:
            return connection
        try:
            consent = _lasting(connection, provider)
        except Refused as error:
            if error.reason != Reason.CONSENT_NOT_GIVEN:
                raise
            return _fail(connection, str(error), error.reason)
        if consent is None:
            return _fail(connection, provider.explain(error_code=error_code) or _NOT_FINISHED, "consent_not_given")
        return _proceed(connection, consent, provider, now, error_code=error_code, waits=waits)


def _lasting(connection: BankConnection, provider: BankProvider) -> Consent | None:
    """Return the consent, exchanged and written down if it was not yet; None when there is nothing to exchange."""
    consent = adapters.consent_of(connection)
    if consent.id:
        return consent
    if not consent.secret:
        return None
    lasting = provider.exchange(consent=consent)
    sealed = sealing.seal(connection, "credential_sealed", lasting.secret) if lasting.secret else b""
    BankConnection.objects.filter(pk=connection.pk).update(consent_id=lasting.id, credential_sealed=sealed)
    connection.refresh_from_db()
    return lasting


def _proceed(
    connection: BankConnection,
    consent: Consent,
    provider: BankProvider,
    now: datetime,
    *,
    error_code: str,
    waits: bool,
) -> BankConnection:
    state = provider.link_state(consent=consent)
    if state.institution_id != connection.institution_id:
        return _fail(connection, "The consent is for another bank than the one that was chosen.", "wrong_institution")
    if state.status is LinkStatus.LINKED and state.account_ids:
        return _link(connection, consent, state, provider, now)
    if waits and state.status is LinkStatus.OPEN:
        return connection
    sentence = provider.explain(error_code=error_code) or _NOT_FINISHED
    if state.status is LinkStatus.REJECTED and not error_code:
        sentence = "The bank refused the consent. Check the user there and try again."
    return _fail(connection, sentence, "consent_not_given")


def _link(
    connection: BankConnection, consent: Consent, state: LinkState, provider: BankProvider, now: datetime
) -> BankConnection:
    try:
        refs = [AccountRef(consent, one) for one in state.account_ids]
        accounts = state.accounts or [provider.account(account=ref).value for ref in refs]
    except Retryable as error:
        if error.reason not in {Reason.NOT_READY, Reason.BANK_DOWN, Reason.UNREACHABLE, Reason.RATE_LIMITED}:
            raise
        BankConnection.objects.filter(pk=connection.pk).update(
            last_error="The bank is still preparing the accounts. This can take a few minutes.",
            last_error_code=error.reason,
        )
        connection.refresh_from_db()
        return connection
    try:
        linking.link_accounts(connection=connection, accounts=accounts, ends_at=state.ends_at, now=now)
    except linking.AccountLinkedElsewhere as error:
        _fail(connection, str(error), error.code)
        _revoke_quietly(connection, provider)
        raise
    if state.institution_name:
        BankConnection.objects.filter(pk=connection.pk).update(institution_name=state.institution_name[:200])
    connection.refresh_from_db()
    if connection.renews is not None:
        _revoke_quietly(connection.renews, provider)
    return connection


def _fail(connection: BankConnection, sentence: str, code: str) -> BankConnection:
    BankConnection.objects.filter(pk=connection.pk, state=State.PENDING).update(
        state=State.FAILED, last_error=sentence, last_error_code=code, callback_hash="", consent_link="",
        credential_sealed=b"",
    )  # fmt: skip
    connection.refresh_from_db()
    return connection


def finish_waiting(*, provider: BankProvider, now: datetime) -> int:
    """Go on with this provider's consents that came back while the bank was not ready; give up what nobody finished.

    Shape: returns how many were linked.
    """
    linked = 0
    for connection in BankConnection.objects.filter(state=State.PENDING, provider=provider.key).order_by("pk")[:50]:
        started = connection.callback_until - CALLBACK_LIFE if connection.callback_until else connection.created_at
        if started + GIVE_UP_AFTER <= now:
            _fail(connection, _NOT_FINISHED, "consent_not_given")
        elif not connection.callback_hash:
            try:
                linked += _finish(connection, provider, now, waits=True).state == State.LINKED
            except (ProviderError, linking.AccountLinkedElsewhere) as error:
                logger.info("consent waits", extra={"event": "consent_waits", "reason": getattr(error, "reason", "")})
    return linked


def remove_connection(*, connection: BankConnection, provider: BankProvider) -> BankConnection:
    """Stop fetching at once, keep the history, and withdraw the consent at the provider.

    Shape: when the provider cannot be told now, `revoke_removed` tells it later.
    """
    with transaction.atomic():
        row = BankConnection.objects.select_for_update().get(pk=connection.pk)
        row.state, row.callback_hash, row.consent_link = State.REVOKED, "", ""
        row.last_error = row.last_error_code = ""
        row.save(update_fields=["state", "callback_hash", "consent_link", "last_error", "last_error_code"])
        accounts = BankAccount.objects.filter(connection=row)
        linking.release(list(accounts))
        accounts.update(next_sync_at=None, provider_account_id="")
        audit.record(action="connection.removed", about=row)
    _revoke_quietly(row, provider)
    row.refresh_from_db()
    return row


def withdraw_consent(*, connection: BankConnection, provider: BankProvider, now: datetime) -> BankConnection:
    """Stop fetching at once, withdraw the consent at the provider, and have what no bookkeeping needs erased.

    Shape: erased by the retention two weeks later (`data_erased_at`), unless a new consent takes the accounts over.
    """
    with transaction.atomic():
        row = BankConnection.objects.select_for_update().get(pk=connection.pk)
        if row.withdrawn_at is None:
            BankConnection.objects.filter(pk=row.pk).update(withdrawn_at=now)
            audit.record(action="consent.withdrawn", about=row)
    return remove_connection(connection=row, provider=provider)


def revoke_removed(*, provider: BankProvider) -> int:
    """Withdraw at the provider what was removed here while it could not be told; return how many it was."""
    told = 0
    removed = BankConnection.objects.filter(state=State.REVOKED, provider=provider.key).exclude(consent_id="")
    for connection in removed.order_by("pk")[:20]:
        told += _revoke_quietly(connection, provider)
    return told


def _revoke_quietly(connection: BankConnection, provider: BankProvider) -> bool:
    if not connection.consent_id:
        BankConnection.objects.filter(pk=connection.pk).update(credential_sealed=b"")
        return False
    try:
        provider.revoke(consent=adapters.consent_of(connection))
    except (Refused, Retryable, Unknown, Conflict) as error:
        logger.warning(
            "consent not withdrawn yet",
            extra={"event": "revoke_failed", "connection": str(connection.public_id), "reason": type(error).__name__},
        )
        return False
    BankConnection.objects.filter(pk=connection.pk).update(consent_id="", attempt_id="", credential_sealed=b"")
    return True
