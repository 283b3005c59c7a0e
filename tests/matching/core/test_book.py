import pytest

from matching.core.book import UnknownInvoice
from matching.core.engine import propose
from matching.core.types import Client
from tests.matching.core.cast import ANNA, MAREK, TODAY, book, invoice, receipt


def owed(known, client=ANNA):
    return [(debt.id, debt.outstanding) for debt in known.open_of_client(client.id)]


def test_a_settled_debt_leaves_the_open_ones():
    known = book(invoice("RE-1001"), invoice("RE-1002", 5000))

    known.settle(1001, 11900, TODAY)

    assert owed(known) == [(1002, 5000)]
    assert known.open_of_amount("EUR", 11900) == set()
    assert known.debts[1001].closed == TODAY.toordinal()


def test_a_part_payment_leaves_the_rest_open():
    known = book(invoice("RE-1001"))

    known.settle(1001, 4000, TODAY)

    assert owed(known) == [(1001, 7900)]
    assert known.open_of_amount("EUR", 7900) == {1001}


def test_what_several_clients_owe_follows_every_change():
    known = book(invoice("RE-1002", client=MAREK), invoice("RE-1001"))
    both = (ANNA.id, MAREK.id)
    assert [[debt.id for debt in debts] for debts in known.open_of_clients(both)] == [[1001, 1002]] * 2

    known.settle(1001, 11900, TODAY)
    assert [[debt.id for debt in debts] for debts in known.open_of_clients(both)] == [[1002]] * 2

    known.reopen(1001, 11900)
    assert [[debt.id for debt in debts] for debts in known.open_of_clients(both)] == [[1001, 1002]] * 2


@pytest.mark.parametrize("amount", [0, -1, 11901])
def test_a_debt_takes_no_more_than_it_owes(amount):
    known = book(invoice("RE-1001"))

    with pytest.raises(ValueError, match="invoice 1001 owes 11900"):
        known.settle(1001, amount, TODAY)

    assert owed(known) == [(1001, 11900)]


def test_an_unknown_invoice_is_refused():
    with pytest.raises(UnknownInvoice):
        book().settle(1, 1, TODAY)


def test_a_reopened_debt_is_as_if_never_settled():
    known, untouched = book(invoice("RE-1001")), book(invoice("RE-1001"))
    transfer = receipt("RE-1001", counterparty_name="Kowalska Bau")

    known.settle(1001, 11900, TODAY)
    known.reopen(1001, 11900)

    assert propose(transfer, known) == propose(transfer, untouched)
    with pytest.raises(ValueError, match="positive"):
        known.reopen(1001, 0)


def test_adding_an_invoice_again_replaces_its_state():
    known = book(invoice("RE-1001"))

    known.add_invoice(invoice("RE-1001", 700))

    assert owed(known) == [(1001, 700)]
    assert known.numbers.whole("1001") == [1001]


def test_adding_one_by_one_gives_the_same_answers_as_all_at_once():
    debts = [invoice("RE-1001"), invoice("RE-1002", 5000), invoice("RE-1003", client=MAREK)]
    known = book()
    for debt in reversed(debts):
        known.add_invoice(debt)
    transfer = receipt("RE-1001 und 1002", 16900, counterparty_name="Kowalska")

    assert propose(transfer, known) == propose(transfer, book(*debts))


def test_a_renamed_client_is_found_by_the_new_name_only():
    known = book(invoice("RE-1001"))

    known.add_client(Client(1, "Anna", "Wagner", "", "anna@wagner.example", number="7001"))

    assert [hit.client_id for hit in known.names.find("ANNA WAGNER", in_text=False)] == [1]
    assert known.names.find("KOWALSKA BAU", in_text=False) == ()
    assert known.clients_of_email("anna@kowalska-bau.example") == set()


def test_a_domain_that_many_clients_share_points_to_nobody():
    people = tuple(Client(n, f"Person{n}", f"Family{n}") for n in range(1, 7))
    debts = [invoice(f"RE-{1000 + n}", client=people[n - 1], texts=("Mail for shared.example",)) for n in range(1, 7)]

    assert book(*debts, clients=people).clients_of_domain("SHARED.EXAMPLE") == set()


def test_the_name_somebody_registered_is_the_stem_of_a_domain():
    known = book(invoice("RE-1001", texts=("Hosting shop.kowalska.co.uk", "Domain www.bau-anna.example renewal")))

    assert known.clients_of_stem("KOWALSKA", cut=False) == {1}
    assert known.clients_of_stem("BAU-AN", cut=True) == {1}
    assert known.clients_of_stem("BAU-AN", cut=False) == set()


def test_the_latest_rate_counts_both_ways():
    known = book()
    known.observe_rate("USD", "EUR", 0.5, TODAY)
    known.observe_rate("USD", "EUR", 0.8, TODAY.replace(day=1))

    assert (known.rates["USD", "EUR"][0], known.rates["EUR", "USD"][0]) == (0.5, 2.0)


def test_equal_debts_are_counted():
    known = book(invoice("RE-1001"), invoice("RE-1002", client=MAREK), invoice("RE-1003", 5000))

    assert (known.count_of_amount("EUR", 11900), known.count_of_amount("USD", 11900)) == (2, 0)


def test_a_domain_that_is_told_counts_like_one_read_from_a_line():
    told, read = book(invoice("RE-1001")), book(invoice("RE-1001", texts=("Domain shop-kowalska.example.co.uk",)))
    told.add_domain(ANNA.id, "SHOP-KOWALSKA.EXAMPLE.CO.UK")
    payment = receipt("shop-kowalska.example.co.uk")

    assert propose(payment, told) == propose(payment, read)
    assert told.clients_of_stem("EXAMPL", cut=True) == {ANNA.id}
