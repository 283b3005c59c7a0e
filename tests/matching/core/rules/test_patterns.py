import time

import pytest

from matching.core.rules.patterns import LONGEST_TEXT, UnusablePattern, check, find
from matching.core.rules.types import TextTest


@pytest.mark.parametrize(
    ("text", "hay", "span"),
    [
        ("müller", "Frau MÜLLER, Köln", (5, 11)),
        ("lohn gehalt", "LOHN \n GEHALT 11/26", (0, 13)),
        ("a.b", "axb a.b", (4, 7)),
        ("C++", "Kurs C++ Teil 1", (5, 8)),
        ("rent", "RE 1042", None),
    ],
)
def test_words_are_found_whatever_their_case_and_spacing(text, hay, span):
    check(TextTest(text))

    assert find(TextTest(text), hay) == span


def test_a_pattern_says_where_it_was_found():
    assert find(TextTest(r"\bKD-?\d{4}\b", is_pattern=True), "Zahlung kd4711 danke") == (8, 14)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "missing )"),
        ("[a-", "missing ]"),
        (r"(a)\1", "references to an earlier group are not supported"),
        ("(?=a)b", "looking ahead or behind is not supported"),
        ("(?<!a)b", "looking ahead or behind is not supported"),
        ("x{2000}", "invalid repetition size"),
        ("a*", "would fit every payment"),
        (".*", "would fit every payment"),
        ("   ", "is empty"),
        ("a" * 201, "more than 200 characters"),
        ("a\x00b", "no bank sends"),
    ],
)
def test_an_unusable_pattern_is_refused_with_a_sentence(pattern, says):
    with pytest.raises(UnusablePattern, match=says.replace("(", r"\(").replace(")", r"\)")):
        check(TextTest(pattern, is_pattern=True))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$x", "(a|aa)+$b", r"(.*a){12}z", r"(x+x+)+y"])
def test_no_pattern_can_hang(pattern):
    test = TextTest(pattern, is_pattern=True)
    text = ("a" * 4000 + "x" * 900) * 3
    begun = time.process_time()

    for _ in range(20):
        find(test, text)

    # A backtracking engine needs longer than the universe has; the bound only has to be far below a worker's patience.
    assert time.process_time() - begun < 5


def test_only_the_beginning_of_a_very_long_text_is_searched():
    assert find(TextTest("needle"), "x" * LONGEST_TEXT + "needle") is None
    assert find(TextTest("needle"), "x" * (LONGEST_TEXT - 6) + "needle") == (LONGEST_TEXT - 6, LONGEST_TEXT)
