from hypothesis import given
from hypothesis import strategies as st

from matching.core.rivals import rivals
from matching.core.types import Agreement, Allocation, Band, Candidate, CandidateKind, Reason, ReasonCode


def candidate(invoice_id, probability, **weights):
    reasons = tuple(Reason(ReasonCode(code), Agreement.YES, weight) for code, weight in weights.items())
    return Candidate((Allocation(invoice_id, 100),), 1, CandidateKind.SINGLE, probability, Band.LIKELY, reasons)


def said(rival):
    return [(str(each.code), each.weight) for each in rival.behind]


def test_the_best_is_measured_against_the_second_and_the_others_against_the_best():
    best = candidate(1, 0.8, number=5.0, amount=3.0)
    second = candidate(2, 0.15, amount=3.0, payer_name=1.0)
    third = candidate(3, 0.03, amount=1.0)

    first, of_second, of_third = rivals([best, second, third])

    assert (first.rank, first.probability, first.invoice_ids, said(first)) == (2, 0.15, (2,), [("number", 5.0)])
    assert (of_second.rank, of_second.invoice_ids, said(of_second)) == (1, (1,), [("number", 5.0)])
    assert said(of_third) == [("number", 5.0), ("amount", 2.0)]


def test_settling_nothing_is_the_rival_of_a_lone_candidate():
    [only] = rivals([candidate(1, 0.7, amount=2.0)])

    assert (only.rank, only.probability, only.invoice_ids, said(only)) == (0, 0.3, (), [("amount", 2.0)])


def test_settling_nothing_is_the_rival_where_it_is_likelier_than_the_second():
    first, second = rivals([candidate(1, 0.5), candidate(2, 0.1)])

    assert (first.rank, first.probability, second.rank) == (0, 0.4, 1)


def test_no_candidate_has_no_rival():
    assert rivals([]) == ()


weights = st.dictionaries(st.sampled_from([str(code) for code in ReasonCode]), st.floats(-9, 9), max_size=6)


@given(st.lists(st.tuples(st.floats(0, 0.2), weights), min_size=1, max_size=5))
def test_every_candidate_has_one_rival_that_is_not_itself(drawn):
    candidates = [candidate(place, chance, **each) for place, (chance, each) in enumerate(drawn)]

    found = rivals(candidates)

    assert len(found) == len(candidates)
    for place, rival in enumerate(found):
        assert place not in rival.invoice_ids
        assert 0 <= rival.probability <= 1
        assert all(each.weight > 0 for each in rival.behind)
        assert len(rival.behind) <= 4
