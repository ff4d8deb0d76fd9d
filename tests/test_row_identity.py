"""A row is about the record that it names: its identifiers must not be another record's."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmgraph.graph import build

SOURCE = "source: github:acme/list@c0ffee1:README.md\nat: x\n"
RECORDS = {
    "model/heart": "label: Heart\nscope: medical\ndescribed_by: heart\ncode: https://github.com/acme/Heart\n",
    "model/lung": "label: Lung\nscope: medical\ndescribed_by: lung\ncode: https://github.com/acme/lung\n",
    "model/liver": "label: Liver\nscope: medical\n",
    "paper/heart": "label: P\ntitle: A model of hearts\narxiv: '2401.00001'\n",
    "paper/lung": "label: Q\ntitle: A model of lungs\narxiv: '2401.00002'\n",
}
YAML = """label: L
layout: table
tables:
  - {section: S, columns: [Name, Paper, Code]}
columns: {Name: name, Paper: url, Code: code}
"""


def findings(folder: Path, *rows: str) -> list[str]:
    for name, text in RECORDS.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + SOURCE, encoding="utf-8")
    (folder / "list").mkdir(exist_ok=True)
    (folder / "list/l.yaml").write_text(YAML, encoding="utf-8")
    csv = "id,record,table,line,Name,Paper,Code\n" + "".join(
        f"l-{number:02d},{row}\n" for number, row in enumerate(rows, 1)
    )
    (folder / "list/l.csv").write_text(csv, encoding="utf-8")
    return [str(one) for one in build(folder).findings if one.severity == "error"]


def test_swapped_records_are_told_with_both(tmp_path: Path) -> None:
    found = findings(
        tmp_path,
        "model/lung,1,5,Heart,[p](https://arxiv.org/pdf/2401.00001v2.pdf),[c](https://github.com/ACME/heart/tree/main)",
        "model/heart,1,6,Lung,-,[c](https://github.com/acme/lung)",
    )
    assert len(found) == 2
    assert "l-01 (Heart) is about model/lung, but its arXiv id 2401.00001 is that of model/heart" in found[0]
    assert (
        "l-02 (Lung) is about model/heart, but its GitHub repository acme/lung is that of model/lung"
        in found[1]
    )
    assert "[row-of-another-record]" in found[0]


@pytest.mark.parametrize(
    "row",
    [
        "model/heart,1,5,Heart,[p](https://export.arxiv.org/abs/2401.00001),[c](https://github.com/acme/lung)",
        "model/heart,1,5,Heart,-,[c](https://github.com/acme/fork-of-heart)",
        "model/heart,1,5,Heart,[p](https://doi.org/10.1000/version-of-record),-",
        "model/liver,1,5,Liver,-,[c](https://github.com/acme/lung)",
    ],
    ids=["one is its own", "nobody's", "the version of record", "nothing to compare with"],
)
def test_what_may_be_right_is_no_error(tmp_path: Path, row: str) -> None:
    assert not [one for one in findings(tmp_path, row) if "row-of-another-record" in one]
