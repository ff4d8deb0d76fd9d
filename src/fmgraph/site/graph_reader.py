"""What pages ask of the graph: small queries through the engine, and the property hierarchy.

Everything goes through ``engine.rows``, so the pages stand in front of any engine, also a remote one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyoxigraph as ox

from fmgraph.ontology import TERM_TYPES, Ontology, shipped
from fmgraph.rdf.prefixes import FMG, PREFIXES, RDF, RDFS
from fmgraph.server.engine import Engine

#: What a row of an answer holds.
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Row = Mapping[str, Any]

#: IRIs named in one query; more are asked for in several.
_AT_ONCE = 500
_FORBIDDEN = re.compile(r"[\x00-\x20<>\"{}|^`\\]")


class Graph:
    """The graph behind the engine. Keeps the ontology until the dataset's digest changes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._ontology: tuple[str, Ontology] | None = None

    def rows(self, query: str) -> Sequence[Row]:
        """Run a query with the project's prefixes put before it."""
        return self.engine.rows(PROLOGUE + query)

    def count(self, pattern: str, what: str = "?s") -> int:
        """Return how many distinct ``what`` match the pattern."""
        rows = self.rows(f"SELECT (COUNT(DISTINCT {what}) AS ?n) WHERE {{ {pattern} }}")
        return int(rows[0]["n"].value) if rows else 0

    def labels(self, iris: Iterable[str]) -> dict[str, str]:
        """Return the ``rdfs:label`` of those that have one; the first in code point order where several."""
        labels: dict[str, str] = {}
        for some in batches(iris):
            query = f"SELECT ?s (MIN(STR(?l)) AS ?label) WHERE {{ {values('s', some)} ?s rdfs:label ?l }}"
            for row in self.rows(f"{query} GROUP BY ?s"):
                labels[row["s"].value] = row["label"].value
        return labels

    def triples(self, subjects: Iterable[str]) -> list[tuple[str, str, Term]]:
        """Return all triples of the subjects, as (subject IRI, property IRI, object)."""
        return [
            (row["s"].value, row["p"].value, row["o"])
            for some in batches(subjects)
            for row in self.rows(f"SELECT ?s ?p ?o WHERE {{ {values('s', some)} ?s ?p ?o }}")
        ]

    @property
    def ontology(self) -> Ontology:
        """The ontology of the dataset that the engine now serves."""
        digest = str(self.engine.meta.digest)
        if self._ontology is None or self._ontology[0] != digest:
            self._ontology = (digest, self._read_ontology())
        return self._ontology[1]

    def _read_ontology(self) -> Ontology:
        """Return the ontology in the graph; the shipped one fills in what that leaves out."""
        types = " ".join(iri(one) for one in TERM_TYPES)
        query = f"""SELECT ?s ?p ?o WHERE {{ {{ SELECT DISTINCT ?s WHERE {{
            {{ VALUES ?type {{ {types} }} ?s a ?type }}
            UNION {{ ?s fmg:claimed|fmg:editorial|fmg:derived|fmg:group|fmg:incomingTitle ?v }}
            FILTER(ISIRI(?s)) }} }} ?s ?p ?o }}"""
        own = ((row["s"].value, row["p"].value, row["o"]) for row in self.rows(query))
        return Ontology([*own, *shipped().triples()])


PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())

TYPE = RDF + "type"
LABEL = RDFS + "label"
BUILT_ON = FMG + "builtOn"


def batches(iris: Iterable[str]) -> Iterator[list[str]]:
    """Yield the distinct IRIs, sorted, in lists that fit into one query."""
    rest = iter(sorted(set(iris)))
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def iri(text: str) -> str:
    """Return the IRI as SPARQL writes it; characters that no IRI may hold are percent-encoded."""
    return f"<{_FORBIDDEN.sub(lambda match: f'%{ord(match[0]):02X}', text)}>"


def values(name: str, iris: Iterable[str]) -> str:
    """Return a VALUES clause that binds the variable to the IRIs."""
    return f"VALUES ?{name} {{ {' '.join(iri(one) for one in iris)} }}"


def text(term: Term) -> str:
    """Return a term's IRI or lexical form, without syntax; a triple term in N-Triples."""
    return str(getattr(term, "value", term))
