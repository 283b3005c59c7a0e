"""The way back from the bank: what the person brought is spent once, and the provider says what was granted.

The reference in the callback is the only link to the attempt and nobody signs it: it is random, kept as a hash, good
once, for ten minutes, and for the user who started. What the callback says is never believed; the provider is asked.
"""

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils.translation import gettext, gettext_noop

from banking import adapters
from banking.clients.base import (
    AccountRef,
    BankProvider,
    Consent,
    Fetched,
    LinkState,
    LinkStatus,
    ProviderAccount,
    Reason,
    Scope,
)
from banking.models import BankAccount, BankConnection
from banking.services import linking, quotas
from banking.services.disconnecting import revoke_quietly
from payymo.shared.errors import BadInput, ProviderError, Refused, Retryable
from payymo.shared.sentences import Sentence, as_columns
from tenants import sealing
from tenants.jobs import exclusive

logger = logging.getLogger(__name__)
State = BankConnection.State
CALLBACK_LIFE = timedelta(minutes=10)
# Banks may take longer to hand over the accounts than a person takes to come back.
GIVE_UP_AFTER = timedelta(hours=1)
# The details of an account that is ready are read again with those of one that is not: four times a day at most.
_WAITS = (timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=15), GIVE_UP_AFTER)
_UNKNOWN_REFERENCE = gettext_noop(
    "This link has ended, was already used, or belongs to somebody else. Please start again."
)
_NOT_FINISHED = gettext_noop("The consent was not finished at the bank. Please try again.")


class UnknownReference(BadInput):
    """The callback's reference is unknown, used, too old or somebody else's."""

    code = "unknown_reference"


def reference_hash(reference: str) -> str:
    """Return what is kept of a callback's reference."""
    return hashlib.sha256(reference.encode("utf-8", "replace")).hexdigest()


def provider_awaiting(*, reference: str) -> str:
    """Return the provider whose page sends somebody back with this reference.

    Raises: UnknownReference.
    """
    found = BankConnection.objects.filter(callback_hash=reference_hash(reference), state=State.PENDING)
    key = found.values_list("provider", flat=True).first()
    if key is None:
        raise UnknownReference(gettext(_UNKNOWN_REFERENCE))
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
        callback_hash=reference_hash(reference), state=State.PENDING, started_by_id=user_id, callback_until__gt=now,
        provider=provider.key,
    )  # fmt: skip
    connection = mine.first()
    # One statement spends the reference: of two parallel callbacks one goes on.
    spent: dict[str, str | bytes] = {"callback_hash": ""}
    if connection is not None and code and not connection.consent_id:
        spent["credential_sealed"] = sealing.seal(connection, "credential_sealed", code)
    if connection is None or not mine.filter(pk=connection.pk).update(**spent):
        raise UnknownReference(gettext(_UNKNOWN_REFERENCE))
    return finish(connection, provider, now, error_code=error_code)


def finish(
    connection: BankConnection, provider: BankProvider, now: datetime, *, error_code: str = "", waits: bool = False
) -> BankConnection:
    """Go on with a consent that came back: exchange it, ask how far it is, and link what it opens.

    Raises: Refused, Retryable, Unknown; linking.AccountLinkedElsewhere.
    """
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
            return _fail(connection, error.sentence, error.reason)
        if consent is None:
            told = provider.explain(error_code=error_code) or _NOT_FINISHED
            return _fail(connection, Sentence(told), "consent_not_given")
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
        told = gettext_noop("The consent is for another bank than the one that was chosen.")
        return _fail(connection, Sentence(told), "wrong_institution")
    if state.status is LinkStatus.LINKED and state.account_ids:
        return _link(connection, consent, state, provider, now)
    if waits and state.status is LinkStatus.OPEN:
        return connection
    sentence = provider.explain(error_code=error_code) or _NOT_FINISHED
    if state.status is LinkStatus.REJECTED and not error_code:
        sentence = gettext_noop("The bank refused the consent. Check the user there and try again.")
    return _fail(connection, Sentence(sentence), "consent_not_given")


