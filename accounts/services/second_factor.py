"""The second factor: an authenticator app (RFC 6238, 30 s, 160 bits), and ten recovery codes beside it or a passkey.

A code counts once, by one conditional UPDATE, so that of two sign-ins with the same code one succeeds.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from accounts import permissions
from accounts.models import Membership, OutgoingMail, Passkey, RecoveryCode, Session, TotpDevice, User
from accounts.services import outbox, security_events, sessions
from payymo.shared import master_key
from payymo.shared.errors import BadInput, Conflict, NotAllowed
from tenants.models import Tenant

STEP_SECONDS = 30
RECOVERY_CODES = 10
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class AlreadySetUp(Conflict):
    """There is a second factor; take it away before setting up another."""

    code = "second_factor_exists"


class WrongCode(BadInput):
    """The code is not right, is too old, or was used already."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__(gettext("This code is not right. Codes change every 30 seconds, and each can be used once."))


class SetUpNeeded(NotAllowed):
    """Everybody needs a second factor here, and none is set up."""

    code = "second_factor_missing"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the authenticator app needs; shown while it is set up, never again."""

    secret: str
    uri: str


def is_set_up(user: User) -> bool:
    """Return whether signing in asks for more than the password.

    A passkey of any host counts: where it cannot be used, a recovery code is asked for, so that no host is a way round.
    """
    return has_app(user) or Passkey.objects.filter(user=user).exists()


def has_app(user: User) -> bool:
    """Return whether an authenticator app is set up."""
    return TotpDevice.objects.filter(user=user).exclude(confirmed_at=None).exists()


def takes_code(user: User) -> bool:
    """Return whether a code can be the answer: one of the app, or a recovery code that was not used."""
    return has_app(user) or codes_left(user) > 0


def is_missing(membership: Membership) -> bool:
    """Return whether the member has no second factor where everybody needs one."""
    return settings.SECOND_FACTOR_REQUIRED and not is_set_up(membership.user)


def check_is_enough(membership: Membership) -> None:
    """Pass if nothing is missing.

    Raises: SetUpNeeded.
    """
    if is_missing(membership):
        raise SetUpNeeded(gettext("You need a second factor. Sign in with a browser once and set it up."))


def begin(*, user: User, issuer: str) -> Enrolment:
    """Make a secret for the user's app; it counts once `confirm` has seen a code.

    Raises: AlreadySetUp.
    """
    secret = pyotp.random_base32(32)
    with transaction.atomic():
        device = _locked_device(user) or TotpDevice(user=user)
        if device.confirmed_at is not None:
            raise AlreadySetUp(gettext("An authenticator app is set up already."))
        device.secret_sealed = master_key.seal(secret.encode(), bound_to=device_binding(device))
        device.save()
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=issuer))


def pending(*, user: User, issuer: str) -> Enrolment | None:
    """Return the secret that waits for its first code, or None."""
    device = TotpDevice.objects.filter(user=user, confirmed_at=None).first()
    if device is None:
        return None
    secret = _secret_of(device)
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=issuer))


def confirm(*, user: User, code: str, tenant: Tenant | None, now: datetime) -> tuple[str, ...]:
    """Turn the second factor on by its first code, tell its owner, and return the recovery codes, which are shown once.

    Shape: `tenant` is where it was done, none for the staff host, here and below.

    Raises: WrongCode; AlreadySetUp.
    """
    with transaction.atomic():
        device = _locked_device(user)
        if device is None:
            raise WrongCode
        if device.confirmed_at is not None:
            raise AlreadySetUp(gettext("An authenticator app is set up already."))
        step = _step_of(_secret_of(device), code, now)
        if step is None:
            raise WrongCode
        device.confirmed_at, device.last_step = now, step
        device.save(update_fields=["confirmed_at", "last_step"])
        tell_of_change(user=user, tenant=tenant, now=now)
        return codes_for_first(user=user)


def use_code(*, user: User, code: str, now: datetime) -> bool:
    """Spend a code of the app or a recovery code; False when it is wrong or was spent before."""
    device = TotpDevice.objects.filter(user=user).exclude(confirmed_at=None).first()
    step = _step_of(_secret_of(device), code, now) if device else None
    if device is not None and step is not None:
        return bool(TotpDevice.objects.filter(pk=device.pk, last_step__lt=step).update(last_step=step))
    unused = RecoveryCode.objects.filter(user=user, code_hash=_hash_of(code), used_at=None)
    return bool(unused.update(used_at=now))


def renew_recovery_codes(*, user: User, code: str, tenant: Tenant | None, now: datetime) -> tuple[str, ...]:
    """Replace every recovery code, and tell their owner.

    Raises: WrongCode.
    """
    with transaction.atomic():
        if not use_code(user=user, code=code, now=now):
            raise WrongCode
        tell_of_change(user=user, tenant=tenant, now=now)
        return _new_recovery_codes(user)


def remove(*, user: User, code: str, tenant: Tenant | None, now: datetime) -> None:
    """Take the app away and tell its owner; with the last second factor the recovery codes go too.

    Raises: WrongCode.
    """
    with transaction.atomic():
        if not use_code(user=user, code=code, now=now):
            raise WrongCode
        TotpDevice.objects.filter(user=user).delete()
        drop_codes_without_factor(user=user, now=now)
        tell_of_change(user=user, tenant=tenant, now=now)


def reset(*, user: User) -> None:
    """Take away whatever there is, without a word: its owner was told, or is gone."""
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        TotpDevice.objects.filter(user=user).delete()
        Passkey.objects.filter(user=user).delete()


def take_away_lost(*, user: User, now: datetime) -> None:
    """Take away a second factor that its owner has lost, and tell them; for an operator who knows the person."""
    with transaction.atomic():
        reset(user=user)
        place = None if user.is_staff else permissions.active_memberships().filter(user=user).order_by("pk").first()
        tell_of_change(user=user, tenant=place.tenant if place else None, now=now)


def codes_for_first(*, user: User) -> tuple[str, ...]:
    """Make recovery codes for somebody who has none; whoever has some keeps them. Must run inside a transaction."""
    User.objects.select_for_update().only("pk").get(pk=user.pk)
    return () if codes_left(user) else _new_recovery_codes(user)


def drop_codes_without_factor(*, user: User, now: datetime) -> None:
    """Take the recovery codes of somebody who has no second factor any more: alone they would be a password.

    Their programs' sessions end as well: a browser is asked to set up another factor, and a program cannot be.
    """
    if not is_set_up(user):
        RecoveryCode.objects.filter(user=user).delete()
        programs = Session.objects.filter(user=user, kind=Session.Kind.TOKEN)
        sessions.end(programs, reason="second_factor_removed", now=now)


def tell_of_change(*, user: User, tenant: Tenant | None, now: datetime) -> None:
    """Note that a second factor was added, replaced or removed, and leave a mail to its owner.

    Shape: belongs into the transaction of the change, so that none goes without its mail.
    """
    with transaction.atomic():
        security_events.record(kind="second_factor_changed", tenant=tenant, user=user, now=now)
        outbox.post(kind=OutgoingMail.Kind.SECOND_FACTOR_CHANGED, about=user.public_id, tenant=tenant, now=now)


def codes_left(user: User) -> int:
    """Count the recovery codes that were not used."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def _locked_device(user: User) -> TotpDevice | None:
    User.objects.select_for_update().only("pk").get(pk=user.pk)
    return TotpDevice.objects.filter(user=user).first()


def _new_recovery_codes(user: User) -> tuple[str, ...]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = tuple("-".join(_random_text(4) for _ in range(4)) for _ in range(RECOVERY_CODES))
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_hash=_hash_of(code)) for code in codes)
    return codes


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the 30 s step whose code this is: the present one, or one of its neighbours for clocks that differ."""
    digits = code.replace(" ", "")
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        return None
    present = int(now.timestamp()) // STEP_SECONDS
    app = pyotp.TOTP(secret)
    matching = [
        step
        for step in (present - 1, present, present + 1)
        if secrets.compare_digest(app.at(step * STEP_SECONDS), digits)
    ]
    return max(matching, default=None)


def _secret_of(device: TotpDevice) -> str:
    return master_key.unseal(bytes(device.secret_sealed), bound_to=device_binding(device)).decode()


def device_binding(device: TotpDevice) -> bytes:
    """Return what the sealed secret of this row is bound to."""
    return b"totp-device:" + str(device.public_id).encode()


def _hash_of(code: str) -> str:
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
