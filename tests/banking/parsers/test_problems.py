"""Every reason to refuse has a code, its words in every language, and is raised with the values its words need."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from banking.parsers.problems import EntryProblem, FileProblem
from banking.services.notes import Note, worded

FAMILIES = {family.__name__: family for family in (EntryProblem, FileProblem, Note)}
EVERY = [member for family in FAMILIES.values() for member in family]
APP = Path(settings.BASE_DIR) / "banking"
OTHERS = [code for code, _ in settings.LANGUAGES if code != "en"]


def placeholders(text):
    return set(re.findall(r"%\((\w+)\)s", text))


def member_of(node):
    """Return the code that an expression names, such as `EntryProblem.AMOUNT`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in FAMILIES:
        return FAMILIES[node.value.id][node.attr]
    return None


def uses():
    """Yield each place that names a code, with the values given beside it where they are written out there."""
    for path in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if member := member_of(node):
                yield path.name, member, None
            if not isinstance(node, ast.Call) or not node.args or not (member := member_of(node.args[0])):
                continue
            given = {keyword.arg for keyword in node.keywords}
            if len(node.args) == 1 or isinstance(node.args[1], ast.Dict):
                keys = node.args[1].keys if len(node.args) > 1 else ()
                yield path.name, member, given | {key.value for key in keys}


def test_no_two_reasons_share_a_code():
    assert [code for code, count in Counter(member.value for member in EVERY).items() if count > 1] == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_reason_has_its_words_with_the_same_values_in_each_language(language):
    with override("en"):
        english = {member: str(member.label) for member in EVERY}
    with override(language):
        spoken = {member: str(member.label) for member in EVERY}

    assert [member for member in EVERY if spoken[member] == english[member]] == []
    assert [one for one in EVERY if placeholders(spoken[one]) != placeholders(english[one])] == []


def test_every_code_is_used_and_gets_the_values_that_its_words_need():
    found = list(uses())

    assert [member for member in EVERY if member not in {used for _, used, _ in found}] == []
    short = [
        (file, member, placeholders(str(member.label)) - given)
        for file, member, given in found
        if given is not None and placeholders(str(member.label)) - given
    ]
    assert short == []


def test_what_was_kept_before_there_were_codes_is_shown_as_it_was_worded():
    with override("de"):
        assert worded({"line": 3, "reason": "The amount 'x' cannot be read."}) == "The amount 'x' cannot be read."
        assert worded({"line": 3, "reason": "Old.", "code": "no_longer_known", "details": {}}) == "Old."
        assert (
            worded({"line": 3, "reason": "…", "code": "amount", "details": {"written": "'x'"}})
            == "Der Betrag 'x' lässt sich nicht lesen."
        )
