"""``fmgraph mcp`` as an agent has it: by the SDK's client, over standard input and output and over HTTP."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client

from conftest import free_port
from fmgraph.agents.graph_tools import GraphTools
from fmgraph.answers.query_warnings import warnings
from fmgraph.rdf.prefixes import BASE
from fmgraph.server.engine import Engine

MODEL = f"{BASE}model/"
Check = Callable[[dict[str, Any]], bool]


def iris(rows: list[dict[str, Any]], key: str = "iri") -> set[str]:
    return {row[key] for row in rows}


#: Questions as people put them, the one call that answers each, and what must be in the answer.
QUESTIONS: list[tuple[str, str, dict[str, Any], Check]] = [
    (
        "Which model is MahmoodLab/UNI?",
        "resolve",
        {"name": "MahmoodLab/UNI"},
        lambda a: a["matches"][0]["iri"] == f"{MODEL}uni",
    ),
    ("Is there a RETFuond?", "resolve", {"name": "RETFuond"}, lambda a: a["matches"][0]["by"] == "likeness"),
    ("What is arXiv 2406.09317?", "resolve", {"name": "2406.09317"}, lambda a: "RetiZero" in json.dumps(a)),
    (
        "Which versions of RETFound are there?",
        "resolve",
        {"name": "RETFound", "kind": "model"},
        lambda a: any(one["how"] == "variant" for one in a["family"]),
    ),
    ("What is qqxxyyzz?", "resolve", {"name": "qqxxyyzz"}, lambda a: a["unknown"] == 1 and not a["matches"]),
    (
        "What is known of CONCH?",
        "describe",
        {"name": "CONCH"},
        lambda a: "gated" in json.dumps(a["facts"]["access"]) and a["unknown"],
    ),
    (
        "How many parameters has UNI?",
        "describe",
        {"name": "UNI", "properties": ["parameter_count"]},
        lambda a: set(a["facts"]) == {"parameterCount"},
    ),
    (
        "What was looked for and not found about CONCH?",
        "describe",
        {"name": "CONCH"},
        lambda a: a["searched_in_vain"],
    ),
    (
        "What is XrayGPT built on?",
        "lineage",
        {"name": "XrayGPT"},
        lambda a: f"{MODEL}medclip" in iris(a["works"]),
    ),
    (
        "What stands directly beneath XrayGPT?",
        "lineage",
        {"name": "XrayGPT", "depth": 1},
        lambda a: {one["depth"] for one in a["works"]} == {1},
    ),
    (
        "What is built on CONCH?",
        "lineage",
        {"name": "CONCH", "direction": "descendants"},
        lambda a: f"{MODEL}titan" in iris(a["works"]),
    ),
    (
        "By which path does RetiZero come from BioBERT?",
        "lineage",
        {"name": "RetiZero"},
        lambda a: any(one["path"][0] == "RetiZero" and len(one["path"]) > 2 for one in a["works"]),
    ),
    (
        "Who says that RetiZero is built on RETFound?",
        "lineage",
        {"name": "RetiZero"},
        lambda a: all(
            one["claim"].startswith(f"{BASE}claim/") and one["source"]
            for edge in a["edges"]
            for one in edge["claims"]
        ),
    ),
    (
        "May RetiZero be used commercially, all the way down?",
        "licence_report",
        {"name": "RetiZero"},
        lambda a: a["verdict"] == "forbidden" and f"{MODEL}retfound" in iris(a["forbidden"]) and a["unknown"],
    ),
    (
        "Does UNI's licence allow derivatives?",
        "licence_report",
        {"name": "UNI", "use": "derivatives"},
        lambda a: a["verdict"] == "forbidden",
    ),
    (
        "Whose licences beneath RetiZero are unknown?",
        "licence_report",
        {"name": "RetiZero"},
        lambda a: {one["label"] for one in a["unknown_works"]} == set(a["unknown"]),
    ),
    (
        "Which models may have seen TCGA?",
        "data_exposure",
        {"dataset": "TCGA"},
        lambda a: a["direct"] and a["inherited"] and a["counts"]["unknown"] == a["unknown"],
    ),
    (
        "Which deny that they saw TCGA?",
        "data_exposure",
        {"dataset": "TCGA"},
        lambda a: f"{MODEL}conch" in iris(a["denied"]),
    ),
    (
        "Did CONCH or CheXagent see MIMIC-CXR?",
        "data_exposure",
        {"dataset": "MIMIC-CXR", "works": ["CONCH", "CheXagent"]},
        lambda a: a["unknown"] == ["CONCH"] and a["asked_about"] == 2,
    ),
    (
        "Which CT models are there?",
        "find_works",
        {"filters": {"modality": "CT"}, "limit": 5},
        lambda a: a["count"] > 5 and len(a["works"]) == 5 and a["left_out"] and a["unknown"]["modality"] > 0,
    ),
    (
        "Which have open weights under MIT?",
        "find_works",
        {"filters": {"licence": "MIT", "access": "open"}},
        lambda a: a["count"] and all(one["facts"]["access"][0]["value"] == "open" for one in a["works"]),
    ),
    (
        "Which histopathology works of 2024 and 2025 allow commercial use?",
        "find_works",
        {
            "filters": {"modality": "Histopathology"},
            "year_from": 2024,
            "year_to": 2025,
            "commercial_use": True,
        },
        lambda a: "commercial_use" in a["unknown"],
    ),
    (
        "Works on retinal images by backbone?",
        "find_works",
        {"filters": {"modality": "Retinal imaging"}, "group_by": "backbone"},
        lambda a: a["groups"] and a["without"] >= 0,
    ),
    (
        "Which works built on SAM have no known licence of weights?",
        "find_works",
        {"filters": {"built_on": "SAM"}, "missing": "weights_license"},
        lambda a: a["count"] > 0,
    ),
    (
        "Who says what about the licence of UNI's weights?",
        "evidence",
        {"name": "UNI", "prop": "weightsLicense"},
        lambda a: a["claims"][0]["source"].startswith("https://github.com/mahmoodlab/UNI"),
    ),
    (
        "About what do sources disagree for RETFound?",
        "disagreements",
        {"name": "RETFound"},
        lambda a: "disagreements" in a,
    ),
    (
        "Which claims are set aside, and why?",
        "disagreements",
        {},
        lambda a: a["count"] and any(one.get("reason") for one in a["claims"]),
    ),
    ("What is new?", "changes", {}, lambda a: a["version"] and "added_since_the_last_release" in a),
    (
        "Where are UNI's code and weights?",
        "links",
        {"name": "UNI"},
        lambda a: "https://github.com/mahmoodlab/UNI" in {one["link"] for one in a["links"]},
    ),
    (
        "What leaks on TCGA?",
        "named_query",
        {"name": "leaks", "parameters": {"dataset": "TCGA"}},
        lambda a: a["rows"],
    ),
    (
        "Which queries are there?",
        "named_query",
        {},
        lambda a: {"leaks", "licence-chain"} <= {one["name"] for one in a["queries"]},
    ),
    (
        "How many models are there?",
        "sparql",
        {"query": "SELECT (COUNT(*) AS ?n) { ?m a fmg:Model }"},
        lambda a: int(a["rows"][0]["n"]) > 100 and not a["warnings"],
    ),
    (
        "Is UNI a model?",
        "sparql",
        {"query": f"ASK {{ <{MODEL}uni> a fmg:Model }}"},
        lambda a: a["answer"] is True,
    ),
]
TOOLS = {
    *(
        "resolve",
        "describe",
        "lineage",
        "licence_report",
        "data_exposure",
        "find_works",
        "evidence",
        "disagreements",
    ),
    *("changes", "links", "named_query", "schema", "sparql"),
}


def stdio() -> Any:
    return stdio_client(
        StdioServerParameters(command=sys.executable, args=["-m", "fmgraph", "mcp"], env=None)
    )


@pytest.fixture(scope="module")
def http(shipped_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, log = free_port(), tmp_path_factory.mktemp("mcp") / "log"
    with log.open("wb") as output:
        arguments = ["-m", "fmgraph", "mcp", "--http", "--port", str(port)]
        process = subprocess.Popen([sys.executable, *arguments], stdout=output, stderr=output)
    end = time.monotonic() + 60
    while b"running on" not in log.read_bytes().lower() and b"MCP at" not in log.read_bytes():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)
    time.sleep(1)
    yield f"http://127.0.0.1:{port}/mcp"
    process.terminate()
    process.wait(20)


async def ask(client: Client, tool: str, arguments: dict[str, Any]) -> tuple[bool, str]:
    result = await client.call_tool(tool, arguments)
    return bool(result.is_error), "".join(getattr(one, "text", "") for one in result.content)


def all_answers(transport: Any, questions: list[tuple[str, dict[str, Any]]]) -> list[tuple[bool, str]]:
    async def main() -> list[tuple[bool, str]]:
        async with Client(transport) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
            return [await ask(client, tool, arguments) for tool, arguments in questions]

    return anyio.run(main)


@pytest.fixture(scope="module", params=["stdio", "http"])
def answers(request: pytest.FixtureRequest, shipped_dir: Path) -> list[tuple[bool, str]]:
    transport = stdio() if request.param == "stdio" else request.getfixturevalue("http")
    return all_answers(transport, [(tool, arguments) for _, tool, arguments, _ in QUESTIONS])


def test_thirty_questions_are_answered_by_one_call_each(answers):
    wrong = []
    for (question, tool, _, check), (failed, text) in zip(QUESTIONS, answers, strict=True):
        answer = {} if failed else json.loads(text)
        if failed or not check(answer) or "asked_about" not in answer or "unknown" not in answer:
            wrong.append((question, tool, text[:500]))
    assert len(QUESTIONS) >= 30
    assert not wrong


def test_every_fact_has_its_claim_and_source(answers):
    claims = [
        claim for failed, text in answers for claim in re.findall(r'\{"claim":"[^{}]*\}', text) if not failed
    ]
    assert len(claims) > 100
    assert all(BASE + "claim/" in claim and '"source":"http' in claim for claim in claims)


def test_errors_are_for_the_model_to_read_and_the_schema_is_short(shipped_dir):
    tried = [
        ("describe", {"name": "RETFuond"}),
        ("find_works", {"filters": {"modalty": "CT"}}),
        ("sparql", {"query": "SELECT * { ?s ?p }"}),
        ("sparql", {"query": "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }"}),
        ("named_query", {"name": "leak"}),
        ("schema", {}),
        ("sparql", {"query": f'SELECT ?m {{ ?m fmg:buildOn <{MODEL}retfuond> ; rdfs:label "RETFuond" }}'}),
    ]
    found = all_answers(stdio(), tried)
    assert [failed for failed, _ in found] == [True] * 5 + [False, False]
    for (_, text), told in zip(found, ["RETFound", "modality", "line 1", "SERVICE", "leaks"], strict=False):
        assert told in text
        assert "Traceback" not in text
    schema = found[5][1]
    # No tokeniser is in the tests: parts of words, numbers and signs are counted.
    assert len(re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[^\w\s]", schema)) < 1500
    assert "derivesFrom" in schema
    assert len(json.loads(found[6][1])["warnings"]) == 3


def test_another_endpoint_answers_the_same(shipped_server):
    async def main() -> str:
        arguments = ["-m", "fmgraph", "mcp", "--endpoint", f"{shipped_server}/sparql"]
        transport = stdio_client(StdioServerParameters(command=sys.executable, args=arguments))
        async with Client(transport) as client:
            return (await ask(client, "resolve", {"name": "CONCH"}))[1]

    assert f"{MODEL}conch" in anyio.run(main)


# ---- warnings


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT ?s { ?s fmg:buildOn ?o }", "fmg:builtOn"),
        ("PREFIX x: <https://w3id.org/fmgraph/ns#> SELECT ?s { ?s a x:Modell }", "fmg:Model"),
        (f"SELECT ?s {{ ?s ?p <{MODEL}retfuond> }}", "model/retfound"),
        ('SELECT ?s { ?s rdfs:label "RETFuond" }', '"RETFound"'),
        ('SELECT ?s { ?s rdfs:label ?l FILTER(?l = "RETFuond") }', '"RETFound"'),
        ("SELECT ?s { ?s fmg:year 2024 }", "xsd:gYear"),
    ],
)
def test_what_does_not_exist_is_warned_of(shipped, query, told):
    assert told in " ".join(warnings(query, shipped))


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT ?s {{ ?s fmg:builtOn <{MODEL}retfound> ; rdfs:label ?l }}",
        'SELECT ?s { ?s rdfs:label "RETFound" ; fmg:year "2023"^^xsd:gYear }',
        'SELECT ?s { ?s rdfs:label ?l FILTER(CONTAINS(?l, "RETFoun")) ?x fmg:matches "retfoun" }',
        "PREFIX fmg: <https://w3id.org/fmgraph/ns#> SELECT ?s { ?s a fmg:Claim ; fmg:accepted true }",
    ],
)
def test_what_is_right_is_not(shipped, query):
    assert warnings(query, shipped) == []


def test_the_endpoint_warns_those_who_ask(shipped_server):
    import requests

    query = 'PREFIX fmg: <https://w3id.org/fmgraph/ns#> SELECT ?s { ?s fmg:buildOn "µ" }'
    plain = requests.get(f"{shipped_server}/sparql", {"query": query}, timeout=30)
    asked = requests.get(f"{shipped_server}/sparql", {"query": query, "warn": "1"}, timeout=30)
    posted = requests.post(f"{shipped_server}/sparql", {"query": query, "warn": "1"}, timeout=30)
    assert "Query-Warning" not in plain.headers
    assert "fmg:buildOn does not exist; did you mean fmg:builtOn" in asked.headers["Query-Warning"]
    assert posted.headers["Query-Warning"] == asked.headers["Query-Warning"]
    assert plain.content == asked.content
    assert plain.headers["ETag"] != asked.headers["ETag"]


def test_sizes_of_several_variants_do_not_disagree(shipped: Engine) -> None:
    answer = GraphTools(shipped).evidence(f"{MODEL}dinov2", "parameterCount")
    assert len({(one["variant"], one["value"]) for one in answer["claims"]}) > 2
    assert answer["disagreements"] == []
