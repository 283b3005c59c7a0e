"""Passkeys as the second factor: adding one, using one, removing one. Source: W3C Web Authentication, level 2.

The library reads and verifies what authenticators answer. Ours is what it leaves to the caller: a challenge is spent
once, by one DELETE, in the browser session that got it; the count moves by one conditional UPDATE.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import webauthn
from cryptography.exceptions import UnsupportedAlgorithm
from django.contrib.sessions.backends.base import SessionBase
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext
from webauthn.helpers import bytes_to_base64url, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import Passkey, PasskeyChallenge, User
from accounts.services import second_factor, security_events
from payymo.shared.errors import BadInput, Conflict
from tenants.links import origin_of
from tenants.models import Tenant

LIFE = timedelta(minutes=5)
MOST = 20
_LARGEST_ANSWER = 16_384
_TIMEOUT_MS = int(LIFE.total_seconds() * 1000)
_REQUIRED = UserVerificationRequirement.REQUIRED
_UNREADABLE = (WebAuthnException, UnsupportedAlgorithm, ValueError, KeyError, TypeError, AttributeError, RecursionError)


class PasskeyRefused(BadInput):
    """The answer is not one of a passkey that counts here and now."""

    code = "passkey_refused"

    def __init__(self) -> None:
        super().__init__(gettext("This passkey was not accepted. Try again, or use a code."))


class TooManyPasskeys(Conflict):
    """There are enough."""

    code = "too_many_passkeys"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ceremony happens: one host and one browser session."""

    host: str
    session_key: str

    def bound_to(self, user: User, purpose: str) -> str:
        """Return what a challenge of this place, user and purpose is bound to."""
        parts = [self.session_key, self.host, str(user.public_id), purpose]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def place_of(host: str, session: SessionBase) -> Place:
    """Return the place of a request whose host was found among the stored ones."""
    if not session.session_key:
        session.create()
    return Place(host, str(session.session_key))


def of(user: User, host: str) -> QuerySet[Passkey]:
    """Return the user's passkeys at this host, the oldest first."""
    return Passkey.objects.filter(user=user, rp_id=host).order_by("pk")


def begin_adding(*, user: User, tenant: Tenant | None, place: Place, now: datetime) -> str:
    """Return, as JSON, what the browser passes to the authenticator to make a passkey; no tenant is the staff host.

    Raises: TooManyPasskeys.
    """
    known = list(of(user, place.host))
    if len(known) >= MOST:
        raise TooManyPasskeys(
            gettext("There are %(most)s passkeys already. Remove one that is not used any more.") % {"most": MOST}
        )
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=f"Payymo {tenant.name if tenant else 'staff'}",
        user_id=user.public_id.bytes,
        user_name=user.email,
        user_display_name=user.display_name,
        timeout=_TIMEOUT_MS,
        exclude_credentials=[_descriptor(row) for row in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=_REQUIRED
        ),
    )
    _keep(options.challenge, place.bound_to(user, "add"), now)
    return webauthn.options_to_json(options)


def add(*, user: User, tenant: Tenant | None, place: Place, answer: str, name: str, now: datetime) -> tuple[str, ...]:
    """Keep the passkey that an authenticator made, and tell its owner; return recovery codes for a first second factor.

    Raises: PasskeyRefused; nothing is kept.
    """
    try:
        given = _read(answer)
        made = webauthn.verify_registration_response(
            credential=given,
            expected_challenge=_spend(given, place.bound_to(user, "add"), now),
            expected_rp_id=place.host,
            expected_origin=origin_of(place.host),
            require_user_verification=True,
        )
        transports = ",".join(sorted(map(str, given["response"].get("transports") or ())))[:100]
    except _UNREADABLE as error:
        raise PasskeyRefused from error
    try:
        with transaction.atomic():
            codes = second_factor.codes_for_first(user=user)
            Passkey.objects.create(
                user=user,
                rp_id=place.host,
                name=name.strip()[:60] or "Passkey",
                credential_id=made.credential_id,
                public_key=made.credential_public_key,
                sign_count=made.sign_count,
                transports=transports,
            )
            second_factor.tell_of_change(user=user, tenant=tenant, now=now)
    except IntegrityError as error:
        raise PasskeyRefused from error
    return codes


