"""Reports for programs: which there are, one as a table in JSON, and the same as CSV."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from payymo.dashboard.pages import Amount
from payymo.dashboard.presenters import reports as present
from payymo.dashboard.reports import files
from payymo.dashboard.reports.catalogue import REPORTS, Entry
from payymo.dashboard.reports.cells import plain
from payymo.dashboard.reports.periods import Span
from payymo.dashboard.reports.shape import MOST_ROWS as MOST_CSV_ROWS
from payymo.dashboard.reports.shape import Cell, Kind, Report, Row
from payymo.shared.api import queries
from payymo.shared.api.serializers import StrictSerializer
from payymo.shared.errors import BadInput
from payymo.shared.money import quantized

USUAL_ROWS, MOST_ROWS = 200, 1000
_PERIOD = r"^\d{4}-\d{2}(-\d{2})?$"


class TableQuery(StrictSerializer):
    """What of a report is wanted: days such as 2026-01-31, or months such as 2026-01, as the report asks for.

    `on` is for the reports of a day: how it stood at its end.
    """

    to = serializers.RegexField(_PERIOD, required=False)
    on = serializers.DateField(required=False, help_text="Today where it is left out; never a day that is to come.")
    account = serializers.CharField(max_length=140, required=False, help_text="An account's name as the report has it.")
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False)

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which Python keeps for itself."""
        return {**super().get_fields(), "from": serializers.RegexField(_PERIOD, required=False)}


class ReportQuery(TableQuery):
    """The same, and how many rows; CSV has all of them."""

    limit = serializers.IntegerField(min_value=1, max_value=MOST_ROWS, required=False)


class ReportEntryOutput(serializers.Serializer[Any]):
    """A report that there is; `period` says what it is asked for."""

    name = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    period = serializers.ChoiceField(choices=["days", "months", "day"])


class ReportColumnOutput(serializers.Serializer[Any]):
    """A column. Shape: `key` never changes and names its cells."""

    key = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=[kind.name.lower() for kind in Kind])


class ReportOutput(serializers.Serializer[Any]):
    """A report as a table. Money is `{"amount": "1190.00", "currency": "EUR"}`, decimals are texts, unknown is null."""

    name = serializers.CharField()
    title = serializers.CharField()
    period = serializers.CharField()
    sentence = serializers.CharField(allow_blank=True)
    columns = ReportColumnOutput(many=True)
    rows = serializers.ListField(child=serializers.DictField(), max_length=MOST_ROWS)
    more = serializers.BooleanField(help_text="whether there are more rows than asked for")
    totals = serializers.ListField(child=serializers.DictField())
    notes = serializers.ListField(child=serializers.CharField())


class ReportList(APIView):
    """Every report."""

    permission_classes = [requires("reports.view")]

    @extend_schema(responses=ReportEntryOutput(many=True))
    def get(self, request: Request) -> Response:
        """Return them in the order in which people read them."""
        entries = [
            {"name": each.name, "title": str(each.title), "text": str(each.text), "period": each.span.name.lower()}
            for each in REPORTS.values()
        ]
        return Response(ReportEntryOutput(entries, many=True).data)


class ReportTable(APIView):
    """One report as a table."""

    permission_classes = [requires("reports.view")]
    query_class = ReportQuery

    @extend_schema(parameters=[ReportQuery], responses=ReportOutput)
    def get(self, request: Request, name: str) -> Response:
        """Return its first rows, 200 unless `limit` says more."""
        wanted = queries.checked(self)
        report = _made(name, wanted)
        limit = wanted.get("limit", USUAL_ROWS)
        rows = list(islice(report.rows(), limit + 1))
        return Response(
            {
                "name": report.name,
                "title": str(report.title),
                "period": report.period,
                "sentence": report.sentence,
                "columns": [
                    {"key": each.key, "title": str(each.title), "kind": each.kind.name.lower()}
                    for each in report.columns
                ],
                "rows": [_written(report, row) for row in rows[:limit]],
                "more": len(rows) > limit,
                "totals": [_written(report, row) for row in report.totals],
                "notes": list(report.notes),
            }
        )


class ReportCsv(APIView):
    """One report as CSV."""

    permission_classes = [requires("reports.view")]
    query_class = TableQuery

    @extend_schema(parameters=[TableQuery], responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, name: str) -> HttpResponse:
        """Return all of its rows, at most 50,000."""
        report, out = _made(name, queries.checked(self)), io.BytesIO()
        files.write_csv(out, replace(report, rows=lambda: islice(report.rows(), MOST_CSV_ROWS)))
        answer = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return answer


def _made(name: str, wanted: dict[str, Any]) -> Report:
    """Build a report of what is asked for.

    Raises: Http404, BadInput.
    """
    entry: Entry | None = REPORTS.get(name)
    if entry is None:
        raise Http404
    if "on" in wanted and entry.span is not Span.DAY:
        raise BadInput(gettext("This report is not of one day."))
    period = {key: str(wanted[key]) for key in ("from", "to", "on") if key in wanted}
    report = entry.build(present.asked(entry, period, now=timezone.now()))
    return _of_account(_of_currency(report, wanted.get("currency", "")), wanted.get("account", ""))


def _place(report: Report, key: str) -> int | None:
    return next((place for place, column in enumerate(report.columns) if column.key == key), None)


def _of_currency(report: Report, currency: str) -> Report:
    if not currency:
        return report
    place = _place(report, "currency")
    if place is None and not any(column.kind is Kind.MONEY for column in report.columns):
        raise BadInput(gettext("This report has no currencies."))

    def fits(row: Row) -> bool:
        of_money = {cell.currency for cell in row if isinstance(cell, Amount)}
        return currency in of_money or (place is not None and row[place] == currency)

    return _only(report, fits, totals=tuple(row for row in report.totals if fits(row)))


def _of_account(report: Report, account: str) -> Report:
    if not account:
        return report
    place = _place(report, "account")
    if place is None:
        raise BadInput(gettext("This report has no accounts."))
    # What the totals add up is more than one account. A space is a space, also where no line may break.
    wanted = account.split()
    return _only(report, lambda row: str(row[place]).split() == wanted, totals=())


def _only(report: Report, fits: Any, *, totals: tuple[Row, ...]) -> Report:
    """Return the report with these rows; what is said about all of them is left out."""

    def rows() -> Iterator[Row]:
        return (row for row in report.rows() if fits(row))

    return replace(report, rows=rows, totals=totals, charts=(), sentence="")


def _written(report: Report, row: Row) -> dict[str, Any]:
    return {column.key: _cell(cell, column.kind) for cell, column in zip(row, report.columns, strict=True)}


def _cell(cell: Cell, kind: Kind) -> Any:
    if isinstance(cell, Amount):
        return {"amount": str(quantized(cell.value, cell.currency)), "currency": cell.currency}
    value = plain(cell, kind)
    if isinstance(value, date):
        return f"{value:%Y-%m}" if kind is Kind.MONTH else value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
