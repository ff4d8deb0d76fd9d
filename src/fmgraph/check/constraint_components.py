"""Constraint components as SPARQL: what makes a value or a focus node a violation.

A component that is not known here raises OntologyError: a shape is never skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from rdflib import RDF, SH, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from fmgraph.check.property_paths import sparql_path
from fmgraph.check.shape_files import Shapes
from fmgraph.errors import OntologyError
from fmgraph.rdf.prefixes import XSD

#: Properties of a shape that are no constraint by themselves.
_NOT_CONSTRAINTS = {
    RDF.type, SH.path, SH.message, SH.severity, SH.targetClass, SH.targetNode, SH.targetObjectsOf,
    SH.targetSubjectsOf, SH.ignoredProperties, SH.flags, SH.name, SH.description,
}  # fmt: skip
#: Well-formed lexical forms, by datatype (XML Schema 1.1 Part 2); a store keeps ill-formed ones.
_LEXICAL = {
    "boolean": "^(true|false|0|1)$",
    "date": r"^-?[0-9]{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(Z|[+-][0-9]{2}:[0-9]{2})?$",
    "decimal": r"^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)$",
    "gYear": r"^-?[0-9]{4,}(Z|[+-][0-9]{2}:[0-9]{2})?$",
    "integer": "^[+-]?[0-9]+$",
    "string": "",
}


@dataclass(frozen=True)
class Pattern:
    """A SPARQL group in which ``?this`` (a focus node) is bound, and whose solutions are violations."""

    shape: str
    component: str
    group: str
    path: str = ""  #: IRI of the property where the shape's path is one
    value: str | None = None  #: the variable of the value
    path_variable: str | None = None  #: the variable of the property, where the group finds it


@dataclass
class Components:
    """Turns shapes into patterns."""

    shapes: Shapes
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def _graph(self) -> Graph:
        return self.shapes.graph

    def _fresh(self) -> str:
        return f"?v{next(self._numbers)}"

    def patterns(self, shape: Node, focus: str) -> Iterator[Pattern]:
        """Yield the patterns of a shape whose focus node is in the variable ``focus``.

        SPARQL constraints are left out: they are run once for all the shapes that have them.
        """
        path = self._graph.value(shape, SH.path)
        for parameter, obj in sorted(self._graph.predicate_objects(shape)):
            if parameter in _NOT_CONSTRAINTS or parameter == SH.sparql:
                continue
            if parameter == SH.property:
                yield from self.patterns(obj, focus)
            elif path is None:
                yield self._at_node(shape, parameter, obj, focus)
            else:
                yield self._at_path(shape, path, parameter, obj, focus)

    def _at_node(self, shape: Node, parameter: Node, obj: Node, focus: str) -> Pattern:
        if parameter == SH.closed:
            return self._closed(shape, obj, focus)
        if parameter == SH.disjoint:
            group = f"{focus} {sparql_path(self._graph, obj)} {focus} ."
            return Pattern(str(shape), "Disjoint", group, value=focus)
        name, wrong = self._condition(parameter, obj, shape, focus)
        return Pattern(str(shape), name, f"FILTER({wrong})", value=focus)

    def _closed(self, shape: Node, obj: Node, focus: str) -> Pattern:
        if obj != Literal(True):
            raise OntologyError(f"sh:closed of {shape} must be true")
        allowed = [self._graph.value(child, SH.path) for child in self._graph.objects(shape, SH.property)]
        ignored = self._graph.value(shape, SH.ignoredProperties)
        allowed += list(Collection(self._graph, ignored)) if ignored is not None else []
        names = ", ".join(sorted(f"<{path}>" for path in allowed if isinstance(path, URIRef)))
        predicate, value = self._fresh(), self._fresh()
        group = f"{focus} {predicate} {value} . FILTER({predicate} NOT IN ({names}))"
        return Pattern(str(shape), "Closed", group, value=value, path_variable=predicate)

    def _at_path(self, shape: Node, path: Node, parameter: Node, obj: Node, focus: str) -> Pattern:
        way = sparql_path(self._graph, path)
        simple = str(path) if isinstance(path, URIRef) else ""
        value = self._fresh()
        if parameter == SH.minCount:
            self._only(shape, parameter, obj, 1)
            group = f"FILTER NOT EXISTS {{ {focus} {way} {value} }}"
            return Pattern(str(shape), "MinCount", group, simple)
        if parameter == SH.maxCount:
            self._only(shape, parameter, obj, 1)
            other = self._fresh()
            group = f"{focus} {way} {value} , {other} . FILTER(!sameTerm({value}, {other}))"
            return Pattern(str(shape), "MaxCount", group, simple)
        if parameter == SH.hasValue:
            group = f"FILTER NOT EXISTS {{ {focus} {way} {obj.n3()} }}"
            return Pattern(str(shape), "HasValue", group, simple)
        if parameter == SH.disjoint:
            group = f"{focus} {way} {value} . {focus} {sparql_path(self._graph, obj)} {value} ."
            return Pattern(str(shape), "Disjoint", group, simple, value)
        name, wrong = self._condition(parameter, obj, shape, value)
        return Pattern(str(shape), name, f"{focus} {way} {value} . FILTER({wrong})", simple, value)

    def _only(self, shape: Node, parameter: Node, obj: Node, number: int) -> None:
        if obj != Literal(number):
            raise OntologyError(f"{parameter} of {shape} is {obj}: only {number} can be compiled")

    def _condition(self, parameter: Node, obj: Node, shape: Node, value: str) -> tuple[str, str]:
        """Return the component's name and the expression that is true where the value is a violation."""
        makers: dict[Node, tuple[str, Callable[[Node, Node, str], str]]] = {
            SH["class"]: ("Class", self._class),
            SH.datatype: ("Datatype", self._datatype),
            SH["in"]: ("In", self._in),
            SH.maxInclusive: ("MaxInclusive", self._compared("<=")),
            SH.minInclusive: ("MinInclusive", self._compared(">=")),
            SH.nodeKind: ("NodeKind", self._node_kind),
            SH.node: ("Node", lambda o, _, v: f"!({self._conforms(o, v)})"),
            SH["not"]: ("Not", lambda o, _, v: self._conforms(o, v)),
            SH["or"]: ("Or", self._or),
            SH.pattern: ("Pattern", self._pattern),
        }
        if parameter not in makers:
            raise OntologyError(f"the shape {shape} uses {parameter}, which cannot be compiled to SPARQL")
        name, make = makers[parameter]
        return name, make(obj, shape, value)

    def _conforms(self, shape: Node, focus: str) -> str:
        """Return the expression that is true where the node conforms to the shape."""
        if (shape, SH.sparql, None) in self._graph:
            raise OntologyError(f"the nested shape {shape} uses sh:sparql, which cannot be compiled")
        bad = [f"EXISTS {{ {pattern.group} }}" for pattern in self.patterns(shape, focus)]
        return " && ".join(f"!({expression})" for expression in bad) or "true"

    def _or(self, obj: Node, _shape: Node, value: str) -> str:
        return "!(" + " || ".join(f"({self._conforms(m, value)})" for m in Collection(self._graph, obj)) + ")"

    def _class(self, obj: Node, _shape: Node, value: str) -> str:
        names = sorted(self.shapes.subclasses.get(obj, {obj}), key=lambda cls: (cls != obj, str(cls)))
        return " && ".join(f"NOT EXISTS {{ {value} a <{name}> }}" for name in names)

    def _datatype(self, obj: Node, shape: Node, value: str) -> str:
        lexical = _LEXICAL.get(str(obj).removeprefix(XSD))
        if lexical is None:
            raise OntologyError(f"the datatype {obj} of {shape} has no known lexical form")
        ill = f' || !REGEX(STR({value}), "{lexical}")' if lexical else ""
        return f"!isLiteral({value}) || DATATYPE({value}) != <{obj}>{ill}"

    def _in(self, obj: Node, _shape: Node, value: str) -> str:
        items = ", ".join(item.n3() for item in Collection(self._graph, obj))
        return f"!COALESCE({value} IN ({items}), false)"

    def _compared(self, operator: str) -> Callable[[Node, Node, str], str]:
        return lambda obj, _shape, value: f"!COALESCE({value} {operator} {obj.n3()}, false)"

    def _node_kind(self, obj: Node, shape: Node, value: str) -> str:
        tests: dict[Node, str] = {SH.IRI: "isIRI", SH.Literal: "isLiteral"}
        if obj not in tests:
            raise OntologyError(f"sh:nodeKind {obj} of {shape} cannot be compiled")
        return f"!{tests[obj]}({value})"

    def _pattern(self, obj: Node, shape: Node, value: str) -> str:
        flags = self._graph.value(shape, SH.flags)
        more = f", {flags.n3()}" if flags is not None else ""
        return f"isBlank({value}) || !REGEX(STR({value}), {Literal(str(obj)).n3()}{more})"
