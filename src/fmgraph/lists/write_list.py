"""Keep an imported list: ``data/list/<id>.csv`` and ``<id>.yaml``, new or over an older edition.

Curated parts survive a re-import: the ``record`` of every row that is still there, row ids, and the YAML
keys ``label``, ``columns``, ``sections``, ``readings`` and ``set_aside``, text and comments untouched.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fmgraph.errors import ListError
from fmgraph.lists.editions import Signature, changed_columns, match_rows, proposals
from fmgraph.lists.header_meanings import draft
from fmgraph.lists.import_list import ImportedList, RawTable
from fmgraph.lists.inline_markdown import links
from fmgraph.lists.list_yaml import block, curated_blocks, entry, extended, inline
from fmgraph.lists.load_list import ORIGIN, csv_digest, load_list
from fmgraph.lists.read_csv import FIXED
from fmgraph.lists.replace_files import replace_files
from fmgraph.lists.row_identifiers import known_by
from fmgraph.lists.source_list import ColumnSpec, Row, SourceList, Table, first_seen

_ORDER = (
    "label", "replaces", "repository", "file", "commit", "date", "layout", "tables", "columns", "sections",
    "skip", "not_read", "provisional", "readings", "set_aside", "prose", "gone", "csv",
)  # fmt: skip


#: So many links may be left unread before an import is taken for a failure: a number, and a share.
UNREAD, UNREAD_SHARE = 15, 0.1


@dataclass(frozen=True)
class Origin:
    """Where an edition of a list is from; what is None is unknown."""

    repository: str | None = None  #: URL
    file: str | None = None  #: path in the repository
    commit: str | None = None
    date: str | None = None  #: ``YYYY-MM-DD``
    label: str | None = None  #: used for a new list only


@dataclass
class ImportReport:
    """What an import did, by row ids; ``str()`` is for people."""

    list_id: str
    rows: int
    cells: int  #: that are not empty, prose included
    repaired: int  #: lines whose encoding was mended
    added: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)  #: id → headers (or ``section``)
    removed: list[str] = field(default_factory=list)
    links: int = 0  #: to http(s) addresses, in the whole file
    unread: list[tuple[int, str]] = field(default_factory=list)  #: (line, address) of those that are not kept
    notes: list[tuple[int, str]] = field(default_factory=list)  #: (line of the Markdown, what was dropped)
    todo: list[str] = field(default_factory=list)  #: what a person has to do next

    @property
    def too_many_unread(self) -> bool:
        """Whether more links are left unread than a list's badges and navigation explain."""
        return len(self.unread) > max(UNREAD, self.links * UNREAD_SHARE)

    def __str__(self) -> str:
        """Return one line for the list, one for its links, then one for each change, note and thing to do."""
        lines = [
            f"{self.list_id}: {self.rows} rows, {self.cells} cells, {self.repaired} lines repaired; "
            f"{len(self.added)} added, {len(self.changed)} changed, {len(self.removed)} gone",
            f"  links    {self.links} in the file, {self.links - len(self.unread)} in rows, "
            f"{len(self.unread)} left unread" + (f", at lines {_lines(self.unread)}" if self.unread else ""),
        ]
        if len(self.added) < self.rows:  # of a new list the first line tells it
            lines += [f"  added    {row_id}" for row_id in self.added]
        lines += [f"  changed  {row_id}: {', '.join(headers)}" for row_id, headers in self.changed.items()]
        lines += [f"  gone     {row_id}" for row_id in self.removed]
        lines += [f"  note     line {line}: {text}" for line, text in self.notes]
        lines += [f"  to do    {text}" for text in self.todo]
        return "\n".join(lines)


def write_list(imported: ImportedList, data_dir: Path, origin: Origin | None = None) -> ImportReport:
    """Write the list's two files under ``<data_dir>/list/`` and return what changed.

    An older edition there is read first (ListError where it, or the origin, is broken) and its curated
    parts are kept.
    Both files are written beside their places and then renamed, so that none is ever half written.
    """
    _check(origin or Origin())
    folder = data_dir / "list"
    yaml_path = folder / f"{imported.id}.yaml"
    old = load_list(yaml_path, importing=True) if yaml_path.exists() else None
    edition = _Edition(imported, old, origin or Origin())
    curated = curated_blocks(yaml_path) if old else {}
    replace_files({yaml_path.with_suffix(".csv"): edition.csv(), yaml_path: edition.yaml(curated)})
    return edition.report()


def _check(origin: Origin) -> None:
    for key, (pattern, expected) in ORIGIN.items():
        value = getattr(origin, key)
        if value is not None and not re.fullmatch(pattern, value):
            raise ListError(f"{value!r} is not {expected}", field=key, remedy=f"give {expected}")


