"""One step of lineage each way, top down, for narrow screens: parents, the work, children along rails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fmgraph.answers.lineage_layout import BOX, LONGEST_LABEL, Pair, label_width, short_label
from fmgraph.ontology import Ontology
from fmgraph.site.entity_facts import label_of
from fmgraph.site.lineage_picture import GROUPS, Relations, edge_id, group_of
from fmgraph.site.page_links import Links

#: Works drawn above and below; how many more there are is said.
MOST_ABOVE, MOST_BELOW = 8, 12
#: Pixels: width of the whole, from row to row, where boxes begin, of the work's own box, of a bend.
_WIDTH, _ROW, _LEFT, _OWN, _BEND = 340, 46, 44, 28, 12


@dataclass(frozen=True)
class Row:
    """A parent or child: its place, its way along the rail of its group, and what the edge says."""

    work: str
    label: str
    href: str
    y: float
    width: float
    words: str
    evidence: str  #: where the evidence of the edge is
    path: str
    group: str


@dataclass(frozen=True)
class Rail:
    """The picture: the work between what it is built on and what is built on it."""

    label: str
    width: int
    height: float
    y: float  #: of the work's own box
    rows: list[Row]
    more: tuple[int, int]  #: how many more there are above and below


def rail(links: Links, ontology: Ontology, relations: Relations, root: str, page: str = "") -> Rail:
    """Return the picture of what the work ``root`` is built on and what is built on it in one step."""
    labels = relations.labels

    def by_label(works: Sequence[str]) -> list[str]:
        return sorted(works, key=lambda work: (labels[work].casefold(), work))

    parents = by_label([parent for parent, child in relations.pairs if child == root])
    children = by_label([child for parent, child in relations.pairs if parent == root])
    above, below = parents[:MOST_ABOVE], children[:MOST_BELOW]
    own = 4 + len(above) * _ROW
    groups = {group_of(props, ontology) for pair, props in relations.pairs.items() if root in pair}
    used = [name for name in GROUPS if name in groups]

    def row(pair: Pair, work: str, y: float) -> Row:
        props = relations.pairs[pair]
        group = group_of(props, ontology)
        x, level = 10 + 6 * used.index(group), y + BOX / 2
        if work == pair[0]:
            path = f"M{_LEFT} {level:g}Q{x} {level:g} {x} {level + _BEND:g}V{own:g}"
        else:
            path = f"M{x} {own + _OWN:g}V{level - _BEND:g}Q{x} {level:g} {_LEFT} {level:g}"
        words = ", ".join(label_of(prop, ontology) for prop in props)
        edge_words = f"{words} this" if work == pair[1] else words
        label = short_label(labels[work])
        at = f"{page}#{edge_id(links, *pair)}"
        width = min(label_width(label) + 18, _WIDTH - _LEFT)
        return Row(work, label, links.page(work) or "", y, round(width), edge_words, at, path, group)

    rows = [row((work, root), work, 4 + n * _ROW) for n, work in enumerate(above)]
    start = own + _OWN + 18
    rows += [row((root, work), work, start + n * _ROW) for n, work in enumerate(below)]
    height = start + len(below) * _ROW if below else own + _OWN + 4
    label = labels[root] if len(labels[root]) <= LONGEST_LABEL + 10 else short_label(labels[root])
    return Rail(label, _WIDTH, height, own, rows, (len(parents) - len(above), len(children) - len(below)))
