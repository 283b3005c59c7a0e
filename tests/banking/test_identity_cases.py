"""What banks do to their entries from one fetch to the next: whatever it is, each payment is one row."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from banking import adapters
from banking.models import BankConnection
from banking.services.notes import Note
from tests.banking.asked import DAY, NOW, read
from tests.factories import rows

GOCARDLESS, ENABLE_BANKING = "gocardless_bad", "enable_banking"
TODAY = NOW.date()


@pytest.fixture(params=[GOCARDLESS, ENABLE_BANKING])
def account(request, in_acme):
    consent = BankConnection.objects.create(provider=request.param, institution_id="X", state="LINKED")
    return rows.account(connection=consent)


def told(account, amount="11.90", text="Invoice RE-1042", *, back=1, key="", date=True):
    """Write an entry as the account's provider does; `key` is the id that it gives, empty for none."""
    day = {"booking": (TODAY - timedelta(back)).isoformat()} if date else {}
    if account.connection.provider == GOCARDLESS:
        return {
            **({"internalTransactionId": key} if key else {"internalTransactionId": " ", "transactionId": ""}),
            **({"bookingDate": day["booking"]} if day else {}), "debtorName": "Erika Muster",
            "transactionAmount": {"amount": amount, "currency": "EUR"}, "remittanceInformationUnstructured": text,
        }  # fmt: skip
    return {
        "entry_reference": key or None, "status": "BOOK",
        "credit_debit_indicator": "DBIT" if amount[0] == "-" else "CRDT",
        "transaction_amount": {"amount": amount.removeprefix("-"), "currency": "EUR"}, "remittance_information": [text],
        "debtor": {"name": "Erika Muster"}, **({"booking_date": day["booking"]} if day else {}),
    }  # fmt: skip


def show(account, booked, *, pending=(), at=NOW):
    """Let the bank answer with these entries, and read the answer."""
    if account.connection.provider == GOCARDLESS:
        answer = {"transactions": {"booked": list(booked), "pending": list(pending)}}
    else:
        listed = [*booked, *({**one, "status": "PDNG", "entry_reference": None} for one in pending)]
        answer = {"pages": [{"transactions": listed}]}
    raw = adapters.new_raw_fetch(
        account, json.dumps(answer), provider=account.connection.provider, fetched_at=at,
        complete_from=TODAY - 90 * DAY, complete_until=at.date(),
    )  # fmt: skip
    raw.save()
    return read(raw)


def amounts(account):
    return sorted(account.transactions.values_list("amount", flat=True))


def test_a_pending_entry_that_is_booked_with_another_text_and_day_is_one(account):
    show(account, [], pending=[told(account, text="VISA 4711 reserved", back=1)])
    assert (amounts(account), account.pending_entries.count()) == ([], 1)

    for _ in range(2):
        show(account, [told(account, text="Card payment RE-1042", back=0, key="b1")], at=NOW + DAY)

    assert (amounts(account), account.pending_entries.count()) == ([Decimal("11.900")], 0)


@pytest.mark.parametrize("reissued", ["", "z"])
def test_entries_whose_ids_are_blank_or_new_in_each_answer_are_as_many_as_they_were(account, reissued):
    book = [("11.90", "Invoice RE-1"), ("11.90", "Invoice RE-2"), ("5.00", "Twin"), ("5.00", "Twin")]

    for round_ in ("a", "b", reissued):
        keys = [f"{round_}{place}" if round_ else "" for place in range(4)]
        entries = [told(account, *one, key=key) for one, key in zip(book, keys, strict=True)]
        show(account, entries[::-1] if round_ == "b" else entries)

    assert amounts(account) == [Decimal("5"), Decimal("5"), Decimal("11.9"), Decimal("11.9")]


def test_an_entry_without_a_date_is_refused_until_it_has_one_and_then_stored_once(account):
    first = show(account, [told(account, key="n1", date=False), told(account, "7.00", "other", key="n2")])
    assert (first.new, len(first.refused)) == (1, 1)

    for _ in range(2):
        show(account, [told(account, key="n1"), told(account, "7.00", "other", key="n2")])

    assert amounts(account) == [Decimal("7"), Decimal("11.9")]


def test_a_sign_that_the_bank_turns_round_later_is_shown_and_its_own_id_is_no_second_payment(account):
    show(account, [told(account, "-11.90", key="s1")])

    again = show(account, [told(account, "11.90", key="s1")])

    if account.connection.provider == GOCARDLESS:
        assert [one.why.words for one in again.noted if one.line] == [Note.CHANGED_FACTS]
        assert amounts(account) == [Decimal("-11.9")]
    else:
        # The bank's own reference may come again for something else: a person sees both.
        assert amounts(account) == [Decimal("-11.9"), Decimal("11.9")]


def test_an_answer_that_silently_begins_later_than_asked_takes_nothing_away(account):
    book = [told(account, f"{back}.00", f"Invoice RE-{back}", back=back, key=f"h{back}") for back in range(1, 60)]
    show(account, book)

    shorter = show(account, book[:20])

    assert (shorter.new, shorter.noted, account.transactions.count()) == (0, (), 59)


def test_overlapping_answers_in_any_order_hold_each_entry_once(account):
    book = [told(account, "9.99", f"Invoice RE-{back // 3}", back=back) for back in range(30)]

    for entries in (book[10:20], book[5:15][::-1], book, book[25:]):
        show(account, entries)

    assert account.transactions.count() == 30
