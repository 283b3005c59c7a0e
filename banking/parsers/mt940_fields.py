"""The tagged fields of SWIFT MT940 and MT942 messages: `:20:`, `:61:`, `:86:` with their lines.

Source: SWIFT standards MT940/MT942; DFÜ agreement, annex 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from banking.parsers.assembly import check_lines

_TAG = re.compile(r":([0-9]{2}[A-Z]?|NS):")
_MESSAGE_ENDS = re.compile(r"-\}?(\{.*)?")


@dataclass(frozen=True, slots=True)
class Field:
    """A tag with its lines (without line breaks) and the line number, from 1, that it begins on."""

    tag: str
    lines: tuple[str, ...]
    line: int

    @property
    def text(self) -> str:
        """The first line, without surrounding blanks."""
        return self.lines[0].strip()

    @property
    def raw(self) -> str:
        """The field as it stands in the file."""
        return f":{self.tag}:" + "\n".join(self.lines)


def decode(source: bytes) -> str:
    """Decode strictly as UTF-8, else as cp1252, else as latin-1, which knows every byte."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return source.decode(encoding)
        except UnicodeDecodeError:
            continue
    return source.decode("latin-1")


def fields(text: str) -> Iterator[Field]:
    """Yield the fields in order; whatever stands outside of a message (headers, blank lines) is left out.

    Raises: FileTooLarge.
    """
    check_lines(text)
    tag, lines, begins = "", list[str](), 0
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        # A block header may stand before the first tag on the same line: {4::20:... or {4:\n:20:...
        opened = re.match(r"\s*\{1:.*\{4:|\s*\{4:", line)
        content = line[opened.end() :] if opened else line
        found = _TAG.match(content)
        ends = bool(opened) or bool(_MESSAGE_ENDS.fullmatch(content.strip()))
        if (found or ends) and tag:
            yield Field(tag, tuple(lines), begins)
            tag, lines = "", []
        if found:
            tag, lines, begins = found[1], [content[found.end() :]], number
        elif tag and content.strip():
            lines.append(content)
    if tag:
        yield Field(tag, tuple(lines), begins)