def begin_using(*, user: User, place: Place, now: datetime) -> str:
    """Return, as JSON, what the browser passes to the authenticator, or nothing without a passkey at this host."""
    usable = of(user, place.host).filter(suspected_at=None)
    allowed = [_descriptor(row) for row in usable]
    if not allowed:
        return ""
    options = webauthn.generate_authentication_options(
        rp_id=place.host, timeout=_TIMEOUT_MS, allow_credentials=allowed, user_verification=_REQUIRED
    )
    _keep(options.challenge, place.bound_to(user, "use"), now)
    return webauthn.options_to_json(options)


def use(*, user: User, tenant: Tenant | None, place: Place, answer: str, now: datetime) -> bool:
    """Return whether a passkey of the user signed this session's challenge, which is spent either way.

    Shape: a passkey whose count went back is perhaps a copy: it is refused from now on, and its owner is told.
    """
    try:
        given = _read(answer)
        challenge = _spend(given, place.bound_to(user, "use"), now)
        wanted = webauthn.base64url_to_bytes(given["id"])
        passkey = of(user, place.host).filter(suspected_at=None, credential_id=wanted).first()
        if passkey is None:
            return False
        shown = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=origin_of(place.host),
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=0,  # compared below, by the statement that moves it
            require_user_verification=True,
        )
    except (*_UNREADABLE, PasskeyRefused):
        return False
    if _move_count(passkey, shown.new_sign_count, now):
        return True
    Passkey.objects.filter(pk=passkey.pk).update(suspected_at=now)
    security_events.record(
        kind="passkey_copied", tenant=tenant, user=user, now=now, detail=f"passkey {passkey.public_id}"
    )
    second_factor.tell_of_change(user=user, tenant=tenant, now=now)
    return False


def remove(*, user: User, tenant: Tenant | None, host: str, public_id: Any, now: datetime) -> bool:
    """Remove a passkey of one's own at this host and say so by mail; with the last factor the recovery codes go too."""
    with transaction.atomic():
        gone, _ = of(user, host).filter(public_id=public_id).delete()
        second_factor.drop_codes_without_factor(user=user, now=now)
        if gone:
            second_factor.tell_of_change(user=user, tenant=tenant, now=now)
    return bool(gone)


def _descriptor(row: Passkey) -> PublicKeyCredentialDescriptor:
    known = {each.value for each in AuthenticatorTransport}
    transports = [AuthenticatorTransport(each) for each in row.transports.split(",") if each in known]
    return PublicKeyCredentialDescriptor(id=bytes(row.credential_id), transports=transports or None)


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > _LARGEST_ANSWER:
        raise PasskeyRefused
    given = json.loads(answer)
    if not isinstance(given, dict):
        raise PasskeyRefused
    return given


def _keep(challenge: bytes, bound_to: str, now: datetime) -> None:
    PasskeyChallenge.objects.create(challenge_hash=_hash(challenge), bound_to=bound_to, expires_at=now + LIFE)


def _spend(given: dict[str, Any], bound_to: str, now: datetime) -> bytes:
    """Return the challenge that the answer signs, if it is this session's and was not spent before.

    Raises: PasskeyRefused.
    """
    signed = webauthn.base64url_to_bytes(given["response"]["clientDataJSON"])
    challenge = parse_client_data_json(signed).challenge
    held = PasskeyChallenge.objects.filter(challenge_hash=_hash(challenge), bound_to=bound_to, expires_at__gt=now)
    if not held.delete()[0]:
        raise PasskeyRefused
    return challenge


def _move_count(passkey: Passkey, count: int, now: datetime) -> bool:
    row = Passkey.objects.filter(pk=passkey.pk)
    row = row.filter(sign_count__lt=count) if count else row.filter(sign_count=0)
    return bool(row.update(sign_count=count, last_used_at=now))


def _hash(challenge: bytes) -> str:
    return hashlib.sha256(bytes_to_base64url(challenge).encode()).hexdigest()
