"""What reads a stranger's text takes time in proportion to its length, and what is too much is refused."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from fmgraph.errors import FmgraphError
from fmgraph.rdf.formats import GRAPHS, RESULTS
from fmgraph.rdf.text_index import match_expression
from fmgraph.server.engine import Engine
from fmgraph.server.engine.evaluate import syntax_error
from fmgraph.server.engine.text_search import expand
from fmgraph.server.guard import inspect, is_volatile
from fmgraph.server.guard.cost import estimate
from fmgraph.server.guard.lexer import texts, tokens, unescape
from fmgraph.server.guard.query_template import template_of
from fmgraph.server.http.negotiation import choose, choose_encoding, names_any
from fmgraph.server.http.query_request import QueryRequest, parameters
from fmgraph.server.http.response_cache import matches
from fmgraph.settings import Settings
from fmgraph.site import create_app
from fmgraph.site.page_links import safe, words
from fmgraph.text import match_key, nearest, slugify

#: Characters of the longer text; the shorter has a quarter of them.
SIZE = 16_000
#: CPU seconds up to which nothing is made of a ratio: noise is as much.
FLOOR = 0.03
#: Four times the text may take this many times as long: 4 is linear, 16 quadratic.
MOST = 9
WIDE = Settings(query_terms=10**9, query_chain=10**9, query_patterns=1_000_000, query_kb=10**6)
NAMES = [f"name-{number}" for number in range(2000)]

#: Pieces that, repeated, have made one scanner or another read the rest anew at each of them.
PIECES = (
    "a", "a ", "a.", "a:", "a:.", "a:b.", "a::", "_:a.", "é", "1", "1.", "1e", "@a-", "?a ", "-", ".",
    "/", "//", "../", "#", "# \n", "#NOW", "NOW ", "NOW#\n", "now(", "x NOW", "SERVICE ", "SERVICE<",
    "PREFIX ", "PREFIX a", "PREFIX a: ", "BASE ", "BASE <", "<", "<a", "<a>", "<<", "<<(", "(", "((a",
    "[", "{", "}", "{|", "|", "||", "^", "!", "'", "''", "'''", "''''", "\"", "\"\"", "\"\"\"", "\"\\",
    "\\", "\\u0041", "\\\\u0041", "%", "%20", "%zz", "&", "&a=1", "=", ";", ",", ";q=", "a/b;q=\"",
    "a/b,", "*/*,", "W/\"", "W/\"a\",", "\n", "\t ", "UNION{", "fmg:matches ", "?m <a> \"b\" .",
)  # fmt: skip


def _tokens(text: str) -> None:
    estimate(list(tokens(text)))


SCANNERS: dict[str, Callable[[str], object]] = {
    "tokens": _tokens,
    "texts": texts,
    "unescape": unescape,
    "template": lambda text: template_of(text, frozenset()),
    "guard": lambda text: inspect(text, WIDE),
    "guard as set": lambda text: inspect(text, Settings()),
    "volatile": is_volatile,
    "form": lambda text: QueryRequest(text).kind,
    "matches": lambda text: expand(f"fmg:matches {text}", None),
    "parameters": lambda text: list(parameters(text.encode(), "form")),
    "accept": lambda text: choose(text, (*RESULTS, *GRAPHS)),
    "names": lambda text: names_any(text, (*RESULTS, *GRAPHS)),
    "encoding": lambda text: choose_encoding(text, ("zstd", "gzip")),
    "etags": lambda text: matches(text, "x"),
    "syntax error": lambda text: syntax_error(f"error at 1:{len(text) + 1}: expected Prefix not found", text),
    "search": match_expression,
    "slug": slugify,
    "key": match_key,
    "nearest": lambda text: nearest(text, NAMES),
    "address": lambda text: safe(f"https://{text}"),
    "words": words,
}


def seconds(run: Callable[[str], object], text: str) -> float:
    """Return the least CPU time of two runs; what is refused has been read all the same."""
    best = float("inf")
    for _ in range(2):
        start = time.thread_time()
        with contextlib.suppress(FmgraphError):
            run(text)
        best = min(best, time.thread_time() - start)
        if best < FLOOR:
            break
    return best


def check_linear(run: Callable[[str], object], piece: str) -> None:
    long = seconds(run, piece * (SIZE // len(piece)))
    if long < FLOOR:
        return
    ratio = long / max(seconds(run, piece * (SIZE // 4 // len(piece))), 1e-9)
    assert ratio < MOST, f"{piece!r} four times: {ratio:.1f} times as long ({long:.3f} s)"


@pytest.mark.parametrize("name", SCANNERS)
def test_a_scanner_takes_as_long_as_the_text_is(name: str) -> None:
    for piece in PIECES:
        check_linear(SCANNERS[name], piece)
    check_linear(lambda text: SCANNERS[name]("ASK {} " + text), "#NOW")


@pytest.fixture(scope="module")
def pages(engine: Engine) -> FlaskClient:
    return create_app(engine).test_client()


PLACES = (
    "/{}", "/model/{}", "/model/examplenet.{}", "/model/?year={}", "/model/?page={}",
    "/lineage/model/{}", "/list/{}", "/model/examplenet/incoming?p={}", "/queries/{}",
    "/queries/built-on?model={}", "/query/{}", "/search?q={}", "/why?s=a:a&p=a:a&o={}", "/why?s={}",
    "/ns/{}", "/ns?format={}", "/void.{}", "/problem/{}", "/static/{}", "/dump/{}", "/sparql?query={}",
    "/sparql?query=ASK%7B%7D&format={}", "/sparql?query=ASK%7B%7D&default-graph-uri=a:{}",
    "/sparql?{}=x",
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_no_place_in_an_address_is_read_anew(pages: FlaskClient, place: str) -> None:
    def get(text: str) -> None:
        answer = pages.get(place.format(quote(text, safe="")), headers={"Accept": "text/html"})
        assert answer.status_code < 500

    for piece in ("a", "a/", "a:", "-a", "é", '"', "<a", "''''", "#NOW", "(", ". ", "%", "&a", "\\u0041"):
        check_linear(get, piece)


FIELDS = (
    "Accept", "Accept-Encoding", "If-None-Match", "If-Match", "If-Modified-Since", "If-Range", "Range",
    "Content-Type", "Content-Encoding", "Host", "X-Forwarded-For", "Access-Control-Request-Headers",
    "Cookie", "Authorization",
)  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_no_header_field_is_read_anew(pages: FlaskClient, field: str) -> None:
    def ask(text: str) -> None:
        headers = {"Origin": "https://a.example", "Content-Type": "application/sparql-query", field: text}
        for method, path in (("GET", "/model/examplenet"), ("POST", "/sparql"), ("GET", "/dump/fmgraph.nt")):
            assert pages.open(path, method=method, headers=headers, data=b"ASK {}").status_code < 500

    for piece in (
        '"',
        'W/"',
        "a,",
        "a/b;q=",
        'a/b;q="',
        ";",
        "a;",
        "bytes=0-1,",
        "-",
        "0-,",
        " ",
        ":",
        "[",
        "a.",
        "=",
        "%41",
    ):
        check_linear(ask, piece)


def test_countless_parameters_are_refused_before_they_are_parsed(pages: FlaskClient) -> None:
    form = "application/x-www-form-urlencoded"
    for accept in ("application/json", "text/html"):
        start = time.thread_time()
        answer = pages.post("/sparql", data=b"&" * 800_000, content_type=form, headers={"Accept": accept})
        assert answer.status_code == 400
        assert time.thread_time() - start < 0.15
    assert pages.get("/model/?" + "&" * 2000).status_code == 400
    assert pages.get("/sparql?query=ASK%7B%7D" + "&a=1" * 500).status_code == 200


def test_graphs_of_a_request_are_bounded(pages: FlaskClient) -> None:
    many = "".join(f"&default-graph-uri=http://e.org/{number}" for number in range(101))
    assert pages.get(f"/sparql?query=ASK%7B%7D{many}").status_code == 400
    assert pages.get(f"/sparql?query=ASK%7B%7D&named-graph-uri=http://e.org/{'a' * 3000}").status_code == 400
    assert pages.get(f"/sparql?query=ASK%7B%7D&named-graph-uri=http://e.org/{'a' * 1000}").status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT (NOW() AS ?t) {}", True),
        ("SELECT (now # so\n () AS ?t) {}", True),
        ("SELECT (\\u004eOW() AS ?t) {}", True),
        ("SELECT * { ?a ?p ?b FILTER(?a<NOW()&&?b>1) }", True),
        ("SELECT (STRUUID() AS ?t) {}", True),
        ("ASK { SERVICE <http://a/> {} }", True),
        ("ASK { ?s ?p trueSERVICE <http://a/> {} }", True),
        ("ASK {} # NOW()", False),
        ('ASK { ?now ?service "RAND()" }', False),
        ("ASK { ?s <http://a/uuid> ?o }", False),
        ("ASK {} " + "#NOW" * 8000, False),
        ("ASK { " + "?now ?p ?o . " * 2000 + "}", True),
    ],
)
def test_what_a_volatile_query_is(query: str, expected: bool) -> None:
    assert is_volatile(query) is expected
