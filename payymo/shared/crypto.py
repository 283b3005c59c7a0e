"""AES-256-GCM envelopes and keyed look-up hashes, with no knowledge of rows or tenants (see tenants/sealing.py)."""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1
_NONCE = 12


class UnreadableSecret(Exception):
    """The sealed value does not open: another row's, another tenant's, damaged, or sealed with another key."""


def new_key() -> bytes:
    """Make 256 random bits."""
    return secrets.token_bytes(32)


def seal(plaintext: bytes, *, key: bytes, key_id: int, bound_to: bytes) -> bytes:
    """Encrypt so that the value opens only with this key and the same `bound_to`.

    Shape: version byte, key id (2 bytes), nonce (12), ciphertext with tag.
    """
    head = bytes([_VERSION]) + key_id.to_bytes(2, "big")
    nonce = secrets.token_bytes(_NONCE)
    return head + nonce + AESGCM(key).encrypt(nonce, plaintext, head + bound_to)


def unseal(sealed: bytes, *, key: bytes, bound_to: bytes) -> bytes:
    """Decrypt what `seal` made.

    Raises: UnreadableSecret.
    """
    head, nonce, body = sealed[:3], sealed[3 : 3 + _NONCE], sealed[3 + _NONCE :]
    if len(sealed) < 3 + _NONCE + 16 or head[0] != _VERSION:
        raise UnreadableSecret("not a sealed value of a known version")
    try:
        return AESGCM(key).decrypt(nonce, body, head + bound_to)
    except InvalidTag as error:
        raise UnreadableSecret("the sealed value does not open here") from error


def key_id_of(sealed: bytes) -> int:
    """Return the id of the key that sealed the value."""
    return int.from_bytes(sealed[1:3], "big")


def keyed_hash(value: str, *, key: bytes, purpose: str) -> str:
    """Return a hex HMAC-SHA-256 by which equal values are found without being readable."""
    return hmac.new(key, purpose.encode() + b"\0" + value.encode(), hashlib.sha256).hexdigest()
