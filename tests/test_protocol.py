"""The SPARQL 1.1 Protocol and HTTP around it, request by request, at ``/sparql``."""

from __future__ import annotations

import gzip
import json
from urllib.parse import quote, unquote_to_bytes, urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode, Quad, QueryResultsFormat, RdfFormat, Store, parse, parse_query_results
from werkzeug.test import TestResponse

from fmgraph.rdf.formats import GRAPHS, RESULTS, Format
from fmgraph.server.http.query_request import BAD_PERCENT, unquote
from fmgraph.settings import Settings
from fmgraph.site import create_app

PUBLIC = Settings(base_url="https://fm.example.org/")  # as the fixture's
FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"
SELECT = "SELECT ?s WHERE { ?s a ?c } ORDER BY ?s LIMIT 5"
G1, G2 = "http://example.org/g1", "http://example.org/g2"


def get(client: FlaskClient, query: str, **headers: str) -> TestResponse:
    return client.get("/sparql", query_string={"query": query}, headers=headers)


def problem(response: TestResponse) -> dict[str, object]:
    """Check the one shape of errors, and return its members."""
    assert response.mimetype == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= response.json.keys()
    assert response.json["status"] == response.status_code
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers
    return dict(response.json)


# --- the three ways to ask -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sparql", "/sparql/"])
def test_get_form_and_direct_give_the_same(client: FlaskClient, path: str) -> None:
    answers = [
        client.get(path, query_string={"query": SELECT}),
        client.post(path, data={"query": SELECT}),
        client.post(path, data=SELECT, content_type=DIRECT),
        client.post(path, data=SELECT, content_type="Application/SPARQL-Query; charset=UTF-8"),
    ]
    assert [a.status_code for a in answers] == [200] * 4
    assert len({a.data for a in answers}) == 1
    assert len(answers[0].json["results"]["bindings"]) == 5


def test_text_is_utf_8_everywhere(client: FlaskClient) -> None:
    query = 'SELECT ("é漢😀+ &%" AS ?x) {}'
    for response in (get(client, query), client.post("/sparql", data=query.encode(), content_type=DIRECT)):
        assert response.json["results"]["bindings"][0]["x"]["value"] == "é漢😀+ &%"


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("?query=", 400),
        ("?query=%20%0A", 400),
        ("?query=ASK{}&query=ASK{}", 400),
        ("?query=ASK{", 400),
        ("?query=ASK%7B%7D%00", 400),
        ("?query=ASK{}%zz", 400),
        ("?query=%ff", 400),
        ("?query=ASK{}&format=turtle&format=json", 406),
        ("?query=ASK{}&format=word", 400),
        ("?query=ASK{}&default-graph-uri=not+an+iri", 400),
        ("?query=ASK{}&default-graph-uri=relative", 400),
        ("?default-graph-uri=http://e/g", 400),
        ("?update=CLEAR+ALL", 403),
        ("?query=ASK{}&update=CLEAR+ALL", 403),
        ("?query=ASK{}&using-graph-uri=http://e/g", 403),
        ("?query=CLEAR+ALL", 400),
        ("?query=INSERT+DATA+{<a:a>+<a:b>+<a:c>}", 400),
    ],
)
def test_bad_gets(client: FlaskClient, url: str, status: int) -> None:
    response = client.get("/sparql" + url)
    assert response.status_code == status, response.text
    problem(response)


@pytest.mark.parametrize(
    ("url", "body", "content_type", "status"),
    [
        ("", b"", FORM, 400),
        ("", b"", DIRECT, 400),
        ("", b"query=", FORM, 400),
        ("", b"query=ASK%7B%7D&query=ASK%7B%7D", FORM, 400),
        ("?query=ASK{}", b"ASK {}", DIRECT, 400),
        ("?query=ASK{}", b"query=ASK%7B%7D", FORM, 400),
        ("", b"ASK {}", None, 415),
        ("?query=ASK{}", b"", None, 415),
        ("", b"ASK {}", "text/plain", 415),
        ("", b"ASK {}", "application/json", 415),
        ("", b"ASK {}", "nonsense", 415),
        ("", b"ASK {}", DIRECT + "; charset=iso-8859-1", 415),
        ("", b"query=ASK%7B%7D", FORM + "; charset=utf-16", 415),
        ("", b"query=ASK%7B%7D", "multipart/form-data; boundary=x", 415),
        ("", b"ASK { \xff }", DIRECT, 400),
        ("", b"query=%ff", FORM, 400),
        ("", b"query=ASK%7", FORM, 400),
        ("", b"update=CLEAR%20ALL", FORM, 403),
        ("", b"CLEAR ALL", "application/sparql-update", 403),
        ("", b"CLEAR ALL", DIRECT, 400),
        ("", b"query=" + b"a" * 2_000_000, FORM, 413),
        ("", b"ASK {} #" + b"a" * 300_000, DIRECT, 413),
    ],
)
def test_bad_posts(client: FlaskClient, url: str, body: bytes, content_type: str | None, status: int) -> None:
    response = client.post("/sparql" + url, data=body, content_type=content_type)
    assert response.status_code == status, response.text
    problem(response)
    if status == 415:
        assert response.headers["Accept-Post"] == f"{FORM}, {DIRECT}"


