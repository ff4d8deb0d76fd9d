"""Giving a list back from the graph alone."""

import csv
import io
from pathlib import Path

import pytest

from fmgraph.errors import NotFoundError
from fmgraph.graph import build
from fmgraph.lists import import_list, load_list, write_list
from fmgraph.lists.export_list import list_rows, to_csv, to_markdown
from fmgraph.rdf.store import dataset_of_files
from fmgraph.server.engine import Engine, InProcessEngine

MARKDOWN = """\
## One

| Name | Note | Size \\| unit |
|---|---|---|
| B \\| b | A sentence. | 3 |
| A | | "x", — |

## Two

| Size \\| unit | Paper |
|---|---|
| - | [T](https://a.example/a_(b)) |
"""


def graph_of(data: Path, folder: Path) -> InProcessEngine:
    """Build the data and open what came out, as a file of N-Triples."""
    path = folder / "graph.nt"
    path.write_text("\n".join(build(data).lines()) + "\n", encoding="utf-8")
    return InProcessEngine(dataset_of_files([path]))


def test_rows_order_columns_and_cells_come_back(tmp_path: Path) -> None:
    write_list(import_list(MARKDOWN, "some-list"), tmp_path / "data")
    with graph_of(tmp_path / "data", tmp_path) as engine:
        listing = list_rows(engine, "some-list")
    assert [(table.section, table.headers, table.rows) for table in listing.tables] == [
        ("One", ("Name", "Note", "Size | unit"), (("B | b", "", "3"), ("A", "", '"x", —'))),
        ("Two", ("Size | unit", "Paper"), (("-", "[T](https://a.example/a_(b))"),)),
    ]
    table = list(csv.reader(io.StringIO(to_csv(listing), newline="")))
    assert table == [
        ["section", "Name", "Note", "Size | unit", "Paper"],
        ["One", "B | b", "", "3", ""],
        ["One", "A", "", '"x", —', ""],
        ["Two", "", "", "-", "[T](https://a.example/a_(b))"],
    ]
    again = import_list(to_markdown(listing), "some-list")
    assert [(t.section, t.headers, tuple(tuple(r.cells.values()) for r in t.rows)) for t in again.tables] == [
        (table.section, table.headers, table.rows) for table in listing.tables
    ]


def test_every_stored_cell_of_the_shipped_lists_comes_back(tmp_path: Path) -> None:
    data = Path(__file__).resolve().parent.parent / "data"
    with graph_of(data, tmp_path) as engine:
        for path in sorted((data / "list").glob("*.yaml")):
            source = load_list(path)
            listing = list_rows(engine, source.id)
            assert listing.label == source.label
            found = [
                (table.section, dict(zip(table.headers, row, strict=True)))
                for table in listing.tables
                for row in table.rows
            ]
            assert found == [(source.table(row).section, dict(row.cells)) for row in source.rows]


@pytest.mark.parametrize("name", ["plm2233-2025-21", "nothing like it", "a> ?x"])
def test_an_unknown_list_names_the_nearest(engine: Engine, name: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        list_rows(engine, name)
    assert "plm2233-2025-12" in caught.value.nearest
