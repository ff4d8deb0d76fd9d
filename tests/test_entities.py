"""Entities as RDF and as pages: exactly what the graph has, re-parsed, with its sources and links."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Graph as RdflibGraph

from fmgraph.rdf.store import dataset_of_files
from fmgraph.settings import Settings
from fmgraph.site import create_app
from fmgraph.site.model_card import dataset_id, hub_id
from fmgraph.site.page_links import Links
from fmgraph.site.snippets import bibtex, loading

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
BASE = "https://w3id.org/fmgraph/"
FMG = BASE + "ns#"
LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
HTML = {"Accept": "text/html"}
TYPES = {
    "ttl": ("text/turtle", ox.RdfFormat.TURTLE),
    "nt": ("application/n-triples", ox.RdfFormat.N_TRIPLES),
    "rdf": ("application/rdf+xml", ox.RdfFormat.RDF_XML),
    "jsonld": ("application/ld+json", ox.RdfFormat.JSON_LD),
}
ENTITIES = [
    "model/retizero",
    "model/examplenet",
    "paper/examplenet",
    "row/plm2233-2025-12-14",
    "backbone/vit-l",
    "list/plm2233-2025-12",
    "dataset/example-fundus",
    "person/ada-example",
    "quantity/342000-image",
]


@pytest.fixture(scope="module")
def dataset():
    return dataset_of_files([SAMPLE])


@pytest.fixture(scope="module")
def client(dataset):
    app = create_app(dataset, Settings(base_url="https://example.org/"))
    app.testing = True
    return app.test_client()


def expected(store: ox.Store, iri: str) -> set[ox.Triple]:
    """What the RDF of an entity must hold: its triples, its parts' triples, the labels of what they name."""
    own = {q.triple for q in store if q.subject.value == iri or q.subject.value.startswith(f"{iri}#")}
    subjects = {t.subject for t in own}
    objects = {t.object for t in own if isinstance(t.object, ox.NamedNode)} - subjects
    return own | {q.triple for o in objects for q in store.quads_for_pattern(o, LABEL, None)}


@pytest.mark.parametrize("suffix", TYPES)
@pytest.mark.parametrize("entity", ENTITIES)
def test_rdf_holds_exactly_what_the_store_has(client, dataset, entity, suffix):
    media_type, form = TYPES[suffix]
    by_suffix = client.get(f"/{entity}.{suffix}")
    by_accept = client.get(f"/{entity}", headers={"Accept": media_type})
    assert by_suffix.status_code == by_accept.status_code == 200
    assert by_suffix.mimetype == by_accept.mimetype == media_type
    assert by_suffix.data == by_accept.data
    assert by_accept.headers["Content-Location"] == f"/{entity}.{suffix}"
    assert "Accept" in by_accept.headers["Vary"]
    found = {quad.triple for quad in ox.parse(by_suffix.data, format=form)}
    assert found == expected(dataset.store, BASE + entity)


def test_the_turtle_is_readable_and_stable(client):
    text = client.get("/model/retizero.ttl").text
    assert "\n\nmodel:retizero a fmg:Model , fmg:Work ;\n" in text
    prefixes = re.findall("^@prefix (.*?):", text, re.MULTILINE)
    assert prefixes == sorted(prefixes)
    assert "sh" not in prefixes
    assert len(RdflibGraph().parse(data=text, format="turtle")) > 10


def test_an_spdx_licence_has_a_page_here(client):
    answer = client.get("/license/cc-by-nc-4-0.nt")
    subjects = {q.subject.value for q in ox.parse(answer.data, format=ox.RdfFormat.N_TRIPLES)}
    assert "https://spdx.org/licenses/CC-BY-NC-4.0" in subjects
    links = Links(Settings())
    assert links.page("https://spdx.org/licenses/BSD-3-Clause") == "/license/bsd-3-clause"
    assert links.page("https://spdx.org/licenses/MIT.html") == "https://spdx.org/licenses/MIT.html"
    assert 'href="/license/mit"' in client.get("/model/examplenet", headers=HTML).text


