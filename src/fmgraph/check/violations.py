"""Violations: what either engine finds, in one form, so that they can be compared and explained."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox
from rdflib import BNode, Literal, URIRef

from fmgraph.rdf.prefixes import SH
from fmgraph.rdf.terms import Term, iri, literal
from fmgraph.records.findings import Severity

#: SHACL severities as findings name them.
SEVERITIES: dict[str, Severity] = {f"{SH}Violation": "error", f"{SH}Warning": "warning", f"{SH}Info": "info"}
#: Components whose results carry no value: it is missing, or there are several.
WITHOUT_VALUE = frozenset({"MinCount", "MaxCount", "HasValue"})


@dataclass(frozen=True, order=True)
class Violation:
    """One result of a constraint (SHACL, section 3.6.2), terms in N-Triples syntax."""

    focus: Term
    shape: str  #: IRI of the shape or SPARQL constraint that failed
    component: str  #: local name of the constraint component, without ``ConstraintComponent``
    path: str = ""  #: IRI of the property, "" where the constraint is about the node
    value: Term = ""  #: the offending value, "" where the component has none
    severity: Severity = "error"


def term_of(node: object) -> Term:
    """Return a term of rdflib or pyoxigraph in N-Triples syntax, the same for the same term."""
    match node:
        case ox.Literal():
            return literal(node.value, node.datatype.value, node.language)
        case Literal():
            datatype = str(node.datatype) if node.datatype else None
            return literal(str(node), datatype, node.language)
        case ox.NamedNode():
            return iri(node.value)
        case URIRef():
            return iri(str(node))
        case BNode():
            return f"_:{node}"
        case _:
            return str(node)
