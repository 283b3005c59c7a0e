"""A part of a tenant's book answers like the whole."""

import inspect

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching import adapters, books
from matching.core import engine, partial
from matching.core.book import Book
from matching.core.memory import Counts
from matching.core.names import NameIndex
from matching.core.numbers import NumberIndex
from matching.core.partial import PartialBook, judge
from matching.models import ClientDomain, ClientNames, ClientWord, InvoiceNumber, NameWord
from matching.services import indexing, requeueing
from tests.factories import rows
from tests.factories.rows import NOW, TODAY
from tests.matching import world
from whmcs.models import Invoice


def by_look_ups(values):
    reader = books.Reader(today=TODAY)
    return judge(values, books.partial_book(), ask=engine.propose, fetch=reader.fetch)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_part_of_the_book_answers_like_the_whole(in_acme, seed):
    chance = world.make_host(seed)
    requeueing.requeue_for_changed_invoices(now=NOW)
    values = [adapters.to_receipt(row) for row in world.make_payments(chance, 120)]

    whole = books.whole_book(today=TODAY)
    expected = {value.id: engine.propose(value, whole) for value in values}

    assert by_look_ups(values) == expected
    assert {value.id: by_look_ups([value])[value.id] for value in values[:30]} == {
        value.id: expected[value.id] for value in values[:30]
    }
    assert sum(bool(suggestion.candidates) for suggestion in expected.values()) > 80


def test_a_part_holds_less_than_the_whole(in_acme):
    rows.invoice("INV-1042", "119.00", of=rows.client("Kowalska Bau"))
    for number in range(30):
        rows.invoice(f"RE-{number + 70000}", "5.00", of=rows.client(f"Company{number}"))
    requeueing.requeue_for_changed_invoices(now=NOW)
    book = books.partial_book()

    judge(
        [adapters.to_receipt(rows.transfer("INV-1042", "119.00", name="Kowalska Bau"))],
        book,
        ask=engine.propose,
        fetch=books.Reader(today=TODAY).fetch,
    )

    assert [debt.number for debt in book.debts.values()] == ["INV-1042"]


def test_the_queries_do_not_grow_with_the_payments(in_acme):
    chance = world.make_host(5, invoices=60)
    requeueing.requeue_for_changed_invoices(now=NOW)
    values = [adapters.to_receipt(row) for row in world.make_payments(chance, 60)]

    def most_queries_of_a_fetch(receipts):
        counts = []
        reader = books.Reader(today=TODAY)

        def fetch(book, keys):
            with CaptureQueriesContext(connection) as queries:
                reader.fetch(book, keys)
            counts.append(len(queries))

        judge(receipts, books.partial_book(), ask=engine.propose, fetch=fetch)
        return max(counts), len(counts)

    # 17 look-ups, each after a statement that names the schema.
    queries, fetches = most_queries_of_a_fetch(values)
    assert (queries <= 34, fetches <= 8) == (True, True)
    assert most_queries_of_a_fetch(values[:6])[1] <= 8


@pytest.mark.parametrize(
    ("whole", "part", "other"),
    [
        (Book, PartialBook, "add_client add_invoice add_domain settle reopen observe_rate"),
        (NumberIndex, partial._PartialNumbers, "add close reopen"),
        (NameIndex, partial._PartialNames, "know followed add add_forms remove places"),
        (Counts, partial._PartialCounts, "add drop_client drop_key load"),
    ],
)
def test_every_look_up_is_answered_by_a_part_too(whole, part, other):
    def look_ups(of):
        members = {name for name, member in vars(of).items() if inspect.isfunction(member) and name[0] != "_"}
        return members - set(other.split())

    assert look_ups(whole) <= look_ups(part)


def written_down():
    return (
        set(InvoiceNumber.objects.values_list("invoice", "digits", "is_running")),
        set(ClientNames.objects.values_list("pk", "email")),
        set(ClientWord.objects.values_list("client", "word")),
        set(NameWord.objects.filter(carriers__gt=0).values_list("word", "carriers")),
        set(ClientDomain.objects.values_list("client", "domain", "last_seen_date")),
    )


def test_taking_up_the_same_again_changes_nothing(in_acme):
    world.make_host(6, invoices=40)
    requeueing.requeue_for_changed_invoices(now=NOW)
    before = written_down()

    indexing.take_up(list(Invoice.objects.all()))

    assert written_down() == before
    assert indexing.recount_words() == 0


def test_a_new_name_and_number_replace_the_old_ones(in_acme):
    owner, other = rows.client("Kowalska Bau"), rows.client("Nowak Bau")
    debt = rows.invoice("INV-7", "9.99", of=owner, text="Domain old.example.com")
    rows.invoice("INV-8", "9.99", of=other)
    requeueing.requeue_for_changed_invoices(now=NOW)

    type(owner).objects.filter(pk=owner.pk).update(company_name="Mazur Bau", email="New@Mazur.example")
    Invoice.objects.filter(pk=debt.pk).update(number="INV-2026-9", matched_at=None)
    requeueing.requeue_for_changed_invoices(now=NOW)

    numbers = InvoiceNumber.objects.filter(invoice=debt, is_running=False).values_list("digits", flat=True)
    assert set(numbers) == {"20269", "269", str(debt.whmcs_id)}
    assert dict(NameWord.objects.values_list("word", "carriers")) == {"BAU": 2, "KOWALSKA": 0, "MAZUR": 1, "NOWAK": 1}
    assert ClientNames.objects.get(pk=owner.pk).email == "new@mazur.example"


def test_an_invoice_whose_amount_its_currency_cannot_hold_owes_nothing(in_acme):
    rows.invoice("INV-1042", "119.005")
    payment = rows.transfer("INV-1042", "119.00")
    requeueing.requeue_for_changed_invoices(now=NOW)
    value = adapters.to_receipt(payment)

    suggestion = engine.propose(value, books.whole_book(today=TODAY))

    assert suggestion.candidates == ()
    assert by_look_ups([value]) == {value.id: suggestion}
