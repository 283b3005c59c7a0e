"""Tests of lists: an agency that pays what its clients owe, in one transfer."""

from datetime import date, timedelta

import pytest

from matching.core.book import Book
from matching.core.evidence import gather
from matching.core.hypotheses import build
from matching.core.lists import Listed, lists
from matching.core.memory import Memory
from matching.core.types import CandidateKind, Client, OpenInvoice, Receipt
from tests.matching.core.cast import TODAY, book, invoice, receipt, settled

AGENCY = "Agentur Nord"
CLIENTS = tuple(Client(number, "Kunde", f"Nummer{number}") for number in range(1, 10))
OWED = (3300, 1700, 500, 2100, 900, 4400)


def paid_for(*numbers: int) -> Memory:
    """An agency that paid for these clients together a month ago."""
    memory = Memory()
    for number in numbers:
        memory.learn(receipt("", counterparty_name=AGENCY), [number], TODAY - timedelta(days=30))
    return memory


def owed(number: int, amount: int, *, days_ago: int = 0, due_in: int = 14) -> OpenInvoice:
    """What client `number` owes, on an invoice of that place in the row."""
    issued = TODAY - timedelta(days=days_ago or 20 - number)
    due = issued + timedelta(days=due_in)
    return invoice(f"{1000 + number}", amount, client=CLIENTS[number - 1], issue_date=issued, due_date=due)


def row(*, known: int = 6) -> Book:
    """Six clients who owe one invoice each, one a day."""
    debts = [owed(number, amount) for number, amount in enumerate(OWED, 1)]
    return book(*debts, memory=paid_for(*range(1, known + 1)), clients=CLIENTS)


def transfer(amount: int, text: str = "Sammelzahlung") -> Receipt:
    return receipt(text, amount, counterparty_name=AGENCY)


def offered(payment: Receipt, known: Book) -> dict[str, Listed]:
    """The lists by how they were found, the first of each kind."""
    found: dict[str, Listed] = {}
    for one in lists(gather(payment, known), known):
        found.setdefault(one.how, one)
    return found


def ids(one: Listed) -> list[int]:
    return sorted(debt.id for debt in one.debts)


def test_an_agency_pays_what_is_oldest():
    found = offered(transfer(sum(OWED[:4])), row())

    assert ids(found["first_by_issue"]) == [1001, 1002, 1003, 1004]


def test_an_agency_pays_what_is_due_first():
    debts = [owed(number, amount, due_in=40 - 6 * number) for number, amount in enumerate(OWED, 1)]
    known = book(*debts, memory=paid_for(1, 2, 3, 4, 5, 6), clients=CLIENTS)

    found = offered(transfer(sum(OWED[3:])), known)

    assert ids(found["first_by_due"]) == [1004, 1005, 1006]


def test_all_but_one_invoice_may_be_paid():
    found = offered(transfer(sum(OWED[:5]) - OWED[1]), row())

    assert ids(found["but_one_by_issue"]) == [1001, 1003, 1004, 1005]
    assert found["but_one_by_issue"].skipped == 1


def test_what_follows_the_last_number_of_a_cut_list_makes_up_the_rest():
    found = offered(transfer(sum(OWED[1:]), "Rechnung 1002, 1003, 10"), row())

    assert ids(found["named_and_next"]) == [1002, 1003, 1004, 1005, 1006]


def test_a_list_with_something_left_over_is_offered_without_it():
    known = row()

    found = offered(transfer(sum(OWED) + 777), known)
    hypothesis = next(one for one in build(gather(transfer(sum(OWED) + 777), known), known) if one.how == "all_short")

    assert ids(found["all_short"]) == [1001, 1002, 1003, 1004, 1005, 1006]
    assert hypothesis.kind is CandidateKind.GROUP
    assert sum(hypothesis.amounts) == sum(OWED)


def test_what_is_left_over_may_be_for_a_client_who_never_paid_before():
    known = row(known=5)

    found = offered(transfer(sum(OWED)), known)

    assert ids(found["all_and_new"]) == [1001, 1002, 1003, 1004, 1005, 1006]


def test_a_client_who_paid_before_is_no_new_client_of_the_agency():
    known = row(known=5)
    known.add_invoice(settled("900", client=CLIENTS[5]))

    assert "all_and_new" not in offered(transfer(sum(OWED)), known)


def test_a_list_never_takes_more_than_arrived():
    known = row()
    for amount in (1, 499, 5000, 12901, 90000):
        for one in lists(gather(transfer(amount), known), known):
            assert sum(debt.outstanding for debt in one.debts) <= amount
            assert one.how.endswith("_short") or sum(debt.outstanding for debt in one.debts) == amount


def test_a_payer_of_one_client_has_no_list_of_many():
    known = row(known=1)

    assert "all_short" not in offered(transfer(sum(OWED) + 777), known)


def test_a_list_of_eighty_numbers_is_read_to_its_end():
    numbers = range(114001, 114081)
    debts = [invoice(str(number), 1000 + number % 7, client=CLIENTS[number % 9]) for number in numbers]
    known = book(*debts, clients=CLIENTS)
    total = sum(debt.outstanding_minor for debt in debts)

    found = gather(transfer(total, "Rechnungen " + " / ".join(map(str, numbers))), known)

    assert set(numbers) <= found.hits.keys()
    assert any(one.how == "named" and len(one.debts) == 80 for one in build(found, known))


@pytest.mark.parametrize("text", ["Rechnung 1002-1005", "Rechnung 1002 - 1005", "RE 1002 bis 1005", "inv 1002 to 1005"])
def test_a_stretch_of_numbers_names_what_lies_between(text: str):
    one = CLIENTS[0]
    debts = [invoice(str(number), 1100 + number % 1000, client=one) for number in range(1001, 1008)]

    found = gather(receipt(text, 4414), book(*debts, clients=CLIENTS))

    assert {1002, 1003, 1004, 1005} <= found.hits.keys()
    assert not {1001, 1006, 1007} & found.hits.keys()


def test_a_stretch_of_numbers_leaves_out_other_clients():
    debts = [invoice(str(number), client=CLIENTS[number % 2]) for number in range(1001, 1008)]

    found = gather(receipt("Rechnung 1002-1006"), book(*debts, clients=CLIENTS))

    assert {1002, 1004, 1006} <= found.hits.keys()
    assert not {1003, 1005} & found.hits.keys()


def test_the_beginning_of_a_number_that_was_cut_off_is_no_ending():
    debts = [invoice(number, client=CLIENTS[0]) for number in ("118118", "118319", "118402")]

    found = gather(receipt("INVOICE 118319 118"), book(*debts, clients=CLIENTS))

    assert "118118" not in {hit.debt.number for hit in found.hits.values() if hit.grade == "ending"}


def test_the_memory_knows_for_how_many_a_payer_paid_at_once():
    memory = paid_for(1, 2, 3)
    memory.learn(receipt("", counterparty_name=AGENCY), [4], date(2026, 3, 1))

    assert memory.names.together("AGENTUR NORD") == 3
    assert memory.names.together("NIEMAND") == 0
