"""Another store behind the engine: a real HTTP server that answers well, or badly when told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pyoxigraph import NamedNode

from fmgraph.errors import (
    BusyError,
    EngineError,
    FmgraphError,
    LimitError,
    ProtocolError,
    QueryError,
    QueryRefused,
    ResultTooLargeError,
    UsageError,
)
from fmgraph.rdf.store import dataset_of_files
from fmgraph.server.engine import GRAPHS, SOLUTIONS, InProcessEngine, ResultFormats
from fmgraph.server.engine.remote_endpoint import RemoteEngine
from fmgraph.settings import Settings

DATA = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
<http://e/dataset> a dcat:Dataset ; dcat:version "1.2" ; <http://purl.org/dc/terms/modified> "2026-01-02" .
<http://e/a> <http://e/p> <http://e/b> .
"""
SETTINGS = Settings(timeout_seconds=0.5, result_mb=1, remote_refresh_seconds=0.2, threads=4)


class Store(ThreadingHTTPServer):
    """A SPARQL endpoint; ``answer`` replaces its next answers with (status, headers, body, seconds)."""

    daemon_threads = True

    def __init__(self, file: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.engine = InProcessEngine(dataset_of_files([file]))
        self.answer: tuple[int, dict[str, str], bytes, float] | None = None
        self.trickle: bytes | None = None
        self.connections = 0
        self.queries: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/sparql"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Store

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.queries.append(form["query"][0])
        if self.server.trickle is not None:
            self.send_slowly(self.server.trickle)
            return
        status, headers, body, seconds = self.server.answer or self.evaluate(form)
        time.sleep(seconds)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def send_slowly(self, text: bytes) -> None:
        """Send a byte every 50 ms: each comes well within a time-out that counts from the last."""
        self.close_connection = True
        with suppress(OSError):
            for byte in text:
                self.wfile.write(bytes([byte]))
                time.sleep(0.05)

    def evaluate(self, form: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes, float]:
        wanted = self.headers["Accept"].split(", ")
        formats = ResultFormats(
            next((name for name in wanted if name in SOLUTIONS), None),
            next((name for name in wanted if name in GRAPHS), None),
        )
        try:
            answer = self.server.engine.run(
                form["query"][0],
                formats=formats,
                default_graphs=form.get("default-graph-uri", []),
                named_graphs=form.get("named-graph-uri", []),
            )
        except FmgraphError as error:
            return error.status, {"Content-Type": "text/plain"}, str(error).encode(), 0
        return 200, {"Content-Type": f"{answer.media_type}; charset=utf-8"}, answer.body, 0

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "data.ttl").write_text(DATA)
    with Store(tmp_path / "data.ttl") as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def remote(store: Store) -> Iterator[RemoteEngine]:
    with RemoteEngine(store.url, SETTINGS) as engine:
        yield engine


def test_queries_are_passed_on_and_answers_passed_back(remote: RemoteEngine, store: Store) -> None:
    assert remote.meta.triples
    remote._until = float("inf")  # or what is known is asked for meanwhile, on a connection of its own
    for media_type in SOLUTIONS:
        answer = remote.run("SELECT ?o { <http://e/a> ?p ?o }", formats=ResultFormats(media_type, None))
        assert (answer.kind, answer.media_type) == ("select", media_type)
        assert b"http://e/b" in answer.body
    graph = remote.run("DESCRIBE <http://e/a>", formats=ResultFormats(None, "application/n-triples"))
    assert (graph.kind, graph.body) == ("graph", b"<http://e/a> <http://e/p> <http://e/b> .\n")
    assert remote.rows("SELECT ?o { <http://e/a> ?p ?o }") == [{"o": NamedNode("http://e/b")}]
    assert remote.ask("ASK { <http://e/a> ?p ?o }") is True
    assert remote.ask("ASK { <http://e/none> ?p ?o }") is False
    empty = remote.run("SELECT * { ?s ?p ?o }", default_graphs=["http://e/none"])
    assert b'"bindings":[]' in empty.body
    assert store.connections == 1


def test_the_guard_comes_first(remote: RemoteEngine, store: Store) -> None:
    _ = remote.meta
    before = len(store.queries)
    for query in (
        "SELECT * { SERVICE <http://e/> {} }",
        "CLEAR ALL",
        "SELECT * {" + "{" * 100 + "}" * 100 + "}",
    ):
        with pytest.raises(QueryRefused):
            remote.run(query)
    with pytest.raises(ProtocolError):
        remote.run("ASK {}", formats=ResultFormats(None, "text/turtle"))
    assert len(store.queries) == before


