"""How fast pages paint and answer a key on a slow device and line, in the laboratory: `make bench-paint`.

The gallery's pages in headless Chromium with a processor slowed down four times, 1.6 Mbit/s and 150 ms: the largest
paint (aim 1.8 s), what jumps (0.05), and the slowest of the keys and clicks that are tried (100 ms). The best of three
visits with an empty cache, since a busy machine is no fault of the page; exit status 1 when an aim is missed.
"""

import gzip
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import override_settings
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
PAGES = ("/", "/review/", "/transactions/", "/invoices/", "/connections/", "/reports/cash/", "/login/")
KEYS = {"/review/": ("j", "k", "2", ".", "Escape", "a"), "/transactions/": ("?", "Escape")}
AIMS = {"paint": 1800.0, "jumps": 0.05, "answer": 100.0}
WATCH = """
    window.pm = {paint: 0, jumps: 0, answer: 0};
    const watch = (type, take, more) => new PerformanceObserver(list => list.getEntries().forEach(take))
        .observe({type, buffered: true, ...more});
    watch('largest-contentful-paint', each => pm.paint = each.startTime);
    watch('layout-shift', each => pm.jumps += each.hadRecentInput ? 0 : each.value);
    watch('event', each => pm.answer = Math.max(pm.answer, each.interactionId ? each.duration : 0),
        {durationThreshold: 16});
"""


def visit(browser: Browser, base: str, path: str) -> dict[str, float]:
    """Open a page as somebody who was never here, try its keys, and return what was seen."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, base_url=base)
    context.add_init_script(WATCH)
    page = context.new_page()
    lab = context.new_cdp_session(page)
    lab.send("Network.enable")
    line = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
    lab.send("Network.emulateNetworkConditions", line)
    lab.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(path, wait_until="networkidle")
    for key in KEYS.get(path, ()):
        page.keyboard.press(key)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    seen: dict[str, float] = page.evaluate("pm")
    context.close()
    return seen


def measured(base: str) -> int:
    """Print the table and return how many aims were missed."""
    missed = 0
    print("| page | largest paint ms | jumps | slowest answer ms |\n|---|---|---|---|")
    with sync_playwright() as playwright:
        from tests.dashboard.appearance.conftest import chromium_path

        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        for path in PAGES:
            visits = [visit(browser, base, path) for _ in range(3)]
            best = {name: min(each[name] for each in visits) for name in AIMS}
            missed += sum(best[name] > aim for name, aim in AIMS.items())
            print(f"| {path} | {best['paint']:.0f} | {best['jumps']:.3f} | {best['answer']:.0f} |", flush=True)
        browser.close()
    return missed


def main() -> int:
    """Serve the gallery as WhiteNoise would, compressed, and measure it."""
    django.setup()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    from tests.dashboard.appearance.conftest import MIDDLEWARE, StaticHandler

    options: dict[str, Any] = dict(settings.TEMPLATES[0]["OPTIONS"])
    options["context_processors"] = [
        name for name in options["context_processors"] if not name.startswith("django.contrib.auth")
    ]
    changed = {
        "ROOT_URLCONF": "tests.dashboard.gallery.urls",
        "MIDDLEWARE": ["django.middleware.gzip.GZipMiddleware", *MIDDLEWARE],
        "TEMPLATES": [{**settings.TEMPLATES[0], "OPTIONS": options}],
    }
    with override_settings(**changed):
        server = make_server("127.0.0.1", 0, Compressed(StaticHandler(get_wsgi_application())), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        missed = measured(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    return 1 if missed else 0


class Compressed:
    """Static files are sent compressed, as they are in production."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        """Answer, compressed where it is text."""
        kept: dict[str, Any] = {}

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            kept.update(status=status, headers=headers)

        answer = self.application(environ, remember)
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        headers = {name.lower(): value for name, value in kept["headers"]}
        is_text = headers.get("content-type", "").startswith(("text/", "image/svg", "application/javascript"))
        if environ["PATH_INFO"].startswith("/static/") and is_text:
            body = gzip.compress(body)
            headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(body))
        start(kept["status"], list(headers.items()))
        return [body]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings_test")
    sys.exit(main())
