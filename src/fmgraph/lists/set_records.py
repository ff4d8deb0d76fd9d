"""Writing ``record`` into rows of a list's CSV, and nothing else of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from fmgraph.errors import ListError
from fmgraph.lists.read_csv import FIXED
from fmgraph.lists.replace_files import replace_files
from fmgraph.records.record_files import read_text


def set_records(path: Path, records: Mapping[str, str]) -> list[str]:
    """Write the records (row id → ``kind/slug``) into the CSV where a row has none; return the ids written.

    A record that is there stays. Raises ListError where the CSV is malformed.
    """
    if not records:
        return []
    try:
        lines = list(csv.reader(io.StringIO(read_text(path, ListError), newline=""), strict=True))
    except csv.Error as error:
        raise ListError(str(error), file=path, remedy="mend the quotes") from error
    place = FIXED.index("record")
    written = []
    for fields in lines[1:]:
        if len(fields) > place and not fields[place] and fields[0] in records:
            fields[place] = records[fields[0]]
            written.append(fields[0])
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    if written:
        replace_files({path: out.getvalue()})
    return written
