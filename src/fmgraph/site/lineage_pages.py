"""``/lineage/{kind}/{slug}``: what a work is built on and what is built on it, as nested lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import Blueprint
from werkzeug.wrappers import Response

from fmgraph.answers.lineage import Direction, Edge, Evidence, Lineage, lineage
from fmgraph.answers.lineage_formats import as_json, turtle
from fmgraph.errors import NotFoundError
from fmgraph.ontology import work_kinds
from fmgraph.rdf.formats import GRAPHS, HTML, Format
from fmgraph.rdf.prefixes import FMG
from fmgraph.site.page_context import Site
from fmgraph.text import SLUG

#: Works drawn in one tree. More are counted and said to be more, with the query that lists them.
MOST_WORKS = 300
_JSON = Format("json", "JSON", "application/json", "json")
_FORMATS = (HTML, _JSON, GRAPHS[0])


@dataclass
class Branch:
    """A work one step on: the relations (IRIs) that lead to it, their evidence, and what follows."""

    work: str
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
        both: tuple[Direction, Direction] = ("ancestors", "descendants")
        up, down = (lineage(site.engine, node, direction) for direction in both)
        if form is HTML:
            return _page(site, kind, slug, up, down)
        body = as_json(up) if form is _JSON else turtle(up)
        if form is _JSON:
            body = f'{{"ancestors": {body}, "descendants": {as_json(down)}}}\n'
        else:
            body += turtle(down)
        return site.answer(body.encode(), form)


def _page(site: Site, kind: str, slug: str, up: Lineage, down: Lineage) -> Response:
    view = site.view(labels={**up.labels(), **down.labels()})
    names = {e.relation for one in (up, down) for e in one.edges}
    ontology = site.graph.ontology
    return site.page(
        "lineage.html",
        kind=kind,
        slug=slug,
        iri=up.root,
        up=tree(up),
        down=tree(down),
        view=view,
        labels={FMG + name: ontology.property(FMG + name).label or name for name in names},
        most=MOST_WORKS,
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
        found = sorted(steps.get(work, {}).items(), key=lambda item: (labels[item[0]].casefold(), item[0]))
        for there, edges in found:
            evidence = {one.claim: one for edge in edges for one in edge.evidence}
            branch = Branch(there, [FMG + edge.relation for edge in edges], list(evidence.values()))
            branch.repeated = there in seen
            if not branch.repeated:
                seen.add(there)
                branch.below = list(grow(there))
            yield branch

    branches = list(grow(answer.root))
    return Tree(branches, len(seen) - 1, len(answer.nodes))
