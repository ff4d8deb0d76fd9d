"""The query editor and results for a browser: hooks of the SPARQL endpoint. Works without JavaScript."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
from flask import request

from fmgraph.answers.named_queries import load_queries
from fmgraph.rdf.formats import GRAPHS, RESULTS
from fmgraph.rdf.prefixes import PREFIXES, SKOS
from fmgraph.server.engine import Answer
from fmgraph.server.http.query_request import MOST_PARAMETERS
from fmgraph.site.page_context import Site
from fmgraph.site.page_links import curie
from fmgraph.site.rdf_documents import write
from fmgraph.site.schema_org_pages import script

#: Rows and triples shown in a page; the whole result is one link away.
MOST_ROWS = 1000
MOST_TRIPLES = 2000
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
    """Return the page with the results of a query: a table, yes or no, or Turtle."""
    if answer.kind == "graph":
        triples = list(ox.parse(answer.body, format=ox.RdfFormat.N_TRIPLES))
        made = sorted((quad.triple for quad in triples[:MOST_TRIPLES]), key=str)
        turtle = write(made, GRAPHS[0])
        return _render(
            site,
            query,
            kind="graph",
            turtle=turtle.decode(),
            total=len(triples),
            shown=len(made),
            formats=GRAPHS[:4],
            seconds=answer.seconds,
        )
    parsed = ox.parse_query_results(answer.body, format=ox.QueryResultsFormat.JSON)
    if isinstance(parsed, ox.QueryBoolean):
        return _render(site, query, kind="ask", truth=bool(parsed), formats=RESULTS, seconds=answer.seconds)
    assert isinstance(parsed, ox.QuerySolutions)  # noqa: S101 - the two kinds there are
    names = [variable.value for variable in parsed.variables]
    rows = [list(solution) for solution in parsed]
    return _render(
        site,
        query,
        kind="select",
        names=names,
        rows=rows[:MOST_ROWS],
        total=len(rows),
        shown=min(len(rows), MOST_ROWS),
        formats=RESULTS,
        seconds=answer.seconds,
        short=_short,
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


def _short(site: Site, term: Any) -> str:
    """Return a result's term as text: entities as kind/slug, others with their prefix."""
    if isinstance(term, ox.Literal):
        return term.value
    if not isinstance(term, ox.NamedNode):
        return str(term)
    entity = site.links.entity(term.value)
    return "/".join(entity) if entity and "#" not in term.value else curie(term.value)


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
            "kind": None,
            "problem": None,
            "queries": list(load_queries().values()),
            "completion": script(completion),
            "view": site.view(),
            **values,
        },
    )
