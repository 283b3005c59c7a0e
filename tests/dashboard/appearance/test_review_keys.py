"""Keys pressed while the next payment is still on its way mean that payment, once, and none that was shown before."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.dashboard.appearance.conftest import until
from tests.dashboard.gallery import gates, uuid_of
from tests.dashboard.gallery.gates import Gate

NEXT = 3


def shows(page: Page, number: int) -> None:
    expect(page.locator("#pm-panel")).to_have_attribute("data-receipt", uuid_of(number))


@pytest.fixture
def held(page: Page) -> Iterator[Gate]:
    """Marks a payment whose panel does not come before it is let go."""
    with gates.held("panel", uuid_of(NEXT)) as gate:
        for number in range(1, NEXT):
            page.keyboard.press("j")
            shows(page, number)
        page.keyboard.press("j")
        expect(page.locator('.pm-row[aria-current="true"]')).to_have_attribute("data-receipt", uuid_of(NEXT))
        gate.wait_until_asked()
        yield gate


@pytest.fixture
def decided(page: Page) -> list[str]:
    """What was sent so far, as payment, act and candidate."""
    found: list[str] = []

    def note(request) -> None:
        if request.method == "POST":
            candidate = re.search(r"candidate=([0-9a-f-]+)", request.post_data or "")
            found.append("/".join([*request.url.rsplit("/", 3)[1:3], candidate[1] if candidate else ""]))

    page.on("request", note)
    return found


@pytest.mark.parametrize("keys", ["a", "aa", "ar"])
def test_the_first_act_waits_for_the_payment_that_is_marked_and_a_second_is_not_done(
    page: Page, held: Gate, decided: list[str], keys: str
):
    for key in keys:
        page.keyboard.press(key)
    assert decided == []

    held.let_go()

    shows(page, NEXT + 1)
    expect(page.locator(".pm-undo-text")).to_contain_text("Approved")
    assert decided == [f"{uuid_of(NEXT)}/approve/{uuid_of(501)}"]


def test_a_candidate_that_is_chosen_before_the_act_is_the_one_meant(page: Page, held: Gate, decided: list[str]):
    page.keyboard.press("2")
    page.keyboard.press("a")

    held.let_go()

    shows(page, NEXT + 1)
    expect(page.locator(".pm-undo-text")).to_contain_text("Approved")
    assert decided == [f"{uuid_of(NEXT)}/approve/{uuid_of(502)}"]


def test_who_goes_on_to_another_payment_has_not_decided_this_one(page: Page, held: Gate, decided: list[str]):
    page.keyboard.press("a")
    page.keyboard.press("k")
    shows(page, NEXT - 1)
    held.let_go()

    page.keyboard.press("a")

    expect(page.locator(".pm-undo-text")).to_contain_text("Approved")
    assert [each.rsplit("/", 1)[0] for each in decided] == [f"{uuid_of(NEXT - 1)}/approve"]


def test_a_payment_that_cannot_be_loaded_is_not_decided(page: Page, held: Gate, decided: list[str]):
    page.keyboard.press("a")

    held.let_go(fails=True)

    expect(page.locator(".pm-undo")).to_contain_text("This could not be loaded. Try again.")
    shows(page, NEXT - 1)
    assert decided == []
    page.keyboard.press("a")
    # Nothing but the panel says that the next one cannot be loaded either: what was approved can still be undone.
    expect(page.locator("#pm-panel")).to_have_text("This could not be loaded. Try again.")
    expect(page.locator(".pm-undo-text")).to_contain_text("Approved")
    assert [each.rsplit("/", 1)[0] for each in decided] == [f"{uuid_of(NEXT - 1)}/approve"]


def test_a_key_that_is_held_down_decides_one_payment(page: Page, decided: list[str]):
    for _ in range(3):
        page.keyboard.down("a")
        page.evaluate("() => 0")
    page.keyboard.up("a")

    expect(page.locator(".pm-undo-text")).to_contain_text("Approved")
    assert [each.rsplit("/", 1)[0] for each in decided] == [f"{uuid_of(0)}/approve"]
    shows(page, 1)


@pytest.mark.parametrize(
    ("keys", "acts", "says"),
    [("az", ["approve", "undo"], ("#pm-live", "Undone")), ("azk", ["approve"], (".pm-undo-text", "Approved"))],
)
def test_undo_waits_for_what_is_being_saved_unless_another_key_follows(
    page: Page, decided: list[str], keys: str, acts: list[str], says: tuple[str, str]
):
    with gates.held("approve", uuid_of(0)) as gate:
        for key in keys:
            page.keyboard.press(key)
        gate.wait_until_asked()
        expect(page.locator(".pm-undo-text")).to_contain_text("Saving…")

    expect(page.locator(says[0])).to_contain_text(says[1])
    assert [re.search("approve|undo", each)[0] for each in decided] == acts


def marked(page: Page) -> str | None:
    return page.locator('.pm-row[aria-current="true"]').get_attribute("data-receipt")


@pytest.mark.parametrize("key", ["r", "m"])
def test_what_is_answered_late_does_not_take_the_place_of_the_payment_gone_on_to(page: Page, key: str):
    with gates.held("reject" if key == "r" else "noted", uuid_of(0)) as gate:
        page.keyboard.press(key)
        if key == "m":
            page.get_by_role("button", name="Assign", exact=True).click()
        gate.wait_until_asked()
        page.locator(f'.pm-row[data-receipt="{uuid_of(1)}"]').click()
        shows(page, 1)

    expect(page.locator("#pm-live")).to_have_text("Rejected." if key == "r" else "Assigned to Tom Berger.")
    shows(page, 1)
    assert marked(page) == uuid_of(1)


def test_a_payment_lost_while_the_one_before_is_saved_is_asked_for_again(page: Page, decided: list[str]):
    with gates.held("approve", uuid_of(NEXT - 1)) as saving, gates.held("panel", uuid_of(NEXT)) as gate:
        for number in range(1, NEXT):
            page.keyboard.press("j")
            shows(page, number)
        gate.wait_until_asked()
        page.keyboard.press("a")
        saving.wait_until_asked()
        with page.expect_response(f"**/{uuid_of(NEXT)}/panel/"):
            gate.let_go(fails=True)

    shows(page, NEXT)
    expect(page.locator(".pm-undo-text")).to_contain_text("Approved")
    assert marked(page) == uuid_of(NEXT)


def test_signing_in_sends_the_candidate_that_was_chosen_although_another_payment_came_back_since(
    page: Page, decided: list[str]
):
    doors: list[Route] = []
    page.route("**/login/**", lambda route: doors.append(route))
    with gates.held("approve", uuid_of(0)) as first, gates.held("approve", uuid_of(1)) as second:
        for key, number in (("2", 0), ("a", 1), ("a", 2)):
            page.keyboard.press(key)
            shows(page, number)
        first.wait_until_asked()
        second.wait_until_asked()
        first.let_go(fails=True)
        shows(page, 0)
        second.let_go(fails=True)
        shows(page, 1)
    until(page, lambda: doors)
    person = page.locator("#pm-review").get_attribute("data-person")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
    signed_in = f'<div id="pm-review" data-person="{person}"><input name="csrfmiddlewaretoken" value="{token}"></div>'

    doors[0].fulfill(body=signed_in, content_type="text/html")

    expect(page.locator(".pm-undo-text")).to_contain_text("Approved")
    assert decided == [
        f"{uuid_of(0)}/approve/{uuid_of(502)}", f"{uuid_of(1)}/approve/{uuid_of(501)}",
        f"{uuid_of(0)}/approve/{uuid_of(502)}",
    ]  # fmt: skip


def test_letters_in_the_palette_act_on_nothing_behind_it(page: Page, decided: list[str]):
    results = '<div id="pm-hits" data-q=""><a class="pm-hit" href="/review/">Review</a></div>'
    page.route("**/search/**", lambda route: route.fulfill(body=results, content_type="text/html"))
    page.keyboard.press("Control+k")
    hit = page.locator("#pm-palette a.pm-hit").first
    hit.focus()
    expect(hit).to_be_focused()

    page.keyboard.press("a")

    page.keyboard.press("Control+k")
    expect(page.locator("#pm-palette")).to_be_hidden()
    page.locator(f'.pm-row[data-receipt="{uuid_of(1)}"]').click()
    shows(page, 1)
    assert decided == []
