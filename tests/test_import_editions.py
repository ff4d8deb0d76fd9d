"""Writing a list, and importing a newer edition over it."""

import csv
from pathlib import Path

import pytest

from fmgraph.errors import ListError, UsageError
from fmgraph.lists import ImportReport, Origin, import_list, load_list, write_list
from fmgraph.lists.editions import Signature, match_rows
from fmgraph.lists.row_identifiers import known_by

ORIGIN = Origin("https://github.com/a/b", "README.md", "0123abc", "2026-01-02", "A list")
FIRST = """\
## Eyes

| Year | Title | Code | Note |
|------|-------|------|------|
| 2025 | Alpha: a model of eyes | [GitHub](https://github.com/x/alpha) | Trained on 5 eyes. |
| 2025 | Beta: another model | - | - |

## Ears

| Year | Title | Code | Note |
|------|-------|------|------|
| 2024 | Gamma: a model of ears | [GitHub](https://github.com/x/gamma) | Two, \\| three |
"""
SECOND = """\
## Ears

| Year | Title | Code | Note |
|------|-------|------|------|
| 2026 | Delta: newly made | [GitHub](https://github.com/x/delta) | - |
| 2024 | Gamma: a model of ears | [GitHub](https://github.com/x/gamma) | Two, \\| four |

## Eyes

| Year | Title | Code | Note |
|------|-------|------|------|
| 2026 | Alpha: a model of both eyes | [GitHub](https://github.com/x/alpha) | Trained on 5 eyes. |
"""


def write(tmp_path: Path, text: str, origin: Origin | None = None) -> ImportReport:
    return write_list(import_list(text, "l-2026", file="README.md"), tmp_path, origin)


