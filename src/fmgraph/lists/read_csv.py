"""Reading ``data/list/<id>.csv``: our four columns, then one for each header of the list."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from fmgraph.errors import ListError
from fmgraph.lists.source_list import Row, Table
from fmgraph.ontology import all_kinds
from fmgraph.records.record_files import read_text

#: The columns of the CSV that are not the list's own; the list's headers follow them.
FIXED = ("id", "record", "table", "line")
#: ``kind/slug``.
RECORD = re.compile(r"([a-z]+)/([a-z0-9]+(?:-[a-z0-9]+)*)")


def read_rows(
    path: Path,
    list_id: str,
    tables: tuple[Table, ...],
    headers: tuple[str, ...],
    removed_ids: tuple[str, ...],
    *,
    prose: bool = False,
) -> Iterator[Row]:
    """Yield the rows of a CSV with these ``headers`` after our own; no row may have an id of ``removed_ids``.

    Prose is refused unless ``prose`` is set.

    Raises ListError, at the end, which tells all rows that are wrong.
    """
    reader = csv.reader(io.StringIO(read_text(path, ListError), newline=""), strict=True)
    expected = [*FIXED, *headers]
    seen = set(removed_ids)
    errors: list[ListError] = []
    position, start = 0, 1
    try:
        for fields in reader:
            line, start = start, reader.line_num + 1
            if line == 1:
                _check_header(path, fields, expected)
            elif fields:  # a blank line is none, as in RFC 4180's last line
                position += 1
                try:
                    yield _row(path, line, list_id, tables, fields, expected, seen, position, prose)
                except ListError as error:
                    errors.append(error)
    except csv.Error as error:
        problem = ListError(str(error), file=path, line=start, remedy="mend the quotes of this row")
        raise ListError.of_all([*errors, problem]) from error
    if errors:
        raise ListError.of_all(errors)
    if start == 1:
        raise ListError("the file is empty", file=path, remedy="import the list again")


def _check_header(path: Path, fields: list[str], expected: list[str]) -> None:
    if fields == expected:
        return
    lacking = [name for name in expected if name not in fields]
    surplus = [name for name in fields if name not in expected]
    parts = [f"lacks {', '.join(map(repr, lacking))}"] if lacking else []
    parts += [f"has {', '.join(map(repr, surplus))}, which the YAML's tables do not name"] if surplus else []
    raise ListError(
        f"the header {' and '.join(parts) or 'has its columns in another order'}",
        file=path,
        line=1,
        remedy=f"it should be {','.join(expected)}",
    )


def _row(
    path: Path,
    line: int,
    list_id: str,
    tables: tuple[Table, ...],
    fields: list[str],
    expected: list[str],
    seen: set[str],
    position: int,
    prose_allowed: bool,
) -> Row:
    def wrong(field: str, message: str, remedy: str) -> ListError:
        return ListError(message, file=path, line=line, field=field, remedy=remedy)

    if len(fields) != len(expected):
        raise ListError(
            f"has {len(fields)} fields where the header has {len(expected)}",
            file=path,
            line=line,
            remedy='one field for each column; quote a field that holds a comma or a "',
        )
    row_id, record, table_text, line_text = (fields[index] for index in range(len(FIXED)))
    if not re.fullmatch(rf"{re.escape(list_id)}-\d{{2,}}", row_id):
        raise wrong(
            "id", f"{row_id!r} is no id of this list", f"write {list_id}-<number, two digits at least>"
        )
    if row_id in seen:
        raise wrong("id", f"{row_id} is used twice or is among the gone", "give the row the next free number")
    seen.add(row_id)
    match = RECORD.fullmatch(record)
    if record and not (match and match[1] in all_kinds() and all_kinds()[match[1]].recorded):
        raise wrong("record", f"{record!r} names no record", "write kind/slug, e.g. model/uni")
    if not table_text.isdecimal() or not 1 <= int(table_text) <= len(tables):
        raise wrong(
            "table", f"there is no table {table_text!r}", f"1 to {len(tables)}, see the YAML's tables"
        )
    if not line_text.isdecimal() or int(line_text) < 1:
        raise wrong("line", f"{line_text!r} is no line number", "the line in the list's file, from 1")
    table = tables[int(table_text) - 1]
    cells = dict.fromkeys(table.headers, "")
    prose = {column.header for column in table.columns if column.spec.prose}
    for index in range(len(FIXED), len(expected)):
        header, cell = expected[index], fields[index]
        if not cell:
            continue
        if header not in cells:
            raise wrong(header, f"table {table.number} has no such column", "leave the field empty")
        if header in prose and not prose_allowed:
            raise wrong(
                header,
                "holds prose, which is not stored",
                "import the list again, or leave the field empty and add a reading",
            )
        if cell != cell.strip():
            raise wrong(header, "has white space around it", "trim the cell")
        cells[header] = cell
    return Row(row_id, record or None, table.number, int(line_text), position, cells, line)
