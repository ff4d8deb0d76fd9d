"""The shipped lists: whole, as their editions have them; what is known of each is in ``data/known/lists``."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from fmgraph.lists import SourceList, import_list, load_lists, write_list
from fmgraph.lists.import_list import ImportedList

DATA = Path(__file__).resolve().parent.parent / "data"
KNOWN: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent / "data" / "known" / "lists").glob("*.yaml"))
}


@pytest.fixture(scope="module")
def lists() -> dict[str, SourceList]:
    return {source.id: source for source in load_lists(DATA)}


@pytest.fixture(params=[name for name, known in KNOWN.items() if "received" in known])
def edition(request: pytest.FixtureRequest, shared: Path) -> tuple[Path, ImportedList]:
    """An edition as received, and read."""
    path = shared / "lists" / KNOWN[request.param]["received"]
    return path, import_list(path.read_bytes(), request.param, file=path)


def filled(source: SourceList) -> int:
    """Count the cells that are not empty: the stored ones and the prose known by its digest."""
    stored = sum(bool(cell) for row in source.rows for cell in row.cells.values())
    return stored + sum(len(digests) for digests in source.prose.values())


@pytest.mark.parametrize("name", KNOWN)
def test_every_row_and_cell_is_there(name: str, lists: dict[str, SourceList]) -> None:
    known = KNOWN[name]
    assert (len(lists[name].rows), filled(lists[name])) == (known["rows"], known["cells"])


@pytest.mark.parametrize("name", KNOWN)
def test_rows_are_about_the_work_they_mean(name: str, lists: dict[str, SourceList]) -> None:
    """One title may be two works, and a title may name the wrong one."""
    rows = {row.id: row for row in lists[name].rows}
    for row, record in KNOWN[name].get("records", {}).items():
        assert rows[row].record == record
    for pair in KNOWN[name].get("same_title", ()):
        assert [rows[row].record for row in pair] == list(pair.values())
        assert len({rows[row].cells["Title"].split(" (")[0] for row in pair}) == 1


@pytest.mark.parametrize("name", KNOWN)
def test_no_sentence_of_a_list_is_stored(name: str, lists: dict[str, SourceList]) -> None:
    prose = [header for header, spec in lists[name].columns.items() if spec.prose]
    assert prose == KNOWN[name].get("prose", [])
    assert not [row.id for row in lists[name].rows for header in prose if row.cells.get(header)]


def test_every_header_means_something(lists: dict[str, SourceList]) -> None:
    assert not [h for source in lists.values() for h, spec in source.columns.items() if not spec.line]


@pytest.mark.parametrize("name", KNOWN)
def test_readings_say_what_only_the_text_of_a_row_does(name: str, lists: dict[str, SourceList]) -> None:
    source = lists[name]
    facts = {
        (reading.about or source.row(reading.row).record, fact.key, value)
        for reading in source.readings
        for fact in reading.facts
        for value in fact.values
    }
    assert set(map(tuple, KNOWN[name].get("facts", ()))) <= facts


def test_an_edition_as_received_is_what_is_shipped(
    edition: tuple[Path, ImportedList], lists: dict[str, SourceList]
) -> None:
    _, imported = edition
    source = lists[imported.id]
    assert imported.repaired == KNOWN[imported.id]["repaired"]
    assert [(t.section, t.headers) for t in imported.tables] == [
        (t.section, t.headers) for t in source.tables
    ]
    for row, raw in zip(source.rows, imported.rows, strict=True):
        assert row.line == raw.line
        for header, cell in raw.cells.items():
            if not source.columns[header].prose:
                assert row.cells[header] == cell
            elif cell:
                digest = hashlib.sha256(cell.encode()).hexdigest()
                assert source.prose[row.id][header] == f"sha256:{digest}"


def test_importing_an_edition_over_itself_changes_nothing(
    edition: tuple[Path, ImportedList], tmp_path: Path
) -> None:
    _, imported = edition
    (tmp_path / "list").mkdir()
    shipped = {DATA / "list" / f"{imported.id}{suffix}" for suffix in (".csv", ".yaml")}
    for path in shipped:
        (tmp_path / "list" / path.name).write_bytes(path.read_bytes())
    report = write_list(imported, tmp_path)
    assert [report.added, report.changed, report.removed, report.todo] == [[], {}, [], []]
    for path in shipped:
        assert (tmp_path / "list" / path.name).read_bytes() == path.read_bytes()


def test_the_clean_edition_comes_through_byte_for_byte(shared: Path) -> None:
    path = shared / "lists" / KNOWN["haonguyenthai-2025-11"]["received"]
    imported = import_list(path.read_bytes(), "haonguyenthai-2025-11")
    lines = path.read_text(encoding="utf-8").split("\n")
    for row in imported.rows:
        cells = [cell.strip() for cell in lines[row.line - 1].strip().strip("|").split("|")]
        assert list(row.cells.values()) == cells


def test_an_edition_of_another_shape_is_imported_over_a_list(shared: Path, tmp_path: Path) -> None:
    """The two editions of one repository have different columns and works: nothing may be mixed up."""
    old, new = (
        (shared / "lists" / KNOWN[i]["received"]).read_bytes() for i in ("plm2233-2025-11", "plm2233-2025-12")
    )
    write_list(import_list(old, "plm2233"), tmp_path)
    report = write_list(import_list(new, "plm2233"), tmp_path)
    assert set(report.changed) == {"plm2233-01"}  # Virchow, by its title
    assert (len(report.added), len(report.removed)) == (46, 39)
