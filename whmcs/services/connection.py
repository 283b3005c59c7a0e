"""Connecting a WHMCS installation: the address, the credential, and what each needed call answers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict, DomainError
from payymo.shared.sentences import as_columns
from tenants import sealing
from tenants.breakers import ProviderBreaker, needs_secret
from whmcs.clients.base import PaymentMethod, WhmcsApi
from whmcs.clients.module_booking import ModuleApi
from whmcs.clients.whmcs_api import WhmcsHttpApi
from whmcs.models import Posting, WhmcsInstance
from whmcs.services import module_posting
from whmcs.services.checking import ConnectionFailed, Found, run_tests
from whmcs.services.pairing import unpair_module
from whmcs.services.transitions import OPEN

__all__ = [
    *("AlreadyConnected", "ConnectionFailed", "Found", "PostingsOpen", "UnknownGateway", "UnusableAddress"),
    *("UnusableCredential", "api_for", "change_credential", "change_guard", "connect_instance", "normal_url"),
    *("remove_instance", "run_tests", "test_instance"),
]
State = WhmcsInstance.State
MOST_GUARD_DAYS = 14
_LONGEST_CREDENTIAL = 256
# What a test writes.
_FOUND = (
    "state",
    "version",
    "clock_offset_seconds",
    "found",
    "failures",
    "last_attempt_at",
    "last_error_code",
    "last_error",
)


class UnusableAddress(BadInput):
    """The address is not that of a WHMCS installation."""

    code = "unusable_address"


class UnusableCredential(BadInput):
    """The identifier or the secret is empty or far too long."""

    code = "unusable_credential"


class UnusableGuard(BadInput):
    """The guard lasts longer than it may."""

    code = "unusable_guard"


class UnknownGateway(DomainError):
    """WHMCS has no active payment method of this name."""

    code = "unknown_gateway"


class AlreadyConnected(Conflict):
    """This installation is connected."""

    code = "already_connected"


class PostingsOpen(Conflict):
    """Payments are on their way to this installation."""

    code = "postings_open"


@dataclass(frozen=True, slots=True)
class _Credential:
    """What a tenant was given by its WHMCS."""

    identifier: str
    secret: str = field(repr=False)
    access_key: str = field(repr=False)

    def api(self, base_url: str) -> WhmcsApi:
        return WhmcsHttpApi(
            base_url=base_url, identifier=self.identifier, secret=self.secret, access_key=self.access_key
        )

    def seal_into(self, instance: WhmcsInstance) -> None:
        instance.identifier_sealed = sealing.seal(instance, "identifier_sealed", self.identifier)
        instance.secret_sealed = sealing.seal(instance, "secret_sealed", self.secret)
        sealed = sealing.seal(instance, "access_key_sealed", self.access_key) if self.access_key else b""
        instance.access_key_sealed = sealed
        # Of a short secret four characters would be too much of it.
        instance.secret_last4 = self.secret[-4:] if len(self.secret) >= 16 else ""


def _credential(identifier: str, secret: str, access_key: str) -> _Credential:
    found = _Credential(identifier.strip(), secret.strip(), access_key.strip())
    if not found.identifier or not found.secret:
        raise UnusableCredential(gettext("Give both the identifier and the secret of the WHMCS API credential."))
    if max(len(found.identifier), len(found.secret), len(found.access_key)) > _LONGEST_CREDENTIAL:
        raise UnusableCredential(
            gettext("The credential is longer than %(longest_credential)s characters.")
            % {"longest_credential": _LONGEST_CREDENTIAL}
        )
    return found


def api_for(instance: WhmcsInstance, *, is_patient: bool = True) -> WhmcsApi:
    """Return the client of an installation, with its credential opened; a patient one repeats readings that failed.

    Shape: it books through the addon module where one is paired that takes bookings.
    Raises: SecretOff if it does not open now.
    """
    with needs_secret("whmcs"):
        how: dict[str, Any] = {
            "base_url": instance.base_url,
            "identifier": sealing.unseal(instance, "identifier_sealed"),
            "secret": sealing.unseal(instance, "secret_sealed"),
            "access_key": sealing.unseal(instance, "access_key_sealed"),
            "breaker": ProviderBreaker(f"whmcs:{instance.public_id}"),
            "is_patient": is_patient,
        }
        module = module_posting.booking_module(instance, now=timezone.now())
        if module is None:
            return WhmcsHttpApi(**how)
        return ModuleApi(
            installation=str(instance.public_id),
            sign=module_posting.signer(module),
            on_unusable=module_posting.refusals_of(module),
            **how,
        )


def normal_url(text: str) -> str:
    """Return the address without what people paste along: a slash at the end, the path of the API or of a page.

    Raises: UnusableAddress. Whether it may be called is decided on each call.
    """
    parts = urlsplit(text.strip())
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise UnusableAddress(gettext("Give the address of WHMCS as it is in the browser, beginning with https://."))
    if parts.username or parts.password:
        raise UnusableAddress(gettext("The address must not contain a user name or password."))
    steps = [step for step in parts.path.split("/") if step]
    if steps and steps[-1].endswith(".php"):
        steps.pop()
    if steps[-1:] in (["includes"], ["admin"]):
        steps.pop()
    path = "".join(f"/{step}" for step in steps)
    url = urlunsplit((parts.scheme, parts.netloc.lower(), path, "", ""))
    if len(url) > 300:
        raise UnusableAddress(gettext("The address is longer than 300 characters."))
    return url


def connect_instance(
    *,
    name: str,
    base_url: str,
    identifier: str,
    secret: str,
    now: datetime,
    access_key: str = "",
    bank_gateway: str = "",
    stripe_gateway: str = "",
    sends_payment_emails: bool = True,
) -> WhmcsInstance:
    """Test the credential against WHMCS and store the connection; nothing is stored when a needed call fails.

    Raises: UnusableAddress, UnusableCredential, AlreadyConnected, ConnectionFailed, UnknownGateway.
    """
    url = normal_url(base_url)
    credential = _credential(identifier, secret, access_key)
    instance = WhmcsInstance.objects.filter(base_url=url).first() or WhmcsInstance(base_url=url)
    if instance.pk and instance.state != State.REMOVED:
        raise AlreadyConnected(
            gettext("%(url)s is connected already. Test it, give it a new credential, or remove it.") % {"url": url}
        )
    found = run_tests(credential.api(url), now=now)
    instance.name = name.strip()[:120] or (urlsplit(url).hostname or "WHMCS")[:120]
    credential.seal_into(instance)
    instance.bank_gateway = _gateway(found.payment_methods, bank_gateway, "banktransfer")
    instance.stripe_gateway = _gateway(found.payment_methods, stripe_gateway, "stripe")
    instance.gocardless_gateway = _debits(found.payment_methods)
    instance.sends_payment_emails = sends_payment_emails
    instance.default_currency = found.currencies[0].code
    instance.next_sync_at = now
    _write_found(instance, found, now)
    try:
        with transaction.atomic():
            instance.save()
            audit.record(action="connection.added", about=instance)
    except IntegrityError as error:
        raise AlreadyConnected(gettext("%(url)s is connected already.") % {"url": url}) from error
    return instance


def change_credential(
    *, instance: WhmcsInstance, identifier: str, secret: str, now: datetime, access_key: str = ""
) -> WhmcsInstance:
    """Test another credential and use it from now on; the old one stays when a needed call fails.

    Raises: Conflict once it is removed; UnusableCredential, ConnectionFailed.
    """
    credential = _credential(identifier, secret, access_key)
    if instance.state == State.REMOVED:
        raise Conflict(gettext("This connection was removed. Connect WHMCS again."))
    found = run_tests(credential.api(instance.base_url), now=now)
    with transaction.atomic():
        locked = WhmcsInstance.objects.select_for_update().get(pk=instance.pk)
        if locked.state == State.REMOVED:
            raise Conflict(gettext("This connection was removed. Connect WHMCS again."))
        credential.seal_into(locked)
        _write_found(locked, found, now)
        locked.next_sync_at = now
        locked.save()
        audit.record(action="connection.changed", about=locked, details={"what": "credential"})
    return locked


def test_instance(*, instance: WhmcsInstance, now: datetime) -> Found:
    """Run the test sequence with the stored credential; a connection that answers again is used again.

    Raises: Conflict once it is removed; ConnectionFailed, which is also remembered on the connection.
    """
    if instance.state == State.REMOVED:
        raise Conflict(gettext("This connection was removed. Connect WHMCS again."))
    try:
        found = run_tests(api_for(instance, is_patient=False), now=now)
    except ConnectionFailed as error:
        WhmcsInstance.objects.filter(pk=instance.pk).exclude(state=State.REMOVED).update(
            state=State.BROKEN, last_attempt_at=now, last_error_code=error.code[:64], **as_columns(error.sentence)
        )
        raise
    _write_found(instance, found, now)
    WhmcsInstance.objects.filter(pk=instance.pk).exclude(state=State.REMOVED).update(
        **{name: getattr(instance, name) for name in _FOUND}, next_sync_at=now
    )
    return found


def change_guard(*, instance: WhmcsInstance, days: int) -> WhmcsInstance:
    """Set for how many days a payment that waits here holds mails and suspensions in this WHMCS; 0 holds nobody.

    Raises: UnusableGuard.
    """
    if not 0 <= days <= MOST_GUARD_DAYS:
        raise UnusableGuard(gettext("Choose between 0 and %(most)s days.") % {"most": MOST_GUARD_DAYS})
    with transaction.atomic():
        locked = WhmcsInstance.objects.select_for_update().get(pk=instance.pk)
        if locked.guard_days != days:
            audit.record(action="connection.changed", about=locked, details={"what": "guard", "days": days})
            locked.guard_days = days
            locked.save(update_fields=["guard_days"])
    return locked


def remove_instance(*, instance: WhmcsInstance, now: datetime) -> None:
    """Stop using an installation and destroy its credential; what was mirrored and posted stays.

    Raises: PostingsOpen while payments are on their way or wait for a person; nothing is changed.
    """
    with transaction.atomic():
        locked = WhmcsInstance.objects.select_for_update().get(pk=instance.pk)
        if Posting.objects.filter(instance=locked, kind=Posting.Kind.POST, state__in=OPEN).exists():
            raise PostingsOpen(
                gettext("Payments are still on their way to this WHMCS. Wait for them or give them up first.")
            )
        locked.state, locked.is_paused = State.REMOVED, False
        locked.identifier_sealed = locked.secret_sealed = locked.access_key_sealed = b""
        locked.secret_last4 = ""  # nosec B105
        locked.next_sync_at = None
        locked.last_attempt_at = now
        locked.save()
        unpair_module(instance=locked, now=now)
        audit.record(action="connection.removed", about=locked)


def _gateway(methods: tuple[PaymentMethod, ...], chosen: str, usual: str) -> str:
    names = [method.module for method in methods]
    if chosen and chosen not in names:
        text = gettext("WHMCS has no payment method %(chosen)s. Active: %(names)s.")
        raise UnknownGateway(text % {"chosen": repr(chosen), "names": ", ".join(names[:20])})
    if chosen or usual in names:
        return chosen or usual
    close = [name for name in names if usual in name]
    return close[0] if close else names[0]


def _debits(methods: tuple[PaymentMethod, ...]) -> str:
    """Return the module that collects by GoCardless; without one its usual name, under which nothing is booked."""
    return next((method.module for method in methods if "gocardless" in method.module), "gocardless")


def _write_found(instance: WhmcsInstance, found: Found, now: datetime) -> None:
    instance.version = found.version
    instance.clock_offset_seconds = found.clock_offset_seconds
    instance.found = found.as_json()
    instance.state = State.ACTIVE
    instance.failures = 0
    instance.last_attempt_at = now
    instance.last_error_code = instance.last_error = ""