def test_sources_and_disagreements_are_on_the_page(client):
    page = html.unescape(client.get("/model/eyeclip", headers=HTML).text)
    assert "the released code loads ViT-B/32" in page
    assert "<del>ViT-B/16</del>" in page
    assert 'href="https://github.com/Michi-3000/EyeCLIP/blob/7b3f2bc/CLIP_ft_all_1enc_all.py"' in page
    outranked = client.get("/model/retfound", headers=HTML).text
    assert "1 other claim, not accepted" in outranked
    assert "PLM2233 (2025-11), row 3" in outranked


def test_the_umbrella_is_shown_once_with_its_claims(client):
    page = client.get("/model/retizero", headers=HTML).text
    lineage = page.split(">Lineage</h2>")[1].split("<section")[0].split("</figure>")[-1]
    assert lineage.count('href="/model/retfound"') == 1
    assert "2 sources" in lineage
    assert "built on</a></dt>" not in lineage.lower()
    assert "Further back" in lineage


def test_incoming_links_count_what_is_built_on_it(client):
    page = client.get("/model/retfound", headers=HTML).text
    assert re.search(r"Initialised from this <span class=\"count\">1</span>", page)
    assert 'href="/model/examplenet"' in page
    assert "relation not stated closer" not in page


def test_nothing_of_a_label_is_markup_and_no_other_scheme_is_linked(client):
    why = f"/why?s={BASE}model/examplenet&p={FMG}code&o=javascript:alert(1)"
    for path in ("/model/examplenet", "/model/", "/lineage/model/retfound", "/search?q=Example", why):
        page = client.get(path, headers=HTML).text
        assert "<Net>" not in page
        assert not re.search(r"(href|src|action)=\"?\s*javascript:", page, re.IGNORECASE)
    assert "Example&lt;Net&gt;" in client.get("/model/examplenet", headers=HTML).text


@pytest.mark.parametrize(
    "path",
    [
        "/model/%3Cb%3Ex",
        "/search?q=%3Cb%3E%22x",
        "/model/?year=%3Cb%3E%22",
        "/%3Cb%3E/",
        "/sparql?query=%3C/textarea%3E%3Cb%3E",
        "/why?s=%3Cb%3E%22&p=x&o=y",
    ],
)
def test_nothing_of_a_request_is_echoed_as_markup(client, path):
    page = client.get(path, headers=HTML).text
    assert "<b>" not in page
    assert 'value="<' not in page


def embedded(page: str) -> str:
    return re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1]


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_embedded_json_ld_parses_and_agrees_with_the_store(client, dataset, entity):
    block = embedded(client.get(f"/{entity}", headers=HTML).text)
    assert not set("<>&") & set(block)
    assert json.loads(block)["@context"] == {"@vocab": "https://schema.org/"}
    triples = [quad.triple for quad in ox.parse(block, format=ox.RdfFormat.JSON_LD)]
    node = ox.NamedNode(BASE + entity)
    names = {
        t.object.value
        for t in triples
        if t.subject == node and t.predicate.value == "https://schema.org/name"
    }
    assert names == {q.object.value for q in dataset.store.quads_for_pattern(node, LABEL, None)}
    based = {t.object for t in triples if t.subject == node and t.predicate.value.endswith("/isBasedOn")}
    parents = dataset.store.quads_for_pattern(node, ox.NamedNode(FMG + "builtOn"), None)
    assert based == {quad.object for quad in parents}


def test_signposting(client):
    links = client.get("/paper/examplenet", headers=HTML).headers["Link"]
    assert f'<{BASE}paper/examplenet>; rel="cite-as"' in links
    assert '<https://example.org/paper/examplenet.ttl>; rel="describedby"; type="text/turtle"' in links
    assert '<https://schema.org/ScholarlyArticle>; rel="type"' in links
    assert f'<{BASE}person/ada-example>; rel="author"' in links
    assert 'rel="license"' not in links  # it is not known, and ours is not the paper's
    model = client.get("/model/examplenet", headers=HTML).headers["Link"]
    assert '<https://huggingface.co/example/ExampleNet>; rel="item"' in model
    assert "javascript" not in model
    back = client.get("/model/examplenet.ttl").headers["Link"]
    assert '<https://example.org/model/examplenet.html>; rel="describes"; type="text/html"' in back
    assert '<https://creativecommons.org/publicdomain/zero/1.0/>; rel="license"' in back


