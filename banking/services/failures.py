"""What a good or a failed fetch means for the next one: due times, back-off, and states in plain words."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop

from banking.clients.base import Reason
from banking.models import AccountQuota, BankAccount, BankConnection
from payymo.shared.errors import ProviderError
from payymo.shared.sentences import Sentence, as_columns
from tenants.breakers import LEFT_ALONE, SECRET_UNAVAILABLE

NOT_A_FAILURE = frozenset({Reason.RATE_LIMITED, Reason.NOT_READY})
CONSENT_ENDED = gettext_noop("The consent has ended. Renew it to go on.")
_SAYS = gettext_noop("%(provider)s says: “%(text)s”")
_DAY = timedelta(days=1)
_SOONEST = timedelta(hours=1)
# After two errors of the bank in a row only one try a day: ten of them suspend the account for good.
_BANK_ERRORS = (timedelta(minutes=30), _DAY, _DAY, _DAY, _DAY, _DAY)
_STOPS = frozenset(
    {
        Reason.CREDENTIALS_INVALID, Reason.ADDRESS_NOT_ALLOWED, Reason.ACCOUNT_CLOSED, Reason.ACCOUNT_FORBIDDEN,
        Reason.SCOPE_MISSING, Reason.NOT_FOUND, Reason.INVALID_REQUEST, Reason.HISTORY_TOO_LONG,
    }
)  # fmt: skip
_ENDS_CONNECTION = {
    Reason.CONSENT_ENDED: BankConnection.State.EXPIRED,
    Reason.SUSPENDED: BankConnection.State.SUSPENDED,
}


def _share(account: BankAccount) -> float:
    """Return the account's own share from 0 to 1, the same each time, by which due times are spread."""
    return (account.public_id.int % 10_007) / 10_007


def plan_next(account: BankAccount, *, at: datetime | None) -> None:
    """Set when the account is due again, spread so that not all come at once; None stops it."""
    due = at + timedelta(seconds=90 * _share(account)) if at else None
    BankAccount.objects.filter(pk=account.pk).update(next_sync_at=due)


def note_success(account: BankAccount, *, now: datetime, said: tuple[Sentence, ...] = ()) -> None:
    """Clear what was wrong and plan the next fetch so that the day's calls suffice, one left for a person.

    Shape: what the provider `said` along with its answer stays on the account for people to read.
    """
    limit = AccountQuota.objects.filter(account=account, scope="transactions").values_list("limit", flat=True).first()
    interval = max(_SOONEST, _DAY / max((limit or 4) - 1, 1))
    fresh = {"last_attempt_at": now, "last_success_at": now, "failures": 0, "last_error": "", "last_error_code": ""}
    BankAccount.objects.filter(pk=account.pk).update(
        next_sync_at=now + interval * (0.95 + 0.1 * _share(account)), **fresh
    )
    BankConnection.objects.filter(accounts=account).update(**fresh)
    if said:
        texts = " ".join(str(one.values["text"]) for one in said)
        told = Sentence(_SAYS, {"provider": said[0].values["provider"], "text": texts})
        row = BankAccount.objects.filter(pk=account.pk)
        row.update(**as_columns(told), last_error_code=Reason.PROVIDER_SAYS.value)


def note_failure(account: BankAccount, error: ProviderError, *, now: datetime) -> None:
    """Write down in plain words what happened and plan the next try; an ended consent stops the whole connection."""
    reason = error.reason
    if reason in NOT_A_FAILURE:
        _note(account, error, now=now, failures=account.failures)
        plan_next(account, at=now + timedelta(seconds=error.retry_after or 3600))
        return
    failures = account.failures + 1
    with transaction.atomic():
        _note(account, error, now=now, failures=failures)
        ends = _ENDS_CONNECTION.get(Reason(reason)) if reason in set(Reason) else None
        if ends is not None:
            # Only from a living state: a removed connection does not come back as an expired one.
            BankConnection.objects.filter(accounts=account, state=BankConnection.State.LINKED).update(state=ends)
            BankAccount.objects.filter(connection_id=account.connection_id).update(next_sync_at=None)
        else:
            plan_next(account, at=_next_try(reason, failures, now))


def _note(account: BankAccount, error: ProviderError, *, now: datetime, failures: int) -> None:
    said = {"last_attempt_at": now, "last_error_code": error.reason[:64], **as_columns(error.sentence)}
    BankAccount.objects.filter(pk=account.pk).update(failures=failures, **said)
    BankConnection.objects.filter(accounts=account).update(failures=failures, **said)


def _next_try(reason: str, failures: int, now: datetime) -> datetime | None:
    if reason == SECRET_UNAVAILABLE:
        # Nobody was asked: looking whether the secret is back costs nothing.
        return now + LEFT_ALONE
    if reason in _STOPS:
        return None
    if reason == Reason.BANK_ERROR:
        return now + _BANK_ERRORS[failures - 1] if failures <= len(_BANK_ERRORS) else None
    return now + min(timedelta(minutes=2 << min(failures, 8)), timedelta(hours=6))
