"""Every page: who sees it, who does not, whose rows it shows, and what it costs with many rows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.permissions import BUILTIN_ROLES
from banking.models import StatementImport
from matching.models import Decision, EntryPair, Proposal, TakenBack
from matching.rule_models import MatchingRule
from matching.services import allocation, proposing, rules, setting_aside
from matching.services.decisions import Actor
from matching.services.rules import RuleDraft
from matching.services.settlement import settle
from payments.models import StripeConnection
from payymo.dashboard import formats
from tenants import context
from tests.factories import rows
from whmcs.models import WhmcsInstance

# Path, and the right it needs. `{name}` is the public id of a row that `things` makes.
PAGES = {
    "/": "overview.view",
    "/review/": "review.view",
    "/review/queue/": "review.view",
    "/review/status/": "review.view",
    "/review/{payment}/": "review.view",
    "/review/{payment}/find/": "review.decide",
    "/review/{payment}/split/": "review.decide",
    "/transactions/": "transactions.view",
    "/transactions/{payment}/": "transactions.view",
    "/transactions/{charge}/": "transactions.view",
    "/returns/": "transactions.view",
    "/invoices/": "invoices.view",
    "/invoices/{invoice}/": "invoices.view",
    "/payouts/": "transactions.view",
    "/payouts/export.csv": "transactions.view",
    "/payouts/{payout}/": "transactions.view",
    "/payouts/{payout}/export.csv": "transactions.view",
    "/reports/match-rate/": "overview.view",
    "/reports/match-rate/export.csv": "overview.view",
    "/reports/engine/": "overview.view",
    "/reports/three-way/": "transactions.view",
    "/reports/three-way/export.csv": "transactions.view",
    "/postings/": "invoices.view",
    "/activity/": "activity.view",
    "/activity/changes/": "audit.view",
    "/activity/changes/export.csv": "audit.view",
    "/connections/": "connections.view",
    "/connections/whmcs/{instance}/": "connections.view",
    "/connections/stripe/{stripe}/": "connections.view",
    "/connections/whmcs/new/": "connections.change",
    "/connections/stripe/new/": "connections.change",
    "/connections/whmcs/{instance}/credential/": "connections.change",
    "/connections/whmcs/{instance}/guard/": "connections.change",
    "/connections/whmcs/{instance}/module/": "connections.view",
    "/connections/bank/new/": "connections.change",
    "/imports/": "imports.add",
    "/imports/new/": "imports.add",
    "/imports/{upload}/": "imports.add",
    "/rules/": "rules.view",
    "/rules/new/": "rules.change",
    "/rules/{rule}/": "rules.view",
    "/settings/matching/": "settings.change",
    "/members/": "members.change",
}
ACTS = {
    "/review/{payment}/approve/": "review.decide",
    "/review/{payment}/reject/": "review.decide",
    "/review/{payment}/hold/": "review.decide",
    "/review/{payment}/ignore/": "review.decide",
    "/review/{payment}/find/": "review.decide",
    "/review/{payment}/split/": "review.decide",
    "/review/undo/{decision}/": "review.decide",
    "/returns/{returned}/dealt-with/": "review.decide",
    "/payouts/{payout}/pair/": "review.decide",
    "/payouts/{settled}/undo/{settlement}/": "review.decide",
    "/rules/{rule}/pause/": "rules.change",
    "/rules/{rule}/move/up/": "rules.change",
    "/rules/{rule}/remove/": "rules.change",
    "/imports/{upload}/commit/": "imports.add",
    "/imports/{upload}/discard/": "imports.add",
    "/connections/whmcs/{instance}/sync/": "connections.change",
    "/connections/whmcs/{instance}/remove/": "connections.change",
    "/connections/whmcs/{instance}/test/": "connections.change",
    "/connections/whmcs/{instance}/credential/": "connections.change",
    "/connections/whmcs/{instance}/module/pair/": "api_keys.change",
    "/connections/whmcs/{instance}/module/remove/": "api_keys.change",
    "/transactions/{payment}/account/": "review.decide",
    "/invoices/{invoice}/refresh/": "review.decide",
    "/connections/stripe/{stripe}/sync/": "connections.change",
    "/connections/stripe/{stripe}/remove/": "connections.change",
}
VIEWERS_PAGES = [path for path, right in PAGES.items() if right in BUILTIN_ROLES["viewer"]]
BEYOND_A_VIEWER = [path for path, right in PAGES.items() if right not in BUILTIN_ROLES["viewer"]]


def things(actor):
    """One row of each kind in the current tenant, by the name that the paths give it."""
    now = timezone.now()
    debt = rows.invoice("INV-1042", "119.00")
    payment, charge = rows.transfer("INV-1042 hosting", "119.00"), rows.charge("50.00")
    other = rows.transfer("Salary", "10.00", name="Somebody")
    payout, settled = rows.payout("48.00"), rows.payout("77.00")
    [settlement] = settle(
        payout_ids=[settled.public_id], receipt_id=rows.transfer("STRIPE", "77.00").public_id, actor=actor, now=now
    )
    proposing.propose(receipts=[payment, charge, other], now=now)
    decided = setting_aside.ignore_receipt(receipt_id=other.public_id, reason="other", actor=actor, now=now)
    upload = StatementImport.objects.create(
        file_name="gone.xml", file_sha256="0" * 64, file_sealed=b"", format="camt", state="DISCARDED"
    )
    draft = RuleDraft(action="ignore", remittance_text="rent", ignore_reason="private")
    returned = EntryPair.objects.create(
        kind="RETURN", earlier=payment, later=rows.transfer("Return", "-119.00", return_sign="bank"), clue="payer",
        paired_at=now,
    )  # fmt: skip
    returned = TakenBack.objects.create(pair=returned, noticed_at=now)
    rule = [rules.create_rule(draft=draft, by=None, now=now) for _ in range(2)][1]
    made = {
        "rule": rule, "returned": returned,
        "payout": payout, "settled": settled, "settlement": settlement.decision,
        "payment": payment, "charge": charge, "invoice": debt, "decision": decided.decision, "upload": upload,
        "instance": WhmcsInstance.objects.get(), "stripe": StripeConnection.objects.get(),
    }  # fmt: skip
    return {name: row.public_id for name, row in made.items()}


@pytest.fixture
def acmes(in_acme, reviewer):
    return things(Actor.person(reviewer))


@pytest.fixture
def globexs(in_acme, globex, stranger):
    with context.inside(globex):
        return things(Actor.person(stranger))


def written():
    """Everything that a decision or an act on a connection writes."""
    return (
        list(Decision.objects.values_list("pk", "kind")),
        list(Proposal.objects.order_by("pk").values_list("pk", "status")),
        list(WhmcsInstance.objects.values_list("state", "next_sync_at")),
        list(StripeConnection.objects.values_list("state", "next_sync_at")),
        list(StatementImport.objects.values_list("state")),
        list(MatchingRule.objects.order_by("pk").values_list("position", "is_paused", "removed_at")),
    )


def answers(browser, paths, ids):
    return {path: status(browser.whole(path.format(**ids))) for path in paths}


def status(answer):
    """Its status; a file is read to its end, as a browser does."""
    if answer.streaming:
        answer.getvalue()
    return answer.status_code


def test_a_viewer_sees_the_pages_of_the_role_and_is_told_no_on_the_others(as_viewer, acmes):
    assert answers(as_viewer, VIEWERS_PAGES, acmes) == dict.fromkeys(VIEWERS_PAGES, 200)
    assert answers(as_viewer, BEYOND_A_VIEWER, acmes) == dict.fromkeys(BEYOND_A_VIEWER, 403)
    assert "Your role does not include this" in as_viewer.get(BEYOND_A_VIEWER[-1]).content.decode()


def test_an_owner_sees_every_page(as_owner, acmes):
    assert answers(as_owner, PAGES, acmes) == dict.fromkeys(PAGES, 200)


def test_a_colleague_without_any_right_sees_nothing(as_newcomer, acmes):
    assert answers(as_newcomer, PAGES, acmes) == dict.fromkeys(PAGES, 403)


def test_nobody_is_sent_to_sign_in_and_back(anonymous, acmes):
    for path in (path.format(**acmes) for path in PAGES):
        answer = anonymous.get(path)

        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")


def test_another_tenants_row_does_not_exist(as_owner, globexs):
    paths = [path for path in PAGES if "{" in path]

    assert answers(as_owner, paths, globexs) == dict.fromkeys(paths, 404)


@pytest.mark.parametrize("path", ACTS)
def test_another_tenants_row_cannot_be_acted_on(as_owner, acmes, globexs, globex, path):
    with context.inside(globex):
        before = written()

    assert as_owner.post(path.format(**globexs), {"until": "2030-01-01", "reason": "other"}).status_code == 404

    with context.inside(globex):
        assert written() == before


@pytest.mark.parametrize("path", ACTS)
def test_a_viewers_post_changes_nothing(as_viewer, acmes, path):
    before = written()

    answer = as_viewer.post(path.format(**acmes), {"until": "2030-01-01", "reason": "other"})

    assert answer.status_code == 403
    assert written() == before


def test_an_act_is_never_a_get(as_owner, acmes):
    before = written()
    paths = [path for path in ACTS if path not in PAGES]

    assert answers(as_owner, paths, acmes) == dict.fromkeys(paths, 405)

    assert written() == before


def test_a_stranger_who_signed_in_elsewhere_is_nobody_here(in_acme, stranger, acmes):
    from tests.dashboard.conftest import ACME, Browser

    answer = Browser(ACME, tenant=in_acme, user=stranger).get("/transactions/")

    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/transactions/")


HOSTILE = ("\x00", "²", "_", "x_²", "0_NaN_1", "0_1e999_1", "1e999", "NaN", "2026-13-40", "9" * 40, "'\"><", "%")
QUERIES = {
    "/review/": ("q", "band", "source", "over", "cursor"),
    "/review/{payment}/find/": ("q",),
    "/review/{payment}/split/": ("q", "invoice", "amount-x"),
    "/transactions/": ("q", "state", "source", "from", "to", "import", "sort", "after"),
    "/invoices/": ("q", "status", "sort", "after"),
    "/payouts/": ("q", "found", "sort", "after"),
    "/payouts/export.csv": ("q", "found"),
    "/payouts/{payout}/": ("after",),
    "/reports/match-rate/": ("from", "to"),
    "/reports/match-rate/export.csv": ("from", "to"),
    "/reports/three-way/": ("list", "from", "to", "after"),
    "/reports/three-way/export.csv": ("list", "from", "to"),
    "/activity/": ("kind", "source", "from", "to", "after"),
    "/activity/changes/": ("area", "who", "from", "to", "after"),
    "/imports/": ("q", "state", "sort", "after"),
    "/postings/": ("state", "sort", "after"),
    "/returns/": ("kind", "sort", "after"),
    "/rules/": ("q", "state"),
}


@pytest.mark.parametrize("path", QUERIES)
def test_what_cannot_be_read_in_the_address_is_ignored(as_owner, acmes, path):
    names = QUERIES[path]
    for place in range(len(HOSTILE)):
        # All at once, each name with another value, so that each meets every one in the end.
        asked = {name: HOSTILE[(place + turn) % len(HOSTILE)] for turn, name in enumerate(names)}
        for query in (asked, {**asked, "after": f"{HOSTILE[place]}_1"} if "after" in names else asked):
            found = status(as_owner.get(path.format(**acmes), query))

            # A file of a period that cannot be read leads to the page, which says so.
            other = 422 if path == "/review/{payment}/split/" else 302 if path.endswith(".csv") else 200
            assert found in (200, other), query


LISTS = (
    "/rules/",
    "/",
    "/review/",
    "/review/queue/",
    "/transactions/",
    "/invoices/",
    "/payouts/",
    "/reports/three-way/",
    "/reports/match-rate/",
    "/reports/engine/",
    "/postings/",
    "/activity/",
)


def more_rows(actor, serial):
    now = timezone.now()
    invoice = rows.invoice(f"INV-{2000 + serial}", "20.00")
    payment = rows.transfer(f"INV-{2000 + serial}", "20.00")
    ignored = rows.transfer(f"Salary {serial}", "11.00", name="Somebody")
    charge = rows.charge("30.00", description=f"Order {serial}")
    rows.payout("30.00")
    proposing.propose(receipts=[payment, charge, ignored], now=now)
    setting_aside.ignore_receipt(receipt_id=ignored.public_id, reason="other", actor=actor, now=now)
    matched = rows.transfer(f"INV-{3000 + serial}", "21.00")
    rows.invoice(f"INV-{3000 + serial}", "21.00", of=invoice.client)
    proposing.propose(receipts=[matched], now=now)
    best = Proposal.objects.get(bank_transaction=matched, rank=1, status="OPEN")
    allocation.approve_proposal(proposal_id=best.public_id, actor=actor, now=now - timedelta(hours=1))


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_the_same_with_more_rows(as_owner, reviewer, acmes, queries_of, path):
    actor = Actor.person(reviewer)
    for serial in range(2):
        more_rows(actor, serial)
    as_owner.whole(path)
    few = queries_of(lambda: as_owner.whole(path))
    for serial in range(2, 8):
        more_rows(actor, serial)

    assert queries_of(lambda: as_owner.whole(path)) == few


@pytest.mark.parametrize(
    ("part", "page"),
    [
        ("/review/queue/?band=likely", "/review/?band=likely"),
        ("/review/status/", "/review/"),
        ("/reports/ageing/figures/?x=1", "/reports/ageing/?x=1"),
        ("/reports/packs/", "/reports/"),
    ],
)
def test_who_opens_the_address_of_a_part_gets_the_page(as_owner, part, page):
    answer = as_owner.get(part)

    assert (answer.status_code, answer["Location"]) == (302, page)


def test_the_lists_go_on_where_the_page_before_ended(as_owner, acmes):
    for serial in range(60):
        rows.transfer(f"Transfer {serial}", "5.00")
    first = as_owner.get("/transactions/").context["page"]

    second = as_owner.get(first.pager.next_url).context["page"]

    shown = [row.url for row in (*first.rows, *second.rows)]
    assert (len(first.rows), len(shown), len(set(shown)), second.pager.next_url) == (50, 65, 65, "")


def test_the_overview_looks_back_as_far_as_asked(as_viewer, as_owner, in_acme):
    today = timezone.localdate()
    for back in (3, 20, 60):
        rows.transfer(f"INV-{back}", "10.00", booking_date=today - timedelta(days=back))

    counts = {query: as_viewer.get(f"/{query}").context["page"].open_money[0].count for query in PERIODS}

    assert counts == PERIODS
    html = as_viewer.get("/?days=90").content.decode()
    assert 'data-pm-from="/?days=90"' in html
    assert "Fetch now" not in html


def test_a_card_draws_each_day_of_what_is_still_open(as_viewer, in_acme):
    today = timezone.localdate()
    rows.transfer("INV-1", "10.00", booking_date=today - timedelta(days=1))
    rows.transfer("INV-2", "30.50", booking_date=today - timedelta(days=3))
    rows.transfer("INV-3", "7.00", booking_date=today - timedelta(days=3), state="IGNORED")

    answer = as_viewer.get("/?days=7")

    spark = answer.context["page"].open_money[0].spark
    assert list(spark.values)[-4:] == [Decimal("30.50"), 0, Decimal("10.00"), 0]
    assert len(spark.values) == 8
    assert f"most of {formats.day(today - timedelta(days=3))}, 30.50\u00a0EUR." in spark.sentence
    assert f'role="img" aria-label="{spark.sentence}"' in answer.content.decode()


def test_a_card_without_a_history_draws_nothing(as_viewer, in_acme):
    assert 'class="pm-spark' not in as_viewer.get("/").content.decode()


PERIODS = {"?days=7": 1, "": 2, "?days=30": 2, "?days=90": 3, "?days=4000": 2, "?days=x": 2}


def test_an_invoice_of_a_whmcs_that_is_not_connected_says_so(as_reviewer, as_viewer, in_acme):
    debt = rows.invoice("INV-1", "10.00")
    type(debt.instance).objects.update(state="BROKEN")

    answer = as_reviewer.post(f"/invoices/{debt.public_id}/refresh/", follow=True)

    assert "Its WHMCS is not connected now" in answer.content.decode()
    assert "/refresh/" not in as_viewer.get(f"/invoices/{debt.public_id}/").content.decode()


def test_a_payment_whose_person_was_erased_says_so_and_keeps_its_amount(as_viewer):
    row = rows.transfer("", "10.00", name="", erased_at=rows.NOW)

    page = as_viewer.get(f"/transactions/{row.public_id}/").content.decode()

    assert "Erased on 20 Nov 2026, because it was no longer needed." in page
    assert "10.00" in page
