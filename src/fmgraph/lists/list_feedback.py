"""What the maintainer of a source list may want to correct or add, cell by cell, with the sources.

Made from the graph alone, by SPARQL. A *correction* is a cell whose reading the graph does not accept, since
a curator deprecated it or a primary source outranks it. A *gap* is a cell that is empty, or has a tick where
others have a link, and for which the graph has a value. Only cells of the list are named, never columns that
it has not; nothing rests on a secondary source alone; another spelling of the same is no correction.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from fmgraph.errors import NotFoundError
from fmgraph.rdf.prefixes import BASE, DCTERMS, FMG, FOAF, PROV, RDF, RDFS, SCHEMA, entity_iri
from fmgraph.records.addresses import parse_address
from fmgraph.text import SLUG, match_key, nearest

_PREFIXES = f"""PREFIX dcterms: <{DCTERMS}> PREFIX fmg: <{FMG}> PREFIX foaf: <{FOAF}> PREFIX prov: <{PROV}>
PREFIX rdf: <{RDF}> PREFIX rdfs: <{RDFS}> PREFIX schema: <{SCHEMA}>
"""
_LISTS = """SELECT ?list ?label ?source {
  ?list a fmg:SourceList ; rdfs:label ?label OPTIONAL { ?list dcterms:source ?source }
}"""
_ROWS = """SELECT ?row ?position ?line ?table ?section ?work ?name {
  ?row a fmg:ListRow ; dcterms:isPartOf %s ; schema:position ?position ; fmg:inTable ?table ; fmg:line ?line ;
    foaf:primaryTopic ?work .
  ?work rdfs:label ?name . ?table rdfs:label ?section
} ORDER BY ?position"""
_WRONG = """SELECT ?row ?s ?p ?o ?value ?said ?column ?reason ?evidence ?evidenceName {
  ?row a fmg:ListRow ; dcterms:isPartOf %s .
  ?claim prov:wasQuotedFrom ?row ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o .
  FILTER NOT EXISTS { ?s ?p ?o }
  OPTIONAL { ?claim prov:value ?said }
  OPTIONAL { ?claim fmg:cell/fmg:column ?column }
  OPTIONAL { ?claim fmg:reason ?reason }
  OPTIONAL { ?claim fmg:correctedBy ?evidence OPTIONAL { ?evidence rdfs:label ?evidenceName } }
  OPTIONAL { ?o rdfs:label ?value }
} ORDER BY ?row ?column ?claim"""
#: What is accepted of the subjects of a list and said by a primary source, by property or below it.
_RIGHT = """SELECT DISTINCT ?s ?p ?o ?value ?source ?sourceName ?at {
  { SELECT DISTINCT ?s { ?row dcterms:isPartOf %s ; foaf:primaryTopic ?work . ?work fmg:describedBy? ?s } }
  ?claim rdf:subject ?s ; rdf:predicate ?q ; rdf:object ?o ; fmg:rank ?rank ; fmg:basis fmg:PrimarySource ;
    prov:hadPrimarySource ?source .
  FILTER(?rank != fmg:DeprecatedRank)
  ?s ?q ?o .
  ?q rdfs:subPropertyOf* ?p .
  FILTER(STRSTARTS(STR(?p), "%s"))
  OPTIONAL { ?claim fmg:locator ?at }
  OPTIONAL { ?source rdfs:label ?sourceName }
  OPTIONAL { ?o rdfs:label ?value }
} ORDER BY ?s ?p ?o ?source"""
_SECONDARY = """SELECT DISTINCT ?source {
  ?claim fmg:basis fmg:SecondarySource ; prov:wasQuotedFrom ?source
  FILTER NOT EXISTS { ?other prov:hadPrimarySource ?source }
}"""
_COLUMNS = """SELECT ?table ?column ?header ?position {
  ?table dcterms:isPartOf %s . ?column fmg:inTable ?table ; rdfs:label ?header ; schema:position ?position
}"""
#: Which property the columns of each table are about, seen from the claims quoted from them.
_MEANINGS = """SELECT DISTINCT ?column ?p {
  ?row dcterms:isPartOf %s . ?cell fmg:inRow ?row ; fmg:column ?column .
  ?claim fmg:cell ?cell ; rdf:predicate ?p
} ORDER BY ?column ?p"""
_CELLS = """SELECT ?row ?column ?text {
  ?row dcterms:isPartOf %s . ?cell fmg:inRow ?row ; fmg:column ?column OPTIONAL { ?cell prov:value ?text }
}"""
_QUOTED = """SELECT DISTINCT ?row ?p {
  ?row dcterms:isPartOf %s . ?c prov:wasQuotedFrom ?row ; rdf:predicate ?p
}"""
_PAPERS = """SELECT ?work ?paper {
  ?row dcterms:isPartOf %s ; foaf:primaryTopic ?work . ?work fmg:describedBy ?paper
}"""
#: Cells that say that nothing is known.
_NOTHING = {"", "na", "none", "comingsoon", "tba", "soon", "tbd"}
#: A tick says that there is one, and where it is remains to be said.
_TICKS = {f"{FMG}codeAvailable": f"{FMG}code", f"{FMG}weightsAvailable": f"{FMG}weights"}

_Term = NamedNode | BlankNode | Literal | Triple
_Solution = Mapping[str, str]


class Rows(Protocol):
    """What answers the queries: any engine."""

    def rows(self, query: str) -> Sequence[Mapping[str, _Term]]:
        """Return the solutions of a SELECT query."""
        ...


@dataclass(frozen=True)
class Evidence:
    """A source, and where in it."""

    name: str
    iri: str
    at: str = ""


@dataclass(frozen=True)
class Value:
    """A value, with the primary sources that give it; none where it is wrong."""

    text: str  #: label or literal
    iri: str | None  #: of what is not the graph's own: an address to link to
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """One cell that may be changed."""

    row: str  #: IRI
    position: int  #: of the row in the list
    line: int  #: in the list's own file
    section: str
    work: str  #: name of the row's subject
    header: str  #: of the column; "" where the section's heading says it
    column: int  #: position of the column in its table, 0 where the heading says it
    cell: str  #: the whole cell as it is, "" where empty
    wrong: tuple[Value, ...]  #: the readings that are wrong; none where something is missing
    reason: str  #: a curator's, "" where there is none
    right: tuple[Value, ...]
    evidence: tuple[Evidence, ...]  #: that shows the reading to be wrong

    @property
    def is_gap(self) -> bool:
        """Whether something is missing, not wrong."""
        return not self.wrong


@dataclass(frozen=True)
class Feedback:
    """All suggestions for one list, in its order."""

    list_id: str
    label: str
    source: str | None  #: the page of this edition
    rows: int
    suggestions: tuple[Suggestion, ...]

    @property
    def corrections(self) -> list[Suggestion]:
        """Cells that are wrong."""
        return [one for one in self.suggestions if not one.is_gap]

    @property
    def gaps(self) -> list[Suggestion]:
        """Cells that can be filled."""
        return [one for one in self.suggestions if one.is_gap]


def feedback(engine: Rows, list_id: str) -> Feedback:
    """Return what may be changed in a list.

    Raises NotFoundError with the nearest ids for a list that the graph does not have.
    """
    lists = {solution["list"].removeprefix(f"{BASE}list/"): solution for solution in _ask(engine, _LISTS)}
    if not SLUG.fullmatch(list_id) or list_id not in lists:
        raise NotFoundError(f"there is no list {list_id!r}", nearest(list_id, lists) or sorted(lists))
    graph = _Graph(engine, f"<{entity_iri('list', list_id)}>")
    suggestions = [one for row in graph.rows for one in (*graph.corrections(row), *graph.gaps(row))]
    about = lists[list_id]
    return Feedback(list_id, about["label"], about.get("source"), len(graph.rows), tuple(suggestions))


def _ask(engine: Rows, query: str) -> list[_Solution]:
    return [
        {
            name: term.value
            for name, term in solution.items()
            if term is not None and not isinstance(term, Triple)
        }
        for solution in engine.rows(_PREFIXES + query)
    ]


class _Graph:
    """The answers of the graph about one list."""

    def __init__(self, engine: Rows, node: str) -> None:
        self.rows = _ask(engine, _ROWS % node)
        self._wrong: dict[str, list[_Solution]] = defaultdict(list)
        for solution in _ask(engine, _WRONG % node):
            self._wrong[solution["row"]].append(solution)
        self._right: dict[tuple[str, str], list[_Solution]] = defaultdict(list)
        for solution in _ask(engine, _RIGHT % (node, FMG)):
            self._right[solution["s"], solution["p"]].append(solution)
        self._secondary = {solution["source"] for solution in _ask(engine, _SECONDARY)}
        self._columns = {solution["column"]: solution for solution in _ask(engine, _COLUMNS % node)}
        self._meanings: dict[str, list[str]] = defaultdict(list)
        for solution in _ask(engine, _MEANINGS % node):
            self._meanings[solution["column"]].append(solution["p"])
        self._cells = {
            (solution["row"], solution["column"]): solution for solution in _ask(engine, _CELLS % node)
        }
        self._quoted = {(solution["row"], solution["p"]) for solution in _ask(engine, _QUOTED % node)}
        self._papers: dict[str, list[str]] = defaultdict(list)
        for solution in _ask(engine, _PAPERS % node):
            self._papers[solution["work"]].append(solution["paper"])

    def corrections(self, row: _Solution) -> Iterable[Suggestion]:
        """Yield one suggestion for each cell and property with a reading that is not accepted."""
        cells: dict[tuple[str, str, str], list[_Solution]] = defaultdict(list)
        for solution in self._wrong.get(row["row"], ()):
            cells[solution.get("column", ""), solution["s"], solution["p"]].append(solution)
        reported_keys = set()
        for (column, subject, predicate), claims in cells.items():
            right = self._values(self._right.get((subject, predicate), ()))
            reasons = {claim["reason"]: None for claim in claims if "reason" in claim}
            places = [
                Evidence(claim.get("evidenceName", claim["evidence"]), claim["evidence"])
                for claim in claims
                if "evidence" in claim and claim["evidence"] not in self._secondary
            ]
            evidence = tuple(dict.fromkeys(places))
            if not right and not evidence:
                continue  # rests on a secondary source, or on none that could be looked up
            wrong = tuple(dict.fromkeys(Value(_value(claim), _address(claim)) for claim in claims))
            accepted = {_normal(one) for one in right}
            if not reasons and {_normal(one) for one in wrong} <= accepted:
                continue  # another spelling of the same
            about = self._cells.get((row["row"], column), {}).get("text", claims[0].get("said", ""))
            key = (column, wrong, tuple(one.text for one in right))  # a year is said of work and paper
            if key not in reported_keys:
                reported_keys.add(key)
                yield self._suggestion(row, column, about, wrong, " ".join(reasons), right, evidence)

    def gaps(self, row: _Solution) -> Iterable[Suggestion]:
        """Yield one suggestion for each empty cell that the graph can fill."""
        subjects = [row["work"], *self._papers.get(row["work"], ())]
        reported_properties: set[str] = set()
        for column in sorted(self._meanings, key=lambda one: int(self._columns[one]["position"])):
            if self._columns[column]["table"] != row["table"]:
                continue
            cell = self._cells.get((row["row"], column), {})
            text = cell.get("text", "")
            if cell and "text" not in cell:
                continue  # prose, which the graph does not keep
            empty = match_key(text) in _NOTHING and not _is_tick(text)
            for meaning in self._meanings[column]:
                property_iri = _TICKS.get(meaning, meaning)
                if not empty and not (property_iri in _TICKS.values() and _is_tick(text)):
                    continue
                right = self._values(
                    [one for subject in subjects for one in self._right.get((subject, property_iri), ())]
                )
                if (
                    right
                    and property_iri not in reported_properties
                    and (row["row"], property_iri) not in self._quoted
                ):
                    reported_properties.add(property_iri)
                    yield self._suggestion(row, column, text, (), "", right, ())

    def _suggestion(
        self,
        row: _Solution,
        column: str,
        cell: str,
        wrong: tuple[Value, ...],
        reason: str,
        right: tuple[Value, ...],
        evidence: tuple[Evidence, ...],
    ) -> Suggestion:
        about = self._columns.get(column, {})
        return Suggestion(
            row=row["row"],
            position=int(row["position"]),
            line=int(row["line"]),
            section=row["section"],
            work=row["name"],
            header=about.get("header", ""),
            column=int(about.get("position", "0")),
            cell=cell,
            wrong=wrong,
            reason=reason,
            right=right,
            evidence=evidence,
        )

    def _values(self, solutions: Iterable[_Solution]) -> tuple[Value, ...]:
        sources: dict[str, dict[Evidence, None]] = defaultdict(dict)
        values = {}
        for one in solutions:
            values[one["o"]] = one
            place = Evidence(one.get("sourceName", one["source"]), one["source"], one.get("at", ""))
            sources[one["o"]][place] = None
        return tuple(Value(_value(one), _address(one), tuple(sources[o])) for o, one in values.items())


def _is_tick(text: str) -> bool:
    """Tell whether a cell says that there is one, without saying where."""
    return match_key(text) == "yes" or (any(tick in text for tick in "✅✓✔☑") and "http" not in text)


def _value(solution: _Solution) -> str:
    return solution.get("value", solution["o"].removeprefix(BASE))


def _address(solution: _Solution) -> str | None:
    """Return the address that a value is, None for the graph's own entities and for literals."""
    outside = re.match(r"https?://", solution["o"]) and not solution["o"].startswith(BASE)
    return solution["o"] if outside else None


def _normal(value: Value) -> str:
    """Return what two spellings of one value have in common: an address's page, a text's letters."""
    return parse_address(value.iri).key.casefold() if value.iri else match_key(value.text)
