"""Claims, labels and entities as the tools read them: each fact with its claims and their sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from fmgraph.answers.resolve import Match, Resolver, resolver_of
from fmgraph.ontology import all_kinds, work_kinds
from fmgraph.rdf.prefixes import FMG, PREFIXES
from fmgraph.rdf.terms import iri as term
from fmgraph.server.engine import Engine

_PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
#: Claims given with one fact; of the rest, only the number is given.
MOST_CLAIMS = 2
_CLAIMS = """SELECT ?claim ?s ?p ?o ?label ?source ?where ?accepted ?reason ?raw ?alternative ?variant
WHERE {{
  {pattern} ?claim rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ; fmg:accepted ?accepted .
  OPTIONAL {{ ?o rdfs:label ?label }}
  OPTIONAL {{ ?claim prov:hadPrimarySource|prov:wasQuotedFrom ?source }}
  OPTIONAL {{ ?claim fmg:locator ?where }} OPTIONAL {{ ?claim fmg:reason ?reason }}
  OPTIONAL {{ ?claim prov:value ?raw }} OPTIONAL {{ ?claim fmg:alternative ?alternative }}
  OPTIONAL {{ ?claim fmg:variant ?variant }} }} ORDER BY ?s ?p ?o DESC(?accepted) ?claim"""
Row = dict[str, str]
Fact = dict[str, Any]


class Evidence:
    """Reads an engine's graph for the tools."""

    def __init__(self, engine: Engine) -> None:
        """Read the engine's graph."""
        self.engine = engine

    @property
    def resolver(self) -> Resolver:
        """The engine's resolver."""
        return resolver_of(self.engine)

    def rows(self, query: str) -> list[Row]:
        """Return the solutions of a SELECT as texts; the usual prefixes are declared."""
        solutions = self.engine.rows(_PROLOGUE + query)
        return [
            {name: str(getattr(value, "value", value)) for name, value in row.items()} for row in solutions
        ]

    def find(self, name: str, kinds: Sequence[str] = ()) -> Match:
        """Return the entity of a name, identifier or address; NotFoundError with the nearest names."""
        return self.resolver.find(name, kinds)

    def find_work(self, name: str) -> Match:
        """Return the work of a name; NotFoundError with the nearest."""
        return self.find(name, work_kinds())

    def claims(self, pattern: str) -> list[Row]:
        """Return the claims (``?claim``) that match a pattern, accepted ones first."""
        return self.rows(_CLAIMS.format(pattern=pattern))

    def facts(self, pattern: str) -> dict[str, dict[str, list[Fact]]]:
        """Return the accepted facts of the claims that match: by subject IRI and property's local name."""
        facts: dict[str, dict[str, dict[str, Fact]]] = defaultdict(lambda: defaultdict(dict))
        for row in self.claims(f"{pattern} ?claim fmg:accepted true ."):
            prop = row["p"].removeprefix(FMG)
            fact = facts[row["s"]][prop].setdefault(row["o"], _value(row))
            _add(fact, row)
        return {
            subject: {prop: list(values.values()) for prop, values in props.items()}
            for subject, props in facts.items()
        }

    def labels(self, iris: Iterable[str]) -> dict[str, str]:
        """Return the labels of the IRIs."""
        some = " ".join(term(iri) for iri in dict.fromkeys(iris))
        return {
            row["s"]: row["l"]
            for row in self.rows(
                f"SELECT ?s (MIN(STR(?x)) AS ?l) {{ VALUES ?s {{ {some} }} ?s rdfs:label ?x }} GROUP BY ?s"
            )
        }


def _value(row: Row) -> Fact:
    fact: Fact = {"value": row["o"]}
    if row.get("label"):
        fact["label"] = row["label"]
    return {**fact, "claims": []}


def _add(fact: Fact, row: Row) -> None:
    if any(one["claim"] == row["claim"] for one in fact["claims"]):
        return
    if len(fact["claims"]) >= MOST_CLAIMS:
        fact["more_claims"] = fact.get("more_claims", 0) + 1
        return
    fact["claims"].append(claim_of(row))


def claim_of(row: Row) -> Fact:
    """Return a claim: its IRI, source, where in it, and for which variant or alternative that is said."""
    fields = {"claim": row["claim"], "source": row.get("source", "")}
    for name in ("where", "variant", "alternative"):
        if row.get(name):
            fields[name] = row[name]
    return {name: value for name, value in fields.items() if value}


def identify(match: Match) -> dict[str, str]:
    """Return what identifies an entity in an answer."""
    return {"iri": match.iri, "kind": match.kind, "label": match.label}


def kind_of(iri: str) -> str:
    """Return the kind of an entity of ours by its IRI; empty for another."""
    kind = iri.rpartition("/")[0].rpartition("/")[2]
    return kind if kind in all_kinds() else ""
