"""Terms that the graph uses: none of ours that the ontology does not define, schema.org always with https."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from fmgraph.check.locations import Places
from fmgraph.check.shape_files import Shapes
from fmgraph.check.violations import term_of
from fmgraph.rdf.prefixes import FMG, RDF, SCHEMA
from fmgraph.records.findings import Finding
from fmgraph.text import nearest

#: What FAIR4ML and Croissant write; ontology/equivalences.ttl says which terms are the same.
HTTP_SCHEMA = "http://schema.org/"

_USED = f"SELECT DISTINCT ?term WHERE {{ {{ ?s ?term ?o }} UNION {{ ?s <{RDF}type> ?term }} }}"


def unknown_terms(store: ox.Store, shapes: Shapes, places: Places) -> Iterator[Finding]:
    """Yield a finding for each class or property used that is ours and undefined, or schema.org's by http."""
    defined = {str(term) for term in shapes.ontology.subjects() if str(term).startswith(FMG)}
    used = store.query(_USED)
    assert isinstance(used, ox.QuerySolutions)  # noqa: S101 - the query is a SELECT
    for solution in used:
        term = solution["term"]
        iri = term.value if isinstance(term, ox.NamedNode) else ""
        if iri.startswith(FMG) and iri not in defined:
            near = nearest(iri.removeprefix(FMG), _alike(iri.removeprefix(FMG), defined))
            hint = f"nearest: {', '.join(near)}" if near else "define it in ontology/fmgraph.ttl"
            yield _finding(store, places, iri, f"the ontology defines no fmg:{iri.removeprefix(FMG)}", hint)
        elif iri.startswith(HTTP_SCHEMA):
            right = SCHEMA + iri.removeprefix(HTTP_SCHEMA)
            yield _finding(
                store, places, iri, f"{iri} is not how schema.org is written here", f"write {right}"
            )


def _alike(local: str, defined: set[str]) -> list[str]:
    """Return the local names of all terms, those of the same sort first: properties begin in lower case."""
    names = sorted(name.removeprefix(FMG) for name in defined)
    return sorted(names, key=lambda name: name[:1].islower() != local[:1].islower())


def _finding(store: ox.Store, places: Places, iri: str, message: str, remedy: str) -> Finding:
    """Return the finding at the first place where the term is used."""
    by_predicate = store.quads_for_pattern(None, ox.NamedNode(iri), None)
    by_class = store.quads_for_pattern(None, ox.NamedNode(f"{RDF}type"), ox.NamedNode(iri))
    focus = min(term_of(quad.subject) for quads in (by_predicate, by_class) for quad in quads)
    place = places.of(focus, iri)
    return Finding(
        message,
        place.file,
        place.line,
        place.field,
        remedy,
        "unknown-term",
        focus=focus.strip("<>"),
    )
