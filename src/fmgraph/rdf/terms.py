"""RDF terms as N-Triples text, and triples as tuples of three of them.

The build makes millions of triples from text; keeping every term in its N-Triples form (``<iri>`` or
``"lexical"^^<datatype>``) makes them cheap to compare, sort and write. https://www.w3.org/TR/n-triples/
"""

from __future__ import annotations

import re
from functools import lru_cache

from fmgraph.rdf.prefixes import RDF, RDFS, XSD, entity_iri, fmg

#: A term in N-Triples syntax.
Term = str
Triple = tuple[Term, Term, Term]

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})
_FORBIDDEN_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\]")


def iri(text: str) -> Term:
    """Return the term of an IRI; characters that no IRI may hold are percent-encoded (RFC 3987)."""
    return f"<{_FORBIDDEN_IN_IRI.sub(lambda match: f'%{ord(match[0]):02X}', text)}>"


def literal(text: str, datatype: str | None = None, language: str | None = None) -> Term:
    """Return the term of a literal: plain, language-tagged, or of the datatype IRI."""
    quoted = f'"{text.translate(_ESCAPES)}"'
    if language:
        return f"{quoted}@{language}"
    return f"{quoted}^^<{datatype}>" if datatype and datatype != f"{XSD}string" else quoted


def entity(kind: str, slug: str) -> Term:
    """Return the term of an entity."""
    return iri(entity_iri(kind, slug))


@lru_cache(maxsize=1_000)
def own(local: str) -> Term:
    """Return the term of an ontology term, by its local name."""
    return iri(fmg(local))


def integer(value: int) -> Term:
    """Return an ``xsd:integer``."""
    return literal(str(value), f"{XSD}integer")


def bare(term: Term) -> str:
    """Return the IRI inside an IRI term."""
    return term[1:-1]


A = iri(f"{RDF}type")
LABEL = iri(f"{RDFS}label")


def line(triple: Triple) -> str:
    """Return the triple as a line of N-Triples, with the newline."""
    return f"{triple[0]} {triple[1]} {triple[2]} .\n"
