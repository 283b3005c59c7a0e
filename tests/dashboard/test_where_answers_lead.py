"""No answer to a form leads to another origin: the content policy would stop it. Such a way is a link on a page."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from payymo.notices.services import endpoints
from tests.dashboard.conftest import STAFF, Browser

PRODUCT = ("accounts", "banking", "matching", "payments", "payymo", "tenants", "whmcs")
# Programs of their own: stand-ins for providers, the launcher and what fills the demo.
OTHERS = ("payymo/sandbox", "payymo/local", "payymo/demo")
LEADING = {"HttpResponseRedirect", "HttpResponsePermanentRedirect", "HttpResponseClientRedirect", "redirect"}
# A route's address, or a path that is written down; a query may follow.
OWN = re.compile(
    r"(link|reverse|resolve_url)\(.*|'/[^/].*|f.\{(link|reverse)\(.*|'[a-z]+:[a-z_]+'|settings\.[A-Z]+_URL"
)
# What else is led to, and why it stays on this host; whoever adds to it reads the line above the call first.
NAMED = {
    "accounts/link_views.py": {"page"},  # the names of routes
    "accounts/middleware.py": {"f'{door}?{urlencode({'next': request.path})}'"},  # reversed two lines before
    "accounts/staff_views.py": {"found.onward"},  # kept in the session after `onward` looked at it
    "accounts/views.py": {"onward", "found.onward"},  # `_wanted`
    "payments/api/connect.py": {"f'{settings.PUBLIC_SCHEME}://{host}{CALLBACK_PATH}?{query}'"},  # a GET, to a tenant
    "payymo/dashboard/staff_entering.py": {"staff_views.onward(request)"},
    "payymo/dashboard/views/help_pages.py": {"f'dashboard:{name}'"},  # the name of a route
    "payymo/dashboard/views/hints.py": {"onward"},
    "payymo/dashboard/views/notices.py": {"words.path_of(notice.event)"},
    "payymo/dashboard/views/postings.py": {"onward"},
    "payymo/dashboard/views/preferences.py": {"_onward(request)"},
    "payymo/dashboard/views/reports.py": {"f'{page}?{request.GET.urlencode()}'"},
    "payymo/dashboard/views/review_bulk.py": {"onward"},
    "payymo/dashboard/views/review_decide.py": {"item + (f'?{query}' if query else '')"},
    "payymo/dashboard/views/review_talk.py": {"onward"},
}


def led_to() -> Iterator[tuple[str, str]]:
    """Yield each file and the address that a call in it leads to."""
    for path in sorted(file for app in PRODUCT for file in Path(app).rglob("*.py")):
        text = path.read_text()
        if str(path).startswith(OTHERS) or not any(f"{name}(" in text for name in LEADING):
            continue
        for node in ast.walk(ast.parse(text)):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if name in LEADING and node.args:
                # Which quotes it writes is Python's own affair, and changed.
                yield str(path), ast.unparse(node.args[0]).replace("\\'", "'").replace('"', "'")


def test_whoever_is_led_on_stays_on_this_host():
    found = list(led_to())

    other = {(path, address) for path, address in found if not OWN.fullmatch(address)}
    assert len(found) > 80
    assert other == {(path, address) for path, addresses in NAMED.items() for address in addresses}


@pytest.mark.parametrize(
    "onward", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_an_address_that_came_with_a_form_is_not_followed_elsewhere(as_owner, onward):
    for path in ("/account/theme/", "/account/columns/payers/"):
        answer = as_owner.post(path, {"next": onward, "mode": "dark"})

        assert (answer.status_code, answer["Location"]) == (303, "/")


def test_signing_out_lets_the_browser_forget_on_both_hosts(in_acme, owner, as_owner, django_user_model):
    staff = django_user_model.objects.get(email="staff@payymo.example")
    console = Browser(STAFF, tenant=in_acme, user=staff, is_staff_host=True)
    everywhere = Browser("acme.localhost", tenant=in_acme, user=owner)

    answers = [
        as_owner.post("/logout/"),
        everywhere.post("/account/sessions/end-all/"),
        console.post("/admin/logout/"),
    ]

    assert [answer.headers["Clear-Site-Data"] for answer in answers] == ['"cache", "storage"'] * 3
    assert console.get("/admin/").status_code == 302


HOOK = {"form": "webhook", "name": "Books", "address": "https://books.example/hook", "kinds": ["posting.stopped"]}


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/account/password/", {"current": "wrong", "new": "four words for a door"}),
        ("/settings/branding/logo/", {}),
        ("/settings/webhooks/", HOOK),
        ("/settings/webhooks/{endpoint}/rotate/", {}),
        ("/connections/stripe/consent/", {"mode": "live"}),
    ],
)
def test_forms_beside_an_answer_do_not_go_where_the_answered_one_went(as_owner, public_names, path, sent):
    if "{" in path:
        made = endpoints.add(**{**HOOK, "name": "Ledger"}, now=timezone.now())
        path = path.format(endpoint=made.row.public_id)

    html = as_owner.post(path, sent).content.decode()

    forms = re.findall(r'<form[^>]*method="post"[^>]*>', html.partition("<main")[2])
    assert forms
    assert [form for form in forms if 'action="' not in form] == []
