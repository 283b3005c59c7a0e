"""Stripe connections, charges, payouts, and the address that Stripe calls."""

import logging
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import reach
from accounts.api.permissions import requires
from payments.api import serializers as shapes
from payments.clients.gateways import GATEWAYS
from payments.models import BalanceTransaction, PaymentIntent, Payout, StripeConnection, StripePayment
from payments.services import connecting, webhooks
from payments.services.manual_payouts import movements_behind
from payymo.shared.api import queries
from payymo.shared.errors import BadInput
from tenants.breakers import SecretOff

logger = logging.getLogger(__name__)


class StripeConnectionList(generics.ListCreateAPIView):
    """Connected Stripe accounts; POST connects one with a restricted key."""

    permission_classes = [requires("connections.view", writing="connections.change", asks_again=True)]
    serializer_class = shapes.StripeConnectionOutput

    def get_queryset(self) -> Any:
        """Leave out removed ones."""
        return StripeConnection.objects.exclude(state=StripeConnection.State.REMOVED)

    @extend_schema(request=shapes.StripeConnectionInput, responses={201: shapes.StripeConnectionOutput})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Connect an account."""
        values = shapes.StripeConnectionInput(data=request.data)
        values.is_valid(raise_exception=True)
        connection = connecting.connect_with_restricted_key(**values.validated_data, now=timezone.now())
        return Response(shapes.StripeConnectionOutput(connection).data, status=status.HTTP_201_CREATED)


class GoCardlessConnect(APIView):
    """POST connects a GoCardless account with an access token; it is then one of the `stripe-connections`."""

    permission_classes = [requires("connections.change", asks_again=True)]

    @extend_schema(request=shapes.GoCardlessConnectionInput, responses={201: shapes.StripeConnectionOutput})
    def post(self, request: Request) -> Response:
        """Connect an account."""
        values = shapes.GoCardlessConnectionInput(data=request.data)
        values.is_valid(raise_exception=True)
        connection = connecting.connect_with_access_token(**values.validated_data, now=timezone.now())
        return Response(shapes.StripeConnectionOutput(connection).data, status=status.HTTP_201_CREATED)


class StripeConnectionDetail(generics.RetrieveDestroyAPIView):
    """One account; DELETE stops reading it and forgets its secrets."""

    permission_classes = [requires("connections.view", writing="connections.change", asks_again=True)]
    serializer_class = shapes.StripeConnectionOutput
    lookup_field = "public_id"
    queryset = StripeConnection.objects.exclude(state=StripeConnection.State.REMOVED)

    def perform_destroy(self, instance: StripeConnection) -> None:
        """Remove it."""
        connecting.remove_connection(connection=instance)


class _OfConnection(APIView):
    """An act on one account."""

    permission_classes = [requires("connections.change")]

    def connection(self, public_id: uuid.UUID) -> StripeConnection:
        """Return the account.

        Raises: Http404.
        """
        return get_object_or_404(
            StripeConnection.objects.exclude(state=StripeConnection.State.REMOVED), public_id=public_id
        )


@extend_schema(request=shapes.WebhookSecretInput, responses=shapes.StripeConnectionOutput)
class StripeWebhookSecret(_OfConnection):
    """Take a new signing secret; events signed with the one before are accepted until the next change."""

    permission_classes = [requires("connections.change", asks_again=True)]

    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Change it."""
        connection = self.connection(public_id)
        values = shapes.WebhookSecretInput(data=request.data)
        values.is_valid(raise_exception=True)
        connecting.change_webhook_secret(connection=connection, **values.validated_data)
        connection.refresh_from_db()
        return Response(shapes.StripeConnectionOutput(connection).data)


