"""The pages over a small graph and over one with many models: indexes, search, lineage, editor."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmgraph.answers.named_queries import load_queries
from fmgraph.answers.resolve import entries as name_entries
from fmgraph.errors import EngineError, UsageError
from fmgraph.ontology import searched_classes
from fmgraph.publish.describe import describe
from fmgraph.rdf import text_index
from fmgraph.rdf.prefixes import FMG, RDF
from fmgraph.rdf.store import dataset_of_files
from fmgraph.settings import Settings
from fmgraph.site import create_app, page_context
from fmgraph.site.home_page import parameter_values
from fmgraph.site.list_pages import markdown_parts
from fmgraph.site.page_links import safe

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
BASE = "https://w3id.org/fmgraph/"
HTML = {"Accept": "text/html"}
MANY = 1234
WITHDRAWN = {"/model/retizero-old": 301, "/model/withdrawn-model": 410}


@pytest.fixture(scope="module")
def client():
    app = create_app(dataset_of_files([SAMPLE]), Settings())
    app.testing = True
    return app.test_client()


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A graph in which one backbone and one parent have very many models."""
    lines = [
        f'<{BASE}backbone/vit> a fmg:Backbone ; rdfs:label "ViT" .',
        f'<{BASE}model/root> a fmg:Model ; rdfs:label "Root" .',
        "fmg:builtOn a owl:ObjectProperty .",
    ]
    lines += [
        f'<{BASE}model/m{n}> a fmg:Model ; rdfs:label "Model {n:04}" ; fmg:backbone <{BASE}backbone/vit> ; '
        f"fmg:builtOn <{BASE}model/root> ; fmg:derivesFrom <{BASE}model/root> ; "
        f'fmg:year "{2000 + n % 20}"^^<http://www.w3.org/2001/XMLSchema#gYear> .'
        f"<{BASE}claim/c{n}> a fmg:Claim ; rdf:subject <{BASE}model/m{n}> ; rdf:predicate fmg:builtOn ; "
        f"rdf:object <{BASE}model/root> ; fmg:accepted true ."
        for n in range(MANY)
    ]
    prefixes = (
        f"@prefix fmg: <{BASE}ns#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . "
        "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . "
        "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
    )
    file = tmp_path_factory.mktemp("crowd") / "crowd.ttl"
    file.write_text(prefixes + "\n".join(lines), "utf-8")
    app = create_app(dataset_of_files([file]), Settings())
    app.testing = True
    return app.test_client()


def get(client, path: str, **query: object) -> str:
    answer = client.get(path, query_string=query or None, headers=HTML)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/html; charset=utf-8"
    return answer.text


PAGES = [
    "/",
    "/about",
    "/queries",
    "/list/",
    "/disagreements",
    "/vocabulary",
    "/search",
    "/search?q=ret",
    "/sparql",
    "/ns",
    "/model/",
    "/model",
    "/paper/",
    "/claim/",
    "/row/",
    "/quantity/",
    "/model/retizero",
    "/backbone/vit",
    "/license/mit",
    "/list/plm2233-2025-12",
    "/row/plm2233-2025-12-14",
    "/lineage/model/retizero",
    "/institution/university-college-london",
    "/venue/nature",
    "/unit/image",
    "/hardware/8x-nvidia-a100-80gb",
]


@pytest.mark.parametrize("path", PAGES)
def test_each_page_has_one_heading_landmarks_and_no_inline_code(client, path):
    page = get(client, path)
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert len(re.findall(r"<main[ >]", page)) == 1
    assert 'class="skip" href="#main"' in page
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style", page)
    scripts = re.findall(r"<script([^>]*)>", page)
    assert all("src=" in one or "json" in one for one in scripts)
    ids = re.findall(r'\sid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    for label in re.findall(r'<label[^>]* for="([^"]*)"', page):
        assert label in ids


