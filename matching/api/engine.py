"""How right the engine is, which version judges, and what was stopped, over HTTP."""

import uuid
from datetime import date
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from matching import match_rates, selectors
from matching.api.serializers import DecisionOutput, RejectInput
from matching.match_rates import BandRow, Month
from matching.models import AutomationStop, Decision, EngineModel
from matching.services import corrections, drift, engine_models
from matching.services.decisions import Actor
from payymo.shared.api.idempotency import idempotent
from payymo.shared.api.serializers import NothingInput
from payymo.shared.errors import BadInput
from tenants import context


class BandRowOutput(serializers.Serializer[BandRow]):
    """What became of one band's suggestions; `proposed` is the sum of the rest."""

    band = serializers.CharField()
    proposed = serializers.IntegerField()
    followed = serializers.IntegerField()
    changed = serializers.IntegerField()
    rejected = serializers.IntegerField()
    undone = serializers.IntegerField()
    waiting = serializers.IntegerField()


class MonthOutput(serializers.Serializer[Month]):
    """One month; what was said, what came true, and what happened without a person."""

    month = serializers.DateField()
    bands = BandRowOutput(many=True)
    judged = serializers.IntegerField()
    said = serializers.FloatField(allow_null=True)
    right = serializers.FloatField(allow_null=True)
    calibration_error = serializers.FloatField(allow_null=True, source="error")
    decided = serializers.IntegerField()
    automatic = serializers.IntegerField()
    automatic_share = serializers.FloatField(allow_null=True)
    corrected = serializers.IntegerField()


class MatchRateOutput(serializers.Serializer[dict[str, Any]]):
    """Predicted against actual. The months are those of the tenant's time zone."""

    time_zone = serializers.CharField()
    months = MonthOutput(many=True)


def _month(request: Request, name: str, usual: date) -> date:
    text = request.query_params.get(name)
    try:
        return date.fromisoformat(f"{text}-01") if text else usual
    except ValueError as error:
        raise BadInput(f"{name} is not a month such as 2026-01.") from error


class MatchRateReport(APIView):
    """How often suggestions were followed, changed, rejected and undone, by month and band."""

    permission_classes = [requires("reports.view")]

    @extend_schema(
        parameters=[OpenApiParameter("from", OpenApiTypes.STR), OpenApiParameter("to", OpenApiTypes.STR)],
        responses=MatchRateOutput,
    )
    def get(self, request: Request) -> Response:
        """Return the asked months, such as `from=2026-01&to=2026-06`; the last twelve unless asked otherwise."""
        if unknown := set(request.query_params) - {"from", "to"}:
            raise BadInput(f"Unknown filter: {', '.join(sorted(unknown))}.")
        first, last = match_rates.usual_range(timezone.now())
        try:
            months = match_rates.match_rates(first=_month(request, "from", first), last=_month(request, "to", last))
        except ValueError as error:
            raise BadInput(f"The period is not usable: {error}.") from error
        return Response(MatchRateOutput({"time_zone": context.current().time_zone, "months": months}).data)


class EngineModelOutput(serializers.ModelSerializer):
    """A version of what the engine learned, with the figures it was taken or refused on."""

    id = serializers.UUIDField(source="public_id")
    evaluation = serializers.JSONField()
    reason = serializers.CharField(source="reason_in_words", read_only=True)

    class Meta:
        model = EngineModel
        fields = (
            "id", "number", "version", "base_version", "state", "reason", "decisions", "trained_at", "used_since",
            "chosen_by_name", "evaluation",
        )  # fmt: skip
        read_only_fields = fields


class EngineModelList(generics.ListAPIView):
    """Versions, newest first."""

    permission_classes = [requires("reports.view")]
    serializer_class = EngineModelOutput
    queryset = EngineModel.objects.all()


class EngineModelDetail(generics.RetrieveAPIView):
    """One version with its report's figures."""

    permission_classes = [requires("reports.view")]
    serializer_class = EngineModelOutput
    lookup_field = "public_id"
    queryset = EngineModel.objects.all()


@extend_schema(request=NothingInput, responses={200: EngineModelOutput})
class UseEngineModel(APIView):
    """Let a person choose the version that judges from now on."""

    permission_classes = [requires("settings.change")]

    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Choose it."""
        NothingInput(data=request.data).is_valid(raise_exception=True)
        row = generics.get_object_or_404(EngineModel, public_id=public_id)
        used = engine_models.use(number=row.number, by=request.user, now=timezone.now())
        return Response(EngineModelOutput(used).data)


@extend_schema(request=NothingInput, responses={200: EngineModelOutput})
class UseShippedWeights(APIView):
    """Go back to the shipped weights."""

    permission_classes = [requires("settings.change")]

    def post(self, request: Request) -> Response:
        """Choose them, as a version of their own."""
        NothingInput(data=request.data).is_valid(raise_exception=True)
        row = engine_models.use_shipped(by=request.user, now=timezone.now())
        return Response(EngineModelOutput(row).data)


@extend_schema(request=NothingInput, responses={204: None})
class LetLearn(APIView):
    """Let training replace the version that a person chose."""

    permission_classes = [requires("settings.change")]

    def post(self, request: Request) -> Response:
        """Release it."""
        NothingInput(data=request.data).is_valid(raise_exception=True)
        engine_models.let_learn(now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class AutomationStopOutput(serializers.ModelSerializer):
    """Why automatic approval was stopped, and who resumed it."""

    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = AutomationStop
        fields = (
            "id", "state", "raised_at", "surprise", "tolerated", "approved", "corrected", "engine_version",
            "resumed_at", "resumed_by_name",
        )  # fmt: skip
        read_only_fields = fields


class AutomationStopList(generics.ListAPIView):
    """Stops of automatic approval, newest first."""

    permission_classes = [requires("reports.view")]
    serializer_class = AutomationStopOutput
    queryset = AutomationStop.objects.all()


@extend_schema(request=NothingInput, responses={200: AutomationStopOutput})
class ResumeAutomation(APIView):
    """Let automatic approval work again."""

    permission_classes = [requires("settings.change", asks_again=True)]

    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Resume."""
        NothingInput(data=request.data).is_valid(raise_exception=True)
        try:
            stop = drift.resume(stop_id=public_id, by=request.user, now=timezone.now())
        except AutomationStop.DoesNotExist as error:
            raise Http404 from error
        return Response(AutomationStopOutput(stop).data)


@extend_schema(request=RejectInput, responses={201: DecisionOutput})
class ReportWrong(APIView):
    """Say that a decision whose payment reached WHMCS was wrong: nothing is learned from it any more."""

    permission_classes = [requires("review.decide")]

    @idempotent
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Report it."""
        values = RejectInput(data=request.data)
        values.is_valid(raise_exception=True)
        if selectors.find_decision(public_id) is None:
            raise Http404
        try:
            wrong = corrections.report_wrong(
                decision_id=public_id,
                actor=Actor.person(request.user),
                now=timezone.now(),
                reason=values.validated_data["reason"],
            )
        except Decision.DoesNotExist as error:
            raise Http404 from error
        return Response(DecisionOutput(wrong).data, status=status.HTTP_201_CREATED)
