"""A language made of the source texts: accents, brackets and two fifths more length, so that what is left out shows.

Made of the texts that German has, which another test compares with those collected now: collecting takes seconds.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.test import override_settings

from payymo.dashboard import catalogue

# A language that Django and Babel know and Payymo has not, so that its plurals and dates work and no text is there.
CODE = "eo"
OPEN, CLOSE = "⟦", "⟧"
_ACCENTS = str.maketrans("aeiouycnslAEIOUYCNSL", "áéíóúýçñšĺÁÉÍÓÚÝÇÑŠĹ")
# Placeholders, tags, entities and names stay what they are.
_KEPT = re.compile(r"(Payymo|WHMCS|Stripe|GoCardless|%\(\w+\)[sd]|%[sd%]|\{\w*\}|<[^>]+>|&#?\w+;)")


def stretched(text: str) -> str:
    """Return the text as this language says it."""
    parts = _KEPT.split(text)
    length = sum(len(part) for part in parts[::2])
    parts[::2] = [part.translate(_ACCENTS) for part in parts[::2]]
    return f"{OPEN}{''.join(parts)}{' ~' * max(1, round(length * 0.2))}{CLOSE}"


def _djangos() -> Iterator[Message]:
    """What Django itself says, in its admin and in forms."""
    for part in ("conf", "contrib/admin", "contrib/auth"):
        with (Path(django.__path__[0]) / part / "locale/en/LC_MESSAGES/django.po").open("rb") as file:
            yield from read_po(file)


@cache
def _catalog() -> Catalog:
    found = Catalog(locale=CODE, charset="utf-8")
    for message in (*_djangos(), *catalogue.stored("de")):
        if message.id:
            forms = message.id if isinstance(message.id, tuple) else (message.id,)
            said = tuple(map(stretched, forms))
            found.add(message.id, said if isinstance(message.id, tuple) else said[0], context=message.context)
    return found


@contextmanager
def spoken(folder: Path) -> Iterator[None]:
    """Let Payymo speak this language alone."""
    kept = folder / CODE / "LC_MESSAGES"
    kept.mkdir(parents=True)
    (kept / "django.mo").write_bytes(catalogue.compiled(_catalog()))
    with override_settings(LANGUAGE_CODE=CODE, LANGUAGES=[(CODE, "Pseudo")], LOCALE_PATHS=[folder]):
        yield


_SAID = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")


def without_said(text: str) -> str:
    """Return what of a text no translation said."""
    while (left := _SAID.sub(" ", text)) != text:
        text = left
    return text
