from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.core.payout_clues import Clue, Habits, weigh
from matching.core.settlement import Found, PayoutFeed, find_payouts, find_settlements
from tests.matching.core.cast import TODAY, charge, payout, receipt


def stripe(transfer_id="t1", amount=50000, *, days=0, text="STRIPE PAYOUT", **changes):
    day = TODAY + timedelta(days=days)
    values = {"id": transfer_id, "booking_date": day, "counterparty_name": "STRIPE", **changes}
    return receipt(text, amount, **values)


def own_text(transfer_id="t1", amount=50000, *, text="Gutschr. 0815", name="SAMMELKONTO 77", **changes):
    return stripe(transfer_id, amount, text=text, **{"counterparty_name": name, **changes})


def day(days):
    return TODAY + timedelta(days=days)


def test_a_payout_is_found_by_amount_name_and_day():
    assert find_payouts([stripe(days=1)], [payout("po_1"), payout("po_2", 70000)]) == {"t1": "po_1"}


@pytest.mark.parametrize(
    "transfer",
    [
        stripe(amount=50001),
        stripe(amount=-50000),
        stripe(days=9),
        stripe(days=-5),
        stripe(currency="GBP"),
        receipt("hosting", 50000, counterparty_name="Anna Kowalska"),
        receipt("PAYPAL PAYOUT", 50000, counterparty_name="PayPal Europe"),
        charge(50000),
    ],
)
def test_what_differs_is_no_payout(transfer):
    assert find_payouts([transfer], [payout()]) == {}


def test_two_equal_payouts_on_one_day_are_left_to_a_person():
    findings = find_settlements([stripe("t1"), stripe("t2")], [payout("po_1"), payout("po_2")])

    assert findings.found == ()
    assert findings.ties == {"t1": ("po_1", "po_2"), "t2": ("po_1", "po_2")}


def test_two_entries_for_one_payout_are_left_to_a_person():
    findings = find_settlements([stripe("t1"), stripe("t2")], [payout("po_1")])

    assert (findings.found, findings.ties) == ((), {"t1": ("po_1",), "t2": ("po_1",)})


@pytest.mark.parametrize("where", ["remittance_information", "end_to_end_id", "structured_reference"])
def test_a_trace_decides_between_equal_payouts_wherever_the_bank_writes_it(where):
    twins = [payout("po_1", trace_id="9XK22"), payout("po_2", trace_id="4TT17")]
    transfers = [stripe("t1", text="", **{where: "4TT 17"}), stripe("t2", text="", **{where: "9XK22"})]

    assert find_payouts(transfers, twins) == {"t1": "po_2", "t2": "po_1"}


def test_a_trace_is_believed_weeks_later_and_without_a_name():
    found = find_settlements(
        [receipt("9XK22", 50000, booking_date=day(20))], [payout(trace_id="9XK22"), payout("po_2")]
    ).found

    assert found == (Found("t1", ("po_1",), Clue.TRACE),)


def test_the_id_of_a_payout_in_the_text_decides():
    twins = [payout("a", reference="po_1AbCdEf"), payout("b", reference="po_1GhIjKl")]

    assert find_payouts([stripe(text="STRIPE PO_1GHIJKL")], twins) == {"t1": "b"}


def test_the_nearer_day_decides_between_equal_payouts():
    found = find_payouts([stripe("t1"), stripe("t2", days=3)], [payout("po_1"), payout("po_2", arrives=day(3))])

    assert found == {"t1": "po_1", "t2": "po_2"}


def test_the_banks_usual_delay_decides_between_equal_payouts():
    slow = [stripe(f"s{number}", 900 + number, days=1) for number in range(3)]
    known = [payout(f"po_s{number}", 900 + number) for number in range(3)]
    equal = [stripe("t1", days=1), stripe("t2", days=2)]

    found = find_payouts([*slow, *equal], [*known, payout("po_1"), payout("po_2", arrives=day(1))])

    assert (found["t1"], found["t2"]) == ("po_1", "po_2")


def test_the_banks_own_text_is_known_by_the_sender_of_earlier_payouts():
    iban = {"counterparty_account": "LT74"}
    transfers = [stripe("t1", 100, **iban), own_text("t2", days=1, **iban)]

    found = find_settlements(transfers, [payout("po_0", 100), payout("po_1")]).found

    assert [(one.receipt_id, one.clue) for one in found] == [("t1", Clue.NAMED), ("t2", Clue.SENDER)]


