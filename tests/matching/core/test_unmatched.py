from matching.core import unmatched
from matching.core.unmatched import Unmatched
from tests.matching.core.cast import receipt


def kept(*receipts):
    there = Unmatched()
    for one in receipts:
        there.add(one)
    return there


def test_a_receipt_is_found_by_its_account_and_by_its_name():
    one = receipt(counterparty_account="ACC1", counterparty_name="Hilde")

    there = kept(one, receipt(id="t2", counterparty_name="Marek"))

    assert (there.of("ACC1"), there.of("Hilde"), there.of("nobody")) == ([one], [one], [])


def test_receipts_without_a_payer_have_none_in_common():
    assert kept(receipt(), receipt(id="t2", counterparty_name="Hilde")).of("") == []


def test_a_payer_whose_name_is_the_account_is_listed_once():
    one = receipt(counterparty_account="ACC1", counterparty_name="ACC1")

    assert kept(one).of("ACC1") == [one]


def test_a_removed_receipt_is_gone_and_the_others_stay():
    first, second = receipt(counterparty_name="Hilde"), receipt(id="t2", counterparty_name="Hilde")
    there = kept(first, second)

    there.remove(first)

    assert there.of("Hilde") == [second]


def test_the_oldest_is_dropped_first(monkeypatch):
    monkeypatch.setattr(unmatched, "_MOST", 2)

    there = kept(*(receipt(id=f"t{n}", counterparty_name="Hilde") for n in range(4)))

    assert [one.id for one in there.of("Hilde")] == ["t2", "t3"]
