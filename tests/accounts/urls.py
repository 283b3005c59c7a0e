"""The product's own paths, and probes that stand for any other view."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import payymo.urls
from accounts.api.permissions import requires
from accounts.guards import requires_permission
from accounts.models import SecurityEvent
from payymo.shared.api.idempotency import idempotent
from payymo.shared.api.parsing import StrictJSONParser
from payymo.shared.errors import Conflict


class ReadConnections(APIView):
    permission_classes = [requires("connections.view", writing="connections.change")]

    def get(self, request: Request) -> Response:
        return Response({"may": sorted(request.auth.permissions)})

    def post(self, request: Request) -> Response:
        return Response(status=204)


class MoveMoney(APIView):
    """Writes one row a call, and then refuses if it is told to."""

    permission_classes = [requires("review.decide")]
    parser_classes = [StrictJSONParser]

    @idempotent
    def post(self, request: Request, number: int = 1) -> Response:
        row = SecurityEvent.objects.create(
            kind="probe", tenant=request.tenant, happened_at=timezone.now(), detail=str(number)
        )
        if request.data.get("conflict"):
            raise Conflict("The state has moved on.")
        if request.data.get("refuse"):
            return Response({"refused": True}, status=422)
        return Response({"row": row.pk, "amount": "12.30"}, status=201)


@requires_permission("connections.change")
def change_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("changed")


@requires_permission("overview.view")
def overview(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.tenant.slug} {request.user.email} {request.membership.role.code}")


urlpatterns = [
    *payymo.urls.urlpatterns,
    path("api/v1/probe/connections/", ReadConnections.as_view()),
    path("api/v1/probe/money/<int:number>/", MoveMoney.as_view()),
    path("probe/change/", change_page),
    path("probe/overview/", overview),
]
handler404 = payymo.urls.handler404
handler403 = payymo.urls.handler403
