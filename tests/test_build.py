"""From files to graph: a small data folder, right and then broken in every way that people break it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmgraph.graph import build
from fmgraph.rdf.terms import entity, own

RECORDS = {
    "model/parent.yaml": "label: Parent\nscope: general\n",
    "model/child.yaml": """\
label: Child
aka: [Childe]
scope: medical
described_by: child
initialised_from:
  - {value: parent, source: github:a/b@c0ffee1:README.md, at: the README names it}
weights_license: {value: MIT, source: "https://example.org/card"}
data_scale: {value: "1.5M images", source: paper/child, at: abstract}
corrections:
  - {field: backbone, said: ViT-B, reason: the code loads ViT-L, source: github:a/b@c0ffee1:model.py}
""",
    "paper/child.yaml": "label: A child model\n",
    "backbone/vit.yaml": "label: ViT\n",
    "backbone/vit-b.yaml": "label: ViT-B\naka: [ViT-Base]\nbroader: vit\n",
    "unit/image.yaml": "label: images\n",
    "modality/ct.yaml": "label: CT\n",
    "list/l.yaml": """\
label: A list
layout: table
tables:
  - {section: CT, columns: [Name, Backbone, Parent, Year]}
columns: {Name: name, Backbone: backbone, Parent: backbone, Year: year}
sections: {CT: {modality: ct}}
""",
    "list/l.csv": """\
