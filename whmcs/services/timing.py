"""When a posting is tried again, and how long a worker may hold it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

Clock = Callable[[], datetime]

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timing:
    """The waits of the outbox.

    `lease` must be longer than all calls of one send together; `unknown_wait` is how long a request whose answer was
    lost may still be at work in WHMCS before its absence means anything.
    """

    lease: timedelta = 2 * _MINUTE
    unknown_wait: timedelta = _MINUTE
    back_off: tuple[timedelta, ...] = (
        *(_MINUTE, 5 * _MINUTE, 15 * _MINUTE),
        *(_HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR),
        *(_DAY, _DAY, _DAY),
    )
    longest_retry_after: timedelta = _DAY
    look_ups_until_absent: int = 2

    def after_failure(self, attempts: int, retry_after: float | None) -> timedelta | None:
        """Return the wait before the next try, at least what WHMCS asked for; None when the plan is used up."""
        if attempts > len(self.back_off):
            return None
        asked = min(timedelta(seconds=retry_after or 0), self.longest_retry_after)
        return max(self.back_off[max(attempts, 1) - 1], asked)

    def before_look_up(self, absent: int, unknown_for: timedelta) -> timedelta:
        """Return the wait before the next look-up: longer after each one, and longer while WHMCS cannot be asked."""
        return max(self.unknown_wait * (absent + 1), min(unknown_for / 2, _HOUR))


def usual() -> Timing:
    """Return the waits of this installation: all of them by the share that its settings name."""
    waits, share = Timing(), settings.POSTING_WAITS
    return replace(
        waits,
        lease=waits.lease * share,
        unknown_wait=waits.unknown_wait * share,
        back_off=tuple(wait * share for wait in waits.back_off),
    )


def clock_from(now: datetime) -> Clock:
    """Return a clock that shows `now` and goes on from there: a run lasts longer than the moment it began with."""
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)
