"""Statement files over the API."""

import uuid

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from banking import selectors
from banking.api import serializers as shapes
from banking.api.inputs import checked
from banking.models import BankAccount, StatementImport
from banking.parsers.assembly import MAX_BYTES
from banking.services import statement_commit, statement_import
from payymo.shared.api.parsing import StrictJSONParser

_MOST_BYTES_AROUND = 64 * 1024


class FileTooLarge(APIException):
    """The upload is larger than a statement file may be."""

    status_code = 413
    default_detail = "The file is larger than 10 MiB."
    default_code = "too_large"


class StatementImports(ListAPIView[StatementImport]):
    """The uploaded files; POST takes one as multipart, and with `?dry_run=1` only reads it."""

    permission_classes = [requires("transactions.view", writing="imports.add")]
    parser_classes = [MultiPartParser]
    serializer_class = shapes.ImportOutput

    def get_queryset(self) -> QuerySet[StatementImport]:
        """Those of accounts that the caller may see."""
        return selectors.statement_imports()

    @extend_schema(
        parameters=[shapes.ImportQuery],
        request={"multipart/form-data": shapes.ImportInput},
        responses={200: shapes.LookedAtOutput, 201: shapes.ImportOutput},
    )
    def post(self, request: Request) -> Response:
        """Keep the file with what it would add, or only show that."""
        dry_run = checked(shapes.ImportQuery, request.query_params)["dry_run"] == "1"
        # Before the body is read: a file is never taken in to be refused for its size.
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES + _MOST_BYTES_AROUND:
            raise FileTooLarge
        given = checked(shapes.ImportInput, request.data)
        row = statement_import.upload_statement(
            account=_account(given["account"]),
            file_name=given["file"].name,
            content=given["file"].read(),
            user_id=request.user.pk,
            file_format=given["format"],
            currency=given["currency"],
            is_kept=not dry_run,
        )
        if dry_run:
            return Response(shapes.LookedAtOutput(row).data)
        return Response(shapes.ImportOutput(row).data, status=201)


def _account(public_id: uuid.UUID | None) -> BankAccount | None:
    if public_id is None:
        return None
    found = selectors.accounts().filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _import(public_id: uuid.UUID) -> StatementImport:
    found = selectors.statement_import(public_id=public_id)
    if found is None:
        raise Http404
    return found


class StatementImportDetail(APIView):
    """One uploaded file; DELETE puts it away unless it is imported."""

    permission_classes = [requires("transactions.view", writing="imports.add")]

    @extend_schema(responses={200: shapes.ImportOutput})
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Show it."""
        return Response(shapes.ImportOutput(_import(public_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: uuid.UUID) -> Response:
        """Put it away."""
        statement_import.discard(statement_import=_import(public_id))
        return Response(status=204)


class MapStatementImport(APIView):
    """Sets the columns of a CSV file."""

    permission_classes = [requires("imports.add")]
    parser_classes = [StrictJSONParser]

    @extend_schema(request=shapes.MappingInput, responses={200: shapes.ImportOutput})
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Read it by these columns from now on."""
        mapping = checked(shapes.MappingInput, request.data)["mapping"]
        row = statement_import.set_mapping(statement_import=_import(public_id), mapping=mapping)
        return Response(shapes.ImportOutput(row).data)


class CommitStatementImport(APIView):
    """Imports an uploaded file; doing it again adds nothing."""

    permission_classes = [requires("imports.add")]
    parser_classes = [StrictJSONParser]

    @extend_schema(request=shapes.CommitInput, responses={200: shapes.ImportOutput})
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Import it."""
        wanted = checked(shapes.CommitInput, request.data)
        row, _ = statement_commit.commit_import(statement_import=_import(public_id), now=timezone.now(), **wanted)
        return Response(shapes.ImportOutput(row).data)