def test_a_strangers_transfer_of_the_same_amount_stays_a_payment():
    transfers = [stripe("t1", 100, counterparty_account="LT74"), own_text("t2", counterparty_account="DE99")]

    assert find_payouts(transfers, [payout("po_0", 100), payout("po_1")]) == {"t1": "po_0"}
    assert weigh(own_text(), payout()) is Clue.AMOUNT


def test_a_text_that_speaks_of_card_turnover_is_enough_beside_amount_and_day():
    found = find_settlements([own_text(text="KARTENUMSATZ 11/26")], [payout()]).found

    assert found == (Found("t1", ("po_1",), Clue.WORDED),)


def test_the_amount_that_the_bank_states_in_the_payouts_currency_is_found_and_says_so():
    entry = stripe(amount=46210, instructed_amount_minor=50000, instructed_currency="USD")

    assert find_settlements([entry], [payout(currency="USD"), payout("po_2", 46210, currency="USD")]).found == (
        Found("t1", ("po_1",), Clue.NAMED, is_stated=True),
    )


def test_another_currency_without_a_stated_amount_is_never_guessed():
    assert find_settlements([stripe()], [payout(currency="USD")]).found == ()


def test_a_negative_payout_is_found_as_a_debit():
    assert find_payouts([stripe(amount=-1200)], [payout(amount_minor=-1200), payout("po_2", 1200)]) == {"t1": "po_1"}


def test_a_failed_payout_is_not_what_arrived_on_its_day():
    assert find_payouts([stripe()], [payout("po_1", returned=True), payout("po_2")]) == {"t1": "po_2"}
    assert find_payouts([stripe()], [payout("po_1", returned=True)]) == {}


def test_a_failed_payout_takes_the_credit_and_the_debit_that_took_it_back():
    entries = [stripe("t1"), stripe("t2", -50000, days=3, text="RETOURE STRIPE")]

    assert find_settlements(entries, [payout(returned=True)]).found == (
        Found("t1", ("po_1",), Clue.NAMED),
        Found("t2", ("po_1",), Clue.NAMED, is_return=True),
    )


def test_the_return_of_a_payout_that_was_found_before_needs_only_the_debit():
    back = stripe("t2", -50000, days=6)

    assert find_settlements([back], [payout(returned=True, settled=True)]).found == (
        Found("t2", ("po_1",), Clue.NAMED, is_return=True),
    )


def test_a_debit_before_the_credit_is_no_return():
    entries = [stripe("t1", days=4), stripe("t2", -50000, days=1)]

    assert find_settlements(entries, [payout(returned=True)]).found == ()


def test_two_possible_returns_are_left_to_a_person():
    entries = [stripe("t1"), stripe("t2", -50000, days=3), stripe("t3", -50000, days=3)]

    findings = find_settlements(entries, [payout(returned=True)])

    assert (findings.found, set(findings.ties)) == ((), {"t1", "t2", "t3"})


def test_a_failed_payout_the_debit_and_the_second_attempt_are_all_explained():
    entries = [stripe("t1"), stripe("t2", -50000, days=2), stripe("t3", days=4)]
    payouts = [payout("po_1", returned=True), payout("po_2", arrives=day(4))]

    found = find_settlements(entries, payouts).found

    assert [(one.receipt_id, one.payout_ids, one.is_return) for one in found] == [
        ("t1", ("po_1",), False), ("t2", ("po_1",), True), ("t3", ("po_2",), False),
    ]  # fmt: skip


def test_an_entry_that_joins_payouts_is_their_only_sum():
    payouts = [payout("po_1", 30000), payout("po_2", 20000, arrives=day(-1)), payout("po_3", 900)]

    assert find_settlements([stripe()], payouts).found == (Found("t1", ("po_1", "po_2"), Clue.NAMED),)


def test_a_debit_netted_against_a_payout_is_a_sum_too():
    payouts = [payout("po_1", 30000), payout("po_2", -1000)]

    assert find_settlements([stripe(amount=29000)], payouts).found[0].payout_ids == ("po_1", "po_2")


def test_two_sums_that_fit_are_left_to_a_person():
    payouts = [payout("po_1", 100), payout("po_2", 400), payout("po_3", 200), payout("po_4", 300)]

    findings = find_settlements([stripe(amount=500)], payouts)

    assert (findings.found, findings.ties) == ((), {"t1": ("po_1", "po_2", "po_3", "po_4")})


