"""The pages over a small graph, asked as a browser and as a machine asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmgraph.settings import Settings
from fmgraph.store import dataset_of_files
from fmgraph.web.app import create_app

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def client():
    app = create_app(dataset_of_files([SAMPLE]), Settings())
    app.testing = True
    return app.test_client()


PAGES = [
    "/", "/about", "/queries", "/lists", "/disagreements", "/vocabulary", "/search?q=ret", "/sparql",
    "/model/", "/paper/", "/model/retizero", "/model/examplenet", "/paper/examplenet", "/backbone/vit",
    "/license/mit", "/license/cc-by-nc-4-0", "/list/plm2233-2025-12", "/row/plm2233-2025-12-14",
    "/lineage/model/retizero", "/quantity/342000-image", "/institution/university-college-london",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_each_page_answers_with_html(client, path):
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.content_type == "text/html; charset=utf-8"
    assert "<h1>" in answer.text
    assert '<html lang="en">' in answer.text
