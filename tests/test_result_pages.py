"""The pages of reported results: what is ranked with what, hollow dots, CSV, and the look in a browser."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import RdfFormat, Store

from chromium import served
from evaluation_data import PROTOCOL, RECORDS, write_protocol
from fmgraph.graph import build
from fmgraph.settings import Settings
from fmgraph.site import create_app

SEEN = RECORDS | {
    "model/two.yaml": "label: Two\nscope: general\nsource: https://e.org/\nat: there\ntrained_on: whole\n",
    "dataset/whole.yaml": "label: Whole\n",
    "dataset/d.yaml": "label: D\npart_of: {value: whole, source: 'https://e.org/', at: there}\n",
}
RESULTS = [
    {"printed": "0.5", "interval": "(0.1)", "interval_kind": "standard deviation", "reporter": "authors"},
    {"model": "model/two", "printed": "0.8"},
    {"model": "model/two", "variant": "large", "printed": "0.9", "copied_from": "another paper"},
    {"model": "model/two", "printed": "7", "metric": "not-stated", "scale": "score"},
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("results") / "data"
    for name, text in SEEN.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    write_protocol(folder, "first", RESULTS)
    another = PROTOCOL.replace("A table", "Another")
    write_protocol(folder, "second", [{"model": "model/two", "printed": "0.4"}], another)
    result = build(folder)
    assert result.findings == []
    store = Store()
    store.bulk_load("".join(result.lines()).encode(), RdfFormat.N_TRIPLES)
    return create_app(store, Settings())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def rows(page: str) -> list[list[str]]:
    """The tables' rows as their cells' texts."""
    found = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


def test_a_protocol_ranks_its_own_results_only(client):
    page = client.get("/results/protocol/first").text
    ranked = [row[:2] for row in rows(page) if row[0] in ("1", "2")]
    assert [row[0] for row in ranked] == ["1", "2"]
    assert ranked[0][1].startswith("Two")
    assert "Another" not in page


def test_a_data_set_shows_every_protocol_apart(client):
    page = client.get("/results/dataset/d").text
    assert page.index("A table") < page.index("Another")
    assert [row[0] for row in rows(page) if row[0].isdecimal()] == ["1", "2", "1"]


def test_what_cannot_be_ranked_says_why(client):
    page = client.get("/results/protocol/first").text
    assert "Not ranked: copied from another paper" in page
    assert "Not ranked: the source does not say what the number measures" in page


def test_a_model_that_may_have_seen_the_data_is_a_hollow_dot_with_the_reason(client):
    page = client.get("/results/protocol/first").text
    assert page.count('class="seen"') == 1
    assert "trained on Whole" in page
    assert page.count('class="interval"') == 1


def test_a_work_has_its_results_by_protocol_with_the_rank_within_it(client):
    page = client.get("/results/model/one").text
    assert [row[:5] for row in rows(page) if row[0] == "D"] == [
        ["D", "accuracy", "0.5 (0.1)", "2 of 2", "zero-shot"]
    ]
    entity = client.get("/model/one").text
    assert "first in 0 of 1 comparisons" in entity
    assert "/results/model/one" in entity


def test_the_page_of_a_data_set_counts_its_results(client):
    assert "5 reported results" in client.get("/dataset/d").text
    assert "reported result" not in client.get("/dataset/whole").text


@pytest.mark.parametrize("place", ["model/two", "dataset/d", "protocol/first"])
def test_each_page_is_there_as_csv(client, place):
    answer = client.get(f"/results/{place}.csv")
    assert answer.mimetype == "text/csv"
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert table
    assert all(row["printed"] and row["protocol"] and row["source"] and row["at"] for row in table)
    assert {row["mayHaveSeen"] for row in table if row["modelLabel"] == "Two"} == {"trained on Whole"}


def test_what_is_not_there_is_404(client):
    assert client.get("/results/model/three").status_code == 404
    assert client.get("/results/paper/one").status_code == 404


def test_the_overview_names_every_protocol(client):
    page = client.get("/results/").text
    assert page.index("A table") < page.index("Another")


@pytest.fixture(scope="module")
def site(app: Flask) -> Iterator[str]:
    with served(app) as address:
        yield address


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["", "protocol/first", "dataset/d", "model/two"])
def test_the_plots_fit_and_nothing_is_complained_of(browser, site, path, width):
    browser.width(width)
    browser.open(f"{site}/results/{path}")
    assert browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert browser.console() == []
