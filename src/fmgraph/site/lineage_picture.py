"""Lineage as a picture: works as boxes that are links, edges by group, drawn by ``_lineage.svg``.

What is where is :mod:`fmgraph.answers.lineage_layout`'s; how it looks is the style sheet's, and in a file of
its own that of :data:`GROUPS`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from fmgraph.answers.lineage_formats import Network
from fmgraph.answers.lineage_layout import Box, Pair, Picture, lay_out, without_implied
from fmgraph.ontology import Ontology
from fmgraph.rdf.prefixes import FMG
from fmgraph.site.entity_facts import label_of
from fmgraph.site.page_links import Links

#: From so many descendants on a box is heavier.
_WEIGHTS = (1, 4, 10, 25)


@dataclass(frozen=True)
class Group:
    """How the relations of one ``fmg:drawnAs`` are drawn: words of the legend, colour and dashes."""

    title: str
    stroke: str
    dashes: str = ""


#: By the value of ``fmg:drawnAs``, the strongest first; the last is what no source says more closely.
GROUPS = {
    "weights": Group("continues from its weights", "#0b6e75"),
    "component": Group("has it as a component", "#5b4bb5", "7 3"),
    "output": Group("learned from its output", "#b3501a", "2 3"),
    "version": Group("is a variant or successor", "#6b7478", "9 3 2 3"),
    "": Group("built on it, not stated how", "#9aa3a6", "4 4"),
}


@dataclass(frozen=True)
class Node:
    """A box with where it leads, what it says in full and how heavy it is (0 to 4)."""

    box: Box
    href: str
    title: str
    weight: int
    root: bool


@dataclass(frozen=True)
class Line:
    """An edge with where its evidence is, and what it says."""

    path: str
    href: str
    title: str


@dataclass(frozen=True)
class Drawing:
    """What the template draws: lines by group, boxes, and what is not drawn."""

    width: int
    height: int
    nodes: list[Node]
    lines: dict[str, list[Line]]
    implied: int  #: edges left out because a longer way says as much
    left_out: int  #: works left out

    @property
    def legend(self) -> dict[str, Group]:
        """The groups that are drawn."""
        return {name: group for name, group in GROUPS.items() if self.lines.get(name)}


@dataclass
class Relations:
    """The edges among some works: labels by IRI, and each pair of parent and child with its relations."""

    labels: Mapping[str, str]
    pairs: dict[Pair, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, network: Network) -> Relations:
        """Return the relations of the edges of a network."""
        relations = cls(network.labels)
        for edge in network.edges:
            relations.pairs.setdefault((edge.parent, edge.child), []).append(FMG + edge.relation)
        return relations

    def among(self, works: Collection[str]) -> Relations:
        """Return the relations among these works alone."""
        pairs = {pair: props for pair, props in self.pairs.items() if pair[0] in works and pair[1] in works}
        return Relations({work: self.labels[work] for work in works}, pairs)


def group_of(relations: Iterable[str], ontology: Ontology) -> str:
    """Return the group in which a pair of these relations is drawn: the strongest."""
    groups = {ontology.property(relation).drawn_as for relation in relations}
    return next((name for name in GROUPS if name in groups), "")


def short_name(links: Links, work: str) -> str:
    """Return a work's name in fragments: the slug of a model, ``application.slug`` of another kind."""
    kind, slug = links.entity(work) or ("", work)
    return slug if kind == "model" else f"{kind}.{slug}"


def edge_id(links: Links, parent: str, child: str) -> str:
    """Return the fragment of an edge on a lineage page."""
    return f"{short_name(links, child)}_{short_name(links, parent)}"


def draw(
    links: Links,
    ontology: Ontology,
    relations: Relations,
    *,
    root: str = "",
    page: str = "",
    whole: bool = False,
    width: float = 0,
    left_out: int = 0,
    weigh: Mapping[str, int] | None = None,
    leads: Mapping[Pair, str] | None = None,
    forward: bool = False,
    picture: Picture | None = None,
) -> Drawing:
    """Return the drawing of the relations.

    Edges lead to their place on the lineage page ``page`` ("" for the page that is shown, on which they must
    be), or without ``root`` to that on the child's own. ``whole`` keeps edges that a longer way implies.
    ``weigh`` says how many works are built on each, by which they are weighed. ``leads`` says where an edge
    leads instead. With ``forward`` a pair is subject and object of a triple, not parent and child.
    ``picture`` is where these works stand, if they are laid out already.
    """
    if picture is None:
        pairs = sorted(relations.pairs) if whole else without_implied(relations.pairs)
        picture = lay_out(relations.labels, pairs, width)
    built_on = weigh or {}
    labels = relations.labels
    lines: dict[str, list[Line]] = {name: [] for name in GROUPS}
    for curve in picture.curves:
        props = relations.pairs[curve.parent, curve.child]
        words = ", ".join(label_of(prop, ontology) for prop in props)
        ends = (labels[curve.parent], labels[curve.child])
        subject, value = ends if forward else reversed(ends)
        if leads is not None:
            href = leads[curve.parent, curve.child]
        else:
            at = page if root else links.lineage(curve.child) or links.path("lineage", "")
            href = f"{at}#{edge_id(links, curve.parent, curve.child)}"
        lines[group_of(props, ontology)].append(Line(curve.path, href, f"{subject}: {words} {value}"))
    nodes = [
        Node(
            box,
            links.page(box.iri) or "",
            _title(labels[box.iri], built_on.get(box.iri, 0)),
            sum(built_on.get(box.iri, 0) >= least for least in _WEIGHTS),
            box.iri == root,
        )
        for box in picture.boxes
    ]
    return Drawing(
        round(picture.width),
        round(picture.height),
        nodes,
        {name: group_lines for name, group_lines in lines.items() if group_lines},
        len(relations.pairs) - len(picture.curves),
        left_out,
    )


def _title(label: str, built_on: int) -> str:
    return f"{label}: {built_on} built on it" if built_on else label
