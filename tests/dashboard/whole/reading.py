"""What of a page is said in no language."""

import re
from html.parser import HTMLParser

from tests.dashboard.whole.pseudo import without_said

_READ_ALOUD = {"aria-label", "title", "placeholder", "alt"}
# Data and code: shown as somebody wrote it.
_VERBATIM = {"script", "style", "code", "pre", "bdi", "kbd", "option", "textarea", "time"}
_VOID = {
    "input", "br", "img", "meta", "link", "hr", "use", "path", "rect", "line", "circle", "progress", "source", "wbr",
}  # fmt: skip
# The same in every language: names (that of the product is in two colours), codes, the months of the dates.
_SAME = re.compile(
    r"Payymo|^Pay$|^ymo$|WHMCS|Stripe|GoCardless|IBAN|CSV|PDF|Excel|EUR|UTC|Slack|acct_test|banktransfer|EPE VITA"
    r"|\b[0-9a-f]{16,64}\b|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\b(?:Jan|Feb|Mar|Apr|Maj|Jun|Jul|Aŭg|Sep|Okt|Nov|Dec|Aug|Oct)\b|[\w.+-]+@[\w.-]+|https?://\S+"
)
_WORD = re.compile(r"[A-Za-z]{3,}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if not any(self._open):
            self.found += [value for name, value in attrs if name in _READ_ALOUD and value]
        if tag not in _VOID:
            classes = (values.get("class") or "").split()
            is_other = tag in _VERBATIM or "pm-verbatim" in classes or (tag != "html" and "lang" in values)
            self._open.append(is_other)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._open):
            self.found.append(data)


def untranslated(html: str, *, data: frozenset[str] = frozenset()) -> list[str]:
    """Return the texts in which words are left that no translation said; `data` are words that rows hold."""
    reader = _Reader()
    reader.feed(html)
    # A sentence may have markup inside it, so that its end is another text.
    left = without_said("\n".join(reader.found)).splitlines()
    return sorted({text.strip() for text in left if not data.issuperset(_WORD.findall(_SAME.sub(" ", text)))})