def test_every_local_link_leads_somewhere(client):
    seen, todo = set(), {"/"}
    elsewhere = re.compile(r"/(dump|void|static)\b")
    while todo:
        path = todo.pop()
        seen.add(path)
        answer = client.get(path, headers={"Accept": "text/html, */*;q=0.1"})
        assert answer.status_code == {"/model/retizero-old": 301, "/model/withdrawn-model": 410}.get(
            path, 200
        ), path
        if answer.mimetype == "text/html":
            links = {html.unescape(link) for link in re.findall(r'href="(/[^"#]*)', answer.text)}
            todo |= {link for link in links if not elsewhere.match(link) and "?" not in link} - seen
    assert len(seen) > 100


def test_an_index_counts_and_narrows(client):
    page = get(client, "/model/")
    assert re.search(r"<h1>Models <span class=\"count\">7</span>", page)
    assert 'Vision Transformer</a> <span class="count">3</span>' in page
    assert "modality=ophthalmic-imaging" in page
    narrowed = get(client, "/model/", backbone="vit", year="2023")
    assert re.search(r"<h1>Models <span class=\"count\">1</span>", narrowed)
    assert ">RETFound</a>" in narrowed
    assert ">EyeCLIP</a>" not in narrowed
    assert 'href="/model/?year=2023">' in narrowed  # drops the backbone
    assert 'aria-current="true">Vision Transformer</a>' in narrowed
    licence = get(client, "/model/", license="https://spdx.org/licenses/CC-BY-NC-4.0")
    assert ">RETFound</a>" in licence
    assert "Nothing here with all of these together" in get(client, "/model/", year="1999", scope="general")


@pytest.mark.parametrize(
    "query",
    [
        {"year": 'x" } DROP'},
        {"backbone": "a> <b"},
        {"page": "-1"},
        {"page": "9" * 30},
        {"modality": "'"},
        {"license": "https://example.org/ x"},
    ],
)
def test_odd_facets_are_no_error_of_ours(client, query):
    assert client.get("/model/", query_string=query, headers=HTML).status_code in (200, 404)


def test_large_indexes_come_in_pages(crowd):
    page = get(crowd, "/model/")
    assert "1 to 50 of 1,235" in page
    assert 'rel="next"' in page
    last = get(crowd, "/model/", page=25)
    assert "1,201 to 1,235 of 1,235" in last
    assert 'rel="next"' not in last
    assert crowd.get("/model/?page=99", headers=HTML).status_code == 404


def test_many_incoming_links_are_counted_and_paged(crowd):
    page = get(crowd, "/backbone/vit")
    assert len(page) < 60_000
    assert "First 100 of 1,234." in page
    found: set[str] = set()
    link = html.unescape(re.search(r'<a href="(/backbone/vit/incoming[^"]*)">All 1,234', page)[1])
    while link:
        text = get(crowd, link)
        found |= set(re.findall(r'<li><a href="(/model/m[0-9]+)"', text))
        following = re.search(r'<a href="([^"]*)" rel="next"', text)
        link = html.unescape(following[1]) if following else ""
    assert len(found) == MANY


def test_a_large_lineage_says_what_it_leaves_out(crowd):
    page = get(crowd, "/lineage/model/root")
    assert "The nearest 300 of 1,234 works" in page
    whole = crowd.get("/lineage/model/root.json").json
    assert len(whole["descendants"]["nodes"]) == MANY
    assert whole["ancestors"]["nodes"] == []


def test_lineage_as_a_tree_with_sources(client):
    page = get(client, "/lineage/model/retizero")
    up = page.split('id="up"')[1].split('id="down"')[0]
    assert up.index(">RETFound<") < up.index(">MAE ViT-L<")
    assert "LoraRETFound.py" in up
    assert client.get("/lineage/paper/retizero").status_code == 404
    assert client.get("/lineage/model/none").status_code == 404
    assert client.get("/lineage/model/retizero", headers={"Accept": "text/turtle"}).mimetype == "text/turtle"


def test_disagreements_show_both_sides(client):
    page = html.unescape(get(client, "/disagreements"))
    assert re.search(r"disagree <span class=\"count\">2</span>", page)
    assert "<del>ViT-B/16</del>" in page
    assert "<span>open</span> (not accepted)" in page


def test_the_vocabulary_is_a_tree_with_counts(client):
    page = get(client, "/vocabulary")
    tree = page.split('id="backbone"')[1]
    assert tree.index(">Vision Transformer<") < tree.index(">ViT-B<") < tree.index(">ViT-B/16<")
    assert re.search(r'>Vision Transformer</a> <span class="count"[^>]*>3<', tree)


