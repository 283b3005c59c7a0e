"""`python -m payymo.sandbox --home DIR --port N`: serve the stand-ins until told to stop."""

import argparse
import logging
import signal
import sqlite3
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType

from payymo.sandbox import world
from payymo.sandbox.server import create_app, serve
from payymo.sandbox.store import Store
from payymo.sandbox.stripe_api.webhooks import Endpoint, ForbiddenTarget

log = logging.getLogger("payymo.sandbox")


def _arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m payymo.sandbox", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the state file")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--web-port", type=int, default=8000, help="where the product is served; callbacks go there")
    parser.add_argument("--seed", type=int, default=7, help="seed of a new world")
    parser.add_argument("--until", type=date.fromisoformat, help="last day of a new world (default: today)")
    parser.add_argument("--reset", action="store_true", help="throw the kept state away")
    for slug in world.COMPANIES:
        parser.add_argument(f"--webhook-url-{slug}", help=f"where new Stripe events of {slug} are posted")
    return parser.parse_args(words)


def _webhook_urls(arguments: argparse.Namespace) -> dict[str, str]:
    given = {slug: getattr(arguments, f"webhook_url_{slug}") for slug in world.COMPANIES}
    urls = {slug: url for slug, url in given.items() if url}
    for url in urls.values():
        Endpoint.parse(url)
    return urls


def main(words: list[str] | None = None) -> int:
    """Run the server; 2 for a wrong argument or a taken port, with one line that says so."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    arguments = _arguments(words)
    store = Store(arguments.home)
    try:
        urls = _webhook_urls(arguments)
        today = arguments.until or datetime.now(UTC).date()
        until = store.open(seed=arguments.seed, until=today, reset=arguments.reset)
        server = serve(create_app(store, until, urls, web_port=arguments.web_port), arguments.port)
    except (OSError, sqlite3.Error, ForbiddenTarget) as error:
        log.error("The sandbox cannot start: %s", error)
        return 2

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    log.info("Sandbox with data until %s on http://127.0.0.1:%s", until, server.port)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass  # the signal came between two turns of the server's own loop
    finally:
        server.server_close()
        store.close()
        log.info("Sandbox stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
