"""List cells: what each form means, against the shipped backbones, methods, modalities and venues."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmgraph import resources
from fmgraph.graph.catalogue import Catalogue
from fmgraph.graph.cell_readers import CellReader, PartlyReadError, links
from fmgraph.ontology import Schema
from fmgraph.records.record_files import Record, Statement, iter_records


def record(kind: str, slug: str, *names: str) -> Record:
    label, *aka = names
    statements = {"label": [Statement(label, 1)], "aka": [Statement(name, 2) for name in aka]}
    return Record(kind, slug, Path(f"data/{kind}/{slug}.yaml"), statements)


RETIZERO = record("model", "retizero", "RetiZero")


@pytest.fixture(scope="module")
def reader() -> CellReader:
    ontology = resources.ontology_dir()
    fields = Schema(ontology / "context.jsonld", ontology / "fmgraph.ttl").fields
    shipped = [one for one in iter_records(resources.data_dir(), fields) if isinstance(one, Record)]
    concepts = [one for one in shipped if one.kind in ("backbone", "method", "modality", "venue", "unit")]
    return CellReader(Catalogue([*concepts, record("model", "retfound", "RETFound"), RETIZERO]))


def read(reader, field, cell, label=None):
    return [(found.key, found.text) for found in reader.read(field, label, cell, RETIZERO)]


@pytest.mark.parametrize("cell", ["-", "—", "", " - ", "Coming soon"])
@pytest.mark.parametrize("field", ["backbone", "data_scale", "pretraining_method"])
def test_absent_is_no_claim(reader, field, cell):
    assert read(reader, field, cell) == []


@pytest.mark.parametrize("field", ["code", "weights"])
def test_a_dash_or_an_announcement_in_the_place_of_a_link_is_what_the_list_says(reader, field):
    for cell, state in {
        "-": "not-given",
        " – ": "not-given",
        "❌": "not-given",
        "Coming soon": "announced",
    }.items():
        assert read(reader, field, cell) == [(f"{field}_absent", state)]
    assert read(reader, field, "") == []


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("CT/MR, 2D", [("dimensionality", "2D"), ("modality", "ct"), ("modality", "mri")]),
        ("MRI, 3D", [("dimensionality", "3D"), ("modality", "mri")]),
        ("3D Medical", [("dimensionality", "3D"), ("modality", "medical-imaging")]),
    ],
)
def test_modality(reader, cell, expected):
    assert read(reader, "modality", cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("ViT-B/L", [("backbone", "vit-b"), ("backbone", "vit-l")]),
        ("ViT-Base", [("backbone", "vit-b")]),
        ("ViT-B", [("backbone", "vit-b")]),
        ("ViT-base", [("backbone", "vit-b")]),
        ("ViT-Base (adaption)", [("backbone", "vit-b")]),
        ("ViT-B/16", [("backbone", "vit-b-16")]),
        ("conch_ViT-B-16", [("backbone", "vit-b-16")]),
        ("ViT-l/16", [("backbone", "vit-l-16")]),
        ("ResNet50", [("backbone", "resnet-50")]),
        ("ResNet-50", [("backbone", "resnet-50")]),
        ("RETFound", [("built_on", "model/retfound")]),
    ],
)
def test_backbone(reader, cell, expected):
    assert read(reader, "backbone", cell) == expected


def test_an_unknown_backbone_is_refused_with_the_nearest(reader):
    with pytest.raises(ValueError, match=r"nearest: .*swin"):
        read(reader, "backbone", "Swinn-Base")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("MIM+DINOv2", ["masked-image-modelling", "dinov2"]),
        ("MIM+KD", ["masked-image-modelling", "knowledge-distillation"]),
        ("iBOT, DINOv2", ["ibot", "dinov2"]),
        ("MIM (spatial, frequency)", ["masked-image-modelling-spatial-frequency"]),
    ],
)
def test_methods(reader, cell, expected):
    assert [text for _, text in read(reader, "pretraining_method", cell)] == expected


def test_a_tick_without_a_link(reader):
    assert read(reader, "weights", "✅") == [("weights_available", "true")]


def test_a_title_gives_up_the_names_of_its_record_alone(reader):
    assert read(reader, "title", "Knowledge for fundus diseases (RetiZero)") == [
        ("name", "RetiZero"),
        ("title", "Knowledge for fundus diseases"),
    ]
    assert read(reader, "title", "A survey (long version)") == [("title", "A survey (long version)")]


def test_a_link_label_is_what_its_column_says(reader):
    cell = "[Nature](https://www.nature.com/articles/s41586-023-06555-x)"
    assert read(reader, "url", cell, "published_in") == [
        ("published_in", "nature"),
        ("url", "https://www.nature.com/articles/s41586-023-06555-x"),
        ("doi", "10.1038/s41586-023-06555-x"),
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("[GitHub](https://a.org/x)", ["https://a.org/x"]),
        (
            "[SToFM](https://paper.link](https://arxiv.org/pdf/2507.11588)",
            ["https://arxiv.org/pdf/2507.11588"],
        ),
        (
            "[HF]([https://huggingface.co/org/model](https://drive.google.com/drive/folders/1m?usp=sharing))",
            ["https://drive.google.com/drive/folders/1m?usp=sharing"],
        ),
        (
            "[GMAI]([https://ai.nejm.org/x](https://www.nature.com/articles/y#Abs1))",
            ["https://www.nature.com/articles/y#Abs1"],
        ),
        ("[IRENE](https://github.com/org/repo)", ["https://github.com/org/repo"]),
        ("no link", []),
    ],
)
def test_links_nested_doubled_and_broken(cell, expected):
    assert links(cell) == expected


@given(
    st.text(),
    st.sampled_from(["modality", "backbone", "title", "weights", "url", "author", "pretraining_method"]),
)
def test_any_cell_is_read_or_refused(reader, text, field):
    with contextlib.suppress(ValueError):
        reader.read(field, None, text, RETIZERO)


@pytest.mark.parametrize("cell", ["Mar., 2022", "May 2022", "September, 2022", "Jun. 3, 2022"])
def test_a_date_in_the_place_of_a_venue_is_a_year(reader: CellReader, cell: str) -> None:
    assert read(reader, "published_in", cell) == [("year", "2022")]


def test_a_year_beside_an_unknown_venue_is_read(reader: CellReader) -> None:
    with pytest.raises(PartlyReadError, match="no venue is called 'Marble'") as caught:
        reader.read("published_in", None, "Marble, 2022", RETIZERO)
    assert [(one.key, one.text) for one in caught.value.assertions] == [("year", "2022")]
    assert [one.name for one in caught.value.unknown] == ["Marble"]


@pytest.mark.parametrize("cell", ["Mar.", "Marble, 2022"])
def test_what_only_resembles_a_date_is_no_year_alone(reader: CellReader, cell: str) -> None:
    with pytest.raises(ValueError, match="no venue is called"):
        read(reader, "published_in", cell)
