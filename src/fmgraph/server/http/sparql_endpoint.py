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


@blueprint.route("/sparql", methods=["GET", "POST", "QUERY"])
@blueprint.route("/sparql/", methods=["GET", "POST", "QUERY"])
def sparql() -> Response:
    """Answer a query, or describe the endpoint to a GET without one."""
    asked = read(service().settings)
    if asked is None or not asked.query:
        return _describe(asked.format if asked else None)
    return answer(replace(asked, format=known_format(asked.format)))


def known_format(name: str | None) -> str | None:
    """Return the ``?format=`` that counts: one that is none gives way to an Accept field that names one.

    Raises ProtocolError 400 where there is no such field: then the name was meant to decide.
    """
    formats = (*RESULTS, *GRAPHS, HTML)
    if name is None or named(name, formats) is not None:
        return name
    if names_any(request.headers.get("Accept"), formats):
        return None
    known = ", ".join(dict.fromkeys(form.name for form in (*RESULTS, *GRAPHS)))
    raise ProtocolError(f"there is no such format; there are {known}")


def answer(
    asked: QueryRequest, trusted: bool = False, page: Callable[[str, Answer], str] | None = None
) -> Response:
    """Return the answer to a query in the format that the current request accepts.

    ``page`` makes the HTML, in place of the hook that does it for the endpoint. Raises what
    :meth:`fmgraph.server.engine.Engine.run` does, and NotAcceptableError.
    """
    solutions, graph = (pick(asked.format, offers) if offers else None for offers in _offers(asked.kind))
    chosen = {"solutions": solutions, "graph": graph}
    if asked.kind is not None and chosen[asked.kind] is None:
        _refuse(asked.kind)
    etag = None
    choice = solutions or graph
    if asked.kind is not None and choice is not None and not asked.volatile:
        etag = entity_tag(asked, choice, service().engine.meta.digest, service().settings)
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
    response = _send(asked, run, choice, page or service().hooks.results)
    if asked.warn and (hook := service().hooks.warnings) is not None:
        for warning in hook(asked.query):
            response.headers.add(WARNING, quote(warning, safe=_IN_A_FIELD))
    if asked.volatile:
        response.headers["Cache-Control"] = "no-store"
        return response
    # A page of results says how long it took: equal in meaning, not in every byte.
    response.set_etag(
        entity_tag(asked, choice, run.meta.digest, service().settings), weak=choice.format is HTML
    )
    return _storable(response, run)


def _storable(response: Response, run: Answer) -> Response:
    response.headers["Cache-Control"] = CACHE_CONTROL
    if run.meta.digest == service().engine.meta.digest:
        request.environ[CACHEABLE] = True
    return response


def entity_tag(asked: QueryRequest, choice: Choice, digest: str, settings: Settings) -> str:
    """Return the entity tag (without quotes) of an answer before its content coding."""
    return make_etag(
        digest,
        asked.query,
        sorted(asked.default_graphs),
        sorted(asked.named_graphs),
        choice.media_type,
        settings.base_url,
        *(["warned"] if asked.warn else []),
    )


def _native(choice: Choice | None, for_html: str) -> str | None:
    """Return the media type to ask the engine for: its own, whatever alias the client named."""
    if choice is None:
        return None
    if choice.format is HTML:
        return next(form.media_type for form in (*RESULTS, *GRAPHS) if form.name == for_html)
    return choice.format.media_type


def _send(
    asked: QueryRequest, run: Answer, choice: Choice, hook: Callable[[str, Answer], str] | None
) -> Response:
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
