"""``fmgraph import``: a Markdown list as found in the wild to rows of raw, repaired cells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fmgraph.errors import ListError
from fmgraph.lists import repair_encoding
from fmgraph.lists.read_markdown import RawRow, RawTable, parse
from fmgraph.text import SLUG

__all__ = ["ImportedList", "RawRow", "RawTable", "import_list"]


@dataclass(frozen=True)
class ImportedList:
    """A Markdown list, read. Cells are raw Markdown with the encoding repaired, trimmed."""

    id: str
    layout: str  #: ``table`` or ``cards``
    tables: tuple[RawTable, ...]
    repaired: int  #: number of lines of the file whose encoding was mended
    notes: tuple[tuple[int, str], ...]  #: (line, what was dropped or passed over there)

    @property
    def rows(self) -> list[RawRow]:
        """All rows in the order of the file."""
        return [row for table in self.tables for row in table.rows]


def import_list(source: str | bytes, list_id: str, *, file: Path | str | None = None) -> ImportedList:
    """Read a Markdown list.

    ``file`` is named in errors. Tables have a header of any kind; cards are block quotes with a heading
    ``[Venue] Title`` and ``**Label:**`` lines. The section of a row is the nearest heading above it.
    Raises ListError with line and remedy for bytes that are not UTF-8, cells whose encoding stays broken
    after repair, rows with too few or too many cells, and files with nothing to import.
    """
    if not SLUG.fullmatch(list_id):
        raise ListError(
            f"{list_id!r} is no list id", file=file, remedy="lower-case letters and digits, joined by hyphens"
        )
    text, repaired = repair_encoding.repair(repair_encoding.decode(source, file))
    parsed = parse(text, file)
    for table in parsed.tables:
        first = table.rows[0].line
        for name in (table.section, *table.headers):
            _refuse_broken(name, "heading or header above", file, first, misread=repaired > 0)
        for row in table.rows:
            for header, cell in row.cells.items():
                _refuse_broken(cell, header, file, row.line, misread=repaired > 0)
    return ImportedList(list_id, parsed.layout, tuple(parsed.tables), repaired, tuple(parsed.notes))


def _refuse_broken(text: str, field: str, file: Path | str | None, line: int, *, misread: bool) -> None:
    piece = repair_encoding.remains(text, misread=misread)
    if piece:
        raise ListError(
            f"the encoding is broken beyond repair at {piece!r}",
            file=file,
            line=line,
            field=field,
            remedy="fetch the file again as UTF-8, or correct these characters by hand",
        )
