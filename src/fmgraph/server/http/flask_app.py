"""``create_app``: the Flask application over an engine: the endpoint, the dumps, health and metrics.

Pages for people are not this half's: :func:`fmgraph.site.create_app` adds them.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, request
from flask.globals import request_ctx
from pyoxigraph import RdfFormat, Store
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from fmgraph.errors import FmgraphError, ProtocolError
from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.store import Dataset, Meta
from fmgraph.server.engine import Engine, InProcessEngine
from fmgraph.server.http import dump_downloads, health, problems, response_headers, sparql_endpoint
from fmgraph.server.http.metrics import Metrics
from fmgraph.server.http.query_request import MOST_PARAMETERS
from fmgraph.server.http.response_cache import ResponseCache
from fmgraph.server.http.service_state import NAME, Hooks, Service, public_url, service
from fmgraph.settings import Settings


def create_app(
    source: Engine | Dataset | Store,
    settings: Settings | None = None,
    *,
    dumps: Path | None = None,
    search: Path | None = None,
    metrics: Metrics | None = None,
    extend: Callable[[Flask], None] | None = None,
) -> Flask:
    """Return the application over an engine, a dataset or a bare pyoxigraph store.

    ``dumps`` is a folder of ready-made dumps for ``/dump/``; ``search`` is the dataset's ``search.sqlite``
    (that of a dataset on disk is found); ``metrics`` are the counters that ``/metrics`` shows; ``extend`` is
    called with the application once its own routes are there, to add more. Answers are not cached here but by
    :class:`~fmgraph.server.http.rsgi_app.RsgiApp`. Raises UsageError for settings that make no sense.
    """
    settings = settings or Settings()
    public_url(settings)
    app = Flask(
        "fmgraph.server.http",
        static_folder=None,
        template_folder="templates",
        root_path=str(Path(__file__).parent),
    )
    # No redirects by the router: they would be made from the Host header.
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    cache = ResponseCache(settings.cache_mb * 1_000_000)
    if search is None and isinstance(source, Dataset):
        search = source.search
    dumps = dumps and dumps.absolute()  # Flask would look for a relative one beside its own code
    engine = _engine(source, settings)
    running = Service(engine, settings, cache, Hooks(), dumps, metrics, search)
    app.extensions[NAME] = running
    for blueprint in (
        sparql_endpoint.blueprint,
        dump_downloads.blueprint,
        health.blueprint,
    ):
        app.register_blueprint(blueprint)
    if extend is not None:
        extend(app)
    app.register_error_handler(FmgraphError, _on_error)
    app.register_error_handler(HTTPException, lambda error: _on_error(problems.from_http(error)))
    app.before_request(_options)
    app.before_request(_bound_parameters)
    app.after_request(_finish)
    return app


def _engine(source: Engine | Dataset | Store, settings: Settings) -> Engine:
    if isinstance(source, Store):
        lines = sorted(_dump(source).splitlines())
        digest = hashlib.sha256(b"\n".join(lines)).hexdigest()
        modified = datetime.now(tz=UTC).isoformat(timespec="seconds")
        source = Dataset(None, Meta(digest, "0", len(source), BASE, modified, "memory"), source)
    return InProcessEngine(source, settings) if isinstance(source, Dataset) else source


def _dump(store: Store) -> bytes:
    output = io.BytesIO()
    store.dump(output, RdfFormat.N_QUADS)
    return output.getvalue()


def _on_error(error: FmgraphError) -> Response:
    return problems.respond(error, request.headers.get("Accept"), service().hooks.problem)


def _options() -> Response | None:
    """Answer OPTIONS at every path there is, as a CORS preflight or not."""
    if request.method != "OPTIONS" or request.url_rule is None:
        return None
    adapter = request_ctx.url_adapter
    methods = adapter.allowed_methods() if adapter is not None else ()
    return response_headers.preflight(request, ", ".join(sorted(methods)))


def _bound_parameters() -> None:
    """Refuse a query string of countless parameters before anything parses it."""
    if request.query_string.count(b"&") >= MOST_PARAMETERS:
        raise ProtocolError(f"the query string has more than {MOST_PARAMETERS} parameters")


def _finish(response: Response) -> Response:
    """Compress, answer conditional requests, add the headers that every answer carries."""
    try:
        coding = response_headers.coding_for(request.headers.get("Accept-Encoding"))
    except FmgraphError as error:
        if response.status_code == 200:
            response = _on_error(error)
        coding = "identity"
    response_headers.encode(response, coding, request.headers.get("Accept-Encoding"))
    if response.status_code == 200 and request.method in ("GET", "HEAD") and not response.direct_passthrough:
        response.make_conditional(request)
    response.headers.pop("Date", None)  # the server adds it; one in the cache would be old
    response_headers.dress(response.headers)
    return response
