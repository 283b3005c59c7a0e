"""Signing in to the API: one service call each, on the tenant that the host names."""

from contextlib import AbstractContextManager
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import IsTenantMember
from accounts.api.serializers import (
    CredentialsInput,
    MeOutput,
    RefreshInput,
    TokenInput,
    TokenPairOutput,
    VerifiedOutput,
)
from accounts.services import agents, attempts, sessions
from accounts.services.client_address import client_address
from accounts.services.sign_in import sign_in_to_api
from accounts.services.tokens import InvalidToken
from payymo.shared.api.parsing import StrictJSONParser
from payymo.shared.api.serializers import StrictSerializer


class _TokenView(APIView):
    """The credentials are in the body, so nobody needs to be signed in."""

    authentication_classes = []
    permission_classes = [AllowAny]
    parser_classes = [StrictJSONParser]

    @staticmethod
    def read(request: Request, serializer_class: type[StrictSerializer]) -> dict[str, Any]:
        """Return the checked body.

        Raises: ValidationError.
        """
        serializer = serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    @staticmethod
    def limited(request: Request) -> AbstractContextManager[None]:
        """Count tokens that are worth nothing, by the caller's address."""
        return attempts.counting_failures(
            attempts.TOKENS_PER_ADDRESS,
            value=client_address(request),
            tenant=request.tenant,
            failure=InvalidToken,
            now=timezone.now(),
        )


class ObtainToken(_TokenView):
    """Sign in with e-mail address and password."""

    @extend_schema(request=CredentialsInput, responses=TokenPairOutput)
    def post(self, request: Request) -> Response:
        """Open a session and answer with its first tokens."""
        given = self.read(request, CredentialsInput)
        pair = sign_in_to_api(
            email=given["email"],
            password=given["password"],
            tenant=request.tenant,
            address=client_address(request),
            now=timezone.now(),
            code=given.get("otp") or "",
            agent=agents.name_of(request.headers.get("User-Agent", "")),
        )
        return Response(TokenPairOutput(pair).data)


class RefreshToken(_TokenView):
    """Spend a refresh token."""

    @extend_schema(request=RefreshInput, responses=TokenPairOutput)
    def post(self, request: Request) -> Response:
        """Answer with the next pair; the token sent is used up."""
        given = self.read(request, RefreshInput)
        with self.limited(request):
            pair = sessions.refresh_session(refresh=given["refresh"], tenant=request.tenant, now=timezone.now())
        return Response(TokenPairOutput(pair).data)


class RevokeToken(_TokenView):
    """Sign out."""

    @extend_schema(request=RefreshInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the session of the refresh token, access tokens included."""
        given = self.read(request, RefreshInput)
        with self.limited(request):
            sessions.revoke_session(refresh=given["refresh"], tenant=request.tenant, now=timezone.now())
        return Response(status=204)


class VerifyToken(_TokenView):
    """Ask what a token is worth."""

    @extend_schema(request=TokenInput, responses=VerifiedOutput)
    def post(self, request: Request) -> Response:
        """Answer 200 for a token that works at this tenant now, else 401."""
        given = self.read(request, TokenInput)
        with self.limited(request):
            grant = sessions.verify_token(token=given["token"], tenant=request.tenant, now=timezone.now())
        return Response(VerifiedOutput(grant).data)


class Me(APIView):
    """The caller."""

    permission_classes = [IsTenantMember]

    @extend_schema(responses=MeOutput)
    def get(self, request: Request) -> Response:
        """Answer with the caller's name, role and permissions at this tenant."""
        return Response(MeOutput(request.auth).data)
