"""Members, roles and API keys of the host's tenant."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import permissions
from accounts.api.permissions import IsTenantMember, requires
from accounts.models import ApiKey, Membership, Role
from accounts.services import api_keys, members, roles
from payymo.shared.api import queries
from payymo.shared.api.serializers import StrictSerializer


class MemberOutput(serializers.ModelSerializer[Membership]):
    """A colleague."""

    id = serializers.UUIDField(source="user.public_id")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.display_name")
    role = serializers.CharField(source="role.code")

    class Meta:
        model = Membership
        fields = ("id", "email", "name", "role", "is_active", "is_limited", "created_at")
        read_only_fields = fields


class MemberInput(StrictSerializer):
    """What changes about a member."""

    role = serializers.SlugField(max_length=40, required=False, default=None)
    is_active = serializers.BooleanField(required=False, default=None, allow_null=True)


class RoleOutput(serializers.ModelSerializer[Role]):
    """A role and what it may do."""

    is_builtin = serializers.SerializerMethodField()

    class Meta:
        model = Role
        fields = ("code", "name", "permissions", "is_builtin")
        read_only_fields = fields

    def get_is_builtin(self, role: Role) -> bool:
        """Return whether the role belongs to every tenant."""
        return role.tenant_id is None


class RoleInput(StrictSerializer):
    """A role of the tenant's own."""

    code = serializers.SlugField(max_length=40)
    name = serializers.CharField(max_length=80)
    permissions = serializers.ListField(child=serializers.CharField(max_length=60), max_length=100)


class RoleQuery(StrictSerializer):
    """Who had the deleted role gets this one."""

    instead = serializers.SlugField(max_length=40, required=False, default="")


class KeyOutput(serializers.ModelSerializer[ApiKey]):
    """A key without the key."""

    id = serializers.UUIDField(source="public_id")
    acts_for = serializers.UUIDField(source="membership.user.public_id")

    class Meta:
        model = ApiKey
        fields = ("id", "name", "last4", "scopes", "acts_for", "created_at", "expires_at", "last_used_at", "revoked_at")
        read_only_fields = fields


class MadeKeyOutput(KeyOutput):
    """The only answer that shows the key."""

    key = serializers.SerializerMethodField()

    class Meta(KeyOutput.Meta):
        fields = (*KeyOutput.Meta.fields, "key")
        read_only_fields = fields

    def get_key(self, row: ApiKey) -> str:
        """Return the key in clear."""
        return str(self.context["key"])


class KeyInput(StrictSerializer):
    """The key that is wanted."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.CharField(max_length=60), max_length=100)
    days = serializers.IntegerField(min_value=1, max_value=api_keys.LONGEST_LIFE.days, default=90)


def _read(serializer_class: type[StrictSerializer], request: Request) -> dict[str, Any]:
    given = serializer_class(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data


class MemberList(generics.ListAPIView[Membership]):
    """Everybody who belongs here, or once did."""

    permission_classes = (requires("members.change", asks_again=True),)
    serializer_class = MemberOutput

    def get_queryset(self) -> QuerySet[Membership]:
        """Return the tenant's memberships."""
        return Membership.objects.filter(tenant=self.request.tenant).select_related("user", "role")


class MemberDetail(generics.RetrieveAPIView[Membership]):
    """One colleague."""

    permission_classes = (requires("members.change", asks_again=True),)
    serializer_class = MemberOutput
    lookup_field = "user__public_id"
    lookup_url_kwarg = "public_id"

    def get_queryset(self) -> QuerySet[Membership]:
        """Return the tenant's memberships."""
        return Membership.objects.filter(tenant=self.request.tenant).select_related("user", "role")

    @extend_schema(request=MemberInput, responses=MemberOutput)
    def patch(self, request: Request, **_: Any) -> Response:
        """Change the role, or end or resume the membership."""
        wanted = _read(MemberInput, request)
        role = roles.find_role(tenant=request.tenant, code=wanted["role"]) if wanted["role"] else None
        row = members.change_member(
            membership=self.get_object(),
            granted=request.auth.permissions,
            role=role,
            is_active=wanted["is_active"],
            now=timezone.now(),
        )
        return Response(MemberOutput(row).data)


class RoleList(generics.ListAPIView[Role]):
    """The built-in roles and the tenant's own."""

    permission_classes = (requires("members.change", asks_again=True),)
    serializer_class = RoleOutput

    def get_queryset(self) -> QuerySet[Role]:
        """Return them."""
        return Role.objects.filter(Q(tenant=None) | Q(tenant=self.request.tenant))

    @extend_schema(request=RoleInput, responses={201: RoleOutput})
    def post(self, request: Request) -> Response:
        """Make a role, or change one of the tenant's own."""
        wanted = _read(RoleInput, request)
        role = roles.save_role(
            tenant=request.tenant,
            granted=request.auth.permissions,
            code=wanted["code"],
            name=wanted["name"],
            codenames=wanted["permissions"],
        )
        return Response(RoleOutput(role).data, status=status.HTTP_201_CREATED)


class RoleDetail(APIView):
    """One role of the tenant's own."""

    permission_classes = (requires("members.change", asks_again=True),)
    query_class = RoleQuery

    @extend_schema(request=None, parameters=[RoleQuery], responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        """Delete it; whoever has it gets the role `instead`, without which it must be nobody's."""
        wanted = queries.checked(self)["instead"]
        role = Role.objects.filter(code=code, tenant=request.tenant).first()
        if role is None:
            raise Http404
        instead = roles.find_role(tenant=request.tenant, code=wanted) if wanted else None
        roles.delete_role(role=role, granted=request.auth.permissions, instead=instead)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PermissionTable(APIView):
    """Which operations exist, and which built-in role may do them."""

    permission_classes = (IsTenantMember,)

    @extend_schema(responses=serializers.ListSerializer(child=serializers.DictField()))
    def get(self, request: Request) -> Response:
        """Answer with the published table."""
        return Response(
            [
                {
                    "permission": codename,
                    "allows": sentence,
                    "roles": [role for role, held in permissions.BUILTIN_ROLES.items() if codename in held],
                }
                for codename, sentence in permissions.PERMISSIONS.items()
            ]
        )


class KeyList(generics.ListAPIView[ApiKey]):
    """Every key, the ended ones too."""

    permission_classes = (requires("api_keys.change", asks_again=True),)
    serializer_class = KeyOutput

    def get_queryset(self) -> QuerySet[ApiKey]:
        """Return the tenant's keys."""
        return ApiKey.objects.filter(tenant=self.request.tenant).select_related("membership__user")

    @extend_schema(request=KeyInput, responses={201: MadeKeyOutput})
    def post(self, request: Request) -> Response:
        """Make a key; this answer is the only one that shows it."""
        wanted, now = _read(KeyInput, request), timezone.now()
        made = api_keys.make_api_key(
            membership=request.auth.membership,
            granted=request.auth.permissions,
            name=wanted["name"],
            scopes=wanted["scopes"],
            expires_at=now + timedelta(days=wanted["days"]),
            now=now,
        )
        shown = MadeKeyOutput(made.row, context={"key": made.key})
        return Response(shown.data, status=status.HTTP_201_CREATED)


class KeyDetail(generics.RetrieveAPIView[ApiKey]):
    """One key."""

    permission_classes = (requires("api_keys.change", asks_again=True),)
    serializer_class = KeyOutput
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[ApiKey]:
        """Return the tenant's keys."""
        return ApiKey.objects.filter(tenant=self.request.tenant).select_related("membership__user")

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, **_: Any) -> Response:
        """Revoke it at once."""
        api_keys.revoke_api_key(key=self.get_object(), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
