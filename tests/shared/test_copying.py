"""COPY writes exactly what INSERT would."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from banking.models import BankTransaction
from matching.models import Proposal
from payymo.shared.copying import _written, copy_rows, copy_values, take_keys
from tests.banking.entries import bank_account


def row(account, identity, **more):
    return BankTransaction(
        account=account, identity=identity, fingerprint="f", booking_date=date(2026, 3, 2), amount=Decimal("1.5"),
        currency="EUR", **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "a\tb", "line\nbreak\r", "back\\slash", "\\N", "\\.", "ünïcode 漢字 🙂", "'; DROP TABLE x; --"]
)
def test_every_text_comes_back_as_it_was(in_acme, text):
    account = bank_account()

    assert (
        copy_rows(BankTransaction, [row(account, "1", remittance_information=text, raw_sealed=b"\x00\xff\\x\n")]) == 1
    )

    found = BankTransaction.objects.get()
    assert (found.remittance_information, bytes(found.raw_sealed)) == (text, b"\x00\xff\\x\n")
    assert (found.amount, found.value_date, found.state, found.allocated) == (Decimal("1.500"), None, "UNRECONCILED", 0)
    assert found.created_at is not None


def test_a_conflict_stops_the_whole_copy(in_acme):
    account = bank_account()

    with pytest.raises(IntegrityError), transaction.atomic():
        copy_rows(BankTransaction, [row(account, "1"), row(account, "2"), row(account, "1")])

    assert not BankTransaction.objects.exists()


def test_more_rows_than_one_piece_are_all_written(in_acme):
    account = bank_account()

    assert copy_rows(BankTransaction, (row(account, str(number)) for number in range(4500))) == 4500
    assert BankTransaction.objects.count() == 4500


def test_rows_with_taken_keys_keep_them(in_acme):
    account = bank_account()
    keys = take_keys(BankTransaction, 2)

    copied = [row(account, str(key)) for key in keys]
    for key, one in zip(keys, copied, strict=True):
        one.pk = key
    copy_rows(BankTransaction, copied)

    assert keys[0] < keys[1] < take_keys(BankTransaction, 1)[0]
    assert list(BankTransaction.objects.order_by("pk").values_list("pk", "identity")) == [(k, str(k)) for k in keys]


@pytest.mark.parametrize("reasons", [[], [{"a\tb": "c\\d\n", "x": 'say "ü"', "n": 1.5}]])
def test_json_comes_back_as_it_was(in_acme, reasons):
    payment = BankTransaction.objects.create(
        account=bank_account(), identity="1", fingerprint="f", booking_date=date(2026, 3, 2), amount=1, currency="EUR"
    )

    copy_rows(
        Proposal,
        [
            Proposal(
                bank_transaction=payment, band="none", probability=0.25, reasons=reasons, engine_version="1", amount=1,
                currency="EUR",
            )
        ],
    )  # fmt: skip

    found = Proposal.objects.get()
    assert (found.reasons, found.why_not, found.probability) == (reasons, [], 0.25)


def test_nothing_is_nothing(in_acme):
    assert copy_rows(BankTransaction, []) == 0


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_a_written_text_holds_no_separator(text):
    assert not set(_written(text)) & {"\t", "\n", "\r"}


def values(account, identity, **more):
    told = {
        "public_id": uuid4(), "account_id": account.pk, "identity": identity, "fingerprint": "f",
        "booking_date": date(2026, 3, 2), "amount": Decimal("-1.5"), "currency": "EUR", **more,
    }  # fmt: skip
    return list(told), list(told.values())


def test_values_are_written_as_rows_with_every_default(in_acme):
    account = bank_account()
    names, told = values(account, "1", remittance_information="a\tb\\", raw_sealed=b"\x00\xff")

    assert copy_values(BankTransaction, names, [told]) == 1

    found = BankTransaction.objects.get()
    expected = row(account, "1", remittance_information="a\tb\\", raw_sealed=b"\x00\xff")
    unset = {"id", "public_id", "created_at", "amount"}
    for field in BankTransaction._meta.concrete_fields:
        if field.name not in unset:
            kept = field.value_from_object(found)
            kept = bytes(kept) if isinstance(kept, memoryview) else kept
            assert kept == field.value_from_object(expected), field.name
    assert (found.public_id, found.amount) == (told[0], Decimal("-1.500"))
    assert found.created_at is not None


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_amount_that_is_no_number_is_not_copied(in_acme, amount):
    names, told = values(bank_account(), "1", amount=Decimal(amount))

    with pytest.raises(ValueError, match="no number"):
        copy_values(BankTransaction, names, [told])

    assert not BankTransaction.objects.exists()


def test_row_with_a_value_too_few_is_not_copied(in_acme):
    names, told = values(bank_account(), "1")

    with pytest.raises(ValueError, match="shorter"):
        copy_values(BankTransaction, names, [told[:-1]])

    assert not BankTransaction.objects.exists()


def test_column_that_differs_in_every_row_must_be_given(in_acme):
    names, told = values(bank_account(), "1")

    with pytest.raises(ValueError, match="public_id"):
        copy_values(BankTransaction, names[1:], [told[1:]])
