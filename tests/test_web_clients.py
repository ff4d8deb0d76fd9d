"""The clients that people use, against the running server: rdflib, SPARQLWrapper, curl, Comunica.

Comunica is found by COMUNICA, the path of its ``comunica-sparql`` (npm: @comunica/query-sparql); its test
is left out where that is not set.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from rdflib import Graph, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore

if TYPE_CHECKING:
    from tests.conftest import Running

MODEL = "https://w3id.org/fmgraph/model/retizero"
LABEL = f"SELECT ?label WHERE {{ <{MODEL}> <http://www.w3.org/2000/01/rdf-schema#label> ?label }}"


def endpoint(server: Running) -> str:
    return f"http://127.0.0.1:{server.port}/sparql"


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib(server: Running, method: str) -> None:
    graph = Graph(SPARQLStore(endpoint(server), method=method))
    assert [str(row.label) for row in graph.query(LABEL)] == ["RetiZero"]
    assert graph.query("ASK { ?s a ?c }").askAnswer is True
    assert len(graph.query(f"DESCRIBE <{MODEL}>").graph) > 10
    assert (URIRef(MODEL), None, None) in graph


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own reader of JSON-LD uses it
def test_rdflib_reads_an_entity_by_negotiation(server: Running) -> None:
    graph = Graph().parse(f"http://127.0.0.1:{server.port}/model/retizero")
    assert (URIRef(MODEL), None, None) in graph


def test_sparqlwrapper(server: Running) -> None:
    wrapper = pytest.importorskip("SPARQLWrapper")
    client = wrapper.SPARQLWrapper(endpoint(server))
    for form in (wrapper.JSON, wrapper.XML, wrapper.CSV, wrapper.TSV):
        for method, way in ((wrapper.GET, wrapper.URLENCODED), (wrapper.POST, wrapper.URLENCODED),
                            (wrapper.POST, wrapper.POSTDIRECTLY)):  # fmt: skip
            client.setReturnFormat(form)
            client.setMethod(method)
            client.setRequestMethod(way)
            client.setQuery(LABEL)
            answer = client.query().convert()
            text = answer.toxml() if form == wrapper.XML else json.dumps(answer, default=bytes.decode)
            assert "RetiZero" in text
    client.setMethod(wrapper.GET)
    for form in (wrapper.TURTLE, wrapper.RDFXML, wrapper.JSONLD):
        client.setReturnFormat(form)
        client.setQuery(f"CONSTRUCT WHERE {{ <{MODEL}> ?p ?o }}")
        assert client.query().response.status == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_plain_curl_session(server: Running) -> None:
    def curl(*arguments: str) -> str:
        command = ["curl", "-s", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout

    url = endpoint(server)
    assert json.loads(curl(url, "--data-urlencode", f"query={LABEL}"))["head"]["vars"] == ["label"]
    assert curl("-G", url, "--data-urlencode", f"query={LABEL}", "-H", "Accept: text/csv").split() == [
        "label",
        "RetiZero",
    ]
    direct = ("--data-binary", "ASK {}", "-H", "Content-Type: application/sparql-query")
    assert '"boolean":true' in curl(url, *direct)
    assert '"boolean":true' in curl(url, *direct, "--compressed")
    assert "200 OK" in curl("-I", f"{url}?query=ASK%7B%7D")
    assert curl("-o", os.devnull, "-w", "%{http_code}", f"{url}?query=ASK") == "400"


@pytest.mark.skipif("COMUNICA" not in os.environ, reason="COMUNICA does not name comunica-sparql")
def test_comunica(server: Running) -> None:
    command = [os.environ["COMUNICA"], f"sparql@{endpoint(server)}", LABEL]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert "RetiZero" in ended.stdout
