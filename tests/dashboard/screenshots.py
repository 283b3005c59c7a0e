"""Makes the pictures of the documents anew, from the gallery's invented data: `make screenshots`."""

import os
import sys
import threading
from pathlib import Path

import django
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

PICTURES = {
    "review": "/review/",
    "bulk": "/review/bulk/",
    "overview": "/",
    "connections": "/connections/",
    "rules": "/rules/",
    "transaction": "/transactions/00000000-0000-4000-8000-000000000004/",
}


def main(folder: Path) -> None:
    """Write one picture a page into the folder."""
    django.setup()
    from tests.dashboard.appearance.conftest import StaticHandler, chromium_path, in_the_gallery

    with in_the_gallery():
        server = make_server("127.0.0.1", 0, StaticHandler(get_wsgi_application()), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
            page = browser.new_page(
                viewport={"width": 1366, "height": 768}, base_url=f"http://127.0.0.1:{server.server_port}"
            )
            for name, path in PICTURES.items():
                page.goto(path)
                page.wait_for_load_state("networkidle")
                page.screenshot(path=str(folder / f"{name}.png"))
            browser.close()
        server.shutdown()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings_test")
    main(Path(sys.argv[1]))
