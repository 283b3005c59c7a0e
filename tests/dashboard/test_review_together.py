"""Colleagues on the review screen: assigning, comments, saved views, and approving many payments in one go."""

import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from matching.models import Assignment, Comment, Decision, PayerProfile, SavedView
from matching.services import allocation, learning, proposing
from matching.services.decisions import Actor
from tests.factories import rows
from whmcs.models import Posting, WhmcsInstance


@pytest.fixture
def payments(in_acme):
    """Two payments of a payer who is known."""
    owner = rows.client()
    found = []
    for number, amount in (("INV-1", "10.00"), ("INV-2", "20.00")):
        rows.invoice(number, amount, of=owner)
        found.append(rows.transfer(f"{number} hosting", amount))
    proposing.propose(receipts=found, now=timezone.now())
    for payment in found:
        learning.learn(payment, {owner.pk}, on=timezone.now().date())
    return found


def rows_of(browser, query=""):
    bands = browser.get(f"/review/{query}").context["page"].queue.bands
    return [row for band in bands for row in band.rows]


def test_assigning_answers_the_panel_and_names_the_colleague_in_the_queue(as_owner, reviewer, payments):
    url = f"/review/{payments[0].public_id}/assign/"

    answer = as_owner.fragment("post", url, {"assignee": str(reviewer.pk)})

    assert (answer.status_code, answer.templates[0].name) == (200, "dashboard/review/noted.html")
    assert answer.context["page"].announcement == "Assigned to Reviewer."
    assert [row.assignee for row in rows_of(as_owner)] == ["", "Reviewer"]
    assert [row.receipt_id for row in rows_of(as_owner, f"?who={reviewer.pk}")] == [str(payments[0].public_id)]
    assert [row.receipt_id for row in rows_of(as_owner, "?who=nobody")] == [str(payments[1].public_id)]
    assert rows_of(as_owner, "?who=me") == []
    assert as_owner.post(url, {"assignee": ""}).status_code == 303
    assert not Assignment.objects.exists()


def test_a_viewer_neither_assigns_nor_comments(as_viewer, owner, payments):
    item = f"/review/{payments[0].public_id}/"

    assert as_viewer.post(f"{item}assign/", {"assignee": str(owner.pk)}).status_code == 403
    assert as_viewer.post(f"{item}comment/", {"text": "x"}).status_code == 403
    assert (Assignment.objects.count(), Comment.objects.count()) == (0, 0)


def test_an_assignment_to_a_stranger_comes_back_with_its_error(as_owner, stranger, payments):
    url = f"/review/{payments[0].public_id}/assign/"

    answer = as_owner.fragment("post", url, {"assignee": str(stranger.pk)})

    assert (answer.status_code, Assignment.objects.exists()) == (422, False)
    assert b"Choose somebody else" in answer.content


def test_a_comment_is_shown_with_whom_it_names_set_apart(as_owner, payments):
    item = f"/review/{payments[0].public_id}/"

    answer = as_owner.fragment("post", f"{item}comment/", {"text": "<b>@Reviewer</b> please"})

    assert answer.context["page"].panel.comments[0].parts == (
        ("<b>", False),
        ("@Reviewer", True),
        ("</b> please", False),
    )
    assert b"&lt;b&gt;" in answer.content
    assert b"@Reviewer" in as_owner.get(f"/transactions/{payments[0].public_id}/").content
    assert as_owner.fragment("post", f"{item}comment/", {"text": " "}).status_code == 422


