"""Violations to findings: in words, with the place and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox
from rdflib import URIRef

from fmgraph.check.locations import Places
from fmgraph.check.shape_files import Shapes
from fmgraph.check.violations import Violation, term_of
from fmgraph.rdf.prefixes import brief
from fmgraph.rdf.terms import Term, bare
from fmgraph.records.findings import Finding

#: What is wrong, by component; ``{value}`` is the offending value, ``{values}`` all of the property's.
_MESSAGES = {
    "Class": "{value} is not there, or is of another kind",
    "Closed": "the property {path} is not known here",
    "Datatype": "{value} has the wrong type",
    "Disjoint": "{value} leads back to itself",
    "HasValue": "the value does not stand",
    "In": "{value} is not one of the values allowed",
    "MaxCount": "more than one value: {values}",
    "MaxInclusive": "{value} is too large",
    "MinCount": "the value is missing",
    "MinInclusive": "{value} is too small",
    "Node": "{value} is not as it should be",
    "NodeKind": "{value} is not of the right sort",
    "Not": "{value} must not stand",
    "Or": "{value} does not hold to the rule",
    "Pattern": "{value} is not well formed",
}


def explain(
    violations: Iterable[Violation], shapes: Shapes, places: Places, store: ox.Store
) -> Iterator[Finding]:
    """Yield one finding for each violation."""
    for violation in violations:
        shape = URIRef(violation.shape)
        predicate = violation.path or shapes.predicate(shape) or ""
        place = places.of(violation.focus, predicate, violation.value)
        values = ""
        if violation.component == "MaxCount":
            values = ", ".join(sorted(_values(store, violation.focus, predicate)))
        remedy = shapes.message(shape)
        if violation.component == "SPARQL":  # its message says both, the remedy after a colon
            message, _, remedy = remedy.partition(": ")
        else:
            message = _MESSAGES[violation.component]
        message = message.replace("{?value}", "{value}").format(
            value=short(violation.value or violation.focus), values=values, path=short(f"<{predicate}>")
        )
        yield Finding(
            message,
            place.file,
            place.line,
            place.field,
            remedy or None,
            rule=violation.shape.rsplit("#", 1)[-1],
            severity=violation.severity,
            focus=bare(violation.focus) if violation.focus.startswith("<") else violation.focus,
        )


def short(term: Term) -> str:
    """Return a term as a person reads it: ``model/uni``, ``fmg:year``, ``'1890'``, or the IRI."""
    if term.startswith('"'):
        text = term[1 : term.rindex('"')]
        return f"'{text}'"
    if not term.startswith("<"):
        return term
    return brief(bare(term))


def _values(store: ox.Store, focus: Term, predicate: str) -> set[str]:
    if not focus.startswith("<") or not predicate:
        return set()
    quads = store.quads_for_pattern(ox.NamedNode(bare(focus)), ox.NamedNode(predicate), None)
    return {short(term_of(quad.object)) for quad in quads}
