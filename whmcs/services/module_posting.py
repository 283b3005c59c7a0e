"""Whether postings go through the addon module, and what it needs for that."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from tenants import sealing
from whmcs.clients.module_booking import Sign
from whmcs.models import AddonModule, WhmcsInstance
from whmcs.services import signing

logger = logging.getLogger(__name__)
# A module that was not heard for so long may be gone; its cron job speaks every five minutes.
SILENT_AFTER = timedelta(days=1)
# A shut door is not knocked at again before.
LEFT_ALONE = timedelta(hours=1)


def booking_module(instance: WhmcsInstance, *, now: datetime) -> AddonModule | None:
    """Return the module that postings to this installation go through, or None where they go over the API."""
    is_open = Q(bookings_refused_at=None) | Q(bookings_refused_at__lt=now - LEFT_ALONE)
    heard = AddonModule.objects.filter(is_open, books_payments=True, last_seen_at__gt=now - SILENT_AFTER)
    return heard.filter(instance=instance).first()


def signer(module: AddonModule) -> Sign:
    """Return what signs a message to the module, at the moment at which it is sent.

    Raises: UnreadableSecret, SecretUnavailable.
    """
    secret = sealing.unseal(module, "webhook_secret_sealed")

    def sign(message_id: str, body: bytes) -> Mapping[str, str]:
        return signing.signed_headers(secret=secret, message_id=message_id, body=body, now=timezone.now())

    return sign


def refusals_of(module: AddonModule) -> Callable[[str], None]:
    """Return what remembers that the module's door is shut."""

    def note(why: str) -> None:
        AddonModule.objects.filter(pk=module.pk).update(bookings_refused_at=timezone.now())
        logger.warning("the addon module does not book", extra={"event": "module_unusable", "reason": why})

    return note
