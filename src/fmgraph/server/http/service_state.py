"""What the views share: the engine, the settings, the cache, and the hooks by which pages dress answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.wrappers import Response

from fmgraph.errors import UsageError
from fmgraph.server.engine import Answer, Engine
from fmgraph.server.http.metrics import Metrics
from fmgraph.server.http.response_cache import CACHEABLE, ResponseCache, make_etag
from fmgraph.server.http.response_headers import coded_etag, coding_for
from fmgraph.settings import Settings

#: Where the service keeps itself in ``app.extensions``.
NAME = "fmgraph"
#: In ``environ``, for the access log: a query's cost ("quick", "slow", "refused") and a hash of its text.
COST, QUERY_HASH = "fmgraph.cost", "fmgraph.query-hash"
#: Answers may be kept by anyone and must be revalidated: a reload changes them, and a 304 costs nothing.
CACHE_CONTROL = "public, no-cache"


@dataclass
class Hooks:
    """What the pages provide: HTML as text, and more. Where one is None, plain HTML or nothing is sent."""

    #: (): the query editor, at /sparql without a query.
    editor: Callable[[], str] | None = None
    #: (query, answer): results for a browser; the answer is JSON (SELECT, ASK) or N-Triples.
    results: Callable[[str, Answer], str] | None = None
    #: (files): the list of dumps, each (name, bytes or None where it is made when asked, SHA-256 or "").
    dump_index: Callable[[list[tuple[str, int | None, str]]], str] | None = None
    #: (): the Link field of a dump.
    dump_links: Callable[[], str] | None = None
    #: (members): an error, from the members of its problem details (see fmgraph.server.http.problems).
    problem: Callable[[dict[str, Any]], str] | None = None
    #: (): pages and documents about the service, as IRIs, for its description.
    see_also: Callable[[], list[str]] | None = None
    #: (query): what is probably not meant in it, for those who ask for warnings.
    warnings: Callable[[str], list[str]] | None = None


@dataclass
class Service:
    """One running service; ``dumps`` is the folder of ready-made dumps, if any."""

    engine: Engine
    settings: Settings
    cache: ResponseCache
    hooks: Hooks = field(default_factory=Hooks)
    dumps: Path | None = None
    metrics: Metrics | None = None
    search: Path | None = None  #: the dataset's index of names; looked up anew at each question

    @property
    def base_url(self) -> str:
        """Return the public URL, ending in ``/``; from the settings alone, never from the request."""
        return public_url(self.settings)


def public_url(settings: Settings) -> str:
    """Return the configured base URL, or that of the address listened on; always ends in ``/``.

    Raises UsageError for a base URL that is not http(s).
    """
    url = settings.base_url or f"http://{_bracketed(settings.host)}:{settings.port}/"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"base_url must be like https://example.org/, not {url!r}")
    return url.rstrip("/") + "/"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def service() -> Service:
    """Return the service of the current application."""
    return cast(Service, current_app.extensions[NAME])


def tag(response: Response, *parts: str) -> Response:
    """Mark a 200 answer as determined by the dataset, ``parts`` and its media type: ETag, cacheable, 304.

    For every view whose answer depends on nothing but the dataset and the request's path, query string, body,
    Accept and Accept-Encoding. ``parts`` must tell apart all that the view can answer.
    """
    digest = service().engine.meta.digest
    response.set_etag(make_etag(digest, response.content_type or "", *parts))
    response.headers["Cache-Control"] = CACHE_CONTROL
    request.environ[CACHEABLE] = True
    return response


def unchanged(etag: str, *, weak: bool = False) -> Response | None:
    """Return the 304 where the client has the representation of this tag already; else None.

    Asked before the work is done. ``If-None-Match: *`` is not answered here: whether there is a
    representation is only known afterwards.
    """
    if "If-None-Match" not in request.headers or request.method == "POST":
        return None
    coding = coding_for(request.headers.get("Accept-Encoding"))
    for candidate in dict.fromkeys((coded_etag(etag, coding), etag)):
        if request.if_none_match.contains_weak(candidate):
            response = Response(status=304)
            response.headers.pop("Content-Type", None)
            response.set_etag(candidate, weak)
            response.headers["Cache-Control"] = CACHE_CONTROL
            return response
    return None
