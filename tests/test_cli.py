"""The command line: the real commands over the sample graph and small files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fmgraph.cli import main

SAMPLE = str(Path(__file__).parent / "data" / "sample.ttl")


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_version_and_help():
    assert "fmgraph" in run("--version")
    for command in (
        "import",
        "build",
        "check",
        "query",
        "list",
        "lineage",
        "serve",
        "dump",
        "diff",
        "report",
        "publish",
    ):
        assert command in run("--help")
        assert "Usage" in run(command, "--help")


@pytest.mark.parametrize(("form", "expected"), [("csv", "label\nRETFound"), ("tsv", '?label\n"RETFound"')])
def test_query_in_the_formats_of_the_specifications(form, expected):
    query = "SELECT ?label { <https://w3id.org/fmgraph/model/retfound> rdfs:label ?label }"
    output = run("query", query, "--format", form, "--data", SAMPLE)
    assert output.replace("\r\n", "\n").strip() == expected


def test_query_as_a_table_and_json_and_from_a_file(tmp_path):
    query = "SELECT ?model { ?model a fmg:Model } ORDER BY ?model"
    assert "model/retfound" in run("query", query, "--data", SAMPLE)
    data = json.loads(run("query", query, "--format", "json", "--data", SAMPLE))
    assert data["head"]["vars"] == ["model"]
    file = tmp_path / "q.rq"
    file.write_text(query, encoding="utf-8")
    assert run("query", "--file", str(file), "--data", SAMPLE) == run("query", query, "--data", SAMPLE)


def test_a_named_query_with_a_parameter():
    assert "RetiZero" in run("query", "--name", "built-on", "-p", "root=RETFound", "--data", SAMPLE)


def test_lineage():
    assert "RetiZero" in run("lineage", "RETFound", "--data", SAMPLE)
    assert "RETFound" in run("lineage", "RetiZero", "--ancestors", "--depth", "1", "--data", SAMPLE)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("query", "SELEC ?x {}", "--data", SAMPLE), 1, "1"),
        (("query",), 2, "one query"),
        (("query", "--name", "buil-on", "--data", SAMPLE), 1, "nearest: built-on"),
        (("query", "--name", "built-on", "-p", "rot=x", "--data", SAMPLE), 1, "it takes: root"),
        (("query", "ASK {}", "--data", "/nowhere.ttl"), 1, "/nowhere.ttl"),
        (("query", "ASK {}", "--data", "/nowhere.docx"), 1, "not an RDF file"),
        (("lineage", "RETFond", "--data", SAMPLE), 1, "RETFound"),
        (("list", "nolist", "--data", SAMPLE), 1, "nolist"),
        (("import", "/nowhere.md", "--list", "x"), 1, "/nowhere.md"),
        (("diff", "/nowhere", SAMPLE), 2, "/nowhere"),
    ],
)
def test_a_mistake_is_one_clear_message(arguments, code, message):
    output = run(*arguments, code=code)
    assert message in output
    assert "Traceback" not in output


def test_dumps_are_written_once(tmp_path):
    folder = str(tmp_path / "dump")
    assert "fmgraph.ttl" in run("dump", "--output", folder, "--plain", "--data", SAMPLE)
    assert "fmgraph.nt" in run("dump", "--output", folder, "--plain", "--data", SAMPLE), (
        "files have another digest"
    )


def test_dumps_of_the_shipped_graph_are_written_once(tmp_path, shipped_dir):
    arguments = (
        "dump",
        "--output",
        str(tmp_path),
        "--format",
        "nt",
        "--plain",
        "--dataset",
        str(shipped_dir),
    )
    assert "fmgraph.nt" in run(*arguments)
    assert "up to date" in run(*arguments)
    (tmp_path / "fmgraph.nt").unlink()
    assert "up to date" not in run(*arguments)
