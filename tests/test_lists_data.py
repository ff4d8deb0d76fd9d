"""The four shipped lists: whole, as their editions have them, and every row with its record."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from fmgraph.lists import SourceList, import_list, load_lists, write_list
from fmgraph.lists.import_list import ImportedList

DATA = Path(__file__).resolve().parent.parent / "data"
#: List id → file in the shared material, rows, cells that are not empty, lines with mended encoding.
EXPECTED = {
    "plm2233-2025-12": ("000_c114c8cf62b8fe9b.txt", 47, 470, 40),
    "plm2233-2025-11": ("001_557bfee18231a704.txt", 40, 280, 41),
    "qiangqwu-2026-01": ("002_b1cda7d0b1149d0f.txt", 14, 75, 56),
    "haonguyenthai-2025-11": ("003_67dbaf0dac063c27.txt", 25, 125, 0),
}


@pytest.fixture(scope="module")
def lists() -> dict[str, SourceList]:
    return {source.id: source for source in load_lists(DATA)}


@pytest.fixture(params=sorted(EXPECTED))
def edition(request: pytest.FixtureRequest, shared: Path) -> tuple[Path, ImportedList]:
    """One of the four editions as received, and read."""
    path = shared / "lists" / EXPECTED[request.param][0]
    return path, import_list(path.read_bytes(), request.param, file=path)


def filled(source: SourceList) -> int:
    """Count the cells that are not empty: the stored ones and the prose known by its digest."""
    stored = sum(bool(cell) for row in source.rows for cell in row.cells.values())
    return stored + sum(len(digests) for digests in source.prose.values())


def test_126_rows_and_every_cell(lists: dict[str, SourceList]) -> None:
    for list_id, (_, rows, cells, _) in EXPECTED.items():
        assert (len(lists[list_id].rows), filled(lists[list_id])) == (rows, cells)
    assert sum(len(source.rows) for source in lists.values()) == 126


def test_937_cells_as_the_lists_write_them(lists: dict[str, SourceList]) -> None:
    """A card's heading ``[Venue] Title`` is one cell of the list and two columns here: 950 less 13."""
    venues = sum(bool(row.cells["Venue"]) for row in lists["qiangqwu-2026-01"].rows)
    assert venues == 13  # one heading has no [venue]
    assert sum(map(filled, lists.values())) - venues == 937


def test_every_row_names_its_record(lists: dict[str, SourceList]) -> None:
    records = Counter(row.record for source in lists.values() for row in source.rows)
    assert None not in records
    assert len(records) == 111
    assert "model/phikon" not in records  # the row is about Phikon-v2


def test_works_in_several_lists_are_one_record(lists: dict[str, SourceList]) -> None:
    where: dict[str | None, set[str]] = {}
    for source in lists.values():
        for row in source.rows:
            where.setdefault(row.record, set()).add(source.id)
    assert {record for record, ids in where.items() if len(ids) > 1} == {
        *(f"model/{slug}" for slug in ("uni", "conch", "biomedclip", "titan", "virchow", "chief", "plip")),
        *("model/retfound", "model/visionfm", "model/usfm", "paper/gmai"),
    }


def test_one_title_may_be_two_works_and_a_title_may_name_the_wrong_one(lists: dict[str, SourceList]) -> None:
    rows = {row.id: row for source in lists.values() for row in source.rows}
    pairs = {
        ("plm2233-2025-12-39", "plm2233-2025-12-40"): ("model/chexagent", "model/chexfound"),
        ("plm2233-2025-12-34", "plm2233-2025-12-41"): ("model/cxr-foundation", "model/derm-foundation"),
    }
    for (one, other), records in pairs.items():
        assert rows[one].cells["Title"].split(" (")[0] == rows[other].cells["Title"].split(" (")[0]
        assert (rows[one].record, rows[other].record) == records
    assert "2307.14334" in rows["plm2233-2025-11-26"].cells["Paper"]
    assert rows["plm2233-2025-11-26"].record == "model/med-palm-m"
    assert rows["plm2233-2025-11-28"].record == "model/med-palm-2"


def test_no_sentence_of_a_list_is_stored(lists: dict[str, SourceList]) -> None:
    prose = {header for source in lists.values() for header, spec in source.columns.items() if spec.prose}
    assert prose == {"Summary", "Note"}
    assert not [
        row.id
        for source in lists.values()
        for row in source.rows
        for header in prose
        if row.cells.get(header)
    ]


def test_every_header_means_something(lists: dict[str, SourceList]) -> None:
    assert not [h for source in lists.values() for h, spec in source.columns.items() if not spec.line]


def test_readings_name_what_only_rows_mention(lists: dict[str, SourceList]) -> None:
    facts = {
        (reading.about or lists[source.id].row(reading.row).record, fact.key, value)
        for source in lists.values()
        for reading in source.readings
        for fact in reading.facts
        for value in fact.values
    }
    for expected in (
        ("model/virchow2g-mini", "distilled_from", "virchow2g"),
        ("model/virchow2g-mini", "parameter_count", "22 million"),
        ("model/prov-gigapath", "data_scale", "171,189 WSIs"),
        ("model/chatdoctor", "fine_tuned_from", "llama"),
        ("model/uni2-h", "backbone", "vit-h-14-reg8"),
        ("model/prism2", "successor_of", "prism"),
        ("model/conch-v1-5", "successor_of", "conch"),
        ("model/quiltnet", "trained_on", "quilt-1m"),
        ("model/m-funfound", "data_scale", "over 100K fundus images"),
    ):
        assert expected in facts
    lineage = {
        fact for fact in facts if fact[0] in ("model/med-palm-m", "model/med-palm-2", "model/simmim-cxr")
    }
    assert lineage == set()  # resemblance of names is no lineage


def test_an_edition_as_received_is_what_is_shipped(
    edition: tuple[Path, ImportedList], lists: dict[str, SourceList]
) -> None:
    _, imported = edition
    source = lists[imported.id]
    assert imported.repaired == EXPECTED[imported.id][3]
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
    assert [report.added, report.changed, report.gone, report.todo] == [[], {}, [], []]
    for path in shipped:
        assert (tmp_path / "list" / path.name).read_bytes() == path.read_bytes()


def test_the_clean_edition_comes_through_byte_for_byte(shared: Path) -> None:
    path = shared / "lists" / EXPECTED["haonguyenthai-2025-11"][0]
    imported = import_list(path.read_bytes(), "haonguyenthai-2025-11")
    lines = path.read_text(encoding="utf-8").split("\n")
    for row in imported.rows:
        cells = [cell.strip() for cell in lines[row.line - 1].strip().strip("|").split("|")]
        assert list(row.cells.values()) == cells


def test_an_edition_of_another_shape_is_imported_over_a_list(shared: Path, tmp_path: Path) -> None:
    """The two editions of one repository have different columns and works: nothing may be mixed up."""
    old, new = (
        (shared / "lists" / EXPECTED[i][0]).read_bytes() for i in ("plm2233-2025-11", "plm2233-2025-12")
    )
    write_list(import_list(old, "plm2233"), tmp_path)
    report = write_list(import_list(new, "plm2233"), tmp_path)
    assert set(report.changed) == {"plm2233-01"}  # Virchow, by its title
    assert (len(report.added), len(report.gone)) == (46, 39)
