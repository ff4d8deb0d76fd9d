"""Other programs join their data with ours by SERVICE, and the federated examples can be planned."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import requests
from rdflib.plugins.sparql import prepareQuery

from conftest import free_port
from fmgraph import resources

OXIGRAPH = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
THEIRS = """PREFIX ex: <https://example.org/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX fmg: <https://w3id.org/fmgraph/ns#>
PREFIX model: <https://w3id.org/fmgraph/model/>
"""
MODELS = ("uni", "retfound", "conch")
EXAMPLES = sorted((resources.queries_dir() / "federated").glob("*.rq"))


@pytest.fixture(scope="module")
def oxigraph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert OXIGRAPH, "the oxigraph server is in the extra test"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = (tmp_path_factory.mktemp("oxigraph") / "log").open("wb")
    with subprocess.Popen(
        [OXIGRAPH, "serve", "--bind", f"127.0.0.1:{port}"], stdout=log, stderr=log
    ) as process:
        for _ in range(300):
            try:
                requests.get(url, timeout=2)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        data = "".join(
            f"<urn:run-{name}> <https://example.org/used> <https://w3id.org/fmgraph/model/{name}> .\n"
            for name in MODELS
        )
        headers = {"Content-Type": "text/turtle"}
        requests.post(f"{url}/store?default", data, headers=headers, timeout=30).raise_for_status()
        yield url
        process.terminate()
    log.close()


def join(service: str, pattern: str = "") -> str:
    block = f"SERVICE <{service}sparql> {{ ?model rdfs:label ?label . {pattern} }}"
    return f"{THEIRS}SELECT DISTINCT ?model ?label {{ ?run ex:used ?model . {block} }}"


def labels(shipped) -> set[str]:
    values = " ".join(f"<https://w3id.org/fmgraph/model/{name}>" for name in MODELS)
    query = f"SELECT ?l {{ VALUES ?m {{ {values} }} ?m <http://www.w3.org/2000/01/rdf-schema#label> ?l }}"
    return {row["l"].value for row in shipped.rows(query)}


def test_a_second_endpoint_joins_by_service(oxigraph, shipped_server, shipped):
    headers = {"Accept": "application/sparql-results+json"}
    query = join(f"{shipped_server}/", "?model a fmg:Model")
    answer = requests.get(f"{oxigraph}/query", {"query": query}, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    found = {row["label"]["value"] for row in answer.json()["results"]["bindings"]}
    assert found == labels(shipped)
    assert len(found) == len(MODELS)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_rdflib_joins_by_get_and_by_post_with_bindings(shipped_server, shipped, method):
    graph = rdflib.Graph()
    for name in MODELS:
        model = rdflib.URIRef(f"https://w3id.org/fmgraph/model/{name}")
        graph.add((rdflib.URIRef(f"urn:{name}"), rdflib.URIRef("https://example.org/used"), model))
    # rdflib asks by GET up to 600 characters, and declares thirty prefixes before what is no query itself.
    block = "?model <http://www.w3.org/2000/01/rdf-schema#label> ?label"
    block = f"SELECT * {{ {block} }}" if method == "GET" else block
    service = f"SERVICE <{shipped_server}/sparql> {{ {block} }}"
    query = f"{THEIRS}SELECT DISTINCT ?label {{ ?run ex:used ?model . {service} }}"
    assert {str(row.label) for row in graph.query(query)} == labels(shipped)


def test_bindings_come_in_blocks(shipped_server, shipped):
    """The pattern with VALUES of some bindings, a block at a time, as FedX and Jena send it."""
    found = set()
    for method, names in (("GET", MODELS[:2]), ("POST", MODELS[2:])):
        values = " ".join(f"(<https://w3id.org/fmgraph/model/{name}>)" for name in names)
        pattern = "{ ?m <http://www.w3.org/2000/01/rdf-schema#label> ?label }"
        query = f"SELECT ?label {pattern} VALUES (?m) {{ {values} }}"
        sent = {"params": {"query": query}} if method == "GET" else {"data": {"query": query}}
        headers = {"Accept": "application/sparql-results+json"}
        answer = requests.request(method, f"{shipped_server}/sparql", headers=headers, timeout=60, **sent)
        found |= {row["label"]["value"] for row in answer.json()["results"]["bindings"]}
    assert found == labels(shipped)


def test_there_are_examples():
    assert {path.stem for path in EXAMPLES} >= {"wikidata-institutions", "wikidata-concepts", "orkg-papers"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_federated_example_parses_and_is_planned(path, shipped):
    """Two parsers read it; over an empty store nobody is asked; our part of it has answers."""
    text = path.read_text("utf-8")
    assert "ServiceGraphPattern" in str(prepareQuery(text).algebra)
    (place,) = re.findall(r"SERVICE <(https://[^>]+)>", text)
    assert place in ("https://query.wikidata.org/sparql", "https://orkg.org/triplestore")
    assert list(ox.Store().query(text.replace(place, "http://127.0.0.1:1/"))) == []
    ours = re.sub(r"^ *FILTER.*$", "", text.replace(f"SERVICE <{place}>", "OPTIONAL"), flags=re.MULTILINE)
    assert shipped.rows(ours)
