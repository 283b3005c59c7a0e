"""XML from strangers as small nodes that know their line and their own source text, handed on as they end.

The parser is expat itself, with every document type refused as it begins, so that no entity can be declared: what
defusedxml does, without its element objects, which took four times the time and memory of a statement.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from xml.parsers import expat  # nosec B407 - no document type gets past `_refuse`

from banking.parsers.errors import FileTooLarge, UnreadableStatement
from banking.parsers.problems import FileProblem

MAX_DEPTH = 60
# What is held at once: a batch of thirty thousand payments, or a statement without its entries.
MAX_HELD = 400_000
_NO_ATTRIBUTES: dict[str, str] = {}

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

    __slots__ = ("_by_path", "attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Node] | tuple[()] = ()
        self.text = ""
        self._by_path: dict[str, list[Node]] | None = None

    def _paths(self) -> dict[str, list[Node]]:
        if self._by_path is None:
            self._by_path = {}
            _note(self._by_path, "", self.children)
        return self._by_path

    def all(self, path: str) -> list[Node]:
        """Return every element at the path below this one, in order."""
        return self._paths().get(path) or []

    def placed(self, path: str) -> list[PlacedNode]:
        """Return every element at the path whose place was asked for."""
        return [node for node in self.all(path) if isinstance(node, PlacedNode)]

    def first(self, *paths: str) -> Node | None:
        """Return the first element at the first path that has any."""
        known = self._paths()
        return next((found[0] for path in paths if (found := known.get(path))), None)

    def value(self, *paths: str) -> str:
        """Return the text at the first path that has one, else an empty text."""
        known = self._by_path
        if known is None:
            known = self._paths()
        for path in paths:
            # Most paths lead nowhere, and a statement asks a million times.
            if path in known:
                for node in known[path]:
                    if text := node.text.strip():
                        return text
        return ""

    def child(self, *names: str) -> Node | None:
        """Return the first element at the path of the first of each name, without remembering any path."""
        node: Node | None = self
        for name in names:
            node = next((one for one in node.children if one.name == name), None) if node else None
        return node

    def forget(self) -> None:
        """Let go of what was remembered to find paths faster; needed where very many nodes are looked at."""
        self._by_path = None


class PlacedNode(Node):
    """An element whose place was asked for: its line from 1, and where it starts and ends in the source.

    Shape: it is looked into by itself. No path from above leads through it, so that nobody lists the thousands in a
    batch for one.
    """

    __slots__ = ("end", "line", "start")

    def __init__(self, name: str, attributes: dict[str, str], line: int, start: int) -> None:
        super().__init__(name, attributes)
        self.line, self.start, self.end = line, start, start


def _note(by_path: dict[str, list[Node]], above: str, nodes: list[Node] | tuple[()]) -> None:
    for node in nodes:
        path = above + node.name
        same = by_path.get(path)
        if same is None:
            by_path[path] = [node]
        else:
            same.append(node)
        if node.children and not isinstance(node, PlacedNode):
            _note(by_path, path + "/", node.children)


Take = Callable[["Document", PlacedNode, Node], bool]
"""Called with a node that has just ended and the one it stands in; returns whether it was taken out of the tree."""


class Document:
    """A parsed XML file."""

    def __init__(self, source: bytes, *, places: frozenset[str] = frozenset(), take: Mapping[str, Take]) -> None:
        """Parse the file.

        Shape: elements named in `places` know where they stand. `take` is asked for elements of its names when they
        end, so that a large file is never held as a whole.
        Raises: UnreadableStatement for what is not well-formed XML, has a DTD or entities, or is nested too deep;
        FileTooLarge; whatever `take` raises.
        """
        self._source = _as_utf8(source)
        self._places = places | take.keys()
        self._take = take
        self._open: list[tuple[Node, int]] = []
        self._names: dict[str, str] = {}
        self._held = 0
        self._root: Node | None = None
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.EntityDeclHandler = _refuse
        try:
            self._parser.Parse(self._source, True)
        except expat.ExpatError as error:
            raise UnreadableStatement(
                FileProblem.XML_BROKEN, line=str(error.lineno), column=str(error.offset + 1)
            ) from error
        finally:
            # Both refer back to this document, which would keep file and entries until cycles are looked for.
            del self._parser
            self._take = {}
        if self._root is None:
            raise UnreadableStatement(FileProblem.XML_EMPTY)
        self.root: Node = self._root

    def raw(self, node: PlacedNode) -> str:
        """Return the source text of an element."""
        end = self._source.find(b">", node.end) + 1
        return self._source[node.start : end].decode("utf-8", "replace")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = self._names.get(tag)
        if name is None:
            name = self._names[tag] = tag.rpartition("}")[2]
        held = attributes or _NO_ATTRIBUTES
        if name in self._places:
            node: Node = PlacedNode(name, held, self._parser.CurrentLineNumber, self._parser.CurrentByteIndex)
        else:
            node = Node(name, held)
        self._open.append((node, self._held))
        self._held += 1
        if len(self._open) > MAX_DEPTH:
            raise UnreadableStatement(FileProblem.XML_NESTED, most=MAX_DEPTH)
        if self._held > MAX_HELD:
            raise FileTooLarge(FileProblem.XML_HELD, most=MAX_HELD)

    def _end(self, tag: str) -> None:
        node, held = self._open.pop()
        if not self._open:
            self._root = node
            return
        above = self._open[-1][0]
        if type(node) is PlacedNode:
            node.end = self._parser.CurrentByteIndex
            take = self._take.get(node.name)
            if take is not None and take(self, node, above):
                self._held = held
                return
        if above.children:
            above.children.append(node)
        else:
            above.children = [node]

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][0].text += text


def _refuse(*_: object) -> None:
    raise UnreadableStatement(FileProblem.XML_DOCTYPE)


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
            raise UnreadableStatement(FileProblem.XML_ENCODING_NOT_READ, encoding=name)
        text = source.decode(name)
    except LookupError as error:
        raise UnreadableStatement(FileProblem.XML_ENCODING_UNKNOWN, encoding=encoding) from error
    except UnicodeError as error:
        raise UnreadableStatement(FileProblem.XML_ENCODING, encoding=encoding) from error
    # The declaration's encoding no longer holds; its line breaks are kept so that line numbers stay true.
    text = _DECLARATION.sub(lambda found: "\n" * found[0].count("\n"), text, count=1)
    return text.encode("utf-8", "surrogatepass")