id,record,table,line,Name,Backbone,Parent,Year
l-01,model/child,1,3,Child,ViT-Base,Parent,2024
""",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, text in RECORDS.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "data"


CHILD, PARENT = entity("model", "child"), entity("model", "parent")


def test_what_the_files_say_is_in_the_graph(data):
    result = build(data)
    assert result.findings == []
    triples = result.triples
    for relation in ("initialisedFrom", "builtOn", "derivesFrom", "weightsDeriveFrom"):
        assert (CHILD, own(relation), PARENT) in triples
    assert (CHILD, own("weightsLicense"), "<https://spdx.org/licenses/MIT>") in triples
    assert (CHILD, own("license"), "<https://spdx.org/licenses/MIT>") in triples
    assert (CHILD, own("dataScale"), entity("quantity", "1500000-image")) in triples
    assert (CHILD, own("modality"), entity("modality", "ct")) in triples
    assert (
        entity("paper", "child"),
        own("year"),
        '"2024"^^<http://www.w3.org/2001/XMLSchema#gYear>',
    ) in triples


def test_a_correction_takes_the_triple_and_leaves_the_claim(data):
    result = build(data)
    vit = entity("backbone", "vit-b")
    assert (CHILD, own("backbone"), vit) not in result.triples
    claims = {
        subject for subject, predicate, value in result.triples if value == vit and "#object" in predicate
    }
    [claim] = claims
    said = {predicate: value for subject, predicate, value in result.triples if subject == claim}
    assert said[own("rank")] == own("DeprecatedRank")
    assert said[own("reason")] == '"the code loads ViT-L"'
    assert said[own("correctedBy")] == "<https://github.com/a/b/blob/c0ffee1/model.py>"


def test_two_builds_are_the_same(data):
    assert build(data).lines() == build(data).lines()


BROKEN = [
    ("model/child.yaml", "label: [Child", "malformed YAML", "bad-record"),
    ("model/child.yaml", "label: A\nlabel: B\n", "stands twice", "bad-record"),
    ("model/child.yaml", "label: A\nlabl: B\n", "unknown key 'labl'", "bad-record"),
    ("model/child.yaml", "", "empty", "bad-record"),
    ("model/child.yaml", "- a\n", "must be a mapping", "bad-record"),
    ("model/child.yaml", "label: A\nyear: 2024\n", "has no source", "bad-value"),
    (
        "model/child.yaml",
        "label: A\nbuilt_on: {value: parnt, source: 'https://a.org/'}\n",
        "no record model/parnt; nearest: parent",
        "bad-value",
    ),
    (
        "model/child.yaml",
        "label: A\nyear: {value: soon, source: 'https://a.org/'}\n",
        "not a year",
        "bad-value",
    ),
    ("model/child.yaml", "label: A\nyear: {value: 2024, source: memory}\n", "not a source", "bad-value"),
    ("model/child.yaml", "label: A\nyear: {valu: 2024}\n", "unknown key 'valu'", "bad-record"),
    (
        "model/child.yaml",
        "label: A\nyear: {value: 2024, source: 'https://a.org/', rank: best}\n",
        "not one of preferred",
        "bad-record",
    ),
    (
        "model/child.yaml",
        "label: A\nweights_license: {value: MITT, source: 'https://a.org/'}\n",
        "neither an SPDX id",
        "bad-value",
    ),
    ("model/child.yaml", "aka: A\n", "no label", "missing-label"),
    ("model/Child 2.yaml", "label: A\n", "not a record's file name", "bad-record"),
    ("model/other.yaml", "label: Child\n", "also a name of model/child", "ambiguous-name"),
    ("application/other.yaml", "label: Child\n", "also a name of model/child", "ambiguous-name"),
    (
        "list/l.csv",
        RECORDS["list/l.csv"].replace("ViT-Base", "ViT-Bas-X"),
        "no backbone is called",
        "cell-not-understood",
    ),
    (
        "list/l.csv",
        RECORDS["list/l.csv"].replace("model/child", "model/chield"),
        "no record",
        "row-without-record",
    ),
    ("list/l.csv", RECORDS["list/l.csv"].replace("model/child", ""), "names no record", "row-without-record"),
    ("list/l.csv", RECORDS["list/l.csv"].replace(",2024", ""), "", "bad-list"),
    ("list/l.yaml", RECORDS["list/l.yaml"] + "colums: {}\n", "colums", "bad-list"),
    ("tombstones.yaml", "model/child: {reason: gone}\n", "no withdrawn IRI", "bad-tombstone"),
]


@pytest.mark.parametrize(("name", "text", "message", "rule"), BROKEN, ids=lambda value: str(value)[:40])
def test_each_mistake_is_found_where_it_is(data, name, text, message, rule):
    (data / name).parent.mkdir(exist_ok=True)
    (data / name).write_text(text, encoding="utf-8")
    found = [one for one in build(data).findings if one.rule == rule and message in str(one)]
    assert found, [str(one) for one in build(data).findings]
    assert found[0].file == f"data/{name}"
    assert found[0].remedy or found[0].line


def test_a_wrong_encoding_is_found(data):
    (data / "model" / "child.yaml").write_bytes("label: Fédération".encode("latin-1"))
    assert any("not UTF-8" in str(one) for one in build(data).findings)


def test_one_broken_file_does_not_hide_another(data):
    for slug in ("a", "b"):
        (data / "model" / f"{slug}.yaml").write_text("label: [", encoding="utf-8")
    assert sum(one.rule == "bad-record" for one in build(data).findings) == 2


def test_a_tombstone_keeps_the_iri(data):
    (data / "tombstones.yaml").write_text(
        "model/old: {reason: the same as child, replaced_by: model/child}\n", encoding="utf-8"
    )
    triples = build(data).triples
    old = entity("model", "old")
    assert (old, "<http://purl.org/dc/terms/isReplacedBy>", CHILD) in triples
    assert any(subject == old and predicate.endswith("deprecated>") for subject, predicate, _ in triples)


def test_a_correction_of_a_title_leaves_the_name_in_the_same_cell(data):
    (data / "list" / "l.yaml").write_text(
        RECORDS["list/l.yaml"].replace("Name: name", "Name: title"), encoding="utf-8"
    )
    cell = "The title (Child)"
    (data / "list" / "l.csv").write_text(
        RECORDS["list/l.csv"].replace(",Child,", f",{cell},"), encoding="utf-8"
    )
    record = RECORDS["model/child.yaml"] + f"  - {{field: title, said: {cell}, reason: of the preprint}}\n"
    (data / "model" / "child.yaml").write_text(record, encoding="utf-8")
    triples = build(data).triples
    assert (CHILD, own("name"), '"Child"') in triples
    assert not [triple for triple in triples if triple[1] == own("title")]
