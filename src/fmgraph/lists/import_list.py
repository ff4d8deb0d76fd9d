"""``fmgraph import``: a Markdown list as found in the wild to rows of raw, repaired cells."""

from __future__ import annotations

from collections.abc import Collection
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
    layout: str  #: ``table``, ``cards``, ``items``, or ``mixed`` where there are several
    tables: tuple[RawTable, ...]
    repaired: int  #: number of lines of the file whose encoding was mended
    notes: tuple[tuple[int, str], ...]  #: (line, what was dropped or passed over there)
    links: int  #: to http(s) addresses, in the whole file
    unread: tuple[tuple[int, str], ...]  #: (line, address) of the links that are in no row

    @property
    def rows(self) -> list[RawRow]:
        """All rows in the order of the file."""
        return [row for table in self.tables for row in table.rows]


def import_list(
    source: str | bytes, list_id: str, *, file: Path | str | None = None, leave: Collection[int] = ()
) -> ImportedList:
    """Read a Markdown list.

    ``file`` is named in errors. ``leave`` are lines whose rows may stay unread where they cannot be read.
    Rows are those of pipe and HTML tables; cards (block quotes with a heading ``[Venue] Title`` and
    ``**Label:**`` lines); list items with a link or a venue in brackets; paragraphs that break into lines, or
    have a title and links to its paper and code. The section of a row is the nearest heading above it.
    Raises ListError, which tells everything that is wrong, for bytes that are not UTF-8, cells whose encoding
    stays broken after repair, rows whose cells cannot be told apart, and files with nothing to import.
    """
    if not SLUG.fullmatch(list_id):
        raise ListError(
            f"{list_id!r} is no list id", file=file, remedy="lower-case letters and digits, joined by hyphens"
        )
    text, repaired = repair_encoding.repair(repair_encoding.decode(source, file))
    parsed = parse(text, file, leave)
    texts = (
        (text, field, line)
        for table in parsed.tables
        for text, field, line in [
            *(
                (name, "heading or header above", table.rows[0].line)
                for name in (table.section, *table.headers)
            ),
            *((cell, header, row.line) for row in table.rows for header, cell in row.cells.items()),
        ]
    )
    broken = [
        ListError(
            f"the encoding is broken beyond repair at {piece!r}",
            file=file,
            line=line,
            field=field,
            remedy="fetch the file again as UTF-8, or correct these characters by hand",
        )
        for text, field, line in texts
        if (piece := repair_encoding.remains(text, misread=repaired > 0))
    ]
    if broken:
        raise ListError.of_all(broken)
    return ImportedList(
        id=list_id,
        layout=parsed.layout,
        tables=tuple(parsed.tables),
        repaired=repaired,
        notes=tuple(parsed.notes),
        links=parsed.links,
        unread=tuple(parsed.unread),
    )
