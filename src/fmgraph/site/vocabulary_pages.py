"""``/vocabulary``: backbones, methods and modalities as trees; ``/ns``: the ontology, RDF and HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox
from flask import Blueprint
from markupsafe import Markup
from werkzeug.wrappers import Response

from fmgraph import resources
from fmgraph.errors import NotFoundError, OntologyError
from fmgraph.ontology import all_kinds, published_ontology
from fmgraph.publish import ontology_page
from fmgraph.rdf.formats import GRAPHS, HTML, Format, named
from fmgraph.rdf.prefixes import FMG, OWL, RDFS, SKOS, VOID
from fmgraph.site.graph_reader import Term, iri, text
from fmgraph.site.lineage_picture import Drawing, Relations, draw
from fmgraph.site.page_context import Site
from fmgraph.site.rdf_documents import write
from fmgraph.site.signposting import ENTITY_GRAPHS

_FORMATS = (HTML, *GRAPHS)
_FILE = "fmgraph.ttl"
#: Not rdfs:subClassOf, which is read the other way round.
_BELOW = "above"
_HEADING = re.compile(
    r"<h2[^>]*>(?P<section>.*?)</h2>"
    r'|<div class="property entity" id="(?P<id>[^"]*)">\s*<h3>(?P<label>.*?)</h3>',
    re.DOTALL,
)
_COUNTS = f"""PREFIX void: <{VOID}>
SELECT ?class ?things ?property ?triples WHERE {{
  ?part void:class ?class ; void:entities ?things ;
    void:propertyPartition [ void:property ?property ; void:triples ?triples ] .
  FILTER(STRSTARTS(STR(?class), "{FMG}")) }}"""
BROADER = SKOS + "broaderTransitive"


@dataclass
class Concept:
    """A concept with the number of works that use it or something narrower, and what is narrower."""

    iri: str
    works: int
    narrower: list[Concept] = field(default_factory=list)


def register(pages: Blueprint, site: Site) -> None:
    """Add the routes."""

    @pages.get("/vocabulary")
    def vocabulary() -> Response:
        uses = schemes(site)
        trees = {kind: tree(site, kind, prop) for kind, prop in uses.items()}
        names = [c for concepts in trees.values() for c in _flat(concepts)]
        return site.page("vocabulary.html", trees=trees, view=site.view(names), schemes=uses)

    @pages.get("/ns")
    @pages.get("/ns.<suffix>")
    def namespace(suffix: str = "") -> Response:
        return _ontology(site, suffix)

    @pages.get("/ns/<name>")
    def version(name: str) -> Response:
        known = ontology_versions()
        stem, _, suffix = name.rpartition(".")
        if name in known:
            stem, suffix = name, ""
        if stem not in known or (suffix and named(suffix, _FORMATS) is None):
            raise NotFoundError(f"there is no version {name!r} of the ontology here", sorted(known))
        return _version(site, stem, known[stem], suffix)


def ontology_versions() -> dict[str, Path | None]:
    """Return the files of the ontology by version: those released, and None for the one in use."""
    folder = resources.ontology_dir()
    current = next((text(o) for _, p, o in ontology_triples() if p == OWL + "versionInfo"), "")
    released: dict[str, Path | None] = {path.stem: path for path in (folder / "versions").glob("*.ttl")}
    return {current: None} | released


def schemes(site: Site) -> dict[str, str]:
    """Return the kinds that are concepts in a hierarchy, with the property by which works use them."""
    facets = site.graph.ontology.facets(FMG + "Model")
    return {facet.kind: facet.prop for facet in facets if facet.kind and facet.along == BROADER}


def tree(site: Site, kind: str, prop: str) -> list[Concept]:
    """Return the top concepts of a kind with all that is narrower; ``prop`` is how works use them.

    A concept stands below each that is broader; what is narrower than it is shown at the first place only.
    """
    rows = site.graph.rows(
        f"SELECT ?s ?label ?up WHERE {{ ?s a {iri(all_kinds()[kind].iri)} . "
        "OPTIONAL { ?s rdfs:label ?label } OPTIONAL { ?s skos:broader ?up } } ORDER BY LCASE(STR(?label)) ?s"
    )
    use = site.graph.rows(
        f"SELECT ?c (COUNT(DISTINCT ?w) AS ?n) WHERE {{ ?w {iri(prop)}/{iri(BROADER)}? ?c }} GROUP BY ?c"
    )
    works = {row["c"].value: int(row["n"].value) for row in use}
    names = dict.fromkeys(row["s"].value for row in rows)
    below: dict[str, dict[str, None]] = {}
    has_broader: set[str] = set()
    for row in rows:
        if row.get("up") is not None and row["up"].value in names:
            below.setdefault(row["up"].value, {})[row["s"].value] = None
            has_broader.add(row["s"].value)
    opened: set[str] = set()

    def grow(one: str) -> Concept:
        again = one in opened
        opened.add(one)
        return Concept(one, works.get(one, 0), [] if again else [grow(child) for child in below.get(one, ())])

    return [grow(one) for one in names if one not in has_broader]


def _flat(concepts: list[Concept]) -> list[str]:
    return [name for one in concepts for name in (one.iri, *_flat(one.narrower))]


@lru_cache(maxsize=2)
def _read(file: Path) -> list[tuple[str, str, Term]]:
    try:
        quads = list(ox.parse(path=file, format=ox.RdfFormat.TURTLE))
    except (OSError, SyntaxError) as error:
        raise OntologyError(f"cannot be read: {error}", file=file) from error
    return [
        (text(q.subject), q.predicate.value, q.object) for q in quads if isinstance(q.subject, ox.NamedNode)
    ]


def ontology_triples() -> list[tuple[str, str, Term]]:
    """Return the ontology's triples with named subjects; raises OntologyError where it cannot be read."""
    return _read(resources.ontology_dir() / _FILE)


