"""The review screen in a real browser, against the gallery: keys, undo, conflicts, a lost network, no script."""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.dashboard.appearance.conftest import until
from tests.dashboard.gallery import gates, uuid_of

DECISION = re.compile(r"/review/[0-9a-f-]{36}/(approve|reject|hold|ignore|find)/$")


def current(page: Page) -> str | None:
    return page.locator('.pm-row[aria-current="true"]').get_attribute("data-receipt")


def title(page: Page) -> str:
    return page.locator("#pm-panel-title").inner_text()


def test_j_and_k_move_and_the_address_follows(page: Page):
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")

    expect(page.locator("#pm-panel-title")).to_contain_text("Stefan Brandt")
    assert current(page) == uuid_of(1)
    expect(page).to_have_url(re.compile(f"/review/{uuid_of(1)}/$"))


def test_a_approves_and_shows_the_next_payment(page: Page):
    with page.expect_request(DECISION) as sent:
        page.keyboard.press("a")

    expect(page.locator("#pm-panel-title")).to_contain_text("Stefan Brandt")
    expect(page.locator(".pm-undo-text")).to_contain_text("Posts in")
    expect(page.locator(f'[data-receipt="{uuid_of(0)}"].pm-row')).to_have_count(0)
    expect(page.locator('[data-pm-count="exact"]')).to_have_text("22")
    expect(page.locator("#pm-live")).to_have_text("approve. Next.")
    body = sent.value.post_data or ""
    assert f"candidate={uuid_of(501)}" in body
    assert "version=v1" in body
    assert f"key={uuid_of(700)}" in body
    assert re.search(r"&open_ms=\d+", body)
    expect(page.locator("#pm-panel-title")).to_be_focused()


def test_chosen_candidate_is_the_one_sent(page: Page):
    page.keyboard.press("2")
    expect(page.locator('.pm-choice[data-rank="2"]')).to_be_visible()
    expect(page.locator('.pm-choice[data-rank="1"]')).to_be_hidden()

    with page.expect_request(DECISION) as sent:
        page.keyboard.press("r")

    assert sent.value.url.endswith(f"/{uuid_of(0)}/reject/")
    assert f"candidate={uuid_of(502)}" in (sent.value.post_data or "")


def test_rejection_stays_with_the_payment_and_shows_what_is_left(page: Page):
    page.keyboard.press("r")

    expect(page.locator(".pm-undo-text")).to_contain_text("Approved 240.00 EUR")
    expect(page.locator("#pm-panel-title")).to_contain_text("Acme Hosting")
    expect(page.locator(".pm-cand input")).to_have_count(1)
    expect(page.locator('[data-pm-count="exact"]')).to_have_text("23")
    assert current(page) == uuid_of(0)


def test_z_takes_the_decision_back(page: Page):
    page.keyboard.press("a")
    expect(page.locator(".pm-undo-text")).to_contain_text("Posts in")

    page.keyboard.press("z")

    expect(page.locator(f'.pm-row[data-receipt="{uuid_of(0)}"]')).to_have_count(1)
    expect(page.locator("#pm-panel-title")).to_contain_text("Acme Hosting")
    expect(page.locator('[data-pm-count="exact"]')).to_have_text("23")
    expect(page.locator(".pm-row[aria-current]")).to_have_count(1)
    assert current(page) == uuid_of(0)


def test_two_quick_approvals_are_both_sent(page: Page):
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    page.keyboard.press("a")
    expect(page.locator("#pm-panel-title")).to_contain_text("Stefan Brandt")
    with page.expect_response(re.compile(f"{uuid_of(1)}/approve/$")):
        page.keyboard.press("a")

    expect(page.locator("#pm-panel-title")).to_contain_text("MUELLER")
    expect(page.locator('[data-pm-count="exact"]')).to_have_text("21")
    assert [url.rsplit("/", 3)[1:3] for url in sent] == [[uuid_of(0), "approve"], [uuid_of(1), "approve"]]


