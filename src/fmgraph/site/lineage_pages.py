"""``/lineage/{kind}/{slug}``: what a work is built on and what is built on it, as a picture and as lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from fmgraph.answers.lineage import Direction, Edge, Evidence, Lineage, lineage
from fmgraph.answers.lineage_formats import Network, as_json, dot, graphml, mermaid, turtle
from fmgraph.errors import NotFoundError
from fmgraph.ontology import work_kinds
from fmgraph.rdf.formats import GRAPHS, HTML, Format
from fmgraph.rdf.prefixes import FMG
from fmgraph.site.lineage_picture import Drawing, Relations, draw, edge_id
from fmgraph.site.lineage_rail import Rail, rail
from fmgraph.site.page_context import Site
from fmgraph.text import SLUG

#: Works drawn in one tree or picture. More are counted and said to be more.
MOST_WORKS = 300
#: Works drawn in the picture on the work's own page.
MOST_ON_ITS_PAGE = 40
JSON = Format("json", "JSON", "application/json", "json")
SVG = Format("svg", "SVG", "image/svg+xml", "svg")
MERMAID = Format("mermaid", "Mermaid", "text/vnd.mermaid", "mmd", names=("mmd",))
DOT = Format("dot", "DOT", "text/vnd.graphviz", "dot", names=("gv",))
GRAPHML = Format("graphml", "GraphML", "application/graphml+xml", "graphml")
WRITERS = {MERMAID: mermaid, DOT: dot, GRAPHML: graphml}
#: What the lineage of a work is given as, beside the page.
DOWNLOADS = (SVG, MERMAID, DOT, GRAPHML, JSON, GRAPHS[0])
_FORMATS = (HTML, JSON, GRAPHS[0], SVG, MERMAID, DOT, GRAPHML)


@dataclass
class Branch:
    """A work one step on: the relations (IRIs) that lead to it, their evidence, and what follows."""

    work: str
    parent: str  #: of the two that the relations relate
    child: str
    relations: list[str]
    evidence: list[Evidence]
    below: list[Branch] = field(default_factory=list)
    repeated: bool = False  #: drawn before, with what follows


@dataclass
class Tree:
    """What is reached in one direction; ``drawn`` of ``total`` works are in the branches."""

    branches: list[Branch]
    drawn: int
    total: int


def register(pages: Blueprint, site: Site) -> None:
    """Add the route."""

    @pages.get("/lineage/<kind>/<name>")
    def lineage_of(kind: str, name: str) -> Response:
        slug, _, suffix = name.partition(".")
        if kind not in work_kinds() or not SLUG.fullmatch(slug):
            raise NotFoundError(f"only works have lineage ({', '.join(work_kinds())}), not {kind}/{name}")
        node = f"{site.links.base}{kind}/{slug}"
        if not site.graph.triples([node]):
            raise NotFoundError(f"there is no {kind} {slug!r}")
        form = site.negotiate(_FORMATS, suffix)
        up, down = both_ways(site, node)
        if form is HTML:
            return _page(site, kind, slug, up, down)
        return site.answer(_serialise(site, form, up, down).encode(), form)


def both_ways(site: Site, node: str) -> tuple[Lineage, Lineage]:
    """Return what the work is built on and what is built on it."""
    directions: tuple[Direction, Direction] = ("ancestors", "descendants")
    up, down = (lineage(site.engine, node, direction) for direction in directions)
    return up, down


def pictures(
    site: Site, up: Lineage, down: Lineage, most: int, page: str = "", *, whole: bool = False
) -> tuple[Drawing, Rail]:
    """Return the picture of the nearest ``most`` works and that of one step each way."""
    relations = Relations.of(Network.of(up, down))
    near = sorted((*up.nodes, *down.nodes), key=lambda node: (node.depth, node.label.casefold(), node.iri))
    works = {up.root, *(node.iri for node in near[:most])}
    ontology = site.graph.ontology
    drawing = draw(
        site.links,
        ontology,
        relations.among(works),
        root=up.root,
        page=page,
        whole=whole,
        left_out=len(relations.labels) - len(works),
    )
    return drawing, rail(site.links, ontology, relations, up.root, page)


def _serialise(site: Site, form: Format, up: Lineage, down: Lineage) -> str:
    if form is SVG:
        drawing, _ = pictures(site, up, down, MOST_WORKS, whole="all" in request.args)
        return site.render("lineage.svg", picture=drawing, name=f"Lineage of {up.label}")
    if form is JSON:
        return f'{{"ancestors": {as_json(up)}, "descendants": {as_json(down)}}}\n'
    if form is GRAPHS[0]:
        return turtle(up) + turtle(down)
    return WRITERS[form](Network.of(up, down))


def _page(site: Site, kind: str, slug: str, up: Lineage, down: Lineage) -> Response:
    view = site.view(labels={**up.labels(), **down.labels()})
    names = {e.relation for one in (up, down) for e in one.edges}
    ontology = site.graph.ontology
    whole = "all" in request.args
    drawing, rail_drawing = pictures(site, up, down, MOST_WORKS, whole=whole)
    context: dict[str, Any] = {"kind": kind, "slug": slug, "iri": up.root, "view": view, "whole": whole}
    return site.page(
        "lineage.html",
        up=tree(up),
        down=tree(down),
        drawing=drawing,
        rail=rail_drawing,
        edge_id=lambda branch: edge_id(site.links, branch.parent, branch.child),
        labels={FMG + name: ontology.property(FMG + name).label or name for name in names},
        downloads=DOWNLOADS,
        **context,
    )


def tree(answer: Lineage, most: int = MOST_WORKS) -> Tree:
    """Return the answer as a tree of at most ``most`` works, the nearest first; a work is opened once."""
    nearest = {node.iri for node in sorted(answer.nodes, key=lambda n: (n.depth, n.label.casefold()))[:most]}
    seen = {answer.root}

    labels = answer.labels()
    steps: dict[str, dict[str, list[Edge]]] = {}
    for edge in answer.edges:
        near, far = edge.parent, edge.child
        if answer.direction == "ancestors":
            near, far = far, near
        if far in nearest or far == answer.root:
            steps.setdefault(near, {}).setdefault(far, []).append(edge)

    def grow(work: str) -> Iterator[Branch]:
        neighbours = sorted(
            steps.get(work, {}).items(), key=lambda item: (labels[item[0]].casefold(), item[0])
        )
        for there, edges in neighbours:
            evidence = {one.claim: one for edge in edges for one in edge.evidence}
            relations = [FMG + edge.relation for edge in edges]
            branch = Branch(there, edges[0].parent, edges[0].child, relations, list(evidence.values()))
            branch.repeated = there in seen
            if not branch.repeated:
                seen.add(there)
                branch.below = list(grow(there))
            yield branch

    branches = list(grow(answer.root))
    return Tree(branches, len(seen) - 1, len(answer.nodes))
