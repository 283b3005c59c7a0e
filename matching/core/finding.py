"""Ranks the debts that a search found: how well each fits the words, then how well it fits the payment."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from matching.core.book import Book
from matching.core.evidence import gather
from matching.core.features import context, features
from matching.core.hypotheses import relation_to, single
from matching.core.normalise import fold, name_words
from matching.core.reasons import explain
from matching.core.scoring import Model, score, shipped_model
from matching.core.types import Client, OpenInvoice, Reason, Receipt

_MOST_WORDS = 6
_NOT_ALNUM = re.compile(r"[^A-Z0-9]")
_DOMAIN = re.compile(r"[A-Z0-9-]+(?:\.[A-Z0-9-]+)+")
# How well a word fits what it was compared with; a whole number or address means exactly this debt.
_WHOLE_NUMBER, _WHOLE_ADDRESS, _BARE_NUMBER = 100, 90, 80
_WHOLE_NAME, _START_OF_NAME, _START_OF_ADDRESS, _END_OF_NUMBER = 50, 40, 40, 35
_IN_NUMBER, _IN_NAME, _IN_TEXT = 20, 15, 10
_IN_ORDER, _FROM_THE_START = 8, 4


@dataclass(frozen=True, slots=True)
class Found:
    """A debt that was found, with what speaks for it as the use of the payment and what against."""

    invoice_id: int
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]


def rank(query: str, receipt: Receipt, book: Book, invoices: Sequence[OpenInvoice]) -> tuple[Found, ...]:
    """Order the invoices that a search for `query` found, best first, and say why each fits the payment.

    Shape: `book` holds the invoices and their clients; an empty query leaves the payment alone to decide. The same
    set gives the same order.
    """
    judged = _judge(receipt, book, [invoice.id for invoice in invoices], shipped_model())
    texts = {invoice.id: fit(query, book.clients[invoice.client_id], invoice) for invoice in invoices}
    ordered = sorted(
        invoices, key=lambda each: (-texts[each.id], -judged[each.id][0], each.due_date, each.issue_date, each.id)
    )
    return tuple(Found(each.id, *judged[each.id][1]) for each in ordered)


_Judged = tuple[float, tuple[tuple[Reason, ...], tuple[Reason, ...]]]


def _judge(receipt: Receipt, book: Book, ids: Iterable[int], model: Model) -> dict[int, _Judged]:
    """What the engine makes of each debt as the only use of the payment."""
    found = gather(receipt, book)
    of = context(found, book)
    judged: dict[int, _Judged] = {}
    for invoice_id in ids:
        debt = book.debts[invoice_id]
        hypothesis = single(found, debt, relation_to(found, book, debt))
        names = features(of, hypothesis)
        judged[invoice_id] = score(model, names), explain(of, hypothesis, names, model.weights)
    return judged


def fit(query: str, client: Client, invoice: OpenInvoice) -> int:
    """How well a debt fits the words of a search; 0 for no word."""
    words = query.split()[:_MOST_WORDS]
    names = [
        [token for token, _, _ in name_words(fold(name))]
        for name in (client.company_name, f"{client.first_name} {client.last_name}")
    ]
    best = sum(_word_fit(word, names, client, invoice) for word in words)
    return best + max((_order(words, tokens) for tokens in names), default=0)


def _word_fit(word: str, names: Sequence[Sequence[str]], client: Client, invoice: OpenInvoice) -> int:
    folded = fold(word).strip(".,;:#()")
    tokens = [token for token, _, _ in name_words(folded)]
    token = tokens[0] if tokens else folded
    fits = [_number_fit(folded, number) for number in invoice.numbers]
    fits += [_token_fit(token, other) for name in names for other in name]
    fits.append(_address_fit(folded, [client.email, *_domains([client.email, *invoice.texts])]))
    if any(folded in fold(text) for text in invoice.texts):
        fits.append(_IN_TEXT)
    return max(fits, default=0)


def _number_fit(word: str, number: str) -> int:
    typed, whole = _NOT_ALNUM.sub("", word), _NOT_ALNUM.sub("", fold(number))
    if not typed or not whole:
        return 0
    if typed == whole:
        return _WHOLE_NUMBER
    digits = re.findall(r"\d+", whole)
    if typed.isdigit() and digits and digits[-1].lstrip("0") == typed.lstrip("0"):
        return _BARE_NUMBER
    if whole.endswith(typed):
        return _END_OF_NUMBER
    return _IN_NUMBER if typed in whole else 0


def _token_fit(token: str, other: str) -> int:
    if token == other:
        return _WHOLE_NAME
    if other.startswith(token):
        return _START_OF_NAME
    return _IN_NAME if token and token in other else 0


def _domains(texts: Iterable[str]) -> list[str]:
    return [found.group() for text in texts for found in _DOMAIN.finditer(fold(text))]


def _address_fit(word: str, addresses: Collection[str]) -> int:
    best = 0
    for address in map(fold, addresses):
        if not word or word not in address:
            continue
        if word in (address, address.removeprefix("WWW.")):
            return _WHOLE_ADDRESS
        starts = address.startswith(word) or f"@{word}" in address or f".{word}" in address
        best = max(best, _START_OF_ADDRESS if starts else _IN_TEXT)
    return best


def _order(words: Sequence[str], tokens: Sequence[str]) -> int:
    """More for words that stand in the name in the order in which they were typed, most from its start."""
    typed = [token for word in words for token, _, _ in name_words(fold(word))]
    places = [next((place for place, other in enumerate(tokens) if other.startswith(token)), -1) for token in typed]
    if not places or -1 in places or places != sorted(places):
        return 0
    return (_IN_ORDER if len(places) > 1 else 0) + (_FROM_THE_START if places[0] == 0 else 0)
