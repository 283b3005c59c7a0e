from dataclasses import replace
from datetime import date, timedelta

import pytest

from matching.core.engine import propose
from matching.core.memory import Memory
from matching.core.scoring import Model, shipped_model
from matching.core.types import (
    Agreement,
    Allocation,
    Band,
    CandidateKind,
    Client,
    NoneReason,
    ReasonCode,
)
from tests.matching.core.cast import (
    ANNA,
    EVERYONE,
    LUCIE,
    MAREK,
    TODAY,
    book,
    charge,
    invoice,
    payout,
    receipt,
    settled,
)


def best(suggestion):
    return suggestion.candidates[0]


def pairs(candidate):
    return [(one.invoice_id, one.amount_minor) for one in candidate.allocations]


def codes(reasons):
    return {reason.code for reason in reasons}


def test_whole_number_exact_amount_and_fitting_payer_is_provable():
    known = book(invoice("RE-2026-01042"), invoice("RE-2026-01099", 5000, client=MAREK))

    suggestion = propose(receipt("RE-2026-01042", counterparty_name="Kowalska Bau GmbH"), known)

    assert (pairs(best(suggestion)), best(suggestion).band) == ([(202601042, 11900)], Band.EXACT)
    assert (suggestion.auto, suggestion.tie, suggestion.none_reason) == (True, False, None)
    assert {ReasonCode.NUMBER, ReasonCode.AMOUNT, ReasonCode.PAYER_NAME} <= codes(best(suggestion).reasons)


def test_a_whole_number_outranks_an_unknown_payer():
    suggestion = propose(receipt("RE-2026-01042", counterparty_name="Oma Hilde"), book(invoice("RE-2026-01042")))

    assert pairs(best(suggestion)) == [(202601042, 11900)]
    assert ReasonCode.PAYER_NAME in codes(best(suggestion).why_not)


@pytest.mark.parametrize("amount", [11899, 10000, 5950, 12000, 12400])
def test_an_amount_that_is_not_exact_is_never_posted_without_a_person(amount):
    sure = replace(shipped_model(), automatic={"bank": 0.0})
    transfer = receipt("RE-2026-01042", amount, counterparty_name="Kowalska Bau GmbH")

    assert propose(transfer, book(invoice("RE-2026-01042", net_minor=10000)), model=sure).auto is False


def test_nothing_is_posted_without_a_person_where_nothing_is_proven():
    unproven = replace(shipped_model(), automatic={})
    transfer = receipt("RE-2026-01042", counterparty_name="Kowalska Bau GmbH")

    suggestion = propose(transfer, book(invoice("RE-2026-01042")), model=unproven)

    assert (suggestion.eligible, suggestion.auto) == (True, False)


def test_doubts_about_earlier_guesses_stop_automation():
    known = book(invoice("RE-2026-01042"))
    transfer = receipt("RE-2026-01042", counterparty_name="Kowalska Bau GmbH")
    assert propose(transfer, known).auto is True

    known.doubts.add(ANNA.id, 0.5, TODAY)

    assert propose(transfer, known).auto is False


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Rechnung RE-2026-01042", ReasonCode.NUMBER),
        ("202601042", ReasonCode.NUMBER),
        ("re 2026 01042 danke", ReasonCode.NUMBER),
        ("RE2026/01042", ReasonCode.NUMBER),
        ("SVWZ+Rg.Nr. 2026 - 01042 EREF+NOTPROVIDED", ReasonCode.NUMBER),
        ("Rechnung 1042", ReasonCode.NUMBER_PART),
        ("Faktu ra 1042", ReasonCode.NUMBER_PART),
        ("Rechnung Z026-0lO42", ReasonCode.NUMBER_DAMAGED),
        ("Rechnung 2026-01024", ReasonCode.NUMBER_DAMAGED),
        ("Rechnung 2026-0142", ReasonCode.NUMBER_DAMAGED),
        ("Rechnung 2026-010942", ReasonCode.NUMBER_DAMAGED),
        ("Rechnung 2026-01842", ReasonCode.NUMBER_DAMAGED),
        ("Hosting Rechnung 2026-010", ReasonCode.NUMBER_PART),
    ],
)
def test_every_way_to_write_a_number_finds_its_invoice(text, code):
    known = book(invoice("RE-2026-01042"), invoice("RE-2026-01377", client=MAREK))

    suggestion = propose(receipt(text, counterparty_name="ANNA KOWALSKA"), known)

    assert pairs(best(suggestion)) == [(202601042, 11900)]
    [reason] = [reason for reason in best(suggestion).reasons if reason.code is code]
    assert reason.values["number"] == "RE-2026-01042"


