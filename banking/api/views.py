"""Connections, accounts and transactions over the API."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from banking import selectors
from banking.api import serializers as shapes
from banking.api.inputs import checked
from banking.models import BankAccount, BankConnection, BankTransaction
from banking.services import connecting, disconnecting, institutions, provider_keys, schedule
from payymo.shared.api import queries
from payymo.shared.api.parsing import StrictJSONParser
from payymo.shared.api.serializers import NothingInput
from tenants import context
from tenants.links import address_of

CALLBACK_PATH = "/connections/bank/callback/"


def callback_url() -> str:
    """Return where the bank sends the person back to: the tenant's stored host, whatever the request says."""
    return address_of(context.current(), CALLBACK_PATH)


class Providers(APIView):
    """The bank data providers to choose from."""

    permission_classes = [requires("connections.view")]

    @extend_schema(operation_id="bank_providers_list", responses={200: shapes.ProviderListOutput})
    def get(self, request: Request) -> Response:
        """List them, those open to new users first."""
        return Response({"results": shapes.ProviderOutput(provider_keys.choices(), many=True).data})


class Institutions(APIView):
    """The banks of a country."""

    permission_classes = [requires("connections.view")]

    @extend_schema(parameters=[shapes.InstitutionFilter], responses={200: shapes.InstitutionListOutput})
    def get(self, request: Request) -> Response:
        """List them by name."""
        wanted = checked(shapes.InstitutionFilter, request.query_params)
        provider = provider_keys.provider(wanted["provider"] or provider_keys.default_choice(), now=timezone.now())
        found = institutions.list_institutions(country=wanted["country"], text=wanted["q"], provider=provider)
        return Response({"results": shapes.InstitutionOutput(found, many=True).data})


class Connections(APIView):
    """The connections with their health; POST starts a consent, which a person finishes in the browser."""

    permission_classes = [requires("connections.view", writing="connections.change", asks_again=True)]
    parser_classes = [StrictJSONParser]

    @extend_schema(operation_id="bank_connections_list", responses={200: shapes.ConnectionListOutput})
    def get(self, request: Request) -> Response:
        """List them, newest first; a tenant has few."""
        found = selectors.connection_health(now=timezone.now())
        return Response({"results": shapes.ConnectionOutput(found, many=True).data})

    @extend_schema(request=shapes.ConnectInput, responses={201: shapes.StartedOutput})
    def post(self, request: Request) -> Response:
        """Start a consent; the person opens `link` and comes back to the dashboard, signed in as the caller."""
        wanted, now = checked(shapes.ConnectInput, request.data), timezone.now()
        provider = wanted["provider"] or provider_keys.default_choice()
        provider_keys.require_keys(provider)
        started = connecting.connect(
            institution_id=wanted["institution_id"],
            token=wanted["setup_token"],
            user_id=request.user.pk,
            redirect_url=callback_url(),
            provider=provider_keys.provider(provider, now=now),
            now=now,
        )
        return Response(shapes.StartedOutput(started).data, status=201)


class ConnectionDetail(APIView):
    """One connection; DELETE stops fetching and withdraws the consent, and keeps the history."""

    permission_classes = [requires("connections.view", writing="connections.change", asks_again=True)]

    @extend_schema(responses={200: shapes.ConnectionOutput})
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Show it."""
        return Response(_health(public_id))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: uuid.UUID) -> Response:
        """Remove it."""
        row = _connection(public_id)
        provider = provider_keys.provider(row.provider, now=timezone.now())
        disconnecting.remove_connection(connection=row, provider=provider)
        return Response(status=204)


class WithdrawConnection(APIView):
    """Withdraws the consent: nothing more is fetched, and what no bookkeeping needs is erased within 30 days."""

    permission_classes = [requires("connections.change", asks_again=True)]
    parser_classes = [StrictJSONParser]

    @extend_schema(request=NothingInput, responses={204: None})
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Withdraw it."""
        checked(NothingInput, request.data)
        now = timezone.now()
        row = _connection(public_id)
        provider = provider_keys.provider(row.provider, now=now)
        disconnecting.withdraw_consent(connection=row, provider=provider, now=now)
        return Response(status=204)


class RenewConnection(APIView):
    """Starts a new consent at the same bank; finished, it takes over the accounts."""

    permission_classes = [requires("connections.change")]
    parser_classes = [StrictJSONParser]

    @extend_schema(request=shapes.RenewInput, responses={201: shapes.StartedOutput})
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Renew it."""
        wanted, now = checked(shapes.RenewInput, request.data), timezone.now()
        row = _connection(public_id)
        started = connecting.renew_consent(
            connection=row,
            token=wanted["setup_token"],
            user_id=request.user.pk,
            redirect_url=callback_url(),
            provider=provider_keys.provider(row.provider, now=now),
            now=now,
        )
        return Response(shapes.StartedOutput(started).data, status=201)


class RefreshConnection(APIView):
    """Makes the accounts of a connection due now; a worker fetches them."""

    permission_classes = [requires("connections.change")]
    parser_classes = [StrictJSONParser]

    @extend_schema(request=NothingInput, responses={202: shapes.ConnectionOutput})
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Ask for it."""
        checked(NothingInput, request.data)
        schedule.request_fetch(connection=_connection(public_id), now=timezone.now())
        return Response(_health(public_id), status=202)


def _connection(public_id: uuid.UUID) -> BankConnection:
    found = selectors.connection(public_id=public_id)
    if found is None or found.state == BankConnection.State.REVOKED:
        raise Http404
    return found


def _health(public_id: uuid.UUID) -> Any:
    found = selectors.connections().filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return shapes.ConnectionOutput(selectors.health_of(found, now=timezone.now())).data


class Accounts(ListAPIView[BankAccount]):
    """The bank accounts that the caller may see."""

    permission_classes = [requires("transactions.view")]
    serializer_class = shapes.AccountOutput

    def get_queryset(self) -> QuerySet[BankAccount]:
        """Those of the caller."""
        return selectors.accounts()


class Transactions(ListAPIView[BankTransaction]):
    """The booked entries."""

    permission_classes = [requires("transactions.view")]
    serializer_class = shapes.TransactionOutput
    query_class = shapes.TransactionFilterInput

    def get_queryset(self) -> QuerySet[BankTransaction]:
        """Those that fit the filters."""
        given = queries.checked(self)
        wanted = {name: value for name, value in given.items() if name not in {"q", "cursor", "page_size"}}
        return selectors.transactions(wanted=selectors.TransactionFilter(text=given["q"], **wanted))


class TransactionDetail(APIView):
    """One booked entry."""

    permission_classes = [requires("transactions.view")]

    @extend_schema(responses={200: shapes.TransactionOutput})
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Show it."""
        found = selectors.transaction(public_id=public_id)
        if found is None:
            raise Http404
        return Response(shapes.TransactionOutput(found).data)
