"""Claims as pages show them: what one source says, where it was read, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from fmgraph.rdf.prefixes import FMG, PROV, RDF
from fmgraph.site.graph_reader import Graph, Term, iri, text


@dataclass
class Claim:
    """What one source says. ``value`` is the object; absent parts are None."""

    iri: str
    prop: str
    value: Term
    source: str | None = None
    row: str | None = None
    cell: str | None = None
    raw: str | None = None
    locator: str | None = None
    basis: str | None = None
    rank: str | None = None
    accepted: bool = False
    reason: str | None = None
    corrected_by: str | None = None
    #: Of the subject, for which the claim holds.
    variant: str | None = None

    @property
    def deprecated(self) -> bool:
        """Whether a curator set the claim aside."""
        return self.rank == FMG + "DeprecatedRank"


def read_claims(graph: Graph, pattern: str) -> list[Claim]:
    """Return the claims (``?c``) that match the pattern, ordered by IRI."""
    parts_by_node: dict[str, dict[str, Term]] = {}
    for row in graph.rows(f"SELECT ?c ?q ?v WHERE {{ {pattern} ?c ?q ?v }} ORDER BY ?c ?q ?v"):
        parts_by_node.setdefault(row["c"].value, {})[row["q"].value] = row["v"]
    return [_claim(node, parts) for node, parts in parts_by_node.items() if RDF + "object" in parts]


def _claim(node: str, parts: dict[str, Term]) -> Claim:
    def get(prop: str) -> str | None:
        return text(parts[prop]) if prop in parts else None

    quoted, cell, basis = get(PROV + "wasQuotedFrom"), get(FMG + "cell"), get(FMG + "basis")
    of_list = cell is not None or basis == FMG + "ListCell"
    return Claim(
        node,
        text(parts[RDF + "predicate"]),
        parts[RDF + "object"],
        source=get(PROV + "hadPrimarySource") or (None if of_list else quoted),
        row=quoted if of_list else None,
        cell=cell,
        raw=get(PROV + "value") or get(FMG + "reading"),
        locator=get(FMG + "locator"),
        basis=basis,
        rank=get(FMG + "rank"),
        accepted=get(FMG + "accepted") == "true",
        reason=get(FMG + "reason"),
        corrected_by=get(FMG + "correctedBy"),
        variant=get(FMG + "variant"),
    )


def claims_about(graph: Graph, subject: str) -> list[Claim]:
    """Return every claim whose subject is the entity."""
    return read_claims(graph, f"?c rdf:subject {iri(subject)} .")
