from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching import locks, payout_selectors
from matching.core.payout_clues import Clue
from matching.models import Decision, Proposal, Settlement
from matching.services import proposing, rounds, settlement, undoing
from matching.services.decisions import Actor, AlreadyDecided, UnusableAllocation
from payymo.shared.errors import Conflict
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW, TODAY
from whmcs.models import Posting


def stripe(amount="100.00", text="STRIPE PAYMENTS EUROPE", **fields):
    return rows.transfer(text, amount, **{"name": "STRIPE", **fields})


def pair(payouts, entry, who, **more):
    listed = payouts if isinstance(payouts, list) else [payouts]
    return settlement.settle(
        payout_ids=[one.public_id for one in listed], receipt_id=entry.public_id, actor=Actor.person(who), now=NOW,
        **more,
    )  # fmt: skip


def undo(row, who):
    return undoing.undo_decision(decision_id=row.decision.public_id, actor=Actor.person(who), now=NOW)


def state_of(entry):
    entry.refresh_from_db()
    return entry.state, entry.allocated


def test_a_payout_is_found_once_and_posts_nothing(in_acme):
    payout, entry = rows.payout("100.00"), stripe()

    assert (settlement.settle_found(now=NOW), settlement.settle_found(now=NOW)) == (1, 0)

    found = Settlement.objects.get()
    assert (found.payout, found.bank_transaction, found.bank_amount, found.clue) == (payout, entry, 100, "named")
    assert (state_of(entry), Posting.objects.count()) == (("RECONCILED", 100), 0)


def test_a_bank_entry_that_was_there_first_is_found_when_the_payout_comes(in_acme):
    entry = stripe(booking_date=TODAY - timedelta(days=4))
    rounds.run(now=NOW)
    assert Proposal.objects.get(bank_transaction=entry, status="OPEN").none_reason == "payout"

    rows.payout("100.00", arrival_date=TODAY - timedelta(days=4))

    assert settlement.settle_found(now=NOW) == 1
    assert not Proposal.objects.filter(status="OPEN").exists()


def test_a_debit_that_was_set_aside_is_found_as_a_negative_payout(in_acme):
    payout, entry = rows.payout("-12.00"), stripe("-12.00")
    proposing.set_outgoing_aside(now=NOW)

    assert settlement.settle_found(now=NOW) == 1

    assert (Settlement.objects.get().payout, state_of(entry)) == (payout, ("RECONCILED", 0))


def test_the_return_of_a_payout_that_failed_later_is_found(in_acme):
    payout, credit = rows.payout("100.00"), stripe()
    settlement.settle_found(now=NOW)
    payout.status = "failed"
    payout.save(update_fields=["status"])
    back = stripe("-100.00", "STRIPE RETURN", booking_date=TODAY)
    proposing.set_outgoing_aside(now=NOW)

    assert (settlement.settle_found(now=NOW), settlement.settle_found(now=NOW)) == (1, 0)

    way_out, returned = Settlement.objects.order_by("pk")
    assert (way_out.bank_transaction, way_out.amount, way_out.is_return) == (credit, 100, False)
    assert (returned.bank_transaction, returned.amount, returned.is_return) == (back, -100, True)


def test_an_entry_that_joins_two_payouts_is_shared_by_them(in_acme):
    first, second, entry = rows.payout("60.00"), rows.payout("40.00"), stripe()

    assert settlement.settle_found(now=NOW) == 1

    shares = dict(Settlement.objects.values_list("payout", "bank_amount"))
    assert (shares, state_of(entry)) == ({first.pk: 60, second.pk: 40}, ("RECONCILED", 100))
    assert Decision.objects.count() == 1


def test_two_equal_payouts_are_left_and_both_entries_are_offered(in_acme):
    twins = [rows.payout("100.00"), rows.payout("100.00")]
    entries = [stripe(), stripe()]

    assert settlement.settle_found(now=NOW) == 0

    offered = payout_selectors.candidates_of(twins)
    for twin in twins:
        assert {one.entry for one in offered[twin.pk]} == set(entries)


def test_an_entry_in_another_currency_waits_for_a_person_even_if_the_bank_states_the_amount(in_acme, reviewer):
    payout = rows.payout("100.00", currency="USD")
    entry = stripe("92.10", original_amount=Decimal("100.00"), original_currency="USD")
    assert settlement.settle_found(now=NOW) == 0
    [offered] = payout_selectors.candidates_of([payout])[payout.pk]
    assert (offered.entry, offered.is_stated, offered.clue) == (entry, True, Clue.NAMED)
    with pytest.raises(UnusableAllocation):
        pair(payout, entry, reviewer)

    [row] = pair(payout, entry, reviewer, accepts_difference=True)

    assert (row.amount, row.currency, row.bank_amount, row.bank_currency) == (100, "USD", Decimal("92.10"), "EUR")
    assert settlement.difference(row) is None


def test_the_policy_never_accepts_a_difference(in_acme):
    payout, entry = rows.payout("100.00"), stripe("99.50")

    with pytest.raises(UnusableAllocation):
        settlement.settle(
            payout_ids=[payout.public_id], receipt_id=entry.public_id, actor=Actor.policy(), now=NOW,
            accepts_difference=True,
        )  # fmt: skip

    assert (Settlement.objects.count(), state_of(entry)) == (0, ("UNRECONCILED", 0))


def test_a_person_may_accept_what_the_bank_kept(in_acme, reviewer):
    payout, entry = rows.payout("100.00"), stripe("99.50")

    [row] = pair(payout, entry, reviewer, accepts_difference=True)

    assert (settlement.difference(row), state_of(entry)) == (Decimal("-0.50"), ("RECONCILED", Decimal("99.50")))