def test_the_span_of_a_number_is_where_it_stands_in_the_text():
    text = "Vielen Dank! Rechnung RE-2026-01042 Grüße"

    suggestion = propose(receipt(text, counterparty_name="Anna Kowalska"), book(invoice("RE-2026-01042")))

    [reason] = [reason for reason in best(suggestion).reasons if reason.code is ReasonCode.NUMBER]
    span = next(span for span in reason.spans if span.field == "remittance_information")
    assert text[span.start : span.end] == "2026-01042"


def test_a_short_number_inside_a_longer_one_is_not_that_number():
    suggestion = propose(receipt("INV-204"), book(invoice("INV-20"), invoice("INV-204", 7000, client=MAREK)))

    named = {
        one.allocations[0].invoice_id
        for one in suggestion.candidates
        if ReasonCode.NUMBER in codes((*one.reasons, *one.why_not))
    }
    assert named == {204}


def test_underpayment_is_proposed_for_what_arrived():
    transfer = receipt("Ref. INV-2042, thanks", amount_minor=4000, counterparty_name="Anna Kowalska")

    suggestion = propose(transfer, book(invoice("INV-2042", 5000)))

    assert best(suggestion).kind in (CandidateKind.PART, CandidateKind.UNDER)
    assert pairs(best(suggestion)) == [(2042, 4000)]
    assert suggestion.auto is False


@pytest.mark.parametrize(
    ("amount", "kind", "code", "allocated"),
    [
        (11900, CandidateKind.SINGLE, ReasonCode.AMOUNT, 11900),
        (10000, CandidateKind.UNDER, ReasonCode.AMOUNT_NET_OF_TAX, 10000),
        (11662, CandidateKind.UNDER, ReasonCode.AMOUNT_DISCOUNT, 11662),
        (11899, CandidateKind.UNDER, ReasonCode.AMOUNT_UNDER, 11899),
        (11150, CandidateKind.UNDER, ReasonCode.AMOUNT_BANK_FEE, 11150),
        (5950, CandidateKind.PART, ReasonCode.AMOUNT_PART, 5950),
        (12000, CandidateKind.OVER, ReasonCode.AMOUNT_OVER, 11900),
        (12400, CandidateKind.OVER, ReasonCode.AMOUNT_LATE_FEE, 11900),
        (20000, CandidateKind.OVER, ReasonCode.AMOUNT_OVER, 11900),
    ],
)
def test_every_way_an_amount_may_miss_is_named(amount, kind, code, allocated):
    debt = invoice("RE-2026-01042", net_minor=10000)

    suggestion = propose(receipt("RE-2026-01042", amount, counterparty_name="Kowalska Bau"), book(debt))

    assert (best(suggestion).kind, pairs(best(suggestion))) == (kind, [(202601042, allocated)])
    assert code in codes(best(suggestion).reasons) | codes(best(suggestion).why_not)


def test_what_is_left_of_a_debt_is_an_exact_amount():
    debt = invoice("RE-2026-01042", 4000, total_minor=11900)

    suggestion = propose(receipt("RE-2026-01042", 4000, counterparty_name="Kowalska Bau"), book(debt))

    assert (best(suggestion).kind, best(suggestion).band) == (CandidateKind.SINGLE, Band.EXACT)
    assert ReasonCode.AMOUNT_REMAINDER in codes(best(suggestion).reasons)


def test_two_quoted_numbers_share_one_payment():
    known = book(invoice("RE-2026-01042"), invoice("RE-2026-01050", 7000), invoice("RE-2026-01051", 7000))

    suggestion = propose(receipt("RE-2026-01042, RE-2026-01050", 18900, counterparty_name="Kowalska Bau"), known)

    assert best(suggestion).kind is CandidateKind.SEVERAL
    assert pairs(best(suggestion)) == [(202601042, 11900), (202601050, 7000)]