def test_a_coded_body_is_415_and_says_so(client: FlaskClient) -> None:
    body = gzip.compress(b"ASK {}")
    response = client.post("/sparql", data=body, content_type=DIRECT, headers={"Content-Encoding": "gzip"})
    assert response.status_code == 415
    assert response.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "PROPFIND", "TRACE"])
def test_other_methods_are_405_with_allow(client: FlaskClient, method: str) -> None:
    response = client.open("/sparql?query=ASK{}", method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST, QUERY"


def test_a_syntax_error_has_line_and_column(client: FlaskClient) -> None:
    members = problem(get(client, "SELECT *\nWHERE { ?s ?p }"))
    assert (members["line"], members["title"]) == (2, "Query syntax error")
    assert isinstance(members["column"], int)


# --- the dataset of the request --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graphs() -> FlaskClient:
    """A client of a dataset with a default graph and two named graphs, one triple each."""
    store, p = Store(), NamedNode("http://example.org/p")
    for name, graph in (("d", None), ("a", NamedNode(G1)), ("b", NamedNode(G2))):
        node = NamedNode(f"http://example.org/{name}")
        store.add(Quad(node, p, node, graph) if graph else Quad(node, p, node))
    return create_app(store, Settings(base_url="https://fm.example.org")).test_client()


DEFAULT, NAMED = "SELECT ?s { ?s ?p ?o }", "SELECT ?s { GRAPH ?g { ?s ?p ?o } }"


@pytest.mark.parametrize(
    ("query", "default", "named", "found"),
    [
        (DEFAULT, [], [], "d"),
        (NAMED, [], [], "ab"),
        (DEFAULT, [G1], [], "a"),
        (DEFAULT, [G1, G2], [], "ab"),
        (NAMED, [G1], [], ""),
        (NAMED, [], [G2], "b"),
        (DEFAULT, [], [G2], ""),
        (DEFAULT, ["http://example.org/unknown"], [], ""),
        (NAMED, [], ["http://example.org/unknown"], ""),
        (f"SELECT ?s FROM <{G1}> {{ ?s ?p ?o }}", [], [], "a"),
        (f"SELECT ?s FROM <{G1}> {{ ?s ?p ?o }}", [G2], [], "b"),
        (f"SELECT ?s FROM NAMED <{G1}> {{ GRAPH ?g {{ ?s ?p ?o }} }}", [], [G2], "b"),
    ],
)
def test_the_requests_dataset_replaces_the_querys(
    graphs: FlaskClient, query: str, default: list[str], named: list[str], found: str
) -> None:
    pairs = [("default-graph-uri", g) for g in default] + [("named-graph-uri", g) for g in named]
    asked = [("query", query)]
    answers = [
        graphs.get("/sparql?" + urlencode(asked + pairs)),
        graphs.post("/sparql", data=urlencode(asked + pairs), content_type=FORM),
        graphs.post("/sparql?" + urlencode(pairs), data=query, content_type=DIRECT),
        graphs.post("/sparql?" + urlencode(pairs), data=urlencode(asked), content_type=FORM),
    ]
    for answer in answers:
        values = [row["s"]["value"] for row in answer.json["results"]["bindings"]]
        assert sorted(values) == [f"http://example.org/{name}" for name in found]


# --- formats ---------------------------------------------------------------------------------------------

RESULT_CLASSES = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "tsv": QueryResultsFormat.TSV,
}


