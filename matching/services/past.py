"""A tenant's past as the core replays it: payments in booking order, invoices as they were issued, what was decided."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from banking.models import BankAccount, BankTransaction
from matching import adapters
from matching.core import types as core
from matching.core.book import Book
from matching.core.feed import FeedRow, Verdict, by_day
from matching.core.replay import Decision as Judgement
from matching.core.replay import Replay
from matching.core.scoring import Model
from matching.core.training import Label, Lines
from matching.models import Decision, InvoiceMatch, ProposalLine, Settlement, StripeInvoiceMatch
from payments.models import StripePayment
from payymo.shared.models import ReceiptState
from payymo.shared.money import to_minor
from whmcs.models import Client, Invoice

LOOK_BACK = timedelta(days=730)
MOST_RECEIPTS = 40_000
SETTLED_FOR = timedelta(days=30)
"""How long nobody may have corrected what happened alone before it counts as right."""


@dataclass(frozen=True, slots=True)
class TenantPast:
    """What was read once; `run` makes a fresh replay of it for each model."""

    rows: tuple[FeedRow, ...]
    clients: tuple[core.Client, ...]
    invoices: tuple[core.OpenInvoice, ...]
    closed_elsewhere: tuple[tuple[date, int], ...]
    verdicts: dict[str, Verdict]
    labels: dict[str, Label]

    def run(self, model: Model) -> "TenantRun":
        """Start again from the first day with this model."""
        return TenantRun(self, model)

    def decided_days(self) -> list[date]:
        """Return the booking day of every payment that people decided, oldest first."""
        mine = {key for key, label in self.labels.items() if label.by_person and label.verdict is not None}
        return [row.on for row in self.rows if row.id in mine and row.on is not None]


class TenantRun:
    """One replay. Shape: `days` may be asked once."""

    def __init__(self, past: TenantPast, model: Model) -> None:
        self._rows = past.rows
        self._invoices = list(reversed(past.invoices))
        self._closed = list(reversed(past.closed_elsewhere))
        self.replay = Replay(
            Book(clients=past.clients), to_minor=to_minor, verdicts=dict(past.verdicts), model=model, refits=False
        )

    def days(self) -> Iterator[tuple[date, list[FeedRow]]]:
        """Rows by day, oldest first."""
        yield from by_day(self._rows)

    def run_day(self, day: date, rows: list[FeedRow]) -> list[Judgement]:
        """Take up what was issued, and what was paid without Payymo, by that day; then judge its rows."""
        book = self.replay.book
        while self._invoices and self._invoices[-1].issue_date <= day:
            book.add_invoice(self._invoices.pop())
        while self._closed and self._closed[-1][0] <= day:
            on, invoice_id = self._closed.pop()
            debt = book.debts.get(invoice_id)
            if debt is not None and debt.outstanding:
                book.settle(invoice_id, debt.outstanding, on)
        return self.replay.run_day(rows)


def read_past(*, now: datetime) -> TenantPast:
    """Read the last two years, at most the newest 40,000 payments, in a number of queries that does not grow."""
    since = now - LOOK_BACK
    payouts = Settlement.objects.filter(undone_by=None).values("bank_transaction")
    bank = BankTransaction.objects.filter(amount__gt=0, booking_date__gte=since.date()).exclude(pk__in=payouts)
    charges = StripePayment.objects.filter(amount__gt=0, charged_at__gte=since)
    own = frozenset(BankAccount.objects.exclude(iban_hash="").values_list("iban_hash", flat=True))
    receipts = [
        *(adapters.to_receipt(row) for row in charges.order_by("-charged_at", "-pk")[:MOST_RECEIPTS]),
        *(adapters.to_receipt(row) for row in bank.order_by("-booking_date", "-pk")[:MOST_RECEIPTS]),
    ]
    # Sorting keeps charges before the bank rows of their day, and rows of one day in the order they were stored.
    receipts = sorted(reversed(receipts), key=lambda one: (one.booking_date, one.source != core.Source.STRIPE_CHARGE))
    receipts = receipts[-MOST_RECEIPTS:]
    known = {one.id for one in receipts}
    verdicts, labels, paid_here = _decided(now=now)
    invoices, closed = _invoices(since=since.date() - timedelta(days=adapters.REMEMBERED_DAYS), paid_here=paid_here)
    return TenantPast(
        rows=tuple(_row(one, own) for one in receipts),
        clients=tuple(adapters.to_client(row) for row in Client.objects.order_by("pk").iterator(chunk_size=2000)),
        invoices=invoices,
        closed_elsewhere=closed,
        verdicts={key: verdict for key, verdict in verdicts.items() if key in known},
        labels={key: label for key, label in labels.items() if key in known},
    )


def _row(receipt: core.Receipt, own_accounts: frozenset[str]) -> FeedRow:
    is_own = bool(receipt.counterparty_account) and receipt.counterparty_account in own_accounts
    if is_own:
        return FeedRow(receipt.id, receipt.booking_date, None, refused=core.NoneReason.OWN_TRANSFER)
    return FeedRow(receipt.id, receipt.booking_date, receipt)


def _invoices(*, since: date, paid_here: set[int]) -> tuple[tuple[core.OpenInvoice, ...], tuple[tuple[date, int], ...]]:
    """Return debts as they were when issued, oldest first, and which were closed without Payymo on which day."""
    rows = Invoice.objects.exclude(status=Invoice.Status.DRAFT).filter(is_mass_payment=False)
    rows = rows.filter(Q(issue_date__gte=since) | Q(status=Invoice.Status.UNPAID)).prefetch_related("lines")
    debts: list[core.OpenInvoice] = []
    closed: list[tuple[date, int]] = []
    for row in rows.order_by("pk").iterator(chunk_size=2000):
        debt = adapters.to_invoice(row)
        if row.pk in paid_here or debt.closed_on is not None:
            debt = replace(debt, outstanding_minor=debt.total_minor)
        if debt.closed_on is not None and row.pk not in paid_here:
            closed.append((debt.closed_on, row.pk))
        debts.append(debt)
    return tuple(sorted(debts, key=lambda one: (one.issue_date, one.id))), tuple(sorted(closed))


def _decided(*, now: datetime) -> tuple[dict[str, Verdict], dict[str, Label], set[int]]:
    """Return what every payment was taken to be, what of it teaches or proves, and the invoices that got money.

    A decision that was undone is none; the one that came after it counts.
    """
    lines: dict[str, list[tuple[int, Decimal]]] = defaultdict(list)
    proves: dict[str, list[bool | None]] = defaultdict(list)
    labels: dict[str, Label] = {}
    reported: set[str] = set()
    for model, receipt in ((InvoiceMatch, "bank_transaction"), (StripeInvoiceMatch, "stripe_payment")):
        rows = model.objects.filter(reverses=None, reversed_by=None).values_list(
            f"{receipt}__public_id", "invoice_id", "amount", "decision__source", "decision__probability",
            "decision__decided_at", "decision__corrected_by",
        )  # fmt: skip
        for public_id, invoice_id, amount, source, probability, decided_at, wrong in rows.iterator(chunk_size=5000):
            lines[str(public_id)].append((invoice_id, amount))
            proves[str(public_id)].append(_proves(source, probability, decided_at, now=now))
            if wrong is not None:
                reported.add(str(public_id))
    verdicts = {key: Verdict(key, tuple(sorted(found)), "") for key, found in lines.items()}
    for public_id in reported:
        # The money lies there until somebody moves it in WHMCS; that it is wrong there is all that is known.
        proves.pop(public_id)
        labels[public_id] = Label(None, (verdicts[public_id].allocations,))
    for public_id, kinds in proves.items():
        if None not in kinds:
            labels[public_id] = Label(verdicts[public_id], by_person=all(kinds))
    for public_id in _ignored():
        verdicts[public_id] = Verdict(public_id, (), "")
        labels[public_id] = Label(verdicts[public_id])
    for public_id, refused in _rejected_only(set(verdicts)).items():
        labels[public_id] = Label(None, refused)
    return verdicts, labels, {invoice_id for found in lines.values() for invoice_id, _ in found}


def _proves(source: str, probability: float | None, decided_at: datetime, *, now: datetime) -> bool | None:
    """Whether a match shows what people think (True), what nobody corrected for long (False), or neither (None)."""
    if source != Decision.Source.POLICY:
        return True
    # Without a probability it is a link to what WHMCS had booked: too easy to prove anything.
    return False if probability is not None and decided_at <= now - SETTLED_FOR else None


def _ignored() -> Iterator[str]:
    """Payments that people said pay no invoice."""
    people = [Decision.Source.PERSON, Decision.Source.STAFF]
    rows = Decision.objects.filter(kind=Decision.Kind.IGNORE, undone_by=None, source__in=people)
    for bank, charge in (
        rows.filter(Q(bank_transaction__state=ReceiptState.IGNORED) | Q(stripe_payment__state=ReceiptState.IGNORED))
        .values_list("bank_transaction__public_id", "stripe_payment__public_id")
        .iterator(chunk_size=5000)
    ):
        yield str(bank or charge)


def _rejected_only(decided: set[str]) -> dict[str, tuple[Lines, ...]]:
    """What people turned down for payments that are still open: no answer, but an error where it is said again."""
    rows = ProposalLine.objects.filter(
        proposal__decision__kind=Decision.Kind.REJECT, proposal__status="REJECTED", proposal__decision__undone_by=None
    ).values_list(
        "proposal_id", "proposal__bank_transaction__public_id", "proposal__stripe_payment__public_id", "invoice_id",
        "amount",
    )  # fmt: skip
    found: dict[str, dict[int, list[tuple[int, Decimal]]]] = defaultdict(lambda: defaultdict(list))
    for proposal, bank, charge, invoice_id, amount in rows.iterator(chunk_size=5000):
        if str(bank or charge) not in decided:
            found[str(bank or charge)][proposal].append((invoice_id, amount))
    return {key: tuple(tuple(sorted(lines)) for lines in sets.values()) for key, sets in found.items()}