def test_a_list_may_give_only_the_endings_of_numbers():
    known = book(invoice("114618", 3398), invoice("114855", 599, client=MAREK), invoice("114933", 999, client=LUCIE))

    suggestion = propose(receipt("114618/855/933", 4996, counterparty_name="Agentur Nord"), known)

    assert best(suggestion).kind is CandidateKind.GROUP
    assert pairs(best(suggestion)) == [(114618, 3398), (114855, 599), (114933, 999)]
    assert best(suggestion).client_id is None


def test_all_open_debts_of_a_client_are_summed_without_a_reference():
    known = book(invoice("RE-2026-01042"), invoice("RE-2026-01050", 7000), invoice("RE-2026-01051", 2500, client=MAREK))

    suggestion = propose(receipt("hosting", 18900, counterparty_name="KOWALSKA BAU GMBH"), known)

    assert pairs(best(suggestion)) == [(202601042, 11900), (202601050, 7000)]
    assert ReasonCode.AMOUNT_SUM in codes(best(suggestion).reasons)


def test_a_reseller_pays_for_the_clients_it_has_paid_for_before():
    memory = Memory()
    for client in (1, 2, 3):
        for month in (1, 2):
            past = receipt("sammel", id=f"p{client}{month}", counterparty_name="Agentur Nord")
            memory.learn(past, [client], date(2026, month, 20))
    debts = [invoice("RE-1001", 3300), invoice("RE-1002", 1700, client=MAREK), invoice("RE-1003", 500, client=LUCIE)]

    suggestion = propose(
        receipt("Rechnungen Maerz", 5500, counterparty_name="Agentur Nord"), book(*debts, memory=memory)
    )

    assert (best(suggestion).kind, best(suggestion).client_id) == (CandidateKind.GROUP, None)
    assert pairs(best(suggestion)) == [(1001, 3300), (1002, 1700), (1003, 500)]


@pytest.mark.parametrize(
    ("transfer", "code"),
    [
        (receipt("KdNr 7002"), ReasonCode.CLIENT_NUMBER),
        (receipt("hosting marek-novak.example"), ReasonCode.DOMAIN),
        (receipt("NOVAK MAREK"), ReasonCode.NAME_IN_TEXT),
        (receipt("danke", counterparty_name="M. Novak"), ReasonCode.PAYER_NAME),
        (receipt("danke", counterparty_name="MAREK NOVÁK"), ReasonCode.PAYER_NAME),
        (receipt("danke", counterparty_name="MAREK NOVACK"), ReasonCode.PAYER_NAME),
        (charge(email="MAREK.NOVAK@post.example"), ReasonCode.EMAIL),
        (charge(metadata={"invoice_id": "1043"}), ReasonCode.METADATA),
        (charge(description="Payment for invoice 1043"), ReasonCode.NUMBER),
    ],
)
def test_every_pointer_to_a_client_finds_his_debt(transfer, code):
    theirs = invoice("1043", client=MAREK, texts=("Web Hosting - marek-novak.example (01/03/2026 - 31/03/2026)",))

    suggestion = propose(transfer, book(invoice("1777"), theirs))

    assert pairs(best(suggestion)) == [(1043, 11900)]
    assert code in codes(best(suggestion).reasons)


def test_a_known_account_points_to_the_client_it_paid_for():
    memory = Memory()
    for day in (5, 12, 19, 26):
        past = receipt("x", id=f"p{day}", counterparty_account="ACC1")
        memory.learn(past, [MAREK.id], date(2026, 2, day))
    known = book(invoice("RE-2026-01042"), invoice("RE-2026-01043", client=MAREK), memory=memory)

    suggestion = propose(receipt("danke", counterparty_account="ACC1"), known)

    assert pairs(best(suggestion)) == [(202601043, 11900)]
    assert ReasonCode.PAYER_ACCOUNT in codes(best(suggestion).reasons)


def knowing_the_account() -> Memory:
    memory = Memory()
    for month in (6, 7, 8, 9, 10, 11, 12):
        past = receipt("hosting", id=f"p{month}", counterparty_account="ACC1", counterparty_name="Kowalska Bau")
        memory.learn(past, [ANNA.id], date(2025, month, 20))
    return memory


