"""``/sparql``: the query operation of the SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/).

What a request says is read strictly (section 2.1): a query once, by exactly one of the three ways; a dataset
in the URL or the form; everything UTF-8. What the service decides is in docs/protocol.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NoReturn
from urllib.parse import unquote_to_bytes

from flask import Blueprint, request
from pyoxigraph import NamedNode
from werkzeug.http import parse_options_header
from werkzeug.wrappers import Response

from fmgraph.engine import Answer, ResultFormats
from fmgraph.errors import ProtocolError, QueryError
from fmgraph.settings import Settings
from fmgraph.web import service_description
from fmgraph.web.cache import CACHEABLE, make_etag
from fmgraph.web.media import GRAPHS, HTML, RESULTS, Format, content_type, named
from fmgraph.web.negotiation import Choice, choose
from fmgraph.web.problems import NotAcceptableError
from fmgraph.web.service import CACHE_CONTROL, COST, QUERY_HASH, service, tag, unchanged

#: Media types of a POST (sections 2.1.2 and 2.1.3).
FORM, DIRECT, UPDATE = (
    "application/x-www-form-urlencoded",
    "application/sparql-query",
    "application/sparql-update",
)
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_READ_ONLY = "this service is read-only: it takes queries and no updates"
#: The prologue: comments, BASE, PREFIX. Then comes the form (SPARQL 1.1 Query, rules 2 to 6).
_FORM = re.compile(
    r"(?:\s+|#[^\r\n]*|BASE\s*<[^<>]*>|PREFIX\s+[^\s:<]*:\s*<[^<>]*>)*+(SELECT|ASK|CONSTRUCT|DESCRIBE)\b",
    re.IGNORECASE,
)
#: Functions whose value differs from one evaluation to the next, and SERVICE, whose data is not ours.
_VOLATILE = re.compile(r"\b(?:NOW|RAND|UUID|STRUUID)\s*\(|\bSERVICE\b", re.IGNORECASE)
_ABSENT = "an empty query is no query"

blueprint = Blueprint("sparql", __name__)


@dataclass(frozen=True)
class QueryRequest:
    """What a request asks: the query text, the dataset of the protocol, and the format of ``?format=``."""

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format: str | None = None

    @property
    def volatile(self) -> bool:
        """Return whether asking twice can give two answers: no ETag, not stored."""
        return _VOLATILE.search(self.query) is not None

    @property
    def kind(self) -> str | None:
        """Return "solutions" or "graph" by the query's form; None where its beginning is not understood."""
        match = _FORM.match(self.query)
        return None if match is None else "solutions" if match[1].upper() in ("SELECT", "ASK") else "graph"


