"""A reviewer signs in, decides by keyboard, takes one back, and the other is booked in WHMCS once."""

from decimal import Decimal

from django.utils import timezone
from playwright.sync_api import expect

from tests.conftest import PASSWORD
from tests.journeys.conftest import new_page
from whmcs.models import Posting


def _signed_in(browser, served, email="reviewer@acme.example"):
    page = new_page(browser)
    page.problems = []
    page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.goto(served.url("/"))
    assert page.url.startswith(served.url("/login/"))
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(served.url("/"))
    return page


def _rows(page):
    return page.locator(".pm-queue .pm-row")


def test_decide_by_keyboard_undo_and_post(browser, served, connected, sandbox):
    page = _signed_in(browser, served)
    page.goto(served.url("/review/"))
    expect(_rows(page)).to_have_count(3)

    page.keyboard.press("a")
    expect(_rows(page)).to_have_count(2)
    page.keyboard.press("z")
    expect(_rows(page)).to_have_count(3)
    assert Posting.objects.get().state == "WITHDRAWN"

    page.keyboard.press("a")
    expect(_rows(page)).to_have_count(2)
    Posting.objects.filter(state="QUEUED").update(not_before=timezone.now())
    served.manage("post_pending", "--tenant", "acme")

    posted = Posting.objects.exclude(state="WITHDRAWN").get()
    assert posted.state == "POSTED"
    book = sandbox.control("GET", "/book/acme")
    booked = [row for row in book["transactions"] if row["transid"] == posted.transaction_id]
    assert [row["amountin"] for row in booked] == [int(posted.amount * 100)]
    assert page.problems == []


def test_split_shows_what_is_left_while_amounts_are_typed(browser, served, connected):
    page = _signed_in(browser, served)
    page.goto(served.url("/review/"))
    page.keyboard.press("p")
    amount = page.locator("[data-pm-amount]").first
    whole = Decimal(amount.input_value())

    amount.fill("1.50")

    left = f"{whole - Decimal('1.50'):.2f}"
    expect(page.locator("[data-pm-unallocated]")).to_contain_text(left)
    fee = page.locator("[data-pm-fee]").first
    fee.press("=")
    expect(fee).to_have_value(left)
    fee.fill("")
    amount.press("=")
    expect(amount).to_have_value(f"{whole:.2f}")
    amount.fill("1.50")
    page.get_by_text("Save split").click()
    expect(page.locator("[aria-live]", has_text=f"{left}\u00a0EUR of it is still open")).to_have_count(1)
    expect(_rows(page)).to_have_count(3)
    _rows(page).first.click()
    expect(page.locator(".pm-panel")).to_contain_text(f"{left}\u00a0EUR of it is still open.")
    assert page.problems == []


def test_the_page_works_without_script(browser, served, connected):
    page = new_page(browser, java_script_enabled=False)
    page.goto(served.url("/login/"))
    page.fill("input[name=email]", "reviewer@acme.example")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(served.url("/"))
    page.goto(served.url("/review/"))
    expect(_rows(page)).to_have_count(3)

    page.locator("form[action$='/approve/'] button").first.click()

    expect(_rows(page)).to_have_count(2)
    assert Posting.objects.count() == 1


def test_a_viewer_reads_and_cannot_decide(browser, served, connected):
    page = _signed_in(browser, served, "viewer@acme.example")
    page.goto(served.url("/review/"))

    expect(_rows(page)).to_have_count(3)
    assert page.locator("form[action$='/approve/']").count() == 0
    asked = []
    page.on("request", lambda request: asked.append(request.method))
    page.keyboard.press("a")
    # The key after it is done, so this one was heard.
    page.keyboard.press("j")
    expect(_rows(page).nth(1)).to_have_attribute("aria-current", "true")
    page.reload()
    assert ("POST" in asked, Posting.objects.count()) == (False, 0)
