import json
from datetime import date, timedelta

import pytest

from matching.core.memory import HALF_LIFE_DAYS, Memory, payer_key, payer_name_key, repeated_text_key
from tests.matching.core.cast import TODAY, receipt

PAYMENT = receipt("Hosting Maerz", counterparty_name="Kowalska Bau GmbH", counterparty_account="ACC1")


def test_counts_fade_by_half_in_half_a_year():
    memory = Memory()
    memory.learn(PAYMENT, [1], TODAY)

    counts = memory.accounts.get("ACC1", TODAY + timedelta(days=HALF_LIFE_DAYS))

    assert counts == {1: pytest.approx(0.5)}


def test_what_is_learned_between_two_looks_on_one_day_counts_in_the_second():
    memory = Memory()
    memory.learn(PAYMENT, [1], TODAY)
    before = dict(memory.accounts.get("ACC1", TODAY))

    memory.learn(PAYMENT, [1, 2], TODAY)

    assert before == {1: 1.0}
    assert memory.accounts.get("ACC1", TODAY) == {1: 2.0, 2: 1.0}


def test_what_is_forgotten_between_two_looks_on_one_day_is_gone():
    memory = Memory()
    memory.learn(PAYMENT, [1, 2], TODAY)
    assert memory.accounts.get("ACC1", TODAY) == {1: 1.0, 2: 1.0}

    memory.forget(client_id=2)
    assert memory.accounts.get("ACC1", TODAY) == {1: 1.0}

    memory.forget(account="ACC1")
    assert memory.accounts.get("ACC1", TODAY) == {}


def test_the_same_payer_is_known_however_the_bank_writes_the_name():
    memory = Memory()
    memory.learn(PAYMENT, [1], TODAY)

    for name in ("KOWALSKA BAU", "Bau Kowalska GmbH", "kowalska-bau gmbh"):
        assert memory.names.get("BAU KOWALSKA", TODAY) == {1: 1.0}
        assert payer_key(receipt(counterparty_name=name)) == "name:BAU KOWALSKA"


def test_a_memory_survives_being_written_down():
    memory = Memory()
    memory.learn(PAYMENT, [1, 2], date(2026, 1, 1))
    memory.learn(PAYMENT, [], TODAY, weight=0.5)
    memory.reject(PAYMENT, client_id=3, invoice_ids=[7, 5], on=TODAY)

    again = Memory.from_dict(json.loads(json.dumps(memory.to_dict())))

    assert again.to_dict() == memory.to_dict()
    assert again.rejected_clients == {("account:ACC1", 3): (1.0, TODAY.toordinal())}
    assert again.rejected_invoices == {"t1": {5, 7}}


def test_accepting_a_client_takes_back_the_rejection():
    memory = Memory()
    memory.reject(PAYMENT, client_id=1, on=TODAY)

    memory.learn(PAYMENT, [1], TODAY)

    assert memory.rejected_clients == {}


def test_a_client_is_forgotten_whole():
    memory = Memory()
    memory.learn(PAYMENT, [1, 2], TODAY)
    memory.reject(PAYMENT, client_id=1, on=TODAY)

    memory.forget(client_id=1)

    assert memory.accounts.get("ACC1", TODAY) == {2: 1.0}
    assert memory.rejected_clients == {}


def test_a_payer_is_forgotten_by_account_and_name():
    memory = Memory()
    memory.learn(PAYMENT, [1], TODAY)
    memory.reject(PAYMENT, client_id=3, on=TODAY)

    memory.forget(account="ACC1", name="Kowalska Bau")

    assert memory.to_dict() == Memory().to_dict()


def test_too_little_text_without_a_name_is_no_key():
    assert repeated_text_key(receipt("web")) == ""
    assert repeated_text_key(receipt("INV 1042")) == "|INV1042"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("BRISTOL TRAVEL LLP 114618/855/933", "BRISTOL TRAVEL"),
        ("TPS INTERIORS LLP INV:117968", "INTERIORS TPS"),
        ("JAMES COLDWOOD WEBSITE", "COLDWOOD JAMES"),
        ("OLIVER WINCOMBE 114272 FP 21/05", "OLIVER WINCOMBE"),
        ("INV 114272", ""),
        ("THANKS", ""),
        ("", ""),
    ],
)
def test_a_payer_that_the_bank_writes_into_the_text_is_known_by_name(text, key):
    assert payer_name_key(receipt(text)) == key


def test_clients_that_one_payer_pays_for_are_partners():
    memory = Memory()
    memory.learn(PAYMENT, [1], TODAY)
    memory.learn(PAYMENT, [2], TODAY)
    memory.learn(receipt(counterparty_account="ACC2"), [3], TODAY)

    assert memory.accounts.partners([1]) == {1, 2}
    assert memory.accounts.partners([1, 3]) == set()
    memory.forget(client_id=2)
    assert memory.accounts.partners([1]) == set()


def test_a_rejection_fades_and_two_last_longer_than_one():
    memory = Memory()
    memory.reject(PAYMENT, client_id=1, on=TODAY)
    memory.reject(PAYMENT, client_id=2, on=TODAY)
    memory.reject(PAYMENT, client_id=2, on=TODAY)
    half_a_year, a_year = TODAY + timedelta(days=HALF_LIFE_DAYS), TODAY + timedelta(days=2 * HALF_LIFE_DAYS)

    def rejected(on):
        return [client for client in (1, 2, 3) if memory.is_rejected("account:ACC1", client, on)]

    assert rejected(half_a_year) == [1, 2]
    assert rejected(half_a_year + timedelta(days=1)) == [2]
    assert rejected(a_year + timedelta(days=1)) == []
