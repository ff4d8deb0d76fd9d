"""What clients send that no specification asks of them, and what they look for in the answers."""

from __future__ import annotations

import json
import re

import pytest
from flask.testing import FlaskClient
from pyoxigraph import NamedNode, RdfFormat, Store, parse

from fmgraph.publish.dataset_names import DATA_LICENSE
from fmgraph.rdf.formats import GRAPHS, RESULTS
from fmgraph.rdf.prefixes import BASE
from fmgraph.server.engine import Engine
from fmgraph.server.http.negotiation import choose
from fmgraph.settings import Settings
from fmgraph.site import create_app

DIRECT = "application/sparql-query"
BOM = "\ufeff"


@pytest.fixture(scope="module")
def shipped_client(shipped: Engine) -> FlaskClient:
    return create_app(shipped, Settings(base_url="https://fm.example.org/")).test_client()


def links(response) -> set[tuple[str, str]]:
    """Return (relation, target) of the Link field."""
    return {
        (rel, to) for to, rel in re.findall(r'<([^>]*)>; rel="([^"]*)"', response.headers.get("Link", ""))
    }


# --- how the format is asked for -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/tab-separated-values;q=.7, text/csv;q=.8", "text/csv"),
        ("text/csv;q=0.70000, application/json;q=.6999", "text/csv"),
        ("text/csv;q=0., application/json;q=.1", "application/json"),
        ("image/png, *;q=.2", "application/sparql-results+json"),
        ("text/csv;q=1., application/json;q=.9", "text/csv"),
        ("text/csv;q=., application/json;q=.1", "application/json"),
        ("text/csv;q=1.5, application/json;q=.1", "application/json"),
    ],
)
def test_qualities_and_ranges_as_clients_write_them(accept: str, media_type: str) -> None:
    chosen = choose(accept, RESULTS)
    assert chosen is not None
    assert chosen.media_type == media_type


@pytest.mark.parametrize(
    ("media_type", "form"),
    [
        ("text/n3", "turtle"),
        ("text/rdf+n3", "turtle"),
        ("application/turtle", "turtle"),
        ("application/x-turtle", "turtle"),
        ("application/x-trig", "trig"),
        ("application/trig", "trig"),
        ("application/n-quads", "nquads"),
    ],
)
@pytest.mark.parametrize("path", ["/model/retfound", "/ns", "/void", "/", "/shapes", "/sparql"])
def test_every_name_of_an_rdf_format_is_known_everywhere(
    shipped_client: FlaskClient, path: str, media_type: str, form: str
) -> None:
    if path == "/sparql" and form in ("trig", "nquads"):
        path = "/sparql?query=CONSTRUCT{?s+?p+?o}WHERE{?s+?p+?o}LIMIT+1"
    response = shipped_client.get(path, headers={"Accept": f"{media_type}, */*;q=0.1"})
    assert response.status_code == 200
    names = next((f.media_type, *f.aliases) for f in GRAPHS if f.name == form)
    assert response.mimetype in names
    assert list(
        parse(
            response.data, {"turtle": RdfFormat.TURTLE, "trig": RdfFormat.TRIG}.get(form, RdfFormat.N_QUADS)
        )
    )


@pytest.mark.parametrize(
    ("url", "accept", "status", "media_type"),
    [
        ("&format=application/sparql-results+xml", None, 200, "application/sparql-results+xml"),
        ("&format=auto", "text/csv", 200, "text/csv"),
        ("&format=auto", "text/html,*/*;q=0.8", 200, "text/html"),
        ("&format=auto", "*/*", 400, "application/problem+json"),
        ("&format=auto", "image/png", 400, "application/problem+json"),
        ("&format=auto", None, 400, "application/problem+json"),
        ("&format=turtle", "application/json", 406, "application/problem+json"),
        ("&default-graph-uri=&named-graph-uri=", None, 200, "application/sparql-results+json"),
    ],
)
def test_formats_and_graphs_in_the_address(
    client: FlaskClient, url: str, accept: str | None, status: int, media_type: str
) -> None:
    response = client.get(f"/sparql?query=ASK%7B%7D{url}", headers={"Accept": accept} if accept else {})
    assert (response.status_code, response.mimetype) == (status, media_type)


def test_an_unknown_format_of_a_page_gives_way_too(client: FlaskClient) -> None:
    response = client.get("/ns?format=auto", headers={"Accept": "application/rdf+xml"})
    assert (response.status_code, response.mimetype) == (200, "application/rdf+xml")
    assert client.get("/ns?format=auto").status_code == 406
    assert client.get("/queries/built-on?format=auto", headers={"Accept": "text/csv"}).mimetype == "text/csv"


