"""An entity as RDF: the triples about it and its parts, and the labels of what they point to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

import pyoxigraph as ox

from fmgraph.ontology import prefixes, work_kinds
from fmgraph.rdf.formats import Format
from fmgraph.server.engine import GRAPHS
from fmgraph.server.engine.evaluate import check_triple_terms
from fmgraph.site.graph_reader import LABEL, TYPE, Graph, Term, batches, iri, values

#: Kinds that have parts with fragment IRIs, and the properties by which those point back (two steps at most).
_PARTS = {
    "paper": ("fmg:ofPaper",),
    "row": ("fmg:inRow",),
    "list": ("dcterms:isPartOf", "fmg:inTable"),
    "dataset": ("fmg:about",),
}
_ROOT = re.compile(r"<rdf:RDF ([^>]*)>")


def parts(graph: Graph, kind: str, entity: str) -> list[str]:
    """Return the IRIs of the entity's fragment nodes: authorships, cells, tables and columns."""
    steps = ("fmg:about",) if kind in work_kinds() else _PARTS.get(kind)
    if steps is None:
        return []
    nodes: list[str] = []
    level = [entity]
    for step in steps:
        rows = [row for one in level for row in graph.rows(_fragments(step, one, entity))]
        level = [row["s"].value for row in rows]
        nodes += level
    return nodes


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


def serialise(triples: Iterable[tuple[str, str, Term]], form: Format, first: str = "") -> bytes:
    """Return the triples as bytes: the subject ``first``, its parts, then the rest; types first.

    The same triples give the same bytes, with the prefixes that are used, in order.
    """

    def order(triple: tuple[str, str, Term]) -> tuple[bool, bool, str, bool, str, str]:
        s, p, o = triple
        return (s != first, not s.startswith(f"{first}#"), s, p != TYPE, p, str(o))

    sorted_triples = [
        ox.Triple(ox.NamedNode(s), ox.NamedNode(p), o) for s, p, o in sorted(set(triples), key=order)
    ]
    return write(sorted_triples, form)


def write(triples: Sequence[ox.Triple], form: Format) -> bytes:
    """Return the triples in their order as bytes, with the prefixes that are used.

    The serialiser writes prefixes in an order that changes from run to run; here they are sorted. Raises
    ProtocolError 406 where the format cannot hold the triples.
    """
    check_triple_terms(triples, form.media_type)
    used = {str(t.value) for triple in triples for t in triple if isinstance(t, ox.NamedNode)}
    used |= {t.object.datatype.value for t in triples if isinstance(t.object, ox.Literal)}
    declared = {
        name: space for name, space in prefixes().items() if any(one.startswith(space) for one in used)
    }
    text = (ox.serialize(triples, format=GRAPHS[form.media_type], prefixes=declared) or b"").decode()
    if form.name in ("turtle", "trig"):
        lines = text.splitlines(keepends=True)
        head = sorted(line for line in lines if line.startswith("@prefix"))
        body = [line if line.startswith("\t") else f"\n{line}" for line in lines if line not in head]
        text = "".join(head + body)
    elif form.name == "rdfxml":
        text = _ROOT.sub(lambda root: f"<rdf:RDF {' '.join(sorted(root[1].split()))}>", text, count=1)
    elif form.name == "jsonld":
        data = json.loads(text)
        if isinstance(data, dict) and isinstance(data.get("@context"), dict):
            data["@context"] = dict(sorted(data["@context"].items()))
        text = json.dumps(data, ensure_ascii=False, indent=1) + "\n"
    return text.encode()
