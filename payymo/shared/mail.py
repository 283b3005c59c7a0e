"""Sends mail by the server that the store of secrets names now, so that a new password needs no restart."""

from typing import Any

import environ
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.smtp import EmailBackend

from payymo.shared.secret_store.base import SecretUnreadable

_NAME = "PAYYMO_MAIL_URL"
_HERE = ("localhost", "127.0.0.1", "::1")


class StoredServerBackend(EmailBackend):
    """Django's backend for SMTP, with host, user and password looked up in the store for each connection.

    Raises: SecretMissing, SecretUnreadable when the store does not have them now.
    """

    def __init__(self, **options: Any) -> None:
        try:
            found = environ.Env.email_url_config(settings.SECRETS.get(_NAME))
        except (ImproperlyConfigured, ValueError, KeyError):
            raise SecretUnreadable(_NAME, "it is not the address of a mail server.") from None
        if not found["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
            raise SecretUnreadable(_NAME, "it must begin with smtp.")
        is_safe = found.get("EMAIL_USE_TLS") or found.get("EMAIL_USE_SSL") or found["EMAIL_HOST"] in _HERE
        if settings.PRODUCTION and not is_safe:
            raise SecretUnreadable(_NAME, "it must be smtp+tls or smtp+ssl, unless the host is this machine.")
        super().__init__(
            host=found["EMAIL_HOST"],
            port=found["EMAIL_PORT"],
            username=found["EMAIL_HOST_USER"],
            password=found["EMAIL_HOST_PASSWORD"],
            use_tls=found.get("EMAIL_USE_TLS", False),
            use_ssl=found.get("EMAIL_USE_SSL", False),
            **options,
        )
