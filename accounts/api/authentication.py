"""Who calls the API: the owner of a Bearer token whose tenant is the host's."""

from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from accounts import permissions, reach
from accounts.models import User
from accounts.services.api_keys import KeyGrant, grant_of_api_key
from accounts.services.sessions import TokenGrant, grant_of_access_token
from accounts.services.tokens import InvalidToken
from payymo.audit import acting
from payymo.audit.acting import Acting

__all__ = ["ApiKeyAuthentication", "KeyGrant", "TenantTokenAuthentication", "TokenGrant"]


class TenantTokenAuthentication(authentication.BaseAuthentication):
    """Accepts an access token of the host's tenant, and nothing else; a session cookie opens no API.

    Sets `request.user`, and `request.auth` to the `TokenGrant` (`.claims`, `.membership`, `.permissions`).
    """

    def authenticate(self, request: Request) -> tuple[User, TokenGrant] | None:
        """Return user and grant, or None without a Bearer header.

        Raises: AuthenticationFailed.
        """
        parts = authentication.get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        tenant = getattr(request, "tenant", None)
        if len(parts) != 2 or tenant is None:
            raise exceptions.AuthenticationFailed(str(InvalidToken()))
        try:
            token = parts[1].decode("ascii")
            grant = grant_of_access_token(access=token, tenant=tenant, now=timezone.now())
        except (InvalidToken, UnicodeDecodeError) as error:
            raise exceptions.AuthenticationFailed(str(InvalidToken())) from error
        acting.name(Acting("person", grant.user.public_id))
        reach.name(permissions.reach_of(grant.membership))
        return grant.user, grant

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme in answers with 401."""
        return 'Bearer realm="api"'


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """Accepts `Authorization: Api-Key pmk_...` of the host's tenant.

    Sets `request.user` to the member for whom the key acts, and `request.auth` to the `KeyGrant`.
    """

    def authenticate(self, request: Request) -> tuple[User, KeyGrant] | None:
        """Return user and grant, or None without such a header.

        Raises: AuthenticationFailed.
        """
        parts = authentication.get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"api-key":
            return None
        tenant = getattr(request, "tenant", None)
        if len(parts) != 2 or tenant is None:
            raise exceptions.AuthenticationFailed(str(InvalidToken()))
        try:
            grant = grant_of_api_key(key=parts[1].decode("ascii"), tenant=tenant, now=timezone.now())
        except (InvalidToken, UnicodeDecodeError) as error:
            raise exceptions.AuthenticationFailed(str(InvalidToken())) from error
        acting.name(Acting("api_key", grant.key.public_id))
        reach.name(permissions.reach_of(grant.membership))
        return grant.user, grant

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme in answers with 401."""
        return 'Api-Key realm="api"'
