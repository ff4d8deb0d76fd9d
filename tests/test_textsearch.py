"""``fmg:matches``: full text in SPARQL, by rewriting one pattern."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmgraph.errors import FmgraphError, QueryRefused
from fmgraph.server.engine.text_search import TextSearchEngine, expand

PREFIX = "PREFIX fmg: <https://w3id.org/fmgraph/ns#> PREFIX f: <https://w3id.org/fmgraph/ns#> "


@pytest.fixture(scope="module")
def engine(shipped, shipped_dir) -> TextSearchEngine:
    return TextSearchEngine(shipped, shipped_dir / "current" / "search.sqlite")


def found(engine, pattern: str, variable: str = "m") -> set[str]:
    rows = engine.rows(f"{PREFIX} SELECT ?{variable} WHERE {{ {pattern} }}", trusted=False)
    return {row[variable].value.rsplit("/", 1)[1] for row in rows}


@pytest.mark.parametrize(
    "pattern",
    [
        '?m fmg:matches "RETFound"',
        "?m fmg:matches 'retfound' .",
        '?m f:matches """RETfound""" . ?m a fmg:Model',
        '?m <https://w3id.org/fmgraph/ns#matches> "retf" ; a fmg:Model',
        '{ ?m fmg:matches "RETFound" }',
        'OPTIONAL { ?x fmg:matches "uni" } ?m fmg:matches "retfound"',
    ],
)
def test_entities_are_found_by_words_of_their_names(engine, pattern):
    assert "retfound" in found(engine, pattern)


def test_it_joins_with_the_rest_and_narrows(engine):
    assert found(engine, '?m fmg:matches "retfound" ; a fmg:Paper') <= {"retfound", "retfound-de", "eyefound"}
    assert found(engine, '?m fmg:matches "no such words at all"') == set()


def test_where_it_cannot_stand_is_refused_with_the_form(engine):
    for pattern in (
        '?m a fmg:Model ; fmg:matches "x"',
        "?m fmg:matches ?text",
        '<https://a.org/> fmg:matches "x"',
        '?m fmg:matches "x", "y"',
        '?m fmg:matches "x"@en',
        '?m fmg:matches/fmg:builtOn "x"',
    ):
        with pytest.raises(QueryRefused, match="pattern of its own"):
            found(engine, pattern)


def test_other_queries_are_not_touched():
    nowhere = Path("/nowhere")
    for query in (
        "SELECT * { ?s ?p ?o }",
        'ASK { ?s <x> "fmg:matches" }',
        "PREFIX matches: <a:> ASK { ?s matches:x ?o }",
    ):
        assert expand(query, nowhere) == query


@given(st.text())
def test_any_text_is_expanded_or_refused(text):
    with contextlib.suppress(FmgraphError):
        expand(f"matches {text}", Path("/nowhere"))


@given(text=st.text(alphabet=st.characters(exclude_characters='"\\\n\r', exclude_categories=["Cs"])))
def test_no_text_is_search_syntax(shipped_dir, text):
    """Whatever is searched for, hits are IRIs of the index, never the client's words."""
    query = f'{PREFIX} SELECT ?m {{ ?m fmg:matches "{text}" }}'
    expanded = expand(query, shipped_dir / "current" / "search.sqlite")
    inside = expanded.partition("VALUES ?m {")[2].partition("}")[0]
    assert all(iri.startswith("<https://") for iri in inside.split())
