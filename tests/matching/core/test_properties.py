import random
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from matching.core.engine import propose
from matching.core.types import Client, OpenInvoice, Receipt
from tests.matching.core.cast import EVERYONE, TODAY, book, invoice, receipt

CLIENTS = st.sampled_from(EVERYONE)
AMOUNTS = st.sampled_from([1, 599, 999, 1190, 5000, 11900, 11900, 23800])
TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["RE-1001", "Rechnung 1002 und 1003", "1001,1002,1003", "Kowalska", "KdNr 7002", "2026-03-16", "RE 10O1"]
    ),
)


@st.composite
def debts(draw) -> list[OpenInvoice]:
    """Up to eight debts with numbers of their own."""
    made = []
    for place in range(draw(st.integers(0, 8))):
        owed = draw(AMOUNTS)
        issued = TODAY - timedelta(days=draw(st.integers(0, 400)))
        currency = draw(st.sampled_from(["EUR", "EUR", "EUR", "USD"]))
        number = f"RE-{1001 + place}"
        made.append(invoice(number, owed, client=draw(CLIENTS), issue_date=issued, due_date=issued, currency=currency))
    return made


@st.composite
def transfers(draw) -> Receipt:
    """A transfer of any amount with any text."""
    name = draw(st.sampled_from(["", "Anna Kowalska", "MAREK NOVAK", "Somebody Else", "?"]))
    instructed = draw(st.sampled_from([None, None, 5000]))
    return receipt(
        draw(TEXTS),
        draw(st.one_of(AMOUNTS, st.integers(-50_000, 50_000))),
        counterparty_name=name,
        counterparty_account=draw(st.sampled_from(["", "ACC1"])),
        instructed_amount_minor=instructed,
        instructed_currency="USD" if instructed else "",
    )


@settings(max_examples=150, deadline=None)
@given(transfers(), debts(), st.randoms(use_true_random=False))
def test_the_order_of_clients_and_invoices_changes_nothing(transfer, known, order: random.Random):
    shuffled, people = list(known), list(EVERYONE)
    order.shuffle(shuffled)
    order.shuffle(people)

    assert propose(transfer, book(*known)) == propose(transfer, book(*shuffled, clients=tuple(people)))


@settings(max_examples=200, deadline=None)
@given(transfers(), debts())
def test_no_candidate_uses_more_than_was_received_or_is_owed(transfer, known):
    suggestion = propose(transfer, book(*known))

    owed = {one.id: one for one in known}
    for candidate in suggestion.candidates:
        used = 0
        for allocation in candidate.allocations:
            assert 0 < allocation.amount_minor <= owed[allocation.invoice_id].outstanding_minor
            if owed[allocation.invoice_id].currency == transfer.currency:
                used += allocation.amount_minor
        assert used <= transfer.amount_minor
        assert 0.0 <= candidate.probability <= 1.0
    if transfer.amount_minor <= 0:
        assert suggestion.candidates == ()


@settings(max_examples=100, deadline=None)
@given(transfers(), debts())
def test_the_same_question_gets_the_same_answer(transfer, known):
    same_book = book(*known)

    assert propose(transfer, same_book) == propose(transfer, same_book)


@settings(max_examples=150, deadline=None)
@given(transfers(), debts())
def test_chances_of_all_candidates_add_up_to_at_most_one(transfer, known):
    suggestion = propose(transfer, book(*known))

    assert sum(candidate.probability for candidate in suggestion.candidates) <= 1 + 1e-9
    chances = [candidate.probability for candidate in suggestion.candidates]
    assert (chances, len(chances) <= 5) == (sorted(chances, reverse=True), True)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(13_000, 90_000))
def test_an_irrelevant_invoice_changes_nothing_certain(days, owed):
    stranger = Client(77, "Olga", "Petrenko", "Solntse TOV")
    transfer = receipt("RE-2026-01042", counterparty_name="Kowalska Bau GmbH")
    other = invoice("RE-2026-77777", owed, client=stranger, issue_date=TODAY - timedelta(days=days), due_date=TODAY)
    mine = invoice("RE-2026-01042")
    alone = propose(transfer, book(mine))

    beside = propose(transfer, book(mine, other, clients=(*EVERYONE, stranger)))

    assert alone.auto is beside.auto is True
    assert alone.candidates[0].allocations == beside.candidates[0].allocations
