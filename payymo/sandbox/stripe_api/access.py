"""Who calls Stripe, and for which account."""

import sqlite3
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass

from flask import request

from payymo.sandbox import world
from payymo.sandbox.stripe_api.errors import no_access, no_permission, unauthenticated


@dataclass(frozen=True, slots=True)
class Caller:
    """The account acted for, and whether the key may write."""

    account: str
    key: str
    writes: bool

    @property
    def slug(self) -> str:
        """Return the host of the account, or "" for the platform's own."""
        return next((slug for slug, keys in world.STRIPE.items() if keys.account_id == self.account), "")

    def must_write(self, right: str) -> None:
        """Refuse a key that may only read.

        Raises: StripeRefusal (403).
        """
        if not self.writes:
            raise no_permission(self.key, self.account, right)


def key_of_request() -> str:
    """Return the API key from Bearer or Basic authentication, else ""."""
    scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return b64decode(value).decode().partition(":")[0]
        except (Base64Error, UnicodeDecodeError):
            return ""
    return ""


def caller(connection: sqlite3.Connection) -> Caller:
    """Return who calls. Without `Stripe-Account` the platform reads its own account, and no error says so.

    Raises: StripeRefusal (401, 403).
    """
    key, asked = key_of_request(), request.headers.get("Stripe-Account", "")
    if key == world.STRIPE_PLATFORM.secret_key:
        account = asked or world.STRIPE_PLATFORM.account_id
        if account != world.STRIPE_PLATFORM.account_id and not granted(connection, account):
            raise no_access(key, account)
        return Caller(account, key, writes=True)
    for keys in world.STRIPE.values():
        if key == keys.restricted_key:
            if asked not in ("", keys.account_id):
                raise no_access(key, asked)
            return Caller(keys.account_id, key, writes=False)
    raise unauthenticated(key)


def granted(connection: sqlite3.Connection, account: str) -> bool:
    """Return whether the account is connected to the platform."""
    return connection.execute("SELECT 1 FROM stripe_grant WHERE account = ?", (account,)).fetchone() is not None
