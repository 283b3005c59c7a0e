"""The two kinds of token: what they claim, how they are signed, and everything for which they are refused.

Built on simplejwt's `Token` and `TokenBackend`. Its stock authentication, views and serializers are not used: they know
no tenant, take any signing key setting, and let a refresh token be used again and again.
"""

import base64
import binascii
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar, cast

import jwt
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.tokens import Token

from accounts.models import SigningKey
from accounts.services import signing_keys
from payymo.shared.errors import DomainError

LARGEST_TOKEN = 4096
LEEWAY_SECONDS = 10
_KID = re.compile(r"[0-9a-f]{32}")
_HEADER = frozenset({"alg", "kid", "typ"})
_UUID_CLAIMS = ("sub", "tenant_id", "sid", "jti")
_TIME_CLAIMS = ("iat", "nbf", "exp")


class InvalidToken(DomainError):
    """The token is damaged, expired, of another kind or tenant, revoked, or its owner may no longer enter."""

    code = "invalid_token"
    status = 401

    def __init__(self, message: str = "The token is not valid here.") -> None:
        super().__init__(message)


class KeySetBackend(TokenBackend):
    """Signs with the newest of our own keys and verifies with the one that the header names."""

    def __init__(self, audience: str) -> None:
        super().__init__(settings.TOKEN_ALGORITHM, audience=audience, issuer=settings.JWT_ISSUER, leeway=LEEWAY_SECONDS)

    def sign(self, payload: Mapping[str, Any], key: SigningKey) -> str:
        """Return the signed token, with the key's id in its header."""
        claims = {**payload, "aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, signing_keys.private_key(key), algorithm=key.algorithm, headers={"kid": key.kid})

    def get_verifying_key(self, token: Any) -> Any:
        """Return the public key; the header may hold `alg`, `kid` and `typ` and nothing else.

        Raises: TokenBackendError for a header that names another algorithm or brings its own key.
        """
        header = _header_of(token)
        if not header.keys() <= _HEADER or header.get("alg") != self.algorithm:
            raise TokenBackendError(gettext("The token's header is not acceptable."))
        kid = header.get("kid")
        if isinstance(kid, str) and _KID.fullmatch(kid):
            public_pem = signing_keys.verifying_key(kid=kid, now=timezone.now())
            if public_pem is not None:
                return public_pem
        raise TokenBackendError(gettext("The token's key is not one of ours."))


TokenKind = TypeVar("TokenKind", bound="TenantToken")


class TenantToken(Token):
    """A token that names one user, one tenant and one session."""

    audience: ClassVar[str]
    lifetime: timedelta
    own_claims: ClassVar[Mapping[str, Callable[[Any], bool]]] = {}

    @classmethod
    def issue(cls, *, claims: Mapping[str, Any], now: datetime, expires_at: datetime) -> str:
        """Sign a token; `claims` gives `sub`, `tenant_id`, `sid` and what the kind adds."""
        issued = int(now.timestamp())
        payload = {
            "token_type": cls.token_type,
            "jti": str(uuid.uuid4()),
            "iat": issued,
            "nbf": issued,
            "exp": int(expires_at.timestamp()),
            **claims,
        }
        return KeySetBackend(cls.audience).sign(payload, signing_keys.signing_key(now=now))

    @classmethod
    def read(cls: type[TokenKind], text: object) -> TokenKind:
        """Check signature, kind, times and the form of every claim; the database is asked for the key only.

        Raises: InvalidToken.
        """
        if not isinstance(text, str) or not text.isascii() or not 0 < len(text) <= LARGEST_TOKEN:
            raise InvalidToken
        try:
            return cls(cast("Token", text))  # simplejwt's annotation is wrong: it takes the text
        except TokenError as error:
            raise InvalidToken from error

    def get_token_backend(self) -> KeySetBackend:
        """Return the backend of this kind's audience."""
        return KeySetBackend(self.audience)

    def verify(self) -> None:
        """Check what the signature does not: the kind, and that each claim is there and of its type.

        Raises: TokenError.
        """
        payload: dict[str, Any] = self.payload
        sound = (
            payload.get("aud") == self.audience
            and payload.get("iss") == settings.JWT_ISSUER
            and all(_is_uuid(payload.get(name)) for name in _UUID_CLAIMS)
            and all(type(payload.get(name)) is int for name in _TIME_CLAIMS)
            and payload["exp"] - payload["iat"] <= self.lifetime.total_seconds()
            and all(check(payload.get(name)) for name, check in self.own_claims.items())
        )
        if not sound:
            raise TokenError(gettext("The token's claims are not acceptable."))
        super().verify()


def _is_uuid(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return str(uuid.UUID(value)) == value
    except ValueError:
        return False


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


class AccessToken(TenantToken):
    """Opens one tenant's API for ten minutes. Its `permissions` inform the client; the server asks the database."""

    token_type = "access"  # noqa: S105 - the name of a kind  # nosec B105
    audience = "payymo:api"
    lifetime = timedelta(seconds=settings.ACCESS_TOKEN_SECONDS)
    own_claims: ClassVar = {"permissions": _is_list_of_text}


class RefreshToken(TenantToken):
    """Buys the next pair of tokens, once."""

    token_type = "refresh"  # noqa: S105 - the name of a kind  # nosec B105
    audience = "payymo:refresh"
    lifetime = timedelta(seconds=settings.REFRESH_TOKEN_SECONDS)


def _header_of(token: str | bytes) -> dict[str, Any]:
    """Read the header as it was signed; a name given twice is refused, since readers would differ about it.

    Raises: TokenBackendError.
    """
    first = (token.decode("ascii") if isinstance(token, bytes) else token).split(".", 1)[0]
    try:
        raw = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4))
        header = json.loads(raw, object_pairs_hook=_without_doubles)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise TokenBackendError(gettext("The token's header cannot be read.")) from error
    if not isinstance(header, dict):
        raise TokenBackendError(gettext("The token's header cannot be read."))
    return header


def _without_doubles(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    listed = list(pairs)
    found = dict(listed)
    if len(found) != len(listed):
        raise ValueError("a name is given twice")
    return found
