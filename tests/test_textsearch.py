"""``fmg:matches``: full text in SPARQL, by rewriting one pattern."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmgraph.errors import FmgraphError, QueryRefused, QuerySyntaxError
from fmgraph.rdf.store import dataset_of_files, open_dataset, write_dataset
from fmgraph.rdf.text_index import Entry, build_index
from fmgraph.server.engine import InProcessEngine
from fmgraph.server.engine.text_search import MOST_PATTERNS, expand
from fmgraph.site import create_app

PREFIX = "PREFIX fmg: <https://w3id.org/fmgraph/ns#> PREFIX f: <https://w3id.org/fmgraph/ns#> "


@pytest.fixture(scope="module")
def engine(shipped):
    return shipped


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


def test_a_thousand_hits_are_no_long_query(tmp_path):
    """What a pattern stands for counts for nothing in the guard; what is evaluated has the limits of all."""
    lines = [
        f"<https://w3id.org/fmgraph/model/m{i}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        f"<https://w3id.org/fmgraph/ns#Model> .\n<https://w3id.org/fmgraph/model/m{i}> "
        f'<http://www.w3.org/2000/01/rdf-schema#label> "common {i}" .\n'
        for i in range(9_900)
    ]

    def index(folder: Path) -> None:
        entries = (
            Entry(f"https://w3id.org/fmgraph/model/m{i}", "model", f"common {i}") for i in range(9_900)
        )
        build_index(folder / "search.sqlite", entries)

    folder = write_dataset(lines, tmp_path, "1", finish=index)
    with InProcessEngine(open_dataset(folder)) as engine:
        answer = engine.rows(
            f'{PREFIX} SELECT (COUNT(*) AS ?n) {{ ?m fmg:matches "common" ; a fmg:Model }}', trusted=False
        )
    assert answer[0]["n"].value == "9900"


def test_what_is_wrong_elsewhere_is_told_where_it_stands(engine):
    with pytest.raises(QuerySyntaxError) as told:
        engine.run(f'{PREFIX}\nASK {{ ?m fmg:matches "retfound" . ?m a a a }}')
    assert (told.value.line, told.value.column) == (2, 43)


def test_many_patterns_are_refused(engine):
    patterns = " ".join(f'?m{i} fmg:matches "retf" .' for i in range(MOST_PATTERNS + 1))
    with pytest.raises(QueryRefused, match="at most"):
        found(engine, patterns, "m0")


def test_a_graph_without_an_index_says_so():
    engine = InProcessEngine(dataset_of_files([Path(__file__).parent / "data" / "sample.ttl"]))
    with pytest.raises(QueryRefused, match="no index of names"):
        found(engine, '?m fmg:matches "x"')
    assert found(engine, "?m a <https://w3id.org/fmgraph/ns#matches>") == set()


def test_the_server_expands_nothing_itself(tmp_path, shipped):
    """The work is the evaluator's: what stands before the engine gets the query as it came."""
    index = tmp_path / "search.sqlite"
    index.write_bytes(b"no index")
    client = create_app(shipped, search=index).test_client()
    query = f'{PREFIX} ASK {{ ?m fmg:matches "retfound" }}'
    assert client.get("/sparql", query_string={"query": query}).json["boolean"] is True


def test_a_broken_index_is_our_fault_and_names_no_path(tmp_path, shipped):
    index = tmp_path / "search.sqlite"
    index.write_bytes(b"no index")
    answer = create_app(shipped, search=index).test_client().get("/search?q=uni")
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text
