"""Installations, clients, invoices and postings over the API."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, QueryDict
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from payymo.shared.api import queries
from payymo.shared.api.idempotency import idempotent
from payymo.shared.api.parsing import StrictJSONParser
from payymo.shared.api.serializers import NothingInput, StrictSerializer
from whmcs import selectors
from whmcs.api import serializers as shapes
from whmcs.models import Client, Invoice, Posting, WhmcsInstance
from whmcs.services import connection, posting


def _checked(shape: type[StrictSerializer], given: Any) -> dict[str, Any]:
    """Return the checked input.

    Raises: ValidationError.
    """
    if isinstance(given, QueryDict):
        lists = {name for name, field in shape().fields.items() if hasattr(field, "allow_empty")}
        given = {name: given.getlist(name) if name in lists else given[name] for name in given}
    checked = shape(data=given)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)


class Instances(ListAPIView[WhmcsInstance]):
    """The connected installations; POST connects one after calling everything that is needed of it."""

    permission_classes = [requires("connections.view", writing="connections.change", asks_again=True)]
    parser_classes = [StrictJSONParser]
    serializer_class = shapes.InstanceOutput

    def get_queryset(self) -> QuerySet[WhmcsInstance]:
        """All that are not removed."""
        return selectors.instances()

    @extend_schema(request=shapes.InstanceInput, responses={201: shapes.InstanceOutput})
    def post(self, request: Request) -> Response:
        """Connect an installation."""
        wanted = _checked(shapes.InstanceInput, request.data)
        instance = connection.connect_instance(now=timezone.now(), **wanted)
        return Response(shapes.InstanceOutput(instance).data, status=201)


class TestInstance(APIView):
    """Runs the test sequence of one installation; one that answers again is used again."""

    permission_classes = [requires("connections.change")]
    parser_classes = [StrictJSONParser]

    @extend_schema(request=NothingInput, responses={200: shapes.InstanceOutput})
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Test it."""
        _checked(NothingInput, request.data)
        instance = selectors.instances().filter(public_id=public_id).first()
        if instance is None:
            raise Http404
        connection.test_instance(instance=instance, now=timezone.now())
        instance.refresh_from_db()
        return Response(shapes.InstanceOutput(instance).data)


class GuardSetting(APIView):
    """How long payments that wait hold mails and suspensions in one installation."""

    permission_classes = [requires("connections.change", asks_again=True)]
    parser_classes = [StrictJSONParser]

    @extend_schema(request=shapes.GuardInput, responses={200: shapes.InstanceOutput})
    def put(self, request: Request, public_id: uuid.UUID) -> Response:
        """Set it."""
        wanted = _checked(shapes.GuardInput, request.data)
        instance = selectors.instances().filter(public_id=public_id).first()
        if instance is None:
            raise Http404
        changed = connection.change_guard(instance=instance, days=wanted["guard_days"])
        return Response(shapes.InstanceOutput(changed).data)


class Clients(ListAPIView[Client]):
    """The clients."""

    permission_classes = [requires("invoices.view")]
    serializer_class = shapes.ClientOutput
    query_class = shapes.ClientFilter

    def get_queryset(self) -> QuerySet[Client]:
        """Those that `q` finds."""
        return selectors.clients(text=queries.checked(self)["q"])


class Invoices(ListAPIView[Invoice]):
    """The invoices."""

    permission_classes = [requires("invoices.view")]
    serializer_class = shapes.InvoiceOutput
    query_class = shapes.InvoiceFilter

    def get_queryset(self) -> QuerySet[Invoice]:
        """Those of the status and currency that `q` finds."""
        wanted = queries.checked(self)
        return selectors.invoices(status=wanted["status"], text=wanted["q"], currency=wanted["currency"])


class InvoiceDetail(APIView):
    """One invoice."""

    permission_classes = [requires("invoices.view")]

    @extend_schema(responses={200: shapes.InvoiceDetailOutput})
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Show it with lines, bookings and postings."""
        invoice = selectors.invoice_with_history(public_id=public_id)
        if invoice is None:
            raise Http404
        return Response(shapes.InvoiceDetailOutput(invoice).data)


class Postings(ListAPIView[Posting]):
    """The postings."""

    permission_classes = [requires("invoices.view")]
    serializer_class = shapes.PostingOutput
    query_class = shapes.PostingFilter

    def get_queryset(self) -> QuerySet[Posting]:
        """Those in the given states."""
        return selectors.postings(states=queries.checked(self)["state"])


class PostingDetail(APIView):
    """One posting."""

    permission_classes = [requires("invoices.view")]

    @extend_schema(responses={200: shapes.PostingDetailOutput})
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Show it with its moves."""
        return Response(shapes.PostingDetailOutput(_posting(public_id)).data)


class RetryPosting(APIView):
    """Sends a posting that stopped again; it is looked up in WHMCS first."""

    permission_classes = [requires("postings.retry")]
    parser_classes = [StrictJSONParser]

    @extend_schema(request=shapes.RetryInput, responses={200: shapes.PostingDetailOutput})
    @idempotent
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Try it again."""
        wanted = _checked(shapes.RetryInput, request.data)
        posting.retry_posting(posting=_posting(public_id), now=timezone.now(), **wanted)
        return Response(shapes.PostingDetailOutput(_posting(public_id)).data)


def _posting(public_id: uuid.UUID) -> Posting:
    found = selectors.posting_with_moves(public_id=public_id)
    if found is None:
        raise Http404
    return found
