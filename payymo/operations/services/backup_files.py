"""The form of an encrypted backup: a manifest that anybody may read, then pieces that open in their order alone.

Shape: magic, length of the manifest (4 bytes), manifest (JSON), salt (32), then pieces of length (4 bytes, the highest
bit set on the last one) and AES-256-GCM ciphertext. The key of a file is derived from the backup key and its salt; the
nonce is the piece's number; manifest, salt and "is it the last" are bound in, so that nothing can be cut or exchanged.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from payymo.shared.errors import BadInput

MAGIC = b"PAYYMO-BACKUP-1\n"
PIECE = 1024 * 1024
_LAST, _SALT, _LARGEST_MANIFEST = 1 << 31, 32, 16 * 1024 * 1024


class UnusableBackup(BadInput):
    """The file is no backup, is damaged or cut short, or was made with another key."""

    code = "unusable_backup"


def write(out: IO[bytes], *, manifest: dict[str, Any], key: bytes, data: Iterable[bytes]) -> int:
    """Write a backup as `data` comes; return the number of bytes that were taken in."""
    head, salt = json.dumps(manifest).encode(), secrets.token_bytes(_SALT)
    out.write(MAGIC + len(head).to_bytes(4, "big") + head + salt)
    cipher, bound = _cipher(key, salt), hashlib.sha256(head + salt).digest()
    taken = 0
    for number, (piece, is_last) in enumerate(_pieces(data)):
        taken += len(piece)
        sealed = cipher.encrypt(number.to_bytes(12, "big"), piece, bound + bytes([is_last]))
        out.write((len(sealed) | (_LAST if is_last else 0)).to_bytes(4, "big") + sealed)
    return taken


def read_manifest(file: IO[bytes]) -> dict[str, Any]:
    """Read the manifest at the beginning, unproved as yet.

    Raises: UnusableBackup.
    """
    return _read_head(file)[0]


def read(file: IO[bytes], *, key: bytes) -> Iterator[bytes]:
    """Open the file from its beginning, piece by piece; the manifest is proved with the first one.

    Raises: UnusableBackup, in the middle if the file is damaged there: what came before is worth nothing then.
    """
    _, bound, salt = _read_head(file)
    cipher, number, is_last = _cipher(key, salt), 0, False
    while not is_last:
        length = int.from_bytes(_exactly(file, 4), "big")
        is_last, length = bool(length & _LAST), length & ~_LAST
        if length > PIECE + 16:
            raise UnusableBackup("The backup is damaged.")
        try:
            yield cipher.decrypt(number.to_bytes(12, "big"), _exactly(file, length), bound + bytes([is_last]))
        except InvalidTag as error:
            raise UnusableBackup("The backup does not open: damaged, or made with another backup key.") from error
        number += 1
    if file.read(1):
        raise UnusableBackup("Something follows the end of the backup.")


def _read_head(file: IO[bytes]) -> tuple[dict[str, Any], bytes, bytes]:
    if file.read(len(MAGIC)) != MAGIC:
        raise UnusableBackup("This is no backup of Payymo.")
    length = int.from_bytes(_exactly(file, 4), "big")
    if length > _LARGEST_MANIFEST:
        raise UnusableBackup("The backup is damaged.")
    head, salt = _exactly(file, length), _exactly(file, _SALT)
    try:
        manifest = dict(json.loads(head))
    except (ValueError, TypeError) as error:
        raise UnusableBackup("The backup is damaged.") from error
    return manifest, hashlib.sha256(head + salt).digest(), salt


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"payymo backup").derive(key))


def _pieces(data: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    held = bytearray()
    for part in data:
        held += part
        while len(held) > PIECE:
            yield bytes(held[:PIECE]), False
            del held[:PIECE]
    yield bytes(held), True


def _exactly(file: IO[bytes], length: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise UnusableBackup("The backup was cut short.")
    return data
