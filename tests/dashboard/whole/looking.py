"""Opening pages in a real browser and saying what is wrong with each: on a wide screen, on phones, in large letters."""

import gzip
from functools import cache
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.dashboard.appearance.conftest import chromium_path
from tests.dashboard.whole import crawl, gates, paper, serving

AXE = Path("tests/vendor/axe-core/axe.min.js").read_text()
WATCH = """
    window.pmJumps = 0; window.pmStopped = [];
    new PerformanceObserver(list => list.getEntries().forEach(each => window.pmJumps += each.value))
        .observe({type: 'layout-shift', buffered: true});
    document.addEventListener('securitypolicyviolation',
        event => window.pmStopped.push(event.violatedDirective + ' ' + event.blockedURI));
"""
MOST_JUMPING = 0.05
WIDE, PHONE, NARROWEST = (1366, 768), (390, 844), (320, 640)
# Bytes on the way: of all files, of the scripts among them and of those of the review besides; and files in all.
LARGEST_VISIT, LARGEST_SCRIPTS, REVIEW_SCRIPTS, MOST_REQUESTS = 180_000, 48_000, 8_000, 12
# Django's own pages of the staff console bring Django's files.
DJANGOS_SCRIPTS, DJANGOS_REQUESTS = 90_000, 24
# Without the theme, whose mode is an attribute: these follow what the system says.
BARE = ".html"
PRINTED = ("/activity/", "/reports/statement/", "/transactions/", "/invoices/")
# Those of them with a table that fills several sheets.
LISTS = ("/transactions/", "/invoices/")


@cache
def weight(path: str) -> int:
    """Return the bytes of a file on the way: fonts are compressed already."""
    content = serving.file_of(path).read_bytes()
    return len(content) if path.endswith(".woff2") else len(gzip.compress(content, 9))


def _seen_on(page: Page, screen: tuple[int, int]) -> dict[str, object]:
    """Return what is wrong on a screen of this size: rules, colours of both modes, widths, and the focus."""
    found = page.evaluate(gates.ON_SCREEN, screen == WIDE)
    return {f"{name}, {screen[0]} px": each for name, each in found.items()}


def _wide_at(page: Page, screen: tuple[int, int]) -> None:
    page.set_viewport_size({"width": screen[0], "height": screen[1]})


def _heavy(files: list[str], path: str) -> str:
    """Return what a first visit loads, where it is more than agreed."""
    visit, scripts = (sum(weight(each) for each in files if each.endswith(end)) for end in ("", ".js"))
    largest, most = LARGEST_SCRIPTS, MOST_REQUESTS
    if any(each.endswith("/review.js") for each in files):
        largest += REVIEW_SCRIPTS
    if path.startswith("/admin/"):
        largest, most = DJANGOS_SCRIPTS, DJANGOS_REQUESTS
    is_heavy = visit > LARGEST_VISIT or scripts > largest or len(files) >= most
    return f"{visit} bytes, {scripts} of scripts, {len(files)} files" if is_heavy else ""


def _in_other_media(page: Page, path: str, *, is_new: bool) -> dict[str, object]:
    """Return what is wrong for who wants no motion or gives the colours, where an element is new, and on paper."""
    found: dict[str, object] = {}
    if is_new:
        found["moving"] = page.evaluate(gates.MOVING)
        page.emulate_media(forced_colors="active")
        found["forced colours"] = page.evaluate(gates.EDGELESS)
        page.emulate_media(forced_colors="none")
    if path.startswith(PRINTED):
        page.emulate_media(media="print")
        found["on paper"] = page.evaluate(gates.ON_PAPER)
        found["printed"] = paper.wrong_on(page, is_list=path.partition("?")[0] in LISTS)
        page.emulate_media(media="screen")
    if path.endswith(BARE):
        page.emulate_media(color_scheme="dark")
        found["dark"] = page.evaluate(gates.CONTRAST, True)
        page.emulate_media(color_scheme="light")
    return found


def wrong_with(page: Page, path: str) -> dict[str, object]:
    """Open a page and return what is wrong with it."""
    page.problems.clear()
    page.files.clear()
    page.goto(path)
    first = page.evaluate(gates.AT_FIRST)
    found: dict[str, object] = {"first visit": _heavy(page.files, path)}
    found["jumps"] = first["jumps"] if first["jumps"] > MOST_JUMPING else 0
    found |= _seen_on(page, WIDE)
    found |= _in_other_media(page, path, is_new=first["isNew"])
    _wide_at(page, PHONE)
    found |= _seen_on(page, PHONE)
    _wide_at(page, NARROWEST)
    found[f"width, {NARROWEST[0]} px"] = page.evaluate(gates.TOO_WIDE)
    _wide_at(page, WIDE)
    found["200 % text"] = page.evaluate(gates.WITH_LARGE_TEXT)
    found["stopped"] = page.evaluate("window.pmStopped")
    found["console"] = list(page.problems)
    return {name: each for name, each in found.items() if each}


def wrong_pages(pages: list[crawl.Page], host: str, *, files: list[crawl.Page] | None = None) -> dict[str, object]:
    """Open them all, beside files that the product makes; return those with which something is wrong.

    The browser begins after the last query: a connection that is used inside its event loop is another one.
    """
    with (
        serving.served({each.path: each for each in [*pages, *(files or ())]}) as port,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        size = {"width": WIDE[0], "height": WIDE[1]}
        context = browser.new_context(base_url=f"http://{host}:{port}", viewport=size, reduced_motion="reduce")
        # An upper bound for a busy machine.
        context.set_default_timeout(120_000)
        context.add_init_script(AXE)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.problems, page.files = [], []
        page.on("console", lambda said: page.problems.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("request", lambda request: _note_file(page.files, request.url))
        found = {each.path: wrong_with(page, each.path) for each in pages}
        browser.close()
    return {path: each for path, each in found.items() if each}


def _note_file(files: list[str], url: str) -> None:
    path = "/" + url.split("/", 3)[3].partition("#")[0] if url.startswith("http") else ""
    if path.startswith(serving.STATIC):
        files.append(path)
