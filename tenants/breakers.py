"""Leaving alone what is broken, for one tenant at a time: providers that do not answer, secrets that cannot be had."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_noop

from payymo.shared.crypto import UnreadableSecret
from payymo.shared.errors import Retryable
from payymo.shared.http import BreakerOpen
from payymo.shared.secret_store.base import SecretUnavailable
from tenants import context
from tenants.models import Breaker

OPENS_AFTER = 5
LEFT_ALONE = timedelta(seconds=60)
SECRET_UNAVAILABLE = "secret_unavailable"  # noqa: S105 - a reason, not a secret  # nosec B105
_SECRET = "secret:"  # noqa: S105 - the beginning of a name  # nosec B105

# One statement, so that any number of processes count together.
_COUNT = """
INSERT INTO tenants_breaker AS held (tenant_id, name, failures, opened_at, tries_again_at)
VALUES (%(tenant)s, %(name)s, 1, CASE WHEN %(limit)s <= 1 THEN %(now)s END, CASE WHEN %(limit)s <= 1 THEN %(again)s END)
ON CONFLICT (tenant_id, name) DO UPDATE SET
    failures = held.failures + 1,
    opened_at = CASE WHEN held.failures + 1 >= %(limit)s THEN coalesce(held.opened_at, %(now)s) END,
    tries_again_at = CASE WHEN held.failures + 1 >= %(limit)s THEN %(again)s END
"""


class SecretOff(Retryable):
    """A feature is off for this tenant until its secret can be read again; nothing was done."""

    def __init__(self, feature: str) -> None:
        super().__init__(
            gettext_noop(
                "The stored credential cannot be opened just now. Payymo tries again by itself; if it lasts, tell "
                "whoever runs this installation."
            ),
            reason=SECRET_UNAVAILABLE,
            retry_after=LEFT_ALONE.total_seconds(),
        )
        self.feature = feature


class ProviderBreaker:
    """Implements `payymo.shared.http.Breaker` for one provider and the current tenant.

    Opens after five failed calls in a row, of whichever process. After a minute one call is let through: its answer
    closes it, another failure leaves it open for one more minute.
    """

    def __init__(self, provider: str, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._tenant_id, self._name, self._clock = context.current().pk, f"provider:{provider}", clock
        self._is_known = False

    def enter(self) -> None:
        """Let the call pass.

        Raises: BreakerOpen.
        """
        row = Breaker.objects.filter(tenant_id=self._tenant_id, name=self._name).first()
        self._is_known = row is not None
        if row is None or row.tries_again_at is None:
            return
        now = self._clock()
        if row.tries_again_at > now:
            raise BreakerOpen((row.tries_again_at - now).total_seconds())
        # Of several that come after the minute, one tries; whoever dies trying blocks the others for one more minute.
        mine = Breaker.objects.filter(pk=row.pk, tries_again_at=row.tries_again_at)
        if not mine.update(tries_again_at=now + LEFT_ALONE):
            raise BreakerOpen(LEFT_ALONE.total_seconds())

    def passed(self) -> None:
        """Forget the failures."""
        if self._is_known:
            Breaker.objects.filter(tenant_id=self._tenant_id, name=self._name).delete()

    def failed(self) -> None:
        """Count a failure."""
        _count(self._tenant_id, self._name, limit=OPENS_AFTER, now=self._clock())


@contextmanager
def needs_secret(feature: str) -> Iterator[None]:
    """Open secrets of the current tenant for a feature (bank, stripe, whmcs); a failure switches that feature off.

    Shape: the breaker closes as soon as the secrets open again. Must not run inside a transaction that the failure
    would roll back.
    Raises: SecretOff instead of what the opening raises.
    """
    try:
        yield
    except (UnreadableSecret, SecretUnavailable) as error:
        switch_off(feature)
        raise SecretOff(feature) from error
    Breaker.objects.filter(tenant_id=context.current().pk, name=f"{_SECRET}{feature}").delete()


def switch_off(feature: str) -> None:
    """Take note that a secret of the feature cannot be had for the current tenant."""
    _count(context.current().pk, f"{_SECRET}{feature}", limit=1, now=timezone.now())


def features_off() -> dict[str, datetime]:
    """Return which features of the current tenant lack a secret, and since when."""
    rows = Breaker.objects.filter(tenant_id=context.current().pk, name__startswith=_SECRET).order_by("name")
    return {row.name.removeprefix(_SECRET): row.opened_at for row in rows if row.opened_at}


def _count(tenant_id: int, name: str, *, limit: int, now: datetime) -> None:
    values = {"tenant": tenant_id, "name": name, "limit": limit, "now": now, "again": now + LEFT_ALONE}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
