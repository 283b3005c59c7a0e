"""Invented hosts: what they write can be read, is the same twice, and adds up."""

import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.hosts.output import FILES
from benchmarks.hosts.profiles import PROFILES
from benchmarks.hosts.rates import NAMELESS
from benchmarks.hosts.world import invent
from matching.parsers.export import Export, LineError

CENT = {"JPY": Decimal(1), "KWD": Decimal("0.001")}


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def host(tmp_path: Path, name: str, *, seed: int = 5, invoices: int = 500, feedback: bool = True) -> Path:
    folder = tmp_path / f"{name}-{seed}-{feedback}"
    invent(folder, PROFILES[name], seed, invoices, feedback=feedback)
    return folder


@pytest.fixture(scope="module")
def uk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return host(tmp_path_factory.mktemp("hosts"), "uk", invoices=12_000)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path):
    first, second = host(tmp_path / "a", "de"), host(tmp_path / "b", "de")

    for name in ("header.json", *(f"{name}.jsonl" for name in FILES)):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_another_seed_gives_another_host(tmp_path: Path):
    one, two = host(tmp_path, "de", seed=1), host(tmp_path, "de", seed=2)

    assert (one / "clients.jsonl").read_bytes() != (two / "clients.jsonl").read_bytes()


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_line_of_every_profile_can_be_read(tmp_path: Path, name: str):
    folder, broken = host(tmp_path, name), list[LineError]()
    export = Export(folder, broken.append)

    read = [list(part()) for part in (export.clients, export.invoices, export.bank_rows, export.charges,
                                      export.payouts, export.rates, export.verdicts)]  # fmt: skip

    assert broken == []
    assert len(read[1]) == 500
    assert export.rows() == len(rows(folder, "truth"))
    assert {row["id"] for row in rows(folder, "truth")} == {row.id for row in [*read[2], *read[3]]}


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_nothing_is_paid_twice_and_nothing_more_than_received(tmp_path: Path, name: str):
    folder = host(tmp_path, name)
    invoices = {one["id"]: one for one in rows(folder, "invoices")}
    amounts = {
        one["uid"]: Decimal(one["transaction"]["transactionAmount"]["amount"])
        for one in rows(folder, "bank_transactions")
    }
    left = {key: Decimal(one["balance"]) for key, one in invoices.items()}
    home = PROFILES[name].currency

    paid = [one for one in rows(folder, "truth") if one["allocations"]]
    for one in paid:
        for part in one["allocations"]:
            invoice = invoices[part["invoice"]]
            assert Decimal(part["amount"]) > 0
            assert invoice["date"] <= one["date"]
            assert invoice["status"] == "Unpaid"
            left[part["invoice"]] -= Decimal(part["amount"])
        if one["source"] == "bank" and not one["fx"]:
            assert sum(Decimal(part["amount"]) for part in one["allocations"]) <= amounts[one["id"]]
            assert all(invoices[part["invoice"]]["currencycode"] == home for part in one["allocations"])

    assert len(paid) > 100
    assert min(left.values()) >= 0


def test_payments_that_name_no_invoice_settle_the_oldest_of_that_balance(uk: Path):
    left = {one["id"]: Decimal(one["balance"]) for one in rows(uk, "invoices") if one["status"] == "Unpaid"}
    issued = {one["id"]: one["date"] for one in rows(uk, "invoices")}
    of_client = defaultdict(list)
    for one in rows(uk, "invoices"):
        of_client[one["userid"]].append(one["id"])
    judged = 0

    for one in rows(uk, "truth"):
        style = next((tag[4:] for tag in one["tags"] if tag.startswith("ref:")), "")
        for part in one["allocations"]:
            if len(one["allocations"]) == 1 and style in NAMELESS and "partial" not in one["tags"]:
                same = [
                    key
                    for key in of_client[one["client"]]
                    if left.get(key) == left[part["invoice"]] and issued[key] <= one["date"]
                ]
                # The rest of an instalment is named by what it is the rest of.
                assert "instalment" in one["tags"] or min(same) == part["invoice"]
                judged += 1
        for part in one["allocations"]:
            left[part["invoice"]] -= Decimal(part["amount"])

    assert judged > 1000


