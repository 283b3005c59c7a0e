"""Finding the invoice a payment is for: what a person types, against the open invoices of the mirror."""

from dataclasses import dataclass
from decimal import Decimal

from matching import adapters
from matching.core import finding as core
from matching.core.book import Book
from matching.core.types import Reason
from matching.locks import Receipt
from matching.models import PayerProfile
from payymo.shared.money import exponent, meant_amounts, quantized
from whmcs import selectors
from whmcs.models import Invoice

NEAR = Decimal("0.05")
# Ranked among themselves; what lies beyond is said to exist and needs a few more letters.
LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Result:
    """An open invoice with what speaks for it as the use of the payment, and what against."""

    invoice: Invoice
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    words: str
    least: Decimal | None = None
    most: Decimal | None = None


def find(receipt: Receipt, text: str, *, limit: int = 20) -> tuple[tuple[Result, ...], bool]:
    """Return the open invoices that the text names, best first, and whether there are more.

    Shape: `=` finds what owes exactly what the payment holds and `~` within 5 %; `=49` and `~49` that amount; other
    words narrow it. An empty text finds nothing.
    """
    asked = _read(text, receipt)
    if not asked.words and asked.least is None:
        return (), False
    rows = selectors.find_invoices(
        text=asked.words, amount=receipt.unallocated, currency=receipt.currency, least=asked.least, most=asked.most,
        limit=LOOKED_AT + 1,
    )  # fmt: skip
    found = list(rows)
    ordered = _ranked(receipt, asked.words, found[:LOOKED_AT])
    return ordered[:limit], len(found) > limit


def _read(text: str, receipt: Receipt) -> _Asked:
    words: list[str] = []
    least = most = None
    # Pasted from a page, `=1 190,00 EUR` is one word.
    whole = text.strip()
    parts = [whole] if whole[:1] in ("=", "~") and meant_amounts(whole[1:]) else text.split()
    for word in parts:
        amount = _bound(word, receipt)
        if amount is None:
            words.append(word)
            continue
        apart = amount * NEAR if word[0] == "~" else Decimal(0)
        least, most = quantized(amount - apart, receipt.currency), quantized(amount + apart, receipt.currency)
    return _Asked(" ".join(words), least, most)


def _bound(word: str, receipt: Receipt) -> Decimal | None:
    """Return the amount that `=`, `~`, `=49` or `~49` asks for; None for any other word."""
    if word[0] not in "=~":
        return None
    if len(word) == 1:
        return receipt.unallocated
    digits = exponent(receipt.currency)
    # Of `1.190` the reading with as many decimals as the currency has; where both fit, the one with decimals.
    fitting = [each for each in meant_amounts(word[1:]) if -int(each.as_tuple().exponent) <= digits]
    return min(fitting, default=None)


def _ranked(receipt: Receipt, words: str, rows: list[Invoice]) -> tuple[Result, ...]:
    """Order the rows by the words and by the payment, with the debts and the memory of their clients at hand."""
    clients = {row.client_id: row.client for row in rows}
    debts = Invoice.objects.filter(client__in=clients, status__in=Invoice.OPEN).prefetch_related("lines")
    invoices = {row.pk: adapters.to_invoice(row) for row in debts.order_by("pk")[:2000]}
    invoices |= {row.pk: adapters.to_invoice(row) for row in rows}
    profiles = PayerProfile.objects.filter(client__in=clients).order_by("pk")[:20_000]
    book = Book(
        [adapters.to_client(client) for client in clients.values()],
        invoices.values(),
        adapters.load_memory(profiles),
    )
    found = core.rank(words, adapters.to_receipt(receipt, rest_only=True), book, [invoices[row.pk] for row in rows])
    known = {row.pk: row for row in rows}
    return tuple(Result(known[each.invoice_id], each.reasons, each.against) for each in found)
