"""Payouts: the equation in full, pairing by hand, taking apart, and the downloads."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest

from matching.models import Settlement
from matching.services.settlement import settle_found
from payments.models import BalanceTransaction
from payments.services.manual_payouts import explain_manual
from payments.services.payouts import explain
from tests.factories import rows
from tests.factories.rows import NOW, TODAY


def movement(payout, amount, *, fee="0", category="charge", kind="charge", source_id="", **fields):
    amount, fee = Decimal(amount), Decimal(fee)
    serial = BalanceTransaction.objects.count()
    return BalanceTransaction.objects.create(
        connection=rows.stripe_connection(), transaction_id=f"txn_{serial}", kind=kind, reporting_category=category,
        source_id=source_id or f"ch_{serial}", amount=amount, fee=fee, net=amount - fee, currency="EUR",
        stripe_created_at=NOW - timedelta(minutes=serial), available_date=TODAY, payout=payout, **fields,
    )  # fmt: skip


def a_payout(amount, *, charge=None):
    payout = rows.payout(amount)
    movement(payout, "150.00", fee="3.50", source_id=charge.charge_id if charge else "")
    movement(payout, "-20.00", category="refund", kind="refund", source_id="re_1")
    movement(payout, "-50.00", fee="15.00", category="dispute", kind="adjustment", source_id="dp_1")
    explain(payout)
    return payout


def page_of(browser, payout, query=""):
    answer = browser.get(f"/payouts/{payout.public_id}/{query}")
    assert answer.status_code == 200, answer.content
    return answer.context["page"]


def pair(browser, payout, entry, **more):
    return browser.post(f"/payouts/{payout.public_id}/pair/", {"entry": str(entry.public_id), **more})


def table_of(answer):
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_equation_is_shown_in_full_with_its_items(as_viewer, in_acme):
    charge = rows.charge("150.00", name="Anna Kowalska")
    page = page_of(as_viewer, a_payout("61.50", charge=charge))

    assert [(line.label, line.amount.value) for line in page.lines] == [
        ("Charges", 150), ("Fees", Decimal("-18.50")), ("Refunds", -20), ("Disputes", -50), ("Adjustments", 0),
        ("Failed payouts that came back", 0), ("Explained", Decimal("61.50")), ("Paid out", Decimal("61.50")),
    ]  # fmt: skip
    assert (page.difference.value, page.closes, len(page.items)) == (0, True, 3)
    assert "Anna Kowalska" in {item.name for item in page.items}


def test_what_does_not_add_up_is_shown_with_its_difference_and_items(as_viewer, in_acme):
    payout = a_payout("60.27")

    page = page_of(as_viewer, payout)
    [row] = as_viewer.get("/payouts/?found=difference").context["page"].rows

    assert (page.difference.value, page.closes, len(page.items)) == (Decimal("-1.23"), False, 3)
    assert (row.state.text, row.payout_id) == ("Does not add up", payout.payout_id)


def test_a_payout_sent_by_hand_shows_what_became_available_and_what_is_left(as_viewer, in_acme):
    movement(None, "100.00", fee="2.00")
    payout = rows.payout("60.00", automatic=False)
    explain_manual(payout.connection, now=NOW)

    page = page_of(as_viewer, payout)

    assert ("Left in the Stripe balance", Decimal("-38.00")) in [(line.label, line.amount.value) for line in page.lines]
    assert (page.closes, len(page.items)) == (True, 1)
    assert "by hand" in page.explanation


def test_a_tie_says_so_and_a_person_chooses(as_reviewer, in_acme):
    payout, _ = rows.payout("100.00"), rows.payout("100.00")
    first, _ = rows.transfer("STRIPE", "100.00"), rows.transfer("STRIPE", "100.00")
    assert settle_found(now=NOW) == 0
    page = page_of(as_reviewer, payout)
    assert (len(page.choices), page.state.text) == (2, "Choose the bank entry")
    assert "equally well" in page.advice

    answer = pair(as_reviewer, payout, first)

    assert (answer.status_code, answer["Location"]) == (303, f"/payouts/{payout.public_id}/")
    page = page_of(as_reviewer, payout)
    assert (page.state.text, page.choices, page.settled[0].entry.key) == (
        "On the bank account", (), str(first.public_id),
    )  # fmt: skip


def test_payouts_that_the_bank_joined_are_paired_together(as_reviewer, in_acme):
    first, second = rows.payout("60.00"), rows.payout("40.00")
    entry = rows.transfer("Sammelgutschrift", "100.00")
    page = page_of(as_reviewer, first)
    assert page.choices == ()
    entry.remittance_information = "STRIPE"
    entry.save(update_fields=["remittance_information"])
    page = page_of(as_reviewer, first)
    assert ([one.differs for one in page.choices], [one.key for one in page.others]) == (
        ["Differs by 40.00\u00a0EUR."], [str(second.public_id)],
    )  # fmt: skip

    assert pair(as_reviewer, first, entry, **{"with": str(second.public_id)}).status_code == 303

    assert Settlement.objects.count() == 2
    assert page_of(as_reviewer, second).settled[0].shared


def test_another_amount_is_refused_until_it_is_accepted_and_then_shown(as_reviewer, in_acme):
    payout, entry = rows.payout("100.00"), rows.transfer("STRIPE", "99.50")

    refused = pair(as_reviewer, payout, entry)
    assert (refused.status_code, Settlement.objects.count()) == (422, 0)
    assert "Nothing was saved." in refused.context["page"].error
    accepted = pair(as_reviewer, payout, entry, accepts="yes")

    assert accepted.status_code == 303
    assert page_of(as_reviewer, payout).settled[0].difference.value == Decimal("-0.50")


@pytest.mark.parametrize("entry", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_an_entry_that_is_none_pairs_nothing(as_reviewer, in_acme, entry):
    payout = rows.payout("100.00")

    answer = as_reviewer.post(f"/payouts/{payout.public_id}/pair/", {"entry": entry} if entry else {})

    assert (answer.status_code, Settlement.objects.count()) == (404 if entry else 422, 0)


def test_taking_apart_opens_both_again(as_reviewer, in_acme):
    payout, entry = rows.payout("100.00"), rows.transfer("STRIPE", "100.00")
    settle_found(now=NOW)
    [settled] = page_of(as_reviewer, payout).settled
    assert settled.how == "The text names the gateway"

    assert as_reviewer.post(settled.undo_url).status_code == 303

    page = page_of(as_reviewer, payout)
    assert (page.settled, [one.entry.key for one in page.choices]) == ((), [str(entry.public_id)])
    assert as_reviewer.post(settled.undo_url).status_code == 422


def test_a_failed_payout_that_was_found_asks_for_its_return(as_reviewer, in_acme):
    payout = rows.payout("100.00")
    rows.transfer("STRIPE", "100.00")
    settle_found(now=NOW)
    payout.status = "failed"
    payout.save(update_fields=["status"])
    back = rows.transfer("Rueckgabe", "-100.00", booking_date=TODAY)
    page = page_of(as_reviewer, payout)
    assert (page.state.text, [one.is_return for one in page.choices]) == ("Failed, not returned yet", [True])

    assert pair(as_reviewer, payout, back).status_code == 303

    page = page_of(as_reviewer, payout)
    assert (page.state.text, [row.is_return for row in page.settled]) == ("Failed, returned", [False, True])


def test_the_list_as_csv_follows_the_filters(as_viewer, in_acme):
    a_payout("61.50")
    rows.payout("7.00", status="failed", payout_id="=cmd|x")

    [sum_] = table_of(as_viewer.get("/payouts/export.csv?found=no"))
    [failed] = table_of(as_viewer.get("/payouts/export.csv?found=failed"))

    assert (sum_["gross"], sum_["fees"], sum_["refunds"], sum_["disputes"], sum_["paid_out"], sum_["difference"]) == (
        "150.00", "-18.50", "-20.00", "-50.00", "61.50", "0.00",
    )  # fmt: skip
    assert (failed["payout"], failed["gross"]) == ("'=cmd|x", "")


def test_the_list_as_csv_follows_the_order(as_viewer, in_acme):
    for net, day in (("7.00", 3), ("9.00", 2), ("8.00", 1)):
        rows.payout(net, arrival_date=date(2026, 11, day))

    def paid_out(query=""):
        return [row["paid_out"] for row in table_of(as_viewer.get(f"/payouts/export.csv{query}"))]

    assert paid_out("?sort=-net") == ["9.00", "8.00", "7.00"]
    assert paid_out("?sort=arrives") == ["8.00", "9.00", "7.00"]
    assert paid_out() == ["7.00", "9.00", "8.00"]


def test_the_items_as_csv_add_up(as_viewer, in_acme):
    payout = a_payout("61.50")

    found = table_of(as_viewer.get(f"/payouts/{payout.public_id}/export.csv"))

    assert sum(Decimal(row["net"]) for row in found) == Decimal("61.50")
    assert {row["part"] for row in found} == {"charges", "refunds", "disputes"}


def test_the_items_go_on_where_the_page_before_ended(as_viewer, in_acme):
    payout = rows.payout("60.00")
    for _ in range(60):
        movement(payout, "1.00")
    first = page_of(as_viewer, payout)
    second = as_viewer.get(first.pager.next_url).context["page"]

    shown = {item.source_id for item in (*first.items, *second.items)}
    assert (len(first.items), len(second.items), len(shown)) == (50, 10, 60)


def test_the_page_costs_the_same_with_more_items_and_entries(as_viewer, in_acme, queries_of):
    payout = a_payout("61.50")
    address = f"/payouts/{payout.public_id}/"
    for _ in range(2):
        rows.transfer("STRIPE", "61.50")
        rows.payout("5.00")
    as_viewer.get(address)
    few = queries_of(lambda: as_viewer.get(address))
    for _ in range(8):
        movement(payout, "1.00")
        rows.transfer("STRIPE", "61.50")
        rows.payout("5.00")

    assert queries_of(lambda: as_viewer.get(address)) == few
