"""Cells with several links, badges, and names before titles: what each is read as."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmgraph.graph.catalogue import Catalogue
from fmgraph.graph.cell_readers import CellReader, PartlyReadError
from fmgraph.graph.values import resolutions, years
from fmgraph.records.record_files import Record, Statement


def record(kind: str, slug: str, *names: str, **values: str) -> Record:
    statements = {"label": [Statement(names[0], 1)], "aka": [Statement(name, 2) for name in names[1:]]}
    statements |= {key: [Statement(value, 3)] for key, value in values.items()}
    return Record(kind, slug, Path(f"data/{kind}/{slug}.yaml"), statements)


HEART = record("model", "heart", "Heart", described_by="heart")
BEATS = record("dataset", "beats", "Beats")
SURVEY = record("paper", "survey", "Survey")
RECORDS = [
    HEART, BEATS, SURVEY,
    record("paper", "heart", "P", title="Heart: a model of hearts"),
    record("institution", "acme", "Acme University", "ACME"),
    record("institution", "beta", "Beta Institute"),
    record("venue", "cvpr", "CVPR"),
    record("task", "detection", "Detection"), record("task", "segmentation", "Segmentation"),
    record("backbone", "vit-b-16", "ViT-B/16"), record("backbone", "vit-l-16", "ViT-L/16"),
    record("backbone", "vit-b", "ViT-B", "ViT-Base"), record("backbone", "vit-l", "ViT-L", "ViT-Large"),
]  # fmt: skip
READER = CellReader(Catalogue(RECORDS))
BADGE = '<img src="https://img.shields.io/badge/{}-x-green.svg" alt="{}">'


def read(field: str, cell: str, about: Record = HEART) -> list[tuple[str, str]]:
    return [(found.key, found.text) for found in READER.read(field, None, cell, about)]


@pytest.mark.parametrize(
    ("field", "cell", "expected"),
    [
        (
            "code",
            "[code](https://github.com/a/heart), [weights](https://huggingface.co/a/heart)",
            [("code", "https://github.com/a/heart"), ("weights", "https://huggingface.co/a/heart")],
        ),
        ("code", "[HF](https://huggingface.co/a/heart)", [("code", "https://huggingface.co/a/heart")]),
        (
            "code",
            "[c](https://github.com/a/h) ![s](https://img.shields.io/github/stars/a/h)",
            [("code", "https://github.com/a/h")],
        ),
        (
            "links",
            f'<a href="https://e.org/h">{BADGE.format("Website", "Website")}</a> '
            f'<a href="https://e.org/p.pdf">{BADGE.format("Paper", "Paper")}</a>',
            [("homepage", "https://e.org/h"), ("url", "https://e.org/p.pdf")],
        ),
        (
            "links",
            "[Demo](https://huggingface.co/spaces/a/h)",
            [("demo", "https://huggingface.co/spaces/a/h")],
        ),
        ("links", "[data](https://huggingface.co/datasets/a/beats)", []),
        ("links", "[Docker](https://hub.docker.com/r/a/h)", [("container", "https://hub.docker.com/r/a/h")]),
        (
            "url",
            "[J](https://doi.org/10.1000/X(1)2-3)",
            [("url", "https://doi.org/10.1000/X(1)2-3"), ("doi", "10.1000/x(1)2-3")],
        ),
        ("url", "Ann One et al., 2024", [("year", "2024")]),
        ("weights", "`https://huggingface.co/a/h`", [("weights", "https://huggingface.co/a/h")]),
    ],
)
def test_links_go_by_their_words_and_hosts(field: str, cell: str, expected: list[tuple[str, str]]) -> None:
    assert read(field, cell) == expected


def test_a_data_set_and_a_paper_have_links_of_their_own() -> None:
    cell = "[*](https://github.com/a/beats) [p](https://arxiv.org/abs/2401.00001)"
    assert read("links", cell, BEATS) == [
        ("landing_page", "https://github.com/a/beats"),
        ("url", "https://arxiv.org/abs/2401.00001"),
        ("arxiv", "2401.00001"),
    ]
    assert read("links", "[w](https://huggingface.co/a/h)", SURVEY) == []


def test_a_bad_address_does_not_hide_the_others() -> None:
    with pytest.raises(PartlyReadError, match="percent") as caught:
        read("links", "[a](https://e.org/?q=50%) [b](https://github.com/a/b)")
    assert [found.text for found in caught.value.assertions] == ["https://github.com/a/b"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("**Heart**: A model of hearts.", [("name", "Heart"), ("title", "Heart: A model of hearts")]),
        ("**Liver:** A model of livers", [("name", "Liver"), ("title", "A model of livers")]),
        ("[Liver](https://e.org): A model of livers", [("name", "Liver"), ("title", "A model of livers")]),
        ("Heart: Another title", [("name", "Heart"), ("title", "Heart: Another title")]),
        ("Lungs: a model", [("title", "Lungs: a model")]),
        ("*A* <b>model</b> ![x](https://e.org/b.svg) of `hearts`", [("title", "A model of hearts")]),
        ("[A model &amp; more](https://e.org)", [("title", "A model & more")]),
        ("HEART", [("name", "HEART")]),
    ],
)
def test_names_and_titles(cell: str, expected: list[tuple[str, str]]) -> None:
    assert read("title", cell) == expected


def test_two_works_in_a_cell_are_for_a_person_to_read() -> None:
    with pytest.raises(ValueError, match="2 works"):
        read("title", "[A](https://e.org/a): One <br> [B](https://e.org/b): Two")


@pytest.mark.parametrize(
    ("field", "cell", "expected"),
    [
        ("developed_by", "ACME, <br> Beta Institute ![c](https://e.org/c.svg)", ["acme", "beta"]),
        ("task", "Segmentation, Detection", ["segmentation", "detection"]),
        ("published_in", "**CVPR 2025**", ["2025", "cvpr"]),
        ("backbone", "ViT-B/16, ViT-L/16", ["vit-b-16", "vit-l-16"]),
        ("backbone", "ViT-B/L/16", ["vit-b-16", "vit-l-16"]),
        ("backbone", "P: ViT-Base/Large", ["vit-b", "vit-l"]),
        ("year", "2023&#x2011;05", ["2023-05"]),
        ("data_scale", "10 H&amp;E WSIs<br>~ 1 Million Patches", ["10 H&E WSIs, ~ 1 Million Patches"]),
    ],
)  # fmt: skip
def test_several_values_in_a_cell(field: str, cell: str, expected: list[str]) -> None:
    assert [text for _, text in read(field, cell)] == expected


def test_an_unknown_name_does_not_hide_the_others() -> None:
    with pytest.raises(PartlyReadError, match="no institution is called 'Gamma'") as caught:
        read("developed_by", "ACME, Gamma")
    assert [found.text for found in caught.value.assertions] == ["acme"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2023-05", ["2023"]), ("2024/03", ["2024"]), ("2024/03/01", ["2024"]), ("2023-2024", ["2023", "2024"])],
)
def test_dates_are_their_years(text: str, expected: list[str]) -> None:
    assert [value.term.split('"')[1] for value in years(text)] == expected


def test_a_range_of_resolutions_is_its_ends() -> None:
    assert [value.term for value in resolutions("256-1024")] == ['"256"', '"1024"']
