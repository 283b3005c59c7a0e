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
    found = []
    if settings.DEBUG:
        found.append("DEBUG is on; it shows settings and queries to strangers. Turn it off.")
    if not _is_random(settings.SECRET_KEY):
        found.append("SECRET_KEY looks like an example; make one: openssl rand -base64 64")
    if len(set(settings.MASTER_KEY)) < _FEWEST_CHARACTERS or settings.MASTER_KEY.isascii():
        found.append("PAYYMO_MASTER_KEY is not random; make one: openssl rand -base64 32")
    if settings.PUBLIC_SCHEME != "https":
        found.append("PAYYMO_PUBLIC_SCHEME is not https.")
    if not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE):
        found.append("Cookies may travel in clear; remove what changes SESSION_COOKIE_SECURE or CSRF_COOKIE_SECURE.")
    if any(not origin.startswith("https://") for origin in settings.CSRF_TRUSTED_ORIGINS):
        found.append("CSRF_TRUSTED_ORIGINS names an origin without https.")
    if settings.STAFF_HOST.endswith(("localhost", ".example")):
        found.append("PAYYMO_STAFF_HOST is an example; name the host of Payymo's own staff.")
    if not urlsplit(settings.REDIS_URL).password and not settings.REDIS_URL.startswith("unix:"):
        found.append("REDIS_URL has no password; whoever reaches the broker could put work on the queue.")
    if settings.LOOPBACK_EXCEPTION or settings.SANDBOX_URL:
        found.append("PAYYMO_LOOPBACK_EXCEPTION and PAYYMO_SANDBOX_URL are for demo and tests alone.")
    if settings.POSTING_WAITS < 1:
        found.append("PAYYMO_POSTING_WAITS is less than 1; shorter waits could post a payment twice.")
    return found


def _is_random(text: str) -> bool:
    return len(set(text)) >= _FEWEST_CHARACTERS and not any(known in text.lower() for known in _KNOWN)