def test_the_ontology_is_served_in_all_forms(client):
    page = get(client, "/ns")
    terms = {
        q.subject.value
        for q in ox.parse(client.get("/ns.ttl").data, format=ox.RdfFormat.TURTLE)
        if isinstance(q.subject, ox.NamedNode)
    }
    for term in terms:
        if term.startswith(BASE + "ns#"):
            assert f'id="{term.partition("#")[2]}"' in page
    sizes = set()
    for suffix, form in (
        ("nt", ox.RdfFormat.N_TRIPLES),
        ("rdf", ox.RdfFormat.RDF_XML),
        ("jsonld", ox.RdfFormat.JSON_LD),
        ("ttl", ox.RdfFormat.TURTLE),
    ):
        sizes.add(len(list(ox.parse(client.get(f"/ns.{suffix}").data, format=form))))
    assert len(sizes) == 1
    assert client.get("/ns", headers={"Accept": "application/rdf+xml"}).mimetype == "application/rdf+xml"
    assert client.get("/ns/0.0.0").status_code == 404


def test_the_editor_shows_results_and_errors(client):
    select = get(
        client, "/sparql", query="SELECT ?s { ?s a <https://w3id.org/fmgraph/ns#Model> } ORDER BY ?s"
    )
    assert '<a href="/model/retizero">RetiZero</a>' in select
    assert "7 rows" in select
    assert '<p class="lead">Yes.</p>' in get(client, "/sparql", query="ASK { ?s ?p ?o }")
    graph = html.unescape(get(client, "/sparql", query="CONSTRUCT { ?s a ?t } WHERE { ?s a ?t }"))
    assert "model:retizero a fmg:Model , fmg:Work ." in graph
    wrong = client.get("/sparql", query_string={"query": "SELECT ?<x> {"}, headers=HTML)
    assert wrong.status_code == 400
    assert "Query syntax error" in wrong.text
    assert "SELECT ?&lt;x&gt; {</textarea>" in wrong.text
    posted = client.post("/sparql", data={"query": "ASK { ?s ?p ?o }", "format": "html"}, headers=HTML)
    assert "Yes." in posted.text


def test_a_long_result_says_what_it_leaves_out(crowd):
    page = get(crowd, "/sparql", query="SELECT * { ?s ?p ?o }")
    assert "1 to 1,000 here" in page
    assert page.count("<tr>") == 1001
    following = html.unescape(re.search(r'<a href="([^"]*)" rel="next"', page)[1])
    assert "1,001 to 2,000 here" in crowd.get(following, headers=HTML).text


def test_pages_work_without_the_bundle(monkeypatch, tmp_path):
    for name in ("style.css", "page.js", "icon.svg"):
        (tmp_path / name).write_bytes((page_context.STATIC / name).read_bytes())
    monkeypatch.setattr(page_context, "STATIC", tmp_path)
    client = create_app(dataset_of_files([SAMPLE]), Settings()).test_client()
    page = get(client, "/sparql")
    assert "vendor/editor.js" not in page
    assert "<textarea" in page


def _values(text: str) -> list[str]:
    """The values of all VALUES lines, with prefixed names written out."""
    found = re.findall(r"VALUES \?\w+ \{([^}]*)\}", text)
    return [re.sub(r"\bfmg:(\w+)", rf"<{BASE}ns#\1>", one).strip() for one in found]


@pytest.mark.parametrize("name", load_queries())
def test_each_named_query_has_a_form_that_can_be_sent_as_it_is(client, name):
    query = load_queries()[name]
    values = parameter_values(query)
    assert [p for p, _ in values] == list(query.parameters)
    form = get(client, "/queries").split(f'action="/queries/{name}"')[1].split("</form>")[0]
    for parameter, value in values:
        assert f'name="{parameter.name}" value="{html.escape(value)}"' in form
    bound = query.bind({parameter.name: value for parameter, value in values})
    assert _values(bound) == _values(query.text)


