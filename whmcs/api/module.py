"""Pairing an addon module with an installation."""

import uuid
from datetime import datetime

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from payymo.shared.api.parsing import StrictJSONParser
from payymo.shared.api.serializers import NothingInput
from tenants import context, links
from whmcs import selectors
from whmcs.models import AddonModule, WhmcsInstance
from whmcs.services import pairing


class ModuleOutput(serializers.ModelSerializer[AddonModule]):
    """What is known of an installed addon module."""

    class Meta:
        model = AddonModule
        fields = ("paired_at", "version", "php_version", "last_seen_at", "queued_events", "books_payments")
        read_only_fields = fields


class Pairing(APIView):
    """The addon module of one installation; POST gives a new setup code, shown once, and ends the one before."""

    permission_classes = [requires("connections.view", writing="api_keys.change", asks_again=True)]
    parser_classes = [StrictJSONParser]

    @extend_schema(responses={200: ModuleOutput})
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Say what is paired."""
        module = AddonModule.objects.filter(instance=_instance(public_id)).first()
        if module is None:
            raise Http404
        return Response(ModuleOutput(module).data)

    @extend_schema(
        request=NothingInput,
        responses={201: inline_serializer("SetupCode", {"setup_code": serializers.CharField()})},
    )
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Pair."""
        NothingInput(data=request.data).is_valid(raise_exception=True)
        now: datetime = timezone.now()
        paired = pairing.pair_module(
            instance=_instance(public_id),
            membership=request.auth.membership,
            granted=request.auth.permissions,
            address=links.address_of(context.current(), "/"),
            now=now,
        )
        return Response({"setup_code": paired.setup_code}, status=201)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, public_id: uuid.UUID) -> Response:
        """End it."""
        pairing.unpair_module(instance=_instance(public_id), now=timezone.now())
        return Response(status=204)


def _instance(public_id: uuid.UUID) -> WhmcsInstance:
    found = selectors.instances().filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
