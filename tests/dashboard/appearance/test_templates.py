"""Every page of the gallery renders, within the rules of the theme and of the content policy."""

import gzip
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from payymo.dashboard import pages
from payymo.dashboard.pages.search import SearchPage
from tests.dashboard import gallery
from tests.dashboard.appearance.conftest import GALLERY_TEMPLATES
from tests.dashboard.gallery import payers as records
from tests.dashboard.gallery import rules

RECEIPT = "/review/00000000-0000-4000-8000-00000000000"
PAGES = [
    "/ui/", "/ui/compact/",
    "/", "/review/", "/review/hints/", "/review/bulk/", "/review/bulk/done/", "/review/bulk/none/", f"{RECEIPT}4/",
    f"{RECEIPT}8/", f"{RECEIPT}6/find/", f"{RECEIPT}4/split/", "/transactions/",
    "/transactions/00000000-0000-4000-8000-000000000004/", "/invoices/",
    "/invoices/00000000-0000-4000-8000-000000000004/", "/payouts/",
    "/payouts/00000000-0000-4000-8000-000000000004/", "/reports/three-way/", "/returns/",
    "/reports/engine/", "/reports/", "/reports/ageing/", "/reports/cash/", "/reports/empty/",
    "/postings/", "/activity/",
    "/connections/", "/setup/", "/payers/", "/payers/one/", "/search/", "/account/profile/",
    "/settings/general/", "/help/", "/help/shortcuts/", "/notifications/", "/notifications/none/",
    "/account/notifications/", "/notifications/stop/", "/settings/webhooks/", "/settings/webhooks/one/",
    "/settings/health/", "/settings/api/", "/settings/branding/",
    "/rules/", "/rules/new/", "/rules/one/", "/rules/empty/",
    "/connections/whmcs/new/", "/connections/bank/new/", "/connections/bank/consent/", "/imports/", "/imports/new/",
    "/imports/map/", "/imports/preview/", "/settings/matching/", "/login/", "/admin/",
    "/connections/whmcs/one/module/", "/connections/one/",
    "/account/security/", "/account/first/", "/account/waiting/", "/account/codes/", "/account/passkeys/new/",
    "/2fa/", "/confirm/", "/staff/passkeys/",
    "/members/roles/", "/members/roles/new/", "/settings/retention/", "/settings/export/", "/persons/",
    "/persons/nobody/",
    "/members/", "/password/forgotten/", "/password/sent/", "/password/reset/", "/invite/", "/invite/known/",
    "/invite/over/",
]  # fmt: skip
FRAGMENTS = ["/review/queue/", f"{RECEIPT}0/panel/", f"{RECEIPT}4/panel/", f"{RECEIPT}8/panel/"]
ERRORS = (400, 403, 404, 409, 413, 429)
# The shell's names, which a licensee's own theme knows too.
SHELL = {
    "main-wrapper", "sidebar", "sidebar-header", "sidebar-brand", "sidebar-toggler", "sidebar-body", "nav", "nav-item",
    "nav-category", "active", "nav-link", "link-icon", "link-title", "link-arrow", "sub-menu", "page-wrapper", "navbar",
    "navbar-content", "search-form", "navbar-nav", "page-content", "footer", "page-breadcrumb", "grid-margin",
    "stretch-card", "card", "card-body", "card-title", "btn-icon", "btn-icon-text", "btn-xs", "timeline", "event",
    "auth-page", "auth-side-wrapper", "auth-form-wrapper", "full-page", "sidebar-folded", "sidebar-open",
    "sidebar-dark",
}  # fmt: skip
BOOTSTRAP = set(Path(__file__).with_name("bootstrap_classes.txt").read_text().split())
NAMES = SHELL | BOOTSTRAP
# Bytes of a page on the way, compressed.
HEAVIEST = 30_000
# The stock admin's own names around the review on the staff host.
DJANGO_ADMIN = {
    "skip-to-content-link", "theme-toggle", "theme-icon-when-auto", "theme-icon-when-dark",
    "theme-icon-when-light", "theme-label-when-auto", "theme-label-when-dark",
    "theme-label-when-light",
    "base-svgs", "breadcrumbs", "main", "content", "colM", "clear", "messagelist", "quiet", "toggle-nav-sidebar",
}  # fmt: skip