def test_a_byte_order_mark_is_no_part_of_a_query(client: FlaskClient) -> None:
    text = f"{BOM}ASK {{ ?s ?p ?o }}"
    assert client.get("/sparql", query_string={"query": text}).json["boolean"] is True
    assert client.post("/sparql", data={"query": text}).json["boolean"] is True
    assert client.post("/sparql", data=text.encode(), content_type=DIRECT).json["boolean"] is True
    assert client.get("/sparql", query_string={"query": BOM}).status_code == 400


# --- the method QUERY, and the key of the cache ----------------------------------------------------------


def test_query_is_a_method(client: FlaskClient) -> None:
    asked = client.open("/sparql", method="QUERY", data="ASK { ?s ?p ?o }", content_type=DIRECT)
    assert asked.json["boolean"] is True
    again = {"If-None-Match": asked.headers["ETag"]}
    cached = client.open(
        "/sparql", method="QUERY", data="ASK { ?s ?p ?o }", content_type=DIRECT, headers=again
    )
    assert cached.status_code == 304
    assert client.open("/sparql", method="QUERY", data="x", content_type="text/plain").status_code == 415
    assert client.open("/sparql", method="QUERY", content_type=DIRECT).status_code == 400


@pytest.mark.parametrize("method", ["POST", "QUERY", "DELETE"])
def test_the_cache_tells_methods_apart(client: FlaskClient, method: str) -> None:
    for path in ("/ns", "/sparql?query=ASK%7B%7D", "/about"):
        assert client.get(path).status_code == 200
        again = client.open(path, method=method, content_type="", data=b"")
        assert again.status_code in (400, 405, 415), path


# --- triple terms ----------------------------------------------------------------------------------------

