"""The home page, ``/about``, ``/queries`` and ``/disagreements``."""

from __future__ import annotations

import re

from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.answers.named_queries import OPEN, NamedQuery, Parameter, load_queries
from fmgraph.ontology import all_kinds
from fmgraph.publish.dataset_names import describing
from fmgraph.publish.schema_org_dataset import dataset_jsonld
from fmgraph.rdf.formats import GRAPHS, HTML
from fmgraph.rdf.prefixes import BASE, PREFIXES
from fmgraph.site import description_pages, signposting
from fmgraph.site.atlas_page import Atlas
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
#: Models named as the newest, modalities linked and names suggested on the home page.
_NEWEST, _MODALITIES, _SUGGESTED = 8, 6, 40

#: Syntaxes of the dumps that the page leads to; the others are in ``/dump/``.
_SHOWN = ("ttl", "nt", "rdf", "jsonld")


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""
    atlas = Atlas(site)

    @pages.get("/")
    def home() -> Response:
        form = site.negotiate((HTML, *GRAPHS))
        if form is not HTML:
            return description_pages.describe_dataset(site, form)
        meta = site.engine.meta
        newest = newest_models(site)
        dumps = site.dump_files()
        about = dataset_jsonld(
            meta,
            service=f"{site.links.public}/" if site.links.public else None,
            dumps=dumps,
            stored_files=site.stored_dumps(),
        )
        return site.page(
            "home.html",
            headers={"Link": signposting.dataset_links(site.links, dumps), "Vary": "Accept"},
            counts=counts(site),
            small=atlas.small(),
            newest=newest,
            modalities=common_modalities(site),
            datasets=_labels(site, "?s a fmg:Dataset . ?x fmg:trainedOn|fmg:evaluatedOn ?s"),
            models=_labels(site, "?s a fmg:Model . ?claim rdf:subject ?s"),
            view=site.view(one[0] for one in newest),
            dumps=[file for file in dumps if file.compression != "zst" and file.syntax.key in _SHOWN],
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


def newest_models(site: Site) -> list[tuple[str, str, str]]:
    """Return the newest medical models with their year and modalities; within a year by arXiv number."""
    rows = site.graph.rows(
        "SELECT ?s (MAX(STR(?y)) AS ?year) (MAX(STR(?a)) AS ?paper) "
        '(GROUP_CONCAT(DISTINCT STR(?l); separator=", ") AS ?about) WHERE { '
        '?s a fmg:Model ; fmg:scope ?scope ; fmg:year ?y FILTER(STR(?scope) = "medical") '
        "OPTIONAL { ?s fmg:describedBy/fmg:arxiv ?a } "
        "OPTIONAL { ?s fmg:modality/rdfs:label ?l } } "
        f"GROUP BY ?s ORDER BY DESC(?year) DESC(?paper) ?s LIMIT {_NEWEST}"
    )
    return [(row["s"].value, row["year"].value, row["about"].value if "about" in row else "") for row in rows]


def common_modalities(site: Site) -> list[tuple[str, str]]:
    """Return slug and label of the modalities that most models are said to have."""
    rows = site.graph.rows(
        "SELECT ?m (MIN(STR(?l)) AS ?label) (COUNT(DISTINCT ?s) AS ?n) WHERE { "
        "?s a fmg:Model ; fmg:modality ?m . ?m rdfs:label ?l ; skos:broader ?up } "
        f"GROUP BY ?m ORDER BY DESC(?n) ?m LIMIT {_MODALITIES}"
    )
    pairs = [(site.links.entity(row["m"].value), row["label"].value) for row in rows]
    return [(entity[1], label) for entity, label in pairs if entity]


def _labels(site: Site, pattern: str) -> list[str]:
    """Return the labels of what matches most often, for suggestions without a script."""
    rows = site.graph.rows(
        f"SELECT ?s (MIN(STR(?l)) AS ?label) (COUNT(*) AS ?n) WHERE {{ {pattern} . ?s rdfs:label ?l }} "
        f"GROUP BY ?s ORDER BY DESC(?n) ?s LIMIT {_SUGGESTED}"
    )
    return sorted((row["label"].value for row in rows), key=str.casefold)


def parameter_values(query: NamedQuery) -> list[tuple[Parameter, str]]:
    """Return the parameters with their defaults as people write them; one of several values is left out."""
    defaults = []
    for parameter in query.parameters:
        if parameter.default == OPEN or parameter.kind == "boolean":
            defaults.append((parameter, parameter.default.replace(OPEN, "")))
            continue
        term = _ONE_TERM.fullmatch(parameter.default)
        if term is not None:
            iri_, text, number, prefix, local = term.groups()
            value = PREFIXES.get(prefix, "") + local if prefix else iri_ or number or ""
            if parameter.kind != "iri":
                value = value.removeprefix(BASE)
            defaults.append((parameter, text if text is not None else value))
    return defaults


def counts(site: Site) -> dict[str, int]:
    """Return how many entities there are of each kind, kinds without any left out."""
    rows = site.graph.rows("SELECT ?t (COUNT(?s) AS ?n) WHERE { ?s a ?t } GROUP BY ?t")
    by_class = {row["t"].value: int(row["n"].value) for row in rows}
    numbers = {name: by_class.get(kind.iri, 0) for name, kind in all_kinds().items()}
    return {name: number for name, number in numbers.items() if number}


def _disagreements(site: Site) -> Response:
    graph = site.graph
    rows = graph.rows(f"SELECT (COUNT(*) AS ?n) WHERE {{ SELECT DISTINCT ?s ?p WHERE {{ {_DISPUTED} }} }}")
    total = int(rows[0]["n"].value) if rows else 0
    page, last, offset = page_number(total, PAGE)
    pairs = graph.rows(
        f"SELECT DISTINCT ?s ?p ?label WHERE {{ {{ {_DISPUTED} }} OPTIONAL {{ ?s rdfs:label ?label }} }} "
        f"ORDER BY LCASE(STR(?label)) ?s ?p LIMIT {PAGE} OFFSET {offset}"
    )
    disagreements: list[tuple[str, str, list[Claim], set[object]]] = []
    for pair in pairs:
        subject, prop = pair["s"].value, pair["p"].value
        claims = read_claims(graph, f"?c rdf:subject {iri(subject)} ; rdf:predicate {iri(prop)} .")
        holds = {row["o"] for row in graph.rows(f"SELECT ?o WHERE {{ {iri(subject)} {iri(prop)} ?o }}")}
        claims.sort(
            key=lambda claim: (claim.value not in holds, claim.deprecated, str(claim.value), claim.iri)
        )
        disagreements.append((subject, prop, claims, holds))
    terms = [t for s, _, claims, _ in disagreements for t in (s, *(c.value for c in claims))]
    terms += [
        one
        for _, _, claims, _ in disagreements
        for c in claims
        for one in (c.source, c.row, c.corrected_by)
        if one
    ]
    labels = {prop: label_of(prop, graph.ontology) for _, prop, _, _ in disagreements}
    return site.page(
        "disagreements.html",
        disagreements=disagreements,
        total=total,
        page=page,
        last=last,
        offset=offset,
        labels=labels,
        view=site.view(terms),
        page_link=lambda n: site.links.path("disagreements", page=n),
    )
