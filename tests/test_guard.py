"""The guard: exact tokens, limits, SERVICE and updates refused, costs guessed; no text breaks it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Store

from fmgraph.errors import FmgraphError, ProtocolError, QueryRefused, QuerySyntaxError
from fmgraph.server.guard import LOOKUP, NORMAL, SUSPICIOUS, inspect
from fmgraph.server.guard.lexer import tokens
from fmgraph.server.guard.query_template import IRI, STRING, template_of
from fmgraph.settings import Settings

LIMITS = Settings()


def kinds(query: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens(query)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("?o<3&&?o>1", ["var", "iri", "number"]),  # the longest match wins (section 19.8)
        ("?o<3 && ?o>1", ["var", "punct", "number", "punct", "var", "punct", "number"]),
        ("?s<http://e/p>?o", ["var", "iri", "var"]),
        ("?o <= ?p", ["var", "punct", "var"]),
        ('\'a\\\'b\' """x"y""" \'\'', ["string", "string", "string"]),
        ("'''{{''' # {{{ '\n}", ["string", "punct"]),
        ("'a'@en-GB^^<t>", ["string", "lang", "punct", "iri"]),
        ("fmg:a\\'b.c . :x _:b.c .", ["pname", "punct", "pname", "bnode", "punct"]),
        ("1SERVICE .5e3 1.", ["number", "word", "number", "number"]),
        (
            "^a/!(b:c|^d:e)*",
            [
                "punct",
                "word",
                "punct",
                "punct",
                "punct",
                "pname",
                "punct",
                "punct",
                "pname",
                "punct",
                "punct",
            ],
        ),
        ("<<( ?a a ?b )>> {| |}", ["punct", "var", "word", "var", "punct", "punct", "punct"]),
        ("PREFIX é.ü: <http://e/é>", ["word", "pname", "iri"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert [kind for kind, _ in kinds(text)] == expected


@pytest.mark.parametrize(
    "text", ["'a", '"""a""', "'a\nb'", "'\\q'", "'\\uD800'", "\x00", "`", "'\\u12'", "<a\\u0020> \\"]
)
def test_what_is_no_token_is_a_syntax_error_with_its_place(text: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        inspect("SELECT *\n {" + text, LIMITS)
    assert caught.value.line is not None
    assert caught.value.line >= 2
    assert f"line {caught.value.line}, column {caught.value.column}" in str(caught.value)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("SELECT * {" + "{" * 10_000 + "}" * 10_000 + "}", "64 levels"),
        ("SELECT (" + "(" * 100 + "1" + ")" * 100 + " AS ?x) {}", "64 levels"),
        ("SELECT * {?s ?p " + "[?p " * 70 + "1" + "]" * 70 + "}", "64 levels"),
        ("SELECT (" + "+".join(["1"] * 1500) + " AS ?x) {}", "1000 operators"),
        ("SELECT (" + "!" * 1500 + "1 AS ?x) {}", "1000 operators"),
        ("SELECT * {" + "UNION".join(["{}"] * 1200) + "}", "1000 operators"),
        ("SELECT * {?s " + "/".join(["a"] * 200) + " ?o}", "100 triple patterns"),
        ("SELECT * {" + ".".join(["?s ?p ?o"] * 200) + "}", "100 triple patterns"),
        ("SELECT * {?s ?p " + ",".join(["?o"] * 200) + "}", "100 triple patterns"),
        ("SELECT * {" + " ".join(f"?v{i}" for i in range(600)) + "}", "500 variables"),
        ("SELECT * {VALUES ?x {" + "1 " * 5000 + "}}", "4000 tokens"),
    ],
)
def test_what_would_overflow_or_stall_a_parser_is_refused(query: str, part: str) -> None:
    with pytest.raises(QueryRefused, match=part):
        inspect(query, LIMITS)
    assert inspect(query, LIMITS, trusted=True).cost == LOOKUP


def test_a_long_query_is_too_large() -> None:
    with pytest.raises(ProtocolError) as caught:
        inspect("#" * 300_000, LIMITS)
    assert caught.value.status == 413


def test_brackets_in_strings_comments_and_iris_do_not_count() -> None:
    text = "{" * 500
    query = f"SELECT * {{ ?s <http://e/p> '{text}', '''{text}\n''' # {text}\n }}"
    assert inspect(query, LIMITS).kind == "select"


IN_LISTS = "SELECT * {{ ?s ?p ?o FILTER(?o IN ({})) }}".format(",".join(["1"] * 900))


@pytest.mark.parametrize(
    "query",
    [
        IN_LISTS,
        "ASK { ?s ?p 'SERVICE <http://e/> {}' }",
        "ASK { ?s <http://e/SERVICE> ?service }",
        "PREFIX service: <http://e/service#> ASK { ?s service:x ?o . service:a ?p ?o }",
        "PREFIX a: <http://e/> ASK { ?s a:service ?o } # SERVICE <x> {}",
        "ASK { _:service ?p ?o FILTER(?o < 3 && ?p > 4) }",
        "ASK { VALUES (?a ?b) { (<http://e/service> <http://e/b#c>) } }",
        "ASK { ?s ?p 'DELETE', <insert:x> . ?insert ?p ?o }",
        "ASK { ?s ?p '\\u0022 {{{{ ' }",
    ],
)
def test_words_elsewhere_are_no_keywords(query: str) -> None:
    assert inspect(query, LIMITS).kind == "ask" or query is IN_LISTS


SERVICES = [
    "SELECT * { SERVICE <http://e/> {} }",
    "SELECT * { sErViCe SiLeNt <http://e/> {} }",
    "SELECT * { SERVICE ?x {} }",
    "SELECT * { { OPTIONAL { ?s ?p ?o FILTER EXISTS { SERVICE <http://e/> {} } } } }",
    "SELECT * { ?s ?p trueSERVICE <http://e/> {} }",
    "SELECT * { ?s ?p 1SERVICE <http://e/> {} }",
    "SELECT * { ?s ?p 'a'@en--ltrSERVICE <http://e/> {} }",
    "SELECT * { SERVICESILENT <http://e/> {} }",
    "PREFIX : <http://e/> SELECT * { service:a {} }",
    "PREFIX : <http://e/> SELECT * { ?s ?p trueSERVICE:a#\n{} }",
    "PREFIX : <http://e/> SELECT * { ?s ?p 1 FILTER(1<?b)SERVICE:x#>\n{} }",
    'SELECT * { ?s ?p ?a FILTER(?a<?b)#>"""\n SERVICE <http://e/> {} #"""\n }',
    "SELECT * { ?s ?p (''' ' # \\q \n ) SERVICE <http://e/> {} #'''\n }",
    "SELECT * { S\\u0045RVICE <http://e/> {} }",
    'SELECT * { ?s ?p "\\u0022 SERVICE <http://e/> {} #" }',
    "DESCRIBE ?s { SERVICE <http://e/> { ?s ?p ?o } }",
]


@pytest.mark.parametrize("query", SERVICES)
def test_service_is_refused_however_it_is_hidden(query: str) -> None:
    with pytest.raises((QueryRefused, QuerySyntaxError)):
        inspect(query, LIMITS)


def test_service_to_a_listed_endpoint_is_allowed() -> None:
    listed = replace(LIMITS, service_allow=("http://e/sparql",))
    assert inspect("SELECT * { SERVICE SILENT <http://e/sparql> { ?s ?p ?o } }", listed).kind == "select"
    for other in ("<http://e/sparql/>", "?x", "e:sparql", "<http://e/sparq\\u006C2>"):
        with pytest.raises(QueryRefused, match="SERVICE"):
            inspect(f"SELECT * {{ SERVICE {other} {{ ?s ?p ?o }} }}", listed)


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <a> <b> <c> }",
        "PREFIX : <http://e/> dElEte where { ?s ?p ?o }",
        "WITH <http://g> DELETE {} WHERE {}",
        "CREATE GRAPH <http://e/>",
        "BASE <http://e/> CLEAR ALL",
        "SELECT * {} ; DROP ALL",
    ],
)
def test_updates_are_refused(update: str) -> None:
    with pytest.raises(QueryRefused, match="updates"):
        inspect(update, LIMITS)
    with pytest.raises((QueryRefused, QuerySyntaxError)):
        inspect(update.replace("E", "\\u0045"), LIMITS)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("select*{}", "select"),
        ("SELECTDISTINCT * {}", "select"),
        ("BASE <http://e/> PREFIX a: <b> PREFIX : <c> #\n ASK{}", "ask"),
        ("CONSTRUCT WHERE {}", "graph"),
        ("describe <http://e/>", "graph"),
        ("", None),
        ("PREFIX a:", None),
        ("FOO { }", None),
        ("'SELECT'", None),
    ],
)
def test_the_form_is_found(query: str, kind: str | None) -> None:
    assert inspect(query, LIMITS).kind == kind


