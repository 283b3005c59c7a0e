"""The generated month: sizes, truth, and what is believable about it."""

from collections import Counter
from datetime import date
from statistics import mean

import pytest
from schwifty import IBAN

from payymo.sandbox import world
from payymo.sandbox.server import Store

UNTIL = date(2024, 3, 31)


@pytest.fixture(scope="module", params=["acme", "globex"])
def made(request):
    return world.build(request.param, 7, UNTIL)


@pytest.fixture(scope="module")
def acme():
    return world.build("acme", 7, UNTIL)


def test_same_seed_gives_the_same_world_and_another_seed_another(acme):
    again, other = world.build("acme", 7, UNTIL), world.build("acme", 8, UNTIL)

    assert (again.entries, again.stripe) == (acme.entries, acme.stripe)
    assert [one.total for one in other.invoices] != [one.total for one in acme.invoices]


def test_sizes_are_those_of_a_month():
    sizes = {}
    for slug in ("acme", "globex"):
        made = world.build(slug, 7, UNTIL)
        charges = [one for one in made.stripe if one["object"] == "charge" and one["paid"]]
        sizes[slug] = (len(made.clients), len(charges), len(made.invoices) // 50, len(made.transfers) // 20)

    assert sizes == {"acme": (300, 250, 18, 30), "globex": (90, 70, 5, 9)}


@pytest.mark.parametrize("until", [date(2026, 1, 5), date(2026, 2, 28), date(2026, 8, 2), date(2027, 12, 31)])
def test_any_last_day_makes_a_world(until):
    made = world.build("acme", 7, until)

    days = [one.booked_on for one in made.transfers]
    assert max(days) <= until
    assert 540 < len(made.transfers) < 640


def test_ibans_pass_the_check(made):
    accounts = {one.iban for one in made.transfers if one.iban} | {one.payer_iban for one in made.clients}

    assert len(accounts) > 90
    assert [one for one in accounts if not IBAN(one, allow_invalid=True).is_valid] == []


def test_numbers_and_ids_are_unique_and_follow_the_dates(made):
    numbers = [one.number for one in made.invoices if one.number]

    assert len(numbers) == len(set(numbers))
    assert [one.id for one in made.invoices] == sorted({one.id for one in made.invoices})
    assert [one.issued for one in made.invoices] == sorted(one.issued for one in made.invoices)


def test_invoice_totals_are_lines_and_tax(made):
    for one in made.invoices:
        assert one.subtotal == sum(line.amount for line in one.lines)
        assert one.total == one.subtotal + one.tax


def test_truth_never_gives_more_than_came_or_was_owed(made):
    totals = {one.id: one.total for one in made.invoices}
    allocated = Counter()
    for one in made.transfers:
        for invoice, amount in one.allocations:
            allocated[invoice] += amount
        if not one.instructed:
            assert sum(amount for _invoice, amount in one.allocations) <= max(one.amount, 0)

    assert all(amount <= totals[invoice] for invoice, amount in allocated.items())


def test_truth_of_bank_and_cards_never_meets(made):
    by_bank = {invoice for one in made.transfers for invoice, _amount in one.allocations}
    by_card = {invoice for pairs in made.charges.values() for invoice, _amount in pairs}

    assert by_bank
    assert by_card
    assert not by_bank & by_card


def test_two_thirds_of_the_payments_quote_a_clear_reference(made):
    payments = [one for one in made.transfers if one.kind == "payment"]

    assert mean("clear" in one.tags for one in payments) == pytest.approx(0.63, abs=0.03)


def test_payment_without_a_reference_fits_one_open_debt_of_its_client(made):
    invoices = {one.id: one for one in made.invoices}
    open_debts = Counter((one.client.id, one.total) for one in made.invoices if one.status == "Unpaid")
    silent = {"no_reference", "standing_order", "domain_only", "client_number"}
    payments = [one for one in made.transfers if one.kind == "payment" and set(one.tags) & silent]

    fits = Counter()
    for one in payments:
        [(invoice, amount)] = one.allocations
        if "booked_in_whmcs" not in one.tags:
            fits[open_debts[invoices[invoice].client.id, amount]] += 1

    assert set(fits) == {1}


def test_every_shape_is_there(acme):
    shapes = {tag for one in acme.transfers for tag in one.tags}

    assert shapes >= {
        "clear", "half_number", "several", "no_reference", "standing_order", "stale_number", "reseller", "relative",
        "part_payment", "over_payment", "fee_short", "paid_twice", "typo", "fx", "creditor_reference", "domain_only",
        "client_number", "twins", "mass_payment", "redelivered", "payout", "noise",
    }  # fmt: skip


def test_open_weeks_are_unpaid_and_older_ones_are_booked(acme):
    invoices = {one.id: one for one in acme.invoices}
    payments = [one for one in acme.transfers if one.kind == "payment" and one.status == "booked"]
    open_ones = [one for one in payments if "booked_in_whmcs" not in one.tags]
    whole = [one for one in payments if not {"part_payment", "fee_short"} & set(one.tags)]

    assert 280 < len(open_ones) < 380
    for one in whole:
        states = {invoices[invoice].status for invoice, _amount in one.allocations}
        assert states <= ({"Unpaid"} if one in open_ones else {"Paid"})


def test_card_payments_are_booked_but_for_a_few(acme):
    ids = {one.transid for one in acme.ledger if one.gateway == "stripe"}
    charges = [one for one in acme.stripe if one["object"] == "charge" and one["paid"]]
    missing = [one for one in charges if not ids & {one["id"], one["payment_intent"], one["balance_transaction"]}]

    kinds = Counter(one.split("_")[0] for one in ids)
    assert 4 <= len(missing) <= 22
    assert min(kinds[kind] for kind in ("ch", "pi", "txn")) > 10


def test_charges_name_their_invoice_in_several_ways_or_not_at_all(acme):
    charges = [one for one in acme.stripe if one["object"] == "charge"]

    names = ("metadata", "description", "receipt_email", "id")
    forms = Counter(next(name for name in names if one[name]) for one in charges)
    assert min(forms.values()) >= 3
    assert set(forms) == set(names)


def test_stripe_ledger_adds_up(made):
    rows = [one for one in made.stripe if one["object"] == "balance_transaction"]
    charges = {one["id"]: one for one in made.stripe if one["object"] == "charge"}

    assert all(one["net"] == one["amount"] - one["fee"] for one in rows)
    for one in rows:
        if one["type"] == "charge" and one["exchange_rate"] is None:
            assert one["amount"] == charges[one["source"]]["amount"]


def test_names_are_invented_and_domains_are_examples(made):
    assert all(one.email.endswith(".example") for one in made.clients)
    assert all(one.domain.endswith(".example") for one in made.clients)


def test_account_never_runs_dry(made):
    balance = made.opening["main"]
    for one in (one for one in made.transfers if one.account == "main" and not one.repeats):
        balance += one.amount
        assert balance > 0


def test_a_world_of_an_earlier_version_gets_the_tables_that_it_lacks(tmp_path):
    store = Store(tmp_path)
    store.open(seed=7, until=date(2026, 3, 2))
    with store.writing() as connection:
        kept = connection.execute("SELECT COUNT(*) FROM whmcs_invoice").fetchone()[0]
        connection.execute("DROP TABLE whmcs_order")
    store.close()

    until = store.open(seed=8, until=date(2026, 4, 1))

    with store.reading() as connection:
        found = [
            connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]
            for name in ("whmcs_invoice", "whmcs_order")
        ]
    store.close()
    assert (until, found) == (date(2026, 3, 2), [kept, 0])
