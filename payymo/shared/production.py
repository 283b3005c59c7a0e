"""What production refuses to start with, beyond what reading the settings refuses."""

from typing import Any
from urllib.parse import urlsplit

_FEWEST_CHARACTERS = 12
_KNOWN = ("test-only", "django-insecure", "change", "example", "secret-key", "payymo")


def unsafe(settings: Any) -> list[str]:
    """Name every setting that production must not have, each with what to do; empty outside production.

    Shape: `settings` is Django's. No secret is in the texts.
    """
    if not settings.PRODUCTION:
        return []
    found = (
        (settings.DEBUG, "DEBUG is on; it shows settings and queries to strangers. Turn it off."),
        (not _is_random(settings.SECRET_KEY), "SECRET_KEY looks like an example; make one: openssl rand -base64 64"),
        (
            len(set(settings.MASTER_KEY)) < _FEWEST_CHARACTERS or settings.MASTER_KEY.isascii(),
            "PAYYMO_MASTER_KEY is not random; make one: openssl rand -base64 32",
        ),
        (settings.PUBLIC_SCHEME != "https", "PAYYMO_PUBLIC_SCHEME is not https."),
        (
            not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE),
            "Cookies may travel in clear; remove what changes SESSION_COOKIE_SECURE or CSRF_COOKIE_SECURE.",
        ),
        (
            any(not origin.startswith("https://") for origin in settings.CSRF_TRUSTED_ORIGINS),
            "CSRF_TRUSTED_ORIGINS names an origin without https.",
        ),
        (
            not settings.SECOND_FACTOR_REQUIRED,
            "PAYYMO_SECOND_FACTOR_REQUIRED is off; a stolen password alone would open a company. Remove it.",
        ),
        (
            settings.STAFF_HOST.endswith(("localhost", ".example")),
            "PAYYMO_STAFF_HOST is an example; name the host of Payymo's own staff.",
        ),
        (
            not urlsplit(settings.REDIS_URL).password and not settings.REDIS_URL.startswith("unix:"),
            "REDIS_URL has no password; whoever reaches the broker could put work on the queue.",
        ),
        (
            settings.LOOPBACK_EXCEPTION or settings.SANDBOX_URL,
            "PAYYMO_LOOPBACK_EXCEPTION and PAYYMO_SANDBOX_URL are for demo and tests alone.",
        ),
        (settings.POSTING_WAITS < 1, "PAYYMO_POSTING_WAITS is less than 1; shorter waits could post a payment twice."),
    )
    return [text for is_unsafe, text in found if is_unsafe]


def _is_random(text: str) -> bool:
    return len(set(text)) >= _FEWEST_CHARACTERS and not any(known in text.lower() for known in _KNOWN)
