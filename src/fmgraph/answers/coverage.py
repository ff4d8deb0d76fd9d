"""How much is known of the medical works, and how far lists are in the graph.

What should be known of a work is said by the ontology (``fmg:completenessWeight``): a property counts where a
value is stated, or where a search found none stated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fmgraph.rdf.prefixes import PREFIXES

_PROLOGUE = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
_PROPERTIES = (
    "SELECT ?p ?label ?weight { ?p fmg:completenessWeight ?weight ; rdfs:label ?label } ORDER BY ?label"
)
_WORKS = 'SELECT ?work { ?work fmg:scope "medical" }'
_STATED = """SELECT DISTINCT ?work ?p {
  ?p fmg:completenessWeight ?weight .
  { ?work ?p ?value } UNION { ?also fmg:countsAs ?p . ?work ?also ?value }
  UNION { ?p fmg:concerns fmg:weights . ?work fmg:access "not-released" }
  ?work fmg:scope "medical"
}"""
_SEARCHED = """SELECT DISTINCT ?work ?p {
  ?p fmg:completenessWeight ?weight .
  ?search fmg:searchedFor/(fmg:countsAs|^fmg:concerns)? ?p ; fmg:about ?work .
  ?work fmg:scope "medical"
}"""
_ROWS = """SELECT ?list ?label ?row ?work ?skipped {
  ?row a fmg:ListRow ; dcterms:isPartOf ?list . ?list rdfs:label ?label
  OPTIONAL { ?row foaf:primaryTopic ?work } OPTIONAL { ?row fmg:skippedBecause ?skipped }
} ORDER BY ?label"""
_YEARS = 'SELECT DISTINCT ?work ?year { ?work fmg:scope "medical" ; fmg:year ?year } ORDER BY DESC(?year)'
_MODALITIES = """SELECT DISTINCT ?work ?modality ?label {
  ?work fmg:scope "medical" ; fmg:modality ?modality . ?modality rdfs:label ?label
}"""


class Rows(Protocol):
    """Whatever answers a SELECT: any engine."""

    def rows(self, query: str) -> Sequence[Mapping[str, Any]]:
        """Return the solutions."""
        ...


@dataclass(frozen=True)
class ExpectedProperty:
    """A property that should be known of every medical work."""

    iri: str
    label: str
    weight: int


@dataclass(frozen=True)
class Known:
    """Of how many works a property is settled."""

    stated: int
    searched: int  #: in vain, and not stated elsewhere


@dataclass(frozen=True)
class Group:
    """Works that have something in common: a list, a year, a modality, or nothing (all)."""

    by: str  #: ``all``, ``list``, ``year`` or ``modality``
    name: str
    iri: str | None
    works: int
    known: tuple[Known, ...]  #: in the order of the wanted properties
    completeness: float  #: weighted share of what is settled, 0 to 1
    rows: int = 0  #: of a list
    skipped: int = 0  #: rows that are about no work
    waiting: int = 0  #: rows whose record is not named, or not accepted yet


@dataclass(frozen=True)
class Coverage:
    """The figures for the whole and for each group."""

    wanted: tuple[ExpectedProperty, ...]
    groups: tuple[Group, ...]

    def by(self, name: str) -> list[Group]:
        """Return the groups of one kind."""
        return [group for group in self.groups if group.by == name]


def coverage(engine: Rows) -> Coverage:
    """Return how much is known, for all medical works, by list, year and modality."""
    properties = tuple(
        ExpectedProperty(row["p"].value, row["label"].value, int(row["weight"].value))
        for row in _ask(engine, _PROPERTIES)
    )
    stated_pairs = {(row["work"].value, row["p"].value) for row in _ask(engine, _STATED)}
    searched_pairs = {(row["work"].value, row["p"].value) for row in _ask(engine, _SEARCHED)} - stated_pairs
    medical = {row["work"].value for row in _ask(engine, _WORKS)}

    def group(by: str, name: str, iri: str | None, works: Iterable[str], **rows: int) -> Group:
        of = medical.intersection(works)
        known = tuple(
            Known(
                sum((work, p.iri) in stated_pairs for work in of),
                sum((work, p.iri) in searched_pairs for work in of),
            )
            for p in properties
        )
        possible = len(of) * sum(p.weight for p in properties)
        settled = sum((k.stated + k.searched) * p.weight for k, p in zip(known, properties, strict=True))
        return Group(by, name, iri, len(of), known, settled / possible if possible else 0.0, **rows)

    groups = [group("all", "All medical works", None, medical)]
    for (iri, label), rows in _collected(_ask(engine, _ROWS), "list").items():
        skipped = len({row["row"].value for row in rows if row.get("skipped") is not None})
        work_of_row = {row["row"].value: row["work"].value for row in rows if row.get("work") is not None}
        total = len({row["row"].value for row in rows})
        counts = {"rows": total, "skipped": skipped, "waiting": total - skipped - len(work_of_row)}
        groups.append(group("list", label, iri, work_of_row.values(), **counts))
    years: dict[str, list[str]] = defaultdict(list)
    for row in _ask(engine, _YEARS):
        years[row["year"].value].append(row["work"].value)
    groups += [group("year", year, None, works) for year, works in years.items()]
    dated = {work for works in years.values() for work in works}
    modalities = _collected(_ask(engine, _MODALITIES), "modality")
    some = [
        group("modality", label, iri, (row["work"].value for row in rows))
        for (iri, label), rows in modalities.items()
    ]
    groups += sorted(some, key=lambda one: (-one.works, one.name))
    with_modality = {row["work"].value for rows in modalities.values() for row in rows}
    groups += [group("year", "unknown", None, medical - dated)] if medical - dated else []
    groups += [group("modality", "unknown", None, medical - with_modality)] if medical - with_modality else []
    return Coverage(properties, tuple(groups))


def _ask(engine: Rows, query: str) -> Sequence[Mapping[str, Any]]:
    return engine.rows(_PROLOGUE + query)


def _collected(rows: Iterable[Mapping[str, Any]], key: str) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """Return the solutions by the entity under ``key`` and its label."""
    by_entity: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_entity[row[key].value, row["label"].value].append(row)
    return by_entity