def test_two_entries_do_not_share_a_payout_of_their_sums():
    payouts = [payout("po_1", 100), payout("po_2", 200), payout("po_3", 350)]

    findings = find_settlements([stripe("t1", 300), stripe("t2", 550)], payouts)

    assert (findings.found, findings.ties) == ((), {"t1": ("po_1", "po_2"), "t2": ("po_2", "po_3")})


def test_an_entry_without_a_name_is_never_a_sum():
    assert find_settlements([own_text()], [payout("po_1", 30000), payout("po_2", 20000)]).found == ()


def test_a_hundred_payouts_in_reach_are_not_summed_up():
    payouts = [payout(f"po_{number}", 100 + number) for number in range(100)]

    assert find_settlements([stripe(amount=401)], payouts).found == ()


def test_a_feed_finds_each_payout_once_and_learns_from_day_to_day():
    feed = PayoutFeed([payout("po_1"), payout("po_2", arrives=day(1)), payout("po_3", 900, arrives=day(2))])

    assert feed.find([stripe("t1", counterparty_account="LT74")]) == {"t1": "po_1"}
    assert feed.find([stripe("t2", days=1)]) == {"t2": "po_2"}
    assert feed.find([own_text("t3", 900, days=2, counterparty_account="LT74")]) == {"t3": "po_3"}
    assert feed.find([stripe("t4", days=2)]) == {}


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([100, 200, 300, -100]), st.integers(0, 6), st.sampled_from(["STRIPE", "A. Payer"]),
        st.sampled_from(["", "TR-1001", "TR-1002"]),
    ),
    max_size=7,
)  # fmt: skip
PAYOUTS = st.lists(
    st.tuples(
        st.sampled_from([100, 200, -100]), st.integers(0, 6), st.sampled_from(["", "TR-1001", "TR-1002"]), st.booleans()
    ),
    max_size=7,
)


def _cast(entries, payouts):
    return (
        [
            stripe(f"t{number}", amount, days=days, text=trace, counterparty_name=name)
            for number, (amount, days, name, trace) in enumerate(entries)
        ],
        [
            payout(f"p{number}", amount, arrives=day(days), trace_id=trace, returned=returned)
            for number, (amount, days, trace, returned) in enumerate(payouts)
        ],
    )


@given(ENTRIES, PAYOUTS, st.randoms(use_true_random=False))
def test_order_changes_nothing(entries, payouts, chance):
    receipts, sent = _cast(entries, payouts)
    expected = find_settlements(receipts, sent)
    chance.shuffle(receipts)
    chance.shuffle(sent)

    assert find_settlements(receipts, sent) == expected


@given(ENTRIES, PAYOUTS)
def test_money_is_conserved_and_used_once(entries, payouts):
    receipts, sent = _cast(entries, payouts)
    amount_of = {one.id: one.amount_minor for one in (*receipts, *sent)}

    found = find_settlements(receipts, sent).found

    for one in found:
        total = sum(amount_of[key] for key in one.payout_ids)
        assert amount_of[one.receipt_id] == (-total if one.is_return else total)
        assert one.clue is not Clue.AMOUNT
    assert len({one.receipt_id for one in found}) == len(found)
    used = [(key, one.is_return) for one in found for key in one.payout_ids]
    assert len(set(used)) == len(used)


@given(ENTRIES, PAYOUTS)
def test_an_unrelated_payment_changes_nothing(entries, payouts):
    receipts, sent = _cast(entries, payouts)
    other = receipt("INV-1042", 7777, id="other", counterparty_name="Anna Kowalska")

    assert find_settlements([*receipts, other], sent) == find_settlements(receipts, sent)


@given(ENTRIES, PAYOUTS)
def test_what_is_tied_is_not_found(entries, payouts):
    findings = find_settlements(*_cast(entries, payouts))

    assert not {one.receipt_id for one in findings.found} & set(findings.ties)


def test_habits_prefer_the_shorter_of_equally_frequent_delays():
    habits = Habits()
    habits.learn(stripe(days=2), payout())
    habits.learn(stripe(days=1), payout())

    assert (habits.usual_lag, habits.senders) == (1, {"name:STRIPE"})
