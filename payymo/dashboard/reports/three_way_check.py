"""The three-way check of Stripe, WHMCS and the payouts as a table: one list, or all of them."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching import three_way
from matching.three_way import ThreeWayRow
from matching.three_way_selectors import COUNTED, LONGEST_DAYS, Check, Period
from payymo.dashboard import formats
from payymo.dashboard.pages import Amount
from payymo.dashboard.presenters.feeds import standstills
from payymo.dashboard.reports.periods import Asked
from payymo.dashboard.reports.shape import Chart, Column, Group, Kind, Report, Row
from payymo.shared.errors import BadInput


def report(asked: Asked) -> Report:
    """Build it from what does not agree.

    Raises: BadInput for a period of more than 400 days.
    """
    if (asked.until - asked.since).days > LONGEST_DAYS:
        raise BadInput(_("Choose between one day and %s days.") % LONGEST_DAYS)
    period = Period(asked.since, asked.until)
    chosen = [check for check in Check if asked.options.get("list", check.value) == check.value]
    return Report(
        name="three-way",
        title=_("Three-way check"),
        period=asked.words,
        sentence=sentence(three_way.counts(period)),
        columns=_columns(),
        rows=lambda: (_row(row) for check in chosen for row in three_way.every_row(check, period, today=asked.today)),
        charts=charts(three_way.counts(period)),
        notes=standstills(),
    )


def sentence(counts: dict[Check, int]) -> str:
    """Say whether everything agrees, and how much does not."""
    found = sum(counts.values())
    if not found:
        return _("Stripe, WHMCS and the payouts agree.")
    lists = sum(1 for count in counts.values() if count)
    return ngettext(
        "%(n)s finding in %(lists)s of %(all)s lists.", "%(n)s findings in %(lists)s of %(all)s lists.", found
    ) % {"n": formats.number(found), "lists": formats.number(lists), "all": formats.number(len(counts))}


def charts(counts: dict[Check, int]) -> tuple[Chart, ...]:
    """Draw how many findings each list has; what is not counted to its end ends at the last counted."""
    if not any(counts.values()):
        return ()
    groups = tuple(Group(str(check.label), (Decimal(min(count, COUNTED)),)) for check, count in counts.items())
    return (Chart(_("Findings by list"), (_("Findings"),), groups),)


def _columns() -> tuple[Column, ...]:
    return (
        Column("list", _("Code"), is_shown=False),
        Column("finding", _("Finding")),
        Column("day", _("Date"), Kind.DAY),
        Column("amount", _("Amount"), Kind.MONEY),
        Column("currency", _("Currency"), is_shown=False),
        Column("shown_in_whmcs", _("In WHMCS"), Kind.MONEY),
        Column("charge", _("Charge")),
        Column("refund", _("Refund"), is_shown=False),
        Column("whmcs_transaction", _("WHMCS transaction"), is_shown=False),
        Column("transaction_id", _("Transaction id"), is_shown=False),
        Column("invoice", _("Invoice")),
        Column("client", _("Client")),
        Column("payout", _("Payout"), is_shown=False),
        Column("available_on", _("Available on"), Kind.DAY, is_shown=False),
        Column("next_step", _("Next step")),
    )


def _row(row: ThreeWayRow) -> Row:
    charge, booking, invoice = row.charge, row.booking, row.invoice
    return (
        row.check.value, str(row.check.label), row.day, Amount(row.amount, row.currency), row.currency,
        None if row.shown is None else Amount(row.shown, row.currency), charge.charge_id if charge else "",
        row.refund.refund_id if row.refund else "", str(booking.whmcs_id) if booking else "",
        booking.transaction_id if booking else "", invoice.display_number if invoice else "",
        invoice.client.display_name if invoice else "", row.payout.payout_id if row.payout else "",
        row.available_on, str(row.next_step.label),
    )  # fmt: skip
