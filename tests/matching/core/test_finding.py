"""How the results of a search are ranked: by the words first, by the payment where the words do not tell."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.core.book import Book
from matching.core.finding import fit, rank
from matching.core.types import Client, OpenInvoice, Receipt, Source

DAY = date(2026, 11, 10)


def client(id, company="", first="", last="", email=""):
    return Client(id=id, company_name=company, first_name=first, last_name=last, email=email)


def invoice(id, number, due_minor=11900, of=1, text="", due=DAY):
    return OpenInvoice(
        id=id, client_id=of, numbers=(number, str(id)), currency="EUR", outstanding_minor=due_minor,
        total_minor=due_minor, issue_date=due, due_date=due, texts=(text,),
    )  # fmt: skip


def receipt(amount_minor=11900, name="", text=""):
    return Receipt(
        id="r", source=Source.BANK, booking_date=DAY, amount_minor=amount_minor, currency="EUR",
        counterparty_name=name, remittance_information=text,
    )  # fmt: skip


def found(query, clients, invoices, payment=None):
    book = Book(clients, invoices)
    return [each.invoice_id for each in rank(query, payment or receipt(), book, invoices)]


NOBODY = client(1)


@pytest.mark.parametrize(
    "query", ["INV-2026-01042", "inv-2026-01042", "INV202601042", "01042", "1042", "#1042", "RE1042", "40"]
)
def test_a_number_in_any_spelling_outranks_a_number_that_only_holds_it(query):
    wanted, other = invoice(40, "INV-2026-01042" if query != "RE1042" else "RE-1042"), invoice(41, "INV-2026-10427")

    assert found(query, [NOBODY], [other, wanted])[0] == 40


@pytest.mark.parametrize(
    ("better", "worse", "query"),
    [
        ("Müller GmbH", "Obermüller GmbH", "muller"),
        ("Müller GmbH", "Müllerei Nord", "Mueller"),
        ("Müllerei Nord", "Obermüller GmbH", "MÜLLER"),
        ("Nord Wind Ltd", "Wind Nord Ltd", "nord wind"),
        ("Ångström Labs", "Strom AG", "angstrom"),
        ("Łódź Hosting", "Lod Hosting", "Łódź"),
        ("Straße 7 KG", "Strand 7 KG", "strasse"),
    ],
)
def test_whole_words_outrank_beginnings_and_beginnings_what_is_inside(better, worse, query):
    people = [client(1, better), client(2, worse)]
    debts = [invoice(10, "A-10", of=2), invoice(11, "A-11", of=1)]

    assert found(query, people, debts) == [11, 10]


def test_words_in_another_order_are_still_found_whole():
    assert fit("byron ada", client(1, first="Ada", last="Byron"), invoice(10, "A-10")) > fit(
        "byron", client(1, first="Ada", last="Byron"), invoice(10, "A-10")
    )


@pytest.mark.parametrize("query", ["shop.example", "ada@shop.example", "www.shop.example"])
def test_a_whole_address_outranks_a_part_of_one(query):
    people = [client(1, email="ada@shop.example"), client(2, email="bob@myshop.example.org")]
    debts = [invoice(10, "A-10", of=2), invoice(11, "A-11", of=1, text="Domain www.shop.example")]

    assert found(query, people, debts)[0] == 11


def test_equal_words_leave_the_order_to_the_payment():
    debts = [invoice(10, "A-10", 5000), invoice(11, "A-11", 11900), invoice(12, "A-12", 7000)]

    assert found("northwind", [client(1, "Northwind Ltd")], debts)[0] == 11


def test_without_words_the_payer_decides_between_equal_amounts():
    people = [client(1, "Globex BV"), client(2, "Northwind Ltd")]
    debts = [invoice(10, "A-10", of=1), invoice(11, "A-11", of=2)]

    assert found("", people, debts, receipt(name="Northwind Ltd")) == [11, 10]


def test_each_result_says_why_it_fits_and_why_not():
    people, debts = [client(1, "Northwind Ltd")], [invoice(10, "A-10", 11900), invoice(11, "A-11", 5000)]

    first, second = rank("northwind", receipt(name="Northwind Ltd"), Book(people, debts), debts)

    assert {"amount", "payer_name"} <= {str(reason.code) for reason in first.reasons}
    assert "amount_over" in {str(reason.code) for reason in second.against}


WORDS = st.text(alphabet="abcüß .@-0123456789=~#", max_size=20)


@given(query=WORDS, order=st.permutations([10, 11, 12, 13]))
def test_the_order_of_the_input_does_not_matter_and_nothing_is_lost(query, order):
    debts = {id: invoice(id, f"INV-{id}", 1000 * id, of=1 + id % 2) for id in (10, 11, 12, 13)}
    people = [client(1, "Abc Üb"), client(2, "Cab")]

    ranked = found(query, people, [debts[id] for id in order])

    assert sorted(ranked) == [10, 11, 12, 13]
    assert ranked == found(query, people, [debts[id] for id in sorted(order)])
