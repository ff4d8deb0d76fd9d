"""List coverage: nothing of a list is lost on its way into the graph.

Every row is there with its topic; every stored cell is there as it is; every cell of a column that means
something has made a claim, unless it says that there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from fmgraph.check.locations import display_path
from fmgraph.errors import ListError
from fmgraph.graph.cell_readers import ABSENT
from fmgraph.lists import Column, Row, SourceList, load_list
from fmgraph.lists.row_titles import row_title
from fmgraph.rdf.prefixes import BASE, FMG, FOAF, PROV, RDF, entity_iri
from fmgraph.records.findings import Finding, Severity

#: Rule of a cell that made no claim; where the build did not understand it, it says more.
CELL_WITHOUT_CLAIM = "cell-without-claim"


def uncovered(store: ox.Store, data_dir: Path, only: set[str] | None = None) -> Iterator[Finding]:
    """Yield a finding for each row or cell that the graph lacks; ``only`` these list ids.

    A list that cannot be read is skipped: the build reports it.
    """
    for path in sorted((data_dir / "list").glob("*.yaml")):
        if only is not None and path.stem not in only:
            continue
        try:
            source = load_list(path)
        except ListError:
            continue
        yield from _Coverage(store, source, data_dir).findings()


class _Coverage:
    """The coverage of one list."""

    def __init__(self, store: ox.Store, source: SourceList, data_dir: Path) -> None:
        self._store, self._source = store, source
        self._file = display_path(source.csv_path, data_dir)

    def findings(self) -> Iterator[Finding]:
        read = {(reading.row, reading.column) for reading in self._source.readings}
        not_read = {(cell.row, cell.column) for cell in self._source.not_read}
        for row in self._source.rows:
            iri = entity_iri("row", row.id)
            if not self._has(iri, f"{RDF}type", ox.NamedNode(f"{FMG}ListRow")):
                yield self._finding("the row is not in the graph", row, None, "row-missing", "build it again")
                continue
            topics = self._topics(iri)
            if not topics:  # skipped or open: its cells need not say it again
                continue
            if topics != {BASE + (row.record or "")}:
                message = f"the row is about {', '.join(sorted(topics))} in the graph"
                yield self._finding(message, row, "record", "row-topic-differs", "build it again")
            for column in self._source.table(row).columns:
                nothing = column.spec.prose or column.spec.ignored or (row.id, column.header) in not_read
                if row.cells[column.header] and not nothing:
                    yield from self._cell(row, column, (row.id, column.header) in read)

    def _topics(self, row: str) -> set[str]:
        quads = self._store.quads_for_pattern(ox.NamedNode(row), ox.NamedNode(f"{FOAF}primaryTopic"), None)
        return {str(getattr(quad.object, "value", "")) for quad in quads}

    def _cell(self, row: Row, column: Column, read: bool) -> Iterator[Finding]:
        text, iri = row.cells[column.header], f"{BASE}row/{row.id}#{column.slug}"
        if not self._has(iri, f"{PROV}value", ox.Literal(text)):
            message = f"the cell {text!r} is not in the graph as it is"
            yield self._finding(message, row, column.header, "cell-missing", "build it again")
        if text.strip().casefold() in ABSENT or self._claims(iri):
            return
        if column.spec.fields or read:
            yield self._finding(
                f"the cell {text!r} makes no claim",
                row,
                column.header,
                CELL_WITHOUT_CLAIM,
                "add what it names to the records, or say under `not_read:` why nobody can read it",
                "open",
            )
        else:
            yield self._finding(
                f"nothing says what the column {column.header!r} means",
                row,
                column.header,
                "column-without-meaning",
                f"map it under `columns:` in {self._source.yaml_path.name}, or give it `ignore: reason`",
                "open",
            )

    def _has(self, subject: str, predicate: str, obj: ox.NamedNode | ox.Literal) -> bool:
        quad = ox.Quad(ox.NamedNode(subject), ox.NamedNode(predicate), obj)
        return quad in self._store

    def _claims(self, cell: str) -> bool:
        quads = self._store.quads_for_pattern(None, ox.NamedNode(f"{FMG}cell"), ox.NamedNode(cell))
        return next(iter(quads), None) is not None

    def _finding(
        self,
        message: str,
        row: Row,
        field: str | None,
        rule: str,
        remedy: str,
        severity: Severity = "error",
    ) -> Finding:
        title = row_title(self._source, row)
        text = f"{row.id} ({title}): {message}" if title else f"{row.id}: {message}"
        focus = entity_iri("row", row.id)
        return Finding(text, self._file, row.csv_line, field, remedy, rule, severity, focus)
