"""Keys for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from payymo.dashboard.pages.values import Chip, Moment


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key without the key. `revoke_url` takes a POST and is empty for one that has ended."""

    name: str
    last4: str
    acts_for: str
    state: Chip
    ends: Moment
    scopes: tuple[str, ...]
    used: Moment | None = None
    revoke_url: str = ""


@dataclass(frozen=True, slots=True)
class ApiKeysPage:
    """The company's keys, the newest first, and the form that makes one.

    Shape: `key` is shown in the answer that made it; the form sends `version`, so that sent twice it makes one key.
    """

    rows: tuple[KeyRow, ...]
    form: Any
    description_url: str
    key: str = ""
    more: bool = False
    version: str = ""
