"""The secrets of this process: read from one backend, kept for a short while, looked for again after that."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from payymo.shared.secret_store.base import Backend, SecretMissing, SecretUnavailable, SecretUnreadable

ASK_AGAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Kept:
    value: str
    read_at: float

    def __repr__(self) -> str:
        return "kept secret"


@dataclass(frozen=True, slots=True)
class _Failed:
    error: SecretUnavailable
    tried_at: float


class SecretStore:
    """Reads secrets by name.

    A value is asked for again after `fresh_seconds`, so that a rotated secret is noticed without a restart. While the
    backend does not answer, it is used on for at most `usable_seconds`; one that was removed is gone at once. A failure
    is believed for five seconds, so that a dead backend is not asked by every request.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        fresh_seconds: float = 60.0,
        usable_seconds: float = 900.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backend = backend
        self._fresh, self._usable = fresh_seconds, max(fresh_seconds, usable_seconds)
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._failed: dict[str, _Failed] = {}
        self._reading = threading.Lock()

    def __repr__(self) -> str:
        return f"SecretStore({type(self._backend).__name__})"

    @property
    def is_live(self) -> bool:
        """Whether secrets can change while this process runs."""
        return self._backend.is_live

    def get(self, name: str) -> str:
        """Return the secret.

        Raises: SecretMissing, SecretUnreadable.
        """
        kept = self._kept.get(name)
        if kept and self._clock() - kept.read_at < self._fresh:
            return kept.value
        # Whoever has a usable value does not wait for the thread that asks.
        may_wait = kept is None or self._clock() - kept.read_at >= self._usable
        if not self._reading.acquire(blocking=may_wait) and kept:
            return kept.value
        try:
            return self._read(name)
        finally:
            self._reading.release()

    def find(self, name: str) -> str:
        """Return the secret, or an empty text when the backend does not have it.

        Raises: SecretUnreadable.
        """
        try:
            return self.get(name)
        except SecretMissing:
            return ""

    def forget(self) -> None:
        """Ask the backend again for everything."""
        self._kept, self._failed = {}, {}

    def _read(self, name: str) -> str:
        kept, failed, now = self._kept.get(name), self._failed.get(name), self._clock()
        if kept and now - kept.read_at < self._fresh:
            return kept.value
        if failed is None or now - failed.tried_at >= ASK_AGAIN_SECONDS:
            failed = None
            try:
                value = self._backend.read(name)
            except SecretUnavailable as error:
                failed = self._failed[name] = _Failed(error, now)
            else:
                self._failed.pop(name, None)
                self._kept[name] = _Kept(value, now)
                return value
        if kept and isinstance(failed.error, SecretUnreadable) and now - kept.read_at < self._usable:
            return kept.value
        self._kept.pop(name, None)
        raise type(failed.error)(name, str(failed.error).removeprefix(f"{name}: "))
