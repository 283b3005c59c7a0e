"""Who calls the API: the owner of a Bearer token whose tenant is the host's."""

from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from accounts.models import User
from accounts.services.sessions import TokenGrant, grant_of_access_token
from accounts.services.tokens import InvalidToken

__all__ = ["TenantTokenAuthentication", "TokenGrant"]


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
        return grant.user, grant

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme in answers with 401."""
        return 'Bearer realm="api"'