# Search


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    dataset = dataset_of_files([SAMPLE])
    engine = create_app(dataset, Settings()).extensions["fmgraph"].engine
    path = tmp_path_factory.mktemp("search") / "search.sqlite"
    entries = list(name_entries(engine.rows, searched_classes()))
    assert text_index.build_index(path, entries) == len(entries)
    return path, entries


def answers(index, text: str, **options: object) -> list[str]:
    path, entries = index
    hits = text_index.query(path, text, **options)
    if not options:
        assert text_index.query(text_index.index_in_memory(entries), text) == hits
    return [hit.iri.removeprefix(BASE) for hit in hits.entries]


def test_search_finds_names_titles_and_beginnings(index):
    assert answers(index, "RETFound")[0] == "model/retfound"
    assert answers(index, "reti")[:1] == ["model/retizero"]
    assert answers(index, "reti zero") == ["model/retizero"]
    assert answers(index, "emile")[0] == "person/emile-muster"
    assert answers(index, "groesser") == []
    assert answers(index, "größer") == answers(index, "GROSSER") == ["model/examplenet"]
    assert answers(index, "knowledge-rich vision") == ["paper/retizero"]
    assert answers(index, "ViT-B/32")[0] == "backbone/vit-b-32"
    assert answers(index, "clip", kinds=["method"]) == ["method/clip"]
    assert answers(index, "example", limit=2) == answers(index, "example", limit=4)[:2]
    assert answers(index, "example", limit=2, offset=2) == answers(index, "example", limit=4)[2:]


@given(st.text(max_size=60))
def test_no_question_is_search_syntax(index, text):
    path, _ = index
    assert text_index.query(path, text).total >= 0
    assert text_index.similar(path, text) == text_index.similar(path, text)


@pytest.mark.parametrize(
    "text", ['"', "AND", "a OR b", "NEAR(a b)", "label:x", "*", "(", "-", "^a", "\x00", "a\x00b"]
)
def test_search_operators_are_words(index, text):
    answers(index, text)


def test_an_index_is_written_once_and_a_broken_one_is_told(index, tmp_path):
    with pytest.raises(UsageError):
        text_index.build_index(index[0], [])
    broken = tmp_path / "search.sqlite"
    broken.write_bytes(b"no database at all" * 100)
    with pytest.raises(EngineError, match="search index cannot be read"):
        text_index.query(broken, "x")


def test_the_search_page_uses_the_index_where_there_is_one(tmp_path):
    path = tmp_path / "search.sqlite"
    text_index.build_index(
        path, [text_index.Entry(f"{BASE}model/only-in-the-index", "model", "Only in the index")]
    )
    indexed = create_app(dataset_of_files([SAMPLE]), Settings(), search=path).test_client()
    assert 'href="/model/only-in-the-index"' in get(indexed, "/search", q="only")


def test_the_search_page_without_an_index(client):
    page = get(client, "/search", q="ret")
    assert ">RETFound</a>" in page
    assert "0 things" in get(client, "/search", q="nothing-like-it")
    assert "among models" in get(client, "/search", q="ret", kind="model")


# Small parts


@given(st.text(max_size=80))
def test_cells_keep_all_their_text(raw):
    parts = markdown_parts(raw)
    assert all(href is None or safe(href) for _, href in parts)
    if "](" not in raw:
        assert "".join(text for text, _ in parts) == raw


def test_cells_link_what_may_be_linked():
    assert markdown_parts("see [GitHub](https://example.org/a) now") == [
        ("see ", None),
        ("GitHub", "https://example.org/a"),
        (" now", None),
    ]
    assert markdown_parts("[x](javascript:alert(1))")[0] == ("x", None)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//host/x",
        "/x",
        "http://",
        "",
        "http://[",
        "ftp://example.org/",
        " https://example.org/",
    ],
)
def test_only_http_addresses_are_linked(address):
    assert not safe(address)


# The description

#: Triples of the sample graph, which is counted without its description.
PLAIN = len(set(ox.parse(path=SAMPLE, format=ox.RdfFormat.TURTLE)))


@pytest.fixture(scope="module")
def described():
    store = ox.Store()
    store.bulk_load(path=SAMPLE, format=ox.RdfFormat.TURTLE)
    triples = describe(store, "1.2.3", "2026-01-02", load_queries().values())
    store.bulk_extend(ox.Quad(*triple) for triple in triples)
    return store


