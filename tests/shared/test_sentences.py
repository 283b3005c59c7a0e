"""Sentences that are kept as a code and read in the reader's language."""

import ast
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_noop, override
from hypothesis import given
from hypothesis import strategies as st

from payymo.shared.errors import Retryable
from payymo.shared.figures import numbers_as
from payymo.shared.sentences import Money, Sentence, as_columns, from_dict, spoken


class Said(TextChoices):
    """Sentences of a test; the second is one that the product has in German."""

    WHOLE = "whole", "On %(day)s %(count)s rows moved %(money)s: %(why)s %(others)s, line %(line)s."
    EMPTY = "empty", gettext_noop("The file is empty.")


class Other(TextChoices):
    """Another family."""

    INNER = "inner", "“%(text)s”"


WHOLE = Sentence(
    Said.WHOLE,
    {
        "day": date(2026, 3, 5),
        "count": 50_000,
        "money": Money(Decimal("-1234.5"), "EUR"),
        "why": Sentence(Other.INNER, {"text": "50000 %(x)s"}),
        "others": (Sentence(Other.INNER, {"text": "a"}), Sentence(Other.INNER, {"text": "b"})),
        "line": "1234",
    },
)


@pytest.mark.parametrize(
    ("language", "style", "text"),
    [
        ("en", "", "On 5 Mar 2026 50,000 rows moved −1,234.50\u00a0EUR: “50000 %(x)s” “a”, “b”, line 1234."),
        ("de", "", "On 05.03.2026 50.000 rows moved −1.234,50\u00a0EUR: “50000 %(x)s” “a”, “b”, line 1234."),
        ("de", "en", "On 05.03.2026 50,000 rows moved −1,234.50\u00a0EUR: “50000 %(x)s” “a”, “b”, line 1234."),
    ],
)
def test_days_counts_and_money_are_written_as_their_reader_writes_them(language, style, text):
    with override(language), numbers_as(style):
        assert str(WHOLE) == text
        assert (
            WHOLE.in_english()
            == "On 5 Mar 2026 50,000 rows moved −1,234.50\u00a0EUR: “50000 %(x)s” “a”, “b”, line 1234."
        )


def test_a_sentence_comes_back_from_json_as_it_was_kept():
    assert from_dict(json.loads(json.dumps(WHOLE.as_dict())), [Other, Said]) == WHOLE


def test_a_code_that_is_known_no_more_gives_no_sentence_and_one_inside_of_another_leaves_a_mark():
    assert from_dict({"line": 1, "reason": "Kept before there were codes."}, [Said]) is None
    assert from_dict({"code": "gone", "details": {}}, [Said]) is None
    assert str(from_dict({"code": "inner", "details": {"text": {"code": "gone", "details": {}}}}, [Other])) == "“…”"


values = st.recursive(
    st.text() | st.integers() | st.dates() | st.builds(Money, st.decimals(-(10**9), 10**9, places=2), st.just("EUR")),
    lambda inner: st.builds(lambda value: Sentence(Other.INNER, {"text": value}), inner),
    max_leaves=3,
)


@given(values)
def test_whatever_a_sentence_holds_is_kept_and_read(value):
    sentence = Sentence(Other.INNER, {"text": value})

    kept = json.loads(json.dumps(sentence.as_dict()))

    assert from_dict(kept, [Other]) == sentence
    assert str(from_dict(kept, [Other])) == str(sentence)


EMPTY_FILE = gettext_noop("The file is empty.")
OF_STATUS = gettext_noop("SimpleFIN answered with status %(status)s.")


@pytest.mark.parametrize(
    ("text", "said", "german"),
    [
        (EMPTY_FILE, {}, "Die Datei ist leer."),
        ("", {}, ""),
        ("Somebody's own words.", {}, "Somebody's own words."),
        (EMPTY_FILE, {"text": OF_STATUS, "details": {"status": "500"}}, "Die Datei ist leer."),
        (
            "SimpleFIN answered with status 500.",
            {"text": OF_STATUS, "details": {"status": "500"}},
            "SimpleFIN hat mit Status 500 geantwortet.",
        ),
    ],
)
def test_a_kept_error_is_read_from_what_it_was_worded_from_while_that_says_the_same(text, said, german):
    with override("de"):
        assert spoken(text, said) == german


def test_an_error_of_a_provider_is_english_for_rows_and_worded_for_its_reader():
    why = Sentence(gettext_noop("no connection"))

    with override("de"):
        error = Retryable(gettext_noop("WHMCS could not be reached: %(why)s."), why=why, reason="unreachable")

        assert str(error) == "WHMCS could not be reached: no connection."
        assert str(error.sentence) == "WHMCS war nicht erreichbar: keine Verbindung."
        assert spoken(**read_columns(error)) == str(error.sentence)


def read_columns(error):
    columns = json.loads(json.dumps(as_columns(error.sentence)))
    return {"text": columns["last_error"], "said": columns["last_error_said"]}


def raised():
    """Yield each error of a provider that is made in the code, as it is written."""
    for app in ("banking", "payments", "whmcs", "tenants"):
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Refused", "Retryable", "Unknown"}:
                    yield path.name, node


def test_every_error_of_a_provider_is_marked_for_translation_and_gets_its_values():
    found = list(raised())

    unmarked = [(file, node.lineno) for file, node in found if isinstance(node.args[0], ast.JoinedStr | ast.Constant)]
    short = [
        (file, node.lineno)
        for file, node in found
        if isinstance(node.args[0], ast.Call) and isinstance(text := node.args[0].args[0], ast.Constant)
        if not set(re.findall(r"%\((\w+)\)s", text.value)) <= {keyword.arg for keyword in node.keywords}
    ]
    assert (len(found) > 80, unmarked, short) == (True, [], [])