@extend_schema(request=None, responses=shapes.PermissionsOutput)
class StripePermissions(_OfConnection):
    """Ask Stripe what the key may do: which right is missing, which is superfluous."""

    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Check."""
        connection = self.connection(public_id)
        api = connecting.api_for(connection)
        missing = connecting.check_permissions(connection=connection, api=api, now=timezone.now())
        found = {"missing": missing, "superfluous": connection.superfluous_permissions}
        return Response(shapes.PermissionsOutput(found).data)


class StripePaymentList(generics.ListAPIView):
    """Charges, newest first; `?state=` filters."""

    permission_classes = [requires("transactions.view")]
    serializer_class = shapes.StripePaymentOutput
    query_class = shapes.StripePaymentQuery

    def get_queryset(self) -> Any:
        """Filter by state."""
        rows = StripePayment.objects.filter(reach.of_stripe()).select_related("payout")
        if wanted := queries.checked(self).get("state"):
            rows = rows.filter(state=wanted)
        return rows


class StripePaymentDetail(generics.RetrieveAPIView):
    """One charge."""

    permission_classes = [requires("transactions.view")]
    serializer_class = shapes.StripePaymentDetailOutput
    lookup_field = "public_id"

    def get_queryset(self) -> Any:
        """Read it with what was given back."""
        rows = StripePayment.objects.filter(reach.of_stripe())
        return rows.select_related("payout").prefetch_related("refunds", "disputes")


class PaymentIntentList(generics.ListAPIView):
    """Attempts to pay, newest first; `?status=` filters, such as `processing` or `requires_capture`."""

    permission_classes = [requires("transactions.view")]
    serializer_class = shapes.PaymentIntentOutput
    query_class = shapes.PaymentIntentQuery

    def get_queryset(self) -> Any:
        """Filter by status."""
        rows = PaymentIntent.objects.filter(reach.of_stripe())
        wanted = queries.checked(self).get("status")
        return rows.filter(status=wanted) if wanted else rows


class PayoutList(generics.ListAPIView):
    """Payouts, newest first."""

    permission_classes = [requires("transactions.view")]
    serializer_class = shapes.PayoutOutput

    def get_queryset(self) -> Any:
        """Read them."""
        return Payout.objects.filter(reach.of_stripe())


class PayoutDetail(generics.RetrieveAPIView):
    """One payout."""

    permission_classes = [requires("transactions.view")]
    serializer_class = shapes.PayoutOutput
    lookup_field = "public_id"

    def get_queryset(self) -> Any:
        """Read it."""
        return Payout.objects.filter(reach.of_stripe())


class PayoutItemList(generics.ListAPIView):
    """What one payout holds, page by page; of one without items, what became available for it."""

    permission_classes = [requires("transactions.view")]
    serializer_class = shapes.PayoutItemOutput
    queryset = BalanceTransaction.objects.none()

    def get_queryset(self) -> Any:
        """Read them, once the payout is known to be there."""
        payout = get_object_or_404(Payout.objects.filter(reach.of_stripe()), public_id=self.kwargs["public_id"])
        return payout.items.all() if payout.automatic else movements_behind(payout)


@method_decorator(csrf_exempt, name="dispatch")
class _Webhook(View):
    """Where a gateway reports events: verified over the raw bytes, stored once, worked on later."""

    http_method_names = ["post"]
    gateway = ""
    unsigned_status = 400

    def post(self, request: HttpRequest) -> HttpResponse:
        """Store the events: 200 with a row each, an empty refusal and none, 503 when they must come again."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > GATEWAYS[self.gateway].largest_body:
            return HttpResponse(status=413)
        try:
            webhooks.receive_events(
                gateway=self.gateway, body=request.body, headers=request.headers, now=timezone.now()
            )
        except BadInput as error:
            logger.warning("webhook refused", extra={"event": "webhook_refused", "reason": error.code})
            return HttpResponse(status=self.unsigned_status if isinstance(error, webhooks.BadSignature) else 400)
        except SecretOff as error:
            logger.warning("webhook put off", extra={"event": "webhook_refused", "reason": error.reason})
            # It is sent again, for days.
            return HttpResponse(status=503, headers={"Retry-After": str(int(error.retry_after or 60))})
        return HttpResponse(status=200)


class StripeWebhook(_Webhook):
    """Where Stripe reports events."""

    gateway = "stripe"


class GoCardlessWebhook(_Webhook):
    """Where GoCardless reports events, up to 250 a call; a wrong signature is answered as its documents ask."""

    gateway = "gocardless"
    unsigned_status = 498
