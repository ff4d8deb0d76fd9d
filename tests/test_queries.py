"""Named queries: files that parse, parameters that bind, and right answers over the shipped data."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fmgraph.answers.named_queries import get_query, load_queries, parse_query
from fmgraph.errors import FmgraphError, NotFoundError, OntologyError, ParameterError
from fmgraph.rdf.prefixes import entity_iri

QUERIES = load_queries()

#: Rows that an answer must have (some of their columns, IRIs by their last part), by query: ``<name>.yaml``.
KNOWN = Path(__file__).parent / "data" / "known" / "queries"


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
    expectations = yaml.safe_load((KNOWN / f"{name}.yaml").read_text("utf-8"))
    for expected in expectations:
        assert any(expected.items() <= row.items() for row in rows), (expected, rows[:5])


def test_works_of_one_list_alone_are_not_in_several(shipped):
    rows = answers(shipped, QUERIES["in-several-lists"].text)
    assert "pathmem" not in {row["work"] for row in rows}
    assert len({row["work"] for row in rows}) == len(rows)


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
