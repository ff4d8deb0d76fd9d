"""Passports of works: valid by CycloneDX's own schemas, with what is beneath and what is unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from flask.testing import FlaskClient
from huggingface_hub import ModelCardData

from fmgraph.answers.named_queries import get_query
from fmgraph.answers.passport import EXPECTED, passport
from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.store import open_dataset
from fmgraph.settings import Settings
from fmgraph.site import create_app
from fmgraph.site.graph_reader import Graph
from fmgraph.site.snippets import model_card

MODEL = f"{BASE}model/"


@pytest.fixture(scope="module")
def client(shipped_dir: Path) -> FlaskClient:
    return create_app(open_dataset(shipped_dir), Settings(base_url="https://fm.example.org/")).test_client()


@pytest.fixture(scope="module")
def retizero(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/model/retizero.cdx.json")
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/vnd.cyclonedx+json"
    return answer.json


def valid(bom: dict[str, Any]) -> None:
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bom))
    assert problem is None, str(problem)[:2000]


def properties(component: dict[str, Any], name: str) -> list[str]:
    return [one["value"] for one in component["properties"] if one["name"] == name]


def test_passports_are_valid_by_the_schema(client, shipped):
    every = sorted(
        row["s"].value for row in shipped.rows("SELECT ?s { ?s a <https://w3id.org/fmgraph/ns#Work> }")
    )
    for work in every[:: max(1, len(every) // 12)]:
        valid(passport(shipped, work))
    valid(client.get("/model/retizero.cdx.json").json)


def test_what_is_beneath_is_there_with_its_relation(retizero):
    beneath = {one["bom-ref"]: one for one in retizero["components"]}
    root = retizero["metadata"]["component"]
    assert (root["name"], root["type"]) == ("RetiZero", "machine-learning-model")
    assert properties(root, "fmgraph:initialisedFrom") == [f"{MODEL}retfound"]
    assert f"{MODEL}retfound" in beneath
    [evidence] = properties(root, f"fmgraph:evidence:initialisedFrom:{MODEL}retfound")
    assert "https://github.com/LooKing9218/RetiZero" in evidence
    assert f"{BASE}claim/" in evidence
    refs = {root["bom-ref"], *beneath}
    assert all({one["ref"], *one["dependsOn"]} <= refs for one in retizero["dependencies"])


def test_licences_have_their_evidence(retizero):
    [retfound] = [one for one in retizero["components"] if one["bom-ref"] == f"{MODEL}retfound"]
    licence = next(one["license"] for one in retfound["licenses"])
    assert licence["id"] == "CC-BY-NC-4.0"
    said = {one["name"]: one["value"] for one in licence["properties"]}
    assert said["fmgraph:licenseOf"] == "weights"
    assert said["fmgraph:source"].startswith("https://github.com/rmaphoh/RETFound")


def test_what_is_unknown_is_listed_and_never_none(retizero):
    text = json.dumps(retizero)
    assert '"NONE"' not in text
    assert '"NOASSERTION"' not in text
    root = retizero["metadata"]["component"]
    assert "weightsLicense" in properties(root, "fmgraph:unknown")
    for component in (root, *retizero["components"]):
        if component["type"] == "machine-learning-model":
            assert set(properties(component, "fmgraph:unknown")) <= set(EXPECTED)
    data = [one for one in retizero["components"] if one["type"] == "data"]
    assert data == [] or all(
        "licenses" in one or "license" in properties(one, "fmgraph:unknown") for one in data
    )
    assert retizero["compositions"][0]["aggregate"] == "unknown"


def test_completeness_is_that_of_the_named_query(retizero, shipped):
    rows = shipped.rows(get_query("completeness").text)
    [expected] = [row["completeness"].value for row in rows if row["work"].value == f"{MODEL}retizero"]
    [said] = properties(retizero["metadata"]["component"], "fmgraph:completeness")
    assert said == f"{float(expected):.2f}"


@pytest.mark.parametrize("path", ["/model/no-such.cdx.json", "/paper/uni.cdx.json", "/model/UNI.cdx.json"])
def test_what_has_no_passport_is_404(client, path):
    assert client.get(path).status_code == 404


def test_model_card_metadata_is_what_the_hub_takes(shipped):
    """By the Hub's own library: the lines parse, and its fields take them."""
    graph, seen = Graph(shipped), 0
    for row in graph.rows(
        "SELECT DISTINCT ?s { ?s fmg:fineTunedFrom|fmg:initialisedFrom ?o } ORDER BY ?s LIMIT 60"
    ):
        text = model_card(graph, row["s"].value)
        if text is None or text.startswith("#"):
            continue
        read = yaml.safe_load(text)
        data = ModelCardData(**read)
        assert all(name.count("/") == 1 for name in data.base_model)
        assert read.get("base_model_relation") in (None, "finetune", "adapter", "merge", "quantized")
        seen += 1
    assert seen > 5
