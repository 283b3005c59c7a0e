"""What a tenant's rules make of the engine's answers, for a batch of payments: a few queries, whatever its size."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db.models import Q

from banking.models import BankTransaction
from matching import adapters, rule_adapters
from matching.core import types as core
from matching.core.book import Book
from matching.core.memory import Memory
from matching.core.rules.apply import apply
from matching.core.rules.types import NO_RULE, Action, Verdict
from matching.locks import Receipt
from matching.models import Decision
from matching.rule_models import RuleHit
from matching.services import rules
from whmcs.models import Client, Invoice

AskEngine = Callable[[core.Receipt, Book], core.Suggestion]

_KNOWN_TIMES = 10.0
"""How often a payer counts as having paid for a client, when a rule says that it pays for that client."""
_CHUNK = 1000


class Ruling:
    """The verdicts about a batch, and the debts of the clients that they name."""

    def __init__(self, verdicts: dict[str, Verdict], books: dict[int, Book], *, is_asked: bool) -> None:
        self._verdicts = verdicts
        self._books = books
        self._is_asked = is_asked
        self._hits: list[RuleHit] = []

    def applied(self, receipt: Receipt, answer: core.Suggestion, *, book: Book, ask: AskEngine) -> core.Suggestion:
        """Return the engine's answer as the rules change it; without a matching rule it is the same value."""
        verdict = self._verdicts.get(str(receipt.public_id))
        if verdict is None:
            return answer
        value = adapters.to_receipt(receipt, rest_only=True)

        def about_client(client_id: int) -> core.Suggestion:
            known = self._books.get(client_id, Book())
            known.memory = Memory()
            known.memory.learn(value, [client_id], value.booking_date, weight=_KNOWN_TIMES)
            return ask(value, known)

        ruled = apply(verdict, answer, ask=about_client, owed=lambda invoice_id: self.owed(invoice_id, book))
        about = "bank_transaction" if isinstance(receipt, BankTransaction) else "stripe_payment"
        self._hits += [RuleHit(rule_id=note.rule_id, **{about: receipt}) for note in ruled.rules]
        return ruled

    def owed(self, invoice_id: int, book: Book) -> tuple[str, int] | None:
        """Return the currency of an invoice and what it owes in minor units; None for one that nobody asked about."""
        debts = (known.debts.get(invoice_id) for known in (book, *self._books.values()))
        return next(((debt.currency, debt.outstanding) for debt in debts if debt is not None), None)

    def record(self, *, now: datetime) -> None:
        """Write which rules were followed for which payments; a hit that is known already stays as it is."""
        for hit in self._hits:
            hit.first_at = now
        RuleHit.objects.bulk_create(self._hits, ignore_conflicts=True, batch_size=_CHUNK)
        self._hits = []
        if self._is_asked:
            rules.note_run(now=now)


def prepare(receipts: Sequence[Receipt], *, today: date) -> Ruling:
    """Judge a batch of payments by the active rules."""
    active = rule_adapters.load_rules()
    if not active:
        return Ruling({}, {}, is_asked=False)
    verdicts: dict[str, Verdict] = {}
    for receipt in receipts:
        verdict = active.judge(rule_adapters.to_facts(receipt))
        if verdict.followed:
            verdicts[str(receipt.public_id)] = verdict
    ignorable = [
        receipt
        for receipt in receipts
        if (whose := verdicts.get(str(receipt.public_id), NO_RULE).whose) is not None
        and whose.rule.action is Action.IGNORE
    ]
    for public_id in taken_back(ignorable):
        verdicts[public_id] = replace(verdicts[public_id], whose=None)
    clients = {
        verdict.whose.rule.client_id
        for verdict in verdicts.values()
        if verdict.whose is not None and verdict.whose.rule.client_id is not None
    }
    return Ruling(verdicts, _books_of(clients, today=today), is_asked=True)


def taken_back(receipts: Iterable[Receipt]) -> set[str]:
    """Return the public ids of the payments that a rule ignored once and a person took back: no rule does so again."""
    found: set[str] = set()
    undone = Decision.objects.filter(kind=Decision.Kind.IGNORE, source=Decision.Source.RULE, undone_by__isnull=False)
    todo = list(receipts)
    for start in range(0, len(todo), _CHUNK):
        chunk = todo[start : start + _CHUNK]
        bank = [each.pk for each in chunk if isinstance(each, BankTransaction)]
        charges = [each.pk for each in chunk if not isinstance(each, BankTransaction)]
        for field, keys in (("bank_transaction", bank), ("stripe_payment", charges)):
            if keys:
                rows = undone.filter(**{f"{field}__in": keys})
                found.update(str(key) for key in rows.values_list(f"{field}__public_id", flat=True))
    return found


def _books_of(client_ids: set[int], *, today: date) -> dict[int, Book]:
    """Read the debts of some clients, each into a book of its own."""
    if not client_ids:
        return {}
    since = today - timedelta(days=adapters.REMEMBERED_DAYS)
    rows = (
        Invoice.objects.filter(client__in=client_ids, is_mass_payment=False)
        .exclude(status="Draft")
        .filter(Q(status__in=Invoice.OPEN) | Q(issue_date__gte=since))
        .prefetch_related("lines")
        .order_by("pk")
    )
    books = {client.pk: Book([adapters.to_client(client)]) for client in Client.objects.filter(pk__in=client_ids)}
    for row in rows:
        books[row.client_id].add_invoice(adapters.to_invoice(row))
    return books