def rows(tmp_path: Path) -> list[list[str]]:
    with (tmp_path / "list/l-2026.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def curate(tmp_path: Path) -> None:
    """Name the records, and write readings with a comment, as a curator does."""
    path = tmp_path / "list/l-2026.csv"
    names = iter(["model/alpha", "model/beta", "model/gamma"])
    text = path.read_text(encoding="utf-8").splitlines(keepends=True)
    text[1:] = [line.replace(",,", f",{next(names)},", 1) for line in text[1:]]
    path.write_text("".join(text), encoding="utf-8")
    yaml = path.with_suffix(".yaml")
    added = (
        "sections:  # what headings say\n  Eyes: {modality: oct}\nreadings:\n"
        "  # five of them\n  - {row: l-2026-01, column: Note, data_scale: 5 eyes}\n"
        "  - {row: l-2026-02, column: Title, modality: mri}\n"
        "  - {row: l-2026-03, column: Note, data_scale: [2, 3]}\nprose:\n"
    )
    yaml.write_text(yaml.read_text(encoding="utf-8").replace("prose:\n", added, 1), encoding="utf-8")


def test_a_new_list_is_numbered_drafted_and_loads(tmp_path: Path) -> None:
    report = write(tmp_path, FIRST, ORIGIN)
    assert (report.rows, report.cells, report.added) == (3, 12, ["l-2026-01", "l-2026-02", "l-2026-03"])
    assert "records: 3 rows have none (l-2026-01, l-2026-02, l-2026-03): run `fmgraph match l-2026`" in str(
        report
    )
    assert "  added" not in str(report)
    found = load_list(tmp_path / "list/l-2026.yaml")
    assert (found.label, found.commit, found.date) == ("A list", "0123abc", "2026-01-02")
    assert found.source == "https://github.com/a/b/blob/0123abc/README.md"
    assert [(r.id, r.record, r.table, r.line, r.position) for r in found.rows] == [
        ("l-2026-01", None, 1, 5, 1),
        ("l-2026-02", None, 1, 6, 2),
        ("l-2026-03", None, 2, 12, 3),
    ]
    assert found.columns["Title"].fields == ("title",)
    assert found.columns["Note"].prose
    assert {row.cells["Note"] for row in found.rows} == {""}
    assert set(found.prose) == {"l-2026-01", "l-2026-02", "l-2026-03"}


def test_prose_is_nowhere_in_the_files(tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    for path in (tmp_path / "list").iterdir():
        assert "Trained" not in path.read_text(encoding="utf-8")


def test_importing_the_same_again_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, FIRST, ORIGIN)
    curate(tmp_path)
    before = {path: path.read_bytes() for path in (tmp_path / "list").iterdir()}
    report = write(tmp_path, FIRST)
    assert {path: path.read_bytes() for path in (tmp_path / "list").iterdir()} == before
    assert [report.added, report.changed, report.removed, report.todo] == [[], {}, [], []]


def test_a_newer_edition_keeps_what_was_curated_and_reports_the_rest(tmp_path: Path) -> None:
    write(tmp_path, FIRST, ORIGIN)
    curate(tmp_path)
    report = write(tmp_path, SECOND, Origin(commit="fedcba9", date="2026-03-04"))
    assert report.added == ["l-2026-04"]
    assert report.removed == ["l-2026-02"]
    assert report.changed == {"l-2026-03": ["Note"], "l-2026-01": ["Year", "Title"]}
    assert [row[:4] for row in rows(tmp_path)[1:]] == [
        ["l-2026-04", "", "1", "5"],
        ["l-2026-03", "model/gamma", "1", "6"],
        ["l-2026-01", "model/alpha", "2", "12"],
    ]
    found = load_list(tmp_path / "list/l-2026.yaml")
    assert (found.label, found.repository, found.commit) == ("A list", "https://github.com/a/b", "fedcba9")
    assert found.removed_ids == ("l-2026-02",)
    assert [reading.row for reading in found.readings] == ["l-2026-01", "l-2026-03"]
    assert [reading.row for reading in found.retired] == ["l-2026-02"]
    assert "# five of them" in (tmp_path / "list/l-2026.yaml").read_text(encoding="utf-8")
    todo = "\n".join(report.todo)
    assert "records: 1 rows have none (l-2026-04)" in todo
    assert "  added    l-2026-04" in str(report)
    assert "l-2026-02 is gone" in todo
    assert "Note of l-2026-03 changed" in todo
    assert "l-2026-01 changed" not in todo  # its reading is of a cell that did not change


def test_a_number_is_never_used_again(tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    write(tmp_path, SECOND)  # 02 goes, 04 comes
    report = write(tmp_path, FIRST)  # 04 goes, and what was 02 comes back as a new row
    assert (report.added, report.removed) == (["l-2026-05"], ["l-2026-04"])
    assert load_list(tmp_path / "list/l-2026.yaml").removed_ids == ("l-2026-02", "l-2026-04")


def test_the_commit_of_the_old_edition_is_not_that_of_the_new_one(tmp_path: Path) -> None:
    write(tmp_path, FIRST, ORIGIN)
    report = write(tmp_path, SECOND)
    found = load_list(tmp_path / "list/l-2026.yaml")
    assert (found.repository, found.commit, found.date, found.source) == (ORIGIN.repository, None, None, None)
    assert any(text.startswith("commit:") for text in report.todo)


def test_new_headers_are_drafted_into_the_curated_columns(tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    text = SECOND.replace("| Note |", "| Summary |").replace("| Code |", "| Stars |")
    report = write(tmp_path, text)
    todo = "\n".join(report.todo)
    assert "'Summary'" in todo
    assert "'Note' is no header any more" in todo
    with pytest.raises(ListError, match="'Code' is no header") as caught:
        load_list(tmp_path / "list/l-2026.yaml")
    assert caught.value.field == "columns.Code"
    path = tmp_path / "list/l-2026.yaml"
    kept = [
        line
        for line in path.read_text(encoding="utf-8").splitlines(True)
        if line[:7] not in ("  Code:", "  Note:")
    ]
    path.write_text("".join(kept), encoding="utf-8")
    found = load_list(path)
    assert found.columns["Summary"].prose
    assert found.columns["Stars"].line == 0  # nothing is known of it: check says so
    assert {row.cells["Summary"] for row in found.rows} == {""}


def test_a_broken_list_leaves_the_old_files_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, FIRST, ORIGIN)
    before = {path: path.read_bytes() for path in (tmp_path / "list").iterdir()}
    with pytest.raises(ListError):
        write(tmp_path, FIRST + "| 2024 | far | too | many | cells |\n")
    (tmp_path / "list/l-2026.yaml").write_text("label: [", encoding="utf-8")
    with pytest.raises(ListError):
        write(tmp_path, SECOND)
    assert (tmp_path / "list/l-2026.csv").read_bytes() == before[tmp_path / "list/l-2026.csv"]
    assert len(list((tmp_path / "list").iterdir())) == 2


@pytest.mark.parametrize("origin", [Origin(commit="main"), Origin(date="1 May"), Origin(repository="a/b")])
def test_an_origin_that_could_not_be_loaded_is_not_written(tmp_path: Path, origin: Origin) -> None:
    with pytest.raises(ListError, match="is not"):
        write(tmp_path, FIRST, origin)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write"):
        write(tmp_path, FIRST)
    assert [path.name for path in tmp_path.iterdir()] == ["list"]


def test_the_report_reads_well(tmp_path: Path) -> None:
    write(tmp_path, FIRST, ORIGIN)
    lines = str(write(tmp_path, SECOND)).splitlines()
    assert lines[0] == "l-2026: 3 rows, 12 cells, 0 lines repaired; 1 added, 2 changed, 1 gone"
    assert "  changed  l-2026-01: Year, Title" in lines


def signature(section: str, *cells: str) -> Signature:
    named = {f"h{number}": cell for number, cell in enumerate(cells)}
    return Signature(
        section, named, known_by(named, [header for header, cell in named.items() if " " in cell][:1])
    )


def test_a_title_is_no_key() -> None:
    """Two rows with one title (as CheXagent and CheXFound have in one edition) keep their own ids."""
    old = [
        signature("X-ray", "2024", "One title", "SigLIP", "8.5 million", "-"),
        signature("X-ray", "2025", "One title", "ViT-L", "987K", "https://b.example"),
    ]
    new = [
        signature("X-ray", "2025", "Its own title", "ViT-L", "987K", "https://b.example"),
        signature("X-ray", "2024", "One title", "SigLIP", "8.5 million", "https://a.example"),
    ]
    assert match_rows(old, new) == {0: 1, 1: 0}


def test_rows_that_share_only_common_values_are_different_rows() -> None:
    filler = [signature("S", "2025", "arXiv", f"title {n}", f"https://{n}.example") for n in range(5)]
    old = [*filler, signature("S", "2025", "arXiv", "old work", "https://old.example")]
    new = [*filler, signature("S", "2025", "arXiv", "new work", "https://new.example")]
    assert match_rows(old, new) == {n: n for n in range(5)}


def test_equal_rows_are_paired_in_order() -> None:
    rows = [signature("S", "a"), signature("S", "a")]
    assert match_rows(rows, rows) == {0: 0, 1: 1}
