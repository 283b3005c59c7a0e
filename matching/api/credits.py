"""Booking a payment without an invoice as a client's credit, over HTTP."""

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import KeyGrant
from accounts.api.permissions import requires
from matching import selectors
from matching.api.serializers import DecisionOutput
from matching.services.crediting import allocate_to_credit
from matching.services.decisions import Actor
from payymo.shared.api.idempotency import idempotent
from payymo.shared.api.serializers import StrictSerializer
from whmcs.models import Client


class CreditInput(StrictSerializer):
    """A bank transfer and the client who gets it as credit; without an amount all that it still holds."""

    receipt = serializers.UUIDField()
    client = serializers.UUIDField()
    amount = serializers.DecimalField(max_digits=18, decimal_places=3, min_value=0, required=False)


class AllocateCredit(APIView):
    """Book a payment that is for no invoice as a client's credit in WHMCS."""

    permission_classes = [requires("review.decide")]

    @extend_schema(request=CreditInput, responses={201: DecisionOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        """Book it."""
        values = CreditInput(data=request.data)
        values.is_valid(raise_exception=True)
        wanted = values.validated_data
        if selectors.find_receipt(wanted["receipt"]) is None:
            raise Http404
        decided = allocate_to_credit(
            receipt_id=wanted["receipt"],
            client=get_object_or_404(Client.objects.select_related("instance"), public_id=wanted["client"]),
            amount=wanted.get("amount"),
            actor=Actor.person(request.user, by_key=isinstance(request.auth, KeyGrant)),
            now=timezone.now(),
        )
        return Response({**DecisionOutput(decided.decision).data, "stale": list(decided.stale)}, status=201)
