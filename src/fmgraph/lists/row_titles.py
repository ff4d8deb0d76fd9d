"""What a row is called, for people who read a message about it."""

from __future__ import annotations

from fmgraph.lists.inline_markdown import plain
from fmgraph.lists.source_list import Row, SourceList

_NAMES = ("name", "title", "label")
#: As long as a title may be in a message.
_LONGEST = 60


def row_title(source: SourceList, row: Row) -> str:
    """Return the text of the row's name or title cell, shortened; its first cell with words otherwise."""
    columns = source.table(row).columns
    name_columns = [column for key in _NAMES for column in columns if key in column.spec.fields]
    for column in [*name_columns, *columns]:
        text = plain(row.cells[column.header])
        if any(char.isalpha() for char in text) and not column.spec.prose:
            return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
    return ""
