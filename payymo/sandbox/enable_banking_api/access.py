"""Applications and the tokens that their keys sign."""

import sqlite3
import time
import uuid
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from payymo.sandbox.enable_banking_api.errors import Refusal

ISSUER, AUDIENCE, LONGEST_SECONDS = "enablebanking.com", "api.enablebanking.com", 86_400


def register(connection: sqlite3.Connection, slug: str) -> dict[str, str]:
    """Return the host's application with its private key, as the control panel hands it over; made at first."""
    row = connection.execute("SELECT id, private_key FROM eb_application WHERE slug = ?", (slug,)).fetchone()
    if row is not None:
        return dict(row)
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    made = {"id": str(uuid.uuid4()), "private_key": private}
    connection.execute("INSERT INTO eb_application VALUES (?, ?, ?)", (slug, made["id"], private))
    return made


@lru_cache(maxsize=8)
def _public(private: str) -> Any:
    # Kept in memory: reading a private key checks its primes again, and every call is signed.
    return serialization.load_pem_private_key(private.encode(), None).public_key()


def owner(connection: sqlite3.Connection, header: str) -> str:
    """Return the host whose application signed the token.

    Raises: Refusal (401) for any other, one of another issuer or audience, over, or good for more than a day.
    """
    refused = Refusal(401, "UNAUTHORIZED", "Wrong or missing authorization token")
    kind, _, token = header.partition(" ")
    if kind != "Bearer" or not token:
        raise refused
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        row = connection.execute("SELECT slug, private_key FROM eb_application WHERE id = ?", (kid,)).fetchone()
        if row is None:
            raise refused
        claims: dict[str, Any] = jwt.decode(
            token, _public(row["private_key"]), algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER,
            options={"require": ["iss", "aud", "iat", "exp"]},
        )  # fmt: skip
    except jwt.PyJWTError as error:
        raise refused from error
    if claims["exp"] - claims["iat"] > LONGEST_SECONDS or claims["iat"] > time.time():
        raise refused
    return str(row["slug"])