def test_the_host_shapes_no_link(client):
    usual = client.get("/model/retizero", headers=HTML)
    odd = client.get(
        "/model/retizero", headers={**HTML, "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    )
    assert odd.data == usual.data
    assert odd.headers["Link"] == usual.headers["Link"]
    gone = client.get("/model/retizero-old", headers={"Host": "evil.example"})
    assert gone.headers["Location"] == "/model/retizero"
    assert client.get("/model", headers={**HTML, "Host": "evil.example"}).status_code == 200


def test_unknown_withdrawn_and_replaced(client):
    unknown = client.get("/model/retizer0", headers={"Accept": "application/json"})
    assert unknown.status_code == 404
    assert "model/retizero" in unknown.json["nearest"]
    assert client.get("/model/retizero.pdf").status_code == 404
    assert client.get("/nonsense/x").status_code == 404
    assert client.get("/model/RetiZero").status_code == 404
    gone = client.get("/model/withdrawn-model", headers={"Accept": "application/json"})
    assert gone.status_code == 410
    assert "entered by mistake" in gone.json["detail"]
    moved = client.get("/model/retizero-old.ttl")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/model/retizero.ttl")
    assert client.get("/model/retizero", headers={"Accept": "image/png"}).status_code == 406


def test_head_and_conditional_requests(client):
    got = client.get("/model/retizero", headers=HTML)
    head = client.head("/model/retizero", headers=HTML)
    assert head.data == b""
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    again = client.get("/model/retizero", headers={**HTML, "If-None-Match": got.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/model/retizero.ttl").headers["ETag"] != got.headers["ETag"]


def test_bibtex_of_a_paper(client):
    page = html.unescape(client.get("/paper/examplenet", headers=HTML).text)
    entry = page.split('id="copy-bibtex"')[1].split("<code>")[1].split("</code>")[0]
    assert entry.startswith("@article{examplenet,")
    assert r"title = {{An \{Example\} of a paper: 100\% \& more}}" in entry
    assert "author = {Ada Example and Émile Muster and Jan van der Voorbeeld}" in entry
    assert "journal = {Example Journal}" in entry
    assert "doi = {10.5555/example.2026.1}" in entry
    assert "archiveprefix = {arXiv}" in entry


def test_bibtex_says_only_what_is_known():
    entry = bibtex("x", {"title": ["T"], "arxiv": ["2601.00001"]}, [], ("arXiv", "preprint-server"))
    assert entry == "@misc{x,\n  title = {{T}},\n  eprint = {2601.00001},\n  archiveprefix = {arXiv}\n}\n"


def test_model_card_names_the_parent_on_the_hub(client):
    page = html.unescape(client.get("/model/examplenet", headers=HTML).text)
    card = page.split('id="copy-card"')[1].split("<code>")[1].split("</code>")[0]
    assert card == (
        "base_model:\n  - YukunZhou/RETFound_mae_natureCFP  # RETFound\nbase_model_relation: finetune\n"
        "license: other\nlicense_name: example-licence  # Example Licence\n"
        "license_link: https://example.org/licence\n"
        "# trained on, no name on the Hub known: Example Fundus\n"
    )
    assert "copy-card" not in client.get("/model/eyeclip", headers=HTML).text
    assert "base_model_relation" not in client.get("/model/retizero", headers=HTML).text.split("copy-card")[1]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://huggingface.co/a/b", "a/b"),
        ("https://huggingface.co/a/b/tree/main", "a/b"),
        ("https://huggingface.co/a", None),
        ("https://huggingface.co/datasets/a/b", None),
        ("https://example.org/huggingface.co/a/b", None),
        ("https://huggingface.co/a/b c", None),
        ("http://[", None),
    ],
)
def test_hub_ids(address, found):
    assert hub_id(address) == found


def test_hub_ids_of_data_sets():
    assert dataset_id("https://huggingface.co/datasets/a/b/tree/main") == "a/b"
    for address in (
        "https://huggingface.co/a/b",
        "https://huggingface.co/datasets/a",
        "https://e.org/datasets/a/b",
    ):
        assert dataset_id(address) is None


def why(client, s: str, p: str, o: str) -> str:
    answer = client.get("/why", query_string={"s": s, "p": p, "o": o}, headers=HTML)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_why_tells_claims_of_narrower_properties(client):
    page = why(client, BASE + "model/retizero", FMG + "builtOn", BASE + "model/retfound")
    assert "This is in the graph." in page
    assert "initialised from</strong>, which implies it" in page
    assert "loads RETFound colour fundus weights" in page


def test_why_tells_the_way_of_a_derived_triple(client):
    page = why(client, BASE + "model/retizero", FMG + "derivesFrom", f"<{BASE}model/mae-vit-l>")
    steps = page.split("By which way")[1]
    assert steps.index("RETFound") < steps.index("MAE ViT-L")
    assert "sample statement for tests" in steps


def test_why_tells_what_is_not_accepted(client):
    page = why(client, BASE + "model/retfound", FMG + "access", '"open"')
    assert "<strong>not</strong> in the graph, though it is claimed" in page
    assert "gated" in page
    typed = why(
        client, BASE + "model/retizero", FMG + "year", '"2025"^^<http://www.w3.org/2001/XMLSchema#gYear>'
    )
    assert "Claims <span" in typed


@pytest.mark.parametrize(
    "query",
    [
        "",
        "s=x",
        f"s={BASE}x&p={FMG}y",
        f"s={BASE}x&p={FMG}y&o=<a> . <b> <c> <d>",
        f's={BASE}x&p={FMG}y> <z&o="a',
    ],
)
def test_why_refuses_what_is_no_triple(client, query):
    assert client.get(f"/why?{query}").status_code == 400


def test_a_row_shows_each_cell_and_what_was_read_in_it(client):
    page = html.unescape(client.get("/row/plm2233-2025-12-14", headers=HTML).text)
    row = page.split('id="model-backbone"')[1].split("</tr>")[0]
    assert "RETFound" in row
    assert "built on" in row
    assert 'href="/model/retfound"' in row
    code = page.split('<tr id="code"')[1].split("</tr>")[0]
    assert '<a class="ext" rel="noopener" href="https://github.com/LooKing9218/RetiZero">GitHub</a>' in code


def test_a_list_shows_its_tables(client):
    page = client.get("/list/plm2233-2025-12", headers=HTML).text
    assert page.count("<tr>") == 4
    assert '<th scope="col" id="table-4-year">Year</th>' in page
    assert "(prose, not kept)" not in page


def test_links_are_under_the_configured_path(dataset):
    app = create_app(dataset, Settings(base_url="https://example.org/graph/"))
    page = app.test_client().get("/model/retizero", headers=HTML).text
    local = re.findall(r'(?:href|src|action)="(/[^"]*)"', page)
    assert len(local) > 20
    assert all(link.startswith("/graph/") for link in local)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (
            'transformers.AutoModel.from_pretrained("a/b")',
            'import transformers\n\nmodel = transformers.AutoModel.from_pretrained("a/b")\n',
        ),
        ('torch.hub.load("a/b", "c")', 'import torch.hub\n\nmodel = torch.hub.load("a/b", "c")\n'),
        ("mammal.model.Mammal()", "import mammal.model\n\nmodel = mammal.model.Mammal()\n"),
        (
            'open_clip.create_model_from_pretrained("hf-hub:a/b")',
            'import open_clip\n\nmodel, preprocess = open_clip.create_model_from_pretrained("hf-hub:a/b")\n',
        ),
    ],
)
def test_a_call_becomes_python(call, code):
    compile(code, "snippet", "exec")
    assert loading(call) == code


def test_the_page_says_how_to_load_a_model_and_where_its_card_is():
    store = ox.Store()
    store.load(path=SAMPLE)
    name = ox.NamedNode(f"{BASE}model/retfound")
    call = ox.Literal('timm.create_model("hf-hub:a/b", pretrained=True)')
    store.add(ox.Quad(name, ox.NamedNode(f"{FMG}loadedBy"), call))
    client = create_app(store, Settings()).test_client()
    page = html.unescape(client.get("/model/retfound", headers=HTML).text)
    section = page.split('<section aria-labelledby="use-it">')[1].split("</section>")[0]
    assert f"import timm\n\nmodel = {call.value}\n" in section
    assert 'href="https://huggingface.co/YukunZhou/RETFound_mae_natureCFP"' in section
    assert "The weights are gated" in section


def test_a_work_without_call_or_card_has_no_section_on_its_use(client):
    assert "use-it" not in client.get("/model/retizero", headers=HTML).text
