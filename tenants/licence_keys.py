"""Licence keys: terms in JSON, signed with Ed25519, that anybody with the public key can check without a connection.

Shape: `PML1.` + terms + `.` + signature, both in base64url without padding; the signature is over everything before it.
"""

import base64
import binascii
import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from payymo.shared.errors import BadInput

PREFIX = "PML1"
FEATURES = frozenset({"automation", "stripe"})
LONGEST = 8192
_MOST_GRACE_DAYS = 90


class UnusableLicence(BadInput):
    """The key is damaged, signed by nobody we know, for another company, or its terms make no sense."""

    code = "unusable_licence"


@dataclass(frozen=True, slots=True)
class Terms:
    """What was sold. Shape: a limit of None is no limit; `transactions` counts payments that arrive in a month."""

    licence_id: str
    tenant: str
    plan: str
    issued_at: str
    expires_at: str
    grace_days: int = 14
    bank_connections: int | None = None
    users: int | None = None
    transactions: int | None = None
    features: tuple[str, ...] = tuple(sorted(FEATURES))

    @property
    def ends(self) -> datetime:
        """The moment from which on it is in its days of grace."""
        return datetime.fromisoformat(self.expires_at)

    @property
    def grace_ends(self) -> datetime:
        """The moment from which on nothing new can be made."""
        return self.ends + timedelta(days=self.grace_days)


def sign(terms: Terms, key: Ed25519PrivateKey) -> str:
    """Write the terms as a licence key.

    Raises: UnusableLicence.
    """
    _check(terms)
    text = f"{PREFIX}.{_written(json.dumps(asdict(terms), sort_keys=True, ensure_ascii=False).encode())}"
    return f"{text}.{_written(key.sign(text.encode()))}"


def read(text: str, public_keys: Iterable[bytes]) -> Terms:
    """Check a licence key against each public key (32 bytes) and return its terms.

    Raises: UnusableLicence.
    """
    signed, _, signature = text.strip().rpartition(".")
    if len(text) > LONGEST or not signed.startswith(f"{PREFIX}.") or signed.count(".") != 1:
        raise UnusableLicence("This is not a licence key; it begins with PML1.")
    try:
        body, proof = _bytes(signed.partition(".")[2]), _bytes(signature)
    except (binascii.Error, ValueError) as error:
        raise UnusableLicence("The licence key is damaged; copy it again, whole.") from error
    if not any(_verifies(key, proof, signed.encode()) for key in public_keys):
        raise UnusableLicence("The licence key was not signed by whoever issues licences for this installation.")
    try:
        known = json.loads(body)
        terms = Terms(**{**known, "features": tuple(known["features"])})
    except (ValueError, TypeError, KeyError) as error:
        raise UnusableLicence("The licence key is of a version that this release does not know.") from error
    _check(terms)
    return terms


def _check(terms: Terms) -> None:
    try:
        uuid.UUID(terms.tenant)
        uuid.UUID(terms.licence_id)
        moments = datetime.fromisoformat(terms.issued_at), terms.ends
    except ValueError as error:
        raise UnusableLicence("The terms name no tenant, no licence or no dates.") from error
    if any(moment.tzinfo is None for moment in moments) or moments[0] >= moments[1]:
        raise UnusableLicence("A licence ends after it begins, and both moments have a time zone.")
    limits = [terms.bank_connections, terms.users, terms.transactions]
    if any(limit is not None and limit < 0 for limit in limits) or not 0 <= terms.grace_days <= _MOST_GRACE_DAYS:
        raise UnusableLicence(f"Limits are not negative, and the days of grace at most {_MOST_GRACE_DAYS}.")
    if not set(terms.features) <= FEATURES:
        raise UnusableLicence(f"The features are {', '.join(sorted(FEATURES))}.")


def _verifies(key: bytes, proof: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(proof, signed)
    except InvalidSignature:
        return False
    return True


def _written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def iso(moment: datetime) -> str:
    """Write a moment as the terms hold it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
