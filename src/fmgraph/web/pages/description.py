"""``/void`` and ``/.well-known/void``: the graph's description of itself, as RDF (VoID, section 7.2)."""

from __future__ import annotations

import pyoxigraph as ox
from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.describe import describing, document_query
from fmgraph.engine import ResultFormats
from fmgraph.errors import NotFoundError
from fmgraph.web.media import named
from fmgraph.web.pages.rdf import write
from fmgraph.web.pages.signpost import ENTITY_GRAPHS
from fmgraph.web.pages.site import Site


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/void")
    @pages.get("/void.<suffix>")
    @pages.get("/.well-known/void")
    def description(suffix: str = "") -> Response:
        if suffix and named(suffix, ENTITY_GRAPHS) is None:
            raise NotFoundError(f"the description is there as {', '.join(f.suffix for f in ENTITY_GRAPHS)}")
        form = site.negotiate(ENTITY_GRAPHS, suffix)
        query = document_query(site.links.base)
        answer = site.engine.run(query, formats=ResultFormats(graph="application/n-triples"), trusted=True)
        triples = {quad.triple for quad in ox.parse(answer.body, format=ox.RdfFormat.N_TRIPLES)}
        if not triples:
            raise NotFoundError("this graph does not describe itself (fmgraph build adds the description)")
        dataset = ox.NamedNode(describing("dataset", site.links.base))
        ordered = sorted(triples, key=lambda triple: (triple.subject != dataset, str(triple)))
        response = site.answer(write(ordered, form), form)
        response.headers["Content-Location"] = site.links.path(f"void.{form.suffix}")
        return response
