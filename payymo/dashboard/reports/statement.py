"""The period statement: what each account began with, what moved, and what it ended with."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching import ledger
from matching.ledger import StatementLine
from payymo.dashboard import formats
from payymo.dashboard.pages import Amount
from payymo.dashboard.reports.cash_received import legend
from payymo.dashboard.reports.periods import Asked
from payymo.dashboard.reports.shape import Chart, Column, Group, Kind, Report, Row

_MOST_BESIDE = 4


def report(asked: Asked) -> Report:
    """Build it from the movements."""
    lines = ledger.statement(since=asked.since, until=asked.until)
    return Report(
        name="statement",
        title=_("Period statement"),
        period=asked.words,
        sentence=_sentence(lines),
        columns=_columns(),
        rows=lambda: (_row(line, asked) for line in lines),
        charts=tuple(_charts(lines)),
        notes=tuple(_notes(lines)),
        currencies=tuple(sorted({line.currency for line in lines})),
        whole=_whole(lines),
    )


def _columns() -> tuple[Column, ...]:
    money = Kind.MONEY
    return (
        Column("account", _("Account")),
        Column("currency", _("Currency"), is_shown=False),
        Column("from", _("From"), Kind.DAY, is_shown=False),
        Column("to", _("To"), Kind.DAY, is_shown=False),
        Column("opening", _("Opening"), money),
        Column("matched", _("Matched"), money),
        Column("unmatched", _("Unmatched"), money),
        Column("in_transit", _("In transit"), money),
        Column("other", _("Other"), money),
        Column("closing", _("Closing"), money),
        Column("difference", _("Unexplained"), money, is_shown=False),
        Column("entries", _("Entries"), Kind.COUNT, is_shown=False),
        Column("bank_statement", _("Bank statement"), money),
        Column("bank_statement_on", _("Ends on"), Kind.DAY),
        Column("bank_difference", _("Bank differs by"), money),
    )


def _name(line: StatementLine) -> str:
    return legend(line.kind, line.name)


def _row(line: StatementLine, asked: Asked) -> Row:
    def money(value: Decimal | None) -> Amount | None:
        return None if value is None else Amount(value, line.currency)

    return (
        _name(line), line.currency, asked.since, asked.until, money(line.opening),
        money(line.matched), money(line.unmatched), money(line.in_transit), money(line.other), money(line.closing),
        money(line.difference), line.count, money(line.stated), line.stated_on, money(line.bank_difference),
    )  # fmt: skip


def _whole(lines: Sequence[StatementLine]) -> Row:
    """Add up the accounts of the only currency; what only one account has, such as a bank's statement, is left out."""
    if len({line.currency for line in lines}) != 1:
        return ()
    fields = ("opening", "matched", "unmatched", "in_transit", "other", "closing")
    sums = {name: sum((getattr(line, name) for line in lines), ledger.ZERO) for name in fields}
    keys = (column.key for column in _columns())
    return tuple(Amount(sums[key], lines[0].currency) if key in sums else None for key in keys)


def _sentence(lines: Sequence[StatementLine]) -> str:
    if not lines:
        return ""
    wrong = [line for line in lines if line.difference]
    if wrong:
        return _("The parts do not explain %(name)s: please tell support.") % {"name": _name(wrong[0])}
    compared = [line for line in lines if line.bank_difference is not None]
    if not compared:
        return _("Every movement is in exactly one part. No bank statement ends in this period to compare with.")
    differ = [line for line in compared if line.bank_difference]
    if differ:
        stated, computed = (
            formats.money(Amount(value or ledger.ZERO, differ[0].currency))
            for value in (differ[0].stated, differ[0].computed)
        )
        return _(
            "The bank's statement of %(name)s ends with %(stated)s, but the movements with %(computed)s: an entry is"
            " missing or was read twice."
        ) % {"name": _name(differ[0]), "stated": stated, "computed": computed}
    return ngettext(
        "Every movement is in exactly one part, and %d account agrees with its bank statement.",
        "Every movement is in exactly one part, and %d accounts agree with their bank statements.",
        len(compared),
    ) % len(compared)


def _charts(lines: Sequence[StatementLine]) -> Iterator[Chart]:
    parts = (
        (_("Opening"), "opening"), (_("Matched"), "matched"), (_("Unmatched"), "unmatched"),
        (_("In transit"), "in_transit"), (_("Other"), "other"), (_("Closing"), "closing"),
    )  # fmt: skip
    for currency in sorted({line.currency for line in lines})[:_MOST_BESIDE]:
        chosen = [line for line in lines if line.currency == currency][:_MOST_BESIDE]
        groups = tuple(Group(name, tuple(getattr(line, field) for line in chosen)) for name, field in parts)
        title = _("From opening to closing, %s") % currency
        yield Chart(title, tuple(map(_name, chosen)), groups, currency)


def _notes(lines: Sequence[StatementLine]) -> Iterator[str]:
    yield _(
        "Opening + matched + unmatched + in transit + other = closing. In transit is what is matched but not yet in"
        " WHMCS, or paid out by Stripe but not yet found at the bank; other is what was set aside, went out, or is a"
        " fee or a refund."
    )
    if any(line.is_from_first_entry and line.kind == "bank" for line in lines):
        unknown = ", ".join(_name(line) for line in lines if line.is_from_first_entry and line.kind == "bank")
        yield _("Counted from the first entry, since no opening balance is known: %s.") % unknown
