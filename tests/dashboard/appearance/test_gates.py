"""What every page must pass: accessibility, narrow screens, large text, a quiet console, the content policy, weight."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.dashboard.appearance.test_templates import PAGES

AXE = Path("tests/vendor/axe-core/axe.min.js").read_text()
# Django's own markup around the review on the staff host; the component is the same.
OWN_PAGES = [path for path in PAGES if path != "/admin/"]
WHOLE = "axe.run(document, {resultTypes: ['violations']})"
SOME = "axe.run(document, {runOnly: {type: 'rule', values: %s}, resultTypes: ['violations']})"
NARROW = SOME % "['target-size', 'color-contrast', 'scrollable-region-focusable', 'region', 'label', 'link-name']"
DARK = SOME % "['color-contrast', 'link-in-text-block']"
SUMMARY = """.then(found => found.violations.map(
    each => each.id + ': ' + each.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')))"""
REACHES_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LARGE_TEXT = "document.documentElement.style.fontSize = '200%'"


@pytest.fixture(scope="module")
def page(chromium: Browser, gallery_url: str) -> Page:
    context = chromium.new_context(
        viewport={"width": 1366, "height": 768}, base_url=gallery_url, reduced_motion="reduce"
    )
    context.add_init_script(AXE)
    page = context.new_page()
    page.problems = []  # type: ignore[attr-defined]
    page.on("console", lambda said: page.problems.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    yield page
    context.close()


@pytest.mark.parametrize("path", OWN_PAGES)
def test_page_passes_every_gate(page: Page, path: str):
    page.problems.clear()  # type: ignore[attr-defined]
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(path)

    found = {"light": page.evaluate(WHOLE + SUMMARY), "1366 px": page.evaluate(REACHES_OUT)}
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    found["dark"] = page.evaluate(DARK + SUMMARY)
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
    page.set_viewport_size({"width": 390, "height": 844})
    found["390 px"] = page.evaluate(NARROW + SUMMARY) or page.evaluate(REACHES_OUT)
    page.set_viewport_size({"width": 320, "height": 640})
    found["320 px"] = page.evaluate(REACHES_OUT)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.evaluate(LARGE_TEXT)
    found["200 % text"] = page.evaluate(REACHES_OUT)

    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert page.problems == []  # type: ignore[attr-defined]