# A tenant whose decisions prove a lower threshold.
PROVEN = replace(shipped_model(), automatic={"bank": 0.95})


def test_a_known_account_with_one_debt_of_the_amount_may_be_posted():
    transfer = receipt("hosting", counterparty_account="ACC1", counterparty_name="Kowalska Bau")

    suggestion = propose(transfer, book(invoice("RE-2026-01042"), memory=knowing_the_account()), model=PROVEN)

    assert (pairs(best(suggestion)), suggestion.auto) == ([(202601042, 11900)], True)


@pytest.mark.parametrize("text", ["Rechnung 48812", "invoice no. 48812", "Rechnung XY-99-31777"])
def test_an_invoice_that_nobody_knows_is_not_posted_for_a_known_account(text):
    transfer = receipt(text, counterparty_account="ACC1", counterparty_name="Kowalska Bau")

    suggestion = propose(transfer, book(invoice("RE-2026-01042"), memory=knowing_the_account()))

    assert (pairs(best(suggestion)), suggestion.auto) == ([(202601042, 11900)], False)


def test_two_equal_debts_make_a_known_account_less_sure():
    transfer = receipt("hosting", counterparty_account="ACC1", counterparty_name="Kowalska Bau")
    one = book(invoice("RE-2026-01042"), memory=knowing_the_account())
    two = book(invoice("RE-2026-01042"), invoice("RE-2026-01043"), memory=knowing_the_account())

    assert best(propose(transfer, two)).probability < best(propose(transfer, one)).probability


def test_a_cut_list_is_filled_with_the_next_debts_of_the_same_payer():
    memory = Memory()
    for client in (1, 2, 3):
        for month in (10, 11, 12):
            past = receipt("x", id=f"p{client}{month}", counterparty_name="Agentur Nord")
            memory.learn(past, [client], date(2025, month, 20))
    debts = [invoice("115267", 4999), invoice("115346", 1188, client=MAREK), invoice("115891", 11088, client=LUCIE)]
    transfer = receipt("AGENTUR NORD INV 115267 1153", 17275)

    suggestion = propose(transfer, book(*debts, memory=memory))

    assert pairs(best(suggestion)) == [(115267, 4999), (115346, 1188), (115891, 11088)]


def test_a_rejected_client_falls_behind():
    memory = Memory()
    first = receipt("hosting", counterparty_name="Kowalska Bau", counterparty_account="ACC9")
    debts = [invoice("RE-2026-01042")]
    before = best(propose(first, book(*debts))).probability

    memory.reject(first, client_id=ANNA.id, on=TODAY)
    after = propose(
        receipt("hosting", id="t2", counterparty_account="ACC9", counterparty_name="Kowalska Bau"),
        book(*debts, memory=memory),
    )

    assert (after.candidates[0].probability < before, after.auto) == (True, False)
    assert ReasonCode.REJECTED_BEFORE in codes(best(after).why_not)


def test_an_invoice_turned_down_for_a_receipt_is_not_proposed_for_it_again():
    memory = Memory()
    transfer = receipt("RE-2026-01042", counterparty_name="Kowalska Bau")
    memory.reject(transfer, invoice_ids=[202601042], on=TODAY)

    suggestion = propose(transfer, book(invoice("RE-2026-01042"), invoice("RE-2026-01043"), memory=memory))

    proposed = {one.invoice_id for candidate in suggestion.candidates for one in candidate.allocations}
    assert proposed == {202601043}


def test_equal_evidence_for_two_clients_is_a_tie_and_stops_automation():
    namesake = Client(9, "Anna", "Kowalska")
    known = book(invoice("RE-2026-01042"), invoice("RE-2026-01043", client=namesake), clients=(*EVERYONE, namesake))

    suggestion = propose(receipt("hosting", counterparty_name="Anna Kowalska"), known)

    assert (suggestion.tie, suggestion.auto, suggestion.none_reason) == (True, False, NoneReason.AMBIGUOUS)
    assert all(candidate.band is not Band.EXACT for candidate in suggestion.candidates)


def test_amount_alone_is_never_certain():
    suggestion = propose(receipt("danke"), book(invoice("RE-2026-01042")))

    assert suggestion.auto is False
    assert best(suggestion).band in (Band.POSSIBLE, Band.NONE)


