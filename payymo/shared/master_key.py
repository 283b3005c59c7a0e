"""What the master key seals: the keys below it. Each sealed value names the master key it was sealed with.

While a rotation runs, the new key seals and the old ones still open, so the service goes on serving.
"""

import base64
import binascii
from collections.abc import Mapping

from django.conf import settings

from payymo.shared import crypto


def seal(plaintext: bytes, *, bound_to: bytes) -> bytes:
    """Seal with the present master key."""
    return crypto.seal(plaintext, key=settings.MASTER_KEY, key_id=settings.MASTER_KEY_ID, bound_to=bound_to)


def unseal(sealed: bytes, *, bound_to: bytes) -> bytes:
    """Open with the master key that the value names.

    Raises: UnreadableSecret.
    """
    if crypto.key_id_of(sealed) == settings.MASTER_KEY_ID:
        return crypto.unseal(sealed, key=settings.MASTER_KEY, bound_to=bound_to)
    key = settings.OLD_MASTER_KEYS.get(crypto.key_id_of(sealed))
    if key is None:
        raise crypto.UnreadableSecret(f"master key {crypto.key_id_of(sealed)} is not configured")
    return crypto.unseal(sealed, key=key, bound_to=bound_to)


def is_current(sealed: bytes) -> bool:
    """Return whether the present master key sealed the value."""
    return bool(crypto.key_id_of(sealed) == settings.MASTER_KEY_ID)


def read_old_keys(text: str) -> Mapping[int, bytes]:
    """Read `1:BASE64,2:BASE64`.

    Raises: ValueError.
    """
    keys: dict[int, bytes] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        number, _, written = part.partition(":")
        try:
            key = base64.b64decode(written, validate=True)
        except binascii.Error as error:
            raise ValueError(f"old master key {number} is not base64") from error
        if len(key) != 32 or not number.isdigit():
            raise ValueError("each old master key is NUMBER:32 random bytes in base64")
        keys[int(number)] = key
    return keys
