"""The gallery behind Django's own handler, as answers and as a server for a real browser. No database."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.contrib.staticfiles.views import serve
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

# How long a page may take on a busy machine; a state that comes is not waited for any longer than until it is there.
LONGEST_WAIT_MS = 60_000
expect.set_options(timeout=LONGEST_WAIT_MS)

GALLERY_TEMPLATES = Path(__file__).parents[1] / "gallery" / "templates"
# What the pages need of the real stack: the nonce and the CSRF token. The rest asks the database.
MIDDLEWARE = ["csp.middleware.CSPMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]


class StaticHandler(StaticFilesHandler):
    """Serves the committed static files without DEBUG."""

    def serve(self, request: HttpRequest) -> HttpResponse:
        return serve(request, self.file_path(request.path), insecure=True)


def chromium_path() -> str | None:
    """Return the browser on PATH, or the one that the test command names."""
    return os.environ.get("PAYYMO_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def in_the_gallery() -> override_settings:
    """The settings under which the gallery is served."""
    options = dict(settings.TEMPLATES[0]["OPTIONS"])
    options["context_processors"] = [
        name for name in options["context_processors"] if not name.startswith("django.contrib.auth")
    ]
    folders = [*settings.TEMPLATES[0]["DIRS"], GALLERY_TEMPLATES]
    template = {**settings.TEMPLATES[0], "DIRS": folders, "OPTIONS": options}
    return override_settings(ROOT_URLCONF="tests.dashboard.gallery.urls", MIDDLEWARE=MIDDLEWARE, TEMPLATES=[template])


@pytest.fixture(scope="module")
def gallery_settings() -> Iterator[None]:
    with in_the_gallery():
        yield


@pytest.fixture
def visitor(gallery_settings: None) -> Client:
    return Client()


@pytest.fixture(scope="module")
def gallery_url(gallery_settings: None) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, StaticHandler(get_wsgi_application()), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(60)
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, gallery_url: str) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, base_url=gallery_url)
    context.set_default_timeout(LONGEST_WAIT_MS)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    page.goto("/review/")
    yield page
    context.close()
    assert problems == []


def until(page: Page, condition: Callable[[], object]) -> None:
    """Wait for something that the browser tells this process, such as a request that a route holds."""
    end = time.monotonic() + LONGEST_WAIT_MS / 1000
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        # What the browser says is only heard while something is asked of it.
        page.wait_for_timeout(10)
