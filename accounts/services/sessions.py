"""API sessions: opening one, replacing its refresh token once, and ending it for good.

A session is a family of refresh tokens. It is alive while its row, its user, the membership, the tenant and the
password it was opened with are; this is read from the database each time.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from accounts import permissions
from accounts.models import Membership, RefreshToken, Session, User
from accounts.services import security_events, tokens
from accounts.services.tokens import InvalidToken
from payymo.shared.errors import Conflict
from tenants.models import Tenant

# Two tabs or a repeated request may spend the same token at once; later than this it is theft.
INNOCENT_REUSE = timedelta(seconds=10)
UNUSED = timedelta(seconds=settings.REFRESH_TOKEN_SECONDS)


class RefreshedMeanwhile(Conflict):
    """Another call spent this refresh token a moment ago; use the tokens that it received."""

    code = "refreshed_meanwhile"


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a sign-in or a refresh gives out. `expires_in` is in seconds and speaks of `access`."""

    access: str
    refresh: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """What a token opens at this moment: its claims, and what the database says of its owner."""

    claims: dict[str, object]
    membership: Membership
    permissions: frozenset[str]
    session_id: int
    confirmed_at: datetime | None = None

    @property
    def user(self) -> User:
        """The member."""
        return self.membership.user

    @property
    def caller(self) -> str:
        """Who calls, for what is kept per caller."""
        return f"user:{self.membership.user.public_id}"


def open_session(*, membership: Membership, now: datetime, agent: str = "", address: str = "") -> TokenPair:
    """Begin a session of at most seven days and return its first tokens."""
    with transaction.atomic():
        session = Session.objects.create(
            user=membership.user,
            tenant=membership.tenant,
            created_at=now,
            last_used_at=now,
            confirmed_at=now,
            agent=agent,
            address=address,
            expires_at=now + timedelta(seconds=settings.SESSION_SECONDS),
            password_stamp=membership.user.get_session_auth_hash(),
        )
        return _issue_pair(session, membership, now)


def refresh_session(*, refresh: object, tenant: Tenant, now: datetime) -> TokenPair:
    """Spend a refresh token and return the next pair. Of any number of calls at once exactly one succeeds.

    Raises: RefreshedMeanwhile within 10 s of the first use; InvalidToken otherwise. A later reuse ends the session.
    """
    token = tokens.RefreshToken.read(refresh)
    grant = _grant_for(token, tenant, now)
    token_hash = _hash_of(refresh)
    with transaction.atomic():
        # Conditions on this table alone: one on the session would put `used_at` into a subquery, which PostgreSQL does
        # not ask again after waiting for the row, and every waiting call would succeed.
        spent = RefreshToken.objects.filter(
            token_hash=token_hash, session_id=grant.session_id, used_at=None, expires_at__gt=now
        ).update(used_at=now)
        if spent:
            Session.objects.filter(pk=grant.session_id).update(last_used_at=now)
            return _issue_pair(Session.objects.get(pk=grant.session_id), grant.membership, now)
    _refuse_reuse(token_hash, grant, tenant, now)


def revoke_session(*, refresh: object, tenant: Tenant, now: datetime) -> None:
    """End the session of a refresh token: none of its tokens works from the next request on. Repeatable.

    Raises: InvalidToken for a token that is not a refresh token of this tenant.
    """
    token = tokens.RefreshToken.read(refresh)
    if token["tenant_id"] != str(tenant.public_id):
        raise InvalidToken
    session = Session.objects.filter(public_id=token["sid"], tenant=tenant, user__public_id=token["sub"]).first()
    if session is None:
        raise InvalidToken
    if end(Session.objects.filter(pk=session.pk), reason="signed_out", now=now):
        security_events.record(
            kind="signed_out", tenant=tenant, user=session.user, now=now, detail=f"session {session.public_id}"
        )


def revoke_sessions_of(
    *, user: User, tenant: Tenant | None, reason: str, now: datetime, keep: int | None = None, at: Tenant | None = None
) -> int:
    """End every session of the user, of programs and browsers; return how many were alive.

    Shape: at one tenant or (without one) everywhere; `keep` is the key of a session that goes on; `at` is the tenant
    in whose log it is noted, if it is not the one whose sessions end.
    """
    doomed = Session.objects.filter(user=user)
    if keep is not None:
        doomed = doomed.exclude(pk=keep)
    if tenant is not None:
        doomed = doomed.filter(tenant=tenant)
    ended = end(doomed, reason=reason, now=now)
    security_events.record(kind="sessions_revoked", tenant=at or tenant, user=user, now=now, detail=reason)
    return ended


def revoke_one(*, session: Session, now: datetime) -> None:
    """End one session of one's own; ending it again changes nothing."""
    if end(Session.objects.filter(pk=session.pk), reason="ended_by_user", now=now):
        security_events.record(
            kind="sessions_revoked",
            tenant=session.tenant,
            user=session.user,
            now=now,
            detail=f"session {session.public_id}",
        )


