"""The records and the rules that Payymo is compared with."""

from datetime import date
from pathlib import Path

import pytest

from benchmarks.approaches.records import Host, Money, answer, quoted
from benchmarks.approaches.rules import SURE, Rules
from benchmarks.hosts.profiles import PROFILES
from benchmarks.hosts.world import invent
from matching.core.types import Receipt, Source


@pytest.fixture
def host(tmp_path: Path) -> Host:
    invent(tmp_path, PROFILES["uk"], 7, 600)
    return Host(tmp_path)


def money_for(host: Host, **changed: object) -> Money:
    debt = next(one for one in host.debts.values() if one.left > 0 and one.currency == "GBP" and one.names)
    given = {"id": "m1", "source": "bank", "on": date(2025, 12, 1), "amount": debt.left, "currency": "GBP", "name": "",
             "numbers": (), "email": ""} | changed  # fmt: skip
    return Money(**given)


def test_numbers_are_found_whole_in_parts_and_across_spaces():
    receipt = Receipt("r", Source.BANK, date(2025, 1, 1), 100, "EUR", remittance_information="RG 2025 00117, KdNr 4711")

    assert {"202500117", "00117", "2025", "4711"} <= set(quoted(receipt))


def test_a_number_with_its_amount_is_taken_and_another_amount_is_not(host: Host):
    debt = next(one for one in host.debts.values() if one.left > 0 and one.currency == "GBP")
    number = next(iter(debt.numbers))

    right = Rules(host)._judge(money_for(host, numbers=(number,), amount=debt.left))
    wrong = Rules(host)._judge(money_for(host, numbers=(number,), amount=debt.left + 1))

    assert right is not None
    assert ([key for key, _ in right.allocations], right.confidence) == ([debt.id], SURE["number"])
    assert wrong is None


def test_several_numbers_must_add_up(host: Host):
    first, second = [one for one in host.debts.values() if one.left > 0 and one.currency == "GBP"][:2]
    numbers = (*first.numbers, *second.numbers)

    both = Rules(host)._judge(money_for(host, numbers=numbers, amount=first.left + second.left))
    short = Rules(host)._judge(money_for(host, numbers=numbers, amount=first.left + second.left - 1))

    assert both is not None
    assert {key for key, _ in both.allocations} == {first.id, second.id}
    assert short is None


def test_a_name_needs_one_invoice_of_that_amount(host: Host):
    named: dict[tuple[str, int], int] = {}
    for one in host.debts.values():
        if one.left > 0 and one.currency == "GBP":
            for name in set(one.names):
                named[name, one.left] = named.get((name, one.left), 0) + 1
    alone = next(key for key, count in named.items() if count == 1)
    shared = next(key for key, count in named.items() if count > 1)

    one = Rules(host)._judge(money_for(host, name=alone[0], amount=alone[1]))
    none = Rules(host)._judge(money_for(host, name=shared[0], amount=shared[1]))

    assert one is not None
    assert one.confidence == SURE["name"]
    assert none is None


def test_what_a_reviewer_decided_is_settled_and_not_judged_again(host: Host):
    before = sum(one.left for one in host.debts.values())

    left = list(host.undecided())

    assert left
    assert not {one.id for one in left} & set(host.verdicts)
    assert min(one.on for one in left) >= date(2025, 5, 14)
    assert sum(one.left for one in host.debts.values()) < before


def test_no_answer_spends_more_than_was_received_or_owed(host: Host):
    debts = [one for one in host.debts.values() if one.left > 0 and one.currency == "GBP"][:3]

    said = answer(money_for(host, amount=debts[0].left + 1), debts, 0.5)

    assert [key for key, _ in said.allocations] == [debts[0].id, debts[1].id]
    assert said.allocations[1][1] == "0.01"
    assert said.line()["auto"] is False
