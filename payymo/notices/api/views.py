"""Webhook endpoints over the API: what the settings page does, with the same services."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from payymo.notices.api import serializers as shapes
from payymo.notices.models import Delivery, DeliveryAttempt, Endpoint
from payymo.notices.services import endpoints

_MAY_CHANGE = requires("settings.change", asks_again=True)
_MAY_SEND = requires("settings.change")


def _checked(shape: Any, request: Request) -> dict[str, Any]:
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _made(made: endpoints.MadeEndpoint, code: int) -> Response:
    return Response(shapes.MadeEndpointOutput(made.row, context={"secret": made.secret}).data, status=code)


class EndpointList(generics.ListAPIView[Endpoint]):
    """The endpoints that were not removed."""

    permission_classes = (_MAY_CHANGE,)
    serializer_class = shapes.EndpointOutput

    def get_queryset(self) -> QuerySet[Endpoint]:
        """Return the tenant's."""
        return endpoints.living()

    @extend_schema(request=shapes.EndpointInput, responses={201: shapes.MadeEndpointOutput})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add one; this answer is the only one that shows its secret."""
        wanted = _checked(shapes.EndpointInput, request)
        made = endpoints.add(
            form=wanted["form"], name=wanted["name"], address=wanted["address"], kinds=wanted["events"],
            now=timezone.now(),
        )  # fmt: skip
        return _made(made, status.HTTP_201_CREATED)


class EndpointDetail(generics.RetrieveAPIView[Endpoint]):
    """One endpoint."""

    permission_classes = (_MAY_CHANGE,)
    serializer_class = shapes.EndpointOutput
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Endpoint]:
        """Return the tenant's."""
        return endpoints.living()

    @extend_schema(request=shapes.EndpointChange, responses={200: shapes.EndpointOutput})
    def put(self, request: Request, **_: Any) -> Response:
        """Give it another name and other events."""
        wanted, row = _checked(shapes.EndpointChange, request), self.get_object()
        changed = endpoints.change(endpoint_id=row.public_id, name=wanted["name"], kinds=wanted["events"])
        return Response(shapes.EndpointOutput(changed).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, **_: Any) -> Response:
        """Remove it with its address and secrets."""
        endpoints.remove(endpoint_id=self.get_object().public_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class _OfEndpoint(APIView):
    def endpoint(self) -> Endpoint:
        """Return the endpoint of the path."""
        row = endpoints.living().filter(public_id=self.kwargs["public_id"]).first()
        if row is None:
            raise Http404
        return row


class RotateSecret(_OfEndpoint):
    """A new secret; the one before signs too for a day."""

    permission_classes = (_MAY_CHANGE,)

    @extend_schema(request=None, responses={200: shapes.MadeEndpointOutput})
    def post(self, request: Request, **_: Any) -> Response:
        """Make it; this answer is the only one that shows it."""
        return _made(endpoints.rotate(endpoint_id=self.endpoint().public_id, now=timezone.now()), status.HTTP_200_OK)


class PauseEndpoint(_OfEndpoint):
    """Not called until it is resumed."""

    permission_classes = (_MAY_CHANGE,)

    @extend_schema(request=None, responses={200: shapes.EndpointOutput})
    def post(self, request: Request, **_: Any) -> Response:
        """Pause it."""
        return Response(shapes.EndpointOutput(endpoints.pause(endpoint_id=self.endpoint().public_id)).data)


class ResumeEndpoint(_OfEndpoint):
    """Called again, also after it was switched off."""

    permission_classes = (_MAY_CHANGE,)

    @extend_schema(request=None, responses={200: shapes.EndpointOutput})
    def post(self, request: Request, **_: Any) -> Response:
        """Resume it."""
        row = endpoints.resume(endpoint_id=self.endpoint().public_id, now=timezone.now())
        return Response(shapes.EndpointOutput(row).data)


class TestEndpoint(_OfEndpoint):
    """A message that says it is a test."""

    permission_classes = (_MAY_SEND,)

    @extend_schema(request=None, responses={202: shapes.DeliveryOutput})
    def post(self, request: Request, **_: Any) -> Response:
        """Leave it to be sent."""
        row = endpoints.test(endpoint_id=self.endpoint().public_id, now=timezone.now())
        return Response(shapes.DeliveryOutput(row).data, status=status.HTTP_202_ACCEPTED)


class DeliveryList(_OfEndpoint, generics.ListAPIView[Delivery]):
    """What was sent to an endpoint, newest first, with what came of each call."""

    permission_classes = (_MAY_SEND,)
    serializer_class = shapes.DeliveryOutput

    def get_queryset(self) -> QuerySet[Delivery]:
        """Return those of the endpoint of the path."""
        newest = DeliveryAttempt.objects.order_by("-pk")
        rows = Delivery.objects.filter(endpoint__public_id=self.kwargs["public_id"]).exclude(
            endpoint__state=Endpoint.State.REMOVED
        )
        return rows.select_related("event").prefetch_related(Prefetch("log", queryset=newest))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer 404 for an endpoint that is not there, not with an empty list."""
        self.endpoint()
        return super().list(request, *args, **kwargs)


class ResendDelivery(APIView):
    """The same message again, with the same id."""

    permission_classes = (_MAY_SEND,)

    @extend_schema(request=None, responses={202: shapes.DeliveryOutput})
    def post(self, request: Request, public_id: Any) -> Response:
        """Leave it to be sent."""
        try:
            row = endpoints.resend(delivery_id=public_id, now=timezone.now())
        except Delivery.DoesNotExist as error:
            raise Http404 from error
        return Response(shapes.DeliveryOutput(row).data, status=status.HTTP_202_ACCEPTED)