@pytest.mark.parametrize("form", RESULTS, ids=lambda form: form.name)
@pytest.mark.parametrize("by", ["accept", "name", "suffix", "media type"])
def test_every_result_format(client: FlaskClient, form: Format, by: str) -> None:
    wanted = {"name": form.name, "suffix": form.suffix, "media type": form.media_type}.get(by)
    arguments = {"query": SELECT} | ({"format": wanted} if wanted else {})
    accept = {"Accept": form.media_type if by == "accept" else "text/turtle"}
    response = client.get("/sparql", query_string=arguments, headers=accept)
    assert response.status_code == 200
    assert response.mimetype == form.media_type
    if form.media_type.startswith("text/"):
        assert response.content_type.endswith("; charset=utf-8")
    if form.name in RESULT_CLASSES:
        assert len(list(parse_query_results(response.data, format=RESULT_CLASSES[form.name]))) == 5
    else:
        assert response.data.count(b"\r\n") == 6


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/sparql-results+json", b'{"head":{},"boolean":true}'),
        ("text/csv", b"true"),
        ("text/tab-separated-values", b"true"),
    ],
)
def test_ask(client: FlaskClient, media_type: str, body: bytes) -> None:
    response = get(client, "ASK {}", Accept=media_type)
    assert response.mimetype == media_type
    assert response.data.strip() == body


@pytest.mark.parametrize("form", GRAPHS, ids=lambda form: form.name)
@pytest.mark.parametrize("query", ["DESCRIBE", "CONSTRUCT"])
def test_every_graph_format(client: FlaskClient, form: Format, query: str) -> None:
    node = "<https://w3id.org/fmgraph/model/retizero>"
    text = (
        f"DESCRIBE {node}"
        if query == "DESCRIBE"
        else f"CONSTRUCT {{ {node} ?p ?o }} WHERE {{ {node} ?p ?o }}"
    )
    response = get(client, text, Accept=form.media_type)
    assert (response.status_code, response.mimetype) == (200, form.media_type)
    triples = {q.triple for q in parse(response.data, format=RdfFormat.from_media_type(form.media_type))}
    assert len(triples) > 10


@pytest.mark.parametrize(
    ("accept", "query", "media_type"),
    [
        ("*/*", SELECT, "application/sparql-results+json"),
        ("*/*", "DESCRIBE <a:b>", "text/turtle"),
        ("application/json", SELECT, "application/json"),
        ("application/xml", SELECT, "application/xml"),
        ("text/*", SELECT, "text/csv"),
        ("TEXT/CSV", SELECT, "text/csv"),
        ("text/csv;q=0.1, text/tab-separated-values;q=0.2", SELECT, "text/tab-separated-values"),
        ("application/sparql-results+json;q=0, */*;q=0.1", SELECT, "application/sparql-results+xml"),
        ("text/turtle, text/csv;q=0.1", SELECT, "text/csv"),
        ("application/ld+json, text/csv", "CONSTRUCT WHERE { ?s a ?o }", "application/ld+json"),
        ("application/n-triples, text/turtle", "DESCRIBE <a:b>", "application/n-triples"),
        ("text/turtle;q=0.3, */*;q=0.8", "DESCRIBE <a:b>", "application/n-triples"),
        ("gibberish", SELECT, "application/sparql-results+json"),
    ],
)
def test_negotiation(client: FlaskClient, accept: str, query: str, media_type: str) -> None:
    response = get(client, query, Accept=accept)
    assert response.mimetype == media_type
    assert "Accept" in response.headers["Vary"]


def test_several_accept_lines_are_one_list(client: FlaskClient) -> None:
    lines = [("Accept", "text/csv;q=0.1"), ("Accept", "application/sparql-results+xml")]
    response = client.get("/sparql", query_string={"query": SELECT}, headers=lines)
    assert response.mimetype in ("application/sparql-results+xml", "text/csv")


@pytest.mark.parametrize(
    ("query", "accept", "offered"),
    [
        (SELECT, "text/turtle", "text/csv"),
        (SELECT, "image/png", "text/csv"),
        (SELECT, "*/*;q=0", "text/csv"),
        ("DESCRIBE <a:b>", "text/csv", "text/turtle"),
    ],
)
def test_nothing_acceptable_is_406_and_lists_what_there_is(
    client: FlaskClient, query: str, accept: str, offered: str
) -> None:
    response = get(client, query, Accept=accept)
    assert response.status_code == 406
    available = problem(response)["available"]
    assert isinstance(available, list)
    assert offered in available


def test_a_format_of_the_other_kind_is_406(client: FlaskClient) -> None:
    assert client.get("/sparql", query_string={"query": SELECT, "format": "turtle"}).status_code == 406


def test_control_characters_never_make_ill_formed_xml(client: FlaskClient) -> None:
    query = 'SELECT ("a\\u0001b" AS ?x) {}'
    assert get(client, query, Accept="application/sparql-results+xml").status_code == 406
    assert get(client, query).json["results"]["bindings"][0]["x"]["value"] == "a\x01b"


