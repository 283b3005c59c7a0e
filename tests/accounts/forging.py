"""Makes tokens that should be refused, piece by piece, without asking a library's permission."""

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _part(value: Any) -> str:
    return _b64(value if isinstance(value, bytes) else json.dumps(value).encode())


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    head, payload, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, payload))


def unsigned(header: Any, payload: Any) -> str:
    return f"{_part(header)}.{_part(payload)}."


def signed(header: Any, payload: Any, key: rsa.RSAPrivateKey) -> str:
    body = f"{_part(header)}.{_part(payload)}"
    return f"{body}.{_b64(key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def hmac_signed(header: Any, payload: Any, secret: bytes) -> str:
    body = f"{_part(header)}.{_part(payload)}"
    return f"{body}.{_b64(hmac.new(secret, body.encode(), hashlib.sha256).digest())}"
