"""What a variant takes over from the work of which it is a variant: one rule, and claims marked by it.

The same people release the variants of a work together, under the same terms. So a variant of which no
source says anything for an inherited property (``fmg:inherited`` in the ontology) has the values of what it
is a variant of, at any distance, the nearest first. A modality, an organ or a task is taken over only where
the other has a single one: variants may be the parts of a family for different modalities or tasks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from fmgraph.graph.claims import Claim
from fmgraph.ontology import Schema
from fmgraph.rdf.terms import Term, iri, own

_VARIANT_OF = own("variantOf")
_Claims = Mapping[tuple[Term, Term], list[Claim]]


def inherited(claims: Sequence[Claim], schema: Schema, labels: Mapping[Term, str]) -> list[Claim]:
    """Return the claims that variants take over, in the order of their subjects.

    ``claims`` say whether they are accepted; ``labels`` names the works. Each claim returned has the basis
    "inherited", the source of the claim it is taken from, and that claim as what it was derived from.
    """
    accepted_claims: dict[tuple[Term, Term], list[Claim]] = defaultdict(list)
    above: dict[Term, set[Term]] = defaultdict(set)
    for claim in claims:
        if claim.accepted:
            accepted_claims[claim.subject, claim.predicate].append(claim)
            if claim.predicate == _VARIANT_OF:
                above[claim.subject].add(claim.object)
    inherited_claims = []
    for work in sorted(above):
        for name, single in schema.inherited.items():
            predicate = iri(name)
            if not accepted_claims.get((work, predicate)):
                inherited_claims += _take_over(work, predicate, single, above, accepted_claims, labels)
    return inherited_claims


def _take_over(
    work: Term,
    predicate: Term,
    single: bool,
    above: Mapping[Term, set[Term]],
    accepted_claims: _Claims,
    labels: Mapping[Term, str],
) -> list[Claim]:
    for level in _levels(work, above):
        sources = [claim for other in level for claim in accepted_claims.get((other, predicate), ())]
        objects = {claim.object for claim in sources}
        if objects and not (single and len(objects) > 1):
            return [_derived(work, claim, labels) for claim in sources]
        if objects:
            return []
    return []


def _levels(work: Term, above: Mapping[Term, set[Term]]) -> list[list[Term]]:
    """Return what the work is a variant of, one list for each distance."""
    seen, level, levels = {work}, [work], []
    while level:
        level = sorted({other for one in level for other in above.get(one, ())} - seen)
        seen.update(level)
        levels.append(level)
    return levels


def _derived(work: Term, claim: Claim, labels: Mapping[Term, str]) -> Claim:
    of = f"said of {labels.get(claim.subject, claim.subject)}, of which this is a variant"
    return Claim(
        work,
        claim.predicate,
        claim.object,
        claim.source,
        "inherited",
        locator=f"{of}: {claim.locator}" if claim.locator else of,
        accepted=True,
        derived_from=claim.term,
        origin=claim.basis,
    )
