from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching import taken_back_selectors
from matching.models import Decision, InvoiceMatch, Proposal
from matching.services import allocation, pairing, proposing, rounds, taken_back, undoing
from matching.services.decisions import Actor
from payymo.shared.errors import Conflict
from tests.factories import rows
from tests.factories.rows import NOW
from whmcs.models import Posting


@pytest.fixture(autouse=True)
def _inside(in_acme):
    return in_acme


def payment(amount="50.00", **told):
    return rows.transfer("Invoice INV-204 hosting", amount, end_to_end_id="E2E-1", **told)


def returned(amount="-50.00", **told):
    told = {"end_to_end_id": "E2E-1", "booking_date": date(2026, 11, 19), **told}
    return rows.transfer("Return AC04", amount, return_sign="bank", **told)


def state_of(*entries):
    for entry in entries:
        entry.refresh_from_db()
    return [(entry.state, entry.ignored_reason, entry.allocated) for entry in entries]


def matched(entry, who):
    return allocation.allocate_by_hand(
        receipt_id=entry.public_id, lines=[allocation.Line(rows.invoice("INV-204", entry.amount).pk, entry.amount)],
        actor=Actor.person(who), now=NOW,
    ).decision  # fmt: skip


def test_a_return_and_an_open_payment_are_both_set_aside_once():
    entries = payment(), returned()

    first, second = pairing.pair_found(now=NOW), rounds.prepare(now=NOW)

    assert (first["returns"], second["returns"]) == (1, 0)
    assert state_of(*entries) == [("IGNORED", "returned", 0)] * 2
    assert Decision.objects.filter(kind="PAIR", source="policy").count() == 2


def test_a_round_without_news_counts_what_one_with_news_does():
    payment()
    busy = rounds.prepare(now=NOW)
    proposing.propose(receipts=proposing.waiting(), now=NOW)

    idle = rounds.prepare(now=NOW)

    assert not proposing.has_news()
    assert (busy.keys(), idle["charges"], idle["transfers"]) == (idle.keys(), 0, 0)


def test_a_return_that_came_before_its_payment_was_imported_is_linked_then():
    back = returned()
    rounds.prepare(now=NOW)
    assert state_of(back) == [("IGNORED", "debit", 0)]

    entry = payment()

    assert pairing.pair_found(now=NOW)["returns"] == 1
    assert state_of(entry, back) == [("IGNORED", "returned", 0)] * 2


def test_the_match_of_a_returned_payment_stays_and_becomes_a_step(reviewer):
    entry = payment()
    matched(entry, reviewer)
    back = returned()

    assert pairing.pair_found(now=NOW)["returns"] == 1

    assert state_of(entry, back) == [("RECONCILED", "", 50), ("IGNORED", "returned", 0)]
    taken_back.watch(now=NOW)
    [row] = taken_back_selectors.to_deal_with()
    assert (row.pair.earlier, row.pair.later) == (entry, back)
    assert taken_back_selectors.standings([row])[row.pk].is_unsent
    assert (InvoiceMatch.objects.count(), Posting.objects.get().state) == (1, "QUEUED")


def test_taking_a_pair_apart_opens_both_sides_for_good(reviewer):
    entry, back = payment(), returned("-50.00")
    rounds.run(now=NOW)
    for_other = Decision.objects.get(kind="PAIR", bank_transaction=entry)

    undoing.undo_decision(decision_id=for_other.public_id, actor=Actor.person(reviewer), now=NOW)

    assert state_of(entry, back) == [("UNRECONCILED", "", 0)] * 2
    assert Decision.objects.filter(kind="UNDO").count() == 2
    assert pairing.pair_found(now=NOW)["returns"] == 0
    rounds.run(now=NOW)
    assert state_of(entry, back) == [("UNRECONCILED", "", 0), ("IGNORED", "debit", 0)]
    with pytest.raises(Conflict):
        undoing.undo_decision(decision_id=for_other.public_id, actor=Actor.person(reviewer), now=NOW)


def own_transfer(**told):
    main = rows.account(iban_hash="main")
    reserve = rows.account(iban_hash="reserve")
    debit = rows.transfer("Reserve", "-900.00", into=main, counterparty_hash="reserve", name="Acme")
    credit = rows.transfer("Reserve", "900.00", into=reserve, counterparty_hash="main", name="Acme", **told)
    return debit, credit


def test_the_two_sides_of_an_own_transfer_are_set_aside_together(reviewer):
    debit, credit = own_transfer()
    rounds.run(now=NOW)

    assert state_of(debit, credit) == [("IGNORED", "own_transfer", 0)] * 2
    assert not Proposal.objects.filter(status="OPEN").exists()
    decision = Decision.objects.get(bank_transaction=debit)
    undoing.undo_decision(decision_id=decision.public_id, actor=Actor.person(reviewer), now=NOW)
    assert state_of(debit, credit) == [("UNRECONCILED", "", 0)] * 2


def test_the_other_side_that_comes_days_later_still_finds_the_debit_that_was_set_aside():
    main, reserve = rows.account(iban_hash="main"), rows.account(iban_hash="reserve")
    debit = rows.transfer("Reserve", "-900.00", into=main, counterparty_hash="reserve")
    rounds.run(now=NOW)
    assert state_of(debit) == [("IGNORED", "debit", 0)]

    rows.transfer("Reserve", "900.00", into=reserve, booking_date=debit.booking_date + timedelta(2))

    assert pairing.pair_found(now=NOW)["transfers"] == 1


def test_a_side_that_a_person_decided_about_is_left_and_so_is_the_other(reviewer):
    debit, credit = own_transfer()
    matched(credit, reviewer)

    assert pairing.pair_found(now=NOW)["transfers"] == 0
    assert state_of(debit, credit) == [("UNRECONCILED", "", 0), ("RECONCILED", "", 900)]


def test_many_entries_cost_no_more_queries_to_look_at():
    def cost():
        with CaptureQueriesContext(connection) as asked:
            assert pairing.pair_found(now=NOW) == {"returns": 0, "transfers": 0}
        return len(asked)

    main = rows.account(iban_hash="main")
    rows.account(iban_hash="reserve")
    rows.transfer("x", "-1.00", into=main, counterparty_hash="reserve")
    returned("-7.00")
    one = cost()
    for place in range(9):
        rows.transfer("x", f"-{place + 2}.00", into=main, counterparty_hash="reserve")
        returned(f"-{place + 8}.00")
    assert cost() == one
