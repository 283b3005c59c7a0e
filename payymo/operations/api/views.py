"""Data protection over the API: how long, and what about a person."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from payymo.operations.api import serializers as shapes
from payymo.operations.services import person_export, persons, retention_settings
from tenants import context


def _checked(shape: Any, request: Request) -> dict[str, Any]:
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _person(given: dict[str, Any]) -> persons.Person:
    number = given.get("client_number")
    return persons.describe(
        clients=[number] if number else [],
        iban=given.get("iban", ""),
        name=given.get("name", ""),
        email=given.get("email", ""),
    )


class Retention(APIView):
    """For how many days an unmatched payment says who paid, and for how many years a matched one."""

    permission_classes = [requires("settings.change", asks_again=True)]

    @extend_schema(responses={200: shapes.RetentionOutput})
    def get(self, request: Request) -> Response:
        """Show it."""
        return Response(shapes.RetentionOutput(retention_settings.current()).data)

    @extend_schema(request=shapes.RetentionInput, responses={200: shapes.RetentionOutput})
    def put(self, request: Request) -> Response:
        """Change it."""
        changed = retention_settings.change(tenant=context.current(), **_checked(shapes.RetentionInput, request))
        return Response(shapes.RetentionOutput(changed).data)


class ExportPerson(APIView):
    """Answers an access request: everything that is stored about a person."""

    permission_classes = [requires("persons.erase", asks_again=True)]

    @extend_schema(request=shapes.PersonInput, responses={200: shapes.PersonOutput})
    def post(self, request: Request) -> Response:
        """Export it; the asking is recorded."""
        person = _person(_checked(shapes.PersonInput, request))
        return Response(person_export.export(person=person, now=timezone.now()))


class ErasePerson(APIView):
    """Erases what is stored about a person, but for what bookkeeping needs."""

    permission_classes = [requires("persons.erase", asks_again=True)]

    @extend_schema(request=shapes.ErasePersonInput, responses={200: shapes.ErasedOutput})
    def post(self, request: Request) -> Response:
        """Erase it, forget what was learned, and remember to erase it again after a restore."""
        person = _person(_checked(shapes.ErasePersonInput, request))
        return Response(shapes.ErasedOutput(persons.erase(person=person, now=timezone.now())).data)