def test_lost_network_brings_the_payment_back_and_says_so(page: Page):
    page.route(DECISION, lambda route: route.abort("internetdisconnected"))

    page.keyboard.press("a")

    expect(page.locator(".pm-undo")).to_have_attribute("data-tone", "bad")
    expect(page.locator(".pm-undo-text")).to_have_text("Not saved. Try again.")
    expect(page.locator("#pm-panel-title")).to_contain_text("Acme Hosting")
    expect(page.locator('[data-pm-count="exact"]')).to_have_text("23")
    assert current(page) == uuid_of(0)


def test_nothing_is_called_done_before_the_server_said_so(page: Page):
    with gates.held("approve", uuid_of(0)) as gate:
        page.keyboard.press("a")

        gate.wait_until_asked()
        expect(page.locator(".pm-undo-text")).to_have_text("Saving…")
        expect(page.locator("#pm-panel-title")).to_contain_text("Stefan Brandt")
    expect(page.locator(".pm-undo-text")).to_contain_text("Approved")


def test_expired_session_offers_to_sign_in_and_keeps_the_payment(page: Page):
    page.route(DECISION, lambda route: route.fulfill(status=401, body=""))

    page.keyboard.press("a")
    expect(page.get_by_role("dialog", name="You were signed out")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator(".pm-undo")).to_contain_text("You were signed out. Nothing was saved.")
    here = f"/login/?next=%2Freview%2F{uuid_of(0)}%2F"
    expect(page.get_by_role("link", name="Sign in")).to_have_attribute("href", here)
    expect(page.locator(f'.pm-row[data-receipt="{uuid_of(0)}"]')).to_be_visible()


def test_conflict_says_who_was_faster_and_moves_on(page: Page, gallery_url: str):
    page.context.add_cookies([{"name": "gallery", "value": "conflict", "url": gallery_url}])

    page.keyboard.press("a")

    expect(page.locator(".pm-undo-text")).to_have_text("Tom approved this 12 s ago.")
    expect(page.locator("#pm-panel-title")).to_contain_text("Stefan Brandt")
    expect(page.locator(f'.pm-row[data-receipt="{uuid_of(0)}"]')).to_have_count(0)


def test_refused_form_comes_back_with_its_error(page: Page):
    refused = (
        f'<section class="pm-panel" id="pm-panel" data-receipt="{uuid_of(0)}"><h2 id="pm-panel-title" tabindex="-1">'
        '1,190.00 EUR</h2><div data-pm-error tabindex="-1">Choose a later day.</div></section>'
    )
    page.route(DECISION, lambda route: route.fulfill(status=422, body=refused, content_type="text/html"))

    page.keyboard.press("a")

    expect(page.locator("[data-pm-error]")).to_be_focused()
    expect(page.locator(".pm-undo")).to_have_count(0)
    expect(page.locator('[data-pm-count="exact"]')).to_have_text("23")
    assert current(page) == uuid_of(0)


def test_keys_do_nothing_inside_a_field(page: Page):
    page.keyboard.press("/")
    page.keyboard.type("arj")

    expect(page.locator("#pm-filter-q")).to_have_value("arj")
    assert current(page) == uuid_of(0)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#pm-panel-title")).to_contain_text("Stefan Brandt")


def test_later_asks_for_a_day_in_a_sheet(page: Page):
    page.keyboard.press("l")
    expect(page.locator("#pm-hold-until")).to_be_focused()

    with page.expect_request(DECISION) as sent:
        page.get_by_role("button", name="Hold this payment").click()

    assert sent.value.url.endswith("/hold/")
    assert "until=2026-11-21" in (sent.value.post_data or "")
    expect(page.locator("#pm-hold")).to_be_hidden()


