"""Thirty decisions with thirty keys, ten of every kind without a mouse, two reviewers at once, a lost network, and an
ended session, in a real browser.
"""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from accounts.models import Membership, Role, Session
from matching.models import Assignment, Comment, Decision
from matching.services import learning, proposing
from tests.conftest import PASSWORD
from tests.factories import rows
from tests.journeys.conftest import new_page
from tests.journeys.test_review_in_the_browser import _rows, _signed_in

COUNT = 32
PANELS_READ = """least => {
  const read = performance.getEntriesByType("resource").filter((each) => each.name.includes("/panel/"));
  return read.length >= least;
}"""


@pytest.fixture
def waiting(served, committed_acme):
    """Payments of a payer who is known, each naming its invoice."""
    now = datetime.now(UTC)
    payer, account = rows.client(), rows.account()
    found = []
    for number in range(COUNT):
        rows.invoice(f"INV-{7000 + number}", f"{20 + number}.00", of=payer)
        text = f"INV-{7000 + number} hosting"
        found.append(rows.transfer(text, f"{20 + number}.00", into=account, booking_date=now.date()))
    proposing.propose(receipts=found, now=now)
    learning.learn(found[0], {payer.pk}, on=now.date())
    return found


def shows_what_is_marked(page):
    """Wait until the payment that is marked is the one that is shown, with the focus on its heading."""
    receipt = page.locator('.pm-row[aria-current="true"]').get_attribute("data-receipt")
    expect(page.locator("#pm-panel")).to_have_attribute("data-receipt", receipt)
    expect(page.locator("#pm-panel-title")).to_be_focused()


def comes(page, heading):
    """Wait until the page of that heading is there with its keys: its script runs after it is seen."""
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    page.wait_for_load_state()


def test_thirty_payments_are_decided_with_thirty_keys(browser, served, waiting):
    page = _signed_in(browser, served)
    page.goto(served.url("/review/"))
    expect(_rows(page)).to_have_count(COUNT)

    for number in range(30):
        page.keyboard.press("a")
        expect(_rows(page)).to_have_count(COUNT - number - 1)
        shows_what_is_marked(page)

    expect(page.locator("#pm-progress")).to_contain_text("2 left")
    assert Decision.objects.filter(kind="APPROVE").count() == 30
    assert page.problems == []


def test_colleagues_select_assign_comment_and_approve_in_bulk_by_keyboard(browser, served, waiting):
    page = _signed_in(browser, served)
    page.goto(served.url("/review/"))

    page.keyboard.press("c")
    page.keyboard.type("@Owner please look")
    page.get_by_role("button", name="Save comment").press("Enter")
    expect(page.locator(".pm-talk")).to_contain_text("@Owner please look")
    page.keyboard.press("m")
    page.get_by_label("Colleague", exact=True).select_option(label="Owner")
    page.get_by_role("button", name="Assign", exact=True).press("Enter")
    expect(_rows(page).first).to_contain_text("Owner")
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    page.keyboard.press("Shift+A")
    comes(page, "Approve several payments")
    page.get_by_role("button", name="Approve 2 payments").press("Enter")

    comes(page, "2 payments approved")
    assert (Assignment.objects.count(), Comment.objects.count(), Decision.objects.count()) == (1, 1, 2)
    page.keyboard.press("z")
    expect(page.get_by_role("table")).to_contain_text("Undone")
    assert page.problems == []


