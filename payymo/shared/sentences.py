"""Sentences that are kept as a code with its values, and worded in the language of whoever reads them.

An enumeration of an app holds each code with its sentence in English. A row keeps the code: who wrote it was a worker,
or read another language. Source: ADR 0062.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias, cast

from django.db.models import TextChoices
from django.utils.translation import gettext, override

from payymo.shared import figures

LONGEST_ERROR = 500
_MOST_GROUPED = 10**18


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a sentence."""

    amount: Decimal
    currency: str


Value: TypeAlias = "str | int | date | Money | Sentence | tuple[Sentence, ...]"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence nobody has read yet; `str` words it in the language that is active.

    Shape: `words` is a member of an enumeration, its label the sentence with `%(name)s` for each of `values`; or the
    marked English text itself, where something else is the code. Texts are written as they are, an integer is a count
    with group marks (a line's number is given as text), several sentences are listed.
    """

    words: TextChoices | str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        """Word it in the active language."""
        words = str(self.words.label) if isinstance(self.words, TextChoices) else _translated(self.words)
        return words % {name: _written(value) for name, value in self.values.items()} if self.values else words

    def in_english(self) -> str:
        """Word it for logs, commands and rows."""
        with override("en"), figures.numbers_as("en"):
            return str(self)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        key = {"code": self.words.value} if isinstance(self.words, TextChoices) else {"text": self.words}
        return {**key, "details": {name: _kept(value) for name, value in self.values.items()}}


def _translated(text: str) -> str:
    # The empty text is the catalogue's own head.
    return gettext(text) if text else ""


def _written(value: Value) -> str:
    match value:
        case int():
            # A file may claim any number, and more digits than these are not grouped.
            return figures.number(value) if abs(value) < _MOST_GROUPED else str(value)
        case date():
            return figures.day(value)
        case Money(amount, currency):
            return figures.money(amount, currency)
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def _kept(value: Value) -> Any:
    match value:
        case date():
            return {"day": value.isoformat()}
        case Money(amount, currency):
            return {"amount": f"{amount:f}", "currency": currency}
        case Sentence():
            return value.as_dict()
        case tuple():
            return [one.as_dict() for one in value]
        case _:
            return value


def from_dict(kept: Mapping[str, Any], families: Iterable[type[TextChoices]] = ()) -> Sentence | None:
    """Read back what `as_dict` gave; None for a code that none of the enumerations has, or has no more."""
    families = tuple(families)
    family = next((each for each in families if kept.get("code") in each.values), None)
    if family is None and "text" not in kept:
        return None
    values = {name: _value(value, families) for name, value in kept.get("details", {}).items()}
    return Sentence(family(kept["code"]) if family else kept["text"], values)


def as_columns(sentence: Sentence) -> dict[str, Any]:
    """Return the columns of a row that keeps its last error: the words in English, and what they are worded from."""
    return {"last_error": sentence.in_english()[:LONGEST_ERROR], "last_error_said": sentence.as_dict()}


def spoken(text: str, said: Mapping[str, Any]) -> str:
    """Return the words of a kept error in the active language.

    Shape: `said` counts only while it says what `text` says; a text without values is its own key, so that rows from
    before and those written without it are translated too.
    """
    sentence = from_dict(said)
    is_that = sentence is not None and sentence.in_english()[:LONGEST_ERROR] == text
    return str(sentence) if is_that else _translated(text)


def _value(kept: Any, families: tuple[type[TextChoices], ...]) -> Value:
    match kept:
        case {"day": day}:
            return date.fromisoformat(day)
        case {"amount": amount, "currency": currency}:
            return Money(Decimal(amount), currency)
        case {"code": _} | {"text": _, "details": _}:
            return from_dict(kept, families) or "…"
        case list():
            return tuple(one for each in kept if (one := from_dict(each, families)))
        case _:
            return cast(Value, kept)
