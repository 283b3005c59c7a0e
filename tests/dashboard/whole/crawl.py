"""Every page that somebody can open: the addresses that need nothing, and one of each kind that a page links to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

_REGEX_SIGNS = re.compile(r"[\\^$()?*+|\[\]]")
# Of a file that is asked for: what reads it must close it, and that ends the connection of the test.
_FILE = re.compile(r"\.[a-z<]")
MOST_PAGES = 250


@dataclass(frozen=True)
class Page:
    """One page as it was answered. Shape: `name` is its route's."""

    path: str
    name: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def html(self) -> str:
        """The page as text."""
        return self.content.decode()


def plain_paths(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """Yield the addresses without anything to fill in."""
    for each in resolver.url_patterns:
        part = str(each.pattern)
        if _REGEX_SIGNS.search(part.removeprefix("^").removesuffix(r"\Z")) or "<" in part:
            continue
        if isinstance(each, URLPattern):
            yield before + part
        else:
            yield from plain_paths(each, before + part)


class Links(HTMLParser):
    """Collects the addresses that a page links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") or ""
        if tag == "a" and address.startswith("/") and not address.startswith("//"):
            self.found.append(address.partition("#")[0])


def route_of(path: str, urlconf: str) -> str:
    """Return the route of an address; empty where nothing is served."""
    try:
        return resolve(path.partition("?")[0], urlconf).route
    except Resolver404:
        return ""


def is_file(route: str) -> bool:
    """Say whether a route leads to a file, which is no page."""
    return bool(_FILE.search(route))


def opened(client: Client, path: str, *, status: int = 200) -> Page:
    """Open one page. Shape: its name is its address without a query."""
    answer = client.get(path)
    assert answer.status_code == status
    return Page(path, path.partition("?")[0].lstrip("/"), answer.headers, answer.content)


def pages(client: Client, urlconf: str, *, below: str = "", left_out: frozenset[str]) -> list[Page]:
    """Open them all, each route once; what is no page (a file, a fragment, a way elsewhere) is passed over."""
    waiting = [below + path for path in plain_paths(get_resolver(urlconf))]
    seen, found = set(), []
    while waiting:
        path = waiting.pop(0)
        route = route_of(path.removeprefix(below), urlconf)
        if is_file(route):
            continue
        if (not route and path != f"{below}/") or route in seen or any(route.startswith(each) for each in left_out):
            continue
        seen.add(route)
        answer = client.get(path)
        if answer.status_code != 200 or not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        if b"<html" not in answer.content:
            continue
        found.append(Page(path, route, answer.headers, answer.content))
        assert len(found) < MOST_PAGES
        links = Links()
        links.feed(found[-1].html)
        waiting += links.found
    return found
