"""Named queries: files that parse, parameters that bind, and right answers over the shipped data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmgraph.answers.named_queries import get_query, load_queries, parse_query
from fmgraph.errors import FmgraphError, NotFoundError, OntologyError, ParameterError
from fmgraph.rdf.prefixes import entity_iri

QUERIES = load_queries()

#: Rows (some of their columns, IRIs by their last part) that an answer must have.
EXPECTED = {
    "completeness": [{"label": "UNI"}],
    "completeness-by-list": [
        {"property": "built on"},
        {"property": "modality"},
        {"property": "weights licence"},
    ],
    "built-on": [
        {"label": "EyeFound", "relation": "builtOn", "parent": "retfound", "source": "plm2233-2025-12-16"},
        {"label": "RetiZero", "relation": "initialisedFrom", "parent": "retfound"},
    ],
    "ancestors": [
        {"ancestor": "medclip", "child": "xraygpt"},
        {"ancestor": "bio-clinicalbert", "child": "medclip"},
        {"label": "LLaMA"},
    ],
    "open-weights": [{"model": "ct-clip", "access": "open"}, {"model": "voco"}, {"model": "curia"}],
    "code-without-weights": [
        {"label": "EchoCare"},
        {"label": "FLAIR"},
        {"label": "Triad"},
        {"label": "FMCIB"},
    ],
    "in-several-lists": [
        {"work": slug}
        for slug in [
            "uni",
            "conch",
            "biomedclip",
            "titan",
            "virchow",
            "chief",
            "plip",
            "retfound",
            "visionfm",
            "usfm",
            "gmai",
        ]
    ],
    "disagreements": [
        {"subject": "phikon-v2", "property": "title"},
        {"subject": "ct-clip", "property": "backbone", "how": "not accepted"},
        {"subject": "virchow2", "property": "weightsAbsent", "value": "not-given", "how": "not given"},
        {"subject": "plip", "property": "code", "how": "different values"},
    ],
    "same-backbone": [
        {"label": "BiomedCLIP", "backbone_used": "vit-b-16"},
        {"label": "Curia", "backbone_used": "vit-b"},
        {"label": "RAD-DINO", "backbone_used": "vit-b"},
    ],
    "by-method": [
        {"label": "STED-FM", "method_used": "mae"},
        {"label": "VisionFM", "method_used": "ibot"},
        {"method_used": "simmim"},
    ],
    "ranking-whole-slide-images": [
        {"label": "Virchow2", "value": "3100000"},
        {"label": "TITAN", "value": "335645"},
        {"label": "Prov-GigaPath", "value": "171189"},
        {"label": "UNI", "value": "100426"},
        {"label": "CHIEF", "value": "60530"},
    ],
    "ranking-image-text-pairs": [
        {"label": "BiomedCLIP", "value": "15000000"},
        {"label": "VisionUnite", "value": "1240000"},
        {"label": "CONCH", "value": "1170000"},
        {"label": "QuiltNet", "value": "802148"},
        {"label": "PLIP", "value": "208414"},
    ],
    "hardware": [
        {"label": "UNI", "count": "32", "device": "NVIDIA A100", "memoryGB": "80"},
        {"label": "TITAN", "count": "8"},
        {"label": "SleepFM", "count": "1"},
    ],
    "authors-of-several-works": [
        {"name": "Faisal Mahmood", "papers": "3"},
        {"name": "Haotian Cui", "papers": "2"},
    ],
    "papers-by-venue": [
        {"paper": "uni"},
        {"paper": "conch"},
        {"paper": "plip"},
        {"paper": "sleepfm", "year": "2026"},
    ],
    "who-says": [{"said_with": "builtOn", "source": "plm2233-2025-12-16", "raw": "RETFound"}],
    "leaks": [
        {"work": "kad", "through": "kad", "trained_on": "mimic-cxr"},
        {"work": "xraygpt", "through": "xraygpt"},
        {"work": "ark-plus", "through": "ark"},
    ],
    "training-data": [
        {"relation": "notTrainedOn", "dataset": "tcga"},
        {"relation": "trainedOn", "dataset": "mass-100k"},
    ],
    "licence-chain": [{"beneath": "retfound", "license": "CC-BY-NC-4.0", "commercialUse": "false"}],
    "stricter-upstream": [{"work": "keep", "beneath": "uni", "term": "derivatives"}],
    "by-institution": [{"work": "chexzero"}, {"work": "merlin"}],
    "works-by-country": [{"country": "US"}, {"country": "CN"}],
    "most-built-on": [{"work": "clip"}, {"work": "sam"}, {"work": "llama"}],
    "corrections": [{"label": "CT-CLIP", "property": "backbone", "raw": "ViT-B"}],
    "results": [
        {"protocolLabel": "eva pathology leaderboard", "datasetLabel": "BACH", "printed": "0.785"},
    ],
    "results-on": [{"label": "UNI2-h", "rank": "1"}, {"label": "Virchow2", "rank": "2"}],
    "best-under": [{"label": "Virchow2", "rank": "1"}],
    "self-against-others": [{"datasetLabel": "HEST-Benchmark", "own": "0.386", "other": "0.391"}],
    "contaminated": [{"datasetLabel": "MIMIC-CXR", "trained_on": "chexinstruct"}],
    "evidence": [
        {"property": "trainedOn", "basis": "PrimarySource"},
        {"property": "backbone", "basis": "ListCell"},
    ],
}


def short(row) -> dict[str, str]:
    values = {name: str(getattr(term, "value", term)) for name, term in row.items()}
    return {
        name: value.replace("#", "/").rsplit("/", 1)[1] if value.startswith("http") else value
        for name, value in values.items()
    }


def answers(engine, query: str) -> list[dict[str, str]]:
    return [short(row) for row in engine.rows(query)]


@pytest.mark.parametrize("name", [*QUERIES])
def test_every_query_has_the_answers_it_must_have(name, shipped):
    rows = answers(shipped, QUERIES[name].text)
    for expected in EXPECTED[name]:
        assert any(expected.items() <= row.items() for row in rows), (expected, rows[:5])


def test_eleven_works_stand_in_several_lists(shipped):
    assert len(answers(shipped, QUERIES["in-several-lists"].text)) == 11


def test_name_resemblance_is_not_lineage(shipped):
    rows = answers(shipped, get_query("built-on").bind({"root": "model/med-palm-2"}))
    assert "Med-PaLM M" not in {row["label"] for row in rows}
    rows = answers(shipped, get_query("leaks").bind({"dataset": "mimic-cxr"}))
    assert "simmim-cxr" not in {row["work"] for row in rows}


def test_units_are_never_mixed(shipped):
    for unit, name in (
        ("whole-slide-image", "ranking-whole-slide-images"),
        ("image-text-pair", "ranking-image-text-pairs"),
    ):
        values = [int(row["value"]) for row in answers(shipped, QUERIES[name].text)]
        assert values == sorted(values, reverse=True)
        assert f"unit/{unit}>" in QUERIES[name].text


def test_a_leak_through_lineage_names_its_path(shipped):
    rows = answers(shipped, get_query("leaks").bind({"dataset": "mimic-cxr"}))
    assert any(row["work"] != row["through"] for row in rows)
    assert all({"through", "trained_on"} <= row.keys() for row in rows)


@pytest.mark.parametrize("name", ["retfound", "RETFound", "model/retfound", entity_iri("model", "retfound")])
def test_an_entity_is_bound_by_any_of_its_names(name, shipped):
    bound = get_query("built-on").bind({"root": name}, shipped)
    assert answers(shipped, bound) == answers(shipped, get_query("built-on").text)


def test_what_cannot_be_bound_is_refused(shipped):
    query = get_query("built-on")
    with pytest.raises(ParameterError, match="it takes: root"):
        query.bind({"rot": "uni"})
    with pytest.raises(NotFoundError, match="RETFound"):
        query.bind({"root": "RETFond"}, shipped)
    with pytest.raises(NotFoundError, match="nearest: built-on"):
        get_query("buit-on")


@given(st.text())
def test_no_argument_breaks_out_of_its_place(text):
    """Whatever is bound as a string stays one literal: the query parses, with the same form."""
    query = get_query("who-says")
    bound = query.bind({"object": text})
    head, _, rest = query.text.partition("VALUES ?object {")
    assert bound.startswith(head)
    assert bound.endswith(rest.partition("}")[2])


@given(st.text())
def test_no_name_breaks_out_either(text):
    try:
        bound = get_query("built-on").bind({"root": text})
    except FmgraphError:
        return
    assert bound.count("{") == get_query("built-on").text.count("{")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * {}",
        "#+ title: x\nSELECT * {}",
        "#+ title: x\n#+ description: y\n#+ parameters:\n#+   p: {kind: model}\nSELECT * {}",
        "#+ title: x\n#+ description: y\n#+ parameters:\n#+   p: {kind: frob}\nSELECT * { VALUES ?p { 1 } }",
        "#+ title: [\nSELECT * {}",
    ],
)
def test_a_header_that_is_wrong_is_refused(text):
    with pytest.raises(OntologyError, match=r"#\+|parameter"):
        parse_query("x", text)
