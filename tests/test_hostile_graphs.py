"""A graph of a stranger (``--data``) and a stranger's arguments break neither a page nor a query."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pyoxigraph import RdfFormat, Store

from fmgraph.answers.named_queries import parse_query
from fmgraph.publish.dump_files import write_dumps
from fmgraph.rdf import dataset_folders
from fmgraph.rdf.store import Dataset, dataset_of_files
from fmgraph.records.identifiers import is_arxiv, is_issn, is_orcid
from fmgraph.server.engine import Engine
from fmgraph.settings import Settings
from fmgraph.site import create_app

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
ODD = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX fmg: <https://w3id.org/fmgraph/ns#>
PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX schema: <https://schema.org/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> PREFIX prov: <http://www.w3.org/ns/prov#>
<https://w3id.org/fmgraph/model/odd> a fmg:Model , <urn:class> ; rdfs:label "Odd" , "<b>" ;
  <urn:property> <urn:value> ;
  <javascript:alert(1)> <javascript:alert(2)> ; fmg:developedBy <mailto:a@b.c> ; fmg:license <urn:licence> ;
  fmg:builtOn <urn:base> ; fmg:year "NaN" ; fmg:describedBy [] .
<https://w3id.org/fmgraph/list/odd> a fmg:SourceList ; rdfs:label "Odd list" .
<https://w3id.org/fmgraph/list/odd#t> dcterms:isPartOf <https://w3id.org/fmgraph/list/odd> ; rdfs:label "T" ;
  schema:position "NaN" .
<https://w3id.org/fmgraph/list/odd#c> fmg:inTable <https://w3id.org/fmgraph/list/odd#t> ; rdfs:label "C" ;
  schema:position "9999999999999999999999" .
<urn:row> a fmg:ListRow ; dcterms:isPartOf <https://w3id.org/fmgraph/list/odd> ; rdfs:label "row" ;
  schema:position 1 ; fmg:inTable <https://w3id.org/fmgraph/list/odd#t> .
<urn:claim> a fmg:Claim ; rdf:subject <https://w3id.org/fmgraph/model/odd> ; rdf:predicate fmg:builtOn ;
  rdf:object <urn:base> ; prov:hadPrimarySource <urn:source> .
<urn:base> rdfs:label "base" .
"""


@pytest.fixture(scope="module")
def odd() -> FlaskClient:
    store = Store()
    store.load(ODD.encode(), RdfFormat.TURTLE)
    return create_app(store).test_client()


@pytest.mark.parametrize(
    "path", ["/", "/model/odd", "/list/odd", "/model/", "/lineage/model/odd", "/lineage/", "/disagreements"]
)
def test_no_page_breaks_on_an_odd_graph_and_no_link_leads_to_none(odd: FlaskClient, path: str) -> None:
    page = odd.get(path, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert not re.findall(r'(?:href|src)="(?:None|javascript|urn|mailto)', page.text)


def test_no_argument_is_looked_into_by_another(engine: Engine) -> None:
    text = (
        "#+ title: T\n#+ description: D\n#+ parameters:\n#+   a: {kind: string}\n#+   b: {kind: string}\n"
        'SELECT * { VALUES ?a { "x" } VALUES ?b { "y" } ?a ?p ?b }\n'
    )
    query = parse_query("q", text)
    inner = 'VALUES ?b { "z" }'
    for arguments in ({"a": inner, "b": '" } INJECTED {'}, {"b": inner, "a": '" } INJECTED {'}):
        bound = query.bind(arguments, engine)
        assert bound.count("INJECTED") == 1
        assert '"\\" } INJECTED {"' in bound
        engine.run(bound)
        assert '\\"z\\"' in bound
    assert query.bind({}) == query.text


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (is_orcid, "0000-0002-1694-233X", "0000-0002-1694-2330"),
        (is_orcid, "https://orcid.org/0000-0001-5109-3700", "0000-0001-5109-370"),
        (is_issn, "0378-5955", "0378-5956"),
        (is_issn, "2434-561X", "2434-5610"),
        (is_arxiv, "2309.07778", "2309.0777"),
        (is_arxiv, "0704.0001", "0703.0001"),
        (is_arxiv, "1412.6980", "1501.0001"),
        (is_arxiv, "math.GT/0309136", "hep-th/0713001"),
    ],
)
def test_check_digits(check, good: str, bad: str) -> None:
    assert check(good)
    assert not check(bad)
    assert not check(f"{good}\n")


def test_metrics_have_one_address(engine: Engine, tmp_path: Path) -> None:
    client = create_app(engine).test_client()
    assert client.get("/metrics/").status_code == 404
    assert client.get("/healthz").status_code == 200


# --- dumps that are written anew while they are served ---------------------------------------------------


@pytest.fixture
def other() -> Dataset:
    store = Store()
    store.load(b"<http://e/new> <http://e/p> <http://e/o> .", RdfFormat.N_TRIPLES)
    return Dataset(None, dataset_of_files([SAMPLE]).meta, store)


@pytest.mark.parametrize("way", ["exchanged", "moved one by one"])
def test_dumps_are_replaced_and_other_files_stay(
    tmp_path: Path, other: Dataset, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way != "exchanged":
        monkeypatch.setattr(dataset_folders, "_exchanged", lambda one, two: False)
    folder = tmp_path / "d"
    write_dumps(dataset_of_files([SAMPLE]), folder, ["nt", "ttl"], ["", "gz"])
    (folder / "README").write_text("mine")
    (folder / "notes").mkdir()
    written = write_dumps(other, folder, ["nt"], [""])
    assert {path.name for path in folder.iterdir()} == {*(path.name for path in written), "README", "notes"}
    assert (folder / "fmgraph.nt").read_bytes() == b"<http://e/new> <http://e/p> <http://e/o> .\n"
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


def test_no_new_bytes_go_out_under_an_old_tag(tmp_path: Path, engine: Engine, other: Dataset) -> None:
    folder = tmp_path / "d"
    sample = dataset_of_files([SAMPLE])
    write_dumps(sample, folder, ["nt"], [""], parts=False)
    client = create_app(engine, Settings(), dumps=folder).test_client()
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for dataset in (other, sample):
                write_dumps(dataset, folder, ["nt"], [""], parts=False)

    writer = threading.Thread(target=rewrite)
    writer.start()
    tags: dict[str, bytes] = {}
    try:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            with client.get("/dump/fmgraph.nt") as answer:
                assert answer.status_code == 200
                assert tags.setdefault(answer.headers["ETag"], answer.data) == answer.data
    finally:
        stop.set()
        writer.join()
    assert len(tags) == 2