M = "https://w3id.org/fmgraph/model/uni"


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        (f"SELECT * {{ <{M}> ?p ?o }}", LOOKUP),
        (
            f"SELECT * {{ <{M}> ?p ?o . ?o rdfs:label ?l OPTIONAL {{ ?o fmg:year ?y }} }} ORDER BY ?l ?y",
            LOOKUP,
        ),
        ("SELECT * { ?m fmg:modality modality:ct ; rdfs:label ?l }", LOOKUP),
        (f"SELECT * {{ VALUES ?m {{ <{M}> }} ?m fmg:derivesFrom ?a }}", LOOKUP),
        (f"DESCRIBE <{M}>", LOOKUP),
        (f"CONSTRUCT {{ ?a ?b ?c . ?d ?e ?f }} WHERE {{ <{M}> ?b ?c }}", LOOKUP),
        ("SELECT * { ?m a fmg:Model ; rdfs:label ?l }", NORMAL),
        ("SELECT * { ?s ?p ?o } LIMIT 10", NORMAL),
        ("SELECT ?b (COUNT(*) AS ?n) { ?m fmg:backbone ?b } GROUP BY ?b ?c ?d", NORMAL),
        (f"SELECT * {{ <{M}> fmg:builtOn+ ?a }}", NORMAL),
        ("SELECT * { ?m rdfs:label ?l FILTER(CONTAINS(?l, 'CT')) }", NORMAL),
        ("SELECT * { ?a ?b ?c . ?d ?e ?f }", SUSPICIOUS),
        ("SELECT * { ?a ?b ?c . ?c ?d ?e }", SUSPICIOUS),
        ("SELECT (COUNT(*) AS ?n) { ?a a fmg:Model . ?b a fmg:Model }", SUSPICIOUS),
        ("SELECT * { ?a fmg:builtOn* ?b }", SUSPICIOUS),
        (f"SELECT * {{ <{M}> (!fmg:x)* ?b }}", SUSPICIOUS),
        (f"SELECT * {{ <{M}> (fmg:a*/fmg:b*)* ?b }}", SUSPICIOUS),
    ],
)
def test_costs_are_guessed(query: str, cost: int) -> None:
    assert inspect(query, LIMITS).cost == cost


