"""The home page, ``/about``, ``/queries`` and ``/disagreements``."""

from __future__ import annotations

import re

from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.answers.named_queries import NamedQuery, Parameter, load_queries
from fmgraph.ontology import all_kinds
from fmgraph.publish.dataset_names import describing, dump_files
from fmgraph.publish.schema_org_dataset import dataset_jsonld
from fmgraph.rdf.formats import GRAPHS, HTML
from fmgraph.rdf.prefixes import BASE, PREFIXES
from fmgraph.site import description_pages, signposting
from fmgraph.site.claim_view import Claim, read_claims
from fmgraph.site.entity_facts import label_of
from fmgraph.site.graph_reader import iri
from fmgraph.site.page_context import Site, page_number
from fmgraph.site.schema_org_pages import script

#: Disagreements shown on one page.
PAGE = 50
#: Claims that are not accepted: set aside, or outranked.
_DISPUTED = (
    "?c fmg:accepted false ; rdf:subject ?s ; rdf:predicate ?p FILTER NOT EXISTS { ?p fmg:absenceOf ?any }"
)
#: A default that is one IRI, one plain string, one number or one prefixed name.
_ONE_TERM = re.compile(r'<([^<>\s]*)>|"([^"\\]*)"|([+-]?\d+)|(\w+):(\w+)')
#: Queries named on the home page, where they exist.
_FIRST = 6


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/")
    def home() -> Response:
        form = site.negotiate((HTML, *GRAPHS))
        if form is not HTML:
            return description_pages.describe_dataset(site, form)
        meta = site.engine.meta
        about = dataset_jsonld(meta, service=f"{site.links.public}/" if site.links.public else None)
        return site.page(
            "home.html",
            headers={"Link": signposting.dataset_links(site.links), "Vary": "Accept"},
            counts=counts(site),
            queries=list(load_queries().values())[:_FIRST],
            dumps=[file for file in dump_files() if file.compression != "zst" and file.syntax.suffix != "nq"],
            jsonld=script(about),
            dataset_iri=describing("dataset"),
        )

    @pages.get("/about")
    def about() -> Response:
        return site.page("about.html")

    @pages.get("/queries")
    def queries() -> Response:
        return site.page("queries.html", queries=list(load_queries().values()), values=parameter_values)

    @pages.get("/disagreements")
    def disagreements() -> Response:
        return _disagreements(site)


def parameter_values(query: NamedQuery) -> list[tuple[Parameter, str]]:
    """Return the parameters with their defaults as people write them; one of several values is left out."""
    found = []
    for parameter in query.parameters:
        term = _ONE_TERM.fullmatch(parameter.default)
        if term is not None:
            iri_, text, number, prefix, local = term.groups()
            value = PREFIXES.get(prefix, "") + local if prefix else iri_ or number or ""
            if parameter.kind != "iri":
                value = value.removeprefix(BASE)
            found.append((parameter, text if text is not None else value))
    return found


def counts(site: Site) -> dict[str, int]:
    """Return how many entities there are of each kind, kinds without any left out."""
    rows = site.graph.rows("SELECT ?t (COUNT(?s) AS ?n) WHERE { ?s a ?t } GROUP BY ?t")
    by_class = {row["t"].value: int(row["n"].value) for row in rows}
    found = {name: by_class.get(kind.iri, 0) for name, kind in all_kinds().items()}
    return {name: number for name, number in found.items() if number}


def _disagreements(site: Site) -> Response:
    graph = site.graph
    rows = graph.rows(f"SELECT (COUNT(*) AS ?n) WHERE {{ SELECT DISTINCT ?s ?p WHERE {{ {_DISPUTED} }} }}")
    total = int(rows[0]["n"].value) if rows else 0
    page, last, offset = page_number(total, PAGE)
    pairs = graph.rows(
        f"SELECT DISTINCT ?s ?p ?label WHERE {{ {{ {_DISPUTED} }} OPTIONAL {{ ?s rdfs:label ?label }} }} "
        f"ORDER BY LCASE(STR(?label)) ?s ?p LIMIT {PAGE} OFFSET {offset}"
    )
    found: list[tuple[str, str, list[Claim], set[object]]] = []
    for pair in pairs:
        subject, prop = pair["s"].value, pair["p"].value
        claims = read_claims(graph, f"?c rdf:subject {iri(subject)} ; rdf:predicate {iri(prop)} .")
        holds = {row["o"] for row in graph.rows(f"SELECT ?o WHERE {{ {iri(subject)} {iri(prop)} ?o }}")}
        claims.sort(
            key=lambda claim: (claim.value not in holds, claim.deprecated, str(claim.value), claim.iri)
        )
        found.append((subject, prop, claims, holds))
    terms = [t for s, _, claims, _ in found for t in (s, *(c.value for c in claims))]
    terms += [
        one for _, _, claims, _ in found for c in claims for one in (c.source, c.row, c.corrected_by) if one
    ]
    labels = {prop: label_of(prop, graph.ontology) for _, prop, _, _ in found}
    return site.page(
        "disagreements.html",
        found=found,
        total=total,
        page=page,
        last=last,
        offset=offset,
        labels=labels,
        view=site.view(terms),
        page_link=lambda n: site.links.path("disagreements", page=n),
    )
