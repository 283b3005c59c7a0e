"""Payouts found on the bank account, over HTTP. A settlement is taken back with `decisions/{id}/undo/`."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import reach
from accounts.api.permissions import requires
from matching import locks
from matching.models import Settlement
from matching.services import settlement
from matching.services.decisions import Actor
from payymo.shared.api import queries
from payymo.shared.api.idempotency import idempotent
from payymo.shared.api.queries import PagedQuery
from payymo.shared.api.serializers import OwnDigits, StrictSerializer


class SettlementOutput(serializers.ModelSerializer):
    """A payout and its bank entry; entries that join payouts have one row each. `difference` is null across currencies.

    `clue` says what connected them and is empty when a person did.
    """

    id = serializers.UUIDField(source="public_id")
    payout = serializers.CharField(source="payout.payout_id")
    payout_id = serializers.UUIDField(source="payout.public_id")
    bank_transaction = serializers.UUIDField(source="bank_transaction.public_id")
    decision = serializers.UUIDField(source="decision.public_id")
    amount = OwnDigits()
    bank_amount = OwnDigits(currency="bank_currency")
    difference = serializers.SerializerMethodField()

    class Meta:
        model = Settlement
        fields = (
            "id", "payout", "payout_id", "bank_transaction", "amount", "currency", "bank_amount", "bank_currency",
            "difference", "is_return", "clue", "decision", "settled_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_difference(self, row: Settlement) -> str | None:
        """Return what the bank shows more than the payout."""
        found = settlement.difference(row)
        return None if found is None else str(found)


class SettleInput(StrictSerializer):
    """Which payouts a bank entry is."""

    payouts = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=settlement.MOST_JOINED)
    bank_transaction = serializers.UUIDField()
    is_return = serializers.BooleanField(default=False)
    accepts_difference = serializers.BooleanField(default=False)


class SettlementQuery(PagedQuery):
    """Query of the list of settlements."""

    payout = serializers.UUIDField(required=False)
    bank_transaction = serializers.UUIDField(required=False)


class SettlementList(generics.ListAPIView):
    """Payouts found on the bank account, newest first; filter by `payout` or `bank_transaction`. POST pairs by hand."""

    permission_classes = [requires("transactions.view", writing="review.decide")]
    serializer_class = SettlementOutput
    query_class = SettlementQuery

    def get_queryset(self) -> QuerySet[Settlement]:
        """Read them with their payout and bank entry; what was taken back is left out."""
        wanted = queries.checked(self)
        rows = Settlement.objects.filter(reach.by_account("bank_transaction__account"), undone_by=None)
        rows = rows.select_related("payout", "bank_transaction", "decision")
        if payout := wanted.get("payout"):
            rows = rows.filter(payout__public_id=payout)
        if entry := wanted.get("bank_transaction"):
            rows = rows.filter(bank_transaction__public_id=entry)
        return rows

    @extend_schema(request=SettleInput, responses={201: SettlementOutput(many=True)})
    @idempotent
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that a bank entry is these payouts, to the cent unless the difference is accepted."""
        values = SettleInput(data=request.data)
        values.is_valid(raise_exception=True)
        if not reach.current().is_everything:
            raise Http404  # no payout is within a limited reach
        try:
            made = settlement.settle(
                payout_ids=values.validated_data["payouts"],
                receipt_id=values.validated_data["bank_transaction"],
                actor=Actor.person(request.user),
                now=timezone.now(),
                is_return=values.validated_data["is_return"],
                accepts_difference=values.validated_data["accepts_difference"],
            )
        except (locks.UnknownReceipt, locks.UnknownPayout) as error:
            raise Http404 from error
        return Response(SettlementOutput(made, many=True).data, status=status.HTTP_201_CREATED)