@pytest.mark.parametrize(
    ("amounts", "booked", "more"),
    [
        (["100.00"], "99.99", {}),
        (["60.00", "41.00"], "100.00", {"accepts_difference": True}),
        (["100.00"], "-100.00", {"accepts_difference": True}),
        (["100.00"], "-100.00", {"is_return": True}),
        ([], "100.00", {}),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(in_acme, reviewer, amounts, booked, more):
    payouts, entry = [rows.payout(amount) for amount in amounts], stripe(booked)

    with pytest.raises(UnusableAllocation):
        pair(payouts, entry, reviewer, **more)

    assert (Settlement.objects.count(), Decision.objects.count()) == (0, 0)
    assert state_of(entry) == ("UNRECONCILED", 0)


def test_a_charge_and_an_unknown_payout_are_refused(in_acme, reviewer):
    payout, charge, entry = rows.payout("100.00"), rows.charge("100.00"), stripe()

    with pytest.raises(UnusableAllocation):
        pair(payout, charge, reviewer)
    with pytest.raises(locks.UnknownPayout):
        pair(charge, entry, reviewer)

    assert Settlement.objects.count() == 0


def test_an_entry_or_payout_that_is_taken_is_refused(in_acme, reviewer):
    payout, entry = rows.payout("100.00"), stripe()
    pair(payout, entry, reviewer)

    for again in ((rows.payout("100.00"), entry), (payout, stripe())):
        with pytest.raises(AlreadyDecided):
            pair(*again, reviewer)

    assert Settlement.objects.count() == 1


def test_what_a_person_took_apart_stays_apart(in_acme, reviewer):
    payout, entry = rows.payout("100.00"), stripe()
    settlement.settle_found(now=NOW)
    row = Settlement.objects.get()

    undo(row, reviewer)

    row.refresh_from_db()
    assert (row.undone_by.kind, row.undone_by.undoes, state_of(entry)) == ("UNDO", row.decision, ("UNRECONCILED", 0))
    assert entry in proposing.waiting()
    assert settlement.settle_found(now=NOW) == 0
    pair(payout, entry, reviewer)
    assert Settlement.objects.filter(undone_by=None).count() == 1


def test_the_suggestions_of_an_entry_come_back_with_the_undo(in_acme, reviewer):
    payout, entry = rows.payout("100.00"), rows.transfer("hosting", "100.00")
    rows.invoice("INV-7", "100.00")
    proposing.propose(receipts=proposing.waiting(), now=NOW)
    before = set(Proposal.objects.filter(status="OPEN").values_list("pk", flat=True))
    [row] = pair(payout, entry, reviewer)
    assert not Proposal.objects.filter(status="OPEN").exists()

    undo(row, reviewer)

    assert set(Proposal.objects.filter(status="OPEN").values_list("pk", flat=True)) == before != set()


def test_a_debit_that_is_taken_apart_is_set_aside_again(in_acme, reviewer):
    rows.payout("-12.00")
    entry = stripe("-12.00")
    settlement.settle_found(now=NOW)

    undo(Settlement.objects.get(), reviewer)
    rounds.prepare(now=NOW)

    assert (state_of(entry), Settlement.objects.filter(undone_by=None).count()) == (("IGNORED", 0), 0)


def test_the_banks_own_text_is_known_once_its_sender_was_seen(in_acme):
    rows.payout("30.00", arrival_date=TODAY - timedelta(days=30))
    stripe("30.00", counterparty_hash="sender", booking_date=TODAY - timedelta(days=30))
    settlement.settle_found(now=NOW)
    rows.payout("100.00")
    rows.transfer("GUTSCHR 0815", "100.00", name="SAMMELKONTO", counterparty_hash="sender")
    rows.payout("200.00")
    stranger = rows.transfer("GUTSCHR 0816", "200.00", name="A. Payer", counterparty_hash="other")

    assert settlement.settle_found(now=NOW) == 1

    assert Settlement.objects.latest("pk").clue == "sender"
    assert state_of(stranger) == ("UNRECONCILED", 0)


def test_old_payouts_without_an_entry_keep_no_new_one_waiting(in_acme, monkeypatch):
    monkeypatch.setattr(settlement, "CANDIDATE_LIMIT", 2)
    for _ in range(3):
        stripe("7.00", booking_date=TODAY - timedelta(days=300))
        rows.payout("7.00", arrival_date=TODAY - timedelta(days=300))
    rows.payout("100.00")
    stripe()

    assert settlement.settle_found(now=NOW) == 1


def test_another_tenants_payouts_are_not_found(in_acme, globex):
    rows.payout("100.00")
    with context.inside(globex):
        stripe()
        assert settlement.settle_found(now=NOW) == 0
    assert settlement.settle_found(now=NOW) == 0


def test_the_queries_do_not_grow_with_payouts(in_acme):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            payout_selectors.candidates_of(list(payout_selectors.unsettled()))
        return len(queries)

    for amount in (100, 100):
        rows.payout(f"{amount}.00")
        stripe(f"{amount}.00")
    few = cost()
    for amount in range(200, 215):
        rows.payout(f"{amount}.00")
        stripe(f"{amount}.00")

    assert cost() == few


def test_of_parallel_pairings_of_one_payout_one_wins(committed_acme, reviewer):
    payout = rows.payout("100.00")
    entries = [stripe() for _ in range(6)]
    outcomes, start = [], Barrier(len(entries))

    def run(entry):
        try:
            with context.inside(committed_acme):
                start.wait(60)
                pair(payout, entry, reviewer)
                outcomes.append("settled")
        except Conflict:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=run, args=(entry,)) for entry in entries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(outcomes) == ["refused"] * 5 + ["settled"]
    assert Settlement.objects.count() == 1
