"""Dumps, named queries, health: what is served beside ``/sparql`` without a page."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.robotparser import RobotFileParser

import pytest
from flask.testing import FlaskClient
from pyoxigraph import RdfFormat, parse
from werkzeug.test import TestResponse

from fmgraph.rdf.formats import GRAPHS, Format
from fmgraph.server.engine import Engine
from fmgraph.server.http.metrics import Metrics
from fmgraph.settings import Settings
from fmgraph.site import create_app

TEXT = b"<a:a> <a:b> <a:c> .\n" * 100


class Buffered(FlaskClient):
    """Reads and closes each answer, as a server does: files would stay open otherwise."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{**kwargs, "buffered": True})


@pytest.fixture
def dumps(engine: Engine, tmp_path: Path) -> FlaskClient:
    """A client with a folder of ready-made dumps."""
    (tmp_path / "fmgraph.nt").write_bytes(TEXT)
    (tmp_path / "fmgraph.nt.gz").write_bytes(b"\x1f\x8b")
    (tmp_path / "SHA256SUMS").write_text(f"{hashlib.sha256(TEXT).hexdigest()}  fmgraph.nt\n")
    (tmp_path / ".secret").write_text("x")
    app = create_app(engine, Settings(), dumps=tmp_path)
    app.test_client_class = Buffered
    return app.test_client()


def test_a_file_has_type_etag_ranges_and_conditions(dumps: FlaskClient) -> None:
    whole = dumps.get("/dump/fmgraph.nt")
    assert (whole.status_code, whole.mimetype, whole.data) == (200, "application/n-triples", TEXT)
    assert whole.headers["ETag"] == f'"{hashlib.sha256(TEXT).hexdigest()[:32]}"'
    assert whole.headers["Accept-Ranges"] == "bytes"
    head = dumps.head("/dump/fmgraph.nt")
    assert (head.headers["Content-Length"], head.data) == (str(len(TEXT)), b"")
    part = dumps.get("/dump/fmgraph.nt", headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.data) == (206, TEXT[5:10])
    assert part.headers["Content-Range"] == f"bytes 5-9/{len(TEXT)}"
    assert dumps.get("/dump/fmgraph.nt", headers={"Range": "bytes=99999-"}).status_code == 416
    stale = dumps.get("/dump/fmgraph.nt", headers={"Range": "bytes=0-1", "If-Range": '"old"'})
    assert stale.status_code == 200
    for field in (
        {"If-None-Match": whole.headers["ETag"]},
        {"If-Modified-Since": whole.headers["Last-Modified"]},
    ):
        assert dumps.get("/dump/fmgraph.nt", headers=field).status_code == 304
    packed = dumps.get("/dump/fmgraph.nt.gz", headers={"Accept-Encoding": "gzip"})
    assert packed.mimetype == "application/gzip"
    assert "Content-Encoding" not in packed.headers
    assert dumps.get("/dump/SHA256SUMS").mimetype == "text/plain"


@pytest.mark.parametrize(
    "name",
    [
        ".secret",
        "..%2fsettings.py",
        "%2e%2e/%2e%2e/etc/passwd",
        "nothing.ttl",
        "fmgraph.doc",
        "fmgraph.",
        "%00",
    ],
)
def test_other_names_are_404(dumps: FlaskClient, name: str) -> None:
    assert dumps.get(f"/dump/{name}").status_code == 404


@pytest.mark.parametrize("form", GRAPHS, ids=lambda form: form.name)
def test_without_files_the_engine_makes_them(client: FlaskClient, engine: Engine, form: Format) -> None:
    response = client.get(f"/dump/fmgraph.{form.suffix}")
    assert response.mimetype == form.media_type
    found = {q.triple for q in parse(response.data, format=RdfFormat.from_media_type(form.media_type))}
    assert len(found) == engine.meta.triples
    assert f"fmgraph.{form.suffix}" in client.get("/dump/").text.split()