# --- without a query -------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", GRAPHS[:4], ids=lambda form: form.name)
def test_the_service_description_is_truthful(graphs: FlaskClient, form: Format) -> None:
    response = graphs.get("/sparql", headers={"Accept": form.media_type, "Host": "evil.example"})
    assert response.mimetype == form.media_type
    found = parse(response.data, format=RdfFormat.from_media_type(form.media_type))
    triples = {(q.predicate.value.rpartition("#")[2], q.object.value) for q in found}
    assert ("endpoint", "https://fm.example.org/sparql") in triples
    assert {v for p, v in triples if p == "name"} == {G1, G2}
    assert ("triples", "1") in triples
    assert sum(p == "resultFormat" for p, _ in triples) == len(RESULTS) + len(GRAPHS)
    assert not any("BasicFederatedQuery" in v for _, v in triples)


def test_the_service_description_by_format_and_the_editor_for_browsers(client: FlaskClient) -> None:
    assert client.get("/sparql?format=ntriples").mimetype == "application/n-triples"
    assert client.get("/sparql").mimetype == "text/turtle"
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    page = client.get("/sparql", headers={"Accept": browser})
    assert page.mimetype == "text/html"
    assert "<textarea" in page.text
    assert client.get("/sparql", headers={"Accept": "application/sparql-results+json"}).status_code == 400


def test_a_browser_gets_errors_as_html_escaped(client: FlaskClient) -> None:
    response = get(client, "SELECT <script>alert(1)</script>", Accept="text/html,*/*;q=0.8")
    assert (response.status_code, response.mimetype) == (400, "text/html")
    assert "<script>alert" not in response.text


# --- HEAD, OPTIONS, CORS, ETag, compression --------------------------------------------------------------

EVERY = [
    "/sparql",
    f"/sparql?query={quote(SELECT)}",
    "/sparql?query=ASK{",
    "/nowhere/at/all/here",
    "/dump/fmgraph.nt",
]


@pytest.mark.parametrize("url", EVERY)
def test_head_mirrors_get(client: FlaskClient, url: str) -> None:
    for headers in ({}, {"Accept-Encoding": "gzip"}, {"Accept": "text/html"}):
        head, got = client.head(url, headers=headers), client.get(url, headers=headers)
        assert head.status_code == got.status_code
        fields = [{k.lower(): v for k, v in r.headers if k != "Content-Length"} for r in (head, got)]
        assert fields[0] == fields[1]
        if not got.headers.get("ETag", "").startswith("W/"):  # a page of results says how long it took
            assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert head.data == b""
        assert int(got.headers["Content-Length"]) == len(got.data)


@pytest.mark.parametrize("url", EVERY)
def test_cors_and_safety_headers_are_on_every_answer(client: FlaskClient, url: str) -> None:
    for response in (client.get(url, headers={"Origin": "https://other.example"}), client.put(url)):
        headers = response.headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"]
        assert "Set-Cookie" not in headers
        assert {"Accept", "Accept-Encoding"} <= {v.strip() for v in headers["Vary"].split(",")}
        assert "Werkzeug" not in headers.get("Server", "")


def test_a_preflight_allows_the_methods_and_any_header(client: FlaskClient) -> None:
    response = client.options(
        "/sparql",
        headers={
            "Origin": "https://other.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "Content-Type, X-Evil, accept",
        },
    )
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS, POST, QUERY"
    assert response.headers["Access-Control-Allow-Headers"] == "*, Authorization"
    assert int(response.headers["Access-Control-Max-Age"]) > 0
    plain = client.options("/sparql")
    assert plain.headers["Allow"] == "GET, HEAD, OPTIONS, POST, QUERY"
    assert "Access-Control-Allow-Methods" not in plain.headers