def test_find_opens_in_the_panel_and_its_first_result_matches(page: Page):
    page.keyboard.press("f")
    expect(page.locator("#pm-find-q")).to_be_focused()

    with page.expect_request(DECISION) as sent:
        page.get_by_role("button", name="Match with INV-1019").click()

    assert f"invoice={uuid_of(600)}" in (sent.value.post_data or "")


def test_split_shows_what_is_left_while_typing_and_equals_fills_a_line(page: Page):
    page.goto(f"/review/{uuid_of(4)}/split/")
    second = page.locator("[data-pm-amount]").nth(1)

    second.fill("20")
    expect(page.locator("[data-pm-unallocated]")).to_have_text("40.00\u00a0EUR")
    second.press("=")

    expect(second).to_have_value("60.00")
    expect(page.locator("[data-pm-unallocated]")).to_have_text("0.00\u00a0EUR")


def test_split_adds_an_invoice_without_leaving_and_saves_on_request(page: Page):
    page.goto(f"/review/{uuid_of(4)}/split/")

    with page.expect_request("**/split/") as added, page.expect_response("**/split/"):
        page.get_by_role("button", name="Add INV-1031").click()
    expect(page.locator("[data-pm-split]")).to_be_visible()
    with page.expect_request("**/split/") as saved:
        page.get_by_role("button", name="Save split").click()

    assert (added.value.post_data or "").endswith(f"invoice={uuid_of(600)}")
    assert "do=save" not in (added.value.post_data or "")
    assert (saved.value.post_data or "").split("&open_ms=")[0].endswith("do=save")


def test_theme_changes_at_once_and_is_kept_by_the_server(page: Page):
    page.get_by_role("button", name="Colours").click()

    with page.expect_request("**/account/theme/") as sent:
        page.get_by_role("button", name="Dark", exact=True).click()

    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    assert "mode=dark" in (sent.value.post_data or "")


def test_a_form_that_is_sent_again_before_its_answer_is_sent_once(page: Page):
    page.goto("/members/")
    page.evaluate("""() => {
        window.sent = [];
        addEventListener("submit", (event) => {
            if (!event.defaultPrevented) sent.push(event.target.id);
            event.preventDefault();
        });
        const form = (id, method) => Object.assign(document.createElement("form"), { id, method });
        document.body.append(form("act", "post"), form("other", "post"), form("search", "get"));
    }""")

    def pressed(*forms: str) -> list[str]:
        for form in forms:
            page.evaluate("(form) => document.getElementById(form).requestSubmit()", form)
        return page.evaluate("sent.splice(0)")

    assert pressed("act", "act", "other", "act", "search", "search") == ["act", "other", "search", "search"]
    # The page is shown again, from before the form was sent.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert pressed("act", "act") == ["act"]


@pytest.mark.parametrize("width", [1366, 390])
def test_a_dialog_shows_all_of_its_buttons(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 768})
    page.goto("/connections/")
    page.get_by_role("button", name="Remove N26 Business").click()

    sheet = page.locator(".pm-sheet:popover-open")
    hidden = sheet.evaluate("""(sheet) => {
        const box = sheet.getBoundingClientRect();
        const isOut = ({ left, right }) => left < box.left || right > box.right;
        const out = [...sheet.querySelectorAll("button")].filter((button) => isOut(button.getBoundingClientRect()));
        return out.map((button) => button.textContent);
    }""")

    expect(sheet.get_by_role("button")).to_have_text(["Cancel", "Withdraw consent and erase data", "Remove connection"])
    assert hidden == []


def test_sidebar_folds_and_remembers(page: Page):
    page.locator(".navbar [data-pm-sidebar]").click()
    page.reload()

    expect(page.locator("body")).to_have_class(re.compile("sidebar-folded"))


def test_drawer_keeps_the_focus_and_closes_with_escape(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".navbar [data-pm-sidebar]").click()

    expect(page.locator(".sidebar .nav-link").first).to_be_focused()
    assert page.locator("#main").evaluate("element => element.inert") is True
    page.keyboard.press("Escape")
    expect(page.locator("body")).not_to_have_class(re.compile("sidebar-open"))
    assert page.locator("#main").evaluate("element => element.inert") is False


