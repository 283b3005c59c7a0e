"""Fields of JSON answers, read strictly: what is missing is empty, what is of another kind is not guessed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from banking.parsers.dates import iso_date
from banking.parsers.errors import UnreadableStatement
from banking.parsers.problems import FileProblem
from banking.parsers.texts import clean_reference

_ABSENT = {"NOTPROVIDED", "NOT PROVIDED", "ENDTOENDID: NOTPROVIDED"}


def loaded(body: bytes | str) -> Mapping[str, Any]:
    """Return the JSON object of an answer, its numbers exact.

    Raises: UnreadableStatement.
    """
    try:
        return object_in(json.loads(body, parse_float=Decimal, parse_constant=str), "answer")
    except (ValueError, RecursionError) as error:
        raise UnreadableStatement(FileProblem.ANSWER_NOT_JSON) from error


def object_in(value: object, name: str) -> Mapping[str, Any]:
    """Return the value if it is an object.

    Raises: UnreadableStatement.
    """
    if not isinstance(value, dict):
        raise UnreadableStatement(FileProblem.ANSWER_PART, name=name)
    return value


def text_in(fields: Mapping[str, Any], name: str) -> str:
    """Return a text that may be missing, stripped."""
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def present(text: str) -> str:
    """Return a reference, empty when the bank only wrote that there is none."""
    return "" if text.strip().upper() in _ABSENT else clean_reference(text)


def reference_in(fields: Mapping[str, Any], name: str) -> str:
    """Return an id that may be missing, blank, a filler or a number."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return present(value) if isinstance(value, str) else ""


def day_in(fields: Mapping[str, Any], *names: str) -> date | None:
    """Return the first of the dates that is there.

    Raises: UnreadableEntry when it is there and no date: a day is never guessed.
    """
    written = next((text for text in (text_in(fields, name) for name in names) if text), "")
    return iso_date(written) if written else None
