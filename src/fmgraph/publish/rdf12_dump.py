"""The graph in RDF 1.2: each claim reifies its statement as a triple term, in place of three triples.

``claim:x rdf:reifies <<( s p o )>>`` stands where RDF 1.1 has ``rdf:subject``, ``rdf:predicate`` and
``rdf:object``; all else is the same. The statement is named, not asserted: ``fmg:accepted`` says in both
whether the graph holds it as a plain triple. https://www.w3.org/TR/rdf12-concepts/#section-reifying-triples
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from fmgraph.rdf.prefixes import RDF
from fmgraph.rdf.sorted_lines import parts

_PARTS = tuple(f"<{RDF}{name}>" for name in ("subject", "predicate", "object"))
_REIFIES = f"<{RDF}reifies>"


def reified(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines of N-Triples, sorted by subject, as lines of N-Triples 1.2.

    A node that has not just one subject, predicate and object keeps what it has.
    """
    for subject, run in groupby(lines, key=lambda line: line.split(" ", 1)[0]):
        about = list(run)
        statement = [(predicate, value) for _, predicate, value in map(parts, about) if predicate in _PARTS]
        if sorted(predicate for predicate, _ in statement) != sorted(_PARTS):
            yield from about
            continue
        terms = dict(statement)
        term = " ".join(terms[part] for part in _PARTS)
        others = [line for line in about if line.split(" ", 2)[1] not in _PARTS]
        yield from sorted([*others, f"{subject} {_REIFIES} <<( {term} )>> .\n"])
