import pytest

from matching.core.numbers import NumberIndex, digits_of, running_part
from matching.core.quotes import Label, read_quotes
from tests.matching.core.cast import TODAY


def read(text):
    return [(quote.digits, quote.label) for quote in read_quotes("x", text, TODAY) if quote.whole]


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("Rechnung 2026-01042", [("202601042", Label.INVOICE)]),
        ("INV105229 BEN", [("105229", Label.INVOICE)]),
        ("RNR:2026 - 60368", [("202660368", Label.INVOICE)]),
        ("Faktu ra 487", [("487", Label.INVOICE)]),
        ("#1042", [("1042", Label.COUNT)]),
        ("KdNr 337 RNr:2026-00006", [("337", Label.CLIENT), ("202600006", Label.INVOICE)]),
        ("RG 1001, 1002 und 1003", [("1001", Label.INVOICE), ("1002", Label.INVOICE), ("1003", Label.INVOICE)]),
        ("Tel 325087527", [("325087527", Label.OTHER)]),
        ("BESTELLUNG 69543", [("69543", Label.ORDER)]),
        ("Rechnung 2026O1352", [("202601352", Label.INVOICE)]),
        ("Rechnung 1042 EUR 15,46", [("1042", Label.INVOICE)]),
        ("DE15200505504455673131", []),
        ("TTEKJUP7FB", []),
        ("danke", []),
        ("", []),
    ],
)
def test_numbers_are_read_with_what_they_are_called(text, quotes):
    assert read(text) == quotes


@pytest.mark.parametrize("text", ["Hosting 16.03.2026", "20260316", "Zahlung 2026-03", "FP 16/03"])
def test_dates_are_recognised(text):
    assert all(quote.date_like for quote in read_quotes("x", text, TODAY) if quote.whole)


def test_a_number_at_the_end_of_a_field_may_be_cut():
    [quote] = read_quotes("x", "CUST INVOICE NO 10", TODAY)

    assert (quote.digits, quote.at_end) == ("10", True)


@pytest.mark.parametrize(
    ("number", "digits", "running"),
    [
        ("RE-2026-01042", "202601042", "1042"),
        ("INV-204", "204", ""),
        ("111123", "111123", ""),
        ("202601042", "202601042", "1042"),
        ("2026/03/0007", "2026030007", "7"),
        ("FV/6837/07/2025", "6837072025", "6837"),
        ("202409-0008", "2024090008", "8"),
        ("24-0123", "240123", "123"),
        ("17/2026", "172026", "17"),
        ("A", "", ""),
    ],
)
def test_a_number_has_digits_and_a_running_part(number, digits, running):
    assert (digits_of(number), running_part(number)) == (digits, running)


@pytest.mark.parametrize("written", ["202601042", "2601042"])
def test_an_invoice_is_found_by_its_digits_with_either_form_of_the_year(written):
    index = NumberIndex()
    index.add(7, ("RE-2026-01042", "7"))

    assert index.whole(written) == [7]


@pytest.mark.parametrize("written", ["202601043", "20260142", "2026010422", "202601024", "203601042"])
def test_an_invoice_is_found_one_slip_away(written):
    index = NumberIndex()
    index.add(7, ("RE-2026-01042",))

    assert set(index.one_slip_away(written)) == {7}


def test_a_settled_invoice_is_nobodys_slip_until_it_is_open_again():
    index = NumberIndex()
    index.add(7, ("RE-2026-01042",))
    index.add(8, ("RE-2026-01044",), is_open=False)

    index.close(7)

    assert index.one_slip_away("202601043") == []
    assert (index.whole("202601042"), index.whole("202601044")) == ([7], [8])
    index.reopen(7, ("RE-2026-01042",))
    assert set(index.one_slip_away("202601043")) == {7}


def test_two_slips_are_not_one():
    index = NumberIndex()
    index.add(7, ("RE-2026-01042",))

    assert index.one_slip_away("202601979") == []


@pytest.mark.parametrize(("word", "digits"), [("HO202504", "202504"), ("SO1042", "1042"), ("O2042", "2042")])
def test_letters_that_the_host_itself_puts_before_numbers_are_not_read_as_digits(word, digits):
    prefixes = {word.rstrip("0123456789")}

    assert [quote.digits for quote in read_quotes("x", word, TODAY, prefixes)] == [digits]


@pytest.mark.parametrize(
    "text", ["FV FV7812082026", "fv 7812082026", "FV/7812/8/2026", "Zaplata fv/7812/O8/2026", "FV 7812 / 08 / 2026"]
)
def test_every_way_to_write_a_number_with_its_month_is_read(text):
    index = NumberIndex()
    index.add(5, ["FV/7812/08/2026"])

    found = {one for quote in read_quotes("x", text, TODAY, index.prefixes) for one in index.whole(quote.digits)}

    assert found == {5}


def test_an_account_number_is_no_quoted_number_and_a_number_is_no_account():
    assert read_quotes("x", "PL61109010140000071219812874", TODAY) == []
    assert [quote.digits for quote in read_quotes("x", "FV7812082026", TODAY)] == ["7812082026"]
