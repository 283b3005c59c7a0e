"""How sure the engine is, which version judges, what was stopped, and how right it was."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.core.scoring import shipped_model
from matching.models import AutomationStop, Decision, EngineModel, Proposal
from matching.services import allocation, proposing, training
from matching.services.decisions import Actor
from tenants import context
from tests.factories import past, rows
from tests.factories.rows import NOW
from whmcs.models import Posting


@pytest.fixture
def trained(in_acme):
    past.decided_past()
    return training.train(now=past.NOW).row


@pytest.fixture
def stop(in_acme):
    return AutomationStop.objects.create(
        raised_at=NOW, surprise=60_000.0, tolerated=0.001, approved=812, corrected=5, engine_version="1"
    )


def body(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_before_any_training_the_page_says_how_many_decisions_are_missing(as_viewer):
    html = body(as_viewer.get("/reports/engine/"))

    assert "After 200 more decisions the engine learns from yours" in html
    assert "No report yet." in html


def test_the_report_of_the_version_in_use_with_pictures_and_their_tables(as_owner, trained):
    html = body(as_owner.get("/reports/engine/"))

    figures = trained.evaluation["candidate"]
    assert f"it got {figures['right']} exactly right" in html
    assert html.count('<svg class="pm-chart"') == 2
    assert html.count('class="pm-point"') >= len(figures["bins"])
    assert trained.version in html
    assert "<style>" not in html


def test_the_page_computes_nothing_anew(as_owner, trained):
    as_owner.get("/reports/engine/")
    with CaptureQueriesContext(connection) as few:
        as_owner.get("/reports/engine/")
    for number in range(2, 30):
        EngineModel.objects.create(
            number=number, version=f"v{number}", base_version="x", state="KEPT", trained_at=NOW,
            evaluation=trained.evaluation,
        )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        html = body(as_owner.get("/reports/engine/"))

    assert len(many) <= len(few)
    assert html.count("pm-list") == 1


def test_the_report_is_downloaded_as_a_page_that_needs_nothing_else(as_viewer, trained):
    answer = as_viewer.get("/reports/engine/1/report.html")

    html = body(answer)
    assert answer["Content-Disposition"] == 'attachment; filename="engine-1.html"'
    assert "prefers-color-scheme:dark" in html
    assert "href=" not in html
    assert "src=" not in html
    assert as_viewer.get("/reports/engine/2/report.html").status_code == 404


def test_an_owner_goes_back_and_lets_training_choose_again(as_owner, trained):
    shipped = as_owner.post("/reports/engine/shipped/use/")
    assert (shipped.status_code, EngineModel.objects.get(state="IN_USE").number) == (303, 2)
    assert "Owner chose the shipped weights" in body(as_owner.get("/reports/engine/"))

    as_owner.post("/reports/engine/1/use/")
    assert EngineModel.objects.get(state="IN_USE").number == 1
    as_owner.post("/reports/engine/release/")

    assert EngineModel.objects.get(state="IN_USE").chosen_by_id is None
    assert as_owner.post("/reports/engine/9/use/").status_code == 404


def test_a_refused_version_says_why_it_cannot_be_used(as_owner, in_acme):
    base = shipped_model().version
    EngineModel.objects.create(
        number=1, version=f"{base}+1", base_version=base, state="REFUSED", reason="fewer right", trained_at=NOW
    )

    answer = as_owner.post("/reports/engine/1/use/", follow=True)

    assert "Version 1 was refused: fewer right" in body(answer)


def test_a_stop_is_said_on_every_page_and_in_the_activity_and_is_resumed(as_owner, as_viewer, stop):
    for page in ("/", "/review/", "/transactions/"):
        assert "5 automatic approvals were corrected" in body(as_viewer.get(page))
    assert "An administrator can resume it." in body(as_viewer.get("/reports/engine/"))
    assert "Stopped automatic approval" in body(as_viewer.get("/activity/"))

    as_owner.post(f"/automation/{stop.public_id}/resume/")

    assert AutomationStop.objects.get().state == "RESUMED"
    assert "automatic approvals were corrected" not in body(as_viewer.get("/"))
    assert "Resumed automatic approval" in body(as_viewer.get("/activity/"))


def test_stops_stand_where_they_belong_among_the_pages_of_the_activity(as_viewer, stop):
    payment = rows.transfer("x", "1.00")
    Decision.objects.bulk_create(
        Decision(kind="HOLD", source="person", bank_transaction=payment, decided_at=NOW.replace(hour=hour))
        for hour in range(8)
        for _ in range(10)
    )
    AutomationStop.objects.update(raised_at=NOW.replace(hour=1, minute=59))

    first = as_viewer.get("/activity/")
    second = as_viewer.get(first.context["page"].pager.next_url)

    assert "Stopped automatic approval" not in body(first)
    assert "Stopped automatic approval" in body(second)


@pytest.mark.parametrize("path", ["/reports/engine/1/use/", "/reports/engine/shipped/use/", "/reports/engine/release/"])
def test_a_viewer_changes_nothing(as_viewer, trained, path):
    assert as_viewer.post(path).status_code == 403
    assert EngineModel.objects.get(state="IN_USE").chosen_by_id is None


def test_a_stop_of_another_tenant_does_not_exist_here(as_owner, globex):
    with context.inside(globex):
        theirs = AutomationStop.objects.create(
            raised_at=NOW, surprise=60_000.0, tolerated=0.001, approved=8, corrected=5, engine_version="1"
        )

    assert as_owner.post(f"/automation/{theirs.public_id}/resume/").status_code == 404


@pytest.fixture
def posted(in_acme, reviewer):
    """An approved payment that WHMCS shows; its transaction page and its decision."""
    rows.invoice("INV-1042", "119.00")
    payment = rows.transfer("INV-1042", "119.00")
    proposing.propose(receipts=[payment], now=NOW)
    best = Proposal.objects.get(rank=1, bank_transaction=payment)
    decided = allocation.approve_proposal(proposal_id=best.public_id, actor=Actor.person(reviewer), now=NOW)
    Posting.objects.update(state="POSTED", posted_at=NOW)
    return f"/transactions/{payment.public_id}/", decided.decision


def test_a_posted_match_is_reported_as_wrong_from_its_page_once(as_reviewer, as_viewer, posted):
    page, decision = posted
    address = f"/decisions/{decision.public_id}/wrong/"
    assert address in body(as_reviewer.get(page))
    assert address not in body(as_viewer.get(page))
    assert as_viewer.post(address).status_code == 403

    first = as_reviewer.post(address, follow=True)
    second = as_reviewer.post(address, follow=True)

    assert "Put the payment right in WHMCS" in body(first)
    assert address not in body(first)
    assert "reported as wrong already" in body(second)
    assert Decision.objects.get(kind="WRONG").corrects == decision


def test_a_match_of_another_tenant_cannot_be_reported(as_reviewer, posted, globex):
    with context.inside(globex):
        theirs = rows.transfer("x", "1.00")
        other = Decision.objects.create(kind="APPROVE", source="person", bank_transaction=theirs, decided_at=NOW)

    assert as_reviewer.post(f"/decisions/{other.public_id}/wrong/").status_code == 404
    assert not Decision.objects.filter(kind="WRONG").exists()
