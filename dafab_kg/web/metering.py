"""What the server counts (/metrics, Prometheus) and writes to its log: one line a request.

Neither ever holds a token, a query's text or a literal: queries are named by a hash.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Blueprint, Flask, Response, g, request

from dafab_kg.access.rates import client_of
from dafab_kg.model.log import line
from dafab_kg.model.settings import Settings
from dafab_kg.web.described import Operation, described
from dafab_kg.web.gate import caller, request_id, require

LOG: Final = logging.getLogger("dafab_kg.requests")
SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Count the time of a part of the work for the log."""
    began = time.perf_counter()
    try:
        yield
    finally:
        stages = g.setdefault("stages", {})
        stages[name] = stages.get(name, 0.0) + time.perf_counter() - began


def note_query(text: str) -> None:
    """Name the query or update of this request by its hash."""
    g.query_hash = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


class Meters:
    """The counters of one process; where PROMETHEUS_MULTIPROC_DIR is set, summed over all."""

    def __init__(self) -> None:
        # Where counters lie is decided when the library is imported: not before it is needed.
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._own = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter(
            "dafab_http_requests", "Requests answered", labels, registry=self._own
        )
        self.sent = Counter(
            "dafab_http_response_bytes", "Bytes of answers", ("route",), registry=self._own
        )
        self.seconds = Histogram(
            "dafab_http_request_seconds",
            "Time to the first byte of an answer",
            ("route",),
            buckets=SECONDS,
            registry=self._own,
        )
        self.stages = Histogram(
            "dafab_http_stage_seconds",
            "Time of a part of the work",
            ("stage",),
            buckets=SECONDS,
            registry=self._own,
        )

    def exposition(self) -> tuple[bytes, str]:
        """Return all counters as Prometheus reads them, and the media type."""
        import os

        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

        registry = self._own
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            from prometheus_client import multiprocess

            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST


def meter(app: Flask, settings: Settings) -> None:
    """Count and log what ``app`` answers, and answer ``/metrics``."""
    face = Blueprint("metering", __name__)
    meters = Meters()

    @face.get("/metrics")
    @described(
        GET=Operation(
            "Counters, as Prometheus reads them",
            {200: ("text/plain",)},
            scope="admin" if settings.metrics_closed else "",
        )
    )
    def metrics() -> Response:
        if settings.metrics_closed:
            require("admin")
        body, content_type = meters.exposition()
        return Response(body, content_type=content_type, headers={"Cache-Control": "no-store"})

    app.register_blueprint(face)

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in _METHODS else "other"
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        meters.requests.labels(method, route, str(response.status_code)).inc()
        meters.seconds.labels(route).observe(seconds)
        for name, value in g.get("stages", {}).items():
            meters.stages.labels(name).observe(value)
        length = response.content_length
        if length is not None and not response.is_streamed:
            meters.sent.labels(route).inc(length)
        if LOG.isEnabledFor(logging.INFO):
            LOG.info(_line(route, method, response, seconds, length))
        return response


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


def _line(route: str, method: str, response: Response, seconds: float, length: int | None) -> str:
    return line(
        request=request_id(),
        method=method,
        route=route,
        status=response.status_code,
        bytes=length,
        ms=round(seconds * 1000, 3),
        stages_ms={k: round(v * 1000, 3) for k, v in g.get("stages", {}).items()},
        query=g.get("query_hash", ""),
        caller=caller().name,
        client=client_of(request.remote_addr or "") or "this machine",
    )
