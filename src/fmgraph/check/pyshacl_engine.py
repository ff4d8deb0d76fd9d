"""The shapes run by pyshacl: the reference implementation, by which the compiled shapes are judged.

pyshacl is given plain rdflib graphs: over oxrdflib plain strings carry ``xsd:string`` and equal nothing.
"""

from __future__ import annotations

from collections.abc import Collection as Some

import pyoxigraph as ox
from pyshacl import validate
from rdflib import SH, XSD, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from fmgraph.check import compiled_shapes
from fmgraph.check.shape_files import TARGETS, Shapes
from fmgraph.check.violations import SEVERITIES, WITHOUT_VALUE, Violation, term_of
from fmgraph.errors import OntologyError


def as_rdflib(store: ox.Store) -> Graph:
    """Return the store's default graph as a plain rdflib graph in memory."""
    graph = Graph()
    known: dict[object, Node] = {}

    def node(term: object) -> Node:
        rdflib_node = known.get(term)
        if rdflib_node is None:
            rdflib_node = known[term] = _node(term)
        return rdflib_node

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


def violations(
    store: ox.Store, shapes: Shapes, only: Some[str] | None = None, *, alone: bool = False
) -> list[Violation]:
    """Return what pyshacl finds in the store's default graph, sorted.

    With ``only``, nothing but these focus nodes (IRIs) is checked; what they refer to is still seen.
    SPARQL constraints are handed to the store, which takes milliseconds where pyshacl, which parses the
    query anew for each focus node, takes many seconds. With ``alone`` pyshacl gets the shapes as they are.
    """
    if only is not None and not only:
        return []
    rules = shapes.graph if alone else _optimise(shapes.graph)
    _, report, _ = validate(
        as_rdflib(store),
        shacl_graph=rules,
        focus_nodes=[URIRef(iri) for iri in only] if only is not None else None,
    )
    assert isinstance(report, Graph)  # noqa: S101 - pyshacl's bytes and exceptions are other modes
    results = {_violation(report, result) for result in report.objects(None, SH.result)}
    if not alone:
        focus = {f"<{iri}>" for iri in only} if only is not None else None
        queried = compiled_shapes.run(store, compiled_shapes.sparql_constraints(shapes))
        results.update(one for one in queried if focus is None or one.focus in focus)
    return sorted(results)


def _optimise(graph: Graph) -> Graph:
    """Return shapes that have the same results and that pyshacl runs several times faster.

    A property shape with targets of its own is run once for all focus nodes; one that a node shape refers
    to, once for each. So the targets are handed down, and closed shapes list what they let pass.
    """
    quick = Graph()
    quick += (triple for triple in graph if triple[1] not in (SH.sparql, SH.property))
    for shape in set(graph.subjects(SH.property)):
        targets = [(way, node) for way in TARGETS for node in graph.objects(shape, way)]
        children = list(graph.objects(shape, SH.property))
        if not targets:  # nested in another shape
            for child in children:
                quick.add((shape, SH.property, child))
            continue
        for child in children:
            for way, node in targets:
                quick.add((child, way, node))
        if (shape, SH.closed, None) in graph:
            ignored = graph.value(shape, SH.ignoredProperties)
            passing = list(Collection(graph, ignored)) if ignored is not None else []
            passing += [path for child in children for path in graph.objects(child, SH.path)]
            names = BNode()
            Collection(quick, names, [path for path in passing if isinstance(path, URIRef)])
            quick.set((shape, SH.ignoredProperties, names))
    return quick


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
