"""Addresses and identifiers: checked, and written one way, wherever they come from."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fmgraph.records.addresses import Spellings, parse_address
from fmgraph.records.identifiers import doi_address, normal_arxiv, normal_doi


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("HTTPS://GitHub.com/Acme/Heart/", "https://github.com/Acme/Heart"),
        ("http://www.github.com/Acme/Heart.git", "https://github.com/Acme/Heart"),
        ("https://github.com/Acme/Heart/tree/main", "https://github.com/Acme/Heart"),
        ("https://github.com/Acme/Heart/tree/master/#usage", "https://github.com/Acme/Heart"),
        ("https://github.com/Acme/Heart?tab=readme-ov-file#weights", "https://github.com/Acme/Heart"),
        ("https://github.com/Acme/Heart/tree/main/docs", "https://github.com/Acme/Heart/tree/main/docs"),
        ("https://hf.co/acme/heart/tree/main", "https://huggingface.co/acme/heart"),
        ("https://huggingface.co/datasets/acme/beats/", "https://huggingface.co/datasets/acme/beats"),
        ("https://drive.google.com/file/d/1/view?usp=sharing", "https://drive.google.com/file/d/1/view"),
        ("https://e.org/a?utm_source=x&b=1&fbclid=2", "https://e.org/a?b=1"),
        ("https://e.org:443", "https://e.org/"),
        ("http://e.org:8080/a/", "http://e.org:8080/a/"),
        ("http://dx.doi.org/10.1000/ABC.%28D%29", "https://doi.org/10.1000/abc.(d)"),
        ("https://export.arxiv.org/abs/2301.00001v2", "https://arxiv.org/abs/2301.00001v2"),
        ("https://e.org/ü?q=%C3%BC#f", "https://e.org/ü?q=%C3%BC#f"),
        ("https://e.org./%7Eann/%c3%bc", "https://e.org/~ann/%C3%BC"),
        ("https://e.org/a\u200b", "https://e.org/a"),
        ("https://huggingface.co/acme/heart?library=timm#use", "https://huggingface.co/acme/heart"),
        (
            "https://huggingface.co/spaces/acme/heart?case=1",
            "https://huggingface.co/spaces/acme/heart?case=1",
        ),
        ("https://doi.org/abc9", "https://doi.org/abc9"),
    ],
)
def test_an_address_has_one_form(text: str, iri: str) -> None:
    assert parse_address(text).iri == iri
    assert parse_address(iri).iri == iri


@pytest.mark.parametrize(
    "text",
    [
        "https://e.org/a#b#c",
        "https://e.org/?share=50%",
        "https://e.org/%g1",
        "https://e.org/?ids[]=4",
        "https://e.org:port/",
        "https://e.org:99999/",
        "https://huggingface.co/a/{b}",
        "https://me:secret@e.org/",
        "https://[::1",
        "https://nodot/",
        "https://e..org/",
        "https://doi.org/10.1000/abc.",
        "https://",
        "ftp://e.org/",
        "javascript:alert(1)",
        "e.org",
        "https://e.org/a b",
        "https://e.org/\x00",
    ],
)
def test_what_is_no_address_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no (address|IRI): |is not a DOI"):
        parse_address(text)


@pytest.mark.parametrize(
    ("text", "identifiers"),
    [
        ("https://arxiv.org/pdf/2304.12620v1.pdf", {("arxiv", "2304.12620")}),
        ("https://arxiv.org/ftp/arxiv/papers/2303/2303.14070.pdf", {("arxiv", "2303.14070")}),
        ("https://arxiv.org/html/2401.00153v2", {("arxiv", "2401.00153")}),
        ("https://arxiv.org/abs/math.GT/0309136", {("arxiv", "math.GT/0309136")}),
        ("https://doi.org/10.48550/arXiv.2304.12620", {("arxiv", "2304.12620")}),
        ("https://www.nature.com/articles/s41597-020-0495-6.", {("doi", "10.1038/s41597-020-0495-6")}),
        ("https://dl.acm.org/doi/full/10.1145/3611651", {("doi", "10.1145/3611651")}),
        ("https://onlinelibrary.wiley.com/doi/full/10.1002/MEF2.43", {("doi", "10.1002/mef2.43")}),
        ("https://doi.org/10.1016/S2589-7500(20)30292-2", {("doi", "10.1016/s2589-7500(20)30292-2")}),
        ("https://biorxiv.org/content/10.1101/2023.10.03.5607v1.full", {("doi", "10.1101/2023.10.03.5607")}),
        ("https://github.com/Acme/Heart/blob/main/README.md", {("github", "acme/heart")}),
        ("https://huggingface.co/Acme/heart-7B", {("huggingface", "acme/heart-7b")}),
        ("https://huggingface.co/datasets/Acme/beats", {("huggingface-dataset", "acme/beats")}),
        ("https://huggingface.co/spaces/Acme/demo", {("huggingface-space", "acme/demo")}),
        ("https://huggingface.co/docs/transformers", set()),
        ("https://huggingface.co/acme", set()),
        ("https://example.org/2309.07778", set()),
    ],
)  # fmt: skip
def test_what_an_address_names(text: str, identifiers: set[tuple[str, str]]) -> None:
    assert parse_address(text).identifiers == identifiers


@pytest.mark.parametrize(
    "text",
    ["10.1000/AbC(1)", "doi:10.1000/abc(1)", "https://doi.org/10.1000/ABC%281%29", " http://dx.doi.org/10.1000/abc(1)"],
)  # fmt: skip
def test_a_doi_is_one_however_it_is_written(text: str) -> None:
    assert normal_doi(text) == "10.1000/abc(1)"
    assert normal_doi(doi_address(normal_doi(text))) == "10.1000/abc(1)"


@pytest.mark.parametrize("text", ["10.1000/abc.", "10.1000/abc;", "10.1000", "11.1000/abc", "", "10./a"])
def test_what_is_no_doi_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a DOI"):
        normal_doi(text)


@pytest.mark.parametrize(
    "text",
    [
        "2301.00001",
        "2301.00001v3",
        "arXiv:2301.00001",
        "ARXIV: 2301.00001v1",
        "10.48550/arXiv.2301.00001",
        "https://doi.org/10.48550/ARXIV.2301.00001",
        "https://export.arxiv.org/abs/2301.00001v2",
        "http://arxiv.org/pdf/2301.00001.pdf",
    ],
)
def test_an_arxiv_id_is_one_however_it_is_written(text: str) -> None:
    assert normal_arxiv(text) == "2301.00001"


@pytest.mark.parametrize("text", ["230.1", "10.1000/2301.00001", "https://e.org/2301.00001", "arxiv:"])
def test_what_is_no_arxiv_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an arXiv id"):
        normal_arxiv(text)


def test_a_page_is_one_node_in_its_usual_spelling() -> None:
    spellings = Spellings()
    for text in (
        "https://github.com/Acme/Heart",
        "https://github.com/acme/heart",
        "https://github.com/Acme/Heart",
    ):
        spellings.count(parse_address(text))
    spellings.count(parse_address("https://acme.example/heart/"))
    canonical = {
        spellings.canonical(parse_address(text)).iri
        for text in ("https://github.com/ACME/heart/", "https://github.com/Acme/Heart")
    }
    assert canonical == {"https://github.com/Acme/Heart"}
    blob = spellings.canonical(parse_address("https://github.com/acme/heart/blob/c0ffee1/acme/heart.py"))
    assert blob.iri == "https://github.com/Acme/Heart/blob/c0ffee1/acme/heart.py"
    assert (
        spellings.canonical(parse_address("http://www.acme.example/heart")).iri
        == "https://acme.example/heart/"
    )
    other = parse_address("https://huggingface.co/acme/heart")
    assert spellings.canonical(other) == other


@given(st.text() | st.text(st.sampled_from("htps:/.e#?%[]@0aä ")).map("https://e.org/".__add__))
@example("https://e.org/\ud800")
@example("http://\u2100.example.org/")
def test_any_text_is_an_address_that_holds_or_a_reason(text: str) -> None:
    try:
        address = parse_address(text)
    except ValueError:
        return
    assert ox.NamedNode(address.iri).value == address.iri
    assert parse_address(address.iri) == address
    assert address.identifiers is not None
