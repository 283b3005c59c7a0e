"""The RSA keys that sign tokens: made on first use, replaced every 90 days, published without their private half.

Every process reads the rows for each token, so all of them change keys at the same moment.
Keys of another algorithm than the setting's neither sign nor verify: to change it ends every token once.
Source: docs/adr/0029-a-new-key-is-published-before-it-signs.md
"""

import secrets
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm

from accounts import locks
from accounts.models import SigningKey
from payymo.audit.services import recording as audit
from payymo.shared import master_key

KEY_BITS = 3072
ROTATE_AFTER = timedelta(days=90)
# Twice as long as anybody may keep the published set (`accounts.views.jwks`).
PUBLISHED_AHEAD = timedelta(minutes=10)


def signing_key(*, now: datetime) -> SigningKey:
    """Return the key that signs now; the first call of all makes one.

    Any number of callers at once make one key: the row is looked for again under the lock.
    """
    return _signing(now) or _make_first(now)


def verifying_key(*, kid: str, now: datetime) -> str | None:
    """Return the public key (PEM) of one of our own key ids while it verifies, or None."""
    return _verifying(now).filter(kid=kid).values_list("public_pem", flat=True).first()


def published_keys(*, now: datetime) -> list[dict[str, Any]]:
    """Return the JWKS entries of every key that verifies now, newest first; public parts only. Source: RFC 7517."""
    entries = []
    for key in _verifying(now).order_by("-signs_from", "-pk"):
        public = serialization.load_pem_public_key(key.public_pem.encode())
        assert isinstance(public, rsa.RSAPublicKey)  # noqa: S101 - only `_make` writes these rows
        entry = RSAAlgorithm.to_jwk(public, as_dict=True)
        entries.append(
            {"kty": "RSA", "kid": key.kid, "use": "sig", "alg": key.algorithm, "n": entry["n"], "e": entry["e"]}
        )
    return entries


def rotate_signing_key(*, now: datetime) -> SigningKey:
    """Publish a new key at once and sign with it from ten minutes on; the old one verifies until its tokens are over.

    Shape: while a published key waits for its time, that one is returned, so any number of calls make one.
    """
    pair = _new_pair()
    with transaction.atomic():
        locks.lock_signing_keys()
        waiting = SigningKey.objects.filter(
            algorithm=settings.TOKEN_ALGORITHM, signs_from__gt=now, verifies_until=None
        ).first()
        if waiting is not None:
            return waiting
        made = _make(now, pair, signs_from=now + PUBLISHED_AHEAD if _signing(now) else now)
        audit.record_platform(action="keys.signing_rotated", details={"kid": made.kid})
        return made


def replace_stolen_key(*, now: datetime) -> SigningKey:
    """Sign with a new key at once and let no older one verify: every token there is stops working."""
    pair = _new_pair()
    with transaction.atomic():
        locks.lock_signing_keys()
        still = SigningKey.objects.filter(Q(verifies_until=None) | Q(verifies_until__gt=now))
        still.update(retired_at=now, verifies_until=now)
        made = _make(now, pair, signs_from=now)
        audit.record_platform(action="keys.signing_replaced", details={"kid": made.kid})
        return made


def rotate_when_due(*, now: datetime) -> SigningKey | None:
    """Rotate if the newest key is 90 days old; None while it is younger, or where none was ever needed."""
    newest = SigningKey.objects.filter(algorithm=settings.TOKEN_ALGORITHM).order_by("-signs_from", "-pk").first()
    if newest is None or newest.signs_from > now - ROTATE_AFTER:
        return None
    return rotate_signing_key(now=now)


def prune_signing_keys(*, now: datetime) -> int:
    """Erase the private half of keys that sign no more, and delete keys that verify no more; return how many went."""
    SigningKey.objects.filter(retired_at__lte=now).exclude(private_sealed=b"").update(private_sealed=b"")
    return SigningKey.objects.filter(verifies_until__lte=now).delete()[0]


def private_key(key: SigningKey) -> rsa.RSAPrivateKey:
    """Return the private half.

    Raises: UnreadableSecret when the master key is another one.
    """
    return _unsealed(key.kid, bytes(key.private_sealed))


def _signing(now: datetime) -> SigningKey | None:
    usable = SigningKey.objects.filter(algorithm=settings.TOKEN_ALGORITHM, signs_from__lte=now)
    return usable.filter(Q(retired_at=None) | Q(retired_at__gt=now)).order_by("-signs_from", "-pk").first()


def _verifying(now: datetime) -> QuerySet[SigningKey]:
    return SigningKey.objects.filter(
        Q(verifies_until=None) | Q(verifies_until__gt=now), algorithm=settings.TOKEN_ALGORITHM
    )


def _make_first(now: datetime) -> SigningKey:
    pair = _new_pair()
    with transaction.atomic():
        locks.lock_signing_keys()
        # Who waited for the lock meets a key that was made later than its own moment.
        return _signing(timezone.now()) or _make(now, pair, signs_from=now)


def _new_pair() -> rsa.RSAPrivateKey:
    """Make a key before the lock is taken: on a busy machine it takes longer than anybody may wait for a lock."""
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def _make(now: datetime, private: rsa.RSAPrivateKey, *, signs_from: datetime) -> SigningKey:
    kid = secrets.token_hex(16)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    longest = timedelta(seconds=settings.REFRESH_TOKEN_SECONDS + 60)
    before = SigningKey.objects.filter(retired_at=None)
    before.update(retired_at=signs_from, verifies_until=signs_from + longest)
    return SigningKey.objects.create(
        kid=kid,
        algorithm=settings.TOKEN_ALGORITHM,
        created_at=now,
        signs_from=signs_from,
        public_pem=public.decode(),
        private_sealed=master_key.seal(pem, bound_to=key_binding(kid)),
    )


def key_binding(kid: str) -> bytes:
    """Return what the sealed private half is bound to."""
    return b"signing-key:" + kid.encode()


@lru_cache(maxsize=4)
def _unsealed(kid: str, sealed: bytes) -> rsa.RSAPrivateKey:
    # Kept in memory: reading the PEM checks the primes again and costs as much as ten signatures.
    pem = master_key.unseal(sealed, bound_to=key_binding(kid))
    private = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(private, rsa.RSAPrivateKey)  # noqa: S101 - only `_make` writes these rows
    return private
