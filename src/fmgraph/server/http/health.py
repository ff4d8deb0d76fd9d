"""``/healthz`` (this process is alive), ``/readyz`` (queries are answered) and ``/metrics`` (Prometheus)."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.errors import NotFoundError
from fmgraph.server.http.service_state import service

blueprint = Blueprint("health", __name__)


def _text(body: str) -> Response:
    response = Response(body, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer 200 while the process runs; asks nothing of the engine."""
    return _text("ok\n")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Answer 200 when evaluators answer a query, else what the engine raises (503)."""
    service().engine.check_ready()
    return _text("ready\n")


@blueprint.get("/metrics", strict_slashes=True)  # one address, which a proxy can close
def metrics() -> Response:
    """Answer with the counters of all workers, this worker's gauges and the broker's numbers."""
    here = service()
    if here.metrics is None:
        raise NotFoundError("this process keeps no counters")
    gauges = {
        "fmgraph_cache_bytes": float(here.cache.size),
        "fmgraph_cache_keys": float(len(here.cache)),
        "fmgraph_dataset_triples": float(here.engine.meta.triples),
    }
    response = _text(here.metrics.exposition(gauges, here.engine.stats()))
    response.content_type = "text/plain; version=0.0.4; charset=utf-8"
    return response
