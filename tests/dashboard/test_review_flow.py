"""After a decision: the next payment of the filtered queue, what is read aloud, and a form that is sent twice."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import IdempotencyRecord
from matching.models import Decision, InvoiceMatch, Proposal
from matching.services import proposing
from payymo.audit.actions import ACTIONS
from tests.dashboard.conftest import ACME, Browser
from tests.factories import rows
from whmcs.models import Posting


def payment(number, amount, band="", **more):
    debt = rows.invoice(number, amount)
    row = rows.transfer(f"{number} hosting", amount, **more)
    proposing.propose(receipts=[row], now=timezone.now())
    if band:
        Proposal.objects.filter(bank_transaction=row).update(band=band)
    return row, debt


def form_of(browser, row, query=""):
    panel = browser.get(f"/review/{row.public_id}/{query}").context["page"].panel
    return panel, {"version": panel.version, "candidate": panel.candidates[0].key, "key": panel.key}


def test_a_rejection_announces_the_same_payment_and_never_a_next_one(as_reviewer, in_acme):
    row, _ = payment("INV-1042", "119.00")
    payment("INV-2000", "900.00")
    panel, sent = form_of(as_reviewer, row)

    page = as_reviewer.fragment("post", panel.urls.reject, sent).context["page"]

    assert page.panel.receipt_id == str(row.public_id)
    assert page.announcement.startswith("Rejected. Still to decide: 119.00\u00a0EUR from Northwind Ltd")
    assert page.announcement.endswith("2 left.")
    assert "Next" not in page.announcement


def test_the_last_rejection_says_that_no_suggestion_is_left(as_reviewer, in_acme):
    row, _ = payment("INV-1042", "119.00")
    Proposal.objects.filter(bank_transaction=row, rank__gt=1).delete()
    panel, sent = form_of(as_reviewer, row)

    page = as_reviewer.fragment("post", panel.urls.reject, sent).context["page"]

    assert page.announcement == (
        "Rejected. Still to decide: 119.00\u00a0EUR from Northwind Ltd, without a suggestion. 1 left."
    )


def test_a_part_that_stays_open_is_not_called_the_next_payment(as_reviewer, in_acme):
    row, debt = payment("INV-1042", "119.00")
    panel, sent = form_of(as_reviewer, row)

    page = as_reviewer.fragment(
        "post", panel.urls.split, {**sent, f"amount-{debt.public_id}": "50.00", "rest": "open", "do": "save"}
    ).context["page"]

    assert page.removed == ()
    assert page.announcement.startswith("Matched by hand. Still to decide: ")


def test_an_approval_announces_the_next_payment_with_its_match(as_reviewer, in_acme):
    row, _ = payment("INV-1042", "119.00")
    payment("INV-2000", "900.00", band="likely")
    panel, sent = form_of(as_reviewer, row)

    page = as_reviewer.fragment("post", panel.urls.approve, sent).context["page"]

    assert page.announcement == ("Approved. Next: 900.00\u00a0EUR from Northwind Ltd, likely match INV-2000. 1 left.")


@pytest.fixture
def mixed(in_acme):
    """An exact payment of the bank and, behind larger ones of other bands, two likely ones."""
    return {
        "large": payment("INV-1", "900.00", band="exact")[0],
        "likely": payment("INV-2", "50.00", band="likely")[0],
        "next likely": payment("INV-3", "40.00", band="likely")[0],
        "possible": payment("INV-4", "30.00", band="possible")[0],
    }


def test_the_next_payment_comes_from_the_queue_as_it_is_filtered(as_reviewer, mixed):
    panel, sent = form_of(as_reviewer, mixed["likely"], "?band=likely")

    page = as_reviewer.fragment("post", panel.urls.approve, sent).context["page"]

    assert page.panel.receipt_id == str(mixed["next likely"].public_id)
    assert page.panel.urls.item.endswith("?band=likely")
    last, sent = form_of(as_reviewer, mixed["next likely"], "?band=likely")
    assert as_reviewer.fragment("post", last.urls.approve, sent).context["page"].panel is None


def test_a_band_counts_what_the_filter_leaves_of_it(as_reviewer, mixed):
    def counted(query):
        bands = as_reviewer.get(f"/review/{query}").context["page"].queue.bands
        return [(band.band, band.count, band.is_headed) for band in bands]

    assert counted("?band=likely") == [("likely", 2, True)]
    assert counted("?over=45") == [("exact", 1, True), ("likely", 1, True)]
    assert counted("?over=45&order=oldest") == [("exact", None, False), ("likely", None, False)]


def test_a_band_that_the_filter_leaves_more_of_than_a_page_has_a_heading_without_a_number(as_reviewer, mixed):
    for number in range(5, 60):
        payment(f"INV-{number}", "20.00", band="none")

    page = as_reviewer.get("/review/?over=15").context["page"].queue

    assert [(band.band, band.count, band.is_headed) for band in page.bands][-2:] == [
        ("possible", 1, True), ("none", None, True),
    ]  # fmt: skip
    assert page.next_url


def test_after_the_last_payment_of_a_filter_the_panel_says_that_others_wait(as_reviewer, mixed):
    panel, sent = form_of(as_reviewer, mixed["possible"], "?band=possible")
    text = as_reviewer.fragment("post", panel.urls.approve, sent).content.decode()

    assert "Other payments are waiting." in text
    assert "All done." not in text

    for name in ("large", "likely", "next likely"):
        panel, sent = form_of(as_reviewer, mixed[name])
        text = as_reviewer.fragment("post", panel.urls.approve, sent).content.decode()

    assert "Other payments are waiting." not in text
    assert "All done." in text
    assert "4 payments decided today." in text


def test_a_plain_form_goes_back_to_the_filtered_queue(as_reviewer, mixed):
    panel, sent = form_of(as_reviewer, mixed["likely"], "?band=likely&q=hosting")

    answer = as_reviewer.post(panel.urls.approve, sent)

    assert (answer.status_code, answer["Location"]) == (303, "/review/?band=likely&q=hosting")


def test_a_panel_fetched_in_advance_keeps_the_filter(as_reviewer, mixed):
    row = as_reviewer.get("/review/", {"band": "likely"}).context["page"].queue.bands[0].rows[1]

    panel = as_reviewer.fragment("get", row.panel_url).context["page"]

    assert panel.queue == "band=likely"
    assert as_reviewer.get(row.panel_url)["Location"] == f"/review/{mixed['next likely'].public_id}/?band=likely"


def test_a_payment_that_a_link_leads_to_is_in_the_queue_though_it_is_not_on_its_page(as_reviewer, mixed):
    linked = str(mixed["possible"].public_id)

    elsewhere = as_reviewer.get(f"/review/{linked}/?band=likely").context["page"].queue.bands
    here = as_reviewer.get(f"/review/{linked}/").context["page"].queue.bands

    assert [(row.receipt_id == linked, row.current) for band in elsewhere for row in band.rows] == [
        (True, True), (False, False), (False, False),
    ]  # fmt: skip
    assert (elsewhere[0].band, elsewhere[0].count) == ("possible", None)
    assert [row.receipt_id for band in here for row in band.rows].count(linked) == 1


def test_a_payment_that_waits_for_nobody_is_not_put_into_the_queue(as_reviewer, mixed):
    panel, sent = form_of(as_reviewer, mixed["possible"])
    as_reviewer.post(panel.urls.approve, sent)

    bands = as_reviewer.get(f"/review/{mixed['possible'].public_id}/?band=likely").context["page"].queue.bands

    assert [band.band for band in bands] == ["likely"]


@pytest.mark.parametrize("query", ["band=nonsense", "q=%00", "over=NaN", "x" * 3000, "%", "queue=queue"])
def test_a_filter_that_cannot_be_read_does_no_harm(as_reviewer, mixed, query):
    panel, sent = form_of(as_reviewer, mixed["likely"])

    answer = as_reviewer.fragment("post", f"{panel.urls.approve}", {**sent, "queue": query})

    assert answer.status_code == 200


@pytest.mark.parametrize("state", ["IGNORED", "RECONCILED", "held"])
def test_what_script_shows_next_must_still_be_open(as_reviewer, mixed, state):
    other = mixed["possible"]
    if state == "held":
        other.held_until = timezone.now().date() + timedelta(days=3)
    else:
        other.state = state
    other.save()
    panel, sent = form_of(as_reviewer, mixed["likely"])

    page = as_reviewer.fragment("post", panel.urls.approve, {**sent, "next": str(other.public_id)}).context["page"]

    assert page.panel.receipt_id == str(mixed["large"].public_id)


def test_a_form_that_is_sent_twice_is_decided_once_and_answered_alike(as_reviewer, in_acme):
    row, debt = payment("INV-1042", "119.00")
    panel, sent = form_of(as_reviewer, row)
    form = {**sent, f"amount-{debt.public_id}": "50.00", "rest": "open", "do": "save"}

    first, again = (as_reviewer.fragment("post", panel.urls.split, form) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.context["page"].undo.undo_url == again.context["page"].undo.undo_url
    assert (Decision.objects.count(), InvoiceMatch.objects.count(), IdempotencyRecord.objects.count()) == (1, 1, 1)


def test_a_refused_form_keeps_its_key_free(as_reviewer, in_acme):
    row, _ = payment("INV-1042", "119.00")
    panel, sent = form_of(as_reviewer, row)
    assert as_reviewer.post(panel.urls.ignore, {**sent, "reason": "because"}).status_code == 422

    assert as_reviewer.post(panel.urls.ignore, {**sent, "reason": "fee"}).status_code == 303
    assert Decision.objects.get().reason == "fee"


def test_another_persons_form_with_the_same_key_is_another_act(as_reviewer, as_owner, in_acme):
    row, _ = payment("INV-1042", "119.00")
    panel, sent = form_of(as_reviewer, row)
    as_reviewer.post(panel.urls.approve, sent)

    assert as_owner.post(panel.urls.approve, sent).status_code == 409


def test_every_kind_of_decision_has_its_name_in_the_log():
    assert {f"decision.{kind.lower()}" for kind in Decision.Kind.values} <= set(ACTIONS)


def test_of_parallel_parts_made_from_one_version_one_is_saved(committed_acme, reviewer):
    debt = rows.invoice("INV-1042", "119.00")
    row = rows.transfer("INV-1042 hosting", "119.00")
    proposing.propose(receipts=[row], now=timezone.now())
    browsers = [Browser(ACME, tenant=committed_acme, user=reviewer) for _ in range(4)]
    panel, sent = form_of(browsers[0], row)
    codes: list[int] = []
    start = threading.Barrier(len(browsers))

    def split(browser, key):
        form = {**sent, "key": key, f"amount-{debt.public_id}": "50.00", "rest": "open", "do": "save"}
        start.wait(60)
        try:
            codes.append(browser.fragment("post", panel.urls.split, form).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=split, args=(each, f"k{n}")) for n, each in enumerate(browsers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    row.refresh_from_db()
    assert sorted(codes) == [200, 409, 409, 409]
    assert (row.allocated, Posting.objects.count()) == (Decimal(50), 1)


def test_the_counters_are_sent_only_when_they_changed(as_reviewer, in_acme):
    row, _ = payment("INV-1042", "119.00")
    shown = as_reviewer.fragment("get", "/review/status/").context["page"].progress

    assert as_reviewer.fragment("get", "/review/status/", {"state": shown.state}).status_code == 204
    panel, sent = form_of(as_reviewer, row)
    as_reviewer.post(panel.urls.approve, sent)
    answer = as_reviewer.fragment("get", "/review/status/", {"state": shown.state})

    assert (answer.status_code, answer.context["page"].progress.left_count) == (200, 0)


def recent_of(browser):
    return [(each.text.split(",")[0], bool(each.undo_url)) for each in browser.get("/review/").context["page"].recent]


def test_what_was_decided_last_can_be_taken_back_by_whoever_may(as_reviewer, as_owner, as_viewer, in_acme):
    row, _ = payment("INV-1042", "119.00")
    panel, sent = form_of(as_reviewer, row)
    as_reviewer.post(panel.urls.approve, sent)

    assert [recent_of(each) for each in (as_reviewer, as_owner, as_viewer)] == [
        [("Approved", True)], [("Approved", True)], [("Approved", False)],
    ]  # fmt: skip
    as_owner.post(as_owner.get("/review/").context["page"].recent[0].undo_url)
    assert recent_of(as_reviewer) == [("Undone", False), ("Approved", False)]
    assert recent_of(as_owner) == [("Undone", False), ("Approved", False)]


def test_what_can_never_be_undone_offers_no_undo(as_reviewer, in_acme, reviewer):
    row, _ = payment("INV-1042", "119.00")
    Decision.objects.create(
        kind="GIVE_UP", source="person", bank_transaction=row, decided_by_id=reviewer.pk, decided_at=timezone.now()
    )

    page = as_reviewer.get("/review/").context["page"]

    assert (page.undo, recent_of(as_reviewer)) == (None, [("Posting given up", False)])


def test_a_name_that_ends_with_a_full_stop_does_not_end_the_sentence_twice(as_reviewer, in_acme):
    row, _ = payment("INV-1042", "119.00", name="Petersen Logistik e.K.")
    panel, sent = form_of(as_reviewer, row)

    page = as_reviewer.fragment("post", panel.urls.approve, sent).context["page"]

    assert page.undo.text == "Approved: 119.00\u00a0EUR from Petersen Logistik e.K."


@pytest.mark.parametrize(
    ("told", "kept"), [("2500", 2500), ("300000", 300_000), ("300001", None), ("-1", None), ("٣", None), ("", None)]
)
def test_how_long_a_payment_was_shown_is_kept_as_the_browser_says_and_no_nonsense(as_reviewer, in_acme, told, kept):
    row, _ = payment("INV-1042", "119.00")
    panel, sent = form_of(as_reviewer, row)

    as_reviewer.fragment("post", panel.urls.approve, {**sent, "open_ms": told})

    assert Decision.objects.get().open_ms == kept
