import time
from datetime import timedelta

import pytest

from matching.core.engine import propose
from matching.core.types import NoneReason
from tests.matching.core.cast import ANNA, TODAY, book, charge, invoice, receipt


def proposed(suggestion):
    return {one.invoice_id for candidate in suggestion.candidates for one in candidate.allocations}


def test_an_invoice_without_a_currency_is_never_settled_and_hides_no_other():
    known = book(invoice("RE-2026-01042", currency=""), invoice("RE-2026-01043"))

    suggestion = propose(receipt("RE-2026-01042 RE-2026-01043", counterparty_name="Kowalska Bau"), known)

    assert 202601043 in proposed(suggestion)
    assert suggestion.candidates[0].allocations[0].invoice_id == 202601043
    assert suggestion.auto is False


def test_an_invoice_with_a_negative_total_owes_nothing():
    known = book(invoice("RE-2026-01042", -11900), invoice("RE-2026-01043"))

    suggestion = propose(receipt("RE-2026-01042", counterparty_name="Kowalska Bau"), known)

    assert 202601042 not in proposed(suggestion)


@pytest.mark.parametrize(
    ("amount", "reason"), [(0, NoneReason.ZERO_AMOUNT), (-1, NoneReason.DEBIT), (-(10**15), NoneReason.DEBIT)]
)
def test_a_payment_of_nothing_or_less_settles_nothing_and_says_so(amount, reason):
    suggestion = propose(receipt("RE-2026-01042", amount), book(invoice("RE-2026-01042")))

    assert (suggestion.candidates, suggestion.none_reason, suggestion.auto) == ((), reason, False)


def test_ten_thousand_open_invoices_of_one_client_end_in_bounded_time():
    debts = [
        invoice(f"RE-{100_000 + n}", 999 + n % 7, issue_date=TODAY - timedelta(days=n % 700), due_date=TODAY)
        for n in range(10_000)
    ]
    known = book(*debts)
    started = time.process_time()

    named = propose(receipt("RE-104242", 999 + 4242 % 7, counterparty_name="Kowalska Bau GmbH"), known)
    for amount in (999, 12_345, 777_777):
        propose(receipt("hosting", amount, counterparty_name="Kowalska Bau GmbH"), known)

    assert time.process_time() - started < 30
    assert [one.invoice_id for one in named.candidates[0].allocations] == [104242]


@pytest.mark.parametrize("amount", [10**12, 10**15])
def test_an_amount_beyond_all_debts_is_bounded_by_what_is_owed(amount):
    suggestion = propose(
        receipt("RE-2026-01042", amount, counterparty_name="Kowalska Bau"), book(invoice("RE-2026-01042"))
    )

    assert all(one.amount_minor <= 11900 for candidate in suggestion.candidates for one in candidate.allocations)


@pytest.mark.parametrize(
    "text", ["\x00\x01\x02", "‮42010-6202-ER", "🦄" * 300, "\ud800", "RE-" + "9" * 400, "/" * 5000, "Ä" * 5000]
)
def test_strange_texts_end_with_an_answer(text):
    debts = book(invoice("RE-2026-01042"))

    assert propose(receipt(text, counterparty_name=text[:200]), debts).receipt_id == "t1"
    assert propose(
        charge(description=text, metadata={"invoice_id": text, text[:30]: "1"}, email=text), debts
    ).receipt_id


def test_an_invoice_issued_after_the_payment_is_weighed_and_never_posted_alone():
    later = invoice("RE-2026-01042", issue_date=TODAY + timedelta(days=20), due_date=TODAY + timedelta(days=30))

    assert propose(receipt("hosting", counterparty_name="Kowalska Bau"), book(later)).auto is False


def test_no_clients_no_invoices_and_no_words_give_a_reason():
    suggestion = propose(receipt(""), book(clients=()))

    assert (suggestion.candidates, suggestion.none_reason) == ((), NoneReason.NO_CANDIDATE)
    assert propose(receipt("", counterparty_name="?"), book(clients=(ANNA,))).none_reason is NoneReason.NO_CANDIDATE
