"""Named queries as HTTP resources: ``/queries/<name>?param=…`` is the answer, ``/query/<name>`` the query.

Parameters are those of the query file's header; ``format`` is taken by the service. ``/queries/<name>.rq``
is the text with the parameters bound. ``/query/<name>`` is the IRI that the graph gives a query: it answers
with the query's description as RDF, and leads elsewhere to its text or, a browser, to its form.
"""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.answers.named_queries import NamedQuery, get_query
from fmgraph.errors import NotFoundError, ParameterError, ProtocolError
from fmgraph.publish.query_descriptions import executables
from fmgraph.rdf.formats import GRAPHS, HTML, RESULTS, Format, named
from fmgraph.server.http.negotiation import choose
from fmgraph.server.http.query_request import QueryRequest, parameters
from fmgraph.server.http.service_state import service, tag
from fmgraph.server.http.sparql_endpoint import answer, known_format
from fmgraph.site import named_query_page, signposting
from fmgraph.site.page_context import Site
from fmgraph.site.rdf_documents import write

_TEXT = Format("sparql", "SPARQL", "application/sparql-query", "rq")
#: The text for a client that takes anything: it is what the address has always led to.
_FORMATS = (_TEXT, *GRAPHS, HTML)
#: Parameters of the page, not of the query: what it is sorted by, and which rows it shows.
_OF_THE_PAGE = ("sort", "page")


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/queries/<name>")
    def named_query(name: str) -> Response:
        return _answer(site, name)

    @pages.get("/query/<name>")
    def query_entity(name: str) -> Response:
        stem, _, suffix = name.partition(".")
        if suffix and named(suffix, GRAPHS) is None:
            raise NotFoundError(f"a query is described as {', '.join(form.suffix for form in GRAPHS)}")
        query = get_query(stem)
        form = site.negotiate(_FORMATS, suffix)
        if form is _TEXT or form is HTML:
            place = f"{query.name}.{_TEXT.suffix}" if form is _TEXT else ""
            there = f"queries/{place}" if place else f"queries#{query.name}"
            headers = {"Location": f"{service().base_url}{there}", "Vary": "Accept"}
            return Response(status=303, headers=headers)
        return _describe(site, query, form)


def _describe(site: Site, query: NamedQuery, form: Format) -> Response:
    """Return what the graph says of a query and its parameters, which are fragments of its IRI."""
    public = f"{site.links.public}/" if site.links.public else None
    triples = executables([query], site.links.base, public)
    response = site.answer(write(triples, form), form)
    response.headers["Link"] = signposting.description_links(site.links)
    response.headers["Content-Location"] = site.links.path("query", f"{query.name}.{form.suffix}")
    response.headers["Vary"] = "Accept"
    return response


def _answer(site: Site, name: str) -> Response:
    """Answer a named query; NotFoundError with the nearest names, ParameterError for a wrong parameter.

    A browser gets a page, which leads back to the query where an argument is wrong.
    """
    suffix = f".{_TEXT.suffix}"
    query = get_query(name.removesuffix(suffix))
    arguments: dict[str, str] = {}
    for key, value in parameters(request.query_string, "query string"):
        if not key and not value:
            continue
        if key in arguments:
            if key == "format":  # the first counts, as at /sparql
                continue
            raise ProtocolError(f"the parameter {key!r} is given twice")
        arguments[key] = value
    form = arguments.pop("format", None)
    query_arguments = {key: value for key, value in arguments.items() if key not in _OF_THE_PAGE}
    try:
        text = query.bind(query_arguments, service().engine)
    except (NotFoundError, ParameterError) as error:
        if not name.endswith(suffix) and _wants_page(form):
            return named_query_page.render_refusal(site, query, query_arguments, error)
        raise
    if name.endswith(suffix):
        return tag(Response(text, content_type=_TEXT.media_type), "text", text)
    return answer(
        QueryRequest(text, format=known_format(form)),
        trusted=True,
        page=lambda sparql, run: named_query_page.render_answer(site, query, query_arguments, sparql, run),
    )


def _wants_page(form: str | None) -> bool:
    """Tell whether the answer would be a page."""
    if form is not None:
        return named(form, (*RESULTS, *GRAPHS, HTML)) is HTML
    choice = choose(request.headers.get("Accept"), (*RESULTS, HTML))
    return choice is not None and choice.format is HTML
