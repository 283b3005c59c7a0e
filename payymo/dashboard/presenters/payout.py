"""One Stripe payout: its equation, its items, its bank entry and what could be that."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banking.models import BankTransaction
from matching import payout_selectors
from matching.core.payout_clues import Clue
from matching.models import Decision, Settlement
from matching.payout_selectors import PayoutCandidate
from matching.services import settlement
from payments.adapters import equation_of
from payments.core.payout_sum import Equation, Part, part_of
from payments.models import BalanceTransaction, Payout, StripePayment
from payments.services.manual_payouts import movements_behind
from payymo.dashboard import csv_files, formats, paging
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import (
    Amount,
    BankEntry,
    EquationLine,
    Fact,
    OtherPayout,
    PayoutChoice,
    PayoutItem,
    PayoutPage,
    SettledEntry,
)
from payymo.dashboard.presenters import receipts
from payymo.dashboard.presenters.payouts import chip_of, note_of

PARTS = {
    Part.CHARGES: gettext_lazy("Charges"),
    Part.FEES: gettext_lazy("Fees"),
    Part.REFUNDS: gettext_lazy("Refunds"),
    Part.DISPUTES: gettext_lazy("Disputes"),
    Part.ADJUSTMENTS: gettext_lazy("Adjustments"),
    Part.RETURNED_PAYOUTS: gettext_lazy("Failed payouts that came back"),
}
_CLUES = {
    Clue.TRACE: gettext_lazy("The text quotes this payout"),
    Clue.DESCRIPTOR: gettext_lazy("The text holds its descriptor"),
    Clue.NAMED: gettext_lazy("The text names the gateway"),
    Clue.SENDER: gettext_lazy("Payouts came from this sender before"),
    Clue.WORDED: gettext_lazy("The text speaks of a payout"),
    Clue.AMOUNT: gettext_lazy("Only amount and day fit"),
}
CSV_HEADER = ("day", "part", "kind", "category", "source", "amount", "fee", "net", "currency", "description")


def items_of(payout: Payout) -> QuerySet[BalanceTransaction]:
    """Return what a payout holds, or what became available for it; its own row is not part of the sum."""
    rows = payout.items.all() if payout.automatic else movements_behind(payout)
    return rows.exclude(source_id=payout.payout_id, kind="payout").order_by("stripe_created_at", "pk")


def detail(request: HttpRequest, payout: Payout, *, now: datetime, may_decide: bool, error: str = "") -> PayoutPage:
    """Build the page of one payout, loaded with its settlements."""
    equation = equation_of(payout)
    is_found = any(not row.is_return for row in payout.found)
    is_open = not is_found or (payout.has_failed and len(payout.found) == 1)
    offered = payout_selectors.candidates_of([payout], unequal=True)[payout.pk] if is_open else []
    offered = [one for one in offered if one.is_return == is_found]
    items, pager = _items(request, payout)
    return PayoutPage(
        payout_id=payout.payout_id,
        net=Amount(payout.amount, payout.currency),
        state=chip_of(payout, settled=is_found, offered=len(offered)),
        facts=_facts(payout),
        lines=_lines(payout, equation) if payout.parts else (),
        difference=None if payout.items_difference is None else Amount(payout.items_difference, payout.currency),
        closes=payout.items_difference == 0,
        explanation=_explanation(payout),
        settled=tuple(_settled(row, may_decide=may_decide, now=now) for row in payout.found),
        choices=tuple(_choice(payout, one, first=place == 0) for place, one in enumerate(offered)),
        others=_others(payout) if not is_found and offered else (),
        items=items,
        pager=pager,
        advice=_advice(payout, is_open=is_open, offered=offered),
        pair_url=link("payout_pair", payout.public_id) if may_decide and offered else "",
        csv_url=link("payout_csv", payout.public_id) if items else "",
        error=error,
    )


def _facts(payout: Payout) -> tuple[Fact, ...]:
    facts = [
        Fact(_("Payout"), text=payout.payout_id, verbatim=True),
        Fact(
            _("%s account") % payout.gateway.label, text=payout.connection.account_name or payout.connection.account_id
        ),
        Fact(_("Sent"), day=payout.stripe_created_at.date()),
        Fact(_("Arrives"), day=payout.arrival_date),
        Fact(_("%s says") % payout.gateway.label, text=_state_of(payout.status)),
    ]
    optional = (
        (_("Kind"), note_of(payout)), (_("Descriptor"), payout.statement_descriptor), (_("Trace id"), payout.trace_id),
        (_("Why it failed"), payout.failure_message), (_("Reverses"), payout.original_payout_id),
        (_("Reversed by"), payout.reversed_by_id),
    )  # fmt: skip
    return (*facts, *(Fact(label, text=text) for label, text in optional if text))


def _state_of(status: str) -> str:
    """Say a gateway's own word for how far the payout is; one that is new is shown as it comes."""
    words = {
        "pending": _("Pending"), "in_transit": _("In transit"), "paid": _("Paid out"), "failed": _("Failed"),
        "canceled": _("Cancelled"), "bounced": _("Came back"),
    }  # fmt: skip
    return words.get(status, status.replace("_", " "))


def _lines(payout: Payout, equation: Equation) -> tuple[EquationLine, ...]:
    def line(label: str, amount: Decimal, count: int | None = None, *, is_sum: bool = False) -> EquationLine:
        return EquationLine(label, Amount(amount, payout.currency), count, is_sum)

    lines = [line(str(PARTS[part]), equation.part(part), equation.counts.get(part, 0)) for part in Part]
    if equation.carried_in:
        lines.append(line(_("Left from before"), equation.carried_in))
    if equation.payout_fee:
        lines.append(line(_("Fee of the payout itself"), -equation.payout_fee))
    if payout.carried_out:
        lines.append(line(_("Left in the Stripe balance"), -payout.carried_out))
    explained = equation.explained - (payout.carried_out or Decimal(0))
    return (*lines, line(_("Explained"), explained, is_sum=True), line(_("Paid out"), payout.amount, is_sum=True))


