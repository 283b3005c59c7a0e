"""Keyset paging and filters of the record lists."""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest

from payymo.dashboard.pages import Pager

PAGE_SIZE = 50
Row = TypeVar("Row")


def asked_text(request: HttpRequest, name: str = "q") -> str:
    """Return a text parameter, cut to a sensible length."""
    return cleaned(request.GET.get(name, ""))


def cleaned(text: str) -> str:
    """Return a text as it may be searched for."""
    # PostgreSQL takes no NUL in a text.
    return text.replace("\x00", "").strip()[:100]


def asked_date(request: HttpRequest, name: str) -> date | None:
    """Return a date parameter, or None when it is absent or unreadable."""
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return None


def asked_choice(request: HttpRequest, name: str, allowed: Sequence[str]) -> str:
    """Return a parameter that is one of the allowed values, or an empty text."""
    value = request.GET.get(name, "")
    return value if value in allowed else ""


def cursor(request: HttpRequest) -> tuple[str, int] | None:
    """Return the position after which to go on: a sort value and a primary key."""
    value, mark, key = request.GET.get("after", "").rpartition("_")
    return (value, int(key)) if mark and key.isascii() and key.isdigit() else None


def page_of(request: HttpRequest, rows: Sequence[Row]) -> tuple[Sequence[Row], bool]:
    """Split off the row that only says whether there are more."""
    return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE


def pager(request: HttpRequest, *, after: str) -> Pager:
    """Build the links to the next page (`after` empty: there is none) and back to the first."""
    kept = {key: value for key, value in request.GET.items() if key != "after" and value}
    first = f"{request.path}?{urlencode(kept)}" if "after" in request.GET else ""
    return Pager(next_url=f"{request.path}?{urlencode({**kept, 'after': after})}" if after else "", first_url=first)


def without(request: HttpRequest, *names: str) -> str:
    """Return this page's address without some parameters."""
    kept = {key: value for key, value in request.GET.items() if key not in (*names, "after") and value}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def exported(request: HttpRequest, url: str) -> str:
    """Return the address of the download of what the page is filtered to."""
    kept = {key: value for key, value in request.GET.items() if key != "after" and value}
    return f"{url}?{urlencode(kept)}" if kept and url else url


def with_text(url: str, text: str) -> str:
    """Return the address of a list that is searched for a text."""
    return f"{url}?{urlencode({'q': text})}" if url else ""