def test_of_equal_debts_the_oldest_is_meant():
    older = invoice("RE-2026-00900", issue_date=TODAY - timedelta(days=38), due_date=TODAY - timedelta(days=24))

    suggestion = propose(receipt("hosting", counterparty_name="Kowalska Bau"), book(invoice("RE-2026-01042"), older))

    assert pairs(best(suggestion)) == [(202600900, 11900)]
    assert suggestion.auto is False


def test_a_number_of_somebody_else_stops_automation():
    known = book(invoice("RE-2026-01042"), invoice("RE-2026-02077", client=MAREK))

    suggestion = propose(receipt("RE-2026-02077", counterparty_name="Kowalska Bau GmbH"), known)

    assert suggestion.auto is False
    mine = next(one for one in suggestion.candidates if one.client_id == ANNA.id)
    assert ReasonCode.NUMBER_OTHER in codes(mine.why_not)


def test_an_old_number_used_again_pays_what_is_open_but_not_by_itself():
    known = book(settled("RE-2026-00800", days_ago=33), invoice("RE-2026-01042"))

    suggestion = propose(receipt("RE-2026-00800", counterparty_name="Kowalska Bau GmbH"), known)

    assert pairs(best(suggestion)) == [(202601042, 11900)]
    assert suggestion.auto is False
    assert ReasonCode.NUMBER_SETTLED in codes(best(suggestion).why_not)


@pytest.mark.parametrize(("days_ago", "allocated"), [(14, []), (60, [(202601042, 11900)])])
def test_a_number_paid_two_weeks_ago_is_paid_twice_and_an_old_one_means_what_is_open(days_ago, allocated):
    known = book(settled("RE-2026-00950", days_ago=days_ago), invoice("RE-2026-01042"))

    suggestion = propose(receipt("RE-2026-00950", counterparty_name="Kowalska Bau GmbH"), known)

    stated = [] if suggestion.none_reason else pairs(best(suggestion))
    assert (stated, suggestion.auto) == (allocated, False)


def test_a_mistyped_number_passes_no_older_equal_debt_over_without_a_person():
    older = invoice("RE-2026-00871", issue_date=TODAY - timedelta(days=38))
    paid = receipt("Rechnung RE-2026-01402", counterparty_name="Kowalska Bau GmbH")

    [first, second] = (propose(paid, book(*known, invoice("RE-2026-01042"))) for known in ((), (older,)))

    assert pairs(best(second)) == pairs(best(first)) == [(202601042, 11900)]
    assert (first.eligible, second.eligible) == (True, False)


def test_a_debt_paid_twice_is_flagged_and_never_allocated_twice():
    suggestion = propose(
        receipt("RE-2026-01042", counterparty_name="Kowalska Bau GmbH"), book(settled("RE-2026-01042", days_ago=3))
    )

    assert (suggestion.candidates, suggestion.none_reason) == ((), NoneReason.PAID_TWICE)


@pytest.mark.parametrize(
    ("transfer", "reason"),
    [
        (receipt("RE-2026-01042", -11900), NoneReason.DEBIT),
        (receipt("RE-2026-01042", 0), NoneReason.ZERO_AMOUNT),
        (receipt("FINANZAMT STEUERERSTATTUNG", 76802), NoneReason.TAX),
        (receipt("Habenzinsen 1. Quartal", 1319), NoneReason.INTEREST),
        (receipt("CREDIT NOTE 105645", 2258), NoneReason.REFUND),
        (receipt("UMBUCHUNG", 50000), NoneReason.OWN_TRANSFER),
        (receipt("STRIPE PAYOUT", 50001), NoneReason.PAYOUT),
        (receipt("nothing that anybody knows", 4711), NoneReason.NO_CANDIDATE),
    ],
)
def test_what_is_no_payment_says_why(transfer, reason):
    suggestion = propose(transfer, book(invoice("RE-2026-01042")))

    assert (suggestion.none_reason, suggestion.auto) == (reason, False)


def test_a_transfer_between_own_accounts_is_no_payment():
    transfer = receipt("RE-2026-01042", counterparty_account="OWN1", counterparty_name="Kowalska Bau")

    suggestion = propose(transfer, book(invoice("RE-2026-01042")), own_accounts=frozenset({"OWN1"}))

    assert (suggestion.candidates, suggestion.none_reason) == ((), NoneReason.OWN_TRANSFER)


