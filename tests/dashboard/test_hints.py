"""Hints for a member's first ten decisions, and the steps of setting up: derived, switched off once, never back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from matching.models import Decision
from matching.services import proposing
from tests.factories import rows

TIP = "What is underlined agrees."


@pytest.fixture
def payment(in_acme):
    rows.invoice("INV-1042", "119.00")
    row = rows.transfer("INV-1042 hosting", "119.00")
    proposing.propose(receipts=[row], now=timezone.now())
    return row


def decided(user, times, *, source="person", kind="IGNORE"):
    payment = rows.transfer("Salary", "5.00", name="Somebody")
    for _ in range(times):
        Decision.objects.create(
            kind=kind, source=source, bank_transaction=payment, decided_by_id=user.pk if user else None,
            decided_at=timezone.now() - timedelta(days=3),
        )  # fmt: skip


def hints(browser):
    shown = browser.get("/review/").context["hints"]
    return (shown.done, shown.last) if shown else None


def test_a_newcomer_sees_a_hint_beside_each_control_and_how_many_are_made(as_reviewer, reviewer, payment):
    decided(reviewer, 3)

    page = as_reviewer.get("/review/").content.decode()

    assert "Hints for your first 10 decisions: 3 of 10 made." in page
    assert (page.count("data-on"), page.count('class="pm-tip')) == (1, 4)
    assert TIP in page


def test_a_decision_counts_up_and_the_tenth_ends_them(as_reviewer, reviewer, payment):
    rows.invoice("INV-1043", "20.00")
    second = rows.transfer("INV-1043", "20.00")
    proposing.propose(receipts=[second], now=timezone.now())
    decided(reviewer, 8)

    ninth = as_reviewer.fragment("post", f"/review/{payment.public_id}/approve/").content.decode()
    tenth = as_reviewer.fragment("post", f"/review/{second.public_id}/ignore/", {"reason": "other"}).content.decode()

    assert "9 of 10 made" in ninth
    assert "Z takes back the last decision." in ninth
    assert '<div id="pm-hints"></div>' in tenth
    assert hints(as_reviewer) is None


def test_what_others_decide_or_is_taken_back_brings_no_hint_nearer_or_back(as_reviewer, reviewer, owner, payment):
    decided(owner, 10)
    decided(None, 10, source="policy")
    decided(reviewer, 2, kind="UNDO")
    assert hints(as_reviewer) == (0, 10)

    decided(reviewer, 10)
    decided(reviewer, 10, kind="UNDO")

    assert hints(as_reviewer) is None


def test_switched_off_they_never_come_back_and_a_colleague_keeps_theirs(as_reviewer, as_owner, reviewer, payment):
    answer = as_reviewer.post("/hints/end/")
    first = Membership.objects.get(user=reviewer, tenant__slug="acme").ended_tour_at
    as_reviewer.post("/hints/end/")

    assert (answer.status_code, answer["Location"]) == (303, "/review/")
    assert Membership.objects.get(user=reviewer, tenant__slug="acme").ended_tour_at == first is not None
    assert (hints(as_reviewer), hints(as_owner)) == (None, (0, 10))


def test_who_decides_nothing_sees_no_hints(as_viewer, payment):
    assert hints(as_viewer) is None


def test_hints_cost_the_same_however_much_was_decided(as_reviewer, reviewer, payment, queries_of):
    decided(reviewer, 1)
    as_reviewer.get("/review/")
    few = queries_of(lambda: as_reviewer.get("/review/"))
    decided(reviewer, 8)

    assert queries_of(lambda: as_reviewer.get("/review/")) == few


def test_sample_decisions_count_towards_them_while_the_sample_lasts(as_reviewer):
    as_reviewer.post("/sample/begin/")
    as_reviewer.fragment("post", "/sample/1/approve/")
    answer = as_reviewer.fragment("post", "/sample/5/reject/").content.decode()

    assert "2 of 10 made" in answer
    assert as_reviewer.post("/hints/end/")["Location"] == "/sample/"
    assert "of 10 made" not in as_reviewer.get("/sample/").content.decode()


def test_the_fifth_step_of_setting_up_counts_what_people_decided(as_owner, reviewer, in_acme):
    decided(reviewer, 4)
    decided(None, 9, source="policy")
    step = as_owner.get("/setup/").context["page"].steps[4]
    decided(reviewer, 6)
    after = as_owner.get("/setup/").context["page"].steps[4]

    assert (step.title, step.text) == ("Review the first 10 with hints", "4 of 10 decided, one key a payment.")
    assert (step.done, after.done) == (False, True)


def test_the_steps_are_hidden_by_each_administrator_alone_and_stay_under_settings(as_owner, as_admin, as_reviewer):
    assert len(as_owner.get("/").context["page"].setup) == 6
    assert as_reviewer.get("/").context["page"].setup == ()

    assert as_owner.post("/setup/hide/")["Location"] == "/"

    assert as_owner.get("/").context["page"].setup == ()
    assert len(as_admin.get("/").context["page"].setup) == 6
    assert as_owner.get("/setup/").status_code == 200
