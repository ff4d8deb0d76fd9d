"""Text that no XML can carry, byte order marks and blank lines, in records, lists and their CSVs."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmgraph.errors import ListError, RecordError
from fmgraph.graph import build
from fmgraph.lists import import_list, load_list
from fmgraph.records.record_files import parse_record, read_text

YAML = """label: L
layout: table
tables:
  - {section: S, columns: [Name, Code]}
columns: {Name: name, Code: code}
"""
CSV = "id,record,table,line,Name,Code\nl-01,model/heart,1,3,Heart,-\n"
HEART = "label: Heart\nscope: medical\n"


def folder(tmp_path: Path, csv: str = CSV, yaml: str = YAML, heart: str = HEART) -> Path:
    for name, text in {"list/l.csv": csv, "list/l.yaml": yaml, "model/heart.yaml": heart}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return tmp_path


@pytest.mark.parametrize("bad", ['"a\\u0001b"', '"a\\ufffe"', '"\\0"'])
def test_an_escape_that_no_xml_can_carry_is_refused_with_its_line(tmp_path: Path, bad: str) -> None:
    with pytest.raises(RecordError, match="no XML can carry") as caught:
        parse_record("model", "m", Path("m.yaml"), f"{HEART}aka: {bad}\n", {"label", "aka", "scope"})
    assert caught.value.line == 3
    data = folder(tmp_path, yaml=YAML.replace("label: L", f"label: {bad}"))
    with pytest.raises(ListError, match="no XML can carry"):
        load_list(data / "list/l.yaml")


@pytest.mark.parametrize("character", ["\x01", "\x0b", "\ufffe", "\uffff", "\x00"])
def test_a_character_that_no_xml_can_carry_is_refused_with_its_line(tmp_path: Path, character: str) -> None:
    data = folder(tmp_path, csv=CSV.replace("Heart,-", f"He{character}art,-"))
    with pytest.raises(ListError, match="no XML can carry") as caught:
        load_list(data / "list/l.yaml")
    assert caught.value.line == 2
    with pytest.raises(ListError):
        import_list(f"| A |\n|---|\n| x{character}y |\n", "l")
    assert [one.rule for one in build(data).findings if one.severity == "error"] == ["bad-list"]


@pytest.mark.parametrize(
    "csv", ["\ufeff" + CSV, CSV + "\n", CSV.replace("\n", "\r\n"), "\ufeff" + CSV + "\r\n\r\n"]
)
def test_what_a_spreadsheet_adds_is_no_error(tmp_path: Path, csv: str) -> None:
    (row,) = load_list(folder(tmp_path, csv=csv) / "list/l.yaml").rows
    assert (row.id, row.cells["Name"]) == ("l-01", "Heart")


def test_a_record_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("\ufefflabel: x\n", encoding="utf-8")
    assert read_text(path) == "label: x\n"


def test_a_stale_header_is_told_once_without_its_consequences(tmp_path: Path) -> None:
    heart = HEART + (
        "corrections:\n  - {field: name, said: Hart, reason: misspelt}\n"
        "  - {field: code, list: l, said: x, reason: wrong}\n"
    )
    data = folder(tmp_path, yaml=YAML.replace("Code: code", "Codes: code"), heart=heart)
    found = [one for one in build(data).findings if one.severity == "error"]
    assert [(one.rule, one.field) for one in found] == [("bad-list", "columns.Codes")]


def test_a_bad_address_is_one_finding_and_the_graph_is_built(tmp_path: Path) -> None:
    data = folder(tmp_path, csv=CSV.replace(",-", ",[c](https://e.org/?q=50%) [d](https://github.com/a/b)"))
    result = build(data)
    (found,) = [one for one in result.findings if "percent" in one.message]
    assert (found.file, found.line, found.field, found.severity) == (found.file, 2, "Code", "open")
    assert "l-01 (Heart)" in found.message
    assert any(obj == "<https://github.com/a/b>" for _, _, obj in result.triples)
