"""Every page of the product itself, in a stretched language and a real browser: nothing untranslated, nothing too wide,
no rule of accessibility broken, no word on the console, nothing that the content policy stops, nothing that jumps.

The pages are the product's own, asked in this process and handed to the browser, so that their rows are rolled back.
"""

import gzip
import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.utils import timezone
from playwright.sync_api import Page, Route, sync_playwright

from accounts.models import User
from tenants.services.settings import grant_support
from tests.dashboard.appearance import test_templates
from tests.dashboard.appearance.conftest import chromium_path
from tests.dashboard.conftest import STAFF, Browser
from tests.dashboard.whole import company, crawl, entrance, gates, pseudo, reading

AXE = Path("tests/vendor/axe-core/axe.min.js").read_text()
WATCH = """
    window.pmJumps = 0; window.pmStopped = [];
    new PerformanceObserver(list => list.getEntries().forEach(each => window.pmJumps += each.value))
        .observe({type: 'layout-shift', buffered: true});
    document.addEventListener('securitypolicyviolation',
        event => window.pmStopped.push(event.violatedDirective + ' ' + event.blockedURI));
"""
# Without its own copy of the styles, which the content policy would stop and report; colours are looked at apart.
RULES = """axe.run(document, {
    rules: {'color-contrast': {enabled: false}}, resultTypes: ['violations'], preload: false,
}).then(found => found.violations.map(
    each => each.id + ': ' + each.nodes.slice(0, 2).map(node => node.html.slice(0, 140)).join(' | ')))"""
MOST_JUMPING = 0.05
POLICY = {
    "default-src 'none'", "script-src 'nonce'", "style-src 'self'", "font-src 'self'", "connect-src 'self'",
    "img-src 'self' data:", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'",
}  # fmt: skip
LOGOS = "img-src 'self' data: https://cdn-logos.gocardless.com/ https://enablebanking.com/"
NARROWEST = 320
SCREENS = ((390, 844), (NARROWEST, 640), (1366, 768))
# Bytes on the way, and files beside the page itself. Django's admin brings many files of its own.
LARGEST_VISIT, MOST_REQUESTS = 180_000, 12
PRINTED = ("/activity/", "/reports/statement/", "/transactions/", "/invoices/")
NO_PAGES = frozenset({"api/", "health/", "logout"})
NO_STAFF_PAGES = frozenset({"health/", "metrics", "admin/logout", "admin/jsi18n", "logout", "jsi18n"})
# Of the second company, codes and what providers said, which staff sees as they are stored; and four words that
# Django's admin says in English alone.
STAFF_DATA = frozenset(
    {"acme", "globex", "Globex", "localhost", "owner", "admin", "reviewer", "viewer", "desk", "Owner", "Admin"}
    | {"Reviewer", "Viewer", "review", "view", "private", "returned", "candidate", "bank", "stripe", "paid"}
    | {"succeeded", "Unpaid", "Active", "Search", "True", "False", "None"}
)
# Guides are written in their own languages, and who reads another gets the English one.
OTHER_WORDS = {"help/<slug:name>/"}


def handed_to(page: Page, found: dict[str, crawl.Page]) -> None:
    """Let the browser have the pages and their files. What a page fetches later has not changed: 204."""

    def answer(route: Route) -> None:
        path = "/" + route.request.url.split("/", 3)[3]
        if path.startswith("/static/"):
            page.files.append(finders.find(path.removeprefix("/static/")))
            route.fulfill(path=page.files[-1])
        elif path in found:
            headers = {name: value for name, value in found[path].headers.items() if name != "Set-Cookie"}
            route.fulfill(headers=headers, body=found[path].content)
        else:
            route.fulfill(status=204)

    page.route("**/*", answer)


@cache
def weight(file: str) -> int:
    """Return the bytes of a file on the way: fonts are compressed already."""
    content = Path(file).read_bytes()
    return len(content) if file.endswith(".woff2") else len(gzip.compress(content, 9))


def wrong_with(page: Page, path: str) -> dict[str, object]:
    """Open a page and return what is wrong with it."""
    page.problems.clear()
    page.files.clear()
    page.goto(path)
    visit = sum(map(weight, page.files))
    jumps = page.evaluate("window.pmJumps")
    found: dict[str, object] = {"jumps": jumps if jumps > MOST_JUMPING else 0, "rules": page.evaluate(RULES)}
    found["first visit"] = visit > LARGEST_VISIT or (
        len(page.files) >= MOST_REQUESTS and not path.startswith("/admin/")
    )
    for mode, known in page.colours.items():
        shown = page.evaluate(gates.CONTRAST, [mode, known])
        known += shown["pairs"]
        found[mode] = shown["wrong"]
    found["moving"] = page.evaluate(gates.MOVING)
    page.emulate_media(forced_colors="active")
    found["forced colours"] = page.evaluate(gates.EDGELESS)
    page.emulate_media(forced_colors="none")
    if path.startswith(PRINTED):
        page.emulate_media(media="print")
        found["on paper"] = page.evaluate(gates.ON_PAPER)
        page.emulate_media(media="screen")
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        found[f"{width} px"] = page.evaluate(gates.TOO_WIDE)
        if width > NARROWEST:
            found[f"hidden focus, {width} px"] = page.evaluate(gates.HIDDEN_FOCUS)
    page.evaluate(gates.LARGE_TEXT)
    found["200 % text"] = page.evaluate(gates.TOO_WIDE)
    found["stopped"] = page.evaluate("window.pmStopped")
    found["console"] = list(page.problems)
    return {name: each for name, each in found.items() if each}


