"""Inviting people to the host's tenant."""

import uuid

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from accounts.models import Invitation
from accounts.services import invitations, roles
from payymo.shared.api.parsing import StrictJSONParser
from payymo.shared.api.serializers import NothingInput, StrictSerializer


class InvitationInput(StrictSerializer):
    """Who is invited, and as what."""

    email = serializers.EmailField(max_length=254)
    role = serializers.SlugField(max_length=40)


class InvitationOutput(serializers.ModelSerializer[Invitation]):
    """An open invitation; the link is in the mail only."""

    id = serializers.UUIDField(source="public_id")
    role = serializers.CharField(source="role.code")

    class Meta:
        model = Invitation
        fields = ("id", "email", "role", "created_at", "expires_at")
        read_only_fields = fields


class InvitationList(generics.ListAPIView[Invitation]):
    """Open invitations, those that have run out too; they can be sent again."""

    permission_classes = (requires("members.change", asks_again=True),)
    serializer_class = InvitationOutput

    def get_queryset(self) -> QuerySet[Invitation]:
        """Return the tenant's."""
        return invitations.open_invitations(self.request.tenant).select_related("role")

    @extend_schema(request=InvitationInput, responses={201: InvitationOutput})
    def post(self, request: Request) -> Response:
        """Invite somebody; the answer is the same whether or not the address has an account elsewhere."""
        given = InvitationInput(data=request.data)
        given.is_valid(raise_exception=True)
        row = invitations.invite(
            tenant=request.tenant,
            email=given.validated_data["email"],
            role=roles.find_role(tenant=request.tenant, code=given.validated_data["role"]),
            invited_by=request.user,
            granted=request.auth.permissions,
            now=timezone.now(),
        )
        return Response(InvitationOutput(row).data, status=201)


class _OfInvitation(APIView):
    """An act on one open invitation."""

    permission_classes = (requires("members.change", asks_again=True),)
    parser_classes = (StrictJSONParser,)

    def invitation(self, public_id: uuid.UUID) -> Invitation:
        """Return it.

        Raises: Http404.
        """
        mine = invitations.open_invitations(self.request.tenant).select_related("role", "tenant")
        return get_object_or_404(mine, public_id=public_id)


class InvitationDetail(_OfInvitation):
    """One open invitation."""

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, public_id: uuid.UUID) -> Response:
        """Withdraw it: its link opens nothing any more."""
        invitations.withdraw(invitation=self.invitation(public_id), now=timezone.now())
        return Response(status=204)


class ResendInvitation(_OfInvitation):
    """Send the mail again."""

    @extend_schema(request=NothingInput, responses={202: InvitationOutput})
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Send a new link for another 72 hours; the link before dies."""
        NothingInput(data=request.data).is_valid(raise_exception=True)
        row = self.invitation(public_id)
        invitations.resend(invitation=row, granted=request.auth.permissions, now=timezone.now())
        row.refresh_from_db()
        return Response(InvitationOutput(row).data, status=202)
