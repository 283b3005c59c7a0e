"""Each text that people read is marked, and German has all of them."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.template.base import Lexer, TokenType
from django.utils import translation

from matching.models import Band
from payymo.dashboard import catalogue
from payymo.shared.models import ReceiptState

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%%|\{\w+\}")
TEMPLATES = sorted(path for path in Path("templates").rglob("*.html"))
# Names, keys and codes, which are the same in every language, and what developers alone see.
UNTRANSLATED = re.compile(r"\b(Payymo|WHMCS|Stripe|IBAN|Ctrl|Esc|pm-fill|pm-in-admin|pm-console)\b")
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
READ_ALOUD = {"aria-label", "title", "placeholder", "alt", "text", "action"}


def forms_of(value):
    return value if isinstance(value, tuple | list) else (value,)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_with_its_placeholders(language):
    updated = catalogue.updated(language)

    assert catalogue.missing(updated) == []
    for message in updated:
        if not message.id:
            continue
        wanted = sorted(PLACEHOLDER.findall(forms_of(message.id)[-1]))
        for form in forms_of(message.string):
            found = sorted(PLACEHOLDER.findall(form))
            assert found == wanted or (len(forms_of(message.id)) > 1 and set(found) <= set(wanted)), message.id


def test_every_marked_text_is_collected_wherever_it_stands():
    # Babel does not look into f-strings.
    collected = {form for message in catalogue.collected() if message.id for form in forms_of(message.id)}
    missed = []
    for folder in catalogue.SOURCES:
        for path in sorted((Path(settings.BASE_DIR) / folder).rglob("*.py")):
            for found in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(found, ast.Call) and getattr(found.func, "id", "") in MARKS and found.args:
                    text = getattr(found.args[0], "value", None)
                    missed += [(path.name, text)] if isinstance(text, str) and text not in collected else []

    assert missed == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_django_reads_is_what_translators_wrote(language):
    with catalogue.path_of(language).open("rb") as file:
        written = read_po(file, locale=language)

    assert catalogue.compiled(written) == catalogue.path_of(language, "mo").read_bytes()


def test_german_is_shown_with_its_own_plurals_and_choices():
    with translation.override("de"):
        assert str(Band.EXACT.label) == "Sicher"
        assert str(ReceiptState.IGNORED.label) == "Ignoriert"
        assert translation.ngettext("%d payment", "%d payments", 1) % 1 == "1 Zahlung"
        assert translation.ngettext("%d payment", "%d payments", 2) % 2 == "2 Zahlungen"
        assert translation.gettext("Undo") == "Rückgängig"


def test_a_text_that_is_not_translated_is_found():
    catalog = catalogue.stored("de")
    catalog.add("Not there yet", "")
    catalog.add(("%d one", "%d many"), ("%d eins", ""))

    assert sorted(catalogue.missing(catalog)) == ["%d one", "Not there yet"]


class Texts(HTMLParser):
    """Collects what is read or read aloud."""

    def __init__(self):
        super().__init__()
        self.found = []
        self._code = 0

    def handle_starttag(self, tag, attrs):
        self._code += tag in ("script", "style", "code")
        self.found += [value for name, value in attrs if value and (name in READ_ALOUD or name.startswith("data-text"))]

    def handle_endtag(self, tag):
        self._code -= tag in ("script", "style", "code")

    def handle_data(self, data):
        if not self._code:
            self.found.append(data)


def unmarked(source):
    """The words of a template that no tag marks."""
    plain, inside = [], 0
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            inside += name in ("blocktranslate", "blocktrans", "comment")
            inside -= name in ("endblocktranslate", "endblocktrans", "endcomment")
        if token.token_type == TokenType.TEXT and not inside:
            plain.append(token.contents)
        else:
            plain.append(" ")
    reader = Texts()
    reader.feed("".join(plain))
    words = (UNTRANSLATED.sub("", text) for text in reader.found)
    return [word.strip() for word in words if re.search(r"[A-Za-z]{2,}", word)]


# The name itself, in two colours.
@pytest.mark.parametrize("path", [path for path in TEMPLATES if path.name != "brand.html"], ids=str)
def test_no_text_of_a_template_is_unmarked(path):
    assert unmarked(path.read_text()) == []


def test_the_search_for_unmarked_texts_finds_one():
    assert unmarked('{% load i18n %}<p title="Over here">{% translate "Fine" %} not fine</p>') == [
        "Over here",
        "not fine",
    ]
    assert unmarked("<p>{% blocktranslate %}All <b>good</b>{% endblocktranslate %}{{ page.text }}</p>") == []
