"""The elements of an OFX file: version 1 (SGML, where a value has no closing tag) and version 2 (XML) alike.

Read by one tokenizer: what has a text is a value, what is closed later is a group, and banks mix both in one file.
Source: OFX 1.6 and 2.3, chapter 2.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from banking.parsers.assembly import check_entry_count
from banking.parsers.errors import FileTooLarge, UnreadableStatement
from banking.parsers.problems import FileProblem

MAX_DEPTH = 40
# Fifty thousand entries of thirty tags; empty tags are all that a file of so many could hold.
MAX_TAGS = 1_500_000

_TAG = re.compile(r"<(?P<closes>/?)(?P<name>[A-Za-z][A-Za-z0-9._]{0,40})\s*(?P<empty>/?)>(?P<text>[^<]*)")
_CLOSED = re.compile(r"</([A-Za-z][A-Za-z0-9._]{0,40})\s*>")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,6}|#x[0-9a-fA-F]{1,5});")
_CHARSET = re.compile(rb"CHARSET\s*[:=]\s*\"?(?:ISO-)?([0-9-]{4,8})", re.IGNORECASE)
_CHARSETS = {"1250", "1251", "1252", "1253", "1254", "1257"}
# Values that banks also write empty and without a closing tag.
_VALUES = {
    "TRNTYPE", "DTPOSTED", "DTUSER", "DTAVAIL", "TRNAMT", "FITID", "NAME", "MEMO", "CHECKNUM", "REFNUM", "BANKID",
    "BRANCHID", "ACCTID", "ACCTTYPE", "CURDEF", "BALAMT", "DTASOF", "CORRECTFITID", "CORRECTACTION", "CURSYM",
}  # fmt: skip
_ENTRIES = {"STMTTRN", "STMTTRNP"}


class Element:
    """A group with its values by name, the first of each, and the groups inside of it."""

    __slots__ = ("children", "end", "line", "name", "start", "values")

    def __init__(self, name: str, line: int, start: int) -> None:
        self.name = name
        self.line = line
        self.start = start
        self.end = start
        self.values: dict[str, str] = {}
        self.children: list[Element] = []

    def all(self, name: str) -> Iterator[Element]:
        """Yield the groups of that name directly inside."""
        return (child for child in self.children if child.name == name)

    def first(self, *names: str) -> Element | None:
        """Return the first group directly inside that has one of the names."""
        return next((child for child in self.children if child.name in names), None)

    def below(self, *names: str) -> Iterator[Element]:
        """Yield the groups of those names anywhere inside, in order, none of them inside another."""
        for child in self.children:
            if child.name in names:
                yield child
            else:
                yield from child.below(*names)

    def value(self, name: str) -> str:
        """Return a value, empty when it is missing."""
        return self.values.get(name, "")


class OfxDocument:
    """A read OFX file."""

    def __init__(self, source: bytes) -> None:
        """Read the file.

        Raises: UnreadableStatement for what has a document type, entities of its own, or groups nested too deep;
        FileTooLarge.
        """
        text = _decoded(source).replace("\r\n", "\n").replace("\r", "\n")
        if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
            raise UnreadableStatement(FileProblem.DOCTYPE)
        if text.count("<") > MAX_TAGS:
            raise FileTooLarge(FileProblem.TAGS, most=MAX_TAGS)
        self._text = _without_cdata(text)
        self.root = Element("", 1, 0)
        self._read()

    def raw(self, element: Element) -> str:
        """Return the source text of the group."""
        return self._text[element.start : element.end].strip()

    def _read(self) -> None:
        closed = {name.upper() for name in _CLOSED.findall(self._text)} - _VALUES
        open_groups, line, counted, entries = [self.root], 1, 0, 0
        for tag, after in _with_next(_TAG.finditer(self._text)):
            line += self._text.count("\n", counted, tag.start())
            counted = tag.start()
            name = tag["name"].upper()
            if tag["closes"]:
                _close(open_groups, name, tag.end("name") + 1)
                continue
            # What stands between two tags without being one is part of the value: "A < B".
            value = self._text[tag.start("text") : after.start() if after else len(self._text)].strip()
            is_empty = bool(tag["empty"]) or (after is not None and after["closes"] and after["name"].upper() == name)
            if value or is_empty or name not in closed:
                open_groups[-1].values.setdefault(name, _unescaped(value))
                continue
            entries += name in _ENTRIES
            check_entry_count(entries)
            group = Element(name, line, tag.start())
            open_groups[-1].children.append(group)
            open_groups.append(group)
            if len(open_groups) > MAX_DEPTH:
                raise UnreadableStatement(FileProblem.NESTED, most=MAX_DEPTH)
        for group in open_groups:
            group.end = len(self._text)


def _with_next(tags: Iterator[re.Match[str]]) -> Iterator[tuple[re.Match[str], re.Match[str] | None]]:
    tag = next(tags, None)
    while tag is not None:
        after = next(tags, None)
        yield tag, after
        tag = after


def _close(open_groups: list[Element], name: str, end: int) -> None:
    """Close the innermost group of that name and what was left open in it; a value's closing tag closes nothing."""
    place = next((place for place in range(len(open_groups) - 1, 0, -1) if open_groups[place].name == name), 0)
    if place:
        for group in open_groups[place:]:
            group.end = end
        del open_groups[place:]


def _decoded(source: bytes) -> str:
    """Decode as UTF-8 if it is that, else as the header says; headers say USASCII of everything."""
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return source.decode("utf-16")
        except UnicodeError as error:
            raise UnreadableStatement(FileProblem.ENCODING_UTF16) from error
    told = _CHARSET.search(source[:1000])
    written = told[1].decode().strip("-") if told else ""
    guesses = [f"cp{written}"] if written in _CHARSETS else ["iso8859-15"] if written == "8859-15" else []
    for encoding in ("utf-8-sig", *guesses, "cp1252"):
        try:
            return source.decode(encoding)
        except UnicodeDecodeError:
            continue
    return source.decode("latin-1")


def _without_cdata(text: str) -> str:
    before, *parts = text.split("<![CDATA[")
    pieces = [before]
    for part in parts:
        content, ends, rest = part.partition("]]>")
        if not ends:
            raise UnreadableStatement(FileProblem.CDATA)
        pieces += [content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), rest]
    return "".join(pieces)


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text
