"""The RSA keys that sign tokens: made on first use, replaced every 90 days, published without their private half."""

import secrets
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from jwt.algorithms import RSAAlgorithm

from accounts import locks
from accounts.models import SigningKey
from payymo.shared import master_key

ALGORITHM = "RS256"
KEY_BITS = 3072
ROTATE_AFTER = timedelta(days=90)


def signing_key(*, now: datetime) -> SigningKey:
    """Return the key that signs now; the first call, and the first after 90 days, makes one.

    Any number of callers at once make one key: the row is looked for again under the lock.
    """
    return _usable(now) or _make_unless_made(now)


def verifying_key(*, kid: str, now: datetime) -> str | None:
    """Return the public key (PEM) of one of our own key ids while it verifies, or None."""
    return _verifying(now).filter(kid=kid).values_list("public_pem", flat=True).first()


def published_keys(*, now: datetime) -> list[dict[str, Any]]:
    """Return the JWKS entries of every key that verifies now, newest first; public parts only. Source: RFC 7517."""
    entries = []
    for key in _verifying(now).order_by("-created_at", "-pk"):
        public = serialization.load_pem_public_key(key.public_pem.encode())
        assert isinstance(public, rsa.RSAPublicKey)  # noqa: S101 - only `_make` writes these rows
        entry = RSAAlgorithm.to_jwk(public, as_dict=True)
        entries.append(
            {"kty": "RSA", "kid": key.kid, "use": "sig", "alg": key.algorithm, "n": entry["n"], "e": entry["e"]}
        )
    return entries


def rotate_signing_key(*, now: datetime) -> SigningKey:
    """Sign with a new key from now on; the old one verifies until the longest token it signed has expired."""
    with transaction.atomic():
        locks.lock_signing_keys()
        return _make(now)


def private_key(key: SigningKey) -> rsa.RSAPrivateKey:
    """Return the private half.

    Raises: UnreadableSecret when the master key is another one.
    """
    return _unsealed(key.kid, bytes(key.private_sealed))


def _usable(now: datetime) -> SigningKey | None:
    return (
        SigningKey.objects.filter(retired_at=None, algorithm=ALGORITHM, created_at__gt=now - ROTATE_AFTER)
        .order_by("-created_at", "-pk")
        .first()
    )


def _verifying(now: datetime) -> QuerySet[SigningKey]:
    return SigningKey.objects.filter(Q(verifies_until=None) | Q(verifies_until__gt=now), algorithm=ALGORITHM)


def _make_unless_made(now: datetime) -> SigningKey:
    with transaction.atomic():
        locks.lock_signing_keys()
        return _usable(now) or _make(now)


def _make(now: datetime) -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    kid = secrets.token_hex(16)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    longest = timedelta(seconds=settings.REFRESH_TOKEN_SECONDS + 60)
    SigningKey.objects.filter(retired_at=None).update(retired_at=now, verifies_until=now + longest)
    return SigningKey.objects.create(
        kid=kid,
        algorithm=ALGORITHM,
        created_at=now,
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
