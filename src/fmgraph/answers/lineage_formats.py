"""A lineage answer as text, JSON, Turtle, Mermaid or DOT."""

from __future__ import annotations

import json
from collections.abc import Callable

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


def mermaid(answer: Lineage) -> str:
    """Return a Mermaid flowchart, from parent to child."""
    names = {iri: f"n{number}" for number, iri in enumerate(sorted(answer.labels()))}
    lines = ["flowchart LR"]
    for iri, label in sorted(answer.labels().items()):
        safe = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        lines.append(f'  {names[iri]}["{safe}"]')
    lines += [f"  {names[edge.parent]} -->|{edge.relation}| {names[edge.child]}" for edge in answer.edges]
    return "\n".join(lines) + "\n"


def dot(answer: Lineage) -> str:
    """Return a Graphviz digraph, from parent to child."""
    lines = ["digraph lineage {", "  rankdir=LR;", "  node [shape=box];"]
    for iri, label in sorted(answer.labels().items()):
        lines.append(f"  {json.dumps(iri)} [label={json.dumps(label, ensure_ascii=False)}];")
    lines += [
        f"  {json.dumps(edge.parent)} -> {json.dumps(edge.child)} [label={json.dumps(edge.relation)}];"
        for edge in answer.edges
    ]
    return "\n".join([*lines, "}"]) + "\n"


#: Media type and writer of each format by its name on the command line and in ``?format=``.
FORMATS: dict[str, tuple[str, Callable[[Lineage], str]]] = {
    "text": ("text/plain", text),
    "json": ("application/json", as_json),
    "turtle": ("text/turtle", turtle),
    "mermaid": ("text/vnd.mermaid", mermaid),
    "dot": ("text/vnd.graphviz", dot),
}
