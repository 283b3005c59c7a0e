"""Connecting a bank: the consent that its user gives on the bank's own page, or a pasted token; and its renewal.

What happens when the user comes back is in `consent_finishing`.
"""

import secrets
from datetime import datetime

from django.utils.translation import gettext

from banking.clients.base import BankProvider, Reason
from banking.models import BankConnection
from banking.services.consent_finishing import CALLBACK_LIFE, finish, reference_hash
from payymo.shared.errors import BadInput, Conflict, Refused, Retryable, Unknown
from tenants import context, sealing
from tenants.services import licences

State = BankConnection.State
HISTORY_DAYS = 180
_RENEWABLE = (State.LINKED, State.EXPIRED, State.SUSPENDED)


class UnknownInstitution(BadInput):
    """The provider does not know this bank."""

    code = "unknown_institution"


class TokenRefused(BadInput):
    """The pasted token does not open anything; nothing was stored."""

    code = "token_refused"


class NotRenewable(Conflict):
    """The connection is in a state that cannot be renewed."""

    code = "not_renewable"


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
        callback_hash=reference_hash(reference),
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
        connection = finish(row, provider, now)
    except Refused as error:
        row.delete()
        raise TokenRefused(str(error.sentence)) from error
    except (Retryable, Unknown):
        return row
    if connection.state == State.FAILED:
        sentence = connection.error_in_words
        connection.delete()
        raise TokenRefused(sentence)
    return connection
