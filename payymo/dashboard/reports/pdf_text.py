"""Text of any script in a PDF: the fonts that are embedded, and which of them draws which characters.

Latin, Greek, Cyrillic, Hebrew and Arabic come from DejaVu Sans; Chinese, Japanese and Korean from Droid Sans Fallback.
What neither has is drawn as an empty box, never left out. Only the glyphs in use are embedded.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from unicodedata import bidirectional

from arabic_reshaper import reshape
from bidi import get_display
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

REGULAR, BOLD, FALLBACK = "PayymoSans", "PayymoSans-Bold", "PayymoFallback"
_FOLDER = Path(__file__).resolve().parents[1] / "fonts"
_FILES = {REGULAR: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf", FALLBACK: "DroidSansFallback.ttf"}
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


@lru_cache(maxsize=1)
def _coverage() -> dict[str, frozenset[int]]:
    """Read the fonts, once in a process, and say which characters each has."""
    found = {}
    for name, file in _FILES.items():
        font = TTFont(name, str(_FOLDER / file))
        pdfmetrics.registerFont(font)
        found[name] = frozenset(font.face.charToGlyph)
    return found


def font(*, bold: bool = False) -> str:
    """Return the name of the font of most text; it is ready to be used."""
    _coverage()
    return BOLD if bold else REGULAR


def in_order(text: str) -> str:
    """Return the characters in the order in which they are drawn, Arabic letters joined."""
    if text.isascii() or not any(bidirectional(sign) in _RIGHT_TO_LEFT for sign in text):
        return text
    return str(get_display(reshape(text)))


def _runs(text: str, name: str) -> Iterator[tuple[str, str]]:
    """Split a text that is in order into (font, part)."""
    coverage = _coverage()
    if text.isascii():
        yield name, text
        return

    def font_of(sign: str) -> str:
        has_it = ord(sign) in coverage[name] or ord(sign) not in coverage[FALLBACK]
        return name if has_it else FALLBACK

    for chosen, signs in groupby(text, key=font_of):
        yield chosen, "".join(signs)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide the text is drawn. Units: points."""
    return sum(pdfmetrics.stringWidth(part, name, size) for name, part in _runs(in_order(text), font(bold=bold)))


def fitting(text: str, size: float, room: float, *, bold: bool = False) -> float:
    """Return the size in which the whole text fits: `size`, or a smaller one. Units: points."""
    wide = width(text, size, bold=bold)
    return size * min(1.0, room / wide) if wide else size


def draw(canvas: Canvas, x: float, y: float, text: str, size: float, *, bold: bool = False, ends: bool = False) -> None:
    """Draw one line from `x`, or with `ends` up to it."""
    ordered = in_order(text)
    if ends:
        x -= width(text, size, bold=bold)
    line = canvas.beginText(x, y)
    for name, part in _runs(ordered, font(bold=bold)):
        line.setFont(name, size)
        line.textOut(part)
    canvas.drawText(line)


def lines_of(text: str, size: float, room: float, *, most: int, bold: bool = False) -> list[str]:
    """Break a text at its spaces, inside a word only where it does not fit; what is over ends with an ellipsis."""
    if width(text, size, bold=bold) <= room:
        return [text]
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width(longer, size, bold=bold) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        while width(word, size, bold=bold) > room and len(lines) < most:
            fits = _fitting(word, size, room, bold=bold)
            lines.append(word[:fits])
            word = word[fits:]
        line = word
        if len(lines) >= most:
            break
    lines.append(line)
    if len(lines) > most:
        lines = lines[:most]
        lines[-1] = _shortened(lines[-1], size, room, bold=bold)
    return lines


def _fitting(word: str, size: float, room: float, *, bold: bool) -> int:
    """Return how many characters fit; at least one, so that there is an end."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if width(word[:middle], size, bold=bold) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def _shortened(text: str, size: float, room: float, *, bold: bool) -> str:
    while text and width(f"{text}…", size, bold=bold) > room:
        text = text[:-1]
    return f"{text}…"
