"""Loading a list: what a person may get wrong, each told with file, line, field and remedy."""

from pathlib import Path

import pytest

from fmgraph.errors import ListError
from fmgraph.lists import ColumnSpec, Fact, SourceList, load_list, load_lists
from fmgraph.lists.source_list import column_slugs

CSV = '''\
id,record,table,line,Name,Paper,Note,Size
l-01,model/uni,1,10,UNI,[T](https://a.example),,
l-02,,1,11,"A, or ""B""",,,
l-04,paper/gmai,2,20,GMAI,,,7
'''
READING = "{row: l-01, column: Note, data_scale: 1.50}"
YAML = """\
label: A list
repository: https://github.com/a/b
file: README.md
commit: 0123abc
date: 2026-01-02
layout: table
tables:
  - {section: One, columns: [Name, Paper, Note]}
  - {section: Two, columns: [Name, Size]}
columns:
  Name: name
  Paper: {field: url, label: title}
  Note: {prose: true}
  Size: [data_scale, parameter_count]
sections:
  One: {modality: [no, mri], year: 2024}
readings:
  - {row: l-01, column: Note, data_scale: 1.50}
  - row: l-01
    column: Note
    about: model/uni2-h
    successor_of: [uni]
  - {row: l-03, column: Note, year: 2020}
prose:
  l-01: {Note: "sha256:DIGEST"}
gone: [l-03]
""".replace("DIGEST", "0" * 64)


def load(folder: Path, csv: str = CSV, yaml: str = YAML) -> SourceList:
    (folder / "l.csv").write_text(csv, encoding="utf-8")
    (folder / "l.yaml").write_text(yaml, encoding="utf-8")
    return load_list(folder / "l.yaml")


