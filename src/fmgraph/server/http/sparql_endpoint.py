"""``/sparql``: the query operation of the SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/).

What the service decides where the protocol leaves it a choice is in docs/protocol.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from typing import NoReturn
from urllib.parse import quote

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.errors import ProtocolError
from fmgraph.rdf.formats import GRAPHS, HTML, RESULTS, Format, content_type, named
from fmgraph.server.engine import Answer, ResultFormats
from fmgraph.server.http import service_description
from fmgraph.server.http.negotiation import Choice, choose, names_any
from fmgraph.server.http.problems import NotAcceptableError
from fmgraph.server.http.query_request import QueryRequest, read
from fmgraph.server.http.response_cache import CACHEABLE, make_etag
from fmgraph.server.http.service_state import CACHE_CONTROL, COST, QUERY_HASH, service, tag, unchanged
from fmgraph.settings import Settings

blueprint = Blueprint("sparql", __name__)
#: The header field of one warning about a query, for ``?warn=1``: text, what is not ASCII percent-encoded.
WARNING = "Query-Warning"
_IN_A_FIELD = " !\"#$&'()*+,/:;<=>?@[]^`{|}~"


def pick(format_name: str | None, formats: tuple[Format, ...]) -> Choice | None:
    """Return the format by ``?format=`` or else by Accept, None where none of ``formats`` will do."""
    if format_name is None:
        return choose(request.headers.get("Accept"), formats)
    form = named(format_name, formats)
    return None if form is None else Choice(form, form.media_type)


def _offers(kind: str | None) -> tuple[tuple[Format, ...], ...]:
    html = (HTML,) if service().hooks.results is not None else ()
    return tuple(
        (*formats, *html) if kind in (None, name) else ()
        for name, formats in (("solutions", RESULTS), ("graph", GRAPHS))
    )


@blueprint.route("/sparql", methods=["GET", "POST", "QUERY"])
@blueprint.route("/sparql/", methods=["GET", "POST", "QUERY"])
def sparql() -> Response:
    """Answer a query, or describe the endpoint to a GET without one."""
    query_request = read(service().settings)
    if query_request is None or not query_request.query:
        return _describe(query_request.format if query_request else None)
    return answer(replace(query_request, format=known_format(query_request.format)))


def known_format(name: str | None) -> str | None:
    """Return the name in ``?format=``; None for an unknown one where the Accept field names a known format.

    Raises ProtocolError 400 for an unknown one without such a field.
    """
    formats = (*RESULTS, *GRAPHS, HTML)
    if name is None or named(name, formats) is not None:
        return name
    if names_any(request.headers.get("Accept"), formats):
        return None
    format_names = ", ".join(dict.fromkeys(form.name for form in (*RESULTS, *GRAPHS)))
    raise ProtocolError(f"there is no such format; there are {format_names}")


def answer(
    query_request: QueryRequest, trusted: bool = False, page: Callable[[str, Answer], str] | None = None
) -> Response:
    """Return the answer to a query in the format that the current request accepts.

    ``page`` makes the HTML, in place of the hook that does it for the endpoint. Raises what
    :meth:`fmgraph.server.engine.Engine.run` does, and NotAcceptableError.
    """
    solutions, graph = (
        pick(query_request.format, offers) if offers else None for offers in _offers(query_request.kind)
    )
    choices = {"solutions": solutions, "graph": graph}
    if query_request.kind is not None and choices[query_request.kind] is None:
        _refuse(query_request.kind)
    etag = None
    choice = solutions or graph
    if query_request.kind is not None and choice is not None and not query_request.volatile:
        etag = entity_tag(query_request, choice, service().engine.meta.digest, service().settings)
        if (response := unchanged(etag, weak=choice.format is HTML)) is not None:
            return response
    environ = request.environ
    environ[COST] = "refused"
    environ[QUERY_HASH] = blake2b(query_request.query.encode(), digest_size=6).hexdigest()
    run = service().engine.run(
        query_request.query,
        formats=ResultFormats(_native(solutions, "json"), _native(graph, "ntriples")),
        default_graphs=query_request.default_graphs,
        named_graphs=query_request.named_graphs,
        client=request.remote_addr or "",
        trusted=trusted,
    )
    environ[COST] = "quick" if run.seconds <= service().settings.quick_seconds else "slow"
    choice = graph if run.kind == "graph" else solutions
    if choice is None:  # the form was not understood here and yet the engine did
        _refuse("graph" if run.kind == "graph" else "solutions")
    response = _send(query_request, run, choice, page or service().hooks.results)
    if query_request.warn and (hook := service().hooks.warnings) is not None:
        for warning in hook(query_request.query):
            response.headers.add(WARNING, quote(warning, safe=_IN_A_FIELD))
    if query_request.volatile:
        response.headers["Cache-Control"] = "no-store"
        return response
    # A page of results says how long it took: equal in meaning, not in every byte.
    response.set_etag(
        entity_tag(query_request, choice, run.meta.digest, service().settings), weak=choice.format is HTML
    )
    return _storable(response, run)


def _storable(response: Response, run: Answer) -> Response:
    response.headers["Cache-Control"] = CACHE_CONTROL
    if run.meta.digest == service().engine.meta.digest:
        request.environ[CACHEABLE] = True
    return response


def entity_tag(query_request: QueryRequest, choice: Choice, digest: str, settings: Settings) -> str:
    """Return the entity tag (without quotes) of an answer before its content coding."""
    return make_etag(
        digest,
        query_request.query,
        sorted(query_request.default_graphs),
        sorted(query_request.named_graphs),
        choice.media_type,
        settings.base_url,
        *(["warned"] if query_request.warn else []),
    )


def _native(choice: Choice | None, for_html: str) -> str | None:
    """Return the media type to ask the engine for: its own, whatever alias the client named."""
    if choice is None:
        return None
    if choice.format is HTML:
        return next(form.media_type for form in (*RESULTS, *GRAPHS) if form.name == for_html)
    return choice.format.media_type


def _send(
    query_request: QueryRequest, run: Answer, choice: Choice, hook: Callable[[str, Answer], str] | None
) -> Response:
    if choice.format is HTML and hook is not None:
        return Response(hook(query_request.query, run), content_type=HTML.content_type)
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


def _describe(format_name: str | None) -> Response:
    """Answer a GET without a query: the editor for a browser, else the service description."""
    choice = pick(format_name, (*GRAPHS[:4], HTML))
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
