"""Where the works of a lineage stand in a picture: layers from ancestors to descendants, few crossings.

The layers and the order within them are fast-sugiyama's (Sugiyama, Tagawa and Toda 1981): 240 edges take
7 ms, so that the picture of one work is laid out when it is asked for, whatever engine holds the graph. That
of the whole field is kept with the dataset (:mod:`fmgraph.answers.field_layout`). Rows, columns, curves and
the packing of components are done here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import fast_sugiyama

#: Pixels: height of a box, from row to row, between columns, between components, around everything.
BOX, ROW, COLUMN_GAP, COMPONENT_GAP, MARGIN = 24, 30, 48, 36, 8
#: Labels longer than this are cut; the whole is in the title.
LONGEST_LABEL = 30
_PADDING = 9
#: What the bold label of the work in the middle may take more.
_BOLDER = 4
_NARROW, _WIDE = frozenset("iIjl.,:;'|!ft()[]- r/1"), frozenset("mwMW@%&QOGDHNU")

#: Rows that a bend of an edge takes, and sweeps by which the rows are settled.
_BEND_ROOM, _SWEEPS = 0.4, 16

#: parent and child
Pair = tuple[str, str]


@dataclass(frozen=True)
class Box:
    """A work in the picture: its IRI, its label (cut where it is long) and its place."""

    iri: str
    label: str
    x: float
    y: float
    width: float
    height: float = BOX


#: A level piece of a way: from x to x, at y.
Run = tuple[float, float, float]


@dataclass(frozen=True)
class Curve:
    """An edge in the picture: parent and child, and the level runs that it takes through the columns."""

    parent: str
    child: str
    runs: tuple[Run, ...]

    @property
    def path(self) -> str:
        """The way as SVG path data: level through the columns, curved between them."""
        start, end, y = self.runs[0]
        data = f"M{start:g} {y:g}" + (f"H{end:g}" if end != start else "")
        for begin, stop, level in self.runs[1:]:
            middle = (end + begin) / 2
            data += (
                f"C{middle:g} {y:g} {middle:g} {level:g} {begin:g} {level:g}" if level != y else f"H{begin:g}"
            )
            if stop != begin:
                data += f"H{stop:g}"
            end, y = stop, level
        return data


@dataclass
class Picture:
    """Boxes and curves with the size of the whole, in pixels."""

    width: float = 0
    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)


def short_label(label: str) -> str:
    """Return the label, cut where it is too long for a box."""
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…"


def label_width(label: str) -> float:
    """Return about how many pixels a label takes in a sans-serif of 12.5 pixels, rather too many."""
    return sum(4.6 if char in _NARROW else 10.2 if char in _WIDE else 7.5 for char in label)


def without_implied(pairs: Iterable[Pair]) -> list[Pair]:
    """Return the pairs without those that a longer way from parent to child implies, sorted.

    Within a cycle nothing is implied, so that no work loses its last edge.
    """
    below: dict[str, set[str]] = defaultdict(set)
    for parent, child in pairs:
        below[parent].add(child)
    reached = {start: _reach(below, start) for start in list(below)}

    def implied(parent: str, child: str) -> bool:
        if parent in reached.get(child, ()):
            return False
        return any(
            child in reached.get(other, ())
            and parent not in reached[other]
            and other not in reached.get(child, ())
            for other in below[parent]
            if other != child
        )

    return sorted((p, c) for p, children in below.items() for c in children if not implied(p, c))


def _reach(below: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = list(below.get(start, ()))
    while todo:
        work = todo.pop()
        if work not in seen:
            seen.add(work)
            todo.extend(below.get(work, ()))
    return seen


def descendants(pairs: Iterable[Pair]) -> dict[str, int]:
    """Return how many works are built on each work that has any, directly or not."""
    below: dict[str, set[str]] = defaultdict(set)
    for parent, child in pairs:
        below[parent].add(child)
    return {work: len(_reach(below, work) - {work}) for work in list(below)}


def lay_out(labels: Mapping[str, str], pairs: Iterable[Pair], width: float = 0) -> Picture:
    """Return the picture of the pairs, ancestors left and descendants right.

    ``labels`` are those of all works, by IRI; one without a pair stands by itself. Components are packed into
    shelves of ``width`` pixels, or of the widest component's. The same pairs give the same picture.
    """
    distinct_pairs = sorted({(p, c) for p, c in pairs if p != c})
    parts = [_component(labels, pairs) for pairs in _components(distinct_pairs)]
    alone = sorted(labels.keys() - {work for pair in distinct_pairs for work in pair})
    parts += [Picture(box.width, BOX, [box]) for box in (_box(work, labels, 0, 0) for work in alone)]
    return _packed(parts, width)


def _components(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Return the pairs, component by component."""
    beside: dict[str, set[str]] = defaultdict(set)
    for parent, child in pairs:
        beside[parent].add(child)
        beside[child].add(parent)
    number: dict[str, int] = {}
    for work in beside:
        if work not in number:
            number.update(dict.fromkeys((work, *_reach(beside, work)), len(number)))
    components: dict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        components[number[pair[0]]].append(pair)
    return list(components.values())