def test_a_template_leaves_constants_out() -> None:
    one = inspect(f"SELECT * {{ <{M}> ?p 'a' }} LIMIT 1", LIMITS).template
    two = inspect("SELECT *\n{ <http://e/> $x 'b'  } LIMIT 20 # x", LIMITS).template
    assert one == two != inspect("SELECT * { ?x ?p 'b' } LIMIT 20", LIMITS).template


# fmt: off
FRAGMENTS = st.sampled_from((
    "SELECT", "ASK", "CONSTRUCT", "DESCRIBE", "WHERE", "{", "}", "(", ")", "[", "]", ".", ";", ",", "*",
    "+", "?", "?x", "$y", "<http://e/a>", "fmg:a", "a", "'x'", "'''y'''", "1", "2.5", "|", "/", "^", "!",
    "=", "<", ">", "<=", "&&", "||", "-", "#", "UNION", "OPTIONAL", "FILTER", "BIND", "AS", "VALUES",
    "GRAPH", "SERVICE", "INSERT", "PREFIX", ":", "_:b", "@en", "^^", "GROUP", "BY", "ORDER", "LIMIT",
    "COUNT", "NOT", "EXISTS", "IN", "\\u0027", "'", "\"", "\"\"\"", "\\", "true", "<<", ">>", "LATERAL",
    "\n", "PREFIX p: <x>", "PREFIX #:<>p: <x>", "PREFIX p: <a{#>", "PREFIX ':<y>", "# {", "a.",
))
# fmt: on


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(FRAGMENTS, max_size=60).map(" ".join), st.lists(FRAGMENTS).map("".join)))
def test_any_text_is_inspected_or_refused(text: str) -> None:
    try:
        found = inspect(text, LIMITS)
    except FmgraphError:
        return
    assert found.cost in (LOOKUP, NORMAL, SUSPICIOUS)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(FRAGMENTS, max_size=40).map(" ".join), st.lists(FRAGMENTS).map("".join)))
