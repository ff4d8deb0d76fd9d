"""``import fmgraph`` as a user of the library has it."""

from __future__ import annotations

import doctest
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fmgraph
from fmgraph.errors import NotFoundError, ParameterError, QueryError, UsageError

GUIDE = (Path(__file__).parent.parent / "docs" / "python.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _cached(shipped_dir: Path) -> None:
    """The shipped graph is there before it is asked for."""


def test_the_examples_of_the_docstring_run():
    result = doctest.testmod(fmgraph)
    assert result.attempted > 4
    assert result.failed == 0


def test_the_examples_of_the_guide_run():
    lines = [line for line in re.findall(r"^>>> (.*)$", GUIDE, re.MULTILINE) if "pandas" not in line]
    names: dict[str, object] = {}
    for line in lines:
        if line.startswith("import"):
            exec(line, names)
        else:
            assert eval(line, names)


def test_every_answer_is_plain_data():
    answers = [
        fmgraph.resolve("UNI"),
        fmgraph.lineage("CONCH"),
        fmgraph.lineage("CONCH").edges,
        fmgraph.ask("leaks", dataset="TCGA"),
        fmgraph.select("SELECT ?s { ?s a fmg:Model } LIMIT 2"),
    ]
    for answer in answers:
        assert json.loads(json.dumps(answer.to_dict()))


def test_a_table_is_a_sequence_of_complete_rows():
    table = fmgraph.select(
        "SELECT ?label ?year { ?m a fmg:Model ; rdfs:label ?label OPTIONAL { ?m fmg:year ?year } }"
    )
    assert len(table) == len(list(table)) > 100
    assert {tuple(row) for row in table} == {("label", "year")}
    assert table[:3].to_dict()["rows"] == [dict(row) for row in list(table)[:3]]
    assert "<table>" in table._repr_html_()


def test_mistakes_are_told():
    with pytest.raises(NotFoundError) as caught:
        fmgraph.resolve("RETFond")
    assert "RETFound" in caught.value.nearest
    with pytest.raises(NotFoundError):
        fmgraph.ask("leeks")
    with pytest.raises(ParameterError):
        fmgraph.ask("leaks", dateset="TCGA")
    with pytest.raises(QueryError):
        fmgraph.select("ASK { ?s ?p ?o }")
    with pytest.raises(UsageError):
        fmgraph.open_graph("/nowhere")
    with pytest.raises(AttributeError):
        fmgraph.nothing  # noqa: B018


def test_importing_loads_nothing_that_is_not_used():
    code = "import sys, fmgraph; print([m for m in ('rdflib', 'flask', 'pyoxigraph') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