def test_a_view_is_saved_shown_and_removed(as_owner, as_viewer, payments):
    saved = as_owner.post("/review/views/", {"name": "Big", "query": "over=15&q=hosting&evil=1", "shared": "on"})

    view = SavedView.objects.get()
    assert (saved.status_code, view.query) == (303, "q=hosting&over=15")
    theirs = as_viewer.get("/review/").context["page"].views.links[-1]
    assert (theirs.name, theirs.remove_url) == ("Big (Owner)", "")
    assert len(rows_of(as_viewer, f"?{view.query}")) == 1
    as_viewer.post(f"/review/views/{view.public_id}/remove/")
    assert SavedView.objects.exists()
    as_owner.post(f"/review/views/{view.public_id}/remove/")
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(("order", "first"), [("oldest", 1), ("due", 0), ("", 0)])
def test_the_queue_can_be_ordered_by_age_and_by_what_stops_next(as_reviewer, in_acme, order, first):
    rows.invoice("INV-5", "50.00", due_date="2026-10-01")
    rows.invoice("INV-6", "60.00", due_date="2026-11-30")
    found = [
        rows.transfer("INV-5", "50.00", booking_date=timezone.now().date()),
        rows.transfer("INV-6", "60.00", booking_date="2026-01-01"),
    ]
    found = [type(row).objects.get(pk=row.pk) for row in found]
    proposing.propose(receipts=found, now=timezone.now())
    expected = found[first] if order else found[1]

    assert rows_of(as_reviewer, f"?order={order}")[0].receipt_id == str(expected.public_id)


def test_a_part_matched_payments_row_shows_what_is_left(as_reviewer, payments, reviewer):
    debt = rows.invoice("INV-77", "4.00")
    allocation.allocate_by_hand(
        receipt_id=payments[1].public_id,
        lines=[allocation.Line(debt.pk, Decimal("4.00"))],
        actor=Actor.person(reviewer),
        now=timezone.now(),
    )
    payments[1].refresh_from_db()
    proposing.propose(receipts=[payments[1]], now=timezone.now())

    row = next(each for each in rows_of(as_reviewer) if each.receipt_id == str(payments[1].public_id))

    assert (row.amount.value, row.whole.value) == (Decimal("16.00"), Decimal("20.00"))


def test_bulk_shows_everything_first_approves_once_and_is_undone_in_one_go(as_reviewer, payments):
    page = as_reviewer.get("/review/bulk/").context["page"]
    sent = {"key": page.key, "row": [row.value for row in page.rows]}

    first = as_reviewer.post("/review/bulk/", sent)
    again = as_reviewer.post("/review/bulk/", sent)

    assert [str(each.value) for each in page.sums] == ["30.000"]
    assert (first.status_code, first["Location"], again["Location"]) == (
        303, f"/review/bulk/{page.key}/", f"/review/bulk/{page.key}/",
    )  # fmt: skip
    assert Decision.objects.count() == 2
    done = as_reviewer.get(first["Location"]).context["page"]
    assert (len(done.rows), done.undoable) == (2, 2)
    as_reviewer.post(done.undo_url)
    assert set(Posting.objects.values_list("state", flat=True)) == {"WITHDRAWN"}
    assert as_reviewer.get(first["Location"]).context["page"].undo_url == ""


def test_bulk_takes_only_what_was_selected(as_reviewer, payments):
    page = as_reviewer.get(f"/review/bulk/?receipt={payments[0].public_id}&receipt=nonsense").context["page"]

    assert [row.receipt_id for row in page.rows] == [str(payments[0].public_id)]


def test_what_was_approved_together_for_a_paused_whmcs_says_that_it_waits(as_reviewer, payments):
    WhmcsInstance.objects.update(is_paused=True)
    page = as_reviewer.get("/review/bulk/").context["page"]

    answer = as_reviewer.post("/review/bulk/", {"key": page.key, "row": [r.value for r in page.rows]}, follow=True)

    shown = answer.context["page"]
    assert (shown.seconds, shown.undoable, shown.held) == (
        0,
        2,
        f"Not sent: {WhmcsInstance.objects.get().name} is paused.",
    )
    assert shown.held in answer.content.decode()