def test_a_payout_is_settled_and_never_proposed():
    transfer = receipt("STRIPE PAYOUT", 50000, counterparty_name="STRIPE")

    suggestion = propose(transfer, book(invoice("RE-2026-01042", 50000)), payouts=[payout("po_7")])

    assert (suggestion.payout_id, suggestion.candidates, suggestion.none_reason) == ("po_7", (), NoneReason.PAYOUT)


def test_a_foreign_debt_is_settled_whole_when_the_bank_says_what_was_sent():
    debt = invoice("RE-2026-01042", currency="USD")
    transfer = receipt(
        "RE-2026-01042", 10900, counterparty_name="Kowalska", instructed_amount_minor=11900, instructed_currency="USD"
    )

    suggestion = propose(transfer, book(debt))

    assert (best(suggestion).kind, best(suggestion).allocations) == (CandidateKind.FX, (Allocation(202601042, 11900),))


def test_without_a_known_rate_a_foreign_debt_waits_for_a_person():
    suggestion = propose(
        receipt("RE-2026-01042", 10900, counterparty_name="Kowalska Bau"),
        book(invoice("RE-2026-01042", currency="USD")),
    )

    assert (best(suggestion).kind, suggestion.auto) == (CandidateKind.FX, False)
    [reason] = [reason for reason in best(suggestion).why_not if reason.code is ReasonCode.CURRENCY]
    assert reason.agrees is Agreement.NO


def test_a_known_rate_is_used_and_named():
    known = book(invoice("RE-2026-01042", currency="USD"))
    known.observe_rate("USD", "EUR", 0.916, TODAY)

    suggestion = propose(receipt("RE-2026-01042", 10900, counterparty_name="Kowalska Bau"), known)

    assert ReasonCode.EXCHANGE_RATE in codes(best(suggestion).reasons)
    assert suggestion.auto is False


def test_equal_digits_in_another_currency_are_not_an_equal_amount():
    suggestion = propose(receipt("danke"), book(invoice("RE-2026-01042", currency="PLN")))

    assert (suggestion.candidates, suggestion.none_reason) == ((), NoneReason.NO_CANDIDATE)


def test_reasons_add_up_to_no_more_than_the_features_say():
    suggestion = propose(receipt("RE-2026-01042", counterparty_name="Kowalska Bau"), book(invoice("RE-2026-01042")))

    weights = [reason.weight for reason in best(suggestion).reasons]
    assert weights == sorted(weights, reverse=True)
    assert suggestion.engine_version


NAMESAKE = Client(9, "Anna", "Kowalska")


def with_proof(least: float) -> Model:
    return replace(shipped_model(), automatic={"bank": least})


def test_a_proven_threshold_automates_what_the_rule_alone_would_not():
    payment = receipt("hosting", counterparty_name="Kowalska Bau GmbH")
    debts = book(invoice("RE-2026-01042"))

    without = propose(payment, debts)
    beyond = propose(payment, debts, model=with_proof(without.candidates[0].probability - 1e-9))

    assert (without.auto, without.eligible) == (False, True)
    assert beyond.auto
    assert not propose(payment, debts, model=with_proof(without.candidates[0].probability + 1e-9)).auto
    assert not propose(payment, debts, model=replace(shipped_model(), automatic={"stripe_charge": 0.0})).auto


@pytest.mark.parametrize(
    ("payment", "debts"),
    [
        (receipt("thanks", counterparty_name="Somebody Else"), (invoice("RE-2026-01042"),)),
        (receipt("hosting", counterparty_name="Anna Kowalska"), (invoice("RE-1"), invoice("RE-2", client=NAMESAKE))),
        (receipt("RE-2026-01042 RE-2026-01043", 11900), (invoice("RE-2026-01042"), invoice("RE-2026-01043", 4900))),
    ],
    ids=["amount alone", "tie", "a named debt left out"],
)
def test_no_proof_automates_a_loose_end(payment, debts):
    known = book(*debts, clients=(*EVERYONE, NAMESAKE))

    found = propose(payment, known, model=with_proof(0.0))

    assert (found.auto, found.eligible) == (False, False)
