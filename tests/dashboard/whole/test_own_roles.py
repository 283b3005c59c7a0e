"""A role of the company's own with a single right: none of its pages offers a way that is closed to it."""

import re
from collections.abc import Iterator

from accounts.models import Membership, Role, User
from accounts.permissions import PERMISSIONS
from tests.dashboard.conftest import ACME, Browser
from tests.dashboard.whole import company, crawl

ADDRESS = re.compile(r'(?:href|hx-get)="([^"#]*)')
EMPTY = re.compile(r'(?:href|hx-get|action)=""')
# A form's address is posted to, and a file is downloaded.
NO_PAGES = ("/static/", "/logout/")


def closed_ways(browser: Browser) -> Iterator[tuple[str, str]]:
    """Open one page of each route that is led to from the first; yield what is refused, and the page that led there."""
    first = browser.get("/", follow=True)
    waiting, seen = [("/", first.request["PATH_INFO"])], set()
    while waiting and first.status_code == 200:
        source, path = waiting.pop(0)
        route = crawl.route_of(path, "payymo.urls")
        is_known = route in seen or (not route and path != "/")
        if is_known or crawl.is_file(route) or path.startswith(NO_PAGES):
            continue
        seen.add(route)
        answer = browser.get(path, follow=True)
        if answer.status_code in (403, 404):
            yield source, path
        elif answer.status_code == 200 and b"<html" in answer.content:
            page = answer.content.decode().replace("&amp;", "&")
            if EMPTY.search(page):
                yield path, ""
            waiting += [(path, way) for way in ADDRESS.findall(page) if way.startswith("/")]


def test_a_role_with_one_right_is_offered_no_way_that_is_closed_to_it(in_acme, owner, public_names):
    company.fill(in_acme, owner)
    closed = {}
    for number, right in enumerate(PERMISSIONS):
        role = Role.objects.create(tenant=in_acme, code=f"own{number}", name=f"Own {number}", permissions=[right])
        user = User.objects.create_user(f"own{number}@acme.example", "correct horse battery", name="Own")
        Membership.objects.create(user=user, tenant=in_acme, role=role, is_active=True)
        closed[right] = list(closed_ways(Browser(ACME, tenant=in_acme, user=user)))

    assert {right: ways for right, ways in closed.items() if ways} == {}
