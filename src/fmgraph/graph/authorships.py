"""The order of authors: one authorship node for each place in a paper's author line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from fmgraph.graph.claims import Claim
from fmgraph.rdf.prefixes import PROV, SCHEMA
from fmgraph.rdf.terms import A, Term, Triple, bare, integer, iri, literal, own

_AUTHOR = own("author")


def authorships(claims: Iterable[Claim], names: dict[Term, str]) -> set[Triple]:
    """Return the authorship nodes of all papers; ``names`` has each person's name.

    Claims come in the order of the author line. Where several sources give authors, the longest line is
    the order (a shorter one is an abbreviation); a deprecated line gives none.
    """
    lines: dict[Term, dict[Term, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for claim in claims:
        if claim.predicate == _AUTHOR and claim.rank != "deprecated":
            lines[claim.subject][claim.source].append(claim.object)
    triples: set[Triple] = set()
    for paper, by_source in lines.items():
        source, people = max(by_source.items(), key=lambda item: (len(item[1]), item[0]))
        for position, person in enumerate(people, 1):
            node = iri(f"{bare(paper)}#author-{position}")
            triples |= {
                (node, A, own("Authorship")),
                (node, own("ofPaper"), paper),
                (node, iri(f"{SCHEMA}position"), integer(position)),
                (node, own("person"), person),
                (node, iri(f"{SCHEMA}name"), literal(names[person])),
                (node, iri(f"{PROV}wasQuotedFrom"), source),
            }
    return triples
