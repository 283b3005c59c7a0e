"""The secrets in links of mails: 256 random bits with the kind in front, of which only a hash is kept.

The kind is part of the text and each kind has a table of its own, so none is ever taken for another.
"""

import hashlib
import secrets

INVITATION = "pmi_"
PASSWORD_RESET = "pmr_"  # noqa: S105 - how its tokens begin  # nosec B105
_LENGTH = 47


def new(kind: str) -> str:
    """Make a token."""
    return kind + secrets.token_urlsafe(32)


def hash_of(token: str, kind: str) -> str:
    """Return what is stored of a token; of another kind or form, nothing that could be stored."""
    if not token.startswith(kind) or len(token) != _LENGTH:
        return ""
    return hashlib.sha256(token.encode()).hexdigest()
