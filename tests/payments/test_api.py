"""Stripe over the API: who may, what goes out, and that a stranger sees nothing."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from payments.models import BalanceTransaction, Payout, StripeConnection
from payments.services.manual_payouts import explain_manual
from tenants import context
from tests.factories import rows
from tests.factories.callers import Caller
from tests.factories.rows import NOW


def item(payout, serial, amount="10.00", **fields):
    return BalanceTransaction.objects.create(
        connection=payout.connection, transaction_id=f"txn_{serial}", kind="charge", amount=amount, fee="0.30",
        net="9.70", currency="EUR", stripe_created_at=rows.NOW, available_date=rows.TODAY, payout=payout, **fields,
    )  # fmt: skip


@pytest.fixture
def stored(acme):
    """A payout that holds a charge, and a charge in yen."""
    with context.inside(acme):
        payout = rows.payout("9.70", items_difference="0", items_complete=True)
        charge = rows.charge(
            "10.00", charge_id="ch_one", fee="0.30", net="9.70", settlement_currency="EUR", payout=payout,
            email="a@mail.example", raw_sealed=b"raw",
        )  # fmt: skip
        yen = rows.charge("1200", charge_id="ch_yen", currency="JPY")
        item(payout, 1, source_id="ch_one")
        return payout, charge, yen


def found(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_charges_carry_their_currencys_own_digits(stored):
    yen, euro = found(Caller("viewer").get("stripe-payments/"))

    assert (yen["charge_id"], yen["amount"], yen["fee"], yen["net"]) == ("ch_yen", "1200", None, None)
    assert (euro["amount"], euro["fee"], euro["net"], euro["amount_refunded"], euro["allocated"]) == (
        "10.00", "0.30", "9.70", "0.00", "0.00",
    )  # fmt: skip
    assert euro["payout"] == stored[0].payout_id
    assert "raw" not in json.dumps([yen, euro])


def test_a_payout_and_what_it_holds(stored):
    payout, caller = stored[0], Caller("viewer")

    shown = caller.get(f"payouts/{payout.public_id}/").json()
    [held] = found(caller.get(f"payouts/{payout.public_id}/items/"))

    assert (shown["amount"], shown["items_difference"], shown["items_complete"]) == ("9.70", "0.00", True)
    assert (held["source_id"], held["amount"], held["fee"], held["net"]) == ("ch_one", "10.00", "0.30", "9.70")


def test_a_payout_shows_the_parts_it_is_made_of(synced, account):
    payout = Payout.objects.filter(items_complete=True).order_by("-arrival_date").first()
    charges = payout.items.filter(reporting_category="charge").count()

    shown = Caller("viewer").get(f"payouts/{payout.public_id}/").json()

    total = sum(Decimal(part["amount"]) for part in shown["parts"].values())
    assert (str(total), shown["fee"], shown["items_difference"]) == (shown["amount"], "0.00", "0.00")
    assert shown["parts"]["charges"]["count"] == charges > 0


def test_what_became_available_is_listed_where_stripe_names_no_items(in_acme):
    ledger = {"connection": rows.stripe_connection(), "currency": "EUR", "stripe_created_at": NOW}
    for number, day in enumerate((NOW.date(), NOW.date() + timedelta(days=1))):
        BalanceTransaction.objects.create(
            transaction_id=f"txn_{number}", kind="charge", reporting_category="charge", source_id=f"ch_{number}",
            amount=10, fee=1, net=9, available_date=day, **ledger,
        )  # fmt: skip
    payout = rows.payout("5.00", automatic=False)
    explain_manual(payout.connection, now=NOW)

    shown = Caller("viewer").get(f"payouts/{payout.public_id}/").json()
    held = found(Caller("viewer").get(f"payouts/{payout.public_id}/items/"))

    assert (shown["carried_in"], shown["carried_out"], shown["items_difference"]) == ("0.00", "4.00", "0.00")
    assert [one["source_id"] for one in held] == ["ch_0"]


def test_state_filters_and_an_unknown_filter_is_refused(stored):
    caller = Caller("viewer")

    assert len(found(caller.get("stripe-payments/?state=UNRECONCILED"))) == 2
    assert found(caller.get("stripe-payments/?state=IGNORED")) == []
    for path in ("stripe-payments/?state=NONE", "stripe-payments/?sate=IGNORED", "payouts/?x=1",
                 "stripe-connections/?x=1", f"payouts/{stored[0].public_id}/items/?x=1"):  # fmt: skip
        answer = caller.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json"), path


def test_a_stranger_finds_nothing_of_another_tenant(stored):
    payout, charge, _ = stored
    stranger = Caller("reviewer", "globex")

    assert found(stranger.get("stripe-payments/")) == found(stranger.get("payouts/")) == []
    for path in (
        f"stripe-payments/{charge.public_id}/", f"payouts/{payout.public_id}/", f"payouts/{payout.public_id}/items/",
        f"stripe-connections/{charge.connection.public_id}/",
    ):  # fmt: skip
        assert stranger.get(path).status_code == 404, path
    stranger.host = "acme.localhost"
    assert stranger.get("stripe-payments/").status_code in (401, 403, 404)


def test_nobody_reads_without_signing_in(stored):
    for path in ("stripe-payments/", "payouts/", "stripe-connections/"):
        assert Caller(None).get(path).status_code == 401, path


def test_an_owner_connects_and_removes_an_account_and_no_answer_holds_a_secret(acme, account):
    owner, keys = Caller("owner"), account.keys

    made = owner.post("stripe-connections/", {"key": keys.restricted_key, "webhook_secret": keys.webhook_secret})

    assert made.status_code == 201, made.content
    shown = made.json()
    assert (shown["account_id"], shown["key_last4"], shown["has_webhook_secret"]) == (keys.account_id, "0001", True)
    answers = [made, owner.get("stripe-connections/"), owner.get(f"stripe-connections/{shown['id']}/")]
    for answer in answers:
        text = answer.content.decode()
        assert not any(secret in text for secret in (keys.restricted_key, keys.webhook_secret, "sealed"))
    assert owner.delete(f"stripe-connections/{shown['id']}/").status_code == 204
    assert found(owner.get("stripe-connections/")) == []
    assert owner.get(f"stripe-connections/{shown['id']}/").status_code == 404


@pytest.mark.parametrize("who", ["viewer", "reviewer"])
def test_a_colleague_without_the_right_changes_nothing(stored, account, acme, who):
    caller, connection = Caller(who), stored[1].connection

    assert caller.post("stripe-connections/", {"key": account.keys.restricted_key}).status_code == 403
    assert caller.delete(f"stripe-connections/{connection.public_id}/").status_code == 403
    with context.inside(acme):
        assert [row.state for row in StripeConnection.objects.all()] == ["ACTIVE"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"key": "nonsense"}, "begins with rk_live_"),
        ({"key": "rk_test_51NobodyHasThisKey"}, "does not accept the key"),
        ({}, "key"),
        ({"key": "rk_test_x", "secret": "x"}, "secret"),
        ([], ""),
    ],
)
def test_a_key_that_cannot_be_used_is_a_400_and_stores_nothing(acme, account, body, said):
    answer = Caller("owner").post("stripe-connections/", body)

    assert (answer.status_code, said in answer.content.decode()) == (400, True)
    with context.inside(acme):
        assert not StripeConnection.objects.exists()


def test_an_account_of_another_tenant_is_a_conflict(acme, account):
    body = {"key": account.keys.restricted_key}
    assert Caller("owner").post("stripe-connections/", body).status_code == 201

    answer = Caller("owner", "globex").post("stripe-connections/", body)

    assert (answer.status_code, answer.json()["code"]) == (409, "account_taken")
    assert "acme" not in answer.content.decode().lower()


def test_stripe_being_away_is_a_503(acme, account):
    account.fault("server_error", times=2)

    answer = Caller("owner").post("stripe-connections/", {"key": account.keys.restricted_key})

    assert (answer.status_code, answer.json()["detail"]) == (503, "Stripe cannot be reached just now.")


def test_the_number_of_queries_does_not_grow_with_the_rows(stored, acme):
    payout, caller = stored[0], Caller("viewer")
    paths = ("stripe-payments/", "payouts/", f"payouts/{payout.public_id}/items/", "stripe-connections/")

    def counts():
        made = []
        for path in paths:
            with CaptureQueriesContext(database) as asked:
                assert caller.get(path).status_code == 200
            made.append(len(asked))
        return made

    counts()
    few = counts()
    with context.inside(acme):
        for serial in range(10, 40):
            item(payout, serial)
            rows.charge("5.00", payout=rows.payout("5.00"))
    assert counts() == few


def test_lists_come_in_pages(stored, acme):
    with context.inside(acme):
        for _ in range(5):
            rows.charge("5.00")
    caller = Caller("viewer")

    first = caller.get("stripe-payments/?page_size=4").json()
    second = caller.client.get(first["next"], headers=caller._headers()).json()

    ids = [row["id"] for row in first["results"] + second["results"]]
    assert (len(first["results"]), len(ids), len(set(ids)), second["next"]) == (4, 7, 7, None)
