"""The security documents name tests that exist, and answer every requirement of their standard."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENTS = CHECKOUT / "docs" / "security"
# Requirements of levels 1 and 2 of ASVS 5.0.0, by section: the ones of each are numbered from 1, less those of level 3.
LEVEL_2 = {
    "1.1": 2, "1.2": (10, {10}), "1.3": (12, {12}), "1.4": 3, "1.5": (3, {3}),
    "2.1": 3, "2.2": 3, "2.3": (5, {5}), "2.4": (2, {2}),
    "3.2": (3, {3}), "3.3": (5, {5}), "3.4": (8, {7, 8}), "3.5": (8, {6, 7, 8}), "3.7": (5, {3, 4, 5}),
    "4.1": (5, {4, 5}), "4.2": (5, {2, 3, 4, 5}), "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": (6, {4, 5, 6}), "5.3": (3, {3}), "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": (8, {5, 6, 7, 8}), "6.4": (6, {5, 6}), "6.5": (8, {6, 7, 8}), "6.6": (4, {4}), "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": (3, {3}), "7.6": 2,
    "8.1": (4, {3, 4}), "8.2": (4, {4}), "8.3": (3, {2, 3}), "8.4": (2, {2}),
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": (3, {3}), "10.3": (5, {5}), "10.4": (16, {12, 13, 14, 15, 16}), "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": (4, {3, 4}), "11.2": (5, {4, 5}), "11.3": (5, {4, 5}), "11.4": 4, "11.5": (2, {2}), "11.6": (2, {2}),
    "12.1": (5, {4, 5}), "12.2": 2, "12.3": (5, {5}),
    "13.1": (4, {2, 3, 4}), "13.2": (6, {6}), "13.3": (4, {3, 4}), "13.4": (7, {6, 7}),
    "14.1": 2, "14.2": (8, {5, 6, 7, 8}), "14.3": 3,
    "15.1": (5, {4, 5}), "15.2": (5, {4, 5}), "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": (4, {4}),
    "17.1": (2, {2}), "17.2": (8, {5, 6, 7, 8}), "17.3": 2,
}  # fmt: skip
_TEST = re.compile(r"`(tests/[\w/.]+)(?:::(\w+))?`")


def wanted():
    for section, held in LEVEL_2.items():
        count, third = held if isinstance(held, tuple) else (held, set())
        yield from (f"{section}.{number}" for number in range(1, count + 1) if number not in third)


def rows():
    """Return the cells of each row of the standard's tables."""
    for line in (DOCUMENTS / "asvs.md").read_text(encoding="utf-8").splitlines():
        if re.match(r"\| \d", line):
            yield [cell.strip() for cell in line.strip("|").split("|")]


@cache
def functions_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_requirement_of_level_two_is_answered_once():
    answered = [number for numbers, *_ in rows() for number in numbers.replace(" (3)", "").split(", ")]

    assert sorted(set(wanted()) - set(answered)) == []
    assert len(answered) == len(set(answered))


def test_the_summary_counts_what_the_tables_say():
    counted = Counter()
    for numbers, _, answer, _ in rows():
        verdict = re.match(r"met|partly|not met|operator|none", answer).group(0)
        for number in numbers.split(", "):
            counted["of level 3" if number.endswith("(3)") else verdict] += 1
    wanted = (
        f"met {counted['met']}, operator {counted['operator']}, none {counted['none']}, "
        f"partly {counted['partly']}, not met {counted['not met']}; and {counted['of level 3']} of level 3"
    )

    assert wanted in (DOCUMENTS / "asvs.md").read_text(encoding="utf-8")


def test_every_answer_begins_with_its_verdict_and_what_is_met_names_a_test():
    for numbers, _, answer, test in rows():
        assert re.match(r"(met|partly|not met|operator|none)\b", answer), numbers
        written = "last section" in answer or "Python" in answer or "gunicorn" in answer
        assert test or not answer.startswith(("met", "partly")) or written, numbers


@pytest.mark.parametrize("document", ["asvs.md", "threats.md", "invariants.md"])
def test_every_test_that_a_document_names_exists(document):
    named = _TEST.findall((DOCUMENTS / document).read_text(encoding="utf-8"))

    assert named
    for path, function in named:
        assert (CHECKOUT / path).exists(), path
        assert not function or function in functions_of(CHECKOUT / path), f"{path}::{function}"
