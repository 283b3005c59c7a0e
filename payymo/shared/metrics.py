"""What is counted in this process, and `/metrics` for Prometheus.

Labels are bounded: routes as the code names them, methods and classes of status; a tenant only by its id. With several
web processes set PROMETHEUS_MULTIPROC_DIR, as prometheus-client describes; its files are then read together.
"""

import os
import time

from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from payymo.shared.middleware import GetResponse
from payymo.shared.operator import is_operator

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_own = CollectorRegistry()
REQUESTS = Counter("payymo_requests", "Requests answered", ("method", "route", "status"), registry=_own)
LATENCY = Histogram("payymo_request_seconds", "Time to the answer", ("route",), registry=_own, buckets=_SECONDS)
# What is read when it is asked for; the apps above add theirs.
COLLECTORS: list[Collector] = []


class MeasureMiddleware:
    """Count each answer and how long it took."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request and count it."""
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        # Without a route the path is a stranger's invention, and would make a label of its own each time.
        route = match.route if match is not None else "none"
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(method, route, f"{response.status_code // 100}xx").inc()
        LATENCY.labels(route).observe(time.perf_counter() - began)
        return response


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus's text format to the operator; for anybody else there is no such page."""
    if not is_operator(request):
        raise Http404
    processes = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(processes)  # type: ignore[no-untyped-call]
    asked = CollectorRegistry()
    for collector in COLLECTORS:
        asked.register(collector)
    counted = generate_latest(processes if "PROMETHEUS_MULTIPROC_DIR" in os.environ else _own)
    return HttpResponse(counted + generate_latest(asked), content_type=CONTENT_TYPE_LATEST)