def test_everything_is_text_with_its_place(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.source == "https://github.com/a/b/blob/0123abc/README.md"
    assert [(row.id, row.record, row.position, row.line, row.csv_line) for row in found.rows] == [
        ("l-01", "model/uni", 1, 10, 2),
        ("l-02", None, 2, 11, 3),
        ("l-04", "paper/gmai", 3, 20, 4),
    ]
    assert found.rows[1].cells == {"Name": 'A, or "B"', "Paper": "", "Note": ""}
    assert found.rows[2].cells == {"Name": "GMAI", "Size": "7"}
    assert found.table(found.rows[2]).headers == ("Name", "Size")
    assert found.row("l-04") is found.rows[2]
    assert found.columns["Paper"] == ColumnSpec("Paper", ("url",), "title", prose=False, line=12)
    assert found.columns["Size"].fields == ("data_scale", "parameter_count")
    assert found.sections == {"One": (Fact("modality", ("no", "mri"), 16), Fact("year", ("2024",), 16))}
    first, second = found.readings
    assert (first.about, first.facts) == (None, (Fact("data_scale", ("1.50",), 18),))
    assert (second.about, second.line) == ("model/uni2-h", 19)
    assert second.facts == (Fact("successor_of", ("uni",), 22),)
    assert [reading.row for reading in found.retired] == ["l-03"]
    assert found.removed_ids == ("l-03",)


def test_the_origin_may_be_unknown(tmp_path: Path) -> None:
    kept = [line for line in YAML.splitlines(True) if line.split(":")[0] not in ("commit", "date")]
    found = load(tmp_path, yaml="".join(kept))
    assert (found.commit, found.date, found.source) == (None, None, None)


def test_a_record_may_hold_a_line_break(tmp_path: Path) -> None:
    found = load(tmp_path, csv=CSV.replace('"A, or ""B"""', '"two\nlines"'))
    assert found.rows[1].cells["Name"] == "two\nlines"
    assert [row.csv_line for row in found.rows] == [2, 3, 5]


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("layout: table", "layout: table\nlayout: cards", 7, "layout"),
        ("layout: table", "layout: table\ncolour: red", 7, "colour"),
        ("layout: table", "layout: tables", 6, "layout"),
        ("commit: 0123abc", "commit: main", 4, "commit"),
        ("date: 2026-01-02", "date: 2 January", 5, "date"),
        ("repository: https:", "repository: ssh:", 2, "repository"),
        ("label: A list\n", "", 1, "label"),
        ("[Name, Size]", "[Name, Name]", 9, "tables[1].columns"),
        ("  - {section: Two, columns: [Name, Size]}", "  - {section: Two}", 9, "tables[1]"),
        ("  Name: name", "  Nmae: name", 11, "columns.Nmae"),
        ("{prose: true}", "{prose: true, field: name}", 13, "columns.Note"),
        ("{prose: true}", "{prose: yes}", 13, "columns.Note.prose"),
        ("{prose: true}", "{label: title}", None, None),
        ("  One: {modality", "  Won: {modality", 16, "sections.Won"),
        ("year: 2024}", "year: ''}", 16, "sections.One.year"),
        (READING, "{row: l-09, column: Note, year: 1}", 18, "readings[0].row"),
        (READING, "{row: l-01, column: Size, year: 1}", 18, "readings[0].column"),
        (READING, "{row: l-01, column: Note}", 18, "readings[0]"),
        (READING, "{row: l-01, data_scale: 1.50}", 18, "readings[0]"),
        ("about: model/uni2-h", "about: UNI2-h", 21, "readings[1].about"),
        ("about: model/uni2-h", "row: l-02", 21, "readings[1].row"),
        ('  l-01: {Note: "sha256:', '  l-03: {Note: "sha256:', 25, "prose.l-03"),
        ('{Note: "sha256:', '{Name: "sha256:', 25, "prose.l-01.Name"),
        ('"sha256:0', '"md5:0', 25, "prose.l-01.Note"),
        ("gone: [l-03]", "gone: [l-03", None, None),
        ("gone: [l-03]", "gone: l-03", 26, "gone"),
    ],
)
def test_a_slip_in_the_yaml_is_told(
    tmp_path: Path, old: str, new: str, line: int | None, field: str | None
) -> None:
    assert old in YAML
    with pytest.raises(ListError) as caught:
        load(tmp_path, yaml=YAML.replace(old, new, 1))
    assert caught.value.file == str(tmp_path / "l.yaml")
    assert caught.value.remedy
    if line:
        assert (caught.value.line, caught.value.field) == (line, field)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("id,record", "record,id", 1, "the header has its columns in another order"),
        ("Note", "Notes", 1, "the header lacks 'Note' and has 'Notes'"),
        ("l-02,", "l-2,", 3, "no id of this list"),
        ("l-02,", "l-01,", 3, "used twice"),
        ("l-02,", "l-03,", 3, "used twice or is among the gone"),
        ("model/uni,", "UNI,", 2, "names no record"),
        ("model/uni,", "row/uni,", 2, "names no record"),
        ("model/uni,", "model/Uni,", 2, "names no record"),
        ("model/uni,1,", "model/uni,3,", 2, "no table '3'"),
        ("model/uni,1,10", "model/uni,1,x", 2, "no line number"),
        ("GMAI,,,7", "GMAI,,,", None, ""),
        ("GMAI,,,7", "GMAI,text,,7", 4, "no such column"),
        ("GMAI,,,7", "GMAI,,7", 4, "has 7 fields"),
        ("https://a.example),,", "https://a.example),A sentence.,", 2, "prose"),
        (",UNI,", ", UNI,", 2, "white space"),
        ('""B"""', '""B""', 3, "unexpected end of data"),
    ],
)
def test_a_slip_in_the_csv_is_told(
    tmp_path: Path, old: str, new: str, line: int | None, message: str
) -> None:
    assert old in CSV
    if line is None:
        load(tmp_path, csv=CSV.replace(old, new, 1))
        return
    with pytest.raises(ListError, match=message) as caught:
        load(tmp_path, csv=CSV.replace(old, new, 1))
    assert (caught.value.file, caught.value.line) == (str(tmp_path / "l.csv"), line)
    assert caught.value.remedy


def test_missing_empty_and_misencoded_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="empty"):
        load(tmp_path, csv="")
    with pytest.raises(ListError, match="empty"):
        load(tmp_path, yaml="")
    load(tmp_path)
    (tmp_path / "l.csv").write_bytes("id,é\n".encode("latin-1"))
    with pytest.raises(ListError, match="UTF-8"):
        load_list(tmp_path / "l.yaml")
    (tmp_path / "l.csv").unlink()
    with pytest.raises(ListError, match=r"l\.csv"):
        load_list(tmp_path / "l.yaml")
    with pytest.raises(ListError, match="no list id"):
        load_list(tmp_path / "A list.yaml")


def test_all_lists_of_a_folder_by_id(tmp_path: Path) -> None:
    assert load_lists(tmp_path) == []
    (tmp_path / "list").mkdir()
    load(tmp_path / "list")
    assert [found.id for found in load_lists(tmp_path)] == ["l"]


def test_column_slugs_are_unique_in_a_table() -> None:
    headers = ("Model Backbone", "Code", "code", "Größe", "✅", "--")
    assert column_slugs(headers) == ("model-backbone", "code", "code-2", "grosse", "column", "column-2")
