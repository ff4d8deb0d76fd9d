"""Load ``data/list/<id>.csv`` and ``<id>.yaml`` as :class:`SourceList`, strictly.

Unknown and duplicate keys, rows, tables and headers that are not there, and cells where none can be are
all :class:`ListError` with file, line, field and remedy. The format is described in docs/internals.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from fmgraph.errors import ListError
from fmgraph.lists.read_csv import RECORD, read_rows
from fmgraph.lists.source_list import (
    Column,
    ColumnSpec,
    Fact,
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
GENERATED = ("repository", "file", "commit", "date", "layout", "tables", "prose", "gone")
CURATED = ("label", "columns", "sections", "readings", "set_aside")
#: What the four keys that say where an edition is from look like: pattern, and the same in words.
ORIGIN = {
    "repository": (r"https?://\S+", "the URL of the repository"),
    "file": (r".+", "a path"),
    "commit": (r"[0-9a-f]{7,40}", "a commit hash"),
    "date": (r"\d{4}-\d{2}-\d{2}", "YYYY-MM-DD"),
}
LAYOUTS = ("table", "cards")

_KEYS = frozenset(GENERATED + CURATED)
_REQUIRED = ("label", "layout", "tables", "columns")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def load_lists(data_dir: Path) -> list[SourceList]:
    """Return every list under ``<data_dir>/list/``, sorted by id; none where the folder is missing."""
    return [load_list(path) for path in sorted((data_dir / "list").glob("*.yaml"))]


def load_list(path: Path) -> SourceList:
    """Return the list whose YAML file is ``path``; its CSV lies beside it.

    Raises :class:`ListError` with file, line, field and remedy for whatever does not hold together.
    """
    list_id = path.stem
    if not SLUG.fullmatch(list_id):
        raise ListError("the file name is no list id", file=path, remedy="lower-case letters, digits and -")
    root = Node.parse(read_text(path, ListError), path)
    keys = root.mapping(_KEYS)
    for key in _REQUIRED:
        if key not in keys:
            raise ListError("is missing", file=path, line=1, field=key, remedy=f"add `{key}:`")
    specs = _specs(keys["columns"])
    tables = _tables(keys["tables"], specs)
    headers = first_seen(table.headers for table in tables)
    for header, spec in specs.items():
        _known(header, headers, "header of the list", path, spec.line, f"columns.{header}")
    gone = keys["gone"].texts() if "gone" in keys and keys["gone"].items() else ()
    csv_path = path.with_suffix(".csv")
    rows = tuple(read_rows(csv_path, list_id, tables, headers, gone))
    readings, retired = _readings(keys.get("readings"), rows, gone)
    return SourceList(
        id=list_id,
        label=_text(keys["label"]),
        **{key: _text(keys[key], *form) if key in keys else None for key, form in ORIGIN.items()},
        layout=_text(keys["layout"], "|".join(LAYOUTS), "table or cards"),
        tables=tables,
        rows=rows,
        columns={header: specs.get(header, _silent(header)) for header in headers},
        sections=_sections(keys.get("sections"), tables),
        readings=readings,
        set_aside=_set_aside(keys.get("set_aside"), headers),
        retired=retired,
        prose=_prose(keys.get("prose"), rows, tables),
        gone=gone,
        yaml_path=path,
        csv_path=csv_path,
    )


def _text(node: Node, pattern: str = r".+", expected: str = "some text") -> str:
    text = node.text()
    if not re.fullmatch(pattern, text):
        raise node.error(f"{text!r} is not {expected}", f"write {expected}")
    return text


def _known(name: str, known: Iterable[str], what: str, file: Path, line: int | None, field: str) -> None:
    known = list(known)
    if name not in known:
        near = nearest(name, known) or known[:5]
        remedy = f"nearest: {', '.join(near)}" if near else "there is none"
        raise ListError(f"{name!r} is no {what}", file=file, line=line, field=field, remedy=remedy)


def _silent(header: str) -> ColumnSpec:
    return ColumnSpec(header, (), None, prose=False, line=0)


def _specs(node: Node) -> dict[str, ColumnSpec]:
    specs = {}
    for header, entry in node.mapping().items():
        fields: tuple[str, ...] = ()
        label, prose = None, False
        if entry.is_mapping():
            parts = entry.mapping(frozenset({"field", "label", "prose"}))
            prose = (
                "prose" in parts and _text(parts["prose"], "true", "true (or leave the key out)") == "true"
            )
            fields = parts["field"].texts() if "field" in parts else ()
            label = _text(parts["label"]) if "label" in parts else None
            if prose == bool(fields or label):
                raise entry.error("is both prose and a field, or neither", "`{prose: true}` or `{field: …}`")
        else:
            fields = entry.texts()
        specs[header] = ColumnSpec(header, fields, label, prose, entry.line)
    return specs


def _tables(node: Node, specs: Mapping[str, ColumnSpec]) -> tuple[Table, ...]:
    tables = []
    for number, item in enumerate(node.items(), 1):
        parts = item.mapping(frozenset({"section", "columns"}))
        if set(parts) != {"section", "columns"}:
            raise item.error("needs a section and columns", "write {section: …, columns: […]}")
        headers = tuple(header.text() for header in parts["columns"].items())
        if not headers or len(set(headers)) != len(headers):
            raise parts["columns"].error("has no headers or one twice", "name each column once")
        columns = tuple(
            Column(header, slug, position, specs.get(header, _silent(header)))
            for position, (header, slug) in enumerate(zip(headers, column_slugs(headers), strict=True), 1)
        )
        tables.append(Table(number, parts["section"].text(), columns))
    return tuple(tables)


def _facts(entries: Mapping[str, Node]) -> tuple[Fact, ...]:
    return tuple(Fact(key, node.texts(), node.line) for key, node in entries.items())


def _sections(node: Node | None, tables: tuple[Table, ...]) -> dict[str, tuple[Fact, ...]]:
    sections = {}
    known = [table.section for table in tables]
    for heading, entry in (node.mapping() if node else {}).items():
        _known(heading, known, "heading of the list", entry.file, entry.line, entry.field)
        sections[heading] = _facts(entry.mapping())
    return sections


def _readings(
    node: Node | None, rows: tuple[Row, ...], gone: tuple[str, ...]
) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    by_id = {row.id: row for row in rows}
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
        if reading.row in gone:
            retired.append(reading)
            continue
        _known(reading.row, by_id, "row of this list", row_node.file, row_node.line, row_node.field)
        cells = by_id[reading.row].cells
        _known(
            reading.column, cells, "column of that row", row_node.file, column_node.line, column_node.field
        )
        current.append(reading)
    return tuple(current), tuple(retired)


def _set_aside(node: Node | None, headers: Iterable[str]) -> tuple[SetAside, ...]:
    rules = []
    for item in node.items() if node else []:
        parts = item.mapping(frozenset({"column", "said", "reason"}))
        if len(parts) != 3:
            raise item.error("needs a column, a text and a reason", "write {column: …, said: …, reason: …}")
        column = parts["column"]
        _known(column.text(), headers, "header of the list", column.file, column.line, column.field)
        rules.append(SetAside(column.text(), _text(parts["said"]), _text(parts["reason"]), item.line))
    return tuple(rules)


def _prose(node: Node | None, rows: tuple[Row, ...], tables: tuple[Table, ...]) -> dict[str, dict[str, str]]:
    by_id = {row.id: row for row in rows}
    prose: dict[str, dict[str, str]] = {}
    for row_id, entry in (node.mapping() if node else {}).items():
        _known(row_id, by_id, "row of this list", entry.file, entry.line, entry.field)
        columns = tables[by_id[row_id].table - 1].columns
        known = [column.header for column in columns if column.spec.prose]
        prose[row_id] = {}
        for header, digest in entry.mapping().items():
            _known(header, known, "prose column of that row", digest.file, digest.line, digest.field)
            prose[row_id][header] = _text(digest, _DIGEST.pattern, "sha256: and 64 hex digits")
    return prose
