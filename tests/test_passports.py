"""Passports of works: valid by CycloneDX's own schemas, with what is beneath and what is unknown."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from flask.testing import FlaskClient
from huggingface_hub import ModelCard, ModelCardData
from huggingface_hub.utils import validate_repo_id

from fmgraph.answers.named_queries import get_query
from fmgraph.answers.passport import EXPECTED, passport
from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.store import open_dataset
from fmgraph.settings import Settings
from fmgraph.site import create_app
from fmgraph.site.graph_reader import Graph
from fmgraph.site.model_card import HUB_LICENSES, model_card

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


def cards(shipped) -> Iterator[tuple[str, str]]:
    """The cards of all works of which one of the four things is known."""
    graph = Graph(shipped)
    known = "fmg:fineTunedFrom|fmg:adapts|fmg:initialisedFrom|fmg:weightsLicense|fmg:trainedOn"
    for row in graph.rows(f"SELECT DISTINCT ?s {{ ?s {known} ?o }} ORDER BY ?s"):
        if (text := model_card(graph, row["s"].value)) is not None:
            yield row["s"].value, text


def test_model_cards_are_what_the_hub_takes(shipped):
    """By the Hub's own library, and the rules for licences and relations that its server applies."""
    seen = Counter()
    for work, text in cards(shipped):
        read = yaml.safe_load(text) or {}
        card = ModelCard(f"---\n{text}---\n# A model\n")
        assert card.data.to_dict() == ModelCardData(**read).to_dict(), work
        seen.update(read.keys())
        licenses = (
            [read.get("license", [])] if isinstance(read.get("license"), str) else read.get("license", [])
        )
        assert set(licenses) <= HUB_LICENSES | {"other"}, work
        if "license_name" in read:
            assert read["license"] == "other"
            assert re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", read["license_name"]), work
            assert read.get("license_link", "https://").startswith("https://"), work
        assert read.get("base_model_relation", "finetune") in ("adapter", "finetune", "merge", "quantized")
        for name in (*(read.get("base_model") or ()), *(read.get("datasets") or ())):
            validate_repo_id(name)
            assert name.count("/") == 1, work
    assert min(seen[key] for key in ("base_model", "license", "datasets")) >= 20, seen
    assert seen["base_model_relation"] >= 5


def test_model_cards_say_what_the_graph_says(shipped):
    """A licence that the Hub has a name for, one that it has none for, and data sets on the Hub."""
    rows = shipped.rows(
        """PREFIX fmg: <https://w3id.org/fmgraph/ns#> SELECT ?s ?l {
          ?s fmg:weightsLicense ?l FILTER NOT EXISTS { ?s fmg:weightsLicense ?o FILTER(?o != ?l) } }"""
    )
    licensed = {row["s"].value: row["l"].value.rpartition("/")[2] for row in rows}
    said = {work: yaml.safe_load(text) for work, text in cards(shipped) if work in licensed}
    names = {"Apache-2.0": "apache-2.0", "GPL-3.0-only": "gpl-3.0", "llama-3-community": "llama3"}
    for license_, name in names.items():
        works = [work for work, one in licensed.items() if one == license_]
        assert works
        assert {said[work]["license"] for work in works} == {name}
    other = {said[work]["license_name"] for work, one in licensed.items() if one == "kaiko-non-commercial"}
    assert other == {"kaiko-non-commercial"}
    graph = Graph(shipped)
    assert "FreedomIntelligence/" in (model_card(graph, f"{MODEL}huatuogpt-o1") or "")
