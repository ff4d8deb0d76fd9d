"""Which works lists name and the graph lacks: kept lists and Markdown files, a work of several lists once."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fmgraph.cli import main
from fmgraph.lists import Origin, import_list, write_list

RECORDS = {
    "model/alpha": "label: AlphaPath\ndescribed_by: alpha\nsource: https://e.org/\n",
    "paper/alpha": "label: A model of slides that sees them all\nsource: https://e.org/\narxiv: 2401.00001\n",
}
HEADER = "| Name | Title | Paper |\n|---|---|---|\n"
KEPT = (
    "| AlphaPath | A model of slides that sees them all | https://arxiv.org/abs/2401.00001 |\n"
    "| Beta | A model of eyes in the dark of the night | https://arxiv.org/abs/2402.00002 |\n"
    "| How to | Read this list | - |\n"
)
FILE = (
    "| Beta | A model of eyes in the dark of the night | https://arxiv.org/abs/2402.00002 |\n"
    "| Gamma | Another one altogether, of many ears | https://arxiv.org/abs/2403.00003 |\n"
    "| AlphaPath | | - |\n"
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for name, text in RECORDS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    imported = import_list(f"## Models\n\n{HEADER}{KEPT}", "kept-2026")
    write_list(imported, folder, Origin("https://github.com/a/b", "README.md"))
    path = folder / "list" / "kept-2026.yaml"
    path.write_text(f"{path.read_text('utf-8')}skip: {{kept-2026-03: a hint}}\n", encoding="utf-8")
    (tmp_path / "other.md").write_text(f"## Models\n\n{HEADER}{FILE}", encoding="utf-8")
    return folder


def gaps(data: Path, *arguments: str, code: int = 0) -> str:
    command = ["gaps", "kept-2026", str(data.parent / "other.md"), "--data", str(data), *arguments]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_works_of_two_lists(data: Path) -> None:
    before = {path: path.read_bytes() for path in data.rglob("*.*")}
    works = json.loads(gaps(data, "--format", "json"))
    found = {work["title"]: (work["record"], [at["list"] for at in work["mentions"]]) for work in works}
    assert found == {
        "A model of slides that sees them all": ("model/alpha", ["kept-2026"]),
        "A model of eyes in the dark of the night": (None, ["kept-2026", "other"]),
        "Another one altogether, of many ears": (None, ["other"]),
        "AlphaPath": (None, ["other"]),  # its name alone decides nothing
    }
    assert next(work["maybe"] for work in works if work["title"] == "AlphaPath").startswith("model/alpha")
    assert before == {path: path.read_bytes() for path in data.rglob("*.*")}


def test_text_and_table(data: Path) -> None:
    text = gaps(data)
    assert "kept-2026: 2 works, 1 in the graph, 1 not" in text
    assert "together: 4 works, 1 in the graph, 3 not" in text
    assert "named by kept-2026-02 (line 6), other-01 (line 5)" in text
    assert "arXiv 2402.00002" in text
    rows = list(csv.DictReader(gaps(data, "--format", "tsv").splitlines(), delimiter="\t"))
    assert next(row["lists"] for row in rows) == "kept-2026, other"  # the most named first
    assert [row["record"] for row in rows][-1] == "model/alpha"


def test_a_list_that_is_not_there(data: Path) -> None:
    result = CliRunner().invoke(main, ["gaps", "kept-2027", "--data", str(data)])
    assert result.exit_code == 1
    assert "nearest: kept-2026" in result.output
