"""Reports over HTTP: the three-way check of Stripe's charges, WHMCS's transactions and the payouts."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from matching import three_way
from matching.three_way import Check, NextStep, ThreeWayRow
from matching.three_way_selectors import COUNTED, LONGEST_DAYS, Period, position
from payymo.shared.api import queries
from payymo.shared.api.queries import PagedQuery
from payymo.shared.errors import BadInput
from payymo.shared.money import quantized
from tenants import days

DEFAULT_DAYS = 90


class ThreeWayQuery(PagedQuery):
    """The period and the list whose rows are wanted."""

    list = serializers.ChoiceField(choices=Check.choices, required=False)
    to = serializers.DateField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which Python keeps for itself."""
        return {**super().get_fields(), "from": serializers.DateField(required=False)}


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


def _period(wanted: dict[str, Any], today: date) -> Period:
    until = wanted.get("to") or today
    since = wanted.get("from") or until - timedelta(days=DEFAULT_DAYS)
    if not timedelta(0) <= until - since <= timedelta(days=LONGEST_DAYS):
        raise BadInput(f"The period is between one day and {LONGEST_DAYS} days long.")
    return Period(since, until)


class ThreeWayReport(APIView):
    """What does not agree between Stripe, WHMCS and the payouts, each row with its next step."""

    permission_classes = [requires("reports.view")]

    query_class = ThreeWayQuery

    @extend_schema(parameters=[ThreeWayQuery], responses=ThreeWayOutput)
    def get(self, request: Request) -> Response:
        """Return the counts of every list, and with `list` its rows, newest first; `cursor` leads to the next page."""
        wanted, today = queries.checked(self), days.today(timezone.now())
        period = _period(wanted, today)
        page = three_way.ThreeWayPage((), "")
        if asked := wanted.get("list"):
            after = wanted.get("cursor", "")
            if after and position(Check(asked), after) is None:
                raise BadInput("cursor is not one that a page gave.")
            size = wanted.get("page_size", three_way.PAGE_SIZE)
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
