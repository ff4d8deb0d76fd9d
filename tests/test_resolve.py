"""From names, identifiers, addresses and misspellings to the entity they mean, over the shipped graph."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from fmgraph.answers.resolve import Resolver, keys_of
from fmgraph.errors import LimitError, NotFoundError
from fmgraph.rdf import text_index
from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.store import dataset_of_files, open_dataset
from fmgraph.server.engine import Engine, InProcessEngine
from fmgraph.settings import Settings
from fmgraph.site import create_app

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
#: What people paste or type, and the entity that comes first.
MEANT = {
    "UNI": "model/uni",
    "uni": "model/uni",
    "model/uni": "model/uni",
    f"{BASE}model/uni": "model/uni",
    "https://huggingface.co/MahmoodLab/UNI": "model/uni",
    "MahmoodLab/UNI": "model/uni",
    "hf:mahmoodlab/uni": "model/uni",
    "github:LooKing9218/RetiZero": "model/retizero",
    "https://github.com/LooKing9218/RetiZero/tree/main": "model/retizero",
    "github.com/looking9218/retizero": "model/retizero",
    "2406.09317": "paper/retizero",
    "arXiv:2406.09317v3": "paper/retizero",
    "https://arxiv.org/pdf/2406.09317": "paper/retizero",
    "10.1038/s41591-024-02857-3": "paper/uni",
    "https://doi.org/10.1038/S41591-024-02857-3": "paper/uni",
    "https://ror.org/03vek6s52": "institution/harvard-university",
    "CT": "modality/ct",
    "computed tomography": "modality/ct",
    "ViT-Base/16": "backbone/vit-b-16",
    "retfuond": "model/retfound",
    "RETFond": "model/retfound",
    "virhcow2": "model/virchow2",
    "biomedclp": "model/biomedclip",
}


@pytest.fixture(scope="module")
def resolver(shipped_dir: Path) -> Iterator[Resolver]:
    dataset = open_dataset(shipped_dir)
    with InProcessEngine(dataset) as engine:
        yield Resolver(engine, dataset.search)


@pytest.fixture(scope="module")
def client(shipped_dir: Path) -> FlaskClient:
    return create_app(open_dataset(shipped_dir), Settings(base_url="https://fm.example.org/")).test_client()


@pytest.mark.parametrize(("text", "meant"), MEANT.items(), ids=MEANT)
def test_the_first_match_is_the_thing_itself(resolver, text, meant):
    assert resolver.resolve(text)[0].iri == BASE + meant


@pytest.mark.parametrize(("text", "meant"), MEANT.items(), ids=MEANT)
def test_search_puts_it_first_too(resolver, text, meant):
    total, matches = resolver.search(text)
    assert matches[0].iri == BASE + meant
    assert total >= len(matches) > 0


def test_without_an_index_the_same_is_found(shipped: Engine, resolver):
    bare = Resolver(shipped)
    for text in MEANT:
        assert bare.resolve(text) == resolver.resolve(text)


def test_a_large_graph_without_an_index_is_refused(engine, monkeypatch):
    monkeypatch.setattr("fmgraph.answers.resolve.MOST_WITHOUT_INDEX", 10)
    with pytest.raises(LimitError):
        Resolver(engine).resolve("uni")


def test_a_kind_narrows(resolver):
    assert {match.kind for match in resolver.resolve("clip", ["method"])} == {"method"}
    assert resolver.resolve("2406.09317", ["model"])[0].iri == f"{BASE}model/retizero"


def test_a_word_of_a_modality_finds_models(resolver):
    kinds = {match.kind for match in resolver.search("ultrasound", limit=50)[1]}
    assert {"modality", "model"} <= kinds


def test_what_nothing_is_like_is_not_found(resolver):
    assert resolver.resolve("zzzzqqqxxx") == []
    with pytest.raises(NotFoundError):
        resolver.find("zzzzqqqxxx")
    with pytest.raises(NotFoundError) as caught:
        resolver.find("RETFond", ["model"])
    assert "RETFound" in caught.value.nearest


@given(st.text(max_size=40))
def test_any_text_has_an_answer(resolver, text):
    assert len(keys_of(text)) < 10
    matches = resolver.resolve(text, limit=3)
    assert len(matches) <= 3
    assert all(0 <= match.score <= 1 for match in matches)


def test_resolve_leads_to_the_page(client):
    answer = client.get("/resolve?id=https://arxiv.org/abs/2406.09317")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/paper/retizero")
    missing = client.get("/resolve?id=RETFond", headers={"Accept": "application/problem+json"})
    assert missing.status_code == 404
    assert "RETFound" in missing.text
    assert client.get("/resolve").status_code == 400


def test_suggestions_are_json_for_a_box_and_for_opensearch(client):
    answer = client.get("/suggest?q=retf")
    assert answer.mimetype == "application/json"
    first = json.loads(answer.text)[0]
    assert (first["label"], first["kind"], first["page"]) == ("RETFound", "model", "/model/retfound")
    lists = json.loads(client.get("/suggest?q=retf&format=opensearch").text)
    assert lists[0] == "retf"
    assert lists[3][0] == "https://fm.example.org/model/retfound"
    assert json.loads(client.get("/suggest?q=").text) == []
    assert "https://fm.example.org/search?q={searchTerms}" in client.get("/opensearch.xml").text


def test_ten_thousand_models_are_suggested_at_once(tmp_path):
    """The aim is 20 ms at 10,000 models; the bound is wider, since test machines are shared."""
    words = ["retina", "chest", "path", "brain", "cardio", "derm", "endo", "gen", "med", "omni"]
    entries = [
        text_index.Entry(
            f"{BASE}model/m-{number}",
            "model",
            f"{words[number % 10].title()}{words[number // 10 % 10]}-{number}",
            (f"Model {number}",),
            f"A foundation model for {words[number // 100 % 10]} images",
        )
        for number in range(10_000)
    ]
    path = tmp_path / "search.sqlite"
    text_index.build_index(path, entries)
    others = ["retin", "chestpath-21", "retinapaht", "brainmde", "medomni", "omn", "a", "foundation"]
    times = []
    with InProcessEngine(dataset_of_files([SAMPLE])) as engine:
        resolver = Resolver(engine, path)
        for text in [*words, *others]:
            start = time.perf_counter()
            resolver.resolve(text, limit=8)
            times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.1
