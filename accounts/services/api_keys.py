"""API keys: making one, what it opens, and ending it.

A key acts for the member who made it. What it may do is its scopes as far as the member's role still holds them, read
from the database on each call: a lost right or membership takes the key's with it at once.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from accounts import permissions
from accounts.models import ApiKey, Membership, User
from accounts.services.tokens import InvalidToken
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict
from tenants.models import Tenant

PREFIX = "pmk_"
LONGEST_LIFE = timedelta(days=365)
MOST_KEYS = 50
_LONGEST_KEY = 100
_USE_NOTED_EVERY = timedelta(minutes=1)


class UnusableKey(BadInput):
    """The key asked for would hold too much, live too long, or be one too many."""

    code = "unusable_api_key"


class KeyMadeMeanwhile(Conflict):
    """The newest key is not the one that was seen when this one was asked for."""

    code = "api_key_made_meanwhile"


@dataclass(frozen=True, slots=True)
class KeyGrant:
    """What a key opens at this moment."""

    key: ApiKey
    membership: Membership
    permissions: frozenset[str]

    @property
    def user(self) -> User:
        """The member for whom the key acts."""
        return self.membership.user

    @property
    def caller(self) -> str:
        """Who calls, for what is kept per caller."""
        return f"key:{self.key.public_id}"


@dataclass(frozen=True, slots=True)
class MadeKey:
    """The row, and the key in clear: shown once, kept nowhere."""

    row: ApiKey
    key: str


def make_api_key(
    *,
    membership: Membership,
    granted: frozenset[str],
    name: str,
    scopes: Sequence[str],
    expires_at: datetime,
    now: datetime,
    seen: str = "",
) -> MadeKey:
    """Make a key that acts for this member.

    Shape: `granted` is what the caller may do; a key that makes keys cannot reach beyond itself. With `seen`, the
    version of the keys that the caller saw, an act that is sent twice is done once.
    Raises: UnusableKey, KeyMadeMeanwhile; nothing is stored.
    """
    wanted = frozenset(scopes)
    if not name.strip():
        raise UnusableKey(gettext("Give the key a name that says which program uses it."))
    if not wanted:
        raise UnusableKey(gettext("Choose at least one scope."))
    if unknown := sorted(wanted - permissions.PERMISSIONS.keys()):
        raise UnusableKey(gettext("Unknown scope: %(names)s.") % {"names": ", ".join(unknown)[:200]})
    if beyond := sorted(wanted - granted):
        raise UnusableKey(gettext("You do not hold: %(names)s.") % {"names": ", ".join(beyond)})
    if not now < expires_at <= now + LONGEST_LIFE:
        raise UnusableKey(
            gettext("A key ends in the future and after at most %(days)s days.") % {"days": LONGEST_LIFE.days}
        )
    key = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=membership.tenant_id)
        newest = ApiKey.objects.filter(tenant=membership.tenant).order_by("-pk").first()
        if seen not in ("", version_of(newest)):
            raise KeyMadeMeanwhile(
                gettext("A key was made since this page was opened: it is in the list. Send this again for another.")
            )
        if alive(membership.tenant, now=now).count() >= MOST_KEYS:
            raise UnusableKey(
                gettext("There are %(most_keys)s keys already. Revoke one that is not used any more.")
                % {"most_keys": MOST_KEYS}
            )
        row = ApiKey.objects.create(
            tenant=membership.tenant,
            membership=membership,
            name=name.strip()[:80],
            key_hash=_hash_of(key),
            last4=key[-4:],
            scopes=sorted(wanted),
            expires_at=expires_at,
        )
        audit.record(action="api_key.made", about=row, details={"scopes": ",".join(row.scopes)})
    return MadeKey(row, key)


def version_of(newest: ApiKey | None) -> str:
    """Return what another key changes, for whoever makes one by a page."""
    return str(newest.public_id) if newest else "none"


def alive(tenant: Tenant, *, now: datetime) -> QuerySet[ApiKey]:
    """Return the tenant's keys that work now."""
    return ApiKey.objects.filter(tenant=tenant, revoked_at=None, expires_at__gt=now)


def grant_of_api_key(*, key: str, tenant: Tenant, now: datetime) -> KeyGrant:
    """Return what the key opens at this tenant now.

    Raises: InvalidToken, for a key of another tenant as for one that never was.
    """
    if not key.startswith(PREFIX) or len(key) > _LONGEST_KEY:
        raise InvalidToken
    row = alive(tenant, now=now).filter(key_hash=_hash_of(key)).first()
    if row is None:
        raise InvalidToken
    membership = permissions.active_memberships().filter(pk=row.membership_id, tenant=tenant).first()
    if membership is None:
        raise InvalidToken
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_NOTED_EVERY)
    ApiKey.objects.filter(stale, pk=row.pk).update(last_used_at=now)
    return KeyGrant(row, membership, frozenset(row.scopes) & permissions.permissions_of_member(membership))


def revoke_api_key(*, key: ApiKey, now: datetime) -> None:
    """End a key at once; ending it again changes nothing."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            audit.record(action="api_key.revoked", about=key)


def _hash_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
