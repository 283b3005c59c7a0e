"""Pairing the addon module with an installation: one setup code that carries the address, the key and the secret."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import ApiKey, Membership
from accounts.services import api_keys
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict
from tenants import sealing
from whmcs.models import AddonModule, WhmcsInstance

# Opens the module's own part of the API for its own installation, and nothing else of the tenant.
SCOPES = ("addon_module.act",)
CODE_PREFIX = "payymo1."
SECRET_PREFIX = "whsec_"  # noqa: S105 - says what follows  # nosec B105


class NotConnected(Conflict):
    """The connection was removed."""

    code = "whmcs_removed"


class PairedMeanwhile(Conflict):
    """The pairing is not the one that was to be replaced: it was replaced already."""

    code = "addon_module_paired_meanwhile"


@dataclass(frozen=True, slots=True)
class Paired:
    """The module's row, and what is pasted into it: shown once, kept nowhere."""

    module: AddonModule
    setup_code: str = field(repr=False)


def pair_module(
    *,
    instance: WhmcsInstance,
    membership: Membership,
    granted: frozenset[str],
    address: str,
    now: datetime,
    instead_of: str = "",
) -> Paired:
    """Make the module's key and signing secret; what an earlier pairing gave stops working.

    Shape: the key acts for `membership`, for a year at most. Events signed with the secret before are accepted until
    the next pairing, so that none is lost while the new code is pasted. `address` is where this tenant is served. With
    `instead_of`, the version of the pairing that is to be replaced, an act that is sent twice is done once.
    Raises: NotConnected, PairedMeanwhile, UnusableKey; nothing is changed.
    """
    with transaction.atomic():
        locked = WhmcsInstance.objects.select_for_update().get(pk=instance.pk)
        if locked.state == WhmcsInstance.State.REMOVED:
            raise NotConnected(gettext("This connection was removed. Connect WHMCS again."))
        before = AddonModule.objects.filter(instance=locked).first()
        if instead_of not in ("", version_of(before)):
            raise PairedMeanwhile(
                gettext("A setup code was made already. It was shown once: if nobody kept it, make another.")
            )
        made = api_keys.make_api_key(
            membership=membership,
            granted=granted,
            name=f"Addon module of {locked.name}",
            scopes=SCOPES,
            expires_at=now + api_keys.LONGEST_LIFE,
            now=now,
        )
        secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        module = before or AddonModule(instance=locked)
        old = sealing.unseal(module, "webhook_secret_sealed") if before else ""
        module.webhook_secret_old_sealed = sealing.seal(module, "webhook_secret_old_sealed", old) if old else b""
        module.webhook_secret_sealed = sealing.seal(module, "webhook_secret_sealed", secret)
        if before:
            _revoke(before, now=now)
        module.api_key_id, module.paired_at, module.books_payments = made.row.public_id, now, False
        module.bookings_refused_at = None
        module.save()
        audit.record(action="connection.changed", about=locked, details={"what": "addon module paired"})
    told = {"url": address.rstrip("/"), "installation": str(locked.public_id), "key": made.key, "secret": secret}
    code = base64.urlsafe_b64encode(json.dumps(told, separators=(",", ":")).encode()).decode().rstrip("=")
    return Paired(module, CODE_PREFIX + code)


def version_of(module: AddonModule | None) -> str:
    """Return what another pairing changes, for whoever replaces this one by a page."""
    return str(module.api_key_id) if module else "none"


@dataclass(frozen=True, slots=True)
class Told:
    """What a module says of itself."""

    version: str
    php_version: str
    queued_events: int
    books_payments: bool


def note_state(*, module: AddonModule, told: Told, now: datetime) -> None:
    """Remember what the module says of itself, and that it was heard; postings go through it while it offers that."""
    module.version, module.php_version = told.version, told.php_version
    module.queued_events, module.books_payments = told.queued_events, told.books_payments
    module.last_seen_at = now
    module.save(update_fields=["version", "php_version", "queued_events", "books_payments", "last_seen_at"])


def unpair_module(*, instance: WhmcsInstance, now: datetime) -> None:
    """End the module's key and forget its secrets; its reports are refused from now on, and nothing is posted by it."""
    with transaction.atomic():
        module = AddonModule.objects.select_for_update().filter(instance=instance).first()
        if module is None:
            return
        _revoke(module, now=now)
        module.delete()
        audit.record(action="connection.changed", about=instance, details={"what": "addon module removed"})


def _revoke(module: AddonModule, *, now: datetime) -> None:
    key = ApiKey.objects.filter(public_id=module.api_key_id).first()
    if key is not None:
        api_keys.revoke_api_key(key=key, now=now)
