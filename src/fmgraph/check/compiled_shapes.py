"""The shapes compiled to SPARQL and run by the store's own engine: for graphs of millions of triples.

Finds what pyshacl finds (a test holds them together), constraint by constraint over all focus nodes at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyoxigraph as ox
from rdflib import SH, URIRef
from rdflib.term import Node

from fmgraph.check.constraint_components import Components, Pattern
from fmgraph.check.shape_files import TARGETS, Shapes
from fmgraph.check.violations import SEVERITIES, WITHOUT_VALUE, Violation, term_of
from fmgraph.errors import OntologyError
from fmgraph.rdf.prefixes import PREFIXES
from fmgraph.rdf.terms import Term
from fmgraph.records.findings import Severity

_PREFIXES = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
#: Queries run at the same time; the store lets go of the interpreter while it works.
_THREADS = 2
#: So many focus nodes are named in each query; more are picked from what is found in the whole graph.
_FEW = 300


@dataclass(frozen=True)
class Constraint:
    """One constraint of one target, as a query whose solutions are its violations."""

    query: str
    shape: str
    component: str
    path: str
    severity: Severity


def compile_shapes(shapes: Shapes, only: Collection[str] | None = None) -> list[Constraint]:
    """Return every constraint of every shape that has a target, about ``only`` these nodes where given.

    Raises OntologyError for a constraint that is unknown.
    """
    components = Components(shapes)
    constraints = [
        _constraint(shapes, pattern, target)
        for shape, target in ((shape, _target(shapes, {shape}, only)) for shape in _sorted(_targeted(shapes)))
        for pattern in components.patterns(shape, "?this")
    ]
    return constraints + list(sparql_constraints(shapes, only))


def violations(store: ox.Store, shapes: Shapes, only: Collection[str] | None = None) -> list[Violation]:
    """Return what the compiled shapes find in the store's default graph, sorted.

    With ``only``, nothing but these focus nodes (IRIs) is checked; what they refer to is still seen.
    """
    if only is None or len(only) <= _FEW:
        return sorted(run(store, compile_shapes(shapes, only)))
    focus = {f"<{iri}>" for iri in only}
    return sorted(one for one in run(store, compile_shapes(shapes)) if one.focus in focus)


def run(store: ox.Store, constraints: Iterable[Constraint]) -> set[Violation]:
    """Return the violations of the constraints in the store's default graph."""
    with ThreadPoolExecutor(_THREADS) as pool:
        runs = pool.map(lambda constraint: _run(store, constraint), constraints)
        return {violation for results in runs for violation in results}


def _run(store: ox.Store, constraint: Constraint) -> list[Violation]:
    solutions = store.query(constraint.query)
    assert isinstance(solutions, ox.QuerySolutions)  # noqa: S101 - every query is a SELECT
    names = {variable.value for variable in solutions.variables}
    results = []
    for solution in solutions:
        value = solution["value"] if "value" in names else None
        path = solution["path"] if "path" in names else None
        results.append(
            Violation(
                term_of(solution["this"]),
                constraint.shape,
                constraint.component,
                path.value if isinstance(path, ox.NamedNode) else constraint.path,
                _value(constraint, solution["this"], value),
                constraint.severity,
            )
        )
    return results


def _value(constraint: Constraint, focus: object, value: object) -> Term:
    """Return the value of a result; a SPARQL constraint that selects none is about the focus node."""
    if value is not None:
        return term_of(value)
    return term_of(focus) if constraint.component == "SPARQL" else ""


def _sorted(nodes: Iterable[Node]) -> list[Node]:
    return sorted(nodes, key=str)


def _targeted(shapes: Shapes) -> set[Node]:
    return {shape for target in TARGETS for shape in shapes.graph.subjects(target)}


def _target(shapes: Shapes, targeted: set[Node], only: Collection[str] | None = None) -> str:
    """Return the group that binds ?this to the focus nodes of the shapes, of ``only`` these where given."""
    classes: set[Node] = set()
    groups: list[str] = []
    for shape in _sorted(targeted):
        if (shape, SH.targetNode, None) in shapes.graph or (shape, SH.target, None) in shapes.graph:
            raise OntologyError(f"the target of {shape} cannot be compiled")
        for cls in shapes.graph.objects(shape, SH.targetClass):
            classes |= shapes.subclasses.get(cls, frozenset({cls}))
        groups += [f"?this <{name}> ?o ." for name in shapes.graph.objects(shape, SH.targetSubjectsOf)]
        groups += [f"?s <{name}> ?this ." for name in shapes.graph.objects(shape, SH.targetObjectsOf)]
    groups += [f"?this a <{cls}> ." for cls in _sorted(classes)]
    if only is not None:  # in each group: the store does not move it into a sub-select
        among = " ".join(f"<{iri}>" for iri in only)
        groups = [f"VALUES ?this {{ {among} }} {group}" for group in groups]
    if len(groups) == 1:
        return groups[0]
    # A node may be found by several of them: each once, so that no constraint is evaluated twice.
    union = " UNION ".join(f"{{ {group} }}" for group in groups)
    return f"{{ SELECT DISTINCT ?this WHERE {{ {union} }} }}"


def _constraint(shapes: Shapes, pattern: Pattern, target: str) -> Constraint:
    value = None if pattern.component in WITHOUT_VALUE else pattern.value
    names = {"path": pattern.path_variable, "value": value}
    select = " ".join(f"({variable} AS ?{name})" for name, variable in names.items() if variable)
    query = f"{_PREFIXES}SELECT DISTINCT ?this {select} WHERE {{ {target} {pattern.group} }}"
    return Constraint(query, pattern.shape, pattern.component, pattern.path, _severity(shapes, pattern.shape))


def _severity(shapes: Shapes, shape: str) -> Severity:
    severity = shapes.graph.value(URIRef(shape), SH.severity)
    return SEVERITIES[str(severity or SH.Violation)]


def sparql_constraints(shapes: Shapes, only: Collection[str] | None = None) -> Iterator[Constraint]:
    """Yield the SPARQL constraints, each once for all the shapes that have it."""
    users: dict[Node, set[Node]] = defaultdict(set)
    for shape, constraint in shapes.graph.subject_objects(SH.sparql):
        users[constraint].add(shape)
    for constraint, targeted in sorted(users.items()):
        select = shapes.graph.value(constraint, SH.select)
        if select is None or not targeted <= _targeted(shapes):
            raise OntologyError(f"the SPARQL constraint {constraint} cannot be compiled")
        prefixes = "".join(
            f"PREFIX {shapes.graph.value(declaration, SH.prefix)}: "
            f"<{shapes.graph.value(declaration, SH.namespace)}>\n"
            for document in shapes.graph.objects(constraint, SH.prefixes)
            for declaration in shapes.graph.objects(document, SH.declare)
        )
        inner = str(select).replace("$this", "?this")
        query = (
            f"{prefixes}SELECT DISTINCT ?this ?path ?value WHERE "
            f"{{ {_target(shapes, targeted, only)} {{ {inner} }} }}"
        )
        yield Constraint(query, str(constraint), "SPARQL", "", _severity(shapes, str(constraint)))
