"""SHACL property paths as SPARQL (SHACL, section 2.3.1)."""

from __future__ import annotations

from rdflib import RDF, SH, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from fmgraph.errors import OntologyError


def sparql_path(graph: Graph, path: Node | None) -> str:
    """Return the path as a SPARQL property path.

    Predicate, inverse, sequence and alternative paths are known; raises OntologyError for any other.
    """
    if isinstance(path, URIRef):
        return f"<{path}>"
    if path is not None:
        if (path, RDF.first, None) in graph:
            return "(" + "/".join(sparql_path(graph, step) for step in Collection(graph, path)) + ")"
        inverse = graph.value(path, SH.inversePath)
        if inverse is not None:
            return f"^{sparql_path(graph, inverse)}"
        alternatives = graph.value(path, SH.alternativePath)
        if alternatives is not None:
            return "(" + "|".join(sparql_path(graph, step) for step in Collection(graph, alternatives)) + ")"
    raise OntologyError(f"the shapes use a path that cannot be compiled: {path!r}")