def test_a_template_is_the_tokens_without_the_constants(rest: str) -> None:
    template = template_of("PREFIX e: <http://e/> SELECT " + rest, frozenset())
    if template is None:
        return
    found = [
        {"iri": IRI, "pname": IRI, "string": STRING}.get(token.kind, token.text)
        for token in tokens("SELECT " + rest)
    ]
    assert template == tuple(found)


def test_terms_that_matter_stand_in_a_template_however_they_are_written() -> None:
    matter = frozenset(("http://e/p", "open"))
    prologue = "PREFIX e: <http://e/> PREFIX x: <urn:x:> PREFIX x: <http://e/>"
    wanted = ("?s", "<http://e/p>", '"open"', "; ", IRI, STRING)
    for text in ("?s e:p 'open' ; e:q \"any\"", "?s <http://e/p> \"open\"; x:q 'other' # …"):
        assert template_of(f"{prologue}{text}", matter) == tuple(part.strip() for part in wanted)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s <relative> ?o }",
        "SELECT * { ?s e:p ?o FILTER(?s<?a&&?b>?c) }",
        "SELECT * { ?s undeclared:p ?o }",
        "PREFIX e: <urn:x:> SELECT * { ?s e:p ?o }",
        'SELECT * { ?s e:p "a\\u0041" }',
        "SELECT * { ?s e:p ?o trueSERVICE <http://e/> {} }",
        "SELECT * { ?s e:p '" + "x" * 300 + "' }",
        "SELECT * { " + "?s e:p ?o . " * 60 + "}",
        "SELECT 'half",
    ],
)
def test_what_can_be_read_in_two_ways_has_no_template(text: str) -> None:
    assert template_of("PREFIX e: <http://e/> " + text, frozenset()) is None


@pytest.mark.parametrize("text", ["SELECT * {" + "a." * 30_000, "a" * 200_000, "'" + "x" * 200_000 + "'"])
def test_a_long_query_is_looked_at_once_and_not_remembered(text: str) -> None:
    assert template_of(text, frozenset()) is None
    started = time.process_time()
    with suppress(FmgraphError):
        inspect(text, LIMITS)
    assert time.process_time() - started < 1, "milliseconds, where nothing is read anew"


def _error(body: Callable[[], object]) -> bool:
    try:
        body()
    except FmgraphError:
        return True
    return False


def test_limits_hold_for_shapes_that_are_known_under_others() -> None:
    query = "ASK { ?a ?b ?c . ?d ?e ?f }"
    assert inspect(query, LIMITS).kind == "ask"
    with pytest.raises(QueryRefused, match="3 variables"):
        inspect(query, replace(LIMITS, query_variables=3))


STORE = Store()


@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENTS, max_size=30).map(lambda parts: "ASK { " + " ".join(parts) + " }"))
def test_what_the_parser_takes_the_guard_takes_too(text: str) -> None:
    try:
        STORE.query(text)
    except (SyntaxError, RuntimeError, ValueError, OSError):
        return
    if "SERVICE" in text:
        with pytest.raises(QueryRefused, match="SERVICE"):
            inspect(text, LIMITS)
    else:
        assert inspect(text, LIMITS).kind == "ask"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="{}()[]'\"\\<>#ab\n", max_size=80))
def test_brackets_inside_a_string_never_nest(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    found = list(tokens(f'ASK {{ ?s ?p "{escaped}" }}'))
    assert [token.kind for token in found] == ["word", "punct", "var", "var", "string", "punct"]
