"""The order of authors: one authorship node for each place in a paper's author line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pyoxigraph as ox

from fmgraph.graph.claims import Claim
from fmgraph.rdf.prefixes import PROV, SCHEMA, SKOS
from fmgraph.rdf.terms import LABEL, A, Term, Triple, bare, entity, integer, iri, line, literal, own

_AUTHOR = own("author")
_ALSO = iri(f"{SKOS}altLabel")


def name_people(triples: set[Triple]) -> dict[Term, str]:
    """Give each person one label, of several spellings the longest, and the others as alternatives.

    Sources write one name with and without points and hyphens, and a person is known by the name only.
    Returns the labels; changes ``triples``.
    """
    people = entity("person", "")[:-1]
    spellings: dict[Term, list[Triple]] = defaultdict(list)
    for triple in triples:
        if triple[1] == LABEL and triple[0].startswith(people):
            spellings[triple[0]].append(triple)
    names = {}
    for person, labels in spellings.items():
        first, *others = sorted(labels, key=lambda triple: (-len(triple[2]), triple[2]))
        triples.difference_update(others)
        triples.update((person, _ALSO, other[2]) for other in others)
        names[person] = ox.parse(line(first), ox.RdfFormat.N_TRIPLES).__next__().object.value
    return names


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