class Reader(HTMLParser):
    """Collects the class names, the ids, what the content policy forbids, and boxes without our class."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: set[str] = set()
        self.ids: list[str] = []
        self.forbidden: list[str] = []
        self.plain: list[str] = []
        self.inline_scripts: list[dict[str, str | None]] = []
        self._template = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._template += tag == "template"
        self.classes |= set((values.get("class") or "").split())
        if values.get("id") and not self._template:
            self.ids.append(str(values["id"]))
        if values.get("type") in ("checkbox", "radio") and "form-check-input" not in (values.get("class") or ""):
            # It would stay as the browser draws it: grey in the dark.
            self.plain.append(str(values.get("name")))
        self.forbidden += [f"{tag} {name}" for name in values if name == "style" or name.startswith("on")]
        if tag == "style":
            self.forbidden.append("style element")
        if tag == "script" and "src" not in values:
            self.inline_scripts.append(values)
        if (values.get("href") or "").startswith("javascript:"):
            self.forbidden.append("javascript: link")

    def handle_endtag(self, tag: str) -> None:
        self._template -= tag == "template"


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


@pytest.mark.parametrize("path", PAGES + FRAGMENTS)
def test_page_keeps_to_the_theme_and_the_content_policy(visitor: Client, path: str):
    answer = visitor.get(path)

    html = answer.content.decode()
    found = read(html)
    allowed = NAMES | (DJANGO_ADMIN if path == "/admin/" else set())
    assert answer.status_code == 200
    assert {name for name in found.classes if name not in allowed and not name.startswith("pm-")} == set()
    assert (found.forbidden, found.plain) == ([], [])
    assert sorted({each for each in found.ids if found.ids.count(each) > 1}) == []
    assert all(script.get("nonce") for script in found.inline_scripts)
    assert "{{" not in html
    assert "{%" not in html
    assert "<c-" not in html
    assert len(gzip.compress(answer.content)) <= HEAVIEST


def test_the_gallery_shows_every_component_and_every_component_is_used(gallery_settings: None):
    shown = (GALLERY_TEMPLATES / "gallery" / "ui.html").read_text()
    own = Path("templates")
    written = "".join(each.read_text() for each in own.rglob("*.html"))

    names = {each.stem.replace("_", "-") for each in (own / "cotton").glob("*.html")}
    tags = re.compile(r"<c-([a-z-]+)[ />]")
    assert names - set(tags.findall(written)) == set()
    whole = set(tags.findall(shown)) | {"field", "form-errors", "form-fields", "messages", "timeline"}
    assert names - whole == set()


@pytest.mark.parametrize("status", ERRORS)
def test_error_page_says_what_happened_and_offers_a_way_on(visitor: Client, status: int):
    answer = visitor.get(f"/error/{status}/")

    html = answer.content.decode()
    assert answer.status_code == status
    assert html.count("<h1>") == 1
    assert 'href="/"' in html
    assert read(html).forbidden == []


@pytest.mark.parametrize("name", ["500", "503", "suspended", "secret_off"])
def test_a_page_for_when_much_is_off_needs_neither_a_request_nor_the_theme(name: str):
    # Nothing here may ask the database: this test has none.
    text = render_to_string(f"{name}.html")

    assert text.count("<h1>") == 1
    assert "/static/dashboard/css/error.css" in text
    assert "theme.css" not in text
    assert "<script" not in text
    assert ('href="/"' in text) == (name != "suspended")


def rendered(template: str, page: object, **context: object) -> str:
    request = RequestFactory().get("/")
    shell = gallery.shell()
    return render_to_string(template, {"page": page, "shell": shell, **context}, request)


def nothing_to_review(why: str) -> pages.ReviewPage:
    return gallery.review(queue=pages.QueuePage(()), panel=None, empty=why)


EMPTY_PAGES = [
    ("dashboard/overview.html", pages.OverviewPage("Today", (), ()), "All done."),
    ("dashboard/transactions.html", gallery.transactions(rows=(), empty="nothing"), "No transactions yet."),
    ("dashboard/transactions.html", gallery.transactions(rows=(), empty="filtered"), "No transaction fits"),
    ("dashboard/invoices.html", gallery.invoices(rows=(), empty="nothing"), "No open invoices."),
    ("dashboard/invoices.html", gallery.invoices(rows=(), empty="filtered"), "No invoice fits"),
    ("dashboard/payouts.html", gallery.payouts(rows=(), empty="nothing"), "No payouts yet."),
    ("dashboard/postings.html", gallery.postings(rows=(), empty="nothing"), "No posting needs a person."),
    ("dashboard/postings.html", gallery.postings(rows=(), empty="filtered"), "No posting is in this state."),
    ("dashboard/activity.html", gallery.activity(events=(), empty="filtered"), "No activity in this period."),
    ("dashboard/connections/list.html", gallery.connections(connections=()), "Start here"),
    ("dashboard/connections/form.html", gallery.connect_form(filled=True), "Enter a valid URL."),
    ("dashboard/connections/bank.html", gallery.bank("country"), "Show banks"),
    ("dashboard/connections/bank.html", gallery.bank("credentials"), "Save access"),
    ("dashboard/imports/list.html", gallery.imports(rows=()), "No files yet."),
    ("dashboard/imports/list.html", gallery.imports(archive=pages.ArchiveBox("a.zip", 2, 9, 1, "/x/")), "Import all 2"),
    ("dashboard/imports/detail.html", gallery.import_page("failed"), "This file was not imported."),
    ("dashboard/imports/detail.html", gallery.import_page("done"), "Show these transactions"),
    ("dashboard/payers/list.html", records.payers(rows=(), empty="nothing"), "Nobody learned yet."),
    ("dashboard/payers/list.html", records.payers(rows=(), empty="filtered"), "No payer fits"),
    ("dashboard/search.html", SearchPage("zzz"), "No result for"),
    ("dashboard/review/page.html", nothing_to_review("done"), "All done."),
    ("dashboard/review/page.html", nothing_to_review("nothing"), "No payments yet."),
    ("dashboard/review/page.html", nothing_to_review("filtered"), "No payment fits"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "page", "words"), EMPTY_PAGES)
def test_empty_and_refused_states_say_the_next_step(gallery_settings: None, template: str, page: object, words: str):
    assert words in rendered(template, page)


def test_viewer_sees_no_control_that_decides(gallery_settings: None):
    html = rendered("dashboard/review/panel.html", gallery.panel(allowed=pages.Allowed()))

    assert "<form" not in html
    # What only shows more stays.
    assert set(re.findall(r"<button ([^>]*)>", html)) == set(
        re.findall(r'<button ([^>]*popovertarget="pm-all-reasons"[^>]*)>', html)
    )
    assert "Transaction details" in html


def test_import_and_settings_are_absent_without_the_right(gallery_settings: None):
    weak = gallery.shell("overview", can_import=False, can_configure=False)

    html = rendered("dashboard/overview.html", gallery.overview(), shell=weak)

    assert "/imports/" not in html
    assert "/settings/matching/" not in html


def test_decision_form_carries_version_one_time_key_and_the_best_candidate(gallery_settings: None):
    html = rendered("dashboard/review/panel.html", gallery.panel())

    assert 'name="version" value="v1"' in html
    assert f'name="key" value="{gallery.uuid_of(700)}"' in html
    assert re.search(rf'name="candidate" form="pm-decide" id="pm-c1" value="{gallery.uuid_of(501)}"[^>]* checked', html)


EVIL = "<script>alert(1)</script>"
FACTS = (pages.Fact("Payer", marked=pages.Marked(EVIL)),)


# One text at a time, each where the page shows it: beside another one, nobody would notice that it is not there.
@pytest.mark.parametrize(
    ("template", "page"),
    [
        ("dashboard/review/panel.html", gallery.panel(title_name=EVIL)),
        (
            "dashboard/review/panel.html",
            gallery.panel(candidates=(), receipt=replace(gallery.receipt(0, marked=True), facts=FACTS)),
        ),
        ("dashboard/review/panel.html", gallery.panel(pays=(EVIL,), candidates=(), state="Matched")),
        ("dashboard/review/panel.html", gallery.panel(candidates=(), state=EVIL)),
        ("dashboard/review/panel.html", gallery.panel(error=EVIL)),
        ("dashboard/review/panel.html", gallery.panel(candidates=(), none_text=EVIL)),
        ("dashboard/review/panel.html", gallery.panel(none_text=EVIL)),
        ("dashboard/transaction.html", replace(gallery.transaction(), none_text=EVIL)),
        ("dashboard/rules/detail.html", replace(rules.detail(), title=EVIL)),
    ],
)
def test_a_hostile_text_is_shown_and_escaped(gallery_settings: None, template: str, page: object):
    html = rendered(template, page)

    assert EVIL not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_decided_answer_names_what_left_and_what_went_stale(gallery_settings: None):
    page = pages.Decided(("a-1", "a-2"), gallery.PROGRESS, "Approved. 40 left.", gallery.UNDO, None, ("b-1",))

    html = rendered("dashboard/review/decided.html", page)

    assert 'data-removed="a-1 a-2" data-stale="b-1" data-announce="Approved. 40 left."' in html
    assert {"pm-progress", "pm-undo", "pm-panel"} <= set(read(html).ids)


def test_undone_answer_brings_its_row_back(gallery_settings: None):
    page = pages.Undone(gallery.queue_row(0), gallery.panel(0), gallery.PROGRESS, "Undone.")

    html = rendered("dashboard/review/undone.html", page)

    assert 'data-band="exact"' in html
    assert f'data-receipt="{gallery.uuid_of(0)}"' in html


def test_conflict_keeps_the_row_when_the_payment_is_still_open(gallery_settings: None):
    page = pages.Conflict("a-1", "Tom approved this 12 s ago.", gallery.PROGRESS, gone=False)

    html = rendered("dashboard/review/conflict.html", page)

    assert 'data-removed=""' in html
    assert "Tom approved this 12 s ago." in html