def wrong_answers(inside: list[crawl.Page], outside: list[crawl.Page]) -> dict[str, object]:
    """Return what of the answers breaks the contract of the theme, the content policy or the budget."""
    found = {}
    for page in [*inside, *outside]:
        read = test_templates.read(page.html)
        found[page.path] = [
            *(each for each in read.classes if not each.startswith("pm-") and each not in test_templates.NAMES),
            *read.forbidden,
            *(["heavy"] if len(gzip.compress(page.content)) > test_templates.HEAVIEST else []),
        ]
    for page in inside:
        found[page.path] += [] if "no-store" in page.headers["Cache-Control"] else ["kept by the browser"]
        policy = re.sub(r"nonce-[^']+", "nonce", page.headers["Content-Security-Policy"])
        logos = {LOGOS, "img-src 'self' data:"} if page.path == "/connections/bank/new/" else set()
        found[page.path] += set(policy.split("; ")) ^ POLICY ^ logos
    return {path: each for path, each in found.items() if each}


def wrong_pages(pages: list[crawl.Page], host: str) -> dict[str, object]:
    """Open them all; return those with which something is wrong.

    The browser begins after the last query: a connection that is used inside its event loop is another one.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        context = browser.new_context(
            base_url=f"http://{host}", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
        )
        context.add_init_script(AXE)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.problems, page.files, page.colours = [], [], {"light": [], "dark": []}
        page.on("console", lambda said: page.problems.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        handed_to(page, {each.path: each for each in pages})
        found = {each.path: wrong_with(page, each.path) for each in pages}
        browser.close()
    return {path: each for path, each in found.items() if each}


def test_every_page_of_a_company_speaks_one_language_fits_and_keeps_the_rules(
    as_owner, in_acme, owner, public_names, tmp_path
):
    session = as_owner.session
    session["confirmed_at"] = timezone.now().isoformat()
    session.save()

    with pseudo.spoken(tmp_path):
        as_owner.post("/sample/begin/")
        sample = crawl.opened(as_owner, "/sample/")
        company.fill(in_acme, owner)
        pages = crawl.pages(as_owner, "payymo.urls", left_out=NO_PAGES)
        outside = entrance.pages(in_acme, owner)

    assert len(pages) >= 60
    said = {each.path: reading.untranslated(each.html) for each in [*pages, *outside] if each.name not in OTHER_WORDS}
    assert {path: texts for path, texts in said.items() if texts} == {}
    assert wrong_answers([sample, *pages], outside) == {}
    assert wrong_pages([sample, *pages, *outside], "acme.localhost") == {}


def test_every_page_of_the_staff_host_speaks_one_language_and_keeps_the_rules(in_acme, owner, public_names, tmp_path):
    staff = User.objects.get(email="staff@payymo.example")
    client = Browser(STAFF, tenant=in_acme, user=staff, is_staff_host=True)

    with pseudo.spoken(tmp_path):
        company.fill(in_acme, owner)
        grant_support(tenant=in_acme, hours=1, now=company.NOW)
        client.post("/admin/t/acme/enter/", {"reason": "asked"})
        pages = crawl.pages(client, "payymo.urls_public", left_out=NO_STAFF_PAGES)
        inside = crawl.pages(client, "payymo.urls_staff_tenant", below="/admin/t/acme", left_out=NO_STAFF_PAGES)

    assert [len(pages) >= 20, len(inside) >= 40] == [True, True]
    said = {each.path: reading.untranslated(each.html, data=STAFF_DATA) for each in (*pages, *inside)}
    assert {path: texts for path, texts in said.items() if texts} == {}
    assert wrong_pages(pages, STAFF) == {}


def test_what_is_not_translated_is_found():
    page = '<p>⟦Páýmêñt ~⟧ of today</p><bdi>ACME</bdi><a title="Open it">⟦Íñ <b>WHMCS</b> ~⟧</a>'

    assert reading.untranslated(page) == ["Open it", "of today"]
    assert pseudo.without_said(pseudo.stretched("%(n)d of <b>%s</b>")).strip() == ""
    assert "%(n)d óf <b>%s</b>" in pseudo.stretched("%(n)d of <b>%s</b>")
