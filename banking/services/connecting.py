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
from redis.exceptions import RedisError

from banking.clients.base import BankProvider, Institution, LinkState, LinkStatus, Reason
from banking.models import BankAccount, BankConnection
from banking.services import linking
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict, ProviderError, Refused, Retryable, Unknown

logger = logging.getLogger(__name__)
State = BankConnection.State
CALLBACK_LIFE = timedelta(minutes=10)
# Banks may take longer to hand over the accounts than a person takes to come back.
GIVE_UP_AFTER = timedelta(hours=1)
HISTORY_DAYS = 180
_INSTITUTIONS_SECONDS = 86_400
_RENEWABLE = (State.LINKED, State.EXPIRED, State.SUSPENDED)
_NOT_FINISHED = "The consent was not finished at the bank. Please try again."
_CALLBACK_ERRORS = {
    "InstitutionTechnicalError": "The bank had a technical problem. Try again later.",
    "GoCardlessTechnicalError": "GoCardless had a technical problem. Try again later.",
    "RequisitionLinkReused": "The link was already used. Start again from Connections.",
    "ConsentLinkReused": "The link was already used. Start again from Connections.",
    "UserCancelledSession": "The consent was cancelled.",
    "UserSessionRejected": "The bank refused the sign-in. Check the user there and try again.",
    "CompanyRequisitionLimitReached": "The GoCardless plan allows no further banks.",
}


class UnknownInstitution(BadInput):
    """The provider does not know this bank."""

    code = "unknown_institution"


class UnknownReference(BadInput):
    """The callback's reference is unknown, used, too old or somebody else's."""

    code = "unknown_reference"


class NotRenewable(Conflict):
    """The connection is in a state that cannot be renewed."""

    code = "not_renewable"


class UnknownCountry(BadInput):
    """The country is not a two-letter code."""

    code = "unknown_country"


def list_institutions(*, country: str, provider: BankProvider) -> Sequence[Institution]:
    """Return the banks of a country, asked for once a day.

    Raises: UnknownCountry; Refused, Retryable.
    """
    code = country.strip().upper()
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        raise UnknownCountry("Give the country as two letters, such as DE.")
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

    Raises: UnknownInstitution; Refused (plan used up), Retryable, Unknown. Nothing is stored then.
    """
    try:
        institution = provider.institution(institution_id=institution_id)
    except Refused as error:
        if error.reason == Reason.UNKNOWN_INSTITUTION:
            raise UnknownInstitution("No bank has this id. Choose one from the list of a country.") from error
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
        institution_id=institution.id,
        institution_name=institution.name,
        country=country or (countries[0] if countries else ""),
        requisition_id=link.requisition_id,
        agreement_id=link.agreement_id,
        consent_link=link.url,
        callback_hash=_hash(reference),
        callback_until=now + CALLBACK_LIFE,
        started_by_id=user_id,
        history_days=link.history_days,
        access_days=link.access_days,
        renews=renews,
    )


def renew_consent(
    *, connection: BankConnection, user_id: int, redirect_url: str, provider: BankProvider, now: datetime
) -> BankConnection:
    """Start a new consent at the same bank; when it is finished it takes over the accounts and their history.

    Raises: NotRenewable; what `start_consent` raises.
    """
    if connection.state not in _RENEWABLE:
        raise NotRenewable(f"A connection that is {connection.get_state_display().lower()} cannot be renewed.")
    return start_consent(
        institution_id=connection.institution_id,
        user_id=user_id,
        redirect_url=redirect_url,
        provider=provider,
        now=now,
        renews=connection,
    )


def finish_consent(
    *, reference: str, user_id: int, provider: BankProvider, now: datetime, error_code: str = ""
) -> BankConnection:
    """Take the user back from the bank: ask the provider what was granted and link the accounts.

    Shape: LINKED; PENDING when the bank is still preparing the accounts (`finish_waiting` goes on); FAILED with the
    reason in plain words in `last_error`. `error_code` is what the callback claims; it only words a failure.
    Raises: UnknownReference, and nothing changes; linking.AccountLinkedElsewhere; Retryable when the provider cannot
    be asked now (`finish_waiting` goes on).
    """
    mine = BankConnection.objects.filter(
        callback_hash=_hash(reference), state=State.PENDING, started_by_id=user_id, callback_until__gt=now
    )
    connection = mine.first()
    # One statement spends the reference: of two parallel callbacks one goes on.
    if connection is None or not mine.filter(pk=connection.pk).update(callback_hash=""):
        raise UnknownReference(
            "This link has ended, was already used, or belongs to somebody else. Please start again."
        )
    return _finish(connection, provider, now, error_code=error_code)


def _finish(
    connection: BankConnection, provider: BankProvider, now: datetime, *, error_code: str = "", waits: bool = False
) -> BankConnection:
    state = provider.link_state(requisition_id=connection.requisition_id)
    if state.institution_id != connection.institution_id:
        return _fail(connection, "The consent is for another bank than the one that was chosen.", "wrong_institution")
    if state.status is LinkStatus.LINKED and state.account_ids:
        return _link(connection, state, provider, now)
    if waits and state.status is LinkStatus.OPEN:
        return connection
    sentence = _CALLBACK_ERRORS.get(error_code, _NOT_FINISHED)
    if state.status is LinkStatus.REJECTED and not error_code:
        sentence = "The bank refused the consent. Check the user there and try again."
    return _fail(connection, sentence, "consent_not_given")


def _link(connection: BankConnection, state: LinkState, provider: BankProvider, now: datetime) -> BankConnection:
    try:
        accounts = [provider.account(account_id=one).value for one in state.account_ids]
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
    connection.refresh_from_db()
    if connection.renews is not None:
        _revoke_quietly(connection.renews, provider)
    return connection


def _fail(connection: BankConnection, sentence: str, code: str) -> BankConnection:
    BankConnection.objects.filter(pk=connection.pk, state=State.PENDING).update(
        state=State.FAILED, last_error=sentence, last_error_code=code, callback_hash="", consent_link=""
    )
    connection.refresh_from_db()
    return connection


def finish_waiting(*, provider: BankProvider, now: datetime) -> int:
    """Go on with consents that came back while the bank was not ready, and give up what nobody finished.

    Shape: returns how many were linked.
    """
    linked = 0
    for connection in BankConnection.objects.filter(state=State.PENDING).order_by("pk")[:50]:
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
    for connection in BankConnection.objects.filter(state=State.REVOKED).exclude(requisition_id="").order_by("pk")[:20]:
        told += _revoke_quietly(connection, provider)
    return told


def _revoke_quietly(connection: BankConnection, provider: BankProvider) -> bool:
    if not connection.requisition_id:
        return False
    try:
        provider.revoke(requisition_id=connection.requisition_id)
    except (Refused, Retryable, Unknown, Conflict) as error:
        logger.warning(
            "consent not withdrawn yet",
            extra={"event": "revoke_failed", "connection": str(connection.public_id), "reason": type(error).__name__},
        )
        return False
    BankConnection.objects.filter(pk=connection.pk).update(requisition_id="", agreement_id="")
    return True
