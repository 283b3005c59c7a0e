"""Whose payments the caller of this request may see: all of them, or those of some bank accounts.

Like who acts, it is named once where the caller is recognised, so that no list, count or search can forget to ask for
it. Only reads for people ask it (selectors, presenters, views): what a service adds up is never a part of the money.
Outside a request everything is in reach; inside one nothing is, until the caller is known.
"""

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import Q


@dataclass(frozen=True, slots=True)
class Reach:
    """The bank accounts, by primary key, whose payments may be seen; None for everything, Stripe included."""

    accounts: frozenset[int] | None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self.accounts is None


EVERYTHING = Reach(None)
NOTHING = Reach(frozenset())
_reach: contextvars.ContextVar[Reach] = contextvars.ContextVar("reach", default=EVERYTHING)


def current() -> Reach:
    """Return what the caller may see."""
    return _reach.get()


def name(found: Reach) -> None:
    """Say what the caller may see from here on; only inside `of`, which forgets it at its end."""
    _reach.set(found)


@contextmanager
def of(found: Reach) -> Iterator[None]:
    """Work with this reach for a while."""
    token = _reach.set(found)
    try:
        yield
    finally:
        _reach.reset(token)


def by_account(path: str) -> Q:
    """Return the condition for rows that hang on a bank account by `path`, such as `bank_transaction__account`."""
    accounts = _reach.get().accounts
    return Q() if accounts is None else Q(**{f"{path}__in": accounts})


def of_stripe() -> Q:
    """Return the condition for rows of Stripe, which only those see who see everything."""
    return Q() if _reach.get().is_everything else Q(pk__in=())