def _box(work: str, labels: Mapping[str, str], x: float, y: float) -> Box:
    label = short_label(labels[work])
    return Box(work, label, x, y, round(label_width(label) + 2 * _PADDING + _BOLDER))


def _component(labels: Mapping[str, str], pairs: Sequence[Pair]) -> Picture:
    """Return the picture of one component; of several at once, fast-sugiyama 0.5.3 mixes up the bends."""
    order = sorted({work for pair in pairs for work in pair})
    number = {work: n for n, work in enumerate(order)}
    [(positions, _, _, steps)] = fast_sugiyama.from_edges(
        [(number[parent], number[child]) for parent, child in pairs],
        vertex_spacing=1,
        dummy_vertices=True,
        ranking_type="minimize",
        crossing_minimization="barycenter",
        check_layout=False,
    )
    # Position in the layer and layer of each node; those that are no works are bends of edges.
    top = max(place[1] for _, place in positions)
    layer = {int(node): round(top - place[1]) for node, place in positions}
    ordered = sorted((layer[int(node)], place[0], int(node)) for node, place in positions)
    row = _rows(ordered, [(int(a), int(b)) for a, b in steps or ()], len(order))
    height = {node: at * ROW for node, at in row.items()}
    boxes = {node: _box(order[node], labels, 0, height[node]) for node in layer if node < len(order)}
    widest = [0.0] * (max(layer.values()) + 1)
    for node, box in boxes.items():
        widest[layer[node]] = max(widest[layer[node]], box.width)
    left, at = [], 0.0
    for one in widest:
        left.append(at)
        at += one + COLUMN_GAP
    placed = [Box(b.iri, b.label, left[layer[node]], b.y, b.width) for node, b in sorted(boxes.items())]

    following = defaultdict(list)
    for parent, child in steps or ():
        following[int(parent)].append(int(child))

    def run(node: int) -> Run:
        column = layer[node]
        begin, end = left[column], left[column] + widest[column]
        return (begin, begin if node in boxes else end, height[node] + BOX / 2)

    curves = []
    for node in sorted(boxes):
        for step in sorted(following[node]):
            way = [node, step]
            while way[-1] not in boxes:
                way.append(following[way[-1]][0])
            start = (left[layer[node]] + boxes[node].width, run(node)[0] + widest[layer[node]], run(node)[2])
            runs = (start, *(run(one) for one in way[1:]))
            curves.append(Curve(order[node], order[way[-1]], runs))
    return Picture(at - COLUMN_GAP, max(height.values()) + BOX, placed, curves)


def _rows(
    ordered: Sequence[tuple[int, float, int]], steps: Sequence[tuple[int, int]], works: int
) -> dict[int, float]:
    """Return the row of each node: near its neighbours, close together, in the order within its layer.

    ``ordered`` are layer, position and node. Sweeps over the layers set each as near to the means of its
    neighbours as order and distance allow (isotonic regression); bends take less room than works.
    """
    beside: dict[int, list[int]] = defaultdict(list)
    for one, other in steps:
        beside[one].append(other)
        beside[other].append(one)
    layers: dict[int, list[int]] = defaultdict(list)
    for number, _, node in ordered:
        layers[number].append(node)
    offsets = {}
    for nodes in layers.values():
        at = 0.0
        for before, node in zip([None, *nodes], nodes, strict=False):
            if before is not None:
                at += sum(0.5 if one < works else _BEND_ROOM / 2 for one in (before, node))
            offsets[node] = at
    row = {node: offsets[node] - offsets[nodes[-1]] / 2 for nodes in layers.values() for node in nodes}
    for sweep in range(_SWEEPS):
        for number in sorted(layers, reverse=sweep % 2 == 1):
            blocks: list[tuple[float, int]] = []
            for node in layers[number]:
                near = [row[one] for one in beside[node]]
                total, count = sum(near) / len(near) - offsets[node], 1
                while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
                    more, many = blocks.pop()
                    total, count = total + more, count + many
                blocks.append((total, count))
            means = (total / count for total, count in blocks for _ in range(count))
            for node, mean in zip(layers[number], means, strict=True):
                row[node] = mean + offsets[node]
    first = min(row.values())
    return {node: round(at - first, 2) for node, at in row.items()}


def _packed(parts: list[Picture], width: float) -> Picture:
    """Return the components on shelves, the highest first."""
    parts.sort(key=lambda part: (-part.height, -part.width, part.boxes[0].iri))
    room = max([width, *(part.width for part in parts)], default=0)
    whole, x, y, shelf = Picture(), 0.0, 0.0, 0.0
    for part in parts:
        if x and x + part.width > room:
            x, y, shelf = 0.0, y + shelf + COMPONENT_GAP, 0.0
        dx, dy = x + MARGIN, y + MARGIN
        whole.boxes += [Box(b.iri, b.label, b.x + dx, b.y + dy, b.width) for b in part.boxes]
        whole.curves += [
            Curve(c.parent, c.child, tuple((a + dx, b + dx, level + dy) for a, b, level in c.runs))
            for c in part.curves
        ]
        x, shelf = x + part.width + COMPONENT_GAP, max(shelf, part.height)
        whole.width = max(whole.width, dx + part.width + MARGIN)
    whole.height = y + shelf + 2 * MARGIN
    return whole
