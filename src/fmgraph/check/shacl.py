"""The shapes run by pyshacl: the reference engine, for small graphs and for what has changed.

pyshacl is given plain rdflib graphs: over oxrdflib plain strings carry ``xsd:string`` and equal nothing.
"""

from __future__ import annotations

from collections.abc import Collection

import pyoxigraph as ox
from pyshacl import validate
from rdflib import RDF, SH, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from fmgraph.check.shapes import Shapes
from fmgraph.check.violation import SEVERITIES, WITHOUT_VALUE, Violation, term_of
from fmgraph.vocab import FMG, RDF as RDF_NS


def as_rdflib(store: ox.Store) -> Graph:
    """Return the store's default graph as a plain rdflib graph in memory."""
    graph = Graph()
    known: dict[ox.NamedNode | ox.BlankNode, Node] = {}

    def node(term: ox.NamedNode | ox.BlankNode) -> Node:
        found = known.get(term)
        if found is None:
            found = URIRef(term.value) if isinstance(term, ox.NamedNode) else BNode(term.value)
            known[term] = found
        return found

    for quad in store.quads_for_pattern(None, None, None, ox.DefaultGraph()):
        obj = quad.object
        value = _literal(obj) if isinstance(obj, ox.Literal) else node(obj)
        graph.add((node(quad.subject), node(quad.predicate), value))
    return graph


def _literal(term: ox.Literal) -> Literal:
    if term.language:
        return Literal(term.value, lang=term.language)
    datatype = URIRef(term.datatype.value)
    return Literal(term.value) if datatype == XSD.string else Literal(term.value, datatype=datatype)


def focus_nodes(store: ox.Store, entities: Collection[str]) -> list[str]:
    """Return what has to be checked when the entities (IRIs) have changed.

    That is they themselves, the claims about them, and the authorships of papers.
    """
    found = dict.fromkeys(entities)
    for entity in entities:
        for predicate in (f"{RDF_NS}subject", f"{FMG}ofPaper"):
            quads = store.quads_for_pattern(None, ox.NamedNode(predicate), ox.NamedNode(entity))
            found.update((quad.subject.value, None) for quad in quads)
    return list(found)


def violations(store: ox.Store, shapes: Shapes, only: Collection[str] | None = None) -> list[Violation]:
    """Return what pyshacl finds in the store's default graph, sorted.

    With ``only``, nothing but these focus nodes (IRIs) is checked; what they refer to is still seen.
    """
    data = as_rdflib(store)
    if only is not None and not only:
        return []
    _, report, _ = validate(
        data + shapes.ontology,
        shacl_graph=shapes.graph,
        focus_nodes=[URIRef(iri) for iri in only] if only is not None else None,
    )
    assert isinstance(report, Graph)  # noqa: S101 - pyshacl's bytes and exceptions are other modes
    return sorted({_violation(report, result) for result in report.subjects(RDF.type, SH.ValidationResult)})


def _violation(report: Graph, result: Node) -> Violation:
    component = _local(report.value(result, SH.sourceConstraintComponent))
    focus = report.value(result, SH.focusNode)
    path = report.value(result, SH.resultPath)
    value = report.value(result, SH.value) if component not in WITHOUT_VALUE else None
    shape = report.value(result, SH.sourceConstraint) or report.value(result, SH.sourceShape)
    return Violation(
        term_of(focus) if focus is not None else "",
        str(shape),
        component,
        str(path) if isinstance(path, URIRef) else "",
        term_of(value) if value is not None else "",
        SEVERITIES[str(report.value(result, SH.resultSeverity))],
    )


def _local(component: Node | None) -> str:
    return str(component).rpartition("#")[2].removesuffix("ConstraintComponent")
