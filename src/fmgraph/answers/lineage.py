"""Lineage: what a work is built on, and what is built on it, with the evidence of every edge."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from fmgraph.answers.named_queries import find_entity
from fmgraph.ontology import work_kinds
from fmgraph.rdf.prefixes import FMG, PREFIXES
from fmgraph.rdf.terms import bare
from fmgraph.server.engine import Engine
from fmgraph.server.engine import Term as RdfTerm

Direction = Literal["descendants", "ancestors"]

_PROLOGUE = "\n".join(f"PREFIX {prefix}: <{iri}>" for prefix, iri in PREFIXES.items())
_EDGES = """
SELECT DISTINCT ?child ?childLabel ?parent ?parentLabel ?relation ?claim ?source ?sourceLabel ?locator WHERE {
  { VALUES ?reached { %(root)s } } UNION { %(reach)s }
  ?child fmg:builtOn ?parent .
  ?child rdfs:label ?childLabel . ?parent rdfs:label ?parentLabel .
  ?claim rdf:subject ?child ; rdf:object ?parent ; rdf:predicate ?relation .
  ?relation rdfs:subPropertyOf* fmg:builtOn .
  ?claim fmg:accepted true .
  OPTIONAL {
    ?claim prov:hadPrimarySource|prov:wasQuotedFrom ?source .
    OPTIONAL { ?source rdfs:label ?sourceLabel }
  }
  OPTIONAL { ?claim fmg:locator ?locator }
}
"""


@dataclass(frozen=True)
class Evidence:
    """One claim behind an edge: its IRI, its source's IRI and name, and where in the source."""

    claim: str
    source: str | None
    source_label: str | None
    locator: str | None


@dataclass(frozen=True)
class Edge:
    """``child`` stands in ``relation`` (a local name such as ``distilledFrom``) to ``parent``; all IRIs."""

    child: str
    relation: str
    parent: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Node:
    """A work that is reached: its shortest path from the root, as the IRIs passed, root first."""

    iri: str
    label: str
    depth: int
    path: tuple[str, ...]


@dataclass(frozen=True)
class Lineage:
    """The answer: nodes by depth and label (without the root), and the edges among them and the root."""

    root: str
    label: str
    direction: Direction
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the answer as plain dictionaries and lists, as the JSON answer has it."""
        return asdict(self)

    def steps(self, iri: str) -> list[tuple[str, list[Edge]]]:
        """Return the works one step on from a work, by label, with the edges that lead there."""
        grouped: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            near, far = _ends(edge, self.direction)
            if near == iri:
                grouped[far].append(edge)
        labels = self.labels()
        return sorted(grouped.items(), key=lambda item: (labels[item[0]].casefold(), item[0]))

    def labels(self) -> dict[str, str]:
        """Return the label of every work in the answer by IRI."""
        return {self.root: self.label, **{node.iri: node.label for node in self.nodes}}


def lineage(
    engine: Engine, name: str, direction: Direction = "descendants", depth: int | None = None
) -> Lineage:
    """Return what is built on the work (or, for ``ancestors``, what it is built on).

    ``name`` is an IRI, ``kind/slug``, slug, label, alias or external id; ``depth`` limits the steps.
    Raises NotFoundError with the nearest names for an unknown work.
    """
    root = find_entity(name, work_kinds(), engine)
    ends = ("parent", "child") if direction == "descendants" else ("child", "parent")
    reach = (
        f"?reached fmg:derivesFrom {root}"
        if direction == "descendants"
        else f"{root} fmg:derivesFrom ?reached"
    )
    query = (_EDGES % {"root": root, "reach": reach}).replace("?reached", f"?{ends[0]}")
    rows = engine.rows(_PROLOGUE + query)
    labels = {_text(row[end]): _text(row[f"{end}Label"]) for row in rows for end in ends}
    root_iri = bare(root)
    nodes = _nodes(root_iri, _edges(rows), direction, labels, depth)
    iris = {root_iri, *(node.iri for node in nodes)}
    edges = tuple(edge for edge in _edges(rows) if edge.child in iris and edge.parent in iris)
    label = labels.get(root_iri) or _label(engine, root)
    return Lineage(root_iri, label, direction, nodes, edges)


def _label(engine: Engine, root: str) -> str:
    rows = engine.rows(f"{_PROLOGUE} SELECT ?label WHERE {{ {root} rdfs:label ?label }}")
    return _text(rows[0]["label"]) if rows else bare(root)


def _text(term: RdfTerm) -> str:
    return str(getattr(term, "value", term))


def _ends(edge: Edge, direction: Direction) -> tuple[str, str]:
    return (edge.parent, edge.child) if direction == "descendants" else (edge.child, edge.parent)


def _edges(rows: Iterable[dict[str, RdfTerm]]) -> tuple[Edge, ...]:
    """Return one edge per pair and relation; the umbrella is left out where a specific relation is known."""
    relations_of: dict[tuple[str, str], dict[str, set[Evidence]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        get = {key: _text(term) for key, term in row.items()}
        relations_of[get["child"], get["parent"]][get["relation"].removeprefix(FMG)].add(
            Evidence(get["claim"], get.get("source"), get.get("sourceLabel"), get.get("locator"))
        )
    edges = []
    for (child, parent), relations in sorted(relations_of.items()):
        for relation, evidence in sorted(relations.items()):
            if relation == "builtOn" and len(relations) > 1:
                continue
            if len(relations) > 1:
                evidence = evidence | relations.get("builtOn", set())
            edges.append(Edge(child, relation, parent, tuple(sorted(evidence, key=lambda one: one.claim))))
    return tuple(edges)


def _nodes(
    root: str, edges: Iterable[Edge], direction: Direction, labels: dict[str, str], depth: int | None
) -> tuple[Node, ...]:
    following: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        near, far = _ends(edge, direction)
        following[near].add(far)
    paths: dict[str, tuple[str, ...]] = {root: (root,)}
    queue = deque([root])
    while queue:
        here = queue.popleft()
        if depth is not None and len(paths[here]) > depth:
            continue
        for there in sorted(following[here] - paths.keys()):
            paths[there] = (*paths[here], there)
            queue.append(there)
    nodes = [Node(iri, labels[iri], len(path) - 1, path) for iri, path in paths.items() if iri != root]
    return tuple(sorted(nodes, key=lambda node: (node.depth, node.label.casefold(), node.iri)))
