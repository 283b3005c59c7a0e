import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.core.names import NameIndex
from matching.core.types import Client

FIRST = ("ANNA", "ANNE", "JAN", "MAREK", "LUCIE")
LAST = ("NOVAK", "NOVAKOVA", "NOWAK", "MULLER", "MILLER", "BERNARD")
COMPANY = ("", "NOVAK BAU", "MULLER BERNARD", "BERNARD ATELIER LYON", "MULLER MULLER", "K NOVAK", "ZETA")
EVERYBODY = 10**6


def index_of(people) -> NameIndex:
    names = NameIndex()
    for number, (first, last, company) in enumerate(people, 1):
        names.add(Client(number, first, last, company))
    return names


people = st.lists(st.tuples(*map(st.sampled_from, (FIRST, LAST, COMPANY))), min_size=1, max_size=40)
words = st.sampled_from((*FIRST, *LAST, "J", "M", "K", "BAU", "ATELIER", "LYON", "NOV", "MULER", "RENT", "42"))


@given(people, st.lists(words, min_size=1, max_size=5).map(" ".join), st.booleans(), st.integers(1, 6))
def test_stopping_early_gives_the_same_answer_as_looking_at_every_name(clients, text, in_text, limit):
    names = index_of(clients)

    assert names.find(text, in_text=in_text, limit=limit) == names.find(text, in_text=in_text, limit=EVERYBODY)[:limit]


@given(people, st.lists(words, min_size=1, max_size=4).map(" ".join), st.randoms())
def test_the_order_in_which_clients_come_does_not_matter(clients, text, random):
    one, other = NameIndex(), NameIndex()
    numbered = [Client(number, *names) for number, names in enumerate(clients, 1)]
    for client in numbered:
        one.add(client)
    for client in random.sample(numbered, len(numbered)):
        other.add(client)

    said = [[(hit.client_id, hit.score) for hit in names.find(text, in_text=True)] for names in (one, other)]

    assert said[0] == said[1]


def test_of_many_with_one_name_the_first_are_given():
    names = index_of([("ANNA", "NOVAK", "")] * 40)

    assert [hit.client_id for hit in names.find("ANNA NOVAK", in_text=False, limit=3)] == [1, 2, 3]


def test_a_client_counts_once_with_the_better_of_its_names():
    names = index_of([("ANNA", "NOVAK", "NOVAK BAU"), ("JAN", "MULLER", "")])

    [hit] = names.find("NOVAK BAU", in_text=False)

    assert (hit.client_id, hit.score) == (1, 1.0)


def test_words_that_mean_nothing_do_not_hide_a_name_in_a_text():
    names = index_of([("ANNA", "NOVAK", ""), ("JAN", "MULLER", "")])

    scores = [
        hit.score
        for text in ("RENT 42 ANNA NOVAK", "ANNA NOVAK INVOICE 4711")
        for hit in names.find(text, in_text=True)
    ]

    assert scores == [1.0, 1.0]


def test_a_name_that_is_changed_is_found_by_the_new_one_only():
    names = index_of([("ANNA", "NOVAK", ""), ("JAN", "MULLER", "")])
    assert [hit.client_id for hit in names.find("ANNA NOVAK", in_text=False)] == [1]

    names.add(Client(1, "LUCIE", "BERNARD"))

    assert names.find("ANNA NOVAK", in_text=False) == ()
    assert [hit.client_id for hit in names.find("LUCIE BERNARD", in_text=False)] == [1]


def test_a_client_that_comes_makes_its_words_less_telling():
    names = index_of([("ANNA", "NOVAK", ""), ("JAN", "MULLER", "")])
    [before] = names.find("ANNA", in_text=True)

    names.add(Client(3, "ANNA", "BERNARD"))
    names.add(Client(4, "ANNA", "MILLER"))

    after = names.find("ANNA", in_text=True)[0]
    assert after.score < before.score


@pytest.mark.parametrize("text", ["M", "", "   ", "42"])
def test_an_initial_alone_names_nobody(text):
    assert index_of([("MAREK", "NOVAK", "")]).find(text, in_text=False) == ()