def test_what_changed_behind_the_preview_is_said_and_stays(as_reviewer, payments):
    page = as_reviewer.get("/review/bulk/").context["page"]
    held = f"/review/{payments[0].public_id}/ignore/"
    as_reviewer.post(held, {"reason": "other"})

    answer = as_reviewer.post("/review/bulk/", {"key": page.key, "row": [r.value for r in page.rows]}, follow=True)

    assert b"1 payment stayed in the queue" in answer.content
    assert Decision.objects.filter(kind="APPROVE").count() == 1


@pytest.mark.parametrize("sent", [{"key": "no"}, {"key": str(uuid.uuid4()), "row": "a:b"}])
def test_a_bulk_form_that_cannot_be_read_approves_nothing(as_reviewer, payments, sent):
    assert as_reviewer.post("/review/bulk/", sent).status_code in (303, 404)
    assert not Decision.objects.exists()


def test_who_may_not_approve_many_sees_no_way_to(as_viewer, payments):
    assert as_viewer.get("/review/bulk/").status_code == 403
    page = as_viewer.get("/review/").context["page"]
    assert (page.bulk_url, page.queue.selects) == ("", False)


def test_a_new_payer_is_listed_as_held_back(as_reviewer, payments):
    PayerProfile.objects.all().delete()

    page = as_reviewer.get("/review/bulk/").context["page"]

    assert (page.rows, len(page.held)) == ((), 2)
    assert b"Nobody has matched a payment of this payer before." in as_reviewer.get("/review/bulk/").content


def test_somebody_elses_batch_is_not_taken_over_by_its_key(as_reviewer, as_owner, payments):
    page = as_reviewer.get("/review/bulk/").context["page"]
    sent = {"key": page.key, "row": [page.rows[0].value]}
    as_reviewer.post("/review/bulk/", sent)

    answer = as_owner.post("/review/bulk/", {"key": page.key, "row": [page.rows[1].value]})

    assert (answer.status_code, Decision.objects.count()) == (404, 1)


def test_a_rule_can_be_made_from_the_last_decision(as_owner, payments):
    panel = as_owner.get(f"/review/{payments[0].public_id}/").context["page"].panel
    sent = {"version": panel.version, "candidate": panel.candidates[0].key}

    answer = as_owner.fragment("post", f"/review/{payments[0].public_id}/approve/", sent)

    undo = answer.context["page"].undo
    assert (undo.offer, undo.offer_url) == ("Rule from this", f"/rules/new/?from={Decision.objects.get().public_id}")


def test_a_large_payment_stays_in_the_queue_until_a_second_person_approves(as_owner, as_reviewer, payments):
    limited = {"bands": ["exact"], "least_probability": "0.99", "two_person_above_EUR": "15"}
    assert as_owner.post("/settings/matching/", limited).status_code == 303
    item = f"/review/{payments[1].public_id}/"

    def sent(browser):
        panel = browser.get(item).context["page"].panel
        return {"version": panel.version, "candidate": panel.candidates[0].key}

    first = as_reviewer.fragment("post", f"{item}approve/", sent(as_reviewer))
    again = as_reviewer.fragment("post", f"{item}approve/", sent(as_reviewer))

    assert (first.status_code, first.context["page"].removed, Posting.objects.count()) == (200, (), 0)
    assert again.status_code == 409
    assert b"Reviewer approved it first" in as_owner.get(item).content
    second = as_owner.fragment("post", f"{item}approve/", sent(as_owner))
    assert (second.status_code, Posting.objects.count()) == (200, 1)


def test_the_review_page_costs_the_same_with_more_payments_and_assignments(as_owner, owner, payments, queries_of):
    few = queries_of(lambda: as_owner.get("/review/"))
    payer = rows.client()
    more = []
    for number in range(20):
        rows.invoice(f"INV-{100 + number}", "7.00", of=payer)
        more.append(rows.transfer(f"INV-{100 + number} hosting", "7.00"))
    proposing.propose(receipts=more, now=timezone.now())
    for row in more:
        as_owner.post(f"/review/{row.public_id}/assign/", {"assignee": str(owner.pk)})

    assert queries_of(lambda: as_owner.get("/review/")) == few