def test_what_is_known_of_the_data_changes_with_it(
    remote: RemoteEngine, store: Store, tmp_path: Path
) -> None:
    first = remote.meta
    assert (first.triples, first.version, first.modified) == (4, "1.2", "2026-01-02")
    asked = len(store.queries)
    assert remote.meta is first
    assert len(store.queries) == asked
    (tmp_path / "data.ttl").write_text(DATA.replace("1.2", "1.3"))
    store.engine = InProcessEngine(dataset_of_files([tmp_path / "data.ttl"]))
    end = time.monotonic() + 5
    while (second := remote.meta) is first and time.monotonic() < end:  # it is asked for in a thread
        time.sleep(0.05)
    assert second.version == "1.3"
    assert second.digest != first.digest
    store.answer = (500, {}, b"", 0)
    time.sleep(0.25)
    assert remote.meta is second  # what was known is kept while the other side is down


CSV = {"Content-Type": "text/csv"}


@pytest.mark.parametrize(
    ("answer", "error", "part"),
    [
        ((400, {}, b"parse error at line 3", 0), QueryError, "line 3"),
        ((413, {}, b"", 0), ResultTooLargeError, "size"),
        ((429, {"Retry-After": "7"}, b"", 0), BusyError, "busy"),
        ((503, {}, b"later", 0), BusyError, "later"),
        ((504, {}, b"", 0), LimitError, "too long"),
        ((206, CSV, b"n\n1", 0), LimitError, "before it had the whole"),
        ((200, {**CSV, "X-SQL-State": "S1TAT"}, b"n\n1", 0), LimitError, "before it had the whole"),
        ((200, {"Content-Type": "text/html"}, b"<p>", 0), EngineError, "text/html"),
        ((200, CSV, b"x" * 1_500_000, 0), ResultTooLargeError, "1 MB"),
        ((200, {**CSV, "Content-Length": "100", "Connection": "close"}, b"cut", 0), EngineError, "closed"),
        ((200, CSV, b"n", 1), LimitError, r"0\.5 s"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b"", 0), EngineError, "status 302"),
        ((500, {}, b"", 0), EngineError, "status 500"),
    ],
)
def test_whatever_goes_wrong_there_has_its_error_here(
    remote: RemoteEngine,
    store: Store,
    answer: tuple[int, dict[str, str], bytes, float],
    error: type[Exception],
    part: str,
) -> None:
    _ = remote.meta
    store.answer = answer
    with pytest.raises(error, match=part) as caught:
        remote.run("SELECT * { ?s ?p ?o }", formats=ResultFormats("text/csv"))
    assert isinstance(caught.value, FmgraphError)
    assert caught.value.status in (400, 413, 502, 503)


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200,
        b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n" + b"x" * 200,
    ],
    ids=["head", "body"],
)
def test_an_answer_that_trickles_has_an_end(remote: RemoteEngine, store: Store, text: bytes) -> None:
    _ = remote.meta
    store.trickle = text
    start = time.monotonic()
    with pytest.raises(LimitError, match=r"0\.5 s"):
        remote.run("SELECT * { ?s ?p ?o }", formats=ResultFormats("text/csv"))
    assert time.monotonic() - start < 5


def test_ill_formed_xml_is_not_passed_on(remote: RemoteEngine, store: Store) -> None:
    _ = remote.meta
    store.answer = (200, {"Content-Type": "application/sparql-results+xml"}, b"<a>\x01</a>", 0)
    with pytest.raises(ProtocolError, match="control character"):
        remote.run("SELECT * {}", formats=ResultFormats("application/sparql-results+xml"))


def test_no_endpoint(store: Store) -> None:
    with RemoteEngine("http://127.0.0.1:1/sparql", SETTINGS) as engine:
        with pytest.raises(EngineError) as caught:
            _ = engine.meta
        assert caught.value.status == 502
        with pytest.raises(EngineError):
            engine.run("ASK {}")
    for url in ("ftp://e/", "sparql", ""):
        with pytest.raises(UsageError):
            RemoteEngine(url)


def test_nobody_waits_for_what_is_known_to_be_asked_anew(store: Store, remote: RemoteEngine) -> None:
    """Who looks at ``meta`` may be an event loop."""
    known = remote.meta
    store.answer = (200, {"Content-Type": "text/csv"}, b"n\r\n4\r\n", 2.0)
    time.sleep(0.25)
    start = time.perf_counter()
    assert remote.meta is known
    assert time.perf_counter() - start < 0.1
