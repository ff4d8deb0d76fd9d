"""The W3C's own SPARQL 1.1 Protocol and evaluation tests, against the running application.

The tests are not part of this repository: they are found by FMGRAPH_SHARED, or in ``../shared``. What they
ask is also asked by tests of our own (test_protocol.py). docs/protocol.md has the table.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import NamedNode, RdfFormat, Store
from rdflib import RDF, XSD, Graph, Namespace
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from werkzeug.test import TestResponse

from fmgraph.site import create_app

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
Term = tuple[str, ...]
KASEI = "http://kasei.us/2009/09/sparql/data/"
TABULAR = {
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
}
BOOLEAN = {"application/sparql-results+json", "application/sparql-results+xml"}
GRAPH = {"application/rdf+xml", "text/turtle", "application/n-triples"}
#: Every test of the manifest, and what becomes of it: ours passes it, or refuses it as the update it is.
PASS, REFUSED = "pass", "refused"
UPDATES = """update_dataset_default_graph update_dataset_default_graphs update_dataset_named_graphs
update_dataset_full update_post_form update_post_direct update_base_uri"""
QUERIES = """query_post_form query_dataset_default_graphs_get query_dataset_default_graphs_post
query_dataset_named_graphs_post query_dataset_named_graphs_get query_dataset_full query_multiple_dataset
query_get
query_content_type_select query_content_type_ask query_content_type_describe query_content_type_construct
query_post_direct bad_query_method bad_multiple_queries bad_query_wrong_media_type bad_query_missing_form_type
bad_query_missing_direct_type bad_query_non_utf8 bad_query_syntax bad_update_get bad_multiple_updates
bad_update_wrong_media_type bad_update_missing_form_type bad_update_non_utf8 bad_update_syntax
bad_update_dataset_conflict"""
TESTS = {**dict.fromkeys(QUERIES.split(), PASS), **dict.fromkeys(UPDATES.split(), REFUSED)}


@pytest.fixture(scope="module")
def manifest(shared: Path) -> Graph:
    return Graph().parse(shared / "w3c/sparql/sparql11/protocol/manifest.ttl")


@pytest.fixture(scope="module")
def w3c(shared: Path) -> Flask:
    """The application over the three graphs of the tests."""
    store = Store()
    for number in (1, 2, 3):
        path = shared / f"w3c/sparql/sparql11/protocol/data{number}.nt"
        graph = NamedNode(f"{KASEI}data{number}.rdf")
        store.load(path=path, format=RdfFormat.N_TRIPLES, to_graph=graph)
    return create_app(store)


def _requests(manifest: Graph, name: str) -> list[dict[str, Any]]:
    test = next(t for t in manifest.subjects(RDF.type, MF.ProtocolTest) if str(t).endswith(f"#{name}"))
    action = manifest.value(test, MF.action)
    found = []
    for request in Collection(manifest, manifest.value(action, HT.requests)):
        body, headers = manifest.value(request, HT.body), manifest.value(request, HT.headers)
        encoding = str(manifest.value(body, CNT.characterEncoding) or "utf-8") if body else "utf-8"
        response = manifest.value(request, HT.resp)
        found.append(
            {
                "method": str(manifest.value(request, HT.methodName)),
                "path": str(manifest.value(request, HT.absolutePath)),
                "data": str(manifest.value(body, CNT.chars)).encode(encoding) if body else None,
                "headers": [
                    (str(manifest.value(h, HT.fieldName)), str(manifest.value(h, HT.fieldValue)))
                    for h in (Collection(manifest, headers) if headers else ())
                ],
                "status": {str(s)[-3] for s in manifest.objects(response, MF.expectedStatus)},
                "boolean": manifest.value(response, MF.expectedBoolean),
                "format": str(manifest.value(response, MF.expectedFormat) or ""),
            }
        )
    return found


def _send(client: FlaskClient, request: dict[str, Any]) -> TestResponse:
    return client.open(
        request["path"], method=request["method"], data=request["data"], headers=request["headers"]
    )


def test_the_table_names_every_test_of_the_manifest(manifest: Graph) -> None:
    names = {str(test).rpartition("#")[2] for test in manifest.subjects(RDF.type, MF.ProtocolTest)}
    assert names == set(TESTS)


@pytest.mark.parametrize("name", TESTS)
def test_protocol(manifest: Graph, w3c: Flask, name: str) -> None:
    client = w3c.test_client()
    requests = _requests(manifest, name)
    if TESTS[name] is REFUSED:
        assert _send(client, requests[0]).status_code == 403
        return
    for request in requests:
        response = _send(client, request)
        assert str(response.status_code)[0] in request["status"], response.text
        if request["boolean"] is not None:
            assert response.json["boolean"] is bool(request["boolean"])
        if request["format"] == "tabular":
            assert response.mimetype in TABULAR
        elif request["format"] == "boolean":
            assert response.mimetype in BOOLEAN
        elif request["format"] == "RDF":
            assert response.mimetype in GRAPH


#: Evaluation tests that the engine (pyoxigraph 0.5) answers otherwise, with the reason.
DIFFERS = {
    "sparql10/distinct/distinct-1": "literals are canonical: 01 and 1 are one term",
    "sparql10/expr-builtin/sameTerm-not-eq": "literals are canonical: 01 and 1 are one term",
    "sparql10/expr-builtin/case-insensitive-booleans": "true and false are read in lower case only",
    "sparql10/open-world/date-2": "dates with and without a time zone can be unequal, as in XPath 3.1",
    "sparql10/open-world/date-3": "literals are canonical: +00:00 is Z",
    "sparql11/aggregates/agg-groupconcat-04": "a language that all have is kept, as in SPARQL 1.2",
    "sparql11/aggregates/agg-groupconcat-06": "a language that all have is kept, as in SPARQL 1.2",
    "sparql11/csv-tsv-res/tsv03": "literals are canonical: a negativeInteger is an integer",
}


def _binding(binding: dict[str, str]) -> Term:
    kind = {"uri": "u", "bnode": "b"}.get(binding["type"], "l")
    return _term(kind, binding["value"], binding.get("datatype"), binding.get("xml:lang"))


def _term(
    kind: str, value: str = "", datatype: str | None = None, language: str | None = None
) -> tuple[str, ...]:
    """Return a term to compare: blank nodes are alike, numbers of one type equal by value."""
    if kind != "l":
        return (kind, "" if kind == "b" else value)
    if language:
        return (kind, value, language.lower())
    datatype = (datatype or f"{XSD}string").removeprefix(str(XSD))
    if datatype in ("integer", "decimal", "double", "float"):
        with suppress(ValueError):
            value = repr(float(value))
    elif datatype == "boolean":
        value = {"0": "false", "1": "true"}.get(value, value)
    return (kind, value, datatype)


def test_evaluation(shared: Path, client: FlaskClient) -> None:
    failed = {}
    for test in json.loads((shared / "w3c/eval_inline.json").read_text("utf-8")):
        response = client.post("/sparql", data=test["query"], content_type="application/sparql-query")
        expected = test["expected"]
        if response.status_code != 200:
            failed[test["id"]] = response.text
            continue
        if expected["kind"] == "ask":
            if response.json["boolean"] is not expected["boolean"]:
                failed[test["id"]] = response.text
            continue
        if expected["kind"] == "graph":
            graphs = (
                Graph().parse(data=response.text),
                Graph().parse(data="\n".join(expected["nt"]), format="nt"),
            )
            if not isomorphic(*graphs):
                failed[test["id"]] = response.text
            continue
        rows = [{k: _binding(v) for k, v in row.items()} for row in response.json["results"]["bindings"]]
        wanted = [{k: _term(*v) for k, v in row.items()} for row in expected["rows"]]
        key = [tuple(sorted(row.items())) for row in rows]
        wanted_key = [tuple(sorted(row.items())) for row in wanted]
        same = key == wanted_key if expected["ordered"] else Counter(key) == Counter(wanted_key)
        if not same or set(response.json["head"]["vars"]) != set(expected["vars"]):
            failed[test["id"]] = f"{sorted(key, key=str)}\n  != {sorted(wanted_key, key=str)}"
    assert sorted(failed) == sorted(DIFFERS), "\n".join(f"{k}: {v}" for k, v in failed.items())
