"""Claims: what some source says, and which of them become plain triples."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fmgraph.ontology import Schema
from fmgraph.rdf.prefixes import PROV, RDF, XSD
from fmgraph.rdf.terms import A, Term, Triple, entity, iri, literal, own

_SUBJECT, _PREDICATE, _OBJECT = (iri(RDF + part) for part in ("subject", "predicate", "object"))
_QUOTED, _PRIMARY, _VALUE = (iri(PROV + part) for part in ("wasQuotedFrom", "hadPrimarySource", "value"))
_RELEASED = own("releasedVariant")
_RANKS = {rank: own(f"{rank.capitalize()}Rank") for rank in ("preferred", "normal", "deprecated")}
_BASES = {
    "primary": own("PrimarySource"),
    "secondary": own("SecondarySource"),
    "list": own("ListCell"),
    "inherited": own("Inherited"),
}


@dataclass(slots=True)
class Claim:
    """One statement of one source. ``source`` is the term of a list row, paper, file or page."""

    subject: Term
    predicate: Term
    object: Term
    source: Term
    basis: str  #: "primary", "secondary", "list" or "inherited"
    locator: str | None = None
    cell: Term | None = None
    #: Of a list's claim: the date of its edition, its id, and the place of the row, negative.
    edition: tuple[str, str, int] = ("", "", 0)
    #: The raw text in the source, where it is kept.
    raw: str | None = None
    #: What was read as the value, where that is not the raw text.
    reading: str | None = None
    rank: str = "normal"
    reason: str | None = None
    corrected_by: Term | None = None
    #: Of lineage: the word that the alternatives share of which the work has one.
    alternative: str | None = None
    #: The variant of the subject for which the claim holds.
    variant: str | None = None
    #: Whether the graph holds the statement as a plain triple; :func:`accepted` decides.
    accepted: bool = False
    #: Rows of other lists whose values of the property have nothing in common with its row's.
    differs_from: tuple[Term, ...] = ()
    #: The claim that an inherited one is derived from.
    derived_from: Term | None = None
    #: The basis of that claim.
    origin: str | None = None

    @property
    def term(self) -> Term:
        """The claim's IRI, named by its content, so that it is the same in every build."""
        parts = [self.subject, self.predicate, self.object, self.source, self.cell or "", self.locator or ""]
        if self.variant:
            parts.append(self.variant)
        return entity("claim", hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20])

    def triples(self) -> Iterator[Triple]:
        """Yield the claim node's triples."""
        node = self.term
        yield node, A, own("Claim")
        yield node, _SUBJECT, self.subject
        yield node, _PREDICATE, self.predicate
        yield node, _OBJECT, self.object
        yield node, (_PRIMARY if (self.origin or self.basis) == "primary" else _QUOTED), self.source
        yield node, own("basis"), _BASES[self.basis]
        yield node, own("rank"), _RANKS[self.rank]
        if self.locator:
            yield node, own("locator"), literal(self.locator)
        if self.cell:
            yield node, own("cell"), self.cell
        if self.raw is not None:
            yield node, _VALUE, literal(self.raw)
        if self.reading is not None and self.reading != self.raw:
            yield node, own("reading"), literal(self.reading)
        if self.reason:
            yield node, own("reason"), literal(self.reason)
        if self.corrected_by:
            yield node, own("correctedBy"), self.corrected_by
        for row in self.differs_from:
            yield node, own("differsFrom"), row
        if self.derived_from:
            yield node, iri(f"{PROV}wasInfluencedBy"), self.derived_from
        if self.alternative:
            yield node, own("alternative"), literal(self.alternative)
        if self.variant:
            yield node, own("variant"), literal(self.variant)
        yield node, own("accepted"), literal("true" if self.accepted else "false", f"{XSD}boolean")


def accepted(claims: Iterable[Claim], schema: Schema) -> set[Triple]:
    """Return the plain triples that the claims yield, by the rules of docs/internals.md, and mark the claims.

    Deprecated claims yield none; preferred ones stand alone; for a single-valued property primary sources
    outrank secondary ones, these outrank lists, and the newest of the lists outranks the others, for each
    variant where the property has a value per variant; all that are left stand. What a source says of itself
    alone, that it has no value, yields none.
    """
    single = {iri(name) for name in schema.single_valued}
    per_variant = {iri(name) for name in schema.per_variant}
    of_the_source = {iri(name) for name in schema.absences}
    groups: dict[tuple[Term, Term], list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.rank != "deprecated" and claim.predicate not in of_the_source:
            groups[claim.subject, claim.predicate].append(claim)
    triples: set[Triple] = set()
    for (subject, predicate), group in groups.items():
        best = [claim for claim in group if claim.rank == "preferred"] or group
        if predicate in per_variant:
            best = _of_each_variant(best)
        elif predicate in single:
            best = _single(best)
        objects = {claim.object for claim in best}
        triples.update((subject, predicate, obj) for obj in objects)
        for claim in group:
            claim.accepted = claim.object in objects
    return triples


def _single(claims: list[Claim]) -> list[Claim]:
    """Return those of the claims about a single-valued property whose source counts most."""
    for basis in ("primary", "secondary"):
        if best := [claim for claim in claims if claim.basis == basis]:
            return best
    newest = max(claim.edition for claim in claims)
    return [claim for claim in claims if claim.edition == newest]


def _of_each_variant(claims: list[Claim]) -> list[Claim]:
    """Return those of the claims whose source counts most, for each variant.

    A claim without one competes with all others.
    """
    best = []
    for variant in {claim.variant for claim in claims}:
        rivals = [claim for claim in claims if variant is None or claim.variant in (variant, None)]
        best += _single(rivals)
    return best


def not_had(claims: Iterable[Claim]) -> set[Triple]:
    """Return the lineage triples that hold for some variant of a work only, and not for the released one.

    Of alternatives a work has one: unless it is known which, none is a part of what one gets.
    """
    claims = list(claims)
    released = {
        claim.subject: claim.object
        for claim in claims
        if claim.predicate == _RELEASED and claim.rank != "deprecated"
    }
    return {
        (claim.subject, claim.predicate, claim.object)
        for claim in claims
        if claim.alternative
        and claim.rank != "deprecated"
        and (claim.variant is None or literal(claim.variant) != released.get(claim.subject))
    }
