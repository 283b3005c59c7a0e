"""Text tests in linear time: RE2 has no backtracking, so no pattern and no text can hang a worker.

Source: docs/adr/0012-a-tenants-pattern-runs-in-linear-time.md
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

from matching.core.rules.types import TextTest

LONGEST_PATTERN = 200
LONGEST_TEXT = 5000
_MEMORY = 1 << 20


class UnusablePattern(ValueError):
    """The text of a rule cannot be searched for; the message says what is wrong with it."""


def _options() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


@lru_cache(maxsize=4096)
def _compiled(test: TextTest) -> Any:
    # Words are found whatever stands between them: banks wrap and pad.
    source = test.text if test.is_pattern else r"\s+".join(re.escape(word) for word in test.text.split())
    return re2.compile(source, _options())


def check(test: TextTest) -> None:
    """Pass if the test can be used.

    Raises: UnusablePattern.
    """
    if not test.text.strip():
        raise UnusablePattern("The text to look for is empty.")
    if len(test.text) > LONGEST_PATTERN:
        raise UnusablePattern(f"The text to look for has more than {LONGEST_PATTERN} characters.")
    if "\x00" in test.text:
        raise UnusablePattern("The text to look for holds a character that no bank sends.")
    try:
        compiled = _compiled(test)
    except re2.error as error:
        raise UnusablePattern(f"The pattern cannot be read: {_words(error)}.") from error
    if compiled.search("") is not None:
        raise UnusablePattern("The pattern also fits an empty text, so it would fit every payment.")


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    if text.startswith(("invalid perl operator: (?=", "invalid perl operator: (?!", "invalid perl operator: (?<")):
        return "looking ahead or behind is not supported"
    if text.startswith("invalid escape sequence: \\") and text[-1].isdigit():
        return "references to an earlier group are not supported"
    return text or "it is too large"


def find(test: TextTest, text: str) -> tuple[int, int] | None:
    """Where the test holds in `text`, or None. Only the first characters of a very long text are searched."""
    found = _compiled(test).search(text[:LONGEST_TEXT])
    return None if found is None else found.span()