def test_rows_that_are_no_payment_settle_nothing(uk: Path):
    settled = Counter(one["kind"] for one in rows(uk, "truth") if one["allocations"])

    assert set(settled) == {"payment", "charge"}


@pytest.mark.parametrize(
    ("tag", "low", "high"),
    [
        ("ref:clean", 0.24, 0.42), ("ref:prefixed", 0.14, 0.28), ("ref:stale", 0.008, 0.07), ("ref:typo", 0.01, 0.07),
        ("payer:own", 0.5, 0.74), ("payer:reseller", 0.02, 0.16), ("combined", 0.01, 0.07), ("fx", 0.05, 0.22),
        ("partial", 0.006, 0.03), ("short:under", 0.003, 0.02), ("over:over", 0.003, 0.02),
    ],
)  # fmt: skip
def test_difficulties_occur_about_as_often_as_measured(uk: Path, tag: str, low: float, high: float):
    payments = [one for one in rows(uk, "truth") if one["kind"] == "payment"]

    share = sum(tag in one["tags"] for one in payments) / len(payments)

    assert low <= share <= high


def test_a_harder_host_has_more_of_each_difficulty():
    easy, hard = PROFILES["de"].rates, PROFILES["hard"].rates

    assert hard.references["typo"] == pytest.approx(1.5 * easy.references["typo"])
    assert hard.payers["damaged"] == pytest.approx(1.5 * easy.payers["damaged"])
    assert hard.references["clean"] < easy.references["clean"]
    assert sum(hard.references.values()) == pytest.approx(sum(easy.references.values()))


def test_a_reviewer_decided_everything_before_the_cut_off_and_hardly_anything_wrongly(uk: Path):
    cutoff = json.loads((uk / "header.json").read_text())["cutoff"]
    truth = {one["id"]: one for one in rows(uk, "truth")}
    said = rows(uk, "feedback")

    wrong = sum(one["allocations"] != truth[one["id"]]["allocations"] for one in said)

    assert {one["id"] for one in said} == {key for key, one in truth.items() if one["split"] == "feedback"}
    assert {one["date"] < cutoff for one in said} == {True}
    assert 0 < wrong / len(said) < 0.01


def test_a_new_tenant_has_no_past_decisions(tmp_path: Path):
    known, new = host(tmp_path, "nl"), host(tmp_path, "nl", feedback=False)

    assert rows(new, "feedback") == []
    assert rows(known, "feedback") != []


def test_a_careful_reviewer_decided_everything_as_it_was(tmp_path: Path):
    invent(tmp_path / "careful", PROFILES["uk"], 5, 500, careful=True)

    truth = rows(tmp_path / "careful", "truth")
    decided = rows(tmp_path / "careful", "feedback")

    assert {one["split"] for one in truth} == {"feedback", "test"}
    assert [(one["id"], one["allocations"]) for one in decided] == [(one["id"], one["allocations"]) for one in truth]
    assert json.loads((tmp_path / "careful" / "header.json").read_text())["feedback_noise"] == 0.0


def test_a_reseller_pays_dozens_at_once(tmp_path: Path):
    folder = host(tmp_path, "reseller", invoices=3000)

    most = max(len(one["allocations"]) for one in rows(folder, "truth"))

    assert most >= 24


def test_every_payout_on_the_bank_is_a_payout_of_that_amount(uk: Path):
    payouts = {one["id"]: one["amount"] for one in rows(uk, "stripe_payouts") if one["status"] == "paid"}
    amounts = {one["uid"]: one["transaction"]["transactionAmount"]["amount"] for one in rows(uk, "bank_transactions")}
    found = [one for one in rows(uk, "truth") if one["payout"]]

    assert {int(Decimal(amounts[one["id"]]) * 100) == payouts[one["payout"]] for one in found} == {True}
    assert len({one["payout"] for one in found}) == len(found) > 200


def test_no_balance_transaction_is_paid_out_twice(uk: Path):
    known = {one["id"] for one in rows(uk, "stripe_balance_transactions")}
    paid_out = [entry for one in rows(uk, "stripe_payout_items") for entry in one["balance_transactions"]]

    assert len(paid_out) == len(set(paid_out)) > 1000
    assert set(paid_out) <= known