@pytest.mark.parametrize(
    "path", ["/void", "/void.ttl", "/void.jsonld", "/void.rdf", "/void.nt", "/.well-known/void"]
)
def test_the_description_is_what_the_graph_says_of_itself(described, path):
    client = create_app(described, Settings()).test_client()
    answer = client.get(path)
    assert answer.status_code == 200
    form = ox.RdfFormat.from_media_type(answer.mimetype)
    found = {quad.triple for quad in ox.parse(answer.data, format=form)}
    parts = client.get(f"/void/partitions{path[path.index('.') :] if '.' in path[2:] else ''}")
    assert parts.status_code == 200
    apart = {q.triple for q in ox.parse(parts.data, format=ox.RdfFormat.from_media_type(parts.mimetype))}
    own = {quad.triple for quad in described if quad.subject.value.startswith(f"{BASE}void#")}
    missing = re.compile(r"(void#dump-|/dump/)\S*(gz|zst|1\.2)")  # dumps that are not here
    assert {triple for triple in own if not missing.search(str(triple))} <= found | apart
    assert not any(missing.search(str(triple)) for triple in found)
    graph = {quad.triple for quad in described}
    assert all(triple in graph or "/release/" in str(triple) for triple in found)
    counted = {
        t.object.value
        for t in found
        if t.subject.value == f"{BASE}void#dataset" and t.predicate.value == "http://rdfs.org/ns/void#triples"
    }
    assert counted == {str(PLAIN)}


def test_the_description_is_a_page_for_those_who_want_one(described):
    client = create_app(described, Settings()).test_client()
    page = client.get("/void", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, page.mimetype) == (200, "text/html")
    text = page.text
    models = {
        quad.subject
        for quad in described.quads_for_pattern(
            None, ox.NamedNode(f"{RDF}type"), ox.NamedNode(f"{FMG}Model"), None
        )
    }
    summary = re.search(r"<summary>fmg:Model [^\n]*?(\d+)</span></summary>", text)
    assert summary is not None
    assert int(summary[1]) == len(models)
    assert f"<strong>{PLAIN:,}</strong> triples" in text
    assert client.get("/void").mimetype == client.get("/void", headers={"Accept": "*/*"}).mimetype
    assert client.get("/void").mimetype == "text/turtle"
    assert client.get("/void.html").mimetype == "text/html"


def test_a_graph_without_a_description_says_so(client):
    assert client.get("/void").status_code == 404
    assert client.get("/void.pdf").status_code == 404


# Assets, and what the home page says to machines


def test_assets_are_compressed_revalidated_and_kept(client):
    address = re.search(r'href="(/static/style\.css\?v=[^"]*)"', get(client, "/about"))[1]
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.content_type == "text/css; charset=utf-8"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    again = client.get(address, headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert "immutable" not in client.get("/static/style.css").headers["Cache-Control"]
    assert client.get("/static/page.js").mimetype == "text/javascript"
    assert client.get("/static/icon.svg").mimetype == "image/svg+xml"


@pytest.mark.parametrize(
    "name", ["none.css", "../app.py", "..%2fapp.py", "%2e%2e/app.py", "/etc/passwd", "vendor"]
)
def test_no_other_file_is_served(client, name):
    assert client.get(f"/static/{name}").status_code == 404


def test_the_home_page_describes_the_dataset_to_machines(client):
    page = get(client, "/")
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1]
    node = ox.NamedNode(f"{BASE}void#dataset")
    found = [q for q in ox.parse(block, format=ox.RdfFormat.JSON_LD) if q.subject == node]
    said = {q.predicate.value.removeprefix("https://schema.org/"): q.object.value for q in found}
    assert {"name", "description", "license", "creator", "identifier", "distribution"} <= said.keys()
    links = client.get("/", headers=HTML).headers["Link"]
    assert f'<{BASE}>; rel="cite-as"' in links
    assert '</void.ttl>; rel="describedby"; type="text/turtle"' in links
    assert '</dump/fmgraph.ttl>; rel="item"; type="text/turtle"' in links
