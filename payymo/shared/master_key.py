"""What the master key seals: the keys below it. Each sealed value names the master key it was sealed with.

While a rotation runs, the new key seals and the old ones still open, so the service goes on serving. Where secrets are
kept in a store that can change, a new key is noticed without a restart.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from django.conf import settings

from payymo.shared import crypto
from payymo.shared.secret_store.base import SecretUnavailable


@dataclass(frozen=True, slots=True)
class Ring:
    """The master keys by number, and which one seals."""

    present: int
    keys: Mapping[int, bytes] = field(repr=False)


def seal(plaintext: bytes, *, bound_to: bytes) -> bytes:
    """Seal with the present master key.

    Raises: UnreadableSecret when the key cannot be had now.
    """
    ring = _ring()
    return crypto.seal(plaintext, key=ring.keys[ring.present], key_id=ring.present, bound_to=bound_to)


def unseal(sealed: bytes, *, bound_to: bytes) -> bytes:
    """Open with the master key that the value names.

    Raises: UnreadableSecret.
    """
    key = _ring().keys.get(crypto.key_id_of(sealed))
    if key is None:
        raise crypto.UnreadableSecret(f"master key {crypto.key_id_of(sealed)} is not configured")
    return crypto.unseal(sealed, key=key, bound_to=bound_to)


def is_current(sealed: bytes) -> bool:
    """Return whether the present master key sealed the value."""
    return crypto.key_id_of(sealed) == _ring().present


def read_ring(text: str, *, number: int = 1, old: str = "") -> Ring:
    """Read `BASE64` with its number and the old keys beside it, or `2:BASE64,1:BASE64` with the present key first.

    Shape: the second form is one value, so that a store hands out key and number together.
    Raises: ValueError.
    """
    written = [one.strip() for one in text.split(",") if one.strip()]
    if not written:
        raise ValueError("there is no master key")
    if ":" not in written[0]:
        written[0] = f"{number}:{written[0]}"
    pairs = [_numbered(one) for one in [*written, *filter(None, (one.strip() for one in old.split(",")))]]
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise ValueError("two master keys have the same number; give the new key a new one")
    return Ring(pairs[0][0], keys)


def _numbered(text: str) -> tuple[int, bytes]:
    number, _, written = text.partition(":")
    try:
        key = base64.b64decode(written, validate=True)
    except binascii.Error as error:
        raise ValueError(f"master key {number[:5]} is not base64") from error
    if len(key) != 32 or not number.isdecimal() or not 0 < int(number) < 65_536:
        raise ValueError("each master key is 32 random bytes in base64 (openssl rand -base64 32), numbered from 1")
    return int(number), key


_read_ring = lru_cache(maxsize=4)(read_ring)


def _ring() -> Ring:
    """Return the keys as they are now.

    Raises: UnreadableSecret when a store that can change does not give them.
    """
    if not settings.SECRETS.is_live:
        return Ring(settings.MASTER_KEY_ID, {**settings.OLD_MASTER_KEYS, settings.MASTER_KEY_ID: settings.MASTER_KEY})
    try:
        text, old = settings.SECRETS.get("PAYYMO_MASTER_KEY"), settings.SECRETS.find("PAYYMO_OLD_MASTER_KEYS")
        return _read_ring(text, number=settings.MASTER_KEY_NUMBER, old=old)
    except (SecretUnavailable, ValueError) as error:
        raise crypto.UnreadableSecret(f"the master key cannot be had: {error}") from None
