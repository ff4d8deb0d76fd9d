"""Names in a list's cells that no record has, each with all the cells that use it."""

from __future__ import annotations

from dataclasses import dataclass, field

from fmgraph.graph.catalogue import Catalogue
from fmgraph.graph.cell_readers import CellReader, PartlyReadError, UnknownNameError
from fmgraph.lists.source_list import Row, SourceList
from fmgraph.text import match_key


@dataclass
class UnknownName:
    """A name of a kind of record, as the cells write it first."""

    kind: str
    name: str
    nearest: str | None  #: slug of the record of that kind that it is most like
    cells: list[tuple[str, str]] = field(default_factory=list)  #: row id and header

    @property
    def id(self) -> str:
        """What a review calls it."""
        return f"cell:{self.kind}:{self.name}"


def unknown_names(source: SourceList, catalogue: Catalogue) -> list[UnknownName]:
    """Return the names that the list's cells use and no record has, the most used first.

    Cells and names that somebody set aside (``not_read``), and rows without a record, are passed over.
    """
    reader = CellReader(catalogue)
    aside = {(cell.row, cell.column, match_key(cell.part)) for cell in source.not_read}
    by_name: dict[tuple[str, str], UnknownName] = {}
    for row in source.rows:
        for header, error in _unknown_in(source, row, reader, catalogue):
            if not aside.isdisjoint({(row.id, header, ""), (row.id, header, match_key(error.name))}):
                continue
            near = catalogue.nearest(error.kind, error.name)
            one = by_name.setdefault(
                (error.kind, match_key(error.name)),
                UnknownName(error.kind, error.name, near[0] if near else None),
            )
            if (row.id, header) not in one.cells:
                one.cells.append((row.id, header))
    return sorted(by_name.values(), key=lambda one: -len(one.cells))


def _unknown_in(
    source: SourceList, row: Row, reader: CellReader, catalogue: Catalogue
) -> list[tuple[str, UnknownNameError]]:
    kind, _, slug = (row.record or "").partition("/")
    record = catalogue.records.get(kind, {}).get(slug)
    if record is None or row.id in source.skip:
        return []
    errors: list[tuple[str, UnknownNameError]] = []
    for column in source.table(row).columns:
        text, spec = row.cells[column.header], column.spec
        for number, key in enumerate(spec.fields if text and not spec.prose and not spec.ignored else ()):
            try:
                reader.read(key, spec.label if number == 0 else None, text, record)
            except UnknownNameError as error:
                errors.append((column.header, error))
            except PartlyReadError as error:
                errors += [(column.header, one) for one in error.unknown]
            except ValueError:
                continue  # no name is at fault: `fmgraph check` tells what is
    return errors
