"""Which bank accounts a member sees: all of them, or some by name."""

import uuid

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import permissions
from accounts.api.permissions import requires
from accounts.models import Membership
from accounts.services import members
from banking.models import BankAccount
from payymo.shared.api.serializers import StrictSerializer
from payymo.shared.errors import BadInput

MOST_ACCOUNTS = 200


class LimitInput(StrictSerializer):
    """`is_limited` with the accounts that stay in sight; without it all do, and `accounts` stays empty."""

    is_limited = serializers.BooleanField()
    accounts = serializers.ListField(child=serializers.UUIDField(), max_length=MOST_ACCOUNTS, default=list)


class LimitOutput(serializers.Serializer[Membership]):
    """What a member sees, and what their role leaves them under that limit."""

    member = serializers.UUIDField(source="user.public_id")
    is_limited = serializers.BooleanField()
    accounts = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()

    def get_accounts(self, row: Membership) -> list[uuid.UUID]:
        """List the accounts of a limited member by their ids; empty for others, who see all."""
        found = permissions.reach_of(row).accounts
        rows = BankAccount.objects.filter(pk__in=found or ()).order_by("pk")
        return list(rows.values_list("public_id", flat=True))

    def get_permissions(self, row: Membership) -> list[str]:
        """List the codenames in alphabetical order."""
        return sorted(permissions.permissions_of_member(row))


def _membership(request: Request, public_id: uuid.UUID) -> Membership:
    rows = Membership.objects.filter(tenant=request.tenant, user__public_id=public_id).select_related("user", "role")
    if (found := rows.first()) is None:
        raise Http404
    return found


class MemberAccounts(APIView):
    """The bank accounts of one colleague. A change counts from their next request on."""

    permission_classes = [requires("members.change", asks_again=True)]

    @extend_schema(responses=LimitOutput)
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Show them."""
        return Response(LimitOutput(_membership(request, public_id)).data)

    @extend_schema(request=LimitInput, responses=LimitOutput)
    def put(self, request: Request, public_id: uuid.UUID) -> Response:
        """Limit the member to some accounts, or lift the limit."""
        given = LimitInput(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        row = members.limit_member(
            membership=_membership(request, public_id),
            granted=request.auth.permissions,
            accounts=_accounts(wanted["accounts"]) if wanted["is_limited"] else None,
        )
        return Response(LimitOutput(row).data)


def _accounts(keys: list[uuid.UUID]) -> list[BankAccount]:
    found = list(BankAccount.objects.filter(public_id__in=keys).order_by("pk"))
    if len(found) != len(set(keys)):
        raise BadInput("One of the accounts does not exist. Nothing was changed.")
    return found