def test_etags_tell_apart_query_format_coding_and_graphs(client: FlaskClient) -> None:
    long = "SELECT * { ?s ?p ?o }"
    answers = [
        get(client, long),
        get(client, long + " "),
        get(client, long, Accept="text/csv"),
        get(client, long, **{"Accept-Encoding": "gzip"}),
        client.get("/sparql", query_string={"query": long, "default-graph-uri": G1}),
        client.get("/sparql", query_string={"query": long, "named-graph-uri": G1}),
    ]
    tags = [a.headers["ETag"] for a in answers]
    assert len(set(tags)) == len(tags)
    assert not any(tag.startswith("W/") for tag in tags)
    assert get(client, long).headers["ETag"] == tags[0]


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_if_none_match(
    client: FlaskClient, engine: object, settings: Settings, warm: bool, coding: str
) -> None:
    query = "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o"
    etag = get(client, query, **{"Accept-Encoding": coding}).headers["ETag"]
    other = client if warm else create_app(engine, PUBLIC).test_client()
    for field in (etag, f'"x", {etag}', f"W/{etag}", "*"):
        response = get(other, query, **{"If-None-Match": field, "Accept-Encoding": coding})
        assert response.status_code == 304, field
        assert response.headers["ETag"] == etag
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Content-Type" not in response.headers
        assert response.data == b""
    assert get(other, query, **{"If-None-Match": '"x"'}).status_code == 200
    post = other.post("/sparql", data={"query": query}, headers={"If-None-Match": etag})
    assert post.status_code == 200


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (None, None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.5, identity", None),
        ("identity;q=0, gzip", "gzip"),
        ("br", None),
        ("gzip;q=nonsense", None),
    ],
)
def test_compression(client: FlaskClient, accept: str | None, coding: str | None) -> None:
    plain = get(client, "SELECT * { ?s ?p ?o }").data
    response = get(client, "SELECT * { ?s ?p ?o }", **({"Accept-Encoding": accept} if accept else {}))
    assert response.headers.get("Content-Encoding") == coding
    body = gzip.decompress(response.data) if coding == "gzip" else response.data
    assert body == plain


def test_small_answers_are_compressed_only_when_they_must(client: FlaskClient) -> None:
    assert "Content-Encoding" not in get(client, "ASK {}", **{"Accept-Encoding": "gzip"}).headers
    must = get(client, "ASK {}", **{"Accept-Encoding": "gzip, identity;q=0"})
    assert gzip.decompress(must.data) == get(client, "ASK {}").data
    assert get(client, "ASK {}", **{"Accept-Encoding": "*;q=0"}).status_code == 406


@pytest.mark.parametrize("call", ["NOW()", "RAND()", "UUID()", "struuid ( )", "now #\n()"])
def test_what_changes_has_no_etag_and_is_not_kept(client: FlaskClient, call: str) -> None:
    query = f"SELECT ({call} AS ?x) {{}}"
    first, second = get(client, query), get(client, query)
    assert first.headers["Cache-Control"] == "no-store"
    assert "ETag" not in first.headers
    if "NOW" not in call:
        assert first.data != second.data


# --- nothing yields a 500 --------------------------------------------------------------------------------

words = st.sampled_from(
    [
        "SELECT",
        "ASK",
        "{",
        "}",
        "?s",
        "<a:b>",
        "a",
        ".",
        '"x"',
        "FILTER",
        "(",
        ")",
        "SERVICE",
        "*",
        "FROM",
        "1e9",
    ]
)
texts = st.one_of(st.text(max_size=40), st.lists(words, max_size=15).map(" ".join))
names = st.sampled_from(["query", "default-graph-uri", "named-graph-uri", "format", "update", "x"])


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]),
    pairs=st.lists(st.tuples(names, texts), max_size=3),
    raw=st.binary(max_size=20),
    body=st.one_of(st.binary(max_size=40), texts.map(lambda t: t.encode("utf-8", "surrogatepass"))),
    content_type=st.sampled_from([FORM, DIRECT, FORM + ";charset=x", "a/b", "", ";", "text/plain;;="]),
    accept=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)
def test_no_request_yields_a_500(
    method: str, pairs: list[tuple[str, str]], raw: bytes, body: bytes, content_type: str, accept: str
) -> None:
    url = "/sparql?" + urlencode(pairs, errors="surrogatepass") + "&" + quote(raw, safe="%&=+")
    response = CLIENT.open(
        url, method=method, data=body, content_type=content_type, headers={"Accept": accept, "Origin": "x"}
    )
    assert response.status_code < 500, response.text
    if response.status_code >= 400 and response.mimetype == "application/problem+json" and method != "HEAD":
        assert json.loads(response.data)["status"] == response.status_code


CLIENT = create_app(Store()).test_client()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(st.binary(max_size=5), st.sampled_from([b"=", b"+", b"%3D", b"%0a", b"=\r\n", b" \n"]))
    )
)
def test_query_strings_are_decoded_as_the_standard_library_does(parts: list[bytes]) -> None:
    text = b"".join(parts)
    if BAD_PERCENT.search(text):
        text = text.replace(b"%", b"%25")
    assert unquote(text) == unquote_to_bytes(text.replace(b"+", b" "))
