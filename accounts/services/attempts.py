"""How often somebody may guess, or ask for what costs something: per account, per address, per tenant.

An attempt is counted before the password is looked at, by one statement that returns the new value, so that any number
of guesses at once cannot pass the limit. A success takes its own count back. Nothing is locked for ever.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AttemptCounter
from payymo.shared import crypto, figures
from payymo.shared.errors import DomainError
from tenants.models import Tenant

_COUNT = """
INSERT INTO accounts_attemptcounter AS held (tenant_id, subject, failures, window_started_at, blocked_until)
VALUES (%(tenant)s, %(subject)s, 1, %(now)s, NULL)
ON CONFLICT (tenant_id, subject) DO UPDATE SET
    failures = CASE WHEN held.window_started_at <= %(oldest)s THEN 1 ELSE held.failures + 1 END,
    window_started_at = CASE WHEN held.window_started_at <= %(oldest)s THEN %(now)s ELSE held.window_started_at END,
    blocked_until = CASE
        WHEN held.window_started_at <= %(oldest)s OR held.failures + 1 < %(allowed)s THEN NULL
        WHEN %(first_delay)s = 0 THEN held.window_started_at + make_interval(secs => %(window)s)
        ELSE %(now)s + make_interval(
            secs => least(%(longest_delay)s, %(first_delay)s * power(2, least(held.failures + 1 - %(allowed)s, 20)))
        )
    END
WHERE held.blocked_until IS NULL OR held.blocked_until <= %(now)s
RETURNING failures
"""


_TOO_MANY = _("Too many sign-in attempts. Try again in %s.")
_TOO_OFTEN = _("This was asked for too often. Try again in %s.")


@dataclass(frozen=True, slots=True)
class Rule:
    """`allowed` attempts in a window; then a pause that doubles, or (without `first_delay`) until the window ends."""

    kind: str
    allowed: int
    window: timedelta
    first_delay: timedelta = timedelta(0)
    longest_delay: timedelta = timedelta(minutes=15)
    says: str | Promise = _TOO_MANY


PER_ADDRESS = Rule("address", allowed=20, window=timedelta(minutes=15))
PER_ACCOUNT = Rule("account", allowed=5, window=timedelta(hours=24), first_delay=timedelta(seconds=30))
PER_TENANT = Rule("tenant", allowed=200, window=timedelta(minutes=15))

RESETS_PER_ADDRESS = Rule("reset_address", allowed=20, window=timedelta(minutes=15), says=_TOO_OFTEN)
RESETS_PER_ACCOUNT = Rule("reset_account", allowed=3, window=timedelta(hours=1), says=_TOO_OFTEN)
RESETS_PER_TENANT = Rule("reset_tenant", allowed=200, window=timedelta(minutes=15), says=_TOO_OFTEN)
TOKENS_PER_ADDRESS = Rule("token_address", allowed=60, window=timedelta(minutes=15), says=_TOO_OFTEN)
LINKS_PER_ADDRESS = Rule("link_address", allowed=30, window=timedelta(minutes=15), says=_TOO_OFTEN)
INVITATIONS = Rule("invitations", allowed=100, window=timedelta(hours=24), says=_TOO_OFTEN)


class TooManyAttempts(DomainError):
    """This was tried too often; `retry_after` says in how many seconds the next is looked at."""

    code = "too_many_attempts"
    status = 429

    def __init__(self, retry_after: int, says: str | Promise = PER_ACCOUNT.says) -> None:
        super().__init__(str(says) % figures.wait(retry_after))
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Attempt:
    """One counted attempt, to be taken back when it succeeds."""

    tenant: Tenant | None
    subjects: tuple[tuple[Rule, str], ...]


def count_attempt(*, email: str, address: str, tenant: Tenant | None, now: datetime) -> Attempt:
    """Count a sign-in attempt at the tenant (None: the staff host), whether or not the account exists.

    Raises: TooManyAttempts; what a refusing rule stands before is not counted, so that a caller who is over one limit
    cannot use up the limits of others.
    """
    subjects = (
        (PER_ADDRESS, _subject(PER_ADDRESS, address)),
        (PER_ACCOUNT, _subject(PER_ACCOUNT, email.strip().lower())),
        (PER_TENANT, _subject(PER_TENANT, "")),
    )
    for rule, subject in subjects:
        _count(rule, subject, tenant, now)
    return Attempt(tenant, subjects)


def count_use(rule: Rule, *, value: str, tenant: Tenant, now: datetime) -> None:
    """Count one use of what may be asked for `rule.allowed` times in a window, by this address, account or tenant.

    Raises: TooManyAttempts.
    """
    _count(rule, _subject(rule, value.strip().lower()), tenant, now)


@contextmanager
def counting_failures(
    rule: Rule, *, value: str, tenant: Tenant, failure: type[Exception], now: datetime
) -> Iterator[None]:
    """Count a try before it is made; what does not end in `failure` takes its count back.

    Raises: TooManyAttempts before anything is tried.
    """
    subject, failed = _subject(rule, value.strip().lower()), False
    _count(rule, subject, tenant, now)
    try:
        yield
    except failure:
        failed = True
        raise
    finally:
        if not failed:
            forgive_attempt(attempt=Attempt(tenant, ((rule, subject),)))


def forgive_attempt(*, attempt: Attempt, account: bool = True) -> None:
    """Take a successful attempt back: the account begins anew, address and tenant get this one count back.

    Shape: without `account` its count stays, for a sign-in of which only the first half succeeded.
    """
    for rule, subject in attempt.subjects:
        counter = AttemptCounter.objects.filter(tenant=attempt.tenant, subject=subject)
        if rule is PER_ACCOUNT:
            if account:
                counter.update(failures=0, blocked_until=None)
        else:
            # What is over a limit was never counted, so one count less always ends the pause.
            counter.update(failures=Greatest(F("failures") - 1, 0), blocked_until=None)


def _subject(rule: Rule, value: str) -> str:
    return f"{rule.kind}:{crypto.keyed_hash(value, key=settings.MASTER_KEY, purpose='sign-in ' + rule.kind)}"


def _count(rule: Rule, subject: str, tenant: Tenant | None, now: datetime) -> None:
    """Add one by a single statement; no row comes back while the subject is blocked.

    Raises: TooManyAttempts.
    """
    values: dict[str, Any] = {
        "tenant": tenant.pk if tenant else None,
        "subject": subject,
        "now": now,
        "oldest": now - rule.window,
        "allowed": rule.allowed,
        "window": rule.window.total_seconds(),
        "first_delay": rule.first_delay.total_seconds(),
        "longest_delay": rule.longest_delay.total_seconds(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        counted: Sequence[int] | None = cursor.fetchone()
    if counted is None:
        raise TooManyAttempts(_seconds_left(subject, tenant, now), rule.says)


def _seconds_left(subject: str, tenant: Tenant | None, now: datetime) -> int:
    until = (
        AttemptCounter.objects.filter(tenant=tenant, subject=subject).values_list("blocked_until", flat=True).first()
    )
    return max(1, int((until - now).total_seconds()) + 1) if until else 1
