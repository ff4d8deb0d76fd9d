"""``/why?s=…&p=…&o=…``: all claims behind a triple, and how a materialised triple came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyoxigraph as ox
from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.errors import ProtocolError
from fmgraph.rdf.prefixes import RDF
from fmgraph.site.claim_view import Claim, claims_about
from fmgraph.site.entity_facts import label_of
from fmgraph.site.graph_reader import Graph, Term, iri, values
from fmgraph.site.page_context import Site

#: Ancestors looked at before a derivation is given up; no lineage known is near it.
_MOST_STEPS = 10_000


@dataclass
class Step:
    """One step of a derivation: the triple and the claims behind it."""

    subject: str
    prop: str
    value: Term
    claims: list[Claim] = field(default_factory=list)


def register(pages: Blueprint, site: Site) -> None:
    """Add the route."""

    @pages.get("/why")
    def why() -> Response:
        subject, prop = _iri(site, "s"), _iri(site, "p")
        value = _term(site, request.args.get("o", ""))
        graph = site.graph
        holds = bool(
            graph.rows(f"SELECT ?x WHERE {{ {iri(subject)} {iri(prop)} {value} BIND(1 AS ?x) }} LIMIT 1")
        )
        claims = _claims(graph, subject, prop, value)
        path = _path(graph, subject, prop, value) if holds and prop in graph.ontology.closures else []
        supporting_claims = [*claims, *(claim for step in path for claim in step.claims)]
        terms: list[Term | str] = [subject, value]
        for step in path:
            terms += [step.subject, step.value]
        terms += [one for c in supporting_claims for one in (c.source, c.row, c.corrected_by) if one]
        rivals = [c for c in claims_about(graph, subject) if c.prop == prop and c.value != value]
        terms += [c.value for c in rivals] + [one for c in rivals for one in (c.source, c.row) if one]
        return site.page(
            "why.html",
            subject=subject,
            prop=prop,
            value=value,
            holds=holds,
            claims=claims,
            path=path,
            rivals=rivals,
            labels=_labels(graph, [*supporting_claims, *rivals], path, prop),
            view=site.view(terms),
            editorial=graph.ontology.property(prop).editorial or prop.startswith(RDF),
            definition=graph.ontology.property(prop).definition,
        )


def _iri(site: Site, name: str) -> str:
    value = request.args.get(name, "").strip()
    value = site.links.whole(value[1:-1] if value.startswith("<") and value.endswith(">") else value)
    try:
        ox.NamedNode(value)
    except ValueError:
        raise ProtocolError(f"{name} must be an absolute IRI, not {value!r}") from None
    return value


def _term(site: Site, notation: str) -> Term:
    """Return the term written as N-Triples, as a bare IRI, or as an IRI of ours without its base."""
    notation = site.links.whole(notation.strip())
    if ":" in notation and not notation.startswith(("<", '"')):
        notation = f"<{notation}>"
    try:
        quads = list(ox.parse(f"<s:s> <p:p> {notation} .".encode(), format=ox.RdfFormat.N_TRIPLES))
    except (SyntaxError, ValueError):
        quads = []
    if len(quads) != 1 or not isinstance(quads[0].object, ox.NamedNode | ox.Literal):
        raise ProtocolError(f"o must be a term in N-Triples syntax or an IRI, not {notation!r}")
    return quads[0].object


def _claims(graph: Graph, subject: str, prop: str, value: Term) -> list[Claim]:
    """Return the claims of the triple itself and of the properties below it, the triple's own first."""
    props = {prop, *graph.ontology.below(prop)}
    claims = [c for c in claims_about(graph, subject) if c.prop in props and c.value == value]
    return sorted(claims, key=lambda c: (c.deprecated, c.prop != prop, c.prop, c.iri))


def _path(graph: Graph, subject: str, prop: str, value: Term) -> list[Step]:
    """Return a shortest chain of single steps from the subject to the value, each with its claims."""
    if not isinstance(value, ox.NamedNode):
        return []
    step = graph.ontology.closures[prop]
    steps = [iri(one) for one in sorted(graph.ontology.steps(prop))]
    came_from: dict[str, str] = {subject: ""}
    level = [subject]
    while level and value.value not in came_from and len(came_from) < _MOST_STEPS:
        rows = graph.rows(
            f"SELECT ?s ?o WHERE {{ {values('s', sorted(level))} VALUES ?p {{ {' '.join(steps)} }} "
            "?s ?p ?o } ORDER BY ?s ?o"
        )
        level = []
        for row in rows:
            if row["o"].value not in came_from:
                came_from[row["o"].value] = row["s"].value
                level.append(row["o"].value)
    return _walk_back(graph, came_from, value.value, step)


def _walk_back(graph: Graph, came_from: Mapping[str, str], end: str, step: str) -> list[Step]:
    chain: list[Step] = []
    at = end
    while came_from.get(at):
        target = ox.NamedNode(at)
        claims = _claims(graph, came_from[at], step, target)
        specific = next((c.prop for c in claims if c.prop != step), step)
        chain.append(Step(came_from[at], specific, target, claims))
        at = came_from[at]
    return chain[::-1]


def _labels(graph: Graph, claims: list[Claim], path: list[Step], prop: str) -> dict[str, str]:
    props = {prop, *(claim.prop for claim in claims), *(step.prop for step in path)}
    return {one: label_of(one, graph.ontology) for one in props}
