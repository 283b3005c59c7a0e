"""Values the way WHMCS and PHP read and write them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from payymo.sandbox import world
from payymo.sandbox.generator.wire import money

ZERO_DATE, ZERO_TIME = "0000-00-00", "0000-00-00 00:00:00"
NUMBER = re.compile(r"\s*([+-]?)(\d*)(?:\.(\d*))?")
ORDER = {"DD.MM.YYYY": "%d.%m.%Y", "DD/MM/YYYY": "%d/%m/%Y", "YYYY-MM-DD": "%Y-%m-%d"}


class WhmcsError(Exception):
    """Ends an action with `result: error`; the HTTP status stays 200."""


def minor(text: str | None) -> int:
    """Return an amount in minor units as PHP casts it: leading digits count, words are zero.

    "12,50" is 12.00 and "abc" is 0.00, as on the real site. Half a cent is rounded away from zero.
    """
    found = NUMBER.match(text or "")
    if found is None or not (found[2] or found[3]):
        return 0
    fraction = f"{found[3] or ''}000"
    cents = int(found[2] or 0) * 100 + int(fraction[:2]) + (1 if fraction[2] >= "5" else 0)
    return -cents if found[1] == "-" else cents


def whole(text: str | None) -> int:
    """Return a number as PHP casts it to int."""
    found = re.match(r"\s*([+-]?\d+)", text or "")
    return int(found[1]) if found else 0


def truthy(text: str | None) -> bool:
    """Return PHP's idea of truth: the word "False" is true."""
    return text not in (None, "", "0")


def local_now(slug: str) -> datetime:
    """Return the wall clock of the site's server, without a zone."""
    return (datetime.now(UTC) + timedelta(hours=world.COMPANIES[slug].timezone_hours)).replace(tzinfo=None)


def stamp(moment: datetime) -> str:
    """Return a moment as WHMCS writes it."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def iso_moment(text: str | None, slug: str) -> str:
    """Return the date of a payment: `YYYY-MM-DD HH:mm:ss`, a bare day, or now when it is left out.

    Raises: WhmcsError for anything else.
    """
    if not text:
        return stamp(local_now(slug))
    try:
        return stamp(datetime.fromisoformat(text).replace(tzinfo=None))
    except ValueError:
        raise WhmcsError("Invalid Date Format") from None


def site_moment(text: str | None, slug: str) -> str:
    """Return the date of AddTransaction, which is in the site's own format; another format is silently lost."""
    if not text:
        return stamp(local_now(slug))
    try:
        return stamp(datetime.strptime(text, ORDER[world.WHMCS[slug].date_format]))  # noqa: DTZ007
    except ValueError:
        return ZERO_TIME


def currency_row(slug: str, index: int) -> dict[str, Any]:
    """Return one currency of the site; ids begin with one and the first is the default."""
    keys = world.WHMCS[slug]
    code = keys.currencies[index]
    prefix = {"EUR": "", "GBP": "£", "USD": "$"}[code]
    return {
        "id": str(index + 1),
        "code": code,
        "prefix": prefix,
        "suffix": f" {code}",
        "format": "2",
        "rate": keys.rates[index],
    }


def currency_id(slug: str, code: str) -> int:
    """Return the id of a currency code."""
    return world.WHMCS[slug].currencies.index(code) + 1


__all__ = ["ZERO_DATE", "ZERO_TIME", "WhmcsError", "money"]
