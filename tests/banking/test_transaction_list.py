"""What the list of transactions finds, and that an index finds it."""

from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Q

from banking import selectors
from banking.models import BankTransaction
from banking.selectors import TransactionFilter
from tests.factories import rows

# On few rows any of these is as good as walking along the index.
WAYS = ("seqscan", "bitmapscan", "sort")


@pytest.fixture(autouse=True)
def _inside(in_acme):
    return in_acme


def found(text):
    wanted = selectors.transactions(wanted=TransactionFilter(text=text))
    return sorted(wanted.values_list("remittance_information", flat=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INV-204", ["invoice inv-204", "inv-2041"]),
        ("nv-204", ["invoice inv-204", "inv-2041"]),
        ("müller", ["rent"]),
        ("E2E-77", ["rent"]),
        ("re", ["rent"]),
        ("nt", []),
        ("11,90", ["inv-2041"]),
        ("900", ["rent"]),
        ("100%", []),
        ("_nv", []),
    ],
)
def test_a_text_is_found_anywhere_and_one_of_two_letters_at_the_beginning(text, expected):
    rows.transfer("invoice inv-204", "5.00")
    rows.transfer("inv-2041", "11.90")
    rows.transfer("rent", "-900.00", name="Müller GmbH", end_to_end_id="E2E-77")

    assert found(text) == sorted(expected)


def plan_of(wanted, *, without=("seqscan",)):
    with connection.cursor() as cursor:
        for way in without:
            cursor.execute(f"SET LOCAL enable_{way} = off")
        sql, told = wanted.query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", told)
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize("text", ["INV-2026-0001", "re", "11.90"])
def test_a_text_is_looked_up_in_the_index_of_texts_and_amounts(text):
    plan = plan_of(BankTransaction.objects.filter(selectors.found_in(text)).order_by())

    assert "tx_texts" in plan
    assert "Seq Scan" not in plan
    assert ("tx_amount" in plan) is (text == "11.90")


def test_a_later_page_begins_at_its_day_in_the_index():
    row = rows.transfer("x", "1.00")
    day = row.booking_date
    before = (Q(booking_date__lte=day), Q(booking_date__lt=day) | Q(booking_date=day, pk__lt=row.pk))

    plan = plan_of(BankTransaction.objects.filter(*before).order_by("-booking_date", "-pk")[:51], without=WAYS)

    assert "Index Cond: (booking_date <=" in plan
    assert BankTransaction.objects.filter(amount=Decimal(1)).count() == 1
