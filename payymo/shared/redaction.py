"""Takes out of a text what no log may hold, whoever wrote it there: keys, tokens, account numbers, addresses.

The second line of defence: nothing of ours puts such a thing into a message.
"""

import re
import traceback

from django.db import Error as DjangoDatabaseError
from psycopg2 import Error as DriverError

HIDDEN = "[hidden]"
_LONGEST = 8000
_MOST_CAUSES = 6
_NAMES = (
    r"passw(?:or)?d|secret(?:_id|_key)?|token|access(?:_?key)?|refresh|api_?key|identifier|otp|signature|credential"
)
_PATTERNS = tuple(
    (re.compile(pattern, flags), into)
    for pattern, flags, into in (
        # What PostgreSQL quotes of a row.
        (r"^(DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):.*$", re.MULTILINE, rf"\1: {HIDDEN}"),
        (r"\b(?:[rsp]k_(?:live|test)|whsec|hvs|pmk)[_.][A-Za-z0-9_+/=-]{6,}", 0, HIDDEN),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", 0, HIDDEN),
        (r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b", 0, HIDDEN),
        (r"\b(Bearer|Basic|Api-Key)\s+[^\s\"',]+", re.IGNORECASE, rf"\1 {HIDDEN}"),
        (rf"\b({_NAMES})([\"']?\s*[=:]\s*[\"']?)[^\s&\"',;}})]+", re.IGNORECASE, rf"\1\2{HIDDEN}"),
        (r"://[^/\s:@]{0,100}:[^/\s@]{1,200}@", 0, f"://{HIDDEN}@"),
        (r"(https?://[^\s?\"']{1,300}|\B/[^\s?\"']{0,200})\?[^\s\"']+", 0, rf"\1?{HIDDEN}"),
        (r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b", 0, HIDDEN),
        (r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", 0, HIDDEN),
    )
)


def redact(text: str) -> str:
    """Return the text without what looks like a secret or a person's number or address, and not too long."""
    if len(text) > _LONGEST:
        text = text[: _LONGEST // 2] + " [...] " + text[-_LONGEST // 2 :]
    for pattern, into in _PATTERNS:
        text = pattern.sub(into, text)
    return text


def describe_error(error: BaseException | None) -> str:
    """Write an exception and what it came from: where in the code, and what it said, without values of rows."""
    parts: list[str] = []
    while error is not None and len(parts) < _MOST_CAUSES:
        frames = traceback.extract_tb(error.__traceback__)[-30:]
        where = "".join(f"{frame.filename}:{frame.lineno} {frame.name}\n" for frame in frames)
        parts.append(f"{where}{type(error).__module__}.{type(error).__qualname__}: {_said(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(reversed(parts))


def _said(error: BaseException) -> str:
    if isinstance(error, DjangoDatabaseError | DriverError):
        # The database's own words quote what was to be stored.
        told = getattr(error if isinstance(error, DriverError) else error.__cause__, "diag", None)
        known = (getattr(told, name, None) for name in ("sqlstate", "table_name", "column_name", "constraint_name"))
        return " ".join(part for part in known if part) or "of the database"
    return redact(str(error))
