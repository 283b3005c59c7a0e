"""Keys pressed while the next payment is still on its way mean that payment, once, and none that was shown before."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.dashboard.appearance.conftest import until
from tests.dashboard.gallery import uuid_of

NEXT = 3
PANELS_READ = """() => {
  const read = performance.getEntriesByType("resource").filter((each) => each.name.endsWith("/panel/"));
  return read.length >= 2;
}"""


def shows(page: Page, number: int) -> None:
    expect(page.locator("#pm-panel")).to_have_attribute("data-receipt", uuid_of(number))


@pytest.fixture
def held(page: Page) -> list[Route]:
    """Marks a payment whose panel is not fetched in advance and does not come before it is let go."""
    found: list[Route] = []
    # The two that the page asks for by itself are there before any request is held.
    page.wait_for_function(PANELS_READ)
    page.route(f"**/review/{uuid_of(NEXT)}/panel/", lambda route: found.append(route))
    for number in range(1, NEXT):
        page.keyboard.press("j")
        shows(page, number)
    page.keyboard.press("j")
    expect(page.locator('.pm-row[aria-current="true"]')).to_have_attribute("data-receipt", uuid_of(NEXT))
    until(page, lambda: found)
    return found


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
    page: Page, held: list[Route], decided: list[str], keys: str
):
    for key in keys:
        page.keyboard.press(key)
    assert decided == []

    held[0].continue_()

    shows(page, NEXT + 1)
    expect(page.locator(".pm-undo-text")).to_contain_text("Approved")
    assert decided == [f"{uuid_of(NEXT)}/approve/{uuid_of(501)}"]


def test_a_candidate_that_is_chosen_before_the_act_is_the_one_meant(page: Page, held: list[Route], decided: list[str]):
    page.keyboard.press("2")
    page.keyboard.press("a")

    held[0].continue_()

    shows(page, NEXT + 1)
    expect(page.locator(".pm-undo-text")).to_contain_text("Approved")
    assert decided == [f"{uuid_of(NEXT)}/approve/{uuid_of(502)}"]


def test_who_goes_on_to_another_payment_has_not_decided_this_one(page: Page, held: list[Route], decided: list[str]):
    page.keyboard.press("a")
    page.keyboard.press("k")
    shows(page, NEXT - 1)
    held[0].continue_()

    page.keyboard.press("a")

    expect(page.locator(".pm-undo-text")).to_contain_text("Approved")
    assert [each.rsplit("/", 1)[0] for each in decided] == [f"{uuid_of(NEXT - 1)}/approve"]


def test_a_payment_that_cannot_be_loaded_is_not_decided(page: Page, held: list[Route], decided: list[str]):
    page.keyboard.press("a")

    held[0].abort()

    expect(page.locator(".pm-undo")).to_contain_text("This could not be loaded. Try again.")
    shows(page, NEXT - 1)
    assert decided == []
    page.keyboard.press("a")
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
