"""The query editor and results for a browser: hooks of the SPARQL endpoint. Works without JavaScript."""

from __future__ import annotations

from typing import Any

from flask import request

from fmgraph.answers.named_queries import load_queries
from fmgraph.rdf.prefixes import PREFIXES, SKOS
from fmgraph.server.engine import Answer
from fmgraph.server.http.query_request import MOST_PARAMETERS
from fmgraph.server.http.service_state import service
from fmgraph.site.page_context import Site
from fmgraph.site.page_links import curie
from fmgraph.site.result_view import link, show
from fmgraph.site.schema_org_pages import script
from fmgraph.site.snippets import use_of_query

#: Problems (ends of their type IRIs) that the query itself has.
_QUERY_AT_FAULT = ("query", "query-syntax", "query-refused")
_EXAMPLE = """PREFIX fmg: <https://w3id.org/fmgraph/ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>

SELECT ?model ?parent WHERE {
  ?work fmg:builtOn ?base .
  ?work rdfs:label ?model .
  ?base rdfs:label ?parent .
} ORDER BY ?model LIMIT 100
"""


def editor(site: Site) -> str:
    """Return the page for a browser that comes without a query."""
    return _render(site, _EXAMPLE)


def results(site: Site, query: str, answer: Answer) -> str:
    """Return the page with the results of a query: a table, yes or no, or triples with their picture."""
    address = ("sparql",)
    shown = show(site, answer, address)
    return _render(
        site,
        query,
        shown=shown,
        download=lambda name: site.links.path(*address, query=query, format=name),
        page_link=(lambda n: link(site, address, page=n)) if link(site, address) else None,
        copies=use_of_query(f"{service().base_url}sparql", query, graph=shown.kind == "graph"),
    )


def problem(site: Site, members: dict[str, Any]) -> str:
    """Return the page of an error; with the query still in the editor where it came from there.

    Nothing is asked of the engine unless the query alone was wrong: the engine may be what has failed.
    """
    told = str(members["type"]).rsplit("/", 1)[-1]
    if told in _QUERY_AT_FAULT and request.path == site.links.path("sparql"):
        few = request.get_data().count(b"&") < MOST_PARAMETERS
        query = request.values.get("query", "") if few else ""
        return _render(site, query or _EXAMPLE, problem=members)
    return site.render("error.html", problem=members, names=_names(site, members))


def _names(site: Site, members: dict[str, Any]) -> dict[str, str]:
    """Return the labels of the nearest entities (``kind/slug``) of an unknown one."""
    near = [name for name in members.get("nearest", ()) if name.count("/") == 1 and members["status"] == 404]
    if not near:
        return {}
    labels = site.graph.labels(site.links.base + name for name in near)
    return {name: labels[site.links.base + name] for name in near if site.links.base + name in labels}


def _render(site: Site, query: str, **values: Any) -> str:
    ontology = site.graph.ontology
    terms = [
        {"label": curie(term), "detail": label, "info": ontology.value(term, SKOS + "definition") or ""}
        for term, label in sorted(ontology.labels().items())
    ]
    completion = {"prefixes": PREFIXES, "terms": terms, "problem": values.get("problem")}
    return site.render(
        "sparql.html",
        **{
            "query": query,
            "shown": None,
            "problem": None,
            "queries": list(load_queries().values()),
            "completion": script(completion),
            **values,
        },
    )