class _Edition:
    """A new edition, laid over the old one if there is one."""

    def __init__(self, imported: ImportedList, old: SourceList | None, origin: Origin) -> None:
        self.imported, self.old = imported, old
        self.headers = first_seen(table.headers for table in imported.tables)
        self.own_meanings = _own_meanings(old) if old else {}
        self.prose_headers = {header for header in self.headers if self._is_prose(header)}
        self.new_rows = [
            Signature(
                table.section,
                {h: self._sign(h, cell) for h, cell in row.cells.items()},
                known_by(row.cells, self._name_headers(table)),
            )
            for table in imported.tables
            for row in table.rows
        ]
        self.old_rows = [_signature(old, position) for position in range(len(old.rows))] if old else []
        self.pairs = match_rows(self.old_rows, self.new_rows)
        self.ids, self.removed_ids = self._name_rows()
        self.origin = self._origin(origin)

    def _name_headers(self, table: RawTable) -> list[str]:
        """Return the headers of a table's names and titles, by what its columns mean or usually mean."""
        name_headers = []
        for header in table.headers:
            spec = self.old.columns.get(header) if self.old else None
            fields = spec.fields if spec and spec.line else (str(draft(header)),)
            if not {"name", "title"}.isdisjoint(fields):
                name_headers.append(header)
        return name_headers

    def _is_prose(self, header: str) -> bool:
        if self.old and header in self.old.columns and self.old.columns[header].line:
            return self.old.columns[header].prose
        return draft(header) == {"prose": "true"}

    def _sign(self, header: str, cell: str) -> str:
        return digest(cell) if cell and header in self.prose_headers else cell

    def _name_rows(self) -> tuple[list[str], list[str]]:
        """Return an id for each row, and the ids of all removed rows."""
        if not self.old:
            return [self._id(number) for number in range(1, len(self.new_rows) + 1)], []
        paired_positions = set(self.pairs.values())
        lost = [row.id for position, row in enumerate(self.old.rows) if position not in paired_positions]
        used = [*(row.id for row in self.old.rows), *self.old.removed_ids]
        number = max((int(row_id.rpartition("-")[2]) for row_id in used), default=0)
        ids = []
        for index in range(len(self.new_rows)):
            if index in self.pairs:
                ids.append(self.old.rows[self.pairs[index]].id)
            else:
                number += 1
                ids.append(self._id(number))
        return ids, [*self.old.removed_ids, *lost]

    def _id(self, number: int) -> str:
        return f"{self.imported.id}-{number:02d}"

    def _origin(self, origin: Origin) -> Origin:
        """Return the origin; the old edition's commit and date are not those of another edition."""
        if not self.old:
            return origin
        same = self.new_rows == self.old_rows
        return replace(
            origin,
            repository=origin.repository or self.old.repository,
            file=origin.file or self.old.file,
            commit=origin.commit or (self.old.commit if same else None),
            date=origin.date or (self.old.date if same else None),
        )

    def csv(self) -> str:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*FIXED, *self.headers])
        index = 0
        for number, table in enumerate(self.imported.tables, 1):
            for row in table.rows:
                record = self.old.rows[self.pairs[index]].record if self.old and index in self.pairs else None
                cells = ["" if h in self.prose_headers else row.cells.get(h, "") for h in self.headers]
                writer.writerow([self.ids[index], record or "", number, row.line, *cells])
                index += 1
        return out.getvalue()

    def csv_digest(self) -> str:
        """Return the digest that ties the YAML to its CSV."""
        placed = [(number, row) for number, table in enumerate(self.imported.tables, 1) for row in table.rows]
        rows = [
            Row(
                id=row_id,
                record=None,
                table=number,
                line=row.line,
                position=0,
                cells={h: "" if h in self.prose_headers else cell for h, cell in row.cells.items()},
                csv_line=0,
            )
            for row_id, (number, row) in zip(self.ids, placed, strict=True)
        ]
        return csv_digest(rows, self.headers)

    def yaml(self, curated: Mapping[str, str]) -> str:
        origin = self.origin
        blocks = {
            "label": entry("label", origin.label or self.imported.id),
            "layout": entry("layout", self.imported.layout),
            "tables": block(
                "tables",
                [
                    f"- {inline({'section': table.section, 'columns': self._table_columns(table)})}"
                    for table in self.imported.tables
                ],
            ),
            "columns": block("columns", self._drafts(), "{}"),
            "prose": block(
                "prose",
                [
                    entry(row_id, signs).rstrip()
                    for row_id, row in zip(self.ids, self.new_rows, strict=True)
                    if (signs := {h: c for h, c in row.cells.items() if c and h in self.prose_headers})
                ],
            ),
            "gone": entry("gone", self.removed_ids),
            "csv": entry("csv", self.csv_digest()),
        }
        for key in ORIGIN:
            value = getattr(origin, key)
            blocks[key] = entry(key, value) if value else ""
        blocks.update(curated)
        if "columns" in curated and self._drafts():
            blocks["columns"] = extended(curated["columns"], self._drafts())
        return "".join(blocks.get(key, "") for key in _ORDER)

    def _table_columns(self, table: RawTable) -> list[object]:
        """Return the table's headers, with what a curator said they mean in this table."""
        old = next(
            (t for t in self.own_meanings if (t.section, t.headers) == (table.section, table.headers)), None
        )
        own = self.own_meanings[old] if old else {}
        return [{header: own[header]} if header in own else header for header in table.headers]

    def _drafts(self) -> list[str]:
        """Return an entry of ``columns:`` for each header that no curator has described yet."""
        known = {header for header, spec in self.old.columns.items() if spec.line} if self.old else set()
        drafts = {header: draft(header) for header in self.headers if header not in known}
        return [entry(header, meaning).rstrip() for header, meaning in drafts.items() if meaning]

    def report(self) -> ImportReport:
        changed = {}
        for index, position in sorted(self.pairs.items()):
            headers = changed_columns(self.old_rows[position], self.new_rows[index])
            if headers:
                changed[self.ids[index]] = headers
        earlier = set(self.old.removed_ids) if self.old else set()
        return ImportReport(
            list_id=self.imported.id,
            rows=len(self.new_rows),
            cells=sum(bool(cell) for row in self.new_rows for cell in row.cells.values()),
            repaired=self.imported.repaired,
            added=[row_id for index, row_id in enumerate(self.ids) if index not in self.pairs],
            changed=changed,
            removed=[row_id for row_id in self.removed_ids if row_id not in earlier],
            links=self.imported.links,
            unread=self._unread(),
            notes=list(self.imported.notes),
            todo=self._todo(changed),
        )

    def _unread(self) -> list[tuple[int, str]]:
        """Return the links that are kept in no cell: those in no row, and those in prose."""
        in_prose = [
            (row.line, link.href)
            for table in self.imported.tables
            for row in table.rows
            for header in self.prose_headers & row.cells.keys()
            for link in links(row.cells[header])
        ]
        return sorted([*self.imported.unread, *in_prose])

    def _todo(self, changed: Mapping[str, list[str]]) -> list[str]:
        todo = [
            f"{self.ids[index]}: looks like {self.old.rows[position].id}, which is gone; if it is the same,"
            f" give it that row's record, {self.old.rows[position].record or 'which has none'}"
            for index, position in (proposals(self.old_rows, self.new_rows, self.pairs) if self.old else ())
            if self.old
        ]
        todo += [
            f"{key}: say it in the YAML (unknown for this edition)"
            for key in ORIGIN
            if not getattr(self.origin, key)
        ]
        old = self.old
        nameless = [
            row_id
            for index, row_id in enumerate(self.ids)
            if not old or index not in self.pairs or not old.rows[self.pairs[index]].record
        ]
        if nameless:
            which = f" ({', '.join(nameless)})" if len(nameless) <= 5 else ""
            todo.append(
                f"records: {len(nameless)} rows have none{which}: run `fmgraph match {self.imported.id}`,"
                " then draft and review"
            )
        if not old:
            return [*todo, "columns: check what each header is taken to mean"]
        known = {h for h, spec in old.columns.items() if spec.line}
        todo += [f"columns: say what {h!r} means, or check it" for h in self.headers if h not in known]
        todo += [f"columns: {h!r} is no header any more; delete it" for h in known if h not in self.headers]
        headings = {table.section for table in self.imported.tables}
        todo += [
            f"sections: {h!r} is no heading any more; rename it" for h in old.sections if h not in headings
        ]
        for reading in old.readings:
            if reading.row in self.removed_ids:
                todo.append(f"readings, line {reading.line}: {reading.row} is gone; delete or move it")
            elif reading.column in changed.get(reading.row, ()):
                todo.append(
                    f"readings, line {reading.line}: {reading.column} of {reading.row} changed; read it again"
                )
        return todo


