"""The gallery behind Django's own handler, as answers and as a server for a real browser. No database."""

import os
import shutil
import threading
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.contrib.staticfiles.views import serve
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

# What the pages need of the real stack: the nonce and the CSRF token. The rest asks the database.
MIDDLEWARE = ["csp.middleware.CSPMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]


class StaticHandler(StaticFilesHandler):
    """Serves the committed static files without DEBUG."""

    def serve(self, request: HttpRequest) -> HttpResponse:
        return serve(request, self.file_path(request.path), insecure=True)


def chromium_path() -> str | None:
    """Return the browser on PATH, or the one that the test command names."""
    return os.environ.get("PAYYMO_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def gallery_settings() -> Iterator[None]:
    options = dict(settings.TEMPLATES[0]["OPTIONS"])
    options["context_processors"] = [
        name for name in options["context_processors"] if not name.startswith("django.contrib.auth")
    ]
    template = {**settings.TEMPLATES[0], "OPTIONS": options}
    with override_settings(ROOT_URLCONF="tests.dashboard.gallery.urls", MIDDLEWARE=MIDDLEWARE, TEMPLATES=[template]):
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
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        yield browser
        browser.close()
