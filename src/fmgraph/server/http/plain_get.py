"""The short way for the plain case: a GET of ``/sparql?query=…`` and nothing else that matters.

Nine of ten queries come so. Where the query provably costs next to nothing it is answered at once, by the
event loop: Flask and a thread would take more time than the evaluation. The answer is the one that Flask
would give, header by header (a test compares them); whatever is not plain is left to Flask.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from werkzeug.datastructures import Headers

from fmgraph.errors import FmgraphError
from fmgraph.rdf.formats import GRAPHS, HTML, RESULTS, content_type
from fmgraph.server.engine import ResultFormats
from fmgraph.server.http import problems, response_headers
from fmgraph.server.http.negotiation import Choice, choose, choose_encoding
from fmgraph.server.http.query_request import BAD_PERCENT, BOM, QueryRequest, unquote
from fmgraph.server.http.response_cache import CACHEABLE, Key
from fmgraph.server.http.service_state import CACHE_CONTROL, COST, QUERY_HASH, Service
from fmgraph.server.http.sparql_endpoint import entity_tag

#: Request headers on which an answer can depend and that Flask has to look at.
_CONDITIONS = ("if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range")
#: Bytes from which on compressing would hold up the event loop.
_LARGE = 65_536
_Fields = list[tuple[str, str]]


class Whole(NamedTuple):
    """A whole answer; header names in lower case."""

    status: int
    headers: _Fields
    body: bytes


class PlainGet:
    """Answers plain and cheap queries over a service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def takes(self, method: str, key: Key, headers: Any) -> bool:
        """Return whether a request looks plain; ``headers`` are its header fields, by lower-case name."""
        return (
            method == "GET"
            and key.path == "/sparql"
            and key.query_string.startswith("query=")
            and "&" not in key.query_string
            and "html" not in key.accept
            and not any(name in headers for name in _CONDITIONS)
        )

    def answer(self, key: Key, environ: dict[str, Any]) -> Whole | None:
        """Return the answer, or None when Flask has to make it.

        Sets in ``environ`` what Flask would set: cost, query hash, whether the answer may be cached.
        """
        text = key.query_string[6:].encode("utf-8", "surrogateescape")
        if BAD_PERCENT.search(text):
            return None
        service = self._service
        try:
            query_request = QueryRequest(unquote(text).decode("utf-8").removeprefix(BOM))
            plan = _plan(key.accept, key.accept_encoding, query_request.kind)
            if plan is None:
                return None
            choice, coding, formats = plan
            run = service.engine.run_here(query_request.query, formats)
        except (UnicodeDecodeError, FmgraphError):
            return None
        if run is None or (coding != "identity" and len(run.body) > _LARGE):
            return None
        environ[COST] = "quick"
        environ[QUERY_HASH] = blake2b(query_request.query.encode(), digest_size=6).hexdigest()
        environ[CACHEABLE] = run.meta.digest == service.engine.meta.digest
        tag = entity_tag(query_request, choice, run.meta.digest, service.settings)
        body, coded = run.body, ()
        if coding != "identity" and len(body) >= response_headers.SMALLEST_CODED:
            body = response_headers.CODERS[coding](body)
            tag = response_headers.coded_etag(tag, coding)
            coded = (("content-encoding", coding),)  # type: ignore[assignment]
        fields = [
            *_always(choice, run.kind),
            ("etag", f'"{tag}"'),
            ("content-length", str(len(body))),
            *coded,
        ]
        return Whole(200, fields, body)


def refusal(error: FmgraphError, accept: str) -> Whole:
    """Return the answer for an error, without a page's help."""
    response = problems.respond(error, accept)
    response_headers.dress(response.headers)
    body = response.get_data()
    return Whole(response.status_code, _lowered(response.headers), body)


def _lowered(fields: Headers) -> _Fields:
    return [(name.lower(), value) for name, value in fields.items()]


@lru_cache(maxsize=512)
def _plan(accept: str, accept_encoding: str, kind: str | None) -> tuple[Choice, str, ResultFormats] | None:
    """Return what to send for the header fields and the kind of query, None where it is not plain."""
    choice = choose(accept or None, (*(GRAPHS if kind == "graph" else RESULTS), HTML))
    coding = choose_encoding(accept_encoding or None, response_headers.CODINGS)
    if kind is None or choice is None or choice.format is HTML or coding is None:
        return None
    if choose_encoding(accept_encoding or None, ()) is None:  # identity is refused, even for a short answer
        return None
    native = choice.format.media_type
    return choice, coding, ResultFormats(None, native) if kind == "graph" else ResultFormats(native, None)


@lru_cache(maxsize=64)
def _always(choice: Choice, kind: str) -> tuple[tuple[str, str], ...]:
    """Return the headers that are the same for all answers of a kind and format."""
    fields = Headers(
        {
            "Content-Type": content_type(choice.media_type),
            "Content-Disposition": f'inline; filename="{kind}.{choice.format.suffix}"',
            "Cache-Control": CACHE_CONTROL,
        }
    )
    response_headers.dress(fields)
    return tuple(_lowered(fields))
