"""How much is known: figures against the named queries, rows that wait, and the page with its files."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, Quad

from fmgraph.answers.coverage import Coverage, coverage
from fmgraph.answers.named_queries import load_queries
from fmgraph.rdf.prefixes import BASE, FMG, FOAF
from fmgraph.rdf.store import dataset_of_files
from fmgraph.server.engine import Engine, InProcessEngine

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"


@pytest.fixture(scope="module")
def found(shipped: Engine) -> Coverage:
    return coverage(shipped)


def test_figures_are_those_of_the_named_query(shipped: Engine, found: Coverage) -> None:
    stated: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in shipped.rows(load_queries()["completeness-by-list"].text):
        counts = int(row["stated"].value), int(row["searched"].value)
        stated[row["list"].value][row["property"].value] = counts
    assert stated
    for group in found.by("list"):
        if group.works:
            ours = {p.label: (k.stated, k.searched) for p, k in zip(found.wanted, group.known, strict=True)}
            assert ours == stated[group.name], group.name


def test_every_work_is_counted_by_year_and_modality(found: Coverage) -> None:
    (whole,) = found.by("all")
    assert sum(group.works for group in found.by("year")) >= whole.works
    assert max(group.works for group in found.by("modality")) <= whole.works
    assert 0 < whole.completeness <= 1
    for group in found.groups:
        assert all(known.stated + known.searched <= group.works for known in group.known)


def test_rows_are_in_the_graph_skipped_or_waiting() -> None:
    made = dataset_of_files([SAMPLE])
    rows = [
        quad.subject
        for quad in made.store.quads_for_pattern(None, NamedNode(f"{FOAF}primaryTopic"), None)
        if "2025-12" in quad.subject.value  # type: ignore[union-attr]
    ]
    first, second = sorted(rows, key=str)[:2]
    for row in (first, second):
        for quad in list(made.store.quads_for_pattern(row, NamedNode(f"{FOAF}primaryTopic"), None)):
            made.store.remove(quad)
    made.store.add(Quad(first, NamedNode(f"{FMG}skippedBecause"), Literal("about no work")))
    with InProcessEngine(made) as engine:
        (group,) = (one for one in coverage(engine).by("list") if one.iri == f"{BASE}list/plm2233-2025-12")
    assert (group.rows, group.skipped, group.waiting) == (len(rows), 1, 1)


def test_the_page_and_its_files(client: FlaskClient) -> None:
    page = client.get("/coverage")
    assert page.status_code == 200
    assert "Rows of the lists" in page.text
    table = list(csv.reader(io.StringIO(client.get("/coverage.csv").text)))
    assert {len(line) for line in table} == {len(table[0])}
    assert table[1][:2] == ["all", "All medical works"]
    groups = json.loads(client.get("/coverage.json").text)["groups"]
    assert len(groups) == len(table) - 1
    assert client.get("/coverage", headers={"Accept": "text/csv"}).mimetype == "text/csv"
    assert 'href="/coverage"' in client.get("/about").text
