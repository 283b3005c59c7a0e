"""The texts that people read, collected from code and templates, and their translations.

In plain Python through Babel: neither GNU gettext nor a network is needed. A text is collected where it stands in
`gettext` and its relatives, `{% translate %}` or `{% blocktranslate %}`.
"""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

FOLDER: Path = settings.LOCALE_PATHS[0]
SOURCES = ("accounts", "banking", "matching", "payments", "payymo", "tenants", "whmcs")
_LEFT_OUT = ("/migrations/", "/node_modules/", "payymo/local/", "payymo/sandbox/", "payymo/demo/")
_KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
_HEADER = "# Translations of Payymo.\n#"


def collected() -> Catalog:
    """Return every text that is marked, with where it stands."""
    root = Path(settings.BASE_DIR)
    catalog = Catalog(project="Payymo", charset="utf-8", header_comment=_HEADER)
    for path in sorted(_files(root)):
        name = str(path.relative_to(root))
        for message, context in _messages(path):
            catalog.add(message, locations=[(name, 0)], context=context)
    return catalog


def _files(root: Path) -> Iterator[Path]:
    for folder in SOURCES:
        for path in (root / folder).rglob("*.py"):
            if not any(part in str(path.relative_to(root)) for part in _LEFT_OUT):
                yield path
    for pattern in ("*.html", "*.txt"):
        yield from (root / "templates").rglob(pattern)


def _messages(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        text = _calls(templatize(text, origin=str(path)))
    found = extract("python", io.BytesIO(text.encode()), keywords=_KEYWORDS, options={"encoding": "utf-8"})
    for _line, message, _comments, context in found:
        if message:
            yield message, context


_CALL = re.compile(
    r"""\b(?:npgettext|ngettext|pgettext|gettext|_)\(\s*(?:u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*,?\s*)+(?:count|[\w.]+)?\s*\)""",
    re.DOTALL,
)


def _calls(text: str) -> str:
    """Keep of a template that Django made into calls only the calls, since the rest is no Python."""
    return "\n".join(match.group(0) for match in _CALL.finditer(text))


def path_of(language: str, kind: str = "po") -> Path:
    """Return where a language is kept."""
    return FOLDER / language / "LC_MESSAGES" / f"django.{kind}"


def stored(language: str) -> Catalog:
    """Return what is translated into a language; nothing for a new one."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", header_comment=_HEADER)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str) -> Catalog:
    """Return the translations of every text that is collected now; one that is new is empty, one that went is gone."""
    catalog = stored(language)
    catalog.update(collected(), no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    return catalog


def write(language: str, catalog: Catalog) -> None:
    """Write a language as the text that translators edit and as the table that Django reads."""
    # Nothing in the file changes but what a text or a translation changed.
    catalog.fuzzy, catalog.project, catalog.version = False, "Payymo", "1"
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = "Payymo"
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    catalog.header_comment = _HEADER
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    with path_of(language).open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, no_location=True, omit_header=False)
    path_of(language, "mo").write_bytes(compiled(catalog))


def compiled(catalog: Catalog) -> bytes:
    """Return the table that Django reads."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def missing(catalog: Catalog) -> list[str]:
    """Return the texts without a translation, or with a plural form left out."""
    found = []
    for message in catalog:
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and not all(forms):
            found.append(message.id if isinstance(message.id, str) else message.id[0])
    return found
