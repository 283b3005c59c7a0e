"""Request limits: per company and minute, and per account, scope and day."""

import sqlite3
import time

from payymo.sandbox.gocardless_api.errors import Refusal, refusal

HOUR, DAY = 3600, 86400
# Resource -> (calls, seconds). Source: the help centre's table of API limits.
COMPANY = {
    "accounts": (100, 60),
    "institutions": (300, 60),
    "create": (100, 60),
    "read": (300, 60),
    "delete": (100, 60),
    "token_new": (100, HOUR),
    "token_refresh": (100, 60),
}
PERIOD = {60: "minute", HOUR: "hour", DAY: "day"}


def _window(connection: sqlite3.Connection, slug: str, scope: str, seconds: int, now: float) -> tuple[int, int]:
    """Return how many calls the window holds and when its first one leaves it."""
    connection.execute("DELETE FROM gc_call WHERE slug = ? AND scope = ? AND at <= ?", (slug, scope, now - seconds))
    count, first = connection.execute(
        "SELECT COUNT(*), MIN(at) FROM gc_call WHERE slug = ? AND scope = ?", (slug, scope)
    ).fetchone()
    return count, seconds if first is None else max(1, int(first + seconds - now))


def headers(prefix: str, limit: int, remaining: int, reset: int) -> dict[str, str]:
    """Return the three headers, named as the API names them."""
    name = f"HTTP_X_RATELIMIT_{prefix}"
    return {f"{name}LIMIT": str(limit), f"{name}REMAINING": str(max(0, remaining)), f"{name}RESET": str(reset)}


def exceeded(limit: int, seconds: int, reset: int, extra: dict[str, str]) -> Refusal:
    """Return the 429 of the API itself."""
    detail = f"The rate limit for this resource is {limit}/{PERIOD[seconds]}. Please try again in {reset} seconds"
    return refusal(429, "Rate limit exceeded", detail, headers=extra)


def bank_exceeded(scope: str, extra: dict[str, str]) -> Refusal:
    """Return the 429 that comes from the bank."""
    detail = "Daily request limit set by the Institution has been exceeded."
    return refusal(429, f"Couldn't update account {scope}", detail, "RateLimitError", extra)


def company_call(connection: sqlite3.Connection, slug: str, resource: str) -> dict[str, str]:
    """Count one call of the company and return the headers that tell what is left.

    Raises: Refusal (429) when the window is full.
    """
    limit, seconds = COMPANY[resource]
    now = time.time()
    used, reset = _window(connection, slug, resource, seconds, now)
    if used >= limit:
        raise exceeded(limit, seconds, reset, headers("", limit, 0, reset))
    connection.execute("INSERT INTO gc_call VALUES (?, ?, ?)", (slug, resource, now))
    return headers("", limit, limit - used - 1, reset)


def account_left(
    connection: sqlite3.Connection, slug: str, account: str, scope: str, limit: int
) -> tuple[int, dict[str, str]]:
    """Return the calls left today for one scope of one account, and the headers of the limit."""
    used, reset = _window(connection, slug, f"{account}:{scope}", DAY, time.time())
    return limit - used, headers("ACCOUNT_SUCCESS_", limit, limit - used, reset)


def account_call(connection: sqlite3.Connection, slug: str, account: str, scope: str, limit: int) -> dict[str, str]:
    """Count one successful call and return the headers afterwards."""
    connection.execute("INSERT INTO gc_call VALUES (?, ?, ?)", (slug, f"{account}:{scope}", time.time()))
    return account_left(connection, slug, account, scope, limit)[1]
