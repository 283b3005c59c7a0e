"""Payments that stopped on their way to WHMCS: sent again or given up in the browser, with the real stand-in."""

from datetime import timedelta
from decimal import Decimal

import pytest
from celery import current_app
from django.utils import timezone

from matching.models import Decision, InvoiceMatch
from matching.services import allocation
from matching.services.decisions import Actor
from tests.factories import rows
from tests.whmcs.site import Site, connect, mirror, post
from whmcs.models import Posting, WhmcsInstance


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """The names of the tasks that would wake a worker; there is none here."""
    names = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **more: names.append(name))
    return names


@pytest.fixture
def site(sandbox_process):
    found = Site(sandbox_process, "acme")
    found.quiet()
    yield found
    found.quiet()


@pytest.fixture
def invoice(in_acme, site):
    instance = connect(site)
    return mirror(site, instance, site.new_invoice("119.00"))


@pytest.fixture
def payment(invoice):
    return rows.transfer("hosting", "119.00", name=invoice.client.display_name)


def matched(payment, invoices, user):
    """Match by hand, some minutes ago, so that the undo window is over."""
    then = timezone.now() - timedelta(minutes=10)
    lines = [allocation.Line(each.pk, amount) for each, amount in invoices.items()]
    allocation.allocate_by_hand(receipt_id=payment.public_id, lines=lines, actor=Actor.person(user), now=then)


@pytest.fixture
def stopped(payment, invoice, site, reviewer):
    """A posting that met an invoice which was cancelled meanwhile."""
    matched(payment, {invoice: Decimal(119)}, reviewer)
    site.change_invoice(invoice.whmcs_id, status="Cancelled")
    post(timezone.now())
    row = Posting.objects.get()
    assert row.state == "CONFLICT"
    return row


def state_of(row):
    row.refresh_from_db()
    return row.state, str(row.allocated)


def test_what_stopped_is_listed_with_its_reason_and_both_ways_on(as_reviewer, stopped, payment, invoice):
    page = as_reviewer.get("/postings/").context["page"]

    [row] = page.rows
    assert (row.number, row.why) == (invoice.display_number, "WHMCS shows the invoice as Cancelled.")
    assert row.payment_url == f"/transactions/{payment.public_id}/"
    shown = as_reviewer.get(row.payment_url).content.decode()
    for url in (row.stopped.retry_url, row.stopped.give_up_url):
        assert f'action="{url}"' in shown


def test_a_viewer_sees_the_list_and_no_button(as_viewer, stopped, payment):
    answer = as_viewer.get("/postings/")

    assert [row.stopped for row in answer.context["page"].rows] == [None]
    assert "/retry/" not in answer.content.decode()
    assert "/retry/" not in as_viewer.get(f"/transactions/{payment.public_id}/").content.decode()
    for act in ("retry", "give-up"):
        assert as_viewer.post(f"/postings/{stopped.public_id}/{act}/", {"reason": "x"}).status_code == 403
    stopped.refresh_from_db()
    assert stopped.state == "CONFLICT"


def test_retry_sends_it_again_once_the_invoice_takes_payments(
    as_reviewer, stopped, site, invoice, sent, django_capture_on_commit_callbacks
):
    site.change_invoice(invoice.whmcs_id, status="Unpaid")
    invoice.status = "Unpaid"
    invoice.save(update_fields=["status"])
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_reviewer.post(f"/postings/{stopped.public_id}/retry/", {"next": "/transactions/"})
    assert (answer.status_code, answer["Location"], sent) == (303, "/transactions/", ["whmcs.tasks.post_pending"])

    post(timezone.now())

    stopped.refresh_from_db()
    assert (stopped.state, len(site.booked(stopped.transaction_id))) == ("POSTED", 1)


@pytest.mark.parametrize("onward", ["", "//evil.example/", "https://evil.example/", "javascript:alert(1)"])
def test_an_address_elsewhere_is_not_gone_back_to(as_reviewer, stopped, onward):
    answer = as_reviewer.post(f"/postings/{stopped.public_id}/retry/", {"next": onward})

    assert answer["Location"] == "/postings/"


def test_giving_up_opens_the_payment_again_and_tells_who_and_why(as_reviewer, stopped, payment, invoice, site):
    answer = as_reviewer.post(f"/postings/{stopped.public_id}/give-up/", {"reason": "client cancelled"}, follow=True)

    stopped.refresh_from_db()
    invoice.refresh_from_db()
    assert "The payment is open again" in answer.content.decode()
    assert (stopped.state, invoice.reserved, state_of(payment)) == ("WITHDRAWN", 0, ("UNRECONCILED", "0.000"))
    assert sum(match.amount for match in InvoiceMatch.objects.all()) == 0
    decision = Decision.objects.order_by("pk").last()
    assert (decision.kind, decision.reason, decision.decided_by_name) == ("GIVE_UP", "client cancelled", "Reviewer")
    assert payment.proposed_at is None
    assert site.booked(stopped.transaction_id) == []
    assert "client cancelled" in as_reviewer.get("/activity/").content.decode()


def test_giving_up_one_invoice_of_a_split_keeps_the_others(as_reviewer, in_acme, site, reviewer):
    instance = connect(site)
    good, bad = (mirror(site, instance, site.new_invoice(total)) for total in ("100.00", "19.00"))
    payment = rows.transfer("two invoices", "119.00")
    matched(payment, {good: Decimal(100), bad: Decimal(19)}, reviewer)
    site.change_invoice(bad.whmcs_id, status="Cancelled")
    post(timezone.now())

    as_reviewer.post(f"/postings/{Posting.objects.get(invoice=bad).public_id}/give-up/", {"reason": "cancelled"})

    assert state_of(payment) == ("PARTLY_ALLOCATED", "100.000")
    assert list(Posting.objects.order_by("-amount").values_list("state", flat=True)) == ["POSTED", "WITHDRAWN"]


