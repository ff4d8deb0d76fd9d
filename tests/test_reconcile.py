"""``/reconcile`` over the shipped graph: by the specification's schemas, and by clients that are not ours."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from fmgraph.ontology import work_kinds
from fmgraph.rdf.store import open_dataset
from fmgraph.settings import Settings
from fmgraph.site import create_app
from reconciliation_schemas import check

LISTS = Path(__file__).parent.parent / "data" / "list"
#: The editions by which the service was specified, and the column that has the names.
NAMES = {
    "haonguyenthai-2025-11": "Name",
    "plm2233-2025-11": "Title",
    "plm2233-2025-12": "Title",
    "qiangqwu-2026-01": "Title",
}


@pytest.fixture(scope="module")
def client(shipped_dir: Path) -> FlaskClient:
    return create_app(open_dataset(shipped_dir), Settings(base_url="https://fm.example.org/")).test_client()


def old(client: FlaskClient, queries: dict) -> dict:
    answer = client.post("/reconcile", data={"queries": json.dumps(queries)})
    assert answer.status_code == 200, answer.text
    check("0.2", "reconciliation-result-batch", answer.json)
    return answer.json


def new(client: FlaskClient, *queries: dict) -> list:
    answer = client.post("/reconcile/1.0/match", json={"queries": queries})
    assert answer.status_code == 200, answer.text
    check("1.0-draft", "reconciliation-result-batch", answer.json)
    return [one["candidates"] for one in answer.json["results"]]


def first(client: FlaskClient, query: str, **more) -> dict:
    return old(client, {"q": {"query": query, **more}})["q"]["result"][0]


# ---- names


def test_the_names_of_the_rows_of_lists_come_out_right_at_first_place(client):
    """As a person does it: works by the type Work, reviews by the type Paper. A dash names nothing."""
    right, wrong = 0, []
    for name, column in NAMES.items():
        with (LISTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["record"]]
        queries = {
            row["id"]: {
                "query": row[column],
                "type": "Work" if row["record"].partition("/")[0] in work_kinds() else "Paper",
            }
            for row in rows
        }
        answer = old(client, queries)
        for row in rows:
            candidates = answer[row["id"]]["result"]
            if candidates and candidates[0]["id"] == row["record"]:
                right += 1
            else:
                wrong.append((row[column], row["record"], [one["id"] for one in candidates]))
    assert right >= 100
    assert right / (right + len(wrong)) >= 0.95, wrong


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("CONCH", "model/conch"),
        ("MahmoodLab/UNI", "model/uni"),
        ("model/uni", "model/uni"),
        ("10.1038/s41591-024-02857-3", "paper/uni"),
        ("https://spdx.org/licenses/MIT", "https://spdx.org/licenses/MIT"),
    ],
)
def test_what_identifies_is_taken_without_asking(client, query, meant):
    found = first(client, query)
    assert (found["id"], found["match"]) == (meant, True)


def test_the_title_of_a_paper_means_its_work_where_works_are_wanted(client):
    title = "A foundation model for generalizable disease detection from retinal images"
    assert first(client, title)["id"] == "paper/retfound"
    found = first(client, title, type="Work")
    assert (found["id"], found["match"]) == ("model/retfound", True)


def test_a_misspelt_name_is_offered_and_not_taken(client):
    found = first(client, "RETFuond", type="Model")
    assert (found["id"], found["match"]) == ("model/retfound", False)


def test_a_name_in_another_script_is_no_dash(client):
    assert not [one for one in old(client, {"q": {"query": "-"}})["q"]["result"] if one["match"]]


def test_a_batch_may_come_by_get_too(client):
    answer = client.get(
        "/reconcile", query_string={"queries": json.dumps({"q": {"query": "CONCH"}}), "callback": ""}
    )
    assert answer.json["q"]["result"][0]["id"] == "model/conch"


def test_nothing_like_it_is_no_candidate(client):
    assert old(client, {"q": {"query": "qqxxyyzz"}}) == {"q": {"result": []}}


# ---- types, properties, limits


def test_a_type_narrows(client):
    found = old(
        client, {"q": {"query": "CT", "type": "Modality"}, "r": {"query": "CT", "type": ["Model", "Task"]}}
    )
    assert found["q"]["result"][0]["id"] == "modality/ct"
    assert {one["type"][0]["id"] for one in found["r"]["result"]} <= {"Model", "Task"}


def test_a_property_that_disagrees_lowers_the_score(client):
    plain = first(client, "RETFound", type="Model")
    agreeing = first(client, "RETFound", type="Model", properties=[{"pid": "modality", "v": "CFP"}])
    other = first(client, "RETFound", type="Model", properties=[{"pid": "modality", "v": "CT"}])
    assert agreeing["score"] == plain["score"] > other["score"]
    assert plain["match"]
    assert agreeing["match"]
    assert not other["match"]
    assert {"id": "modality", "value": False} in other["features"]


def test_properties_alone_find_too(client):
    [licensed, by_doi] = [
        old(client, {"q": {"properties": properties, "type": "Model", "limit": 50}})["q"]["result"]
        for properties in (
            [{"pid": "weightsLicense", "v": {"id": "https://spdx.org/licenses/MIT"}}],
            [{"pid": "doi", "v": "arXiv:2406.09317"}],
        )
    ]
    assert len(licensed) > 5
    assert "model/retizero" in [one["id"] for one in by_doi]


def test_the_draft_requires_and_excludes(client):
    by_name = {"matchType": "name", "propertyValue": "RETFound"}
    oct_ = {"matchType": "property", "propertyId": "modality", "propertyValue": ["OCT", "Fundus photography"]}
    ct = {"matchType": "property", "propertyId": "modality", "propertyValue": "CT", "required": True}
    every, none, required = new(
        client,
        {"type": "Model", "conditions": [by_name, {**oct_, "matchQuantifier": "any", "required": True}]},
        {"type": "Model", "conditions": [by_name, {**oct_, "matchQuantifier": "none", "required": True}]},
        {"type": "Model", "conditions": [by_name, ct]},
    )
    assert every[0]["id"] == "model/retfound"
    assert "model/retfound" not in [one["id"] for one in none]
    assert "model/retfound" not in [one["id"] for one in required]
    assert new(client, {"conditions": [{"matchType": "id", "propertyValue": "model/uni"}]})[0][0]["match"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"queries": "{"}, "no JSON"),
        ({"queries": "[]"}, "must be a JSON object"),
        ({"queries": '{"q": {"query": "x", "type": "Modle"}}'}, "Model"),
        (
            {"queries": '{"q": {"query": "x", "properties": [{"pid": "weightLicense", "v": 1}]}}'},
            "weightsLicense",
        ),
        ({"queries": '{"q": {}}'}, "needs a query text"),
        ({"queries": '{"q": {"query": "x", "limit": -1}}'}, "limit"),
        ({"extend": '{"ids": 3}'}, "ids must be"),
        ({"extend": '{"ids": ["model/uni"], "properties": [{"id": "no such"}]}'}, "no property"),
    ],
)
def test_what_is_wrong_is_said(client, asked, told):
    answer = client.post("/reconcile", data=asked)
    assert answer.status_code == 400
    assert told in answer.json["detail"]


def test_a_batch_is_bounded(client):
    queries = {str(number): {"query": "UNI"} for number in range(101)}
    answer = client.post("/reconcile", data={"queries": json.dumps(queries)})
    assert answer.status_code >= 400
    assert "at most 100" in answer.json["detail"]


# ---- manifests, suggestions, previews, extension


def test_the_manifests_are_valid_and_lead_somewhere(client):
    manifest = client.get("/reconcile").json
    check("0.2", "manifest", manifest)
    check("1.0-draft", "manifest", client.get("/reconcile/1.0").json)
    assert client.get("/reconcile").headers["Access-Control-Allow-Origin"] == "*"
    for template in (manifest["view"]["url"], manifest["preview"]["url"]):
        address = template.removeprefix("https://fm.example.org")
        for identifier in ("model/uni", "https://spdx.org/licenses/MIT"):
            assert client.get(address.replace("{{id}}", identifier)).status_code in (200, 303)


def test_without_a_public_address_that_of_the_request_counts_and_is_not_kept(shipped_dir):
    local = create_app(open_dataset(shipped_dir), Settings()).test_client()
    answer = local.get("/reconcile", base_url="http://127.0.0.1:9999")
    assert answer.json["preview"]["url"].startswith("http://127.0.0.1:9999/reconcile/preview")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("version", "root"), [("0.2", "/reconcile"), ("1.0-draft", "/reconcile/1.0")])
def test_suggestions_and_proposals(client, version, root):
    for what, schema, prefix, expected in (
        ("entity", "suggest-entities-response", "retf", "model/retfound"),
        ("entity", "suggest-entities-response", "model/uni", "model/uni"),
        ("property", "suggest-properties-response", "licence", "license"),
        ("property", "suggest-properties-response", "builtOn", "builtOn"),
        ("type", "suggest-types-response", "", "Work"),
        ("type", "suggest-types-response", "Model", "Model"),
    ):
        answer = client.get(f"{root}/suggest/{what}", query_string={"prefix": prefix}).json
        check(version, schema, answer)
        assert answer["result"][0]["id"] == expected
    proposed = client.get(f"{root}/extend/propose?type=Model").json
    check(version, "data-extension-property-proposal", proposed)
    assert {"weightsLicense", "access", "builtOn"} <= {one["id"] for one in proposed["properties"]}
    assert len(client.get(f"{root}/extend/propose?type=Model&limit=2").json["properties"]) == 2


def test_more_suggestions_follow(client):
    first, second = (
        client.get(f"/reconcile/suggest/entity?prefix=retf&limit=2&{name}={start}").json["result"]
        for name, start in (("cursor", 0), ("offset", 2))
    )
    assert len(first) == len(second) == 2
    assert not {one["id"] for one in first} & {one["id"] for one in second}


def test_a_preview_may_be_framed_and_says_unknown(client):
    answer = client.get("/reconcile/preview?id=model/uni")
    assert answer.status_code == 200
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert "unknown" in answer.text
    assert "X-Frame-Options" in client.get("/model/uni").headers
    missing = client.get("/reconcile/preview?id=model/retfuond")
    assert (missing.status_code, missing.json["nearest"][0]) == (404, "model/retfound")


def test_licence_access_and_parents_are_added(client):
    asked = {
        "ids": ["model/uni", "model/retizero", "model/no-such"],
        "properties": [
            {"id": "weightsLicense"},
            {"id": "access"},
            {"id": "builtOn", "settings": {"limit": 1}},
        ],
    }
    answer = client.post("/reconcile", data={"extend": json.dumps(asked)}).json
    check("0.2", "data-extension-response", answer)
    rows = answer["rows"]
    assert rows["model/uni"]["weightsLicense"][0]["id"] == "https://spdx.org/licenses/CC-BY-NC-ND-4.0"
    assert rows["model/uni"]["access"] == [{"str": "gated"}]
    assert len(rows["model/retizero"]["builtOn"]) == 1
    assert rows["model/no-such"] == {"weightsLicense": [], "access": [], "builtOn": []}
    assert [one.get("type", {}).get("id") for one in answer["meta"]] == ["License", None, "Work"]
    draft = client.post("/reconcile/1.0/extend", json=asked).json
    check("1.0-draft", "data-extension-response", draft)
    assert draft["rows"][0]["properties"][1] == {"id": "access", "values": [{"str": "gated"}]}


# ---- a client that is not ours

RECONCILER = """
import json, sys, pandas
from reconciler import reconcile
table = pandas.DataFrame({"name": ["UNI", "CONCH", "RETFound", "MedSAM"], "how": ["Histopathology"] * 4})
found = reconcile(table["name"], type_id="Model", reconciliation_endpoint=sys.argv[1])
narrowed = reconcile(table["name"], type_id="Model", property_mapping={"modality": table["how"]},
                     top_res="all", reconciliation_endpoint=sys.argv[1])
print(json.dumps([found[["id", "match", "type_id"]].values.tolist(), len(narrowed)]))
"""


def test_the_client_reconciler_reconciles_a_column(shipped_server):
    """In a process of its own: what it and pandas warn of is theirs."""
    pytest.importorskip("pandas")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RECONCILER, f"{shipped_server}/reconcile"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found, candidates = json.loads(done.stdout)
    assert found == [[f"model/{name}", True, "Model"] for name in ("uni", "conch", "retfound", "medsam")]
    assert candidates >= 4
