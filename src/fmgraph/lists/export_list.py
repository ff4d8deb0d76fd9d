"""Give a source list back from the graph alone: its tables, rows and cells, in the order it had them.

Asked through any engine in SPARQL, so it works the same on the shipped graph, a dump and a remote endpoint.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from fmgraph.errors import NotFoundError
from fmgraph.rdf.prefixes import BASE, DCTERMS, FMG, PROV, RDFS, SCHEMA, entity_iri
from fmgraph.text import SLUG, nearest

_Term = NamedNode | BlankNode | Literal | Triple
_Solution = Mapping[str, _Term]

_PREFIXES = f"""
PREFIX fmg: <{FMG}>
PREFIX dcterms: <{DCTERMS}>
PREFIX prov: <{PROV}>
PREFIX rdfs: <{RDFS}>
PREFIX schema: <{SCHEMA}>
"""
_LISTS = "SELECT ?list ?label WHERE { ?list a fmg:SourceList ; rdfs:label ?label } ORDER BY ?list"
_COLUMNS = """
SELECT ?table ?section ?column ?header WHERE {
  ?table a fmg:Table ; dcterms:isPartOf %(list)s ; schema:position ?number ; rdfs:label ?section .
  ?column a fmg:Column ; fmg:inTable ?table ; schema:position ?position ; rdfs:label ?header .
} ORDER BY ?number ?position"""
_ROWS = """
SELECT ?row ?table ?position WHERE {
  ?row a fmg:ListRow ; dcterms:isPartOf %(list)s ; fmg:inTable ?table ; schema:position ?position .
} ORDER BY ?position"""
_CELLS = """
SELECT ?row ?column ?text WHERE {
  ?row a fmg:ListRow ; dcterms:isPartOf %(list)s .
  ?cell a fmg:Cell ; fmg:inRow ?row ; fmg:column ?column ; prov:value ?text .
}"""


class Rows(Protocol):
    """Whatever answers a SELECT with one mapping of bound variables per solution: any engine does."""

    def rows(self, query: str) -> Sequence[_Solution]:
        """Return the solutions of a SELECT query."""
        ...


@dataclass(frozen=True, slots=True)
class ListingTable:
    """One table of a list; each row has a cell for each header, "" where it is empty or prose."""

    section: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    positions: tuple[int, ...] = ()  #: of the rows in the list


@dataclass(frozen=True, slots=True)
class Listing:
    """A source list as the graph has it."""

    id: str
    label: str
    tables: tuple[ListingTable, ...]


def list_rows(engine: Rows, list_id: str) -> Listing:
    """Return the list with all its rows, in its own order.

    Raises NotFoundError with the nearest ids (or all, where none is near) for a list that the graph has not.
    """
    labels = {
        _value(solution, "list").removeprefix(f"{BASE}list/"): _value(solution, "label")
        for solution in engine.rows(_PREFIXES + _LISTS)
    }
    if not SLUG.fullmatch(list_id) or list_id not in labels:
        raise NotFoundError(f"there is no list {list_id!r}", nearest(list_id, labels) or sorted(labels))
    node = {"list": f"<{entity_iri('list', list_id)}>"}
    headers: dict[str, dict[str, str]] = {}
    sections: dict[str, str] = {}
    for solution in engine.rows(_PREFIXES + _COLUMNS % node):
        table = _value(solution, "table")
        sections[table] = _value(solution, "section")
        headers.setdefault(table, {})[_value(solution, "column")] = _value(solution, "header")
    cells = {
        (_value(solution, "row"), _value(solution, "column")): _value(solution, "text")
        for solution in engine.rows(_PREFIXES + _CELLS % node)
    }
    rows: dict[str, list[tuple[str, ...]]] = {table: [] for table in headers}
    positions: dict[str, list[int]] = {table: [] for table in headers}
    for solution in engine.rows(_PREFIXES + _ROWS % node):
        row, table = _value(solution, "row"), _value(solution, "table")
        positions[table].append(int(_value(solution, "position")))
        rows[table].append(tuple(cells.get((row, column), "") for column in headers[table]))
    tables = (
        ListingTable(sections[table], tuple(columns.values()), tuple(rows[table]), tuple(positions[table]))
        for table, columns in headers.items()
    )
    return Listing(list_id, labels[list_id], tuple(tables))


def to_csv(listing: Listing) -> str:
    """Return the list as CSV (RFC 4180, lines end in CR LF).

    The first column is ``section``; after it every header of every table in first-seen order.
    """
    headers = tuple(dict.fromkeys(header for table in listing.tables for header in table.headers))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["section", *headers])
    for table in listing.tables:
        for row in table.rows:
            cells = dict(zip(table.headers, row, strict=True))
            writer.writerow([table.section, *(cells.get(header, "") for header in headers)])
    return out.getvalue()


def to_markdown(listing: Listing) -> str:
    """Return the list as Markdown: its label, then for each table a heading and a pipe table.

    Pipes in cells are escaped, so that reading it in again gives the same cells.
    """
    parts = [f"# {listing.label}\n"]
    for table in listing.tables:
        lines = [_line(table.headers), _line("---" for _ in table.headers), *map(_line, table.rows)]
        parts += [f"## {table.section}\n" if table.section else "", "\n".join(lines) + "\n"]
    return "\n".join(part for part in parts if part)


def _line(cells: Iterable[str]) -> str:
    texts = (cell.replace("|", r"\|") for cell in cells)
    return "| " + " | ".join(texts) + " |"


def _value(solution: _Solution, name: str) -> str:
    term = solution[name]
    return term.value if isinstance(term, NamedNode | Literal) else str(term)
