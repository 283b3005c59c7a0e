"""One's own account: sessions, password, language, and showing again that it is you."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import IsPerson
from accounts.models import Session
from accounts.services import own_language, passwords, sessions, step_up
from accounts.services.client_address import client_address
from payymo.shared.api.pagination import KeysetPagination
from payymo.shared.api.serializers import StrictSerializer


class SessionOutput(serializers.ModelSerializer[Session]):
    """A sign-in of one's own, in a browser or of a program."""

    id = serializers.UUIDField(source="public_id")
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = Session
        fields = ("id", "kind", "agent", "address", "created_at", "last_used_at", "expires_at", "is_current")
        read_only_fields = fields

    def get_is_current(self, session: Session) -> bool:
        """Return whether this very call belongs to it."""
        return bool(session.pk == self.context["request"].auth.session_id)


class PasswordInput(StrictSerializer):
    """The present password, and the one that replaces it."""

    current_password = serializers.CharField(max_length=128, trim_whitespace=False)
    new_password = serializers.CharField(max_length=128, trim_whitespace=False)


class LanguageInput(StrictSerializer):
    """The language that one reads."""

    language = serializers.CharField(
        max_length=10, allow_blank=True, help_text="empty: the browser's on pages, the company's in mails"
    )


class StepUpInput(StrictSerializer):
    """The password, or a code of the authenticator app or a recovery code."""

    password = serializers.CharField(max_length=128, trim_whitespace=False, required=False, default="")
    otp = serializers.CharField(max_length=40, required=False, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for exactly one.

        Raises: ValidationError.
        """
        if bool(attrs["password"]) == bool(attrs["otp"]):
            raise serializers.ValidationError("Send either `password` or `otp`.")
        return attrs


class StepUpOutput(serializers.Serializer[Any]):
    """Until when what needs it may be done."""

    confirmed_until = serializers.DateTimeField()


class NewestUseFirst(KeysetPagination):
    """By last use."""

    ordering = ("-last_used_at", "-id")


class SessionList(generics.ListAPIView[Session]):
    """Where one is signed in at this company."""

    permission_classes = (IsPerson,)
    serializer_class = SessionOutput
    pagination_class = NewestUseFirst

    def get_queryset(self) -> QuerySet[Session]:
        """Return the caller's own."""
        return sessions.alive_sessions(user=self.request.user, tenant=self.request.tenant, now=timezone.now())

    @extend_schema(operation_id="auth_sessions_end_all", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign out everywhere, at every company, this session included."""
        now = timezone.now()
        sessions.revoke_sessions_of(user=request.user, tenant=None, at=request.tenant, reason="ended_by_user", now=now)
        return Response(status=204)


class SessionDetail(APIView):
    """One of one's own sessions."""

    permission_classes = (IsPerson,)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, public_id: uuid.UUID) -> Response:
        """End it: it opens nothing from its next request on."""
        alive = sessions.alive_sessions(user=request.user, tenant=request.tenant, now=timezone.now())
        session = alive.filter(public_id=public_id).first()
        if session is None:
            raise Http404
        sessions.revoke_one(session=session, now=timezone.now())
        return Response(status=204)


class Password(APIView):
    """One's own password."""

    permission_classes = (IsPerson,)

    @extend_schema(request=PasswordInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Change it; every other session ends, everywhere."""
        given = PasswordInput(data=request.data)
        given.is_valid(raise_exception=True)
        passwords.change_password(
            user=request.user,
            tenant=request.tenant,
            current=given.validated_data["current_password"],
            new=given.validated_data["new_password"],
            keep=Session.objects.get(pk=request.auth.session_id),
            address=client_address(request),
            now=timezone.now(),
        )
        return Response(status=204)


class Language(APIView):
    """One's own language."""

    permission_classes = (IsPerson,)

    @extend_schema(request=LanguageInput, responses={204: None})
    def put(self, request: Request) -> Response:
        """Choose it: of the pages wherever one signs in, and of the mails one gets."""
        given = LanguageInput(data=request.data)
        given.is_valid(raise_exception=True)
        own_language.choose(user=request.user, language=given.validated_data["language"])
        return Response(status=204)


class StepUp(APIView):
    """Showing again that it is you."""

    permission_classes = (IsPerson,)

    @extend_schema(request=StepUpInput, responses=StepUpOutput)
    def post(self, request: Request) -> Response:
        """Open for a quarter of an hour what refuses with the code `step_up_needed`."""
        given = StepUpInput(data=request.data)
        given.is_valid(raise_exception=True)
        until = step_up.confirm(
            session_id=request.auth.session_id,
            user=request.user,
            tenant=request.tenant,
            password=given.validated_data["password"],
            code=given.validated_data["otp"],
            address=client_address(request),
            now=timezone.now(),
        )
        return Response(StepUpOutput({"confirmed_until": until}).data)
