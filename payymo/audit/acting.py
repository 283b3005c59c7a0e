"""Who acts in this request or task, so that what is recorded on the way names them without every service being told."""

import contextvars
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acting:
    """A kind (person, staff, api_key, whmcs, system, operator) and, for people and keys, their public id."""

    kind: str
    id: uuid.UUID | None = None


SYSTEM = Acting("system")
_acting: contextvars.ContextVar[Acting] = contextvars.ContextVar("acting", default=SYSTEM)


def current() -> Acting:
    """Return who acts; the system itself when nobody was named."""
    return _acting.get()


def name(acting: Acting) -> None:
    """Name who acts from here on; only inside `nobody_yet` or `of`, which forget them at their end."""
    _acting.set(acting)


@contextmanager
def of(acting: Acting) -> Iterator[None]:
    """Let somebody act for a while."""
    token = _acting.set(acting)
    try:
        yield
    finally:
        _acting.reset(token)