def _link(
    connection: BankConnection, consent: Consent, state: LinkState, provider: BankProvider, now: datetime
) -> BankConnection:
    try:
        refs = [] if state.accounts else [AccountRef(consent, one) for one in state.account_ids]
        read = [provider.account(account=ref) for ref in refs]
    except Retryable as error:
        if error.reason not in {Reason.NOT_READY, Reason.BANK_DOWN, Reason.UNREACHABLE, Reason.RATE_LIMITED}:
            raise
        return _wait(connection, error, now)
    accounts = state.accounts or [one.value for one in read]
    try:
        linking.link_accounts(connection=connection, accounts=accounts, ends_at=state.ends_at, now=now)
    except linking.AccountLinkedElsewhere as error:
        _fail(connection, error.sentence, error.code)
        revoke_quietly(connection, provider)
        raise
    _count_calls(connection, read, provider, now)
    if state.institution_name:
        BankConnection.objects.filter(pk=connection.pk).update(institution_name=state.institution_name[:200])
    connection.refresh_from_db()
    if connection.renews is not None:
        revoke_quietly(connection.renews, provider)
    return connection


def _wait(connection: BankConnection, error: Retryable, now: datetime) -> BankConnection:
    """Say that the accounts are not ready, and when they are asked for again."""
    wait = max(_WAITS[min(connection.failures, len(_WAITS) - 1)], timedelta(seconds=error.retry_after or 0))
    BankConnection.objects.filter(pk=connection.pk).update(
        last_error=gettext_noop("The bank is still preparing the accounts. This can take a few minutes."),
        last_error_code=error.reason, failures=F("failures") + 1, next_sync_at=now + wait,
    )  # fmt: skip
    connection.refresh_from_db()
    return connection


def _count_calls(
    connection: BankConnection, read: Sequence[Fetched[ProviderAccount]], provider: BankProvider, now: datetime
) -> None:
    """Count the calls for details against the accounts that they told of."""
    rows = {row.provider_account_id: row for row in BankAccount.objects.filter(connection=connection)}
    for one in read:
        if (row := rows.get(one.value.id)) is not None:
            limit = provider.capabilities.daily_reads
            quotas.take_call(account=row, scope=Scope.DETAILS, keep_back=0, now=now, limit=limit)
            quotas.correct(account=row, scope=Scope.DETAILS, quota=one.quota, now=now)


def _fail(connection: BankConnection, sentence: Sentence, code: str) -> BankConnection:
    BankConnection.objects.filter(pk=connection.pk, state=State.PENDING).update(
        state=State.FAILED, **as_columns(sentence), last_error_code=code, callback_hash="", consent_link="",
        credential_sealed=b"",
    )  # fmt: skip
    connection.refresh_from_db()
    return connection


def finish_waiting(*, provider: BankProvider, now: datetime) -> int:
    """Go on with this provider's consents that came back while the bank was not ready; give up what nobody finished.

    Shape: returns how many were linked.
    """
    linked = 0
    due = Q(next_sync_at=None) | Q(next_sync_at__lte=now) | Q(created_at__lte=now - GIVE_UP_AFTER)
    waiting = BankConnection.objects.filter(due, state=State.PENDING, provider=provider.key)
    for connection in waiting.order_by("pk")[:50]:
        started = connection.callback_until - CALLBACK_LIFE if connection.callback_until else connection.created_at
        if started + GIVE_UP_AFTER <= now:
            _fail(connection, Sentence(_NOT_FINISHED), "consent_not_given")
        elif not connection.callback_hash:
            try:
                linked += finish(connection, provider, now, waits=True).state == State.LINKED
            except (ProviderError, linking.AccountLinkedElsewhere) as error:
                logger.info("consent waits", extra={"event": "consent_waits", "reason": getattr(error, "reason", "")})
    return linked
