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
from fmgraph.errors import OntologyError
from fmgraph.vocab import DCTERMS, FMG, PROV
from fmgraph.vocab import RDF as RDF_NS

#: Predicates by which nodes point to an entity or list that are checked together with it.
_PARTS = (
    f"{RDF_NS}subject",  # claims about it
    f"{FMG}ofPaper",  # the authorships of a paper
    f"{DCTERMS}isPartOf",  # the rows and tables of a list …
    f"{PROV}wasQuotedFrom",  # … the claims that they make …
    f"{FMG}inRow",  # … and their cells
)


def as_rdflib(store: ox.Store) -> Graph:
    """Return the store's default graph as a plain rdflib graph in memory."""
    graph = Graph()
    known: dict[object, Node] = {}

    def node(term: object) -> Node:
        found = known.get(term)
        if found is None:
            found = known[term] = _node(term)
        return found

    for quad in store.quads_for_pattern(None, None, None, ox.DefaultGraph()):
        graph.add((node(quad.subject), node(quad.predicate), node(quad.object)))
    return graph


def _node(term: object) -> Node:
    match term:
        case ox.NamedNode():
            return URIRef(term.value)
        case ox.BlankNode():
            return BNode(term.value)
        case ox.Literal() if term.language:
            return Literal(term.value, lang=term.language)
        case ox.Literal() if term.datatype.value == str(XSD.string):
            return Literal(term.value)
        case ox.Literal():
            return Literal(term.value, datatype=URIRef(term.datatype.value))
        case _:
            raise OntologyError(f"pyshacl cannot be given the term {term}")


def focus_nodes(store: ox.Store, entities: Collection[str]) -> list[str]:
    """Return what has to be checked when the entities or lists (IRIs) have changed.

    That is they themselves, the claims about them, the authorships of papers, the rows of lists with their
    cells and claims.
    """
    found = dict.fromkeys(entities)
    todo = list(entities)
    while todo:
        node = ox.NamedNode(todo.pop())
        for predicate in _PARTS:
            for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), node):
                if isinstance(quad.subject, ox.NamedNode) and quad.subject.value not in found:
                    found[quad.subject.value] = None
                    todo.append(quad.subject.value)
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
