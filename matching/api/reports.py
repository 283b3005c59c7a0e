"""Reports over HTTP: the three-way check of Stripe's charges, WHMCS's transactions and the payouts."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from matching import three_way
from matching.three_way import Check, NextStep, ThreeWayRow
from matching.three_way_selectors import COUNTED, LONGEST_DAYS, Period, position
from payymo.shared.errors import BadInput
from payymo.shared.money import quantized

DEFAULT_DAYS = 90
MOST_ROWS = 200
_KNOWN = {"list", "from", "to", "cursor", "page_size"}


class ThreeWayRowOutput(serializers.Serializer[ThreeWayRow]):
    """One finding; amounts with the currency's own digits, and null where there is no such side."""

    list = serializers.CharField()
    day = serializers.DateField()
    amount = serializers.CharField()
    currency = serializers.CharField()
    shown_in_whmcs = serializers.CharField(allow_null=True)
    charge = serializers.CharField(allow_null=True)
    stripe_payment = serializers.UUIDField(allow_null=True)
    refund = serializers.CharField(allow_null=True)
    whmcs_transaction = serializers.IntegerField(allow_null=True)
    transaction_id = serializers.CharField(allow_null=True)
    invoice = serializers.UUIDField(allow_null=True)
    invoice_number = serializers.CharField(allow_null=True)
    payout = serializers.CharField(allow_null=True)
    available_on = serializers.DateField(allow_null=True)
    next_step = serializers.ChoiceField(choices=NextStep.choices)
    advice = serializers.CharField()


class ThreeWayOutput(serializers.Serializer[dict[str, Any]]):
    """The period, how much each list holds (`more` beyond the counted), and the rows of the asked list."""

    since = serializers.DateField()
    until = serializers.DateField()
    counts = serializers.DictField(child=serializers.IntegerField())
    counted_up_to = serializers.IntegerField()
    results = ThreeWayRowOutput(many=True)
    cursor = serializers.CharField(allow_null=True)


def _written(row: ThreeWayRow) -> dict[str, Any]:
    charge, booking, invoice = row.charge, row.booking, row.invoice
    return {
        "list": row.check.value,
        "day": row.day.isoformat(),
        "amount": str(quantized(row.amount, row.currency)),
        "currency": row.currency,
        "shown_in_whmcs": None if row.shown is None else str(quantized(row.shown, row.currency)),
        "charge": charge.charge_id if charge else None,
        "stripe_payment": str(charge.public_id) if charge else None,
        "refund": row.refund.refund_id if row.refund else None,
        "whmcs_transaction": booking.whmcs_id if booking else None,
        "transaction_id": booking.transaction_id if booking else None,
        "invoice": str(invoice.public_id) if invoice else None,
        "invoice_number": invoice.display_number if invoice else None,
        "payout": row.payout.payout_id if row.payout else None,
        "available_on": row.available_on.isoformat() if row.available_on else None,
        "next_step": row.next_step.value,
        "advice": str(row.next_step.label),
    }


def _day(request: Request, name: str) -> date | None:
    text = request.query_params.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput(f"{name} is not a day such as 2026-01-31.") from error


def _period(request: Request, today: date) -> Period:
    until = _day(request, "to") or today
    since = _day(request, "from") or until - timedelta(days=DEFAULT_DAYS)
    if not timedelta(0) <= until - since <= timedelta(days=LONGEST_DAYS):
        raise BadInput(f"The period is between one day and {LONGEST_DAYS} days long.")
    return Period(since, until)


def _size(request: Request) -> int:
    text = request.query_params.get("page_size", str(three_way.PAGE_SIZE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MOST_ROWS):
        raise BadInput(f"page_size is between 1 and {MOST_ROWS}.")
    return int(text)


class ThreeWayReport(APIView):
    """What does not agree between Stripe, WHMCS and the payouts, each row with its next step."""

    permission_classes = [requires("transactions.view")]

    @extend_schema(
        parameters=[
            OpenApiParameter("list", enum=Check.values),
            OpenApiParameter("from", OpenApiTypes.DATE),
            OpenApiParameter("to", OpenApiTypes.DATE),
            OpenApiParameter("cursor", str),
            OpenApiParameter("page_size", int),
        ],
        responses=ThreeWayOutput,
    )
    def get(self, request: Request) -> Response:
        """Return the counts of every list, and with `list` its rows, newest first; `cursor` leads to the next page."""
        if unknown := set(request.query_params) - _KNOWN:
            raise BadInput(f"Unknown filter: {', '.join(sorted(unknown))}.")
        asked, today = request.query_params.get("list", ""), timezone.now().date()
        if asked and asked not in Check.values:
            raise BadInput(f"list is one of {', '.join(Check.values)}.")
        period, size = _period(request, today), _size(request)
        page = three_way.ThreeWayPage((), "")
        if asked:
            after = request.query_params.get("cursor", "")
            if after and position(Check(asked), after) is None:
                raise BadInput("cursor is not one that a page gave.")
            page = three_way.page(Check(asked), period, today=today, after=after, size=size)
        return Response(
            {
                "since": period.since.isoformat(),
                "until": period.until.isoformat(),
                "counts": {check.value: number for check, number in three_way.counts(period).items()},
                "counted_up_to": COUNTED,
                "results": [_written(row) for row in page.rows],
                "cursor": page.after or None,
            }
        )
