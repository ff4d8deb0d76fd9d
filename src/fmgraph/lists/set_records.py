"""Writing ``record`` into rows of a list's CSV, and nothing else of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path

from fmgraph.errors import ListError
from fmgraph.lists.read_csv import FIXED
from fmgraph.lists.replace_files import replace_files
from fmgraph.records.record_files import read_text


def set_records(path: Path, records: Mapping[str, str]) -> list[str]:
    """Write the records (row id → ``kind/slug``) into the CSV where a row has none; return the ids written.

    A record that is there stays. Raises ListError where the CSV is malformed.
    """
    return _change(path, lambda row, record: record or records.get(row, ""))


def replace_records(path: Path, records: Mapping[str, str], renamed: Mapping[str, str]) -> list[str]:
    """Write the records over those that are there, then the new names of records; return the ids written.

    Raises ListError where the CSV is malformed.
    """

    def changed(row: str, record: str) -> str:
        record = records.get(row, record)
        return renamed.get(record, record)

    return _change(path, changed)


def _change(path: Path, change: Callable[[str, str], str]) -> list[str]:
    """Write what ``change`` makes of each row's id and record."""
    try:
        lines = list(csv.reader(io.StringIO(read_text(path, ListError), newline=""), strict=True))
    except csv.Error as error:
        raise ListError(str(error), file=path, remedy="mend the quotes") from error
    place = FIXED.index("record")
    changed_ids = []
    for fields in lines[1:]:
        if len(fields) > place and (record := change(fields[0], fields[place])) != fields[place]:
            fields[place] = record
            changed_ids.append(fields[0])
    if changed_ids:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(lines)
        replace_files({path: out.getvalue()})
    return changed_ids
