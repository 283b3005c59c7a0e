"""Which payments a new or changed invoice may concern: a quick test that leaves out only what it cannot concern."""

from __future__ import annotations

import re
from collections.abc import Iterable

from matching.core.memory import payer_name_key, repeated_text_key
from matching.core.names import forms_of
from matching.core.normalise import fold, name_words
from matching.core.numbers import keys_of, running_part
from matching.core.quotes import texts_of
from matching.core.types import Client, OpenInvoice, Receipt

_BEGINNING = 4
_FEWEST_DIGITS = 3


class Interest:
    """What the changed invoices and their clients are recognised by."""

    def __init__(self, invoices: Iterable[OpenInvoice], clients: Iterable[Client]) -> None:
        self._amounts: set[tuple[str, int]] = set()
        self._numbers: set[str] = set()
        self._beginnings: set[str] = set()
        self._emails: set[str] = set()
        self._payers: set[tuple[str, str]] = set()
        for invoice in invoices:
            self._amounts.add((invoice.currency, invoice.outstanding_minor))
            for number in invoice.numbers:
                self._numbers |= {*keys_of(number), running_part(number)}
        for client in clients:
            self._beginnings |= {word[:_BEGINNING] for form in forms_of(client) for word in form}
            self._numbers.add(client.number)
            if client.email:
                self._emails.add(client.email.lower())
        self._numbers = {number for number in self._numbers if len(number) >= _FEWEST_DIGITS}
        self._lengths = sorted({len(number) for number in self._numbers})

    def add_payer(self, kind: str, key: str) -> None:
        """Take up a payer that is known to pay for one of the clients, by "account", "name" or "text"."""
        self._payers.add((kind, key))

    def may_concern(self, receipt: Receipt) -> bool:
        """Whether the receipt agrees in amount, number, name, address or payer with any of them."""
        if (receipt.currency, receipt.amount_minor) in self._amounts or receipt.email.lower() in self._emails:
            return True
        if (receipt.instructed_currency, receipt.instructed_amount_minor) in self._amounts:
            return True
        keys = (
            ("account", receipt.counterparty_account),
            ("name", payer_name_key(receipt)),
            ("text", repeated_text_key(receipt)),
        )
        if any(key in self._payers for key in keys):
            return True
        texts = [*texts_of(receipt).values(), *receipt.metadata.values()]
        return any(self._names(text) for text in (receipt.counterparty_name, *texts)) or any(map(self._quotes, texts))

    def _names(self, text: str) -> bool:
        words = name_words(fold(text[:300]))
        return any(word[:_BEGINNING] in self._beginnings for word, _, _ in words)

    def _quotes(self, text: str) -> bool:
        digits = re.sub(r"[^0-9]", "", fold(text))
        return any(
            digits[start : start + length] in self._numbers
            for length in self._lengths
            for start in range(len(digits) - length + 1)
        )
