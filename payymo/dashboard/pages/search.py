"""Search, on its page and in the palette."""

from __future__ import annotations

from dataclasses import dataclass

from payymo.dashboard.pages.values import Amount


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. Shape: `keys` are the single keys that do the same, or empty."""

    title: str
    url: str
    icon: str
    note: str = ""
    amount: Amount | None = None
    keys: str = ""


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Results of one kind; `more_url` leads to the list with the same text."""

    title: str
    hits: tuple[Hit, ...]
    more_url: str = ""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Templates `dashboard/search.html`, fragment `dashboard/search_results.html`."""

    q: str
    groups: tuple[HitGroup, ...] = ()
