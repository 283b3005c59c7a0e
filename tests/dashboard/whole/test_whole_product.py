"""Every page of the product itself, in a stretched language and a real browser: nothing untranslated, nothing too wide,
no rule of accessibility broken, no word on the console, nothing that the content policy stops, nothing that jumps.

The pages are the product's own, asked in this process and handed to the browser, so that their rows are rolled back.
"""

import gzip
import re

from django.utils import timezone

from accounts.models import User
from tenants.services.settings import grant_support
from tests.dashboard.appearance import test_templates
from tests.dashboard.conftest import STAFF, Browser
from tests.dashboard.whole import company, crawl, entrance, looking, pseudo, reading

POLICY = {
    "default-src 'none'", "script-src 'nonce'", "style-src 'self'", "font-src 'self'", "connect-src 'self'",
    "img-src 'self' data:", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'",
}  # fmt: skip
# Django's own pages bring their scripts as files of the host.
STAFF_POLICY = POLICY - {"script-src 'nonce'"} | {"script-src 'self'"}
LOGOS = "img-src 'self' data: https://cdn-logos.gocardless.com/ https://enablebanking.com/"
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


def wrong_answers(pages: list[crawl.Page], *, policy: set[str]) -> dict[str, object]:
    """Return what of the answers breaks the content policy or the budget, and what a browser would keep."""
    found = {}
    for page in pages:
        # Where Payymo's own page stands among Django's, its nonce adds nothing to the host's own files.
        said = re.sub(r"'nonce-[^']+' (?='self')", "", page.headers["Content-Security-Policy"])
        said = re.sub(r"nonce-[^']+", "nonce", said)
        logos = {LOGOS, "img-src 'self' data:"} if page.path == "/connections/bank/new/" else set()
        found[page.path] = [
            *test_templates.read(page.html).forbidden,
            *(["heavy"] if len(gzip.compress(page.content)) > test_templates.HEAVIEST else []),
            *([] if "no-store" in page.headers["Cache-Control"] else ["kept by the browser"]),
            *(set(said.split("; ")) ^ policy ^ logos),
        ]
    return {path: each for path, each in found.items() if each}


def foreign_names(pages: list[crawl.Page]) -> dict[str, object]:
    """Return the class names that a theme of somebody else would not know."""
    found = {
        page.path: {
            name
            for name in test_templates.read(page.html).classes
            if not name.startswith("pm-") and name not in test_templates.NAMES
        }
        for page in pages
    }
    return {path: names for path, names in found.items() if names}


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
        pages.append(crawl.opened(as_owner, "/activity/?kind=APPROVE&source=person"))
        outside = entrance.pages(in_acme, owner)

    answered = [each for each in outside if "Content-Security-Policy" in each.headers]
    assert [len(pages) >= 60, len(outside) - len(answered)] == [True, len(entrance.STATIC) + len(entrance.RARE)]
    said = {each.path: reading.untranslated(each.html) for each in [*pages, *outside] if each.name not in OTHER_WORDS}
    assert {path: texts for path, texts in said.items() if texts} == {}
    assert foreign_names([sample, *pages, *outside]) == {}
    assert wrong_answers([sample, *pages, *answered], policy=POLICY) == {}
    assert looking.wrong_pages([sample, *pages, *outside], "acme.localhost") == {}


def test_every_page_of_the_staff_host_speaks_one_language_and_keeps_the_rules(in_acme, owner, public_names, tmp_path):
    staff = User.objects.get(email="staff@payymo.example")
    client = Browser(STAFF, tenant=in_acme, user=staff, is_staff_host=True)

    with pseudo.spoken(tmp_path):
        company.fill(in_acme, owner)
        grant_support(tenant=in_acme, hours=1, now=company.NOW)
        client.post("/admin/t/acme/enter/", {"reason": "asked"})
        pages = crawl.pages(client, "payymo.urls_public", left_out=NO_STAFF_PAGES)
        inside = crawl.pages(client, "payymo.urls_staff_tenant", below="/admin/t/acme", left_out=NO_STAFF_PAGES)
        outside = entrance.staff_pages(in_acme, staff)
        words = [crawl.opened(client, path) for path in ("/admin/jsi18n/", "/admin/t/acme/jsi18n/")]

    assert [len(pages) >= 20, len(inside) >= 40] == [True, True]
    every = [*pages, *inside, *outside]
    said = {each.path: reading.untranslated(each.html, data=STAFF_DATA) for each in every}
    assert {path: texts for path, texts in said.items() if texts} == {}
    assert wrong_answers(every, policy=STAFF_POLICY) == {}
    assert looking.wrong_pages(every, STAFF, files=words) == {}


def test_what_is_not_translated_is_found():
    page = '<p>⟦Páýmêñt ~⟧ of today</p><bdi>ACME</bdi><a title="Open it">⟦Íñ <b>WHMCS</b> ~⟧</a>'

    assert reading.untranslated(page) == ["Open it", "of today"]
    assert pseudo.without_said(pseudo.stretched("%(n)d of <b>%s</b>")).strip() == ""
    assert "%(n)d óf <b>%s</b>" in pseudo.stretched("%(n)d of <b>%s</b>")
