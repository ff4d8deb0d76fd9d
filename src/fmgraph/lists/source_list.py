"""What a source list is once loaded: frozen records, all text, every part with its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fmgraph.text import slugify


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """What the cells under one header are about (the ``columns:`` entry of the YAML)."""

    header: str
    fields: tuple[str, ...]  #: YAML keys of the properties, e.g. ``("modality", "dimensionality")``
    label: str | None  #: YAML key of the property that a link's label is about, where it is about one
    prose: bool  #: whether the text is not stored (its facts are in the readings)
    line: int  #: of the entry in the YAML file; 0 where the YAML says nothing of the header
    ignored: str | None = None  #: why the column means nothing to the graph


@dataclass(frozen=True, slots=True)
class Column:
    """A column of one table."""

    header: str  #: as the list has it
    slug: str  #: for IRIs, unique within the table: ``model-backbone``
    position: int  #: 1, 2 …
    spec: ColumnSpec


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the list; for cards, all cards under one heading."""

    number: int  #: 1, 2 … in the order of the list
    section: str  #: the nearest heading above, "" where there is none
    columns: tuple[Column, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers in order."""
        return tuple(column.header for column in self.columns)


@dataclass(frozen=True, slots=True)
class Fact:
    """One key with its values, as a person wrote it: ``data_scale: [1.3 billion tiles, 171,189 WSIs]``."""

    key: str  #: YAML key of a property
    values: tuple[str, ...]  #: never empty, no value is empty
    line: int  #: in the YAML file


@dataclass(frozen=True, slots=True)
class Reading:
    """Facts that a person read in one cell that no parser can read (prose, titles)."""

    row: str  #: id of the row
    column: str  #: header of the cell
    about: str | None  #: ``kind/slug`` of the subject; None: the row's own record
    facts: tuple[Fact, ...]
    line: int  #: in the YAML file


@dataclass(frozen=True, slots=True)
class NotRead:
    """A cell that nobody can read into facts, or the one name in it that nobody can."""

    row: str  #: id of the row
    column: str  #: header of the cell
    reason: str
    line: int  #: in the YAML file
    part: str = ""  #: a name in the cell, whose rest is read; "" for all of the cell


@dataclass(frozen=True, slots=True)
class SetAside:
    """Statements of a list that are not accepted: all cells with one text, or what a heading says of rows."""

    column: str | None  #: header; None for a heading
    cell_text: str | None  #: the whole text of such a cell
    section: str | None  #: heading; None for cells
    rows: tuple[str, ...]  #: ids of the rows it covers; all where empty
    reason: str
    line: int  #: in the YAML file

    def of_cell(self, row: str, header: str, text: str) -> bool:
        """Tell whether the rule covers a cell."""
        return (self.column, self.cell_text) == (header, text.strip()) and row in (self.rows or (row,))

    def of_section(self, row: str, section: str) -> bool:
        """Tell whether the rule covers what the heading says of the row."""
        return self.section == section and row in (self.rows or (row,))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, or a card."""

    id: str  #: ``plm2233-2025-12-14``: stable over editions
    record: str | None  #: ``kind/slug`` of what the row is about; None: a person has yet to say
    table: int  #: number of its table
    line: int  #: in the list's own file, 1-based
    position: int  #: 1, 2 … over the whole list
    cells: Mapping[str, str]  #: header → raw Markdown, for every header of its table; "" where empty or prose
    csv_line: int  #: line of the CSV file on which the row starts


@dataclass(frozen=True, slots=True)
class SourceList:
    """A source list with its rows and what a person said of its columns, sections and cells."""

    id: str
    label: str
    repository: str | None  #: URL
    file: str | None  #: path in the repository
    commit: str | None  #: abbreviated or whole commit hash
    date: str | None  #: of the edition, ``YYYY-MM-DD``
    replaces: str | None  #: id of the edition of the same list before this one
    layout: str  #: ``table``, ``cards``, ``items``, or ``mixed`` where there are several
    tables: tuple[Table, ...]
    rows: tuple[Row, ...]  #: in the order of the list
    columns: Mapping[str, ColumnSpec]  #: by header, every header of every table, in first-seen order
    sections: Mapping[str, tuple[Fact, ...]]  #: by heading: what it says of every row under it
    readings: tuple[Reading, ...]
    set_aside: tuple[SetAside, ...]
    retired: tuple[Reading, ...]  #: readings of rows that are gone: yield nothing, a person may delete them
    skip: Mapping[str, str]  #: row id → why the row is not about a work
    not_read: tuple[NotRead, ...]
    provisional: frozenset[str]  #: ids of rows whose claims nobody has accepted yet
    prose: Mapping[str, Mapping[str, str]]  #: row id → header → ``sha256:…`` of a text that is not stored
    removed_ids: tuple[str, ...]  #: ids of rows of earlier editions; never used again
    yaml_path: Path
    csv_path: Path

    @property
    def source(self) -> str | None:
        """The page of this edition, ``<repository>/blob/<commit>/<file>``; None where a part is unknown."""
        if not (self.repository and self.commit and self.file):
            return None
        return f"{self.repository}/blob/{self.commit}/{self.file}"

    def table(self, row: Row) -> Table:
        """Return the table that the row stands in."""
        return self.tables[row.table - 1]

    def row(self, row_id: str) -> Row:
        """Return the row of that id; KeyError where there is none."""
        for row in self.rows:
            if row.id == row_id:
                return row
        raise KeyError(row_id)


def column_slugs(headers: tuple[str, ...]) -> tuple[str, ...]:
    """Return an IRI slug for each header, unique among them.

    >>> column_slugs(("Model Backbone", "Code", "code", "✅"))
    ('model-backbone', 'code', 'code-2', 'column')
    """
    slugs: list[str] = []
    for header in headers:
        slug = base = slugify(header) or "column"
        number = 1
        while slug in slugs:
            number += 1
            slug = f"{base}-{number}"
        slugs.append(slug)
    return tuple(slugs)


def first_seen(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return the distinct texts of all groups in the order in which they first occur."""
    return tuple(dict.fromkeys(text for group in groups for text in group))