def _lines(unread: Sequence[tuple[int, str]]) -> str:
    """Return the lines, runs as ranges: ``3, 5-9, 40``."""
    runs: list[list[int]] = []
    for line in sorted({line for line, _ in unread}):
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def digest(text: str) -> str:
    """Return the ``sha256:…`` of a text that is not stored."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _signature(old: SourceList, position: int) -> Signature:
    row = old.rows[position]
    prose = {column.header for column in old.table(row).columns if column.spec.prose}
    cells = {header: digest(cell) if cell and header in prose else cell for header, cell in row.cells.items()}
    name_headers = [
        column.header
        for column in old.table(row).columns
        if not {"name", "title"}.isdisjoint(column.spec.fields or (str(draft(column.header)),))
    ]
    all_cells = {**cells, **old.prose.get(row.id, {})}
    return Signature(old.table(row).section, all_cells, known_by(row.cells, name_headers))


def _own_meanings(old: SourceList) -> dict[Table, dict[str, object]]:
    """Return what columns mean in one table only, as the YAML has it."""
    return {
        table: {
            column.header: _meaning(column.spec)
            for column in table.columns
            if column.spec.line and column.spec != old.columns[column.header]
        }
        for table in old.tables
    }


def _meaning(spec: ColumnSpec) -> object:
    if spec.prose:
        return {"prose": "true"}
    if spec.ignored:
        return {"ignore": spec.ignored}
    fields: object = spec.fields[0] if len(spec.fields) == 1 else list(spec.fields)
    return {"field": fields, "label": spec.label} if spec.label else fields
