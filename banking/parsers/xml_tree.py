"""XML from strangers as small nodes that know their line and their own source text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from xml.etree.ElementTree import ParseError  # nosec B405

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from banking.parsers.errors import UnreadableStatement

MAX_DEPTH = 60

_DECLARATION = re.compile(r"\s*<\?xml\s[^>]{0,200}\?>")
_ENCODING = re.compile(r"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENCODINGS = {"utf-8", "ascii", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "utf-16"} | {
    f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)
}


class Node:
    """An element by its local name, without its namespace; paths are local names joined by `/`."""

    __slots__ = ("attributes", "children", "end", "line", "name", "namespace", "start", "text")

    def __init__(self, tag: str, attributes: dict[str, str], line: int, start: int) -> None:
        namespace, _, self.name = tag.rpartition("}")
        self.namespace = namespace.removeprefix("{")
        self.attributes = attributes
        self.children: list[Node] = []
        self.text = ""
        self.line = line
        self.start = start
        self.end = start

    def all(self, path: str) -> Iterator[Node]:
        """Yield every element at the path below this one, in order."""
        head, _, rest = path.partition("/")
        for child in self.children:
            if child.name == head:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child

    def first(self, *paths: str) -> Node | None:
        """Return the first element at the first path that has any."""
        return next((node for path in paths for node in self.all(path)), None)

    def value(self, *paths: str) -> str:
        """Return the text at the first path that has one, else an empty text."""
        return next((text for path in paths for node in self.all(path) if (text := node.text.strip())), "")


class _Builder:
    """Receives what the parser meets; text between child elements is of no interest."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.position: list[Node] = []
        self.pieces: list[list[str]] = []
        self.expat: object = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        node = Node(tag, attributes, self.expat.CurrentLineNumber, self.expat.CurrentByteIndex)  # type: ignore[attr-defined]
        if self.position:
            self.position[-1].children.append(node)
        elif self.root is None:
            self.root = node
        self.position.append(node)
        self.pieces.append([])
        if len(self.position) > MAX_DEPTH:
            raise UnreadableStatement(f"The XML is nested deeper than {MAX_DEPTH} levels.")

    def end(self, tag: str) -> None:
        node = self.position.pop()
        node.text = "".join(self.pieces.pop())
        node.end = self.expat.CurrentByteIndex  # type: ignore[attr-defined]

    def data(self, text: str) -> None:
        if self.pieces:
            self.pieces[-1].append(text)

    def close(self) -> Node | None:
        return self.root


class Document:
    """A parsed XML file."""

    def __init__(self, source: bytes) -> None:
        """Parse the file.

        Raises: UnreadableStatement for what is not well-formed XML, has a DTD or entities, or is nested too deep.
        """
        self._source = _as_utf8(source)
        builder = _Builder()
        parser = DefusedXMLParser(target=builder, forbid_dtd=True, forbid_entities=True, forbid_external=True)
        builder.expat = parser.parser
        try:
            parser.feed(self._source)
            parser.close()
        except DefusedXmlException as error:
            raise UnreadableStatement(
                "The XML has a document type or entities; a bank statement has neither."
            ) from error
        except ParseError as error:
            line, column = error.position
            raise UnreadableStatement(f"The XML is broken at line {line}, column {column + 1}.") from error
        if builder.root is None:
            raise UnreadableStatement("The XML is empty.")
        self.root = builder.root

    def raw(self, node: Node) -> str:
        """Return the source text of the element."""
        end = self._source.find(b">", node.end) + 1
        return self._source[node.start : end].decode("utf-8", "replace")


def _as_utf8(source: bytes) -> bytes:
    """Decode by byte order mark or declaration and encode again, so that positions count in one encoding."""
    encoding = ""
    for mark, name in _BYTE_ORDER_MARKS:
        if source.startswith(mark):
            source, encoding = source[len(mark) :], name
    if not encoding:
        declared = _ENCODING.search(source[:300].decode("latin-1").partition("?>")[0])
        encoding = declared[1] if declared else "utf-8"
    try:
        name = codecs.lookup(encoding).name
        if name not in _ENCODINGS and not name.startswith("utf-16"):
            raise UnreadableStatement(f"The XML is written in {name}, which is not read here.")
        text = source.decode(name)
    except LookupError as error:
        raise UnreadableStatement(f"The XML says it is written in {encoding}, which is unknown.") from error
    except UnicodeError as error:
        raise UnreadableStatement(f"The XML is not written in {encoding}, as it says.") from error
    # The declaration's encoding no longer holds; its line breaks are kept so that line numbers stay true.
    text = _DECLARATION.sub(lambda found: "\n" * found[0].count("\n"), text, count=1)
    return text.encode("utf-8", "surrogatepass")
