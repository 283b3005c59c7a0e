"""How much was matched, how much of it without a person, and on what evidence."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from matching import automation
from matching.automation import Evidence, MonthOfPayments
from matching.core.types import ReasonCode
from payymo.dashboard import formats, words
from payymo.dashboard.reports.periods import Asked
from payymo.dashboard.reports.shape import Chart, Column, Group, Kind, Report, Row

_MOST_REASONS = 10


def by_month(asked: Asked) -> Report:
    """Build the report of the payments of each month."""
    months = automation.by_month(since=asked.since, until=asked.until)
    return Report(
        name="automation",
        title=_("Match rate and automation"),
        period=asked.words,
        sentence=_sentence(months),
        columns=(
            Column("month", _("Month"), Kind.MONTH),
            Column("payments", _("Payments"), Kind.COUNT),
            Column("matched", _("Matched"), Kind.COUNT),
            Column("partly", _("Partly"), Kind.COUNT),
            Column("set_aside", _("Set aside"), Kind.COUNT),
            Column("open", _("Open"), Kind.COUNT),
            Column("match_rate", _("Match rate"), Kind.SHARE),
            Column("automatic", _("Approved automatically"), Kind.COUNT),
            Column("in_whmcs", _("In WHMCS already"), Kind.COUNT),
            Column("automation", _("Automation"), Kind.SHARE),
        ),
        rows=lambda: map(_row, reversed(months)),
        charts=_charts(months),
        notes=(
            _("Match rate = matched / (payments − set aside). A payment belongs to the month in which it came."),
            _("Automation = (approved automatically + in WHMCS already) / matched."),
        ),
        whole=_row(automation.whole(months)) if months else (),
    )


def _row(month: MonthOfPayments) -> Row:
    return (
        month.month, month.received, month.matched, month.partly, month.set_aside, month.open, month.match_rate,
        month.automatic, month.linked, month.automation,
    )  # fmt: skip


def _sentence(months: Sequence[MonthOfPayments]) -> str:
    wanted = sum(month.received - month.set_aside for month in months)
    matched = sum(month.matched for month in months)
    if not wanted:
        return ""
    alone = sum(month.automatic + month.linked for month in months)
    text = _("%(matched)s of %(n)s payments (%(rate)s) are matched, %(alone)s of these without a person.")
    return text % {
        "matched": formats.number(matched), "n": formats.number(wanted), "rate": formats.percent(matched / wanted),
        "alone": formats.percent(alone / matched if matched else 0.0),
    }  # fmt: skip


def _charts(months: Sequence[MonthOfPayments]) -> tuple[Chart, ...]:
    if not months:
        return ()
    groups = tuple(
        Group(formats.month(month.month), (_share(month.match_rate), _share(month.automation))) for month in months
    )
    return (Chart(_("Match rate and automation by month"), (_("Match rate"), _("Automation")), groups, "%"),)


def _share(value: float | None) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))


def by_reason(asked: Asked) -> Report:
    """Build the report of the evidence behind what was approved and rejected."""
    found = automation.by_reason(since=asked.since, until=asked.until)
    return Report(
        name="reasons",
        title=_("Matches by reason"),
        period=asked.words,
        sentence=_about(found),
        columns=(
            Column("reason", _("Reason")),
            Column("code", _("Code"), is_shown=False),
            Column("decided", _("Suggestions decided"), Kind.COUNT),
            Column("approved", _("Approved"), Kind.COUNT),
            Column("automatic", _("Approved automatically"), Kind.COUNT),
            Column("corrected", _("Corrected later"), Kind.COUNT),
            Column("right", _("Stood"), Kind.SHARE),
        ),
        rows=lambda: map(_evidence_row, found),
        charts=_reason_charts(found),
        notes=(
            _("A suggestion has several reasons and counts for each, so the rows do not add up."),
            _("Stood = (approved − corrected later) / suggestions decided."),
        ),
    )


def _name(code: str) -> str:
    return words.reason(ReasonCode(code), "yes", {})[0] if code in list(ReasonCode) else code


def _evidence_row(row: Evidence) -> Row:
    right = (row.approved - row.wrong) / row.decided
    return (_name(row.code), row.code, row.decided, row.approved, row.automatic, row.wrong, right)


def _about(found: Sequence[Evidence]) -> str:
    if not found:
        return ""
    first = found[0]
    return _("The most frequent reason is “%(name)s”: %(approved)s of %(n)s suggestions with it were approved.") % {
        "name": _name(first.code), "approved": formats.number(first.approved), "n": formats.number(first.decided),
    }  # fmt: skip


def _reason_charts(found: Sequence[Evidence]) -> tuple[Chart, ...]:
    if not found:
        return ()
    groups = tuple(
        Group(_name(row.code), (Decimal(row.automatic), Decimal(row.approved - row.automatic)))
        for row in found[:_MOST_REASONS]
    )
    series = (_("Approved automatically"), _("Approved by a person"))
    return (Chart(_("Approved suggestions by reason"), series, groups, is_stacked=True),)