def _ontology(site: Site, suffix: str) -> Response:
    form = site.negotiate(_FORMATS, suffix)
    if form is not HTML:
        return _as_rdf(site, published_ontology(), form)
    body = ontology_page.html()
    return site.page(
        "ns.html",
        documentation=Markup(body),  # noqa: S704
        contents=contents(body),
        classes=classes_in_use(site),
        drawing=_class_diagram(site),
        fmg=FMG,
        graphs=ENTITY_GRAPHS,
        view=site.view(),
    )


def _version(site: Site, version: str, file: Path | None, suffix: str) -> Response:
    form = site.negotiate(_FORMATS, suffix)
    turtle = file.read_text("utf-8") if file else published_ontology()
    if form is not HTML:
        return _as_rdf(site, turtle, form)
    return site.page(
        "rdf_file.html",
        title=f"The fmgraph ontology, version {version}",
        iri=f"{FMG.rstrip('#')}/{version}",
        path=site.links.path("ns", version),
        turtle=turtle,
        graphs=ENTITY_GRAPHS,
    )


def _as_rdf(site: Site, turtle: str, form: Format) -> Response:
    if form.name == "turtle":
        return site.answer(turtle.encode(), form)
    triples = [quad.triple for quad in ox.parse(turtle.encode(), ox.RdfFormat.TURTLE)]
    return site.answer(write(triples, form), form)


def contents(body: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the sections of the ontology's page with the ids and labels of the terms in each."""
    sections: list[tuple[str, list[tuple[str, str]]]] = []
    for match in _HEADING.finditer(body):
        if match["section"]:
            sections.append((re.sub(r"<[^>]*>", "", match["section"]), []))
        elif sections:
            sections[-1][1].append(
                (match["id"], re.sub(r"<sup.*", "", match["label"], flags=re.DOTALL).strip())
            )
    return [(title, terms) for title, terms in sections if terms]


def classes_in_use(site: Site) -> list[tuple[str, int, list[tuple[str, int]]]]:
    """Return our classes with how many things they have, and their properties with the triples of each."""
    rows = site.graph.rows(_COUNTS)
    classes: dict[str, tuple[int, dict[str, int]]] = {}
    for row in rows:
        _, uses = classes.setdefault(row["class"].value, (int(row["things"].value), {}))
        uses[row["property"].value] = int(row["triples"].value)
    return [
        (cls, things, sorted(uses.items(), key=lambda use: (-use[1], use[0])))
        for cls, (things, uses) in sorted(classes.items(), key=lambda one: (-one[1][0], one[0]))
    ]


def _class_diagram(site: Site) -> Drawing | None:
    """Return our classes as a picture, from each to those its properties lead to and those below it."""
    ontology = site.graph.ontology
    pairs: dict[tuple[str, str], list[str]] = {}
    for prop in ontology.properties.values():
        ends = [(one, other) for one in prop.domains for other in prop.ranges] if prop.claimed else []
        for one, other in ends:
            if one.startswith(FMG) and other.startswith(FMG) and one != other:
                pairs.setdefault((one, other), []).append(prop.iri)
    for cls in ontology.labels():
        for above in ontology.values(cls, RDFS + "subClassOf"):
            if cls.startswith(FMG) and above.startswith(FMG) and cls != above:
                pairs.setdefault((above, cls), []).append(_BELOW)
    if not pairs:
        return None
    labels = {cls: ontology.labels().get(cls, cls[len(FMG) :]) for pair in pairs for cls in pair}
    leads = {pair: f"#{pair[1][len(FMG) :]}" for pair in pairs}
    relations = Relations(labels, pairs)
    return draw(site.links, ontology, relations, whole=True, width=900, leads=leads, forward=True)
