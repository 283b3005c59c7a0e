"""Pages that are asked for already, served to a browser as they were answered, with their files.

Not by interception: where the browser asks this process for each file, it keeps none, and most of its time goes there.
"""

import mimetypes
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.dashboard.whole.crawl import Page

STATIC = "/static/"


def file_of(path: str) -> Path:
    """Return the file of an address below /static/."""
    found = finders.find(path.removeprefix(STATIC))
    assert isinstance(found, str), path
    return Path(found)


class _Quiet(WSGIRequestHandler):
    """Keeps a connection open for the next file, and says nothing."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: object) -> None:
        pass


@cache
def _file(path: str) -> Response:
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    kept = {"Cache-Control": "public, max-age=3600", "Content-Type": kind}
    return Response(file_of(path).read_bytes(), headers=kept)


@contextmanager
def served(pages: Mapping[str, Page]) -> Iterator[int]:
    """Serve them by their addresses and give the port. What a page fetches later has not changed: 204.

    No page is answered with its own status: a browser writes an error on the console for any but 200.
    """

    @Request.application
    def answer(request: Request) -> Response:
        path = request.environ["REQUEST_URI"]
        if path.startswith(STATIC):
            return _file(request.path)
        if path not in pages:
            return Response(status=204)
        left_out = {"Set-Cookie", "Content-Length"}
        headers = {name: value for name, value in pages[path].headers.items() if name not in left_out}
        return Response(pages[path].content, headers=headers)

    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join(60)
        server.server_close()
