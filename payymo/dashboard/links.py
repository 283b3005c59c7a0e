"""Addresses that may not exist on the host at hand, or not for whoever looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.urls import NoReverseMatch, get_urlconf, resolve, reverse

# What whoever looks may do; None where nobody does, as in mails.
_rights: ContextVar[frozenset[str] | None] = ContextVar("rights", default=None)


def link(name: str, *args: Any) -> str:
    """Return the path of a dashboard page, or an empty text where this host does not serve it."""
    try:
        return reverse(f"dashboard:{name}", args=args)
    except NoReverseMatch:
        return ""


def offer(name: str, *args: Any, query: str = "") -> str:
    """Return the address of a page, with a query; an empty text where `link` has none or it refuses whoever looks."""
    path, rights = link(name, *args), _rights.get()
    if not path or (rights is not None and _right_of(name, path, get_urlconf()) not in {"", *rights}):
        return ""
    return f"{path}?{query}" if query else path


@contextmanager
def shown_to(rights: frozenset[str] | None) -> Iterator[None]:
    """Offer for a while only what these rights open; all there is to None."""
    token = _rights.set(rights)
    try:
        yield
    finally:
        _rights.reset(token)


_RIGHTS: dict[tuple[str, str | None], str] = {}


def _right_of(name: str, path: str, urlconf: str | None) -> str:
    """Return the right that a page asks for, which every address of its route has in common; empty where it is none."""
    if (name, urlconf) not in _RIGHTS:
        _RIGHTS[name, urlconf] = getattr(resolve(path, urlconf).func, "guard", ("", False))[0]
    return _RIGHTS[name, urlconf]
