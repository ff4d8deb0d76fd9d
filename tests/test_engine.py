"""Evaluation and serialisation in one process: formats, errors with their places, graphs, limits of size."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from fmgraph.errors import (
    ProtocolError,
    QueryError,
    QueryRefused,
    QuerySyntaxError,
    ResultTooLargeError,
)
from fmgraph.rdf.store import dataset_of_files, open_dataset, write_dataset
from fmgraph.server.engine import GRAPHS, SOLUTIONS, InProcessEngine, ResultFormats
from fmgraph.settings import Settings

DATA = """
<http://e/a> <http://e/p> "x" , "1"^^<http://www.w3.org/2001/XMLSchema#integer> .
<http://e/b> <http://e/q> <http://e/a> .
<http://e/cr> <http://e/text> "one\\r\\ntwo\\tthree" .
<http://e/control> <http://e/text> "a\\u0001b" .
<http://e/noncharacter> <http://e/text> "a\\uFFFEb" .
<http://e/odd> <http://e/1> "no local name" .
<http://e/g> { <http://e/c> <http://e/p> "named" }
"""
XML = ResultFormats("application/sparql-results+xml", "application/rdf+xml")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> InProcessEngine:
    file = tmp_path_factory.mktemp("engine") / "data.trig"
    file.write_text(DATA)
    return InProcessEngine(dataset_of_files([file]), Settings(result_mb=1))


def test_rows_and_ask_for_python_callers(own: InProcessEngine) -> None:
    rows = own.rows("SELECT ?o ?none { <http://e/b> <http://e/q> ?o }")
    assert rows == [{"o": NamedNode("http://e/a")}]
    assert own.rows("SELECT ?o { <http://e/none> ?p ?o }") == []
    assert own.ask("ASK { <http://e/a> <http://e/p> 1 }") is True
    assert own.ask("ASK { <http://e/a> <http://e/p> 2 }") is False
    with pytest.raises(QueryError, match="SELECT"):
        own.rows("ASK {}")
    with pytest.raises(QueryError, match="ASK"):
        own.ask("SELECT * {}")


@pytest.mark.parametrize("media_type", SOLUTIONS)
def test_every_format_of_solutions(own: InProcessEngine, media_type: str) -> None:
    formats = ResultFormats(media_type, None)
    select = own.run("SELECT ?o { <http://e/b> ?p ?o }", formats=formats)
    assert (select.kind, select.media_type, select.meta) == ("select", media_type, own.meta)
    assert b"http://e/a" in select.body
    ask = own.run("ASK {}", formats=formats)
    assert ask.kind == "ask"
    assert b"true" in ask.body


@pytest.mark.parametrize("media_type", GRAPHS)
def test_every_format_of_graphs_has_each_triple_once(own: InProcessEngine, media_type: str) -> None:
    answer = own.run(
        "CONSTRUCT { ?s <http://e/p> ?s } { ?s <http://e/p> ?o }", formats=ResultFormats(None, media_type)
    )
    assert (answer.kind, answer.media_type) == ("graph", media_type)
    read = [str(quad.triple) for quad in parse(answer.body, format=GRAPHS[media_type])]
    assert read == ["<http://e/a> <http://e/p> <http://e/a>"]


def test_turtle_is_the_same_every_time_and_names_only_what_it_uses(own: InProcessEngine) -> None:
    query = (
        "PREFIX fmg: <https://w3id.org/fmgraph/ns#> PREFIX foaf: <http://xmlns.com/foaf/0.1/> "
        "CONSTRUCT { <http://e/a> a fmg:Model ; foaf:name 'x' ; a fmg:Model } {}"
    )
    bodies = {own.run(query).body for _ in range(10)}
    assert len(bodies) == 1
    lines = bodies.pop().decode().splitlines()
    assert [line.split()[1] for line in lines if line.startswith("@prefix")] == ["fmg:", "foaf:"]


def test_what_is_not_acceptable_is_said_before_the_work(own: InProcessEngine) -> None:
    for query, formats in (
        ("SELECT * {}", ResultFormats(None, "text/turtle")),
        ("DESCRIBE <http://e/a>", ResultFormats("text/csv", None)),
    ):
        with pytest.raises(ProtocolError, match="offered as") as caught:
            own.run(query, formats=formats)
        assert caught.value.status == 406


def test_xml_is_well_formed_or_refused(own: InProcessEngine) -> None:
    answer = own.run("SELECT ?o { <http://e/cr> ?p ?o }", formats=XML)
    texts = [element.text for element in ET.fromstring(answer.body).iter() if element.text]
    assert texts == ["one\r\ntwo\tthree"]
    graph = own.run("DESCRIBE <http://e/cr>", formats=XML)
    assert next(parse(io.BytesIO(graph.body), format=RdfFormat.RDF_XML)).object == Literal(
        "one\r\ntwo\tthree"
    )
    for node in ("control", "noncharacter"):
        for query in (f"SELECT ?o {{ <http://e/{node}> ?p ?o }}", f"DESCRIBE <http://e/{node}>"):
            with pytest.raises(ProtocolError, match="control character") as caught:
                own.run(query, formats=XML)
            assert caught.value.status == 406
            assert own.run(query).body
    with pytest.raises(ProtocolError, match="cannot name"):
        own.run("DESCRIBE <http://e/odd>", formats=XML)


ALL = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
GRAPH = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"


@pytest.mark.parametrize(
    ("query", "default", "named", "count"),
    [
        (ALL, (), (), 7),
        (ALL, ("http://e/g",), (), 1),
        (ALL, (), ("http://e/g",), 0),
        (ALL, ("http://e/none",), (), 0),
        (GRAPH, (), (), 1),
        (GRAPH, (), ("http://e/g",), 1),
        (GRAPH, ("http://e/g",), (), 0),
        (ALL.replace("{", "FROM <http://e/g> {", 1), (), (), 1),
        (ALL.replace("{", "FROM <http://e/g> {", 1), ("http://e/none",), (), 0),
        (GRAPH.replace("{", "FROM NAMED <http://e/none> {", 1), (), ("http://e/g",), 1),
    ],
)
def test_graphs_of_the_request_replace_those_of_the_query(
    own: InProcessEngine, query: str, default: tuple[str, ...], named: tuple[str, ...], count: int
) -> None:
    answer = own.run(query, formats=ResultFormats("text/csv"), default_graphs=default, named_graphs=named)
    assert answer.body.split() == [b"n", str(count).encode()]


def test_a_graph_name_that_is_no_iri_is_the_clients_mistake(own: InProcessEngine) -> None:
    for bad in ("a b", "relative", ""):
        with pytest.raises(ProtocolError) as caught:
            own.run(ALL, default_graphs=[bad])
        assert caught.value.status == 400


@pytest.mark.parametrize(
    ("query", "line", "column", "part"),
    [
        ("SELECT *\nWHERE { ?s fmg:p ?o }", 2, None, "prefix fmg: is not declared"),
        ("SELECT ?s { } GROUP BY ?o", 1, None, "unbound"),
        ("SELECT", 1, 7, "expected"),
        ("  ", 1, 1, "empty"),
        ("SELECT * {} SELECT * {}", 1, None, "expected"),
        ("SELECT * { <not an iri> ?p ?o }", 1, None, "IRI"),
        ("SELECT * { ?s ?p 'a }", 1, 18, "does not end"),
    ],
)
def test_syntax_errors_have_a_place(
    own: InProcessEngine, query: str, line: int, column: int | None, part: str
) -> None:
    with pytest.raises(QuerySyntaxError, match=part) as caught:
        own.run(query)
    assert caught.value.line == line
    assert caught.value.column is not None
    assert column in (None, caught.value.column)
    assert "\\u" not in str(caught.value)  # no character classes


def test_other_errors_are_the_querys_too(own: InProcessEngine) -> None:
    with pytest.raises(QueryError, match="not supported"):
        own.run("SELECT (<http://e/f>(1) AS ?x) {}")
    with pytest.raises(QueryError):
        own.run("SELECT ('\ud800' AS ?x) {}")
    with pytest.raises(QueryRefused, match="SERVICE failed"):
        own.run("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", trusted=True)


def test_a_result_is_ended_at_its_limit(own: InProcessEngine) -> None:
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r }"
    for formats in (ResultFormats(), ResultFormats("text/csv"), XML):
        with pytest.raises(ResultTooLargeError, match="1 MB") as caught:
            own.run(query, formats=formats)
        assert caught.value.limit == "result size, 1 MB"


def test_closing_twice_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text("")
    with InProcessEngine(dataset_of_files([tmp_path / "a.nt"])) as engine:
        engine.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> InProcessEngine:
    lines = [f"<http://e/{n}> <http://e/p> <http://e/o> ." for n in range(7)]
    return InProcessEngine(open_dataset(write_dataset(lines, tmp_path_factory.mktemp("built"), "1")))


def test_a_bad_prologue_stays_an_error(built: InProcessEngine) -> None:
    with pytest.raises(QuerySyntaxError):
        built.run("PREFIX 1 2 SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