def alive_sessions(*, user: User, tenant: Tenant | None, now: datetime) -> QuerySet[Session]:
    """Return the user's sessions at this tenant (None: on the staff host) that can still be used, also of programs."""
    browser = Q(kind=Session.Kind.BROWSER, last_used_at__gt=now - UNUSED)
    program = Q(kind=Session.Kind.TOKEN, refresh_tokens__used_at=None, refresh_tokens__expires_at__gt=now)
    alive = Session.objects.filter(browser | program, user=user, tenant=tenant, revoked_at=None, expires_at__gt=now)
    return alive.distinct()


def grant_of_access_token(*, access: object, tenant: Tenant, now: datetime) -> TokenGrant:
    """Return what an access token opens at this tenant now, by one query besides the key's.

    Raises: InvalidToken.
    """
    return _grant_for(tokens.AccessToken.read(access), tenant, now)


def verify_token(*, token: object, tenant: Tenant, now: datetime) -> TokenGrant:
    """Return what an access token, or a refresh token not yet spent, is worth at this tenant now.

    Raises: InvalidToken, for another tenant's token as for a damaged one.
    """
    try:
        return grant_of_access_token(access=token, tenant=tenant, now=now)
    except InvalidToken:
        refresh = tokens.RefreshToken.read(token)
    grant = _grant_for(refresh, tenant, now)
    if not RefreshToken.objects.filter(token_hash=_hash_of(token), used_at=None, expires_at__gt=now).exists():
        raise InvalidToken
    return grant


def _grant_for(token: tokens.TenantToken, tenant: Tenant, now: datetime) -> TokenGrant:
    """Compare the token with its host and with the rows of this moment.

    Raises: InvalidToken.
    """
    if token["tenant_id"] != str(tenant.public_id):
        security_events.note_foreign_token(tenant=tenant, session=token["sid"])
        raise InvalidToken
    membership = (
        permissions.active_memberships()
        .filter(
            tenant=tenant,
            user__public_id=token["sub"],
            user__api_sessions__public_id=token["sid"],
            user__api_sessions__kind=Session.Kind.TOKEN,
            user__api_sessions__tenant=tenant,
            user__api_sessions__revoked_at=None,
            user__api_sessions__expires_at__gt=now,
        )
        .annotate(
            session_pk=F("user__api_sessions__pk"),
            stamp=F("user__api_sessions__password_stamp"),
            confirmed_at=F("user__api_sessions__confirmed_at"),
        )
        .first()
    )
    if membership is None or not secrets.compare_digest(membership.stamp, membership.user.get_session_auth_hash()):
        raise InvalidToken
    return TokenGrant(
        claims=dict(token.payload),
        membership=membership,
        permissions=permissions.permissions_of_member(membership),
        session_id=membership.session_pk,
        confirmed_at=membership.confirmed_at,
    )


def _issue_pair(session: Session, membership: Membership, now: datetime) -> TokenPair:
    claims = {
        "sub": str(membership.user.public_id),
        "tenant_id": str(membership.tenant.public_id),
        "sid": str(session.public_id),
    }
    access_until = min(now + timedelta(seconds=settings.ACCESS_TOKEN_SECONDS), session.expires_at)
    refresh_until = min(now + timedelta(seconds=settings.REFRESH_TOKEN_SECONDS), session.expires_at)
    refresh = tokens.RefreshToken.issue(claims=claims, now=now, expires_at=refresh_until)
    RefreshToken.objects.create(session=session, token_hash=_hash_of(refresh), expires_at=refresh_until)
    granted = sorted(permissions.permissions_of_member(membership))
    access = tokens.AccessToken.issue(claims={**claims, "permissions": granted}, now=now, expires_at=access_until)
    return TokenPair(access=access, refresh=refresh, expires_in=int((access_until - now).total_seconds()))


def _refuse_reuse(token_hash: str, grant: TokenGrant, tenant: Tenant, now: datetime) -> NoReturn:
    """Tell a race from a theft; a theft ends the family.

    Raises: RefreshedMeanwhile, InvalidToken.
    """
    used_at = (
        RefreshToken.objects.filter(token_hash=token_hash, session_id=grant.session_id)
        .values_list("used_at", flat=True)
        .first()
    )
    if used_at is not None and now - used_at <= INNOCENT_REUSE:
        raise RefreshedMeanwhile(gettext("Another call has just refreshed this session."))
    if used_at is not None:
        with transaction.atomic():
            end(Session.objects.filter(pk=grant.session_id), reason="token_reused", now=now)
            security_events.record(
                kind="refresh_token_reused",
                tenant=tenant,
                user=grant.user,
                now=now,
                detail=f"session {grant.claims['sid']}",
            )
    raise InvalidToken


def end(rows: QuerySet[Session], *, reason: str, now: datetime) -> int:
    """End those of the sessions that are alive, from the next request on."""
    return rows.filter(revoked_at=None).update(revoked_at=now, revoked_reason=reason)


def _hash_of(token: object) -> str:
    return hashlib.sha256(str(token).encode()).hexdigest()
