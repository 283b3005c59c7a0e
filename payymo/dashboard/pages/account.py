"""One's own account: second factor, password, and where one is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from payymo.dashboard.pages.values import Chip, Moment


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One sign-in. Shape: `end_url` takes a POST and is empty for the session that shows the page."""

    id: str
    name: str
    kind: Chip
    address: str
    since: Moment
    used: Moment
    is_current: bool = False
    end_url: str = ""


@dataclass(frozen=True, slots=True)
class AppState:
    """The authenticator app: set up, waiting for its first code (`secret`, `qr`), or not there."""

    is_set_up: bool = False
    secret: str = ""
    qr: str = ""


@dataclass(frozen=True, slots=True)
class PasskeyLine:
    """One passkey of this host. Shape: `remove_url` takes a POST; `warning` is set for one that may be a copy."""

    name: str
    added: Moment
    used: Moment | None
    remove_url: str
    warning: str = ""


@dataclass(frozen=True, slots=True)
class NewPasskeyPage:
    """Template `dashboard/passkey.html`. `options` is JSON for the authenticator."""

    form: Any
    options: str
    host: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Everything about one's own account.

    Shape: `codes` are recovery codes just made, shown this once; forms are Django's, bound where they were refused.
    """

    email: str
    app: AppState
    codes_left: int
    passkeys: tuple[PasskeyLine, ...]
    sessions: tuple[SessionLine, ...]
    code_form: Any
    password_form: Any
    is_needed: bool = False
    codes: tuple[str, ...] = ()
