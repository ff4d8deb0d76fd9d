"""A lineage answer as text, JSON, Turtle, Mermaid, DOT or GraphML."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree

from fmgraph.answers.lineage import Edge, Lineage
from fmgraph.rdf.prefixes import FMG, PREFIXES, PROV
from fmgraph.rdf.terms import literal

_ARROWS = {"descendants": "built on it", "ancestors": "it is built on"}


def text(answer: Lineage) -> str:
    """Return an indented tree; a work met again is named, not expanded again."""
    lines = [f"{answer.label}: {len(answer.nodes)} works {_ARROWS[answer.direction]}"]
    labels, seen = answer.labels(), {answer.root}

    def walk(iri: str, indent: int) -> None:
        for there, edges in answer.steps(iri):
            again = " (see above)" if there in seen else ""
            lines.append(
                f"{'  ' * indent}{labels[there]}  [{', '.join(edge.relation for edge in edges)}]{again}"
            )
            lines.extend(f"{'  ' * indent}    {_source(edge)}" for edge in edges if not again)
            if not again:
                seen.add(there)
                walk(there, indent + 1)

    walk(answer.root, 1)
    return "\n".join(lines) + "\n"


def _source(edge: Edge) -> str:
    first = edge.evidence[0]
    more = f" and {len(edge.evidence) - 1} more" if len(edge.evidence) > 1 else ""
    where = f" ({first.locator})" if first.locator else ""
    return f"{edge.relation}: {first.source_label or first.source or first.claim}{where}{more}"


def as_json(answer: Lineage) -> str:
    """Return the answer as JSON: root, label, direction, nodes with paths, edges with evidence."""
    return json.dumps(answer.as_dict(), indent=2, ensure_ascii=False) + "\n"


def turtle(answer: Lineage) -> str:
    """Return the edges as Turtle, each with its claims and their sources."""
    lines = [f"@prefix {prefix}: <{PREFIXES[prefix]}> ." for prefix in ("fmg", "rdf", "rdfs")]
    lines += [f"<{iri}> rdfs:label {literal(label)} ." for iri, label in sorted(answer.labels().items())]
    for edge in answer.edges:
        lines.append(f"<{edge.child}> fmg:{edge.relation} <{edge.parent}> .")
        for one in edge.evidence:
            source = f" ; <{PROV}wasDerivedFrom> <{one.source}>" if one.source else ""
            where = f" ; fmg:locator {literal(one.locator)}" if one.locator else ""
            lines.append(
                f"<{one.claim}> rdf:subject <{edge.child}> ; rdf:predicate <{FMG}{edge.relation}> ; "
                f"rdf:object <{edge.parent}>{source}{where} ."
            )
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Network:
    """Works and edges, of one answer, of several together or of the whole field: labels by IRI, sorted."""

    labels: dict[str, str]
    edges: list[Edge]

    @classmethod
    def of(cls, *answers: Lineage) -> Network:
        """Return the answers together, each work and edge once."""
        labels = {iri: label for one in answers for iri, label in one.labels().items()}
        edges = {(edge.child, edge.parent, edge.relation): edge for one in answers for edge in one.edges}
        return cls(dict(sorted(labels.items())), [edge for _, edge in sorted(edges.items())])


def network_json(network: Network) -> str:
    """Return works and edges as JSON."""
    nodes = [{"iri": iri, "label": label} for iri, label in network.labels.items()]
    edges = [{"child": e.child, "relation": e.relation, "parent": e.parent} for e in network.edges]
    return json.dumps({"nodes": nodes, "edges": edges}, indent=1, ensure_ascii=False) + "\n"


def mermaid(network: Network) -> str:
    """Return a Mermaid flowchart, from parent to child."""
    names = {iri: f"n{number}" for number, iri in enumerate(network.labels)}
    lines = ["flowchart LR"]
    for iri, label in network.labels.items():
        safe = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        lines.append(f'  {names[iri]}["{safe}"]')
    lines += [f"  {names[edge.parent]} -->|{edge.relation}| {names[edge.child]}" for edge in network.edges]
    return "\n".join(lines) + "\n"


def dot(network: Network) -> str:
    """Return a Graphviz digraph, from parent to child."""
    lines = ["digraph lineage {", "  rankdir=LR;", "  node [shape=box];"]
    for iri, label in network.labels.items():
        lines.append(f"  {json.dumps(iri)} [label={json.dumps(label, ensure_ascii=False)}];")
    lines += [
        f"  {json.dumps(edge.parent)} -> {json.dumps(edge.child)} [label={json.dumps(edge.relation)}];"
        for edge in network.edges
    ]
    return "\n".join([*lines, "}"]) + "\n"


def graphml(network: Network) -> str:
    """Return GraphML, from parent to child.

    Works have ``label``, edges ``relation`` and ``sources`` (IRIs, separated by spaces).
    http://graphml.graphdrawing.org/specification.html
    """
    root = ElementTree.Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    for name, of in (("label", "node"), ("relation", "edge"), ("sources", "edge")):
        ElementTree.SubElement(root, "key", {"id": name, "for": of, "attr.name": name, "attr.type": "string"})
    graph = ElementTree.SubElement(root, "graph", id="lineage", edgedefault="directed")
    for iri, label in network.labels.items():
        node = ElementTree.SubElement(graph, "node", id=iri)
        ElementTree.SubElement(node, "data", key="label").text = label
    for edge in network.edges:
        line = ElementTree.SubElement(graph, "edge", source=edge.parent, target=edge.child)
        ElementTree.SubElement(line, "data", key="relation").text = edge.relation
        sources = sorted({one.source for one in edge.evidence if one.source})
        if sources:
            ElementTree.SubElement(line, "data", key="sources").text = " ".join(sources)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


#: Media type and writer of each format by its name on the command line and in ``?format=``.
FORMATS: dict[str, tuple[str, Callable[[Lineage], str]]] = {
    "text": ("text/plain", text),
    "json": ("application/json", as_json),
    "turtle": ("text/turtle", turtle),
    "mermaid": ("text/vnd.mermaid", lambda answer: mermaid(Network.of(answer))),
    "dot": ("text/vnd.graphviz", lambda answer: dot(Network.of(answer))),
    "graphml": ("application/graphml+xml", lambda answer: graphml(Network.of(answer))),
}