_NOTED = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX fmg: <https://w3id.org/fmgraph/ns#>
<https://w3id.org/fmgraph/model/noted> a fmg:Model ; rdfs:label "Noted" ;
    rdfs:seeAlso <<( <urn:a> <urn:b> <<( _:c <urn:d> "é"@fr )>> )>> ."""


@pytest.fixture(scope="module")
def noted() -> FlaskClient:
    store = Store()
    store.load(_NOTED.encode(), RdfFormat.TURTLE)
    return create_app(store).test_client()


@pytest.mark.parametrize("form", [*RESULTS, *GRAPHS], ids=lambda form: form.name)
@pytest.mark.parametrize("kind", ["SELECT ?s ?o", "CONSTRUCT", "page"])
def test_triple_terms_never_break_an_answer(noted: FlaskClient, form, kind: str) -> None:
    path = "/model/noted" if kind == "page" else f"/sparql?query={kind}+WHERE+%7B?s+?p+?o%7D"
    response = noted.get(path, headers={"Accept": form.media_type})
    fits = form in (RESULTS if kind.startswith("SELECT") else GRAPHS) and form.name != "jsonld"
    assert response.status_code == (200 if fits else 406)
    if not fits and form.name == "jsonld" and kind != "SELECT ?s ?o":
        assert "triple term" in response.json["detail"]
    page = noted.get(path, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "urn:a" in page.text


# --- what the answers say of themselves ------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/model/retfound", "/dataset/mimic-cxr", "/institution/adobe", "/venue/aaai"]
)
def test_other_peoples_work_is_not_announced_under_our_licence(
    shipped_client: FlaskClient, path: str
) -> None:
    said = {to for rel, to in links(shipped_client.head(path)) if rel == "license"}
    assert said == ({"https://spdx.org/licenses/CC-BY-NC-4.0"} if path.endswith("retfound") else set())
    rdf = shipped_client.head(f"{path}.ttl")
    assert ("license", DATA_LICENSE) in links(rdf)


def test_the_home_page_is_the_landing_page_of_the_dataset(shipped_client: FlaskClient) -> None:
    home = shipped_client.get("/", headers={"Accept": "text/html"})
    found = links(home)
    assert ("cite-as", BASE) in found
    assert ("item", "https://fm.example.org/dump/fmgraph.ttl") in found
    dump = links(shipped_client.get("/dump/fmgraph.ttl"))
    assert {("collection", "https://fm.example.org/"), ("license", DATA_LICENSE)} <= dump
    rdf = shipped_client.get("/", headers={"Accept": "text/turtle"})
    assert (rdf.mimetype, rdf.headers["Content-Location"]) == ("text/turtle", "/void.ttl")
    assert any(quad.subject == NamedNode(f"{BASE}void#dataset") for quad in parse(rdf.data, RdfFormat.TURTLE))


def test_one_iri_names_the_service(shipped_client: FlaskClient, shipped: Engine) -> None:
    described = shipped_client.get("/sparql", headers={"Accept": "application/n-triples"}).text
    services = set(re.findall(r"<([^>]*)> <[^>]*#type> <[^>]*#Service>", described))
    assert services == {
        row["s"].value
        for row in shipped.rows(
            "SELECT ?s { ?s a <http://www.w3.org/ns/sparql-service-description#Service> }"
        )
    }
    assert "https://fm.example.org/sparql" in described


def test_no_two_things_share_a_homepage(shipped: Engine) -> None:
    rows = shipped.rows(
        "SELECT ?a ?b ?h { ?a <http://xmlns.com/foaf/0.1/homepage> ?h . "
        "?b <http://xmlns.com/foaf/0.1/homepage> ?h FILTER(STR(?a) < STR(?b)) }"
    )
    assert [(row["a"].value, row["b"].value) for row in rows] == []


def test_languages_are_resources(shipped: Engine) -> None:
    assert not shipped.ask("ASK { ?s <http://purl.org/dc/terms/language> ?l FILTER(ISLITERAL(?l)) }")


def test_examples_are_ours_and_well_known(shipped: Engine, shipped_client: FlaskClient) -> None:
    rows = shipped.rows("SELECT ?e { ?d <http://rdfs.org/ns/void#exampleResource> ?e }")
    examples = [row["e"].value for row in rows]
    assert examples
    for example in examples:
        assert example.startswith(BASE)
        assert shipped_client.get(f"/{example.removeprefix(BASE)}").status_code == 200
        kind = example.removeprefix(BASE).partition("/")[0]
        degrees = shipped.rows(
            f'SELECT ?s (COUNT(*) AS ?n) {{ ?x ?p ?s FILTER(STRSTARTS(STR(?s), "{BASE}{kind}/") '
            '&& !CONTAINS(STR(?s), "#")) } GROUP BY ?s ORDER BY DESC(?n) LIMIT 1'
        )
        if degrees:
            own = shipped.rows(f"SELECT (COUNT(*) AS ?n) {{ ?x ?p <{example}> }}")
            assert own[0]["n"] == degrees[0]["n"], example


def test_a_named_query_is_described_where_its_iri_leads(shipped_client: FlaskClient, shipped: Engine) -> None:
    rows = shipped.rows(
        "SELECT ?q ?p { ?q a <http://www.w3.org/ns/shacl#SPARQLExecutable> "
        "OPTIONAL { ?q <http://purl.org/dc/terms/hasPart> ?p } }"
    )
    by_query: dict[str, set[str]] = {}
    for row in rows:
        by_query.setdefault(row["q"].value, set()).update({row["p"].value} if "p" in row else set())
    assert by_query
    for query, parts in by_query.items():
        path = f"/{query.removeprefix(BASE)}"
        answer = shipped_client.get(path, headers={"Accept": "text/turtle"})
        subjects = {quad.subject.value for quad in parse(answer.data, RdfFormat.TURTLE)}
        assert subjects >= {query, *parts}
        assert shipped_client.get(f"{path}.jsonld").mimetype == "application/ld+json"
        page = shipped_client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 303
        name = path.rsplit("/", 1)[1]
        assert page.headers["Location"] == f"https://fm.example.org/queries#{name}"
        assert f'id="{name}"' in shipped_client.get("/queries").text


@pytest.mark.parametrize("name", ["shapes", "equivalences"])
def test_shapes_and_equivalences_lead_somewhere(client: FlaskClient, name: str) -> None:
    whole = client.get(f"/{name}", headers={"Accept": "text/turtle"})
    triples = list(parse(whole.data, RdfFormat.TURTLE))
    assert any(quad.subject == NamedNode(f"{BASE}{name}") for quad in triples)
    other = client.get(f"/{name}.nt")
    assert len(list(parse(other.data, RdfFormat.N_TRIPLES))) == len(set(triples))
    assert client.get(f"/{name}", headers={"Accept": "text/html"}).mimetype == "text/html"
    assert client.get(f"/{name}.docx").status_code == 404


def test_search_engines_find_whole_data_sets_only(shipped_client: FlaskClient) -> None:
    for path in ("/model/retfound", "/dataset/tcga", "/paper/retfound", "/list/plm2233-2025-12"):
        page = shipped_client.get(path, headers={"Accept": "text/html"}).text
        (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
        todo = [json.loads(block)]
        while todo:
            one = todo.pop()
            if isinstance(one, dict):
                if one.get("@type") == "Dataset":
                    assert len(one["description"]) >= 50, path
                    assert one["name"]
                todo += one.values()
            elif isinstance(one, list):
                todo += one


def test_a_charset_stands_once(shipped_client: FlaskClient, server) -> None:
    with server.connect() as connection:
        connection.sendall(b"HEAD /dump/SHA256SUMS HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head = connection.recv(5000).decode()
    assert head.count("charset") <= 1
    assert shipped_client.get("/dump/fmgraph.ttl").content_type == "text/turtle; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/", "/about", "/model/retfound", "/disagreements", "/list/", "/why", "/void"]
)
def test_what_a_page_does_not_take_is_left_out_of_its_address(shipped_client: FlaskClient, path: str) -> None:
    for _ in range(2):
        answer = shipped_client.get(f"{path}?utm_source=x&fbclid=y", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["Location"]) == (302, path)
        assert not answer.headers.get("ETag")