def test_the_palette_leads_to_a_record_by_keyboard_alone(browser, served, waiting):
    page = _signed_in(browser, served)

    page.keyboard.press("Control+k")
    page.keyboard.type("INV-70")
    expect(page.locator("#pm-hits")).to_have_attribute("data-q", "INV-70")
    page.keyboard.press("Escape")
    expect(page.locator("#pm-palette")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("INV-7003")
    expect(page.locator("#pm-hits")).to_have_attribute("data-q", "INV-7003")
    page.keyboard.press("Enter")

    page.wait_for_url("**/invoices/*/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("INV-7003")
    assert page.problems == []


def test_of_two_reviewers_the_first_counts_and_the_second_is_told(browser, served, waiting):
    first, second = _signed_in(browser, served), _signed_in(browser, served, "owner@acme.example")
    for page in (first, second):
        page.goto(served.url("/review/"))
        expect(_rows(page)).to_have_count(COUNT)

    first.keyboard.press("a")
    expect(first.locator(".pm-undo")).to_contain_text("Posts in")
    second.keyboard.press("a")

    expect(second.locator(".pm-undo")).to_contain_text("Approved by Reviewer")
    expect(_rows(second)).to_have_count(COUNT - 1)
    assert Decision.objects.count() == 1


def test_a_lost_network_saves_nothing_and_says_so(browser, served, waiting):
    page = _signed_in(browser, served)
    page.goto(served.url("/review/"))
    expect(_rows(page)).to_have_count(COUNT)
    # The next two are known by now, and are shown without a network too.
    page.wait_for_function(PANELS_READ, arg=2)
    shown, marked = page.locator("#pm-panel"), page.locator('.pm-row[aria-current="true"]')
    receipt = shown.get_attribute("data-receipt")
    page.context.set_offline(True)

    page.keyboard.press("a")

    expect(page.locator(".pm-undo")).to_contain_text("Not saved. Try again.")
    expect(_rows(page)).to_have_count(COUNT)
    assert Decision.objects.count() == 0
    # What is marked, shown and decided by the next key is the payment that was not saved.
    expect(shown).to_have_attribute("data-receipt", receipt)
    expect(marked).to_have_attribute("data-receipt", receipt)
    for _ in range(3):
        page.keyboard.press("j")
    expect(page.locator(".pm-undo")).to_contain_text("This could not be loaded. Try again.")
    receipt = shown.get_attribute("data-receipt")
    expect(marked).to_have_attribute("data-receipt", receipt)
    page.context.set_offline(False)
    page.keyboard.press("a")
    expect(_rows(page)).to_have_count(COUNT - 1)
    assert str(Decision.objects.get().bank_transaction.public_id) == receipt


@pytest.fixture
def demote(committed_acme):
    """Makes a viewer of the reviewer, who is one again for the tests that follow."""
    member = Membership.objects.get(user__email="reviewer@acme.example", tenant=committed_acme)
    before = member.role
    yield lambda: Membership.objects.filter(pk=member.pk).update(role=Role.objects.get(tenant=None, code="viewer"))
    member.role = before
    member.save(update_fields=["role"])


def test_who_lost_the_right_meanwhile_is_told_so(browser, served, waiting, demote):
    page = _signed_in(browser, served)
    page.goto(served.url("/review/"))
    expect(_rows(page)).to_have_count(COUNT)
    demote()

    page.keyboard.press("a")

    expect(page.locator(".pm-undo")).to_contain_text("Your role does not include this. Nothing was saved.")
    expect(_rows(page)).to_have_count(COUNT)
    assert Decision.objects.count() == 0


def _ended(browser, served):
    """Return a page on its second payment whose session has ended, with the payment's id."""
    page = _signed_in(browser, served)
    page.goto(served.url("/review/"))
    page.keyboard.press("j")
    page.wait_for_url("**/review/*-*/**")
    receipt = page.url.rstrip("/").rsplit("/", 1)[1]
    # A key means the payment that is shown, so it waits until the second one is.
    expect(page.locator("#pm-panel")).to_have_attribute("data-receipt", receipt)
    Session.objects.filter(user__email="reviewer@acme.example").update(revoked_at=datetime.now(UTC))
    return page, receipt


def _sign_in_there(page, email, password=PASSWORD):
    dialog = page.get_by_role("dialog", name="You were signed out")
    dialog.locator("[name=email]").fill(email)
    dialog.locator("[name=password]").fill(password)
    dialog.locator("[name=password]").press("Enter")
    return dialog


def test_after_an_ended_session_signing_in_does_the_same_act_once_more(browser, served, waiting):
    page, receipt = _ended(browser, served)

    page.keyboard.press("a")
    dialog = _sign_in_there(page, "reviewer@acme.example", "not it at all")
    expect(dialog).to_contain_text("The e-mail address or the password is not right.")
    assert Decision.objects.count() == 0
    _sign_in_there(page, "reviewer@acme.example")

    expect(page.locator(".pm-undo")).to_contain_text("Posts in")
    expect(dialog).to_be_hidden()
    assert str(Decision.objects.get().bank_transaction.public_id) == receipt
    # What comes after it is saved, too, although the page was made for the session before.
    page.keyboard.press("a")
    expect(_rows(page)).to_have_count(COUNT - 2)


def test_who_signs_in_for_somebody_else_decides_nothing_by_it(browser, served, waiting):
    page, receipt = _ended(browser, served)

    page.keyboard.press("a")
    _sign_in_there(page, "owner@acme.example")

    page.wait_for_load_state("load")
    expect(page.locator("#pm-user")).to_contain_text("owner@acme.example")
    expect(page.locator("#pm-panel")).to_have_attribute("data-receipt", receipt)
    assert Decision.objects.count() == 0


def _tab_to(page, selector):
    """Go on with the Tab key until that has the focus."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the focus never came to {selector}")


def test_ten_decisions_of_every_kind_need_no_mouse(browser, served, waiting):
    page = new_page(browser)
    page.goto(served.url("/review/"))
    _tab_to(page, "[name=email]")
    page.keyboard.type("reviewer@acme.example")
    _tab_to(page, "[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(_rows(page)).to_have_count(COUNT)
    page.wait_for_load_state()

    for number in range(4):
        page.keyboard.press("a")
        expect(_rows(page)).to_have_count(COUNT - number - 1)
    page.keyboard.press("r")
    expect(page.locator(".pm-undo")).to_contain_text("Rejected")
    page.keyboard.press("j")
    page.keyboard.press("l")
    expect(page.locator("#pm-hold-until")).to_be_focused()
    _tab_to(page, "#pm-hold button.btn-primary")
    page.keyboard.press("Enter")
    expect(_rows(page)).to_have_count(COUNT - 5)
    page.keyboard.press("i")
    expect(page.locator("#pm-ignore")).to_be_visible()
    _tab_to(page, "#pm-ignore [name=reason]")
    page.keyboard.press("ArrowDown")
    _tab_to(page, "#pm-ignore button.btn-primary")
    page.keyboard.press("Enter")
    expect(_rows(page)).to_have_count(COUNT - 6)
    page.keyboard.press("p")
    # The editor takes the focus when it is there; a Tab before that would go past it.
    expect(page.locator("[data-pm-amount]").first).to_be_focused()
    page.keyboard.press("=")
    _tab_to(page, "[value=save]")
    page.keyboard.press("Enter")
    expect(_rows(page)).to_have_count(COUNT - 7)
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    page.keyboard.press("Shift+A")
    comes(page, "Approve several payments")
    _tab_to(page, "main button.btn-primary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="2 payments approved")).to_be_visible()

    kinds = sorted(Decision.objects.values_list("kind", flat=True))
    assert kinds == ["ALLOCATE", *["APPROVE"] * 6, "HOLD", "IGNORE", "REJECT"]
