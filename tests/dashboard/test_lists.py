"""What every list has: an order, pages that lose no row, columns to choose, filters, views under a name, a CSV."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.urls import resolve, reverse

from accounts.models import Membership, Role, User
from banking.models import BankTransaction, StatementImport
from matching.models import SavedView, TakenBack
from matching.services import allocation, proposing, rules
from matching.services.decisions import Actor
from matching.services.rules import RuleDraft
from payments.models import Refund, StripePayment
from payymo.dashboard.saved_views import PLACES
from tenants.models import Tenant
from tests.dashboard.conftest import ACME, Browser
from tests.factories import rows
from whmcs.models import Posting

NOW = rows.NOW


@pytest.mark.parametrize("order", ["", "date", "amount", "-amount"])
def test_no_line_is_lost_where_a_page_ends_among_charges_and_entries_of_one_day(as_viewer, in_acme, order, every_page):
    for number in range(60):
        rows.charge("5.00" if number % 2 else f"{number}.00", charged_at=datetime(2026, 11, 18, 9, tzinfo=UTC))
        rows.transfer(f"Transfer {number}", "5.00" if number % 2 else f"-{number}.00")

    shown = every_page(as_viewer, f"/transactions/?sort={order}")

    assert (len(shown), len({row.url for row in shown})) == (120, 120)
    if "amount" in order:
        values = [row.amount.value for row in shown]
        assert values == sorted(values, reverse=order.startswith("-"))


def test_no_line_is_lost_where_the_companys_day_is_another_than_greenwichs(as_viewer, in_acme, every_page):
    Tenant.objects.filter(pk=in_acme.pk).update(time_zone="Pacific/Auckland")
    for number in range(60):
        rows.charge("5.00", charged_at=datetime(2026, 11, 18, 9 + number % 4, tzinfo=UTC))

    shown = every_page(as_viewer, "/transactions/")

    assert len({row.url for row in shown}) == len(shown) == 60
    assert {row.day.day for row in shown} == {18, 19}


@pytest.mark.parametrize(
    "text", ["1190", "1,190.00", "1.190,00", "1,190.00\u00a0EUR", "1\u202f190,00\u00a0EUR", "1190 €"]
)
def test_every_list_finds_an_amount_as_a_page_writes_it(as_reviewer, in_acme, text):
    amounts = ("1190.00", "11.90")
    for amount in amounts:
        rows.charge(amount)
        rows.transfer("hosting", amount)
        rows.transfer("refund", f"-{amount}")
        rows.invoice(f"INV-{amount}", amount)
        rows.payout(amount)
    proposing.propose(receipts=[*BankTransaction.objects.filter(amount__gt=0), *StripePayment.objects.all()], now=NOW)

    def found(path):
        return as_reviewer.get(path, {"q": text}).context["page"]

    assert sorted(row.amount.value for row in found("/transactions/").rows) == [-1190, 1190, 1190]
    assert [row.total.value for row in found("/invoices/").rows] == [1190]
    assert [row.net.value for row in found("/payouts/").rows] == [1190]
    assert {row.amount.value for band in found("/review/").queue.bands for row in band.rows} == {1190}
    assert {group.title: len(group.hits) for group in found("/search/").groups} == {"Invoices": 1, "Transactions": 3}


def invoices():
    for number in range(60):
        day = date(2026, 11, 1 + number % 9) if number % 5 else None
        rows.invoice(f"INV-{number}", f"{number % 7}.00", due_date=day)


def payouts():
    for number in range(60):
        rows.payout(f"{number % 7}.00", arrival_date=date(2026, 11, 1 + number % 9))


def postings(count=60):
    debt = rows.invoice("INV-1", "999.00")
    Posting.objects.bulk_create(
        Posting(
            instance=debt.instance, invoice=debt, amount=Decimal(1 + number % 7), currency="EUR", paid_at=NOW,
            gateway="banktransfer", transaction_id=f"PM-{number}", state=["FAILED", "CONFLICT"][number % 2],
            not_before=NOW,
        )
        for number in range(count)
    )  # fmt: skip


def returns(count=60):
    charge, debt = rows.charge(f"{count}.00"), rows.invoice("INV-1", f"{count}.00")
    allocation.allocate_by_hand(
        receipt_id=charge.public_id, lines=[allocation.Line(debt.pk, charge.amount)], actor=Actor.policy(), now=NOW
    )
    refunds = Refund.objects.bulk_create(
        Refund(
            payment=charge,
            refund_id=f"re_{charge.pk}_{number}",
            amount=1,
            currency="EUR",
            status="succeeded",
            refunded_at=NOW,
        )
        for number in range(count)
    )
    TakenBack.objects.bulk_create(TakenBack(refund=refund, noticed_at=NOW) for refund in refunds)


def imports(count=60):
    account = rows.account()
    StatementImport.objects.bulk_create(
        StatementImport(
            account=account if number % 2 else None, file_name=f"{number}.xml", file_sha256=f"{number:064d}",
            file_sealed=b"", format="camt", state=["READY", "DISCARDED"][number % 2],
        )
        for number in range(count)
    )  # fmt: skip


# The list, what fills it, its order, and of a row: what names it and the value that orders it, where that is shown.
ORDERS = [
    (invoices, "due", lambda row: row.url, lambda row: row.due_date or date.max),
    (invoices, "-outstanding", lambda row: row.url, lambda row: row.outstanding.value),
    (invoices, "total", lambda row: row.url, lambda row: row.total.value),
    (payouts, "net", lambda row: row.url, lambda row: row.net.value),
    (payouts, "arrives", lambda row: row.url, lambda row: row.arrival_date),
    (postings, "amount", lambda row: row.stopped.key, lambda row: row.amount.value),
    (postings, "-amount", lambda row: row.stopped.key, lambda row: row.amount.value),
    (postings, "approved", lambda row: row.stopped.key, lambda row: row.moment.at),
    (returns, "noticed", lambda row: row.note.dealt_with_url, lambda row: row.noticed.at),
    (imports, "uploaded", lambda row: row.url, lambda row: row.moment.at),
    (imports, "-uploaded", lambda row: row.url, lambda row: row.moment.at),
]


@pytest.mark.parametrize(("fill", "order", "name", "value"), ORDERS)
def test_a_list_goes_on_in_the_order_that_is_asked_for(as_reviewer, in_acme, every_page, fill, order, name, value):
    fill()

    shown = every_page(as_reviewer, f"/{fill.__name__}/?sort={order}")

    assert len({name(row) for row in shown}) == len(shown) == 60
    values = [value(row) for row in shown]
    assert values == sorted(values, reverse=order.startswith("-"))


def test_nothing_is_owed_on_a_closed_invoice_whatever_balance_whmcs_keeps(as_viewer, in_acme, every_page):
    states = ("Unpaid", "Collections", "Payment Pending", "Paid", "Refunded", "Cancelled", "Draft")
    for number, state in enumerate(states):
        rows.invoice(state, f"{70 + number}.00", status=state, reserved=Decimal(1))

    shown = every_page(as_viewer, "/invoices/?sort=-outstanding")
    file = as_viewer.get("/invoices/export.csv?sort=-outstanding").content.decode("utf-8-sig").splitlines()[1:]
    [refunded] = [row for row in shown if row.number == "Refunded"]
    page = as_viewer.get(refunded.url).content.decode()

    owed = [("Payment Pending", "71.00"), ("Collections", "70.00"), ("Unpaid", "69.00")]
    closed = [(state, "0.00") for state in reversed(states[3:])]
    assert [(row.number, f"{row.outstanding.value:.2f}") for row in shown] == owed + closed
    assert [(line.split(",")[0], line.split(",")[-2]) for line in file] == owed + closed
    assert "74.00\xa0EUR, but nothing is owed: the invoice is in the state “Refunded”." in page
    assert '<div class="pm-amount">0.00\xa0EUR' in page
    assert as_viewer.get("/search/?q=Refunded").content.decode().count("0.00\xa0EUR") == 1


@pytest.mark.parametrize("fill", [returns, imports])
def test_a_list_costs_the_same_with_more_rows(as_reviewer, in_acme, queries_of, fill):
    fill(2)
    few = queries_of(lambda: as_reviewer.get(f"/{fill.__name__}/"))
    fill(9)

    assert queries_of(lambda: as_reviewer.get(f"/{fill.__name__}/")) == few


def test_a_head_orders_and_turns_round_and_filtering_keeps_it(as_viewer, in_acme):
    page = as_viewer.get("/transactions/?sort=-amount&q=x").context["page"]

    heads = {head.label: head for head in page.table.heads}
    assert (heads["Amount"].direction, heads["Amount"].url) == ("descending", "/transactions/?q=x&sort=amount")
    assert (heads["Date"].direction, heads["Date"].url) == ("", "/transactions/?q=x&sort=-date")
    assert ("sort", "-amount") in page.filters.hidden
    assert heads["State"].url == ""


def test_a_browser_keeps_which_columns_it_shows(as_viewer, in_acme):
    rows.transfer("INV-1", "10.00")

    chosen = as_viewer.post("/account/columns/transactions/", {"show": ["state"], "next": "/transactions/?q=INV"})

    assert (chosen.status_code, chosen["Location"]) == (303, "/transactions/?q=INV")
    assert chosen.cookies["payymo_columns_transactions"].value == "date.matched"
    page = as_viewer.get("/transactions/").context["page"]
    assert [head.label for head in page.table.heads] == ["Payer", "State", "Amount"]
    assert as_viewer.get("/transactions/").content.decode().count("<th ") == 3
    assert as_viewer.post("/account/columns/nothing/", {}).status_code == 404
    elsewhere = as_viewer.post("/account/columns/payers/", {"next": "https://evil.example/"})
    assert elsewhere["Location"] == "/"


def test_lists_are_exported_as_they_are_filtered(as_viewer, in_acme):
    rows.invoice("INV-1", "10.00")
    for number in range(60):
        rows.transfer(f"INV-{number}", "10.00", name="=cmd()")
    rows.transfer("other", "11.00")
    rows.charge("12.00")

    transactions = as_viewer.get("/transactions/export.csv?q=INV").content.decode("utf-8-sig").splitlines()
    everything = as_viewer.get("/transactions/export.csv").content.decode("utf-8-sig").splitlines()
    invoices = as_viewer.get("/invoices/export.csv").content.decode("utf-8-sig").splitlines()
    activity = as_viewer.get("/activity/export.csv").content.decode("utf-8-sig").splitlines()

    assert (len(transactions), len(everything), len(invoices), len(activity)) == (61, 63, 2, 1)
    assert "'=cmd()" in transactions[1]
    assert len({line.rsplit(",", 1)[1] for line in everything}) == 63


def test_a_list_keeps_views_of_its_own_and_shows_colleagues_what_is_shared(as_viewer, as_reviewer, in_acme):
    form = {"query": "q=INV&sort=-amount&after=x_1&next=evil", "name": "Large", "shared": "on"}

    saved = as_viewer.post("/lists/transactions/views/", form)
    as_viewer.post("/lists/transactions/views/", {**form, "name": "Mine", "shared": ""})

    assert (saved.status_code, saved["Location"]) == (303, "/transactions/?q=INV&sort=-amount")
    shown = as_viewer.get("/transactions/?sort=-amount&q=INV").context["page"].views
    assert [(each.name, each.current) for each in shown.links] == [("All", False), ("Large", True), ("Mine", True)]
    theirs = as_reviewer.get("/transactions/").context["page"].views.links
    assert [(each.name, each.remove_url) for each in theirs][1:] == [(f"Large ({shown_name(as_viewer)})", "")]
    assert as_viewer.get("/invoices/").context["page"].views.links == ()

    as_reviewer.post(shown.links[1].remove_url)
    assert len(as_viewer.get("/transactions/").context["page"].views.links) == 3
    as_viewer.post(shown.links[1].remove_url)
    assert [each.name for each in as_viewer.get("/transactions/").context["page"].views.links] == ["All", "Mine"]
    assert as_viewer.post("/lists/nothing/views/", form).status_code == 404


def shown_name(browser):
    return browser.get("/").context["shell"].user_name


def test_a_lists_views_need_the_right_of_the_list():
    for place, right in PLACES.items():
        pages = [reverse(f"dashboard:{place}"), reverse(f"dashboard:{place}_views")]
        pages.append(reverse(f"dashboard:{place}_view_remove", args=["00000000-0000-0000-0000-000000000000"]))

        assert [resolve(page).func.guard for page in pages] == [(right, False)] * 3


def test_views_of_a_list_that_one_may_not_see_are_not_touched(as_viewer, as_reviewer, as_newcomer):
    form = {"query": "state=paused", "name": "Mine"}
    as_reviewer.post("/lists/rules/views/", form)
    [view] = SavedView.objects.all()

    assert [as_newcomer.post(f"/lists/{place}/views/", form).status_code for place in PLACES] == [403] * len(PLACES)
    refused = [place for place in PLACES if as_viewer.post(f"/lists/{place}/views/", form).status_code == 403]
    assert refused == ["payers", "rules", "imports", "changes"]
    assert as_viewer.post(f"/lists/rules/views/{view.public_id}/remove/").status_code == 403
    # Nor through a list that the owner does see.
    as_reviewer.post(f"/lists/invoices/views/{view.public_id}/remove/")
    assert SavedView.objects.filter(pk=view.pk).exists()


def test_who_sees_one_list_only_keeps_views_of_it(in_acme):
    role = Role.objects.create(tenant=in_acme, code="files", name="Files", permissions=["imports.add"])
    user = User.objects.create_user("files@acme.example", "correct horse battery", name="Files")
    Membership.objects.create(user=user, tenant=in_acme, role=role, is_active=True)
    browser = Browser(ACME, tenant=in_acme, user=user)

    saved = browser.post("/lists/imports/views/", {"query": "state=READY&q=a", "name": "To do"})

    assert (saved.status_code, saved["Location"]) == (303, "/imports/?q=a&state=READY")
    assert [(view.name, view.current) for view in browser.get(saved["Location"]).context["page"].views.links] == [
        ("All", False), ("To do", True),
    ]  # fmt: skip
    kept = [browser.post(f"/account/{what}/", {"mode": "dark"}).cookies for what in ("columns/imports", "theme")]
    assert [list(cookies) for cookies in kept] == [["payymo_columns_imports"], ["payymo_theme"]]


FILTERED = {
    "/postings/": "state=POSTED&sort=amount",
    "/returns/": "kind=refund",
    "/rules/": "q=rent&state=paused",
    "/activity/": "kind=IGNORE&source=PERSON&from=2026-11-01",
    "/activity/changes/": "area=rules&who=person",
}


def test_what_narrows_a_list_is_what_its_view_keeps(as_owner, in_acme):
    for path, query in FILTERED.items():
        views = as_owner.get(f"{path}?{query}&after=1_1&else=x").context["page"].views

        assert sorted(views.query.split("&")) == sorted(query.split("&")), path
        saved = as_owner.post(views.save_url, {"query": views.query, "name": path})
        assert as_owner.get(saved["Location"]).context["page"].views.links[1].current, path


def test_every_table_hides_the_columns_that_one_hides(as_owner, in_acme):
    for fill in (postings, returns, imports):
        fill(1)
    rules.create_rule(
        draft=RuleDraft(action="ignore", remittance_text="rent", ignore_reason="private"), by=None, now=NOW
    )
    shown = {
        "postings": ["Invoice", "Amount"], "returns": ["Payment", "Amount", "What to do"], "imports": ["File"],
        "rules": ["Rule"],
    }  # fmt: skip
    for name, heads in shown.items():
        whole = as_owner.get(f"/{name}/").content.decode()
        as_owner.post(f"/account/columns/{name}/", {"next": f"/{name}/"})
        answer = as_owner.get(f"/{name}/")

        assert [head.label for head in answer.context["page"].table.heads] == heads
        html = answer.content.decode()
        extra = 1 if name in ("postings", "rules") else 0  # the head of the buttons
        for each in (whole, html):
            body = each.partition("<tbody>")[2].partition("</tr>")[0]
            assert body.count("<td") == each.count('<th scope="col"')
        assert html.count('<th scope="col"') == len(heads) + extra


def test_rules_are_narrowed_by_words_and_state_and_a_part_is_not_moved(as_admin, in_acme):
    for number, text in enumerate(("rent", "salary", "rent again")):
        draft = RuleDraft(action="ignore", remittance_text=text, ignore_reason="private")
        rule = rules.create_rule(draft=draft, by=None, now=NOW)
        if number:
            rules.pause_rule(rule_id=rule.public_id, is_paused=True, by=None, now=NOW)

    def places(query):
        return [row.place for row in as_admin.get(f"/rules/{query}").context["page"].rows]

    assert (places(""), places("?q=RENT"), places("?q=rent&state=paused"), places("?state=active")) == (
        [1, 2, 3], [1, 3], [3], [1],
    )  # fmt: skip
    assert "/move/" in as_admin.get("/rules/").content.decode()
    assert "/move/" not in as_admin.get("/rules/?q=rent").content.decode()
    assert "No rule fits these filters." in as_admin.get("/rules/?q=nothing").content.decode()


def test_files_and_what_was_taken_back_are_narrowed(as_reviewer, in_acme):
    imports(12)
    returns(2)

    def count(path):
        return len(as_reviewer.get(path).context["page"].rows)

    assert [count(f"/imports/{query}") for query in ("?q=1", "?q=main", "?state=READY", "?q=11.xml&state=READY")] == [
        3, 6, 6, 0,
    ]  # fmt: skip
    assert "No file fits these filters." in as_reviewer.get("/imports/?q=nothing").content.decode()
    assert [count(f"/returns/?kind={kind}") for kind in ("refund", "return", "dispute", "x")] == [2, 0, 0, 2]
    assert "Nothing of this kind waits for a person." in as_reviewer.get("/returns/?kind=return").content.decode()