def _explanation(payout: Payout) -> str:
    if payout.automatic and not payout.items_complete:
        return _("Stripe has not said yet what this payout holds.")
    if payout.automatic:
        return _("Stripe names these movements as its items.")
    if payout.items_inferred:
        return _("Sent by hand: Stripe names no items. What became available since the payout before adds up exactly.")
    return _("Sent by hand: Stripe names no items. Shown is what became available since the payout before.")


def _entry(row: BankTransaction) -> BankEntry:
    return BankEntry(
        key=str(row.public_id),
        day=row.booking_date,
        name=row.counterparty_name,
        reference=receipts.reference_of(row),
        amount=receipts.amount_of(row),
        account=f"{row.account.name or _('Account')} {receipts.masked(row.account.iban_last4)}".strip(),
        url=offer("transaction", row.public_id),
    )


def _settled(row: Settlement, *, may_decide: bool, now: datetime) -> SettledEntry:
    difference = settlement.difference(row)
    shared = row.bank_amount != row.bank_transaction.amount
    if row.decision.source == Decision.Source.POLICY:
        how = str(_CLUES.get(Clue[row.clue.upper()], "")) if row.clue else ""
    else:
        how = _("Paired by %s") % row.decision.decided_by_name
    return SettledEntry(
        entry=_entry(row.bank_transaction),
        how=how,
        moment=formats.moment(row.settled_at, now),
        difference=None if difference is None else Amount(difference, row.currency),
        is_return=row.is_return,
        shared=shared,
        undo_url=link("payout_undo", row.payout.public_id, row.decision.public_id) if may_decide else "",
    )


def _choice(payout: Payout, one: PayoutCandidate, *, first: bool) -> PayoutChoice:
    differs = ""
    if one.is_stated:
        differs = _("The bank states %s for it.") % formats.money(Amount(payout.amount, payout.currency))
    elif one.entry.currency != payout.currency:
        differs = _("Another currency, and the bank states no amount in %s.") % payout.currency
    elif one.differs:
        gap = Amount(one.entry.amount - payout.amount, payout.currency)
        differs = _("Differs by %s.") % formats.money(gap)
    return PayoutChoice(_entry(one.entry), str(_CLUES[one.clue]), differs, one.is_return, first and not one.differs)


def _others(payout: Payout) -> tuple[OtherPayout, ...]:
    return tuple(
        OtherPayout(str(row.public_id), row.payout_id, row.arrival_date, Amount(row.amount, row.currency))
        for row in payout_selectors.others_like(payout)
    )


def _advice(payout: Payout, *, is_open: bool, offered: list[PayoutCandidate]) -> str:
    if payout.items_difference:
        return _("The items do not add up to what was paid out. Compare them with the payout in Stripe.")
    if not is_open:
        return ""
    if payout.has_failed:
        return _(
            "It failed. When the bank shows the money and takes it back, pair both entries; else nothing is to do."
        )
    equal = [one for one in offered if not one.differs]
    if len(equal) > 1:
        return _("Several bank entries fit equally well. Choose one.")
    if offered:
        return _("Look at the bank entry and pair it.")
    return _("No bank entry fits yet. Check that the bank feed covers the arrival day.")


def _items(request: HttpRequest, payout: Payout) -> tuple[tuple[PayoutItem, ...], object]:
    rows = items_of(payout)
    if (position := paging.cursor(request)) is not None:
        try:
            after = datetime.fromisoformat(position[0])
        except ValueError:
            after = None
        if after is not None and after.tzinfo is not None:
            rows = rows.filter(Q(stripe_created_at__gt=after) | Q(stripe_created_at=after, pk__gt=position[1]))
    shown, more = paging.page_of(request, list(rows[: paging.PAGE_SIZE + 1]))
    charges = StripePayment.objects.filter(charge_id__in=[row.source_id for row in shown])
    known = {charge.charge_id: charge for charge in charges}
    last = f"{shown[-1].stripe_created_at.isoformat()}_{shown[-1].pk}" if more else ""
    return tuple(_item(row, known) for row in shown), paging.pager(request, after=last)


def _item(row: BalanceTransaction, known: dict[str, StripePayment]) -> PayoutItem:
    charge = known.get(row.source_id)
    part = part_of(kind=row.kind, category=row.reporting_category, source_id=row.source_id)
    return PayoutItem(
        day=row.stripe_created_at.date(),
        kind=str(PARTS[part]),
        name=(charge.name or charge.email) if charge else row.description,
        source_id=row.source_id or row.transaction_id,
        amount=Amount(row.amount, row.currency),
        fee=Amount(-row.fee, row.currency),
        net=Amount(row.net, row.currency),
        url=offer("transaction", charge.public_id) if charge else "",
    )


def csv_rows(payout: Payout) -> Iterator[tuple[object, ...]]:
    """Return the items as a table."""
    for row in items_of(payout)[: csv_files.MOST_ROWS + 1].iterator(chunk_size=1000):
        part = part_of(kind=row.kind, category=row.reporting_category, source_id=row.source_id)
        yield (
            row.stripe_created_at.date(), str(part), row.kind, row.reporting_category, row.source_id,
            *(csv_files.plain(amount, row.currency) for amount in (row.amount, -row.fee, row.net)),
            row.currency, row.description,
        )  # fmt: skip