def test_pair_reasons_candidates_and_actions_fit_without_scrolling(page: Page):
    body = page.locator(".pm-panel-body")
    page.evaluate("() => document.fonts.ready.then(() => null)")

    assert body.evaluate("element => element.scrollHeight <= element.clientHeight")
    tops = page.locator(".pm-actions .btn:visible").evaluate_all(
        "buttons => buttons.map(b => b.getBoundingClientRect().top)"
    )
    assert len(tops) == 6
    assert len(set(tops)) == 1


def test_without_script_every_decision_is_a_plain_form(chromium: Browser, gallery_url: str):
    context = chromium.new_context(
        viewport={"width": 1366, "height": 768}, java_script_enabled=False, base_url=gallery_url
    )
    page = context.new_page()
    page.goto(f"/review/{uuid_of(0)}/")

    page.get_by_role("button", name="Approve A", exact=True).click()
    page.wait_for_url("**/review/")
    page.get_by_role("link", name=re.compile("Northwind")).click()
    page.get_by_role("link", name="Split", exact=False).first.click()

    expect(page.get_by_role("button", name="Save split")).to_be_visible()
    context.close()


def test_enter_in_find_takes_the_first_result(page: Page):
    page.keyboard.press("f")
    expect(page.locator("#pm-find-q")).to_be_focused()

    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.keyboard.press("Enter")

    assert sent.value.url.endswith("/find/")
    assert f"invoice={uuid_of(600)}" in (sent.value.post_data or "")


def test_enter_in_find_never_takes_results_of_what_was_typed_before(page: Page):
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    page.keyboard.press("f")
    expect(page.locator("#pm-find-q")).to_be_focused()
    searches = re.compile(r"/find/\?q=")
    page.route(searches, lambda route: route.abort())

    page.keyboard.press("End")
    page.keyboard.type("x")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")

    expect(page.locator("#pm-results")).to_have_attribute("data-q", "glob")
    assert posted == []
    # A search that waits behind a lost one would bring its results before the next key.
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.unroute(searches)
    page.keyboard.press("Enter")
    expect(page.locator("#pm-results")).to_have_attribute("data-q", "globx")
    assert posted == []
    with page.expect_request(lambda request: request.method == "POST"):
        page.keyboard.press("Enter")


BARS = "(name) => getComputedStyle(document.querySelector(name), '::after').visibility === 'visible'"
# The bars' own clock is set by hand: how soon a frame comes on a busy machine says nothing of them.
BARS_AT = """([name, moment]) => {
  const place = document.querySelector(name);
  place.classList.add("htmx-request");
  const [late] = place.getAnimations({ subtree: true }).filter((each) => each.animationName === "pm-late");
  late.pause();
  late.currentTime = moment;
  return getComputedStyle(place, "::after").visibility === "visible";
}"""


def test_bars_stand_where_something_comes_after_300_ms_and_not_before(page: Page):
    assert not page.evaluate(BARS_AT, ["#pm-panel .pm-panel-body", 299])
    assert page.evaluate(BARS_AT, ["#pm-panel .pm-panel-body", 301])
    page.reload()
    page.keyboard.press("f")
    held: list[Route] = []
    page.route(re.compile(r"/find/\?"), lambda route: held.append(route))

    with page.expect_request(re.compile(r"/find/\?")):
        page.locator("#pm-find-q").fill("globe")

    page.wait_for_function(BARS, arg="#pm-results")
    until(page, lambda: held)
    held[0].continue_()
    expect(page.locator("#pm-results[data-q='globe']")).to_be_visible()
    expect(page.locator(".htmx-request")).to_have_count(0)
    assert not page.evaluate(BARS, "#pm-results")