def parameters(text: bytes, where: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a query string or form; ProtocolError 400 where it is not UTF-8.

    As the URL standard's application/x-www-form-urlencoded parser, but for refusing what that mends.
    """
    if _BAD_PERCENT.search(text):
        raise ProtocolError(f"the {where} has a % that is not followed by two hexadecimal digits")
    for part in text.replace(b"+", b" ").split(b"&"):
        name, _, value = part.partition(b"=")
        try:
            yield unquote_to_bytes(name).decode("utf-8"), unquote_to_bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            raise ProtocolError(f"the {where} is not UTF-8") from None


def _gather(pairs: list[tuple[str, str]]) -> QueryRequest | None:
    """Return the request that the parameters make, None where there is no ``query`` among them."""
    if any(name in ("update", "using-graph-uri", "using-named-graph-uri") for name, _ in pairs):
        raise ProtocolError(_READ_ONLY, 403)
    queries = [value for name, value in pairs if name == "query"]
    formats = [value for name, value in pairs if name == "format"]
    if len(queries) > 1:
        raise ProtocolError("the request has more than one query")
    if len(formats) > 1:
        raise ProtocolError("the request has more than one format")
    graphs = {
        key: tuple(dict.fromkeys(_graph(value) for name, value in pairs if name == key))
        for key in ("default-graph-uri", "named-graph-uri")
    }
    found = QueryRequest("", graphs["default-graph-uri"], graphs["named-graph-uri"], *formats)
    return replace(found, query=queries[0]) if queries else None


def _graph(iri: str) -> str:
    try:
        return NamedNode(iri).value
    except ValueError:
        raise ProtocolError("a graph is named by an absolute IRI; that of the request is not one") from None


def _posted(settings: Settings) -> tuple[str, bytes]:
    """Return the media type and the body of a POST; 415 for what is not a query, 413 for one too large."""
    media_type, options = parse_options_header(request.headers.get("Content-Type", ""))
    media_type = media_type.lower()
    charset = options.get("charset", "utf-8").strip().lower()
    headers = {"Accept-Post": f"{FORM}, {DIRECT}"}
    if media_type == UPDATE:
        raise ProtocolError(_READ_ONLY, 403)
    if media_type not in (FORM, DIRECT):
        raise ProtocolError(f"a query is posted as {FORM} or {DIRECT}", 415, headers)
    if charset not in ("utf-8", "utf8"):
        raise ProtocolError("a query is posted in UTF-8", 415, headers)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProtocolError(
            "a query is posted without a content coding", 415, {"Accept-Encoding": "identity"}
        )
    # In a form a byte can take three, and the graphs come on top.
    limit = settings.query_kb * 1024 * (3 if media_type == FORM else 1) + (65536 if media_type == FORM else 0)
    request.max_content_length = limit
    return media_type, request.get_data()


def read(settings: Settings) -> QueryRequest | None:
    """Return what the current request asks; None for a GET that has no query. ProtocolError for a bad one."""
    url = request.query_string
    pairs = list(parameters(url, "query string")) if url else []
    if request.method == "POST":
        media_type, body = _posted(settings)
        if media_type == DIRECT:
            try:
                pairs.append(("query", body.decode("utf-8")))
            except UnicodeDecodeError:
                raise ProtocolError("the query is not UTF-8") from None
        elif body:
            pairs += parameters(body, "form")
    found = _gather(pairs)
    if found is None:
        if request.method == "POST" or any(name != "format" for name, _ in pairs):
            raise ProtocolError("the request has no query")
        return QueryRequest("", format=next((value for _, value in pairs), None))
    if not found.query.strip():
        raise ProtocolError(_ABSENT)
    if "\0" in found.query:
        raise QueryError("a query cannot hold U+0000")
    if len(found.query.encode()) > settings.query_kb * 1024:
        raise ProtocolError(f"the query is longer than {settings.query_kb} KiB", 413)
    return found


def pick(wanted: str | None, formats: tuple[Format, ...]) -> Choice | None:
    """Return the format by ``?format=`` or else by Accept, None where none of ``formats`` will do."""
    if wanted is None:
        return choose(request.headers.get("Accept"), formats)
    found = named(wanted, formats)
    return None if found is None else Choice(found, found.media_type)


def _offers(kind: str | None) -> tuple[tuple[Format, ...], ...]:
    html = (HTML,) if service().hooks.results is not None else ()
    return tuple(
        (*formats, *html) if kind in (None, name) else ()
        for name, formats in (("solutions", RESULTS), ("graph", GRAPHS))
    )


@blueprint.route("/sparql", methods=["GET", "POST"])
@blueprint.route("/sparql/", methods=["GET", "POST"])
def sparql() -> Response:
    """Answer a query, or describe the endpoint to a GET without one."""
    asked = read(service().settings)
    if asked is None or not asked.query:
        return _describe(asked.format if asked else None)
    check_format(asked.format)
    return answer(asked)


def check_format(name: str | None) -> None:
    """Raise ProtocolError 400 for a ``?format=`` that names no format at all."""
    if name is not None and named(name, (*RESULTS, *GRAPHS, HTML)) is None:
        known = ", ".join(dict.fromkeys(form.name for form in (*RESULTS, *GRAPHS)))
        raise ProtocolError(f"there is no such format; there are {known}")


def answer(asked: QueryRequest, trusted: bool = False) -> Response:
    """Return the answer to a query in the format that the current request accepts.

    Raises what :meth:`fmgraph.engine.Engine.run` does, and NotAcceptableError.
    """
    solutions, graph = (pick(asked.format, offers) if offers else None for offers in _offers(asked.kind))
    chosen = {"solutions": solutions, "graph": graph}
    if asked.kind is not None and chosen[asked.kind] is None:
        _refuse(asked.kind)
    etag = None
    choice = solutions or graph
    if asked.kind is not None and choice is not None and not asked.volatile:
        etag = _etag(asked, choice, service().engine.meta.digest)
        if (response := unchanged(etag, weak=choice.format is HTML)) is not None:
            return response
    environ = request.environ
    environ[COST] = "refused"
    environ[QUERY_HASH] = blake2b(asked.query.encode(), digest_size=6).hexdigest()
    run = service().engine.run(
        asked.query,
        formats=ResultFormats(_native(solutions, "json"), _native(graph, "ntriples")),
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
        client=request.remote_addr or "",
        trusted=trusted,
    )
    environ[COST] = "quick" if run.seconds <= service().settings.quick_seconds else "slow"
    choice = graph if run.kind == "graph" else solutions
    if choice is None:  # the form was not understood here and yet the engine did
        _refuse("graph" if run.kind == "graph" else "solutions")
    response = _send(asked, run, choice)
    if asked.volatile:
        response.headers["Cache-Control"] = "no-store"
        return response
    # A page of results says how long it took: equal in meaning, not in every byte.
    response.set_etag(_etag(asked, choice, run.meta.digest), weak=choice.format is HTML)
    return _storable(response, run)


def _storable(response: Response, run: Answer) -> Response:
    response.headers["Cache-Control"] = CACHE_CONTROL
    if run.meta.digest == service().engine.meta.digest:
        request.environ[CACHEABLE] = True
    return response


def _etag(asked: QueryRequest, choice: Choice, digest: str) -> str:
    return make_etag(
        digest,
        asked.query,
        sorted(asked.default_graphs),
        sorted(asked.named_graphs),
        choice.media_type,
        service().settings.base_url,
    )


def _native(choice: Choice | None, for_html: str) -> str | None:
    """Return the media type to ask the engine for: its own, whatever alias the client named."""
    if choice is None:
        return None
    if choice.format is HTML:
        return next(form.media_type for form in (*RESULTS, *GRAPHS) if form.name == for_html)
    return choice.format.media_type


def _send(asked: QueryRequest, run: Answer, choice: Choice) -> Response:
    hook = service().hooks.results
    if choice.format is HTML and hook is not None:
        return Response(hook(asked.query, run), content_type=HTML.content_type)
    response = Response(run.body, content_type=content_type(choice.media_type))
    name = f"{run.kind}.{choice.format.suffix}"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _refuse(kind: str) -> NoReturn:
    formats = RESULTS if kind == "solutions" else GRAPHS
    form = "SELECT and ASK" if kind == "solutions" else "CONSTRUCT and DESCRIBE"
    available = [media_type for f in formats for media_type in (f.media_type, *f.aliases)]
    raise NotAcceptableError(
        f"results of {form} are not offered in a format that the request accepts", available
    )


def _describe(wanted: str | None) -> Response:
    """Answer a GET without a query: the editor for a browser, else the service description."""
    choice = pick(wanted, (*GRAPHS[:4], HTML))
    if choice is None:
        raise ProtocolError("the request has no query")
    if choice.format is HTML:
        hook = service().hooks.editor
        return tag(Response(hook() if hook else _EDITOR, content_type=HTML.content_type), "editor")
    body = service_description.describe(service(), choice.format)
    return tag(Response(body, content_type=content_type(choice.media_type)), "service description")


_EDITOR = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>SPARQL endpoint</title></head><body>
<h1>SPARQL endpoint</h1>
<form action="/sparql" method="get"><p><label for="query">Query</label></p>
<p><textarea id="query" name="query" rows="12" cols="80">SELECT * WHERE { ?s ?p ?o } LIMIT 10</textarea></p>
<p><button>Run</button></p></form></body></html>
"""