def test_giving_up_needs_a_reason(as_reviewer, stopped, payment):
    answer = as_reviewer.post(f"/postings/{stopped.public_id}/give-up/", {"reason": "  "}, follow=True)

    stopped.refresh_from_db()
    assert "Say why it is given up." in answer.content.decode()
    assert (stopped.state, state_of(payment)) == ("CONFLICT", ("RECONCILED", "119.000"))


def test_what_whmcs_shows_is_not_given_up(as_reviewer, payment, invoice, site, reviewer):
    matched(payment, {invoice: Decimal(119)}, reviewer)
    site.fault("error_after_booking", only="AddInvoicePayment", times=1)
    post(timezone.now())
    row = Posting.objects.get()
    Posting.objects.filter(pk=row.pk).update(state="FAILED", posted_at=None)

    answer = as_reviewer.post(f"/postings/{row.public_id}/give-up/", {"reason": "impatient"}, follow=True)

    row.refresh_from_db()
    assert "WHMCS shows this payment." in answer.content.decode()
    assert (row.state, state_of(payment)) == ("FAILED", ("RECONCILED", "119.000"))


def test_nothing_is_given_up_while_whmcs_cannot_be_asked(as_reviewer, stopped, payment, site):
    site.fault("server_error")

    answer = as_reviewer.post(f"/postings/{stopped.public_id}/give-up/", {"reason": "impatient"}, follow=True)

    stopped.refresh_from_db()
    assert "Nothing was changed." in answer.content.decode()
    assert (stopped.state, state_of(payment)) == ("CONFLICT", ("RECONCILED", "119.000"))


@pytest.mark.parametrize("state", ["QUEUED", "SENDING", "UNKNOWN", "POSTED", "WITHDRAWN"])
def test_what_has_not_stopped_offers_nothing_and_is_not_retried(as_reviewer, stopped, payment, state):
    Posting.objects.filter(pk=stopped.pk).update(state=state, posted_at=timezone.now())

    assert "/retry/" not in as_reviewer.get(f"/transactions/{payment.public_id}/").content.decode()
    answer = as_reviewer.post(f"/postings/{stopped.public_id}/retry/", follow=True)

    stopped.refresh_from_db()
    assert "look at its state again" in answer.content.decode()
    assert stopped.state == state


def test_a_given_up_decision_cannot_be_undone(as_reviewer, stopped, payment):
    as_reviewer.post(f"/postings/{stopped.public_id}/give-up/", {"reason": "cancelled"})
    first, last = Decision.objects.order_by("pk")

    for decision in (first, last):
        assert as_reviewer.fragment("post", f"/review/undo/{decision.public_id}/").status_code == 409

    assert (Decision.objects.count(), state_of(payment)) == (2, ("UNRECONCILED", "0.000"))


def test_the_list_costs_the_same_with_more_rows(as_reviewer, in_acme, reviewer, queries_of):
    def one_more():
        debt = rows.invoice("", "20.00")
        matched(rows.transfer("hosting", "20.00"), {debt: Decimal(20)}, reviewer)
        Posting.objects.update(state="FAILED")

    one_more()
    as_reviewer.get("/postings/")
    few = queries_of(lambda: as_reviewer.get("/postings/"))
    for _ in range(5):
        one_more()

    assert queries_of(lambda: as_reviewer.get("/postings/")) == few


@pytest.mark.parametrize("query", [{}, {"state": "all"}, {"state": "POSTED"}, {"state": "'"}, {"after": "x_²"}])
def test_the_list_says_when_it_is_empty(as_viewer, query):
    assert as_viewer.get("/postings/", query).status_code == 200


def test_what_waits_for_a_paused_whmcs_says_so_wherever_it_is_shown(as_reviewer, reviewer, in_acme):
    debt = rows.invoice("INV-1", "119.00")
    receipt = rows.transfer("INV-1", "119.00")
    matched(receipt, {debt: Decimal(119)}, reviewer)
    said = f"Not sent: {debt.instance.name} is paused."
    assert said not in as_reviewer.get("/postings/?state=QUEUED").content.decode()

    WhmcsInstance.objects.update(is_paused=True)

    [row] = as_reviewer.get("/postings/?state=QUEUED").context["page"].rows
    assert (row.state.text, row.why, row.held_url) == ("Waiting", said, "/connections/")
    [match] = as_reviewer.get(f"/transactions/{receipt.public_id}/").context["page"].allocations
    assert (match.posting.text, match.posting_detail, match.held_url) == ("Waiting", said, "/connections/")
    answer = as_reviewer.get("/review/")
    undo = answer.context["page"].undo
    assert (undo.held, undo.held_url, bool(undo.undo_url)) == (said, "/connections/", True)
    assert (said in answer.content.decode(), "Posted to WHMCS." in answer.content.decode()) == (True, False)


def test_trying_again_for_a_paused_whmcs_says_that_it_waits(as_reviewer, stopped):
    WhmcsInstance.objects.update(is_paused=True)

    answer = as_reviewer.post(f"/postings/{stopped.public_id}/retry/", follow=True)

    assert "It waits: its WHMCS is paused." in answer.content.decode()
    assert (state_of_posting(stopped), post(timezone.now()).handled) == ("QUEUED", 0)


def state_of_posting(row):
    row.refresh_from_db()
    return row.state
