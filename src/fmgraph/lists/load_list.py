"""Load ``data/list/<id>.csv`` and ``<id>.yaml`` as :class:`SourceList`, strictly.

Unknown and duplicate keys, rows, tables and headers that are not there, and cells where none can be are
all :class:`ListError` with file, line, field and remedy. The format is described in docs/internals.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from fmgraph.errors import ListError
from fmgraph.lists.read_csv import RECORD, read_rows
from fmgraph.lists.source_list import (
    Column,
    ColumnSpec,
    Fact,
    NotRead,
    Reading,
    Row,
    SetAside,
    SourceList,
    Table,
    column_slugs,
    first_seen,
)
from fmgraph.records.record_files import read_text
from fmgraph.records.yaml_nodes import Node
from fmgraph.text import SLUG, nearest

#: Keys that an import writes anew; the others belong to the curator.
GENERATED = ("repository", "file", "commit", "date", "layout", "tables", "prose", "gone", "csv")
CURATED = (
    "label",
    "replaces",
    "columns",
    "sections",
    "readings",
    "skip",
    "not_read",
    "provisional",
    "set_aside",
)
#: What the four keys that say where an edition is from look like: pattern, and the same in words.
ORIGIN = {
    "repository": (r"https?://\S+", "the URL of the repository"),
    "file": (r".+", "a path"),
    "commit": (r"[0-9a-f]{7,40}", "a commit hash"),
    "date": (r"\d{4}-\d{2}-\d{2}", "YYYY-MM-DD"),
}
LAYOUTS = ("table", "cards", "items", "mixed")

_KEYS = frozenset(GENERATED + CURATED)
_REQUIRED = ("label", "layout", "tables", "columns")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_T = TypeVar("_T")


def load_lists(data_dir: Path) -> list[SourceList]:
    """Return every list under ``<data_dir>/list/``, sorted by id; none where the folder is missing."""
    return [load_list(path) for path in sorted((data_dir / "list").glob("*.yaml"))]


def load_list(path: Path, *, importing: bool = False) -> SourceList:
    """Return the list whose YAML file is ``path``; its CSV lies beside it.

    With ``importing``, which writes both anew, the CSV may hold prose and be that of another import.

    Raises :class:`ListError` with file, line, field and remedy for each inconsistency: all of them at once,
    except those that may only be consequences of others.
    """
    list_id = path.stem
    if not SLUG.fullmatch(list_id):
        raise ListError("the file name is no list id", file=path, remedy="lower-case letters, digits and -")
    root = Node.parse(read_text(path, ListError), path)
    keys = root.mapping(_KEYS)
    errors = _Errors()
    for key in _REQUIRED:
        if key not in keys:
            errors.add(ListError("is missing", file=path, line=1, field=key, remedy=f"add `{key}:`"))
    errors.stop()
    # What the rows are read by: an error here makes errors of right rows.
    specs = errors.of(lambda: _specs(keys["columns"]), dict[str, ColumnSpec]())
    tables = errors.of(lambda: _tables(keys["tables"], specs), tuple[Table, ...]())
    removed_ids = errors.of(lambda: _removed_ids(keys.get("gone")), tuple[str, ...]())
    errors.stop()
    headers = first_seen(table.headers for table in tables)
    for header, spec in specs.items():
        place = (path, spec.line, f"columns.{header}")
        errors.of(lambda h=header, p=place: _check_known(h, headers, "header of the list", *p), None)  # type: ignore[misc]
    errors.stop()
    csv_path = path.with_suffix(".csv")
    rows = errors.of(
        lambda: tuple(read_rows(csv_path, list_id, tables, headers, removed_ids, prose=importing)),
        tuple[Row, ...](),
    )
    errors.stop()
    if "csv" in keys and not importing:
        errors.of(lambda: _same_import(keys["csv"], rows, headers), None)
    by_id = {row.id: row for row in rows}
    if importing:  # one that was killed half way leaves what it says of rows that its CSV has no more
        removed_ids = (*removed_ids, *sorted(_mentioned_ids(keys) - by_id.keys() - {*removed_ids}))
    no_readings: tuple[tuple[Reading, ...], tuple[Reading, ...]] = ((), ())
    readings, retired = errors.of(lambda: _readings(keys.get("readings"), by_id, removed_ids), no_readings)
    source_list = SourceList(
        id=list_id,
        label=errors.of(lambda: _text(keys["label"]), ""),
        repository=errors.of(lambda: _origin(keys, "repository"), None),
        file=errors.of(lambda: _origin(keys, "file"), None),
        commit=errors.of(lambda: _origin(keys, "commit"), None),
        date=errors.of(lambda: _origin(keys, "date"), None),
        replaces=errors.of(lambda: _replaces(keys.get("replaces"), list_id), None),
        layout=errors.of(lambda: _text(keys["layout"], "|".join(LAYOUTS), ", ".join(LAYOUTS)), ""),
        tables=tables,
        rows=rows,
        columns={header: specs.get(header, _silent(header)) for header in headers},
        sections=errors.of(lambda: _sections(keys.get("sections"), tables), {}),
        readings=readings,
        set_aside=errors.of(lambda: _set_aside(keys.get("set_aside"), headers, tables, rows), ()),
        retired=retired,
        skip=errors.of(lambda: _skip(keys.get("skip"), by_id, removed_ids), {}),
        not_read=errors.of(lambda: _not_read(keys.get("not_read"), by_id, removed_ids), ()),
        provisional=errors.of(lambda: _provisional(keys.get("provisional"), by_id, removed_ids), frozenset()),
        prose=errors.of(
            lambda: _prose(keys.get("prose"), by_id, tables, removed_ids if importing else ()), {}
        ),
        removed_ids=removed_ids,
        yaml_path=path,
        csv_path=csv_path,
    )
    errors.stop()
    return source_list


class _Errors:
    """What is wrong with a list, told together."""

    def __init__(self) -> None:
        self._errors: list[ListError] = []

    def add(self, error: ListError) -> None:
        self._errors.append(error)

    def of(self, read: Callable[[], _T], otherwise: _T) -> _T:
        """Return what is read, or ``otherwise`` where an error is to be told."""
        try:
            return read()
        except ListError as error:
            self.add(error)
            return otherwise

    def stop(self) -> None:
        """Raise what was found so far."""
        if self._errors:
            raise ListError.of_all(self._errors)


def _text(node: Node, pattern: str = r".+", expected: str = "some text") -> str:
    text = node.text()
    if not re.fullmatch(pattern, text):
        raise node.error(f"{text!r} is not {expected}", f"write {expected}")
    return text


def _mentioned_ids(keys: Mapping[str, Node]) -> set[str]:
    """Return the ids of all rows that the YAML mentions."""
    row_ids = {row_id for key in ("prose", "skip") if key in keys for row_id in keys[key].mapping()}
    for key in ("readings", "not_read"):
        for item in keys[key].items() if key in keys else ():
            if row := item.mapping().get("row"):
                row_ids.add(row.text())
    return row_ids | {item.text() for item in (keys["provisional"].items() if "provisional" in keys else ())}


def _removed_ids(node: Node | None) -> tuple[str, ...]:
    return node.texts() if node and node.items() else ()


def _origin(keys: Mapping[str, Node], key: str) -> str | None:
    return _text(keys[key], *ORIGIN[key]) if key in keys else None


def _check_known(
    name: str, known: Iterable[str], what: str, file: Path, line: int | None, field: str
) -> None:
    known = list(known)
    if name not in known:
        near = nearest(name, known) or known[:5]
        remedy = f"nearest: {', '.join(near)}" if near else "there is none"
        raise ListError(f"{name!r} is no {what}", file=file, line=line, field=field, remedy=remedy)


def _silent(header: str) -> ColumnSpec:
    return ColumnSpec(header, (), None, prose=False, line=0)


def _specs(node: Node) -> dict[str, ColumnSpec]:
    return {header: _spec(header, entry) for header, entry in node.mapping().items()}


def _spec(header: str, entry: Node) -> ColumnSpec:
    """Return what an entry says that a column means."""
    if not entry.is_mapping():
        return ColumnSpec(header, entry.texts(), None, prose=False, line=entry.line)
    parts = entry.mapping(frozenset({"field", "label", "prose", "ignore"}))
    prose = "prose" in parts and _text(parts["prose"], "true", "true (or leave the key out)") == "true"
    fields = parts["field"].texts() if "field" in parts else ()
    label = _text(parts["label"]) if "label" in parts else None
    ignored = _text(parts["ignore"], expected="the reason") if "ignore" in parts else None
    if [prose, bool(fields or label), ignored is not None].count(True) != 1:
        raise entry.error(
            "is both prose and a field, or neither", "`{prose: true}`, `{field: …}` or `{ignore: reason}`"
        )
    return ColumnSpec(header, fields, label, prose, entry.line, ignored)


def _tables(node: Node, specs: Mapping[str, ColumnSpec]) -> tuple[Table, ...]:
    tables = []
    for number, item in enumerate(node.items(), 1):
        parts = item.mapping(frozenset({"section", "columns"}))
        if set(parts) != {"section", "columns"}:
            raise item.error("needs a section and columns", "write {section: …, columns: […]}")
        own = {}
        headers = []
        for entry in parts["columns"].items():  # a header, or {header: what it means in this table}
            if not entry.is_mapping():
                headers.append(entry.text())
                continue
            if len(entry.mapping()) != 1:
                raise entry.error("is not one column", "write `{header: what it means}`")
            ((header, meaning),) = entry.mapping().items()
            headers.append(header)
            own[header] = _spec(header, meaning)
        if not headers or len(set(headers)) != len(headers):
            raise parts["columns"].error("has no headers or one twice", "name each column once")
        columns = tuple(
            Column(header, slug, position, own.get(header) or specs.get(header, _silent(header)))
            for position, (header, slug) in enumerate(
                zip(headers, column_slugs(tuple(headers)), strict=True), 1
            )
        )
        tables.append(Table(number, parts["section"].text(), columns))
    return tuple(tables)


def _facts(entries: Mapping[str, Node]) -> tuple[Fact, ...]:
    return tuple(Fact(key, node.texts(), node.line) for key, node in entries.items())


def _sections(node: Node | None, tables: tuple[Table, ...]) -> dict[str, tuple[Fact, ...]]:
    sections = {}
    known = [table.section for table in tables]
    for heading, entry in (node.mapping() if node else {}).items():
        _check_known(heading, known, "heading of the list", entry.file, entry.line, entry.field)
        sections[heading] = _facts(entry.mapping())
    return sections


def _readings(
    node: Node | None, by_id: Mapping[str, Row], removed_ids: tuple[str, ...]
) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    current, retired = [], []
    for item in node.items() if node else []:
        parts = item.mapping()
        if "row" not in parts or "column" not in parts:
            raise item.error("needs a row and a column", "write {row: …, column: …, <key>: <value>}")
        row_node, column_node = parts.pop("row"), parts.pop("column")
        about_node = parts.pop("about", None)
        about = _text(about_node, RECORD.pattern, "kind/slug") if about_node else None
        reading = Reading(row_node.text(), column_node.text(), about, _facts(parts), item.line)
        if not reading.facts:
            raise item.error("states nothing", "give at least one key with a value")
        if reading.row in removed_ids:
            retired.append(reading)
            continue
        _check_known(reading.row, by_id, "row of this list", row_node.file, row_node.line, row_node.field)
        cells = by_id[reading.row].cells
        _check_known(
            reading.column, cells, "column of that row", row_node.file, column_node.line, column_node.field
        )
        current.append(reading)
    return tuple(current), tuple(retired)


def _set_aside(
    node: Node | None, headers: Iterable[str], tables: tuple[Table, ...], rows: tuple[Row, ...]
) -> tuple[SetAside, ...]:
    rules = []
    sections, ids = [table.section for table in tables], [row.id for row in rows]
    for item in node.items() if node else []:
        parts = item.mapping(frozenset({"column", "said", "section", "rows", "reason"}))
        if set(parts) - {"rows"} not in ({"column", "said", "reason"}, {"section", "reason"}):
            raise item.error(
                "needs a column and a text, or a section, and a reason",
                "write {column: …, said: …, reason: …} or {section: …, rows: […], reason: …}",
            )
        for key, known, what in (
            ("column", headers, "header of the list"),
            ("section", sections, "heading of the list"),
            ("rows", ids, "row of this list"),
        ):
            for text in parts[key].texts() if key in parts else ():
                _check_known(text, known, what, item.file, item.line, f"set_aside.{key}")
        column, cell_text, section = (
            _text(parts[key]) if key in parts else None for key in ("column", "said", "section")
        )
        row_ids = parts["rows"].texts() if "rows" in parts else ()
        rules.append(SetAside(column, cell_text, section, row_ids, _text(parts["reason"]), item.line))
    return tuple(rules)


def _prose(
    node: Node | None, by_id: Mapping[str, Row], tables: tuple[Table, ...], removed_ids: tuple[str, ...]
) -> dict[str, dict[str, str]]:
    prose: dict[str, dict[str, str]] = {}
    for row_id, entry in (node.mapping() if node else {}).items():
        if not _here(entry, row_id, by_id, removed_ids):
            continue
        columns = tables[by_id[row_id].table - 1].columns
        known = [column.header for column in columns if column.spec.prose]
        prose[row_id] = {}
        for header, digest in entry.mapping().items():
            _check_known(header, known, "prose column of that row", digest.file, digest.line, digest.field)
            prose[row_id][header] = _text(digest, _DIGEST.pattern, "sha256: and 64 hex digits")
    return prose


def _here(node: Node, row_id: str, by_id: Mapping[str, Row], removed_ids: tuple[str, ...]) -> bool:
    """Whether the row is in this edition; raises ListError where it never was in any."""
    if row_id in removed_ids:
        return False
    _check_known(row_id, by_id, "row of this list", node.file, node.line, node.field)
    return True


def _skip(node: Node | None, by_id: Mapping[str, Row], removed_ids: tuple[str, ...]) -> dict[str, str]:
    entries = node.mapping() if node else {}
    reasons = {
        row_id: _text(entry, expected="the reason")
        for row_id, entry in entries.items()
        if _here(entry, row_id, by_id, removed_ids)
    }
    for row_id in reasons:
        if by_id[row_id].record:
            raise entries[row_id].error(
                f"{row_id} is skipped and names {by_id[row_id].record}", "drop one of the two"
            )
    return reasons


def _not_read(
    node: Node | None, by_id: Mapping[str, Row], removed_ids: tuple[str, ...]
) -> tuple[NotRead, ...]:
    not_read_cells = []
    for item in node.items() if node else []:
        parts = item.mapping(frozenset({"row", "column", "reason", "part"}))
        if not {"row", "column", "reason"} <= parts.keys():
            raise item.error("needs a row, a column and a reason", "write {row: …, column: …, reason: …}")
        part = parts["part"].text() if "part" in parts else ""
        cell = NotRead(parts["row"].text(), parts["column"].text(), _text(parts["reason"]), item.line, part)
        if _here(parts["row"], cell.row, by_id, removed_ids):
            column = parts["column"]
            cells = by_id[cell.row].cells
            _check_known(cell.column, cells, "column of that row", column.file, column.line, column.field)
            not_read_cells.append(cell)
    return tuple(not_read_cells)


def _provisional(node: Node | None, by_id: Mapping[str, Row], removed_ids: tuple[str, ...]) -> frozenset[str]:
    items = node.items() if node else []
    return frozenset(item.text() for item in items if _here(item, item.text(), by_id, removed_ids))


def _replaces(node: Node | None, list_id: str) -> str | None:
    if node is None:
        return None
    earlier = _text(node, SLUG.pattern, "the id of an earlier edition")
    if earlier == list_id:
        raise node.error("replaces itself", "write the id of the edition before this one")
    return earlier


def _same_import(node: Node, rows: Iterable[Row], headers: Iterable[str]) -> None:
    if _text(node, _DIGEST.pattern, "sha256: and 64 hex digits") != csv_digest(rows, headers):
        raise node.error(
            "the CSV is not the one that this YAML was written with",
            "import the list again; if you mended a cell by hand, delete the line `csv: …`",
        )


def csv_digest(rows: Iterable[Row], headers: Iterable[str]) -> str:
    """Return the digest of what an import writes into a CSV: all but the ``record`` column."""
    headers = tuple(headers)
    hasher = hashlib.sha256("\0".join(headers).encode())
    for row in rows:
        cells = [row.cells.get(header, "") for header in headers]
        hasher.update("\0".join([row.id, str(row.table), str(row.line), *cells, "\n"]).encode())
    return f"sha256:{hasher.hexdigest()}"
