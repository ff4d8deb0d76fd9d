"""The query editor and results for a browser: hooks of the SPARQL endpoint. Works without JavaScript."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import request

from fmgraph.answers.named_queries import load_queries
from fmgraph.ontology import prefixes
from fmgraph.rdf.prefixes import SKOS, curie
from fmgraph.server.engine import Answer
from fmgraph.server.http.query_request import MOST_PARAMETERS
from fmgraph.server.http.service_state import service
from fmgraph.site.graph_reader import TYPE
from fmgraph.site.page_context import Site
from fmgraph.site.page_links import words
from fmgraph.site.result_view import link, show
from fmgraph.site.schema_org_pages import script
from fmgraph.site.snippets import use_of_query

#: Problems (ends of their type IRIs) that the query itself has.
_QUERY_AT_FAULT = ("query", "query-syntax", "query-refused")
_USES = """SELECT DISTINCT ?class ?property WHERE {
  ?part <http://rdfs.org/ns/void#class> ?class ;
    <http://rdfs.org/ns/void#propertyPartition>/<http://rdfs.org/ns/void#property> ?property }"""
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
    result_view = show(site, answer, address)
    return _render(
        site,
        query,
        result_view=result_view,
        download=lambda name: site.links.path(*address, query=query, format=name),
        page_link=(lambda n: link(site, address, page=n)) if link(site, address) else None,
        copies=use_of_query(f"{service().base_url}sparql", query, graph=result_view.kind == "graph"),
    )


def problem(site: Site, members: dict[str, Any]) -> str:
    """Return the page of an error; with the query still in the editor where it came from there.

    Nothing is asked of the engine unless the query alone was wrong: the engine may be what has failed.
    """
    problem_type = str(members["type"]).rsplit("/", 1)[-1]
    if problem_type in _QUERY_AT_FAULT and request.path == site.links.path("sparql"):
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
    completion = {
        **_vocabulary(site, str(site.engine.meta.digest)),
        "prefixes": prefixes(),
        "base": site.links.base,
        "suggest": site.links.path("suggest"),
        "problem": values.get("problem"),
    }
    return site.render(
        "sparql.html",
        **{
            "query": query,
            "result_view": None,
            "problem": None,
            "queries": list(load_queries().values()),
            "completion": script(completion),
            **values,
        },
    )


@lru_cache(maxsize=2)
def _vocabulary(site: Site, digest: str) -> dict[str, Any]:  # noqa: ARG001 - of one dataset
    """Return the terms that the editor knows, and which properties the things of each class have.

    The latter is what the graph's VoID description counts. Nothing is asked of an engine that may be what
    has failed: a graph that does not describe itself has no such uses.
    """
    ontology = site.graph.ontology
    uses: dict[str, list[str]] = {}
    for row in site.graph.rows(_USES):
        uses.setdefault(curie(row["class"].value), []).append(curie(row["property"].value))
    labels = {curie(term): (term, label) for term, label in ontology.labels().items()}
    known = {name for names in uses.values() for name in names if name.count(":") == 1}
    return {
        "terms": [
            {
                "label": name,
                "detail": labels[name][1] if name in labels else words(name),
                "info": (ontology.value(labels[name][0], SKOS + "definition") or "")
                if name in labels
                else "",
                "is": "property" if name in known else _sort(site, labels[name][0]),
            }
            for name in sorted({*labels, *known} - {"rdf:type"})
        ],
        "uses": uses,
    }


def _sort(site: Site, term: str) -> str:
    """Return what a term of the ontology is to the editor: "property", "class" or "thing"."""
    if term in site.graph.ontology.properties:
        return "property"
    return (
        "class" if any(kind.endswith("Class") for kind in site.graph.ontology.values(term, TYPE)) else "thing"
    )