def test_a_named_query_is_a_resource(client: FlaskClient) -> None:
    csv = client.get("/queries/built-on", headers={"Accept": "text/csv"})
    assert (csv.status_code, csv.mimetype) == (200, "text/csv")
    assert client.get("/queries/built-on?format=json").mimetype == "application/sparql-results+json"
    etag = csv.headers["ETag"]
    again = client.get("/queries/built-on", headers={"Accept": "text/csv", "If-None-Match": etag})
    assert again.status_code == 304
    text = client.get("/queries/built-on.rq")
    assert text.mimetype == "application/sparql-query"
    assert client.get("/sparql", query_string={"query": text.text}).status_code == 200


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/queries/built-onn", 404),
        ("/queries/built-on?nonsense=1", 400),
        ("/queries/built-on?format=doc", 400),
        ("/queries/built-on?format=turtle", 406),
        ("/queries/built-on?a=1&a=2", 400),
        ("/queries/built-on?a=%ff", 400),
    ],
)
def test_bad_named_queries(client: FlaskClient, url: str, status: int) -> None:
    response = client.get(url)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")


def test_health(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        response = client.get(path)
        assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    assert client.get("/metrics").status_code == 404


def test_counters_add_up_over_processes(engine: Engine, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from fmgraph.server.http.metrics import Metrics\n"
    code += "m = Metrics(Path(sys.argv[1])); m.count_answer(200, 0.01); m.count_answer(503, 2.5); "
    code += "m.count_hit(304); m.count_local_query()"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    text = create_app(engine, Settings(), metrics=Metrics(tmp_path)).test_client().get("/metrics").text
    assert 'fmgraph_http_requests_total{status="2xx"} 2.0' in text
    assert 'fmgraph_http_requests_total{status="5xx"} 2.0' in text
    assert "fmgraph_cache_hits_total 2.0" in text
    assert "fmgraph_queries_here_total 2.0" in text
    assert 'fmgraph_request_seconds_bucket{le="0.025"} 2.0' in text
    assert 'fmgraph_request_seconds_bucket{le="+Inf"} 4.0' in text
    assert "fmgraph_request_seconds_sum 5.02" in text
    assert f"fmgraph_dataset_triples {float(engine.meta.triples)}" in text


def test_the_evaluators_are_in_the_metrics_whatever_stands_before_them(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = {
        "refused": 4, "demoted": 0, "ended": {"time": 1}, "running": {}, "waiting": {},
        "evaluators": {"17": 4096}, "latency": {}, "buckets": [],
    }  # fmt: skip
    monkeypatch.setattr(engine, "stats", lambda: report)
    app = create_app(engine, Settings(), metrics=Metrics(tmp_path), search=tmp_path / "search.sqlite")
    text = app.test_client().get("/metrics").text
    assert "\nfmgraph_evaluators 1.0\n" in text
    assert "\nfmgraph_queries_refused_total 4.0\n" in text


def test_crawlers_are_told_what_not_to_ask(engine: Engine) -> None:
    client = create_app(engine, Settings(base_url="https://e.example/graph/")).test_client()
    response = client.get("/robots.txt")
    assert (response.status_code, response.mimetype) == (200, "text/plain")
    rules = RobotFileParser()
    rules.parse(response.text.splitlines())
    assert rules.can_fetch("any", "https://e.example/graph/model/uni")
    assert rules.can_fetch("any", "https://e.example/graph/sparql")
    assert not rules.can_fetch("any", "https://e.example/graph/sparql?query=ASK%20%7B%7D")


def test_no_link_is_shaped_by_the_request(client: FlaskClient) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    for path in (
        "/sparql",
        "//sparql",
        "/dump",
        "/dump/",
        "/nowhere/x/y/z",
        "/model/retizero",
        "/model/retizero/",
    ):
        for accept in ("text/html", "text/turtle"):
            response = client.get(path, headers={**headers, "Accept": accept})
            assert "evil.example" not in str(response.headers) + response.text
            assert "gopher" not in str(response.headers) + response.text
