"""The guides of docs/guide as pages of the help, in the active language where it has them."""

import itertools
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt

NAMES = {
    "bookkeeper": (
        _("Deciding payments"),
        _("The review screen from the first payment to the last."),
    ),
    "administrator": (_("Setting Payymo up"), _("Connections, rules, automatic approval, colleagues and settings.")),
    "importing": (_("Importing statements"), _("Which files are read, and what happens to each line.")),
    "webhooks": (_("Webhooks and Slack"), _("What is sent to your programs, and how they check who sent it.")),
    "connecting-a-bank": (_("Connecting a bank"), _("Providers, consent, and what to do when a feed stops.")),
    "whmcs-module": (_("The addon module for WHMCS"), _("What it adds to WHMCS, and how it books.")),
}
_FOLDER: Path = settings.BASE_DIR / "docs" / "guide"
_IMAGES: Path = settings.BASE_DIR / "docs" / "images"


def image(name: str) -> Path | None:
    """Return the picture of this name, or None."""
    return next((path for path in _IMAGES.glob("*.png") if path.stem == name), None)


@dataclass(frozen=True, slots=True)
class Text:
    """A guide as HTML, and its sections. Shape: of each section the id in the HTML and the title."""

    html: str
    sections: tuple[tuple[str, str], ...]


def text(name: str) -> Text:
    """Return a guide; English where the active language has none of its own.

    Raises: KeyError for a name that is no guide.
    """
    NAMES[name]
    return _rendered(name, (get_language() or "en").partition("-")[0])


@lru_cache(maxsize=32)
def _rendered(name: str, language: str) -> Text:
    own = _FOLDER / language / f"{name}.md"
    written = (own if own.exists() else _FOLDER / f"{name}.md").read_text(encoding="utf-8")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens, sections = markdown.parse(written), []
    for opening, title in itertools.pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h2":
            opening.attrSet("id", f"section-{len(sections) + 1}")
            sections.append((f"section-{len(sections) + 1}", "".join(each.content for each in title.children or ())))
    made = str(markdown.renderer.render(tokens, markdown.options, {}))
    for folder in ("../../images/", "../images/"):
        made = made.replace(f'src="{folder}', 'src="/help/images/')
    return Text(made, tuple(sections))
