"""An entity as RDF: the triples about it and its parts, and the labels of what they point to."""

from __future__ import annotations

from collections.abc import Sequence

import pyoxigraph as ox

from fmgraph.vocab import PREFIXES
from fmgraph.web.media import Format
from fmgraph.web.pages.graph import LABEL, TYPE, Graph, Term, batches, iri, values

#: Kinds that have parts with fragment IRIs, and the properties by which those point back (two steps at most).
_PARTS = {"paper": ("fmg:ofPaper",), "row": ("fmg:inRow",), "list": ("dcterms:isPartOf", "fmg:inTable")}
FORMATS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}


def parts(graph: Graph, kind: str, entity: str) -> list[str]:
    """Return the IRIs of the entity's fragment nodes: authorships, cells, tables and columns."""
    steps = _PARTS.get(kind)
    if steps is None:
        return []
    found: list[str] = []
    level = [entity]
    for step in steps:
        rows = [row for one in level for row in graph.rows(_fragments(step, one, entity))]
        level = [row["s"].value for row in rows]
        found += level
    return found


def _fragments(step: str, target: str, entity: str) -> str:
    return (
        f"SELECT ?s WHERE {{ ?s {step} {iri(target)} "
        f"FILTER(STRSTARTS(STR(?s), {ox.Literal(entity + '#')})) }} ORDER BY ?s"
    )


def describe(graph: Graph, kind: str, entity: str) -> list[tuple[str, str, Term]]:
    """Return the triples of the entity and its parts; empty when the graph has none of the entity."""
    own = graph.triples([entity])
    return own + graph.triples(parts(graph, kind, entity)) if own else []


def with_labels(graph: Graph, triples: Sequence[tuple[str, str, Term]]) -> list[tuple[str, str, Term]]:
    """Return the triples and an ``rdfs:label`` triple for each thing they point to that has one."""
    subjects = {s for s, _, _ in triples}
    objects = {o.value for _, _, o in triples if isinstance(o, ox.NamedNode)} - subjects
    return [*triples, *_label_triples(graph, objects)]


def _label_triples(graph: Graph, iris: set[str]) -> list[tuple[str, str, Term]]:
    return [
        (row["s"].value, LABEL, row["o"])
        for some in batches(iris)
        for row in graph.rows(f"SELECT ?s ?o WHERE {{ {values('s', some)} ?s rdfs:label ?o }}")
    ]


def serialise(triples: Sequence[tuple[str, str, Term]], form: Format, first: str = "") -> bytes:
    """Return the triples as bytes: the subject ``first``, its parts, then the rest; types first."""

    def order(triple: tuple[str, str, Term]) -> tuple[bool, bool, str, bool, str, str]:
        s, p, o = triple
        return (s != first, not s.startswith(f"{first}#"), s, p != TYPE, p, str(o))

    made = [ox.Triple(ox.NamedNode(s), ox.NamedNode(p), o) for s, p, o in sorted(set(triples), key=order)]
    body = ox.serialize(made, format=FORMATS[form.name], prefixes=PREFIXES)
    return body if body is not None else b""
