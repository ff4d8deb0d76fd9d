"""Where the rows of two lists give a work values of a property that have nothing in common.

A value and a narrower or broader one of the same concept scheme are no difference: a list that says ViT and
one that says ViT-B/16 agree. Worked out when the graph is built: as a query it compares every pair of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from fmgraph.graph.claims import Claim
from fmgraph.graph.materialise import transitive
from fmgraph.ontology import Schema
from fmgraph.rdf.prefixes import SKOS
from fmgraph.rdf.terms import Term, Triple, iri

_BROADER = iri(f"{SKOS}broader")


def mark_differences(claims: Iterable[Claim], triples: Iterable[Triple], schema: Schema) -> None:
    """Set ``differs_from`` of each accepted claim of a list: rows of other lists with nothing in common."""
    compared = {iri(name) for name in schema.ontology.flagged("comparedBetweenLists")}
    broader: dict[Term, set[Term]] = defaultdict(set)
    for subject, predicate, obj in triples:
        if predicate == _BROADER:
            broader[subject].add(obj)
    above = transitive(broader)
    rows: dict[tuple[Term, Term], dict[tuple[str, Term], list[Claim]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for claim in claims:
        if claim.basis == "list" and claim.predicate in compared:
            by_row = rows.setdefault((claim.subject, claim.predicate), {})
            by_row.setdefault((claim.edition[1], claim.source), []).append(claim)
    for by_row in rows.values():
        values = {row: {claim.object for claim in some} for row, some in by_row.items()}
        kin = {
            row: objects.union(*(above.get(value, ()) for value in objects))
            for row, objects in values.items()
        }
        for row, some in by_row.items():
            others = sorted(
                other[1]
                for other in by_row
                if other[0] != row[0] and not (values[row] & kin[other] or values[other] & kin[row])
            )
            for claim in some:
                claim.differs_from = tuple(others) if claim.accepted else ()
