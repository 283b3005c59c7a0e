"""What the sign-in endpoints take and give."""

from typing import Any

from rest_framework import serializers

from accounts.services.tokens import LARGEST_TOKEN
from payymo.shared.api.serializers import StrictSerializer


class CredentialsInput(StrictSerializer):
    """E-mail address and password of a member; `otp` is the app's six digits or a recovery code, where set up."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    otp = serializers.CharField(max_length=40, required=False, allow_blank=True, allow_null=True)


class RefreshInput(StrictSerializer):
    """A refresh token."""

    refresh = serializers.CharField(max_length=LARGEST_TOKEN)


class TokenInput(StrictSerializer):
    """An access or a refresh token."""

    token = serializers.CharField(max_length=LARGEST_TOKEN)


class TokenPairOutput(serializers.Serializer[Any]):
    """Both tokens; `expires_in` says for how many seconds `access` holds."""

    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField()


class VerifiedOutput(serializers.Serializer[Any]):
    """What the token is worth at this tenant now."""

    token_type = serializers.CharField(source="claims.token_type")
    sub = serializers.UUIDField(source="user.public_id")
    tenant_id = serializers.UUIDField(source="membership.tenant.public_id")
    exp = serializers.IntegerField(source="claims.exp")
    permissions = serializers.SerializerMethodField()

    def get_permissions(self, grant: Any) -> list[str]:
        """List the codenames of this moment, in alphabetical order."""
        return sorted(grant.permissions)


class TenantOutput(serializers.Serializer[Any]):
    """The tenant of the host."""

    id = serializers.UUIDField(source="public_id")
    slug = serializers.CharField()
    name = serializers.CharField()


class MeOutput(serializers.Serializer[Any]):
    """The caller as a member of this tenant."""

    id = serializers.UUIDField(source="user.public_id")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.display_name")
    language = serializers.CharField(source="user.language", help_text="empty: the browser's and the company's")
    role = serializers.CharField(source="membership.role.code")
    tenant = TenantOutput(source="membership.tenant")
    permissions = serializers.SerializerMethodField()

    def get_permissions(self, grant: Any) -> list[str]:
        """List the codenames of this moment, in alphabetical order."""
        return sorted(grant.permissions)
