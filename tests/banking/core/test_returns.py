import pytest

from banking.core.returns import return_sign


def sign(source="camt053", code="", text="", is_reversal=False):
    return return_sign(source=source, code=code, text=text, is_reversal=is_reversal)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("camt053", "PMNT-RCDT-RRTN"), ("gocardless_bad", "PMNT-IDDT-UPDD"), ("camt053", "NTRF+109+00931"),
        ("mt940", "NRTI/109"), ("mt940", "NTRF/159"), ("bai2", "557"),
        ("enable_banking", "PMNT-RCDT-RPCR"), ("gocardless_bad", "PMNT-ICDT-ESCT NTRF+109+00931"),
    ],
)  # fmt: skip
def test_the_banks_own_code_says_that_it_is_a_return(source, code):
    assert sign(source, code) == "bank"


@pytest.mark.parametrize(
    ("source", "code"),
    [("ofx", "557"), ("bai2", "109"), ("mt940", "NTRF/166"), ("camt053", "PMNT-RCDT-ESCT"), ("mt940", "NTRF/255")],
)
def test_a_number_that_means_it_elsewhere_says_nothing(source, code):
    assert sign(source, code) == ""


def test_the_mark_counts_whatever_the_text_says():
    assert sign(is_reversal=True) == "bank"


@pytest.mark.parametrize(
    "text",
    ["RETOURE SEPA LASTSCHRIFT", "Rücklastschrift INV-204", "Payment returned AC04", "REJET VIREMENT",
     "Storno", "RUECKUEBERWEISUNG KONTO FALSCH"],
)  # fmt: skip
def test_a_text_that_reads_like_a_return_is_told_apart_from_the_banks_word(text):
    assert sign(text=text) == "text"


@pytest.mark.parametrize("text", ["INV-204", "Returning customer", "Stornoway hosting", "Retour aux sources"])
def test_words_that_only_begin_alike_are_none(text):
    assert sign(text=text) == ""
