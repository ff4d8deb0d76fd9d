"""The server as a process: HTTP over real sockets, slow clients, stopping, a port in use."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from fmgraph.errors import UsageError
from fmgraph.server.http.run_server import listening
from fmgraph.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import Running

HERE = Path(__file__).parent
SAMPLE = HERE / "data" / "sample.ttl"
#: Takes a fifth of a second over the sample graph.
SLOW = "/sparql?query=" + quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f }")
LONG = "/sparql?query=" + quote("SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o")


def request(
    running: Running, method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    connection.request(method, url, body, headers or {})
    answer = connection.getresponse()
    found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return found


def test_served_cached_and_in_process_are_the_same(server: Running, client: FlaskClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for method, url, body, headers in (
        ("GET", LONG, None, {}),
        ("GET", LONG, None, {"Accept": "text/csv", "Accept-Encoding": "gzip"}),
        ("GET", LONG, None, {"Accept-Encoding": "gzip;q=0.5, zstd, identity;q=0"}),
        ("GET", LONG, None, {"Accept": "*/*", "Accept-Encoding": "br, zstd"}),
        ("GET", LONG, None, {"Accept": "image/png"}),
        ("GET", LONG, None, {"Accept": "text/csv", "Accept-Encoding": "*;q=0"}),
        ("GET", "/sparql?query=ASK%7B%7D", None, {"Accept-Encoding": "gzip"}),
        ("GET", "/sparql?query=ASK%7B%7D", None, {"Accept-Encoding": "gzip, identity;q=0"}),
        ("GET", "/sparql?query=ASK+%7B%7D", None, {"Accept": "application/sparql-results+xml"}),
        ("GET", "/sparql?query=ASK%7B%7D&format=csv", None, {}),
        ("GET", "/sparql?query=DESCRIBE+%3Curn:x%3E", None, {"Accept": "application/json"}),
        ("GET", "/sparql?query=CONSTRUCT+WHERE+%7B%3Fs+a+%3Fo%7D", None, {"Accept-Encoding": "zstd"}),
        ("GET", "/sparql?query=CONSTRUCT+WHERE+%7B%3Fs+a+%3Fo%7D", None, {"Accept": "text/csv"}),
        ("GET", "/sparql?query=SELECT", None, {}),
        ("GET", "/sparql?query=SELECT", None, {"Accept": "text/html"}),
        ("GET", "/sparql?query=", None, {}),
        ("GET", "/sparql?query=%", None, {}),
        ("GET", "/sparql?query=ASK%7B%7D%00", None, {}),
        ("GET", "/sparql?query=ASK+%7BSERVICE+%3Curn:x%3E+%7B%7D%7D", None, {"Accept": "*/*"}),
        ("GET", "/sparql?query=SELECT+(NOW()-NOW()+AS+%3Fn)+%7B%7D", None, {"Range": "bytes=0-3"}),
        ("HEAD", LONG, None, {"Accept": "application/xml"}),
        ("GET", LONG, None, {"If-None-Match": "*"}),
        ("GET", "/sparql?query=%C3%A9", None, {}),
        ("GET", "/sparql?query=%FF", None, {}),
        ("GET", "/sparql", None, {"Accept": "application/rdf+xml"}),
        ("GET", "/model/retizero", None, {"Accept": "text/turtle"}),
        ("GET", "/" + quote("é\0/x"), None, {}),
        ("POST", "/sparql", b"query=ASK%7B%7D", form),
        ("POST", "/sparql", b"query=ASK%7B%7D", {}),
        ("PUT", "/sparql", b"x" * 100, {}),
        ("OPTIONS", "/sparql", None, {"Origin": "x", "Access-Control-Request-Method": "POST"}),
    ):
        wanted = client.open(url, method=method, data=body, headers=headers)
        fields = {k.lower(): v for k, v in wanted.headers}
        for _ in range(4):  # both workers, cold and warm
            status, got, data = request(server, method, url, body, headers)
            got.pop("date")
            assert status == wanted.status_code, (method, url, data)
            assert data == wanted.data
            assert got.pop("content-length", "0") == fields.get("content-length", "0")
            assert got == {k: v for k, v in fields.items() if k != "content-length"}


def test_several_accept_lines_are_joined(server: Running) -> None:
    lines = "Accept: text/csv;q=0.1\r\nAccept: text/tab-separated-values"
    with server.connect() as connection:
        connection.sendall(f"GET {LONG} HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n".encode())
        assert b"content-type: text/tab-separated-values" in connection.recv(1000)


def test_a_connection_is_kept_and_requests_may_be_pipelined(server: Running) -> None:
    one = b"HEAD /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\n\r\n"
    with server.connect() as connection:
        for _ in range(3):
            connection.sendall(one)
            assert connection.recv(4000).endswith(b"\r\n\r\n")
        connection.sendall(one + one + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := connection.recv(4000):
            answer += part
    assert answer.count(b"HTTP/1.1 200") == 3
    assert answer.endswith(b"ok\n")


def test_a_dump_is_streamed_with_ranges(server: Running) -> None:
    status, headers, body = request(server, "GET", "/dump/fmgraph.nt")
    assert (status, len(body), headers["content-length"]) == (200, 2_000_000, "2000000")
    assert "transfer-encoding" not in headers
    status, headers, body = request(server, "GET", "/dump/fmgraph.nt", headers={"Range": "bytes=-1000000"})
    assert (status, len(body)) == (206, 1_000_000)
    status, headers, body = request(server, "HEAD", "/dump/fmgraph.nt")
    assert (status, body, headers["content-length"]) == (200, b"", "2000000")


def test_slow_and_idle_sockets_starve_nobody(server: Running) -> None:
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    idle = [server.connect() for _ in range(100)]
    slow = [server.connect() for _ in range(80)]
    for number, connection in enumerate(slow):
        start = head + b"Content-Length: 6\r\n\r\nAS" if number % 2 else head[:40]
        connection.sendall(start)
    started = time.monotonic()
    for number in range(10):
        query = quote(f"SELECT ({number} AS ?n) {{}}")
        assert request(server, "GET", f"/sparql?query={query}")[0] == 200
    assert time.monotonic() - started < 3
    slow[1].sendall(b"K {}")
    assert b"200 OK" in slow[1].recv(100)
    for connection in (*idle, *slow):
        connection.close()


def test_bodies_and_heads_are_bounded(server: Running) -> None:
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    with server.connect() as connection:
        connection.sendall(head + b"Content-Length: 999999999\r\n\r\nASK")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    with server.connect() as connection:
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(300):
                connection.sendall(b"1000\r\n" + bytes(4096) + b"\r\n")
        except OSError:
            pass  # it may close before all is sent
        else:
            assert connection.recv(100).startswith(b"HTTP/1.1 413")
    for target, extra, status in (
        (b"/" + b"a" * 70_000, b"", b"414"),
        (b"/", b"X: " + b"a" * 400_000 + b"\r\n", b"431"),
        (b"/sparql", b"Accept: " + b"a/b," * 5000 + b"\r\n", b"431"),
        (b"/sparql?query=ASK{}#\xff", b"", b"400"),
    ):
        with server.connect() as connection:
            connection.sendall(
                b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + extra + b"\r\n"
            )
            assert connection.recv(100).split()[1] == status, (target[:20], status)


def test_pages_answer_while_all_places_for_queries_are_taken(server: Running) -> None:
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(request(server, "GET", f"{SLOW}%23{n}")[0]))
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    started = time.monotonic()
    assert request(server, "GET", "/healthz")[0] == 200
    assert time.monotonic() - started < 3
    for thread in threads:
        thread.join()
    assert set(answers) == {200, 503}
    text = request(server, "GET", "/metrics")[2].decode()
    refused = float(text.partition("\nfmgraph_overload_total ")[2].split()[0])
    assert refused == answers.count(503)


def test_the_log_has_no_query(server: Running) -> None:
    request(server, "GET", "/sparql?query=" + quote("SELECT (4711 AS ?secret) {}"))
    request(server, "GET", "/" + quote("a\nb"))
    end = time.monotonic() + 5
    while "GET /a%0Ab 404" not in server.log.read_text("utf-8"):  # written after the answer is sent
        assert time.monotonic() < end
        time.sleep(0.01)
    text = server.log.read_text("utf-8")
    assert "secret" not in text
    assert "GET /sparql 200" in text
    assert "cost=quick query=" in text


def test_sighup_reloads_and_loses_no_connection(server: Running) -> None:
    with server.connect() as connection:
        for signalled in (False, True):
            if signalled:
                server.process.send_signal(signal.SIGHUP)
                time.sleep(0.3)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in connection.recv(1000)
    assert "reloaded" in server.log.read_text("utf-8")


def test_a_port_in_use_is_one_clear_line(server: Running) -> None:
    arguments = [sys.executable, str(HERE / "serve.py"), str(server.port), str(HERE / "data" / "sample.ttl")]
    ended = subprocess.run(
        arguments, capture_output=True, text=True, timeout=30, env={"PYTHONPATH": str(HERE.parent / "src")}
    )
    assert ended.returncode != 0
    assert ended.stderr.strip() == (
        f"port {server.port} of 127.0.0.1 is in use: stop what listens there or use --port"
    )


def test_an_address_that_is_not_ours_is_refused() -> None:
    for host, port in (("192.0.2.1", 8000), ("no such host", 80), ("a" * 100, 80)):
        with pytest.raises(UsageError, match="cannot listen"):
            listening(Settings(host=host, port=port))
    assert listening(Settings(port=0)).port > 0


def test_stopping_finishes_what_is_under_way(start_fmgraph: Callable[..., Running]) -> None:
    server = start_fmgraph("--data", str(SAMPLE))
    connections = [server.connect(30) for _ in range(4)]
    for number, connection in enumerate(connections):
        connection.sendall(f"GET {SLOW}%23last{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    time.sleep(0.2)
    server.process.send_signal(signal.SIGTERM)
    for connection in connections:
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        connection.close()
    assert server.process.wait(30) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", server.port)) != 0
    assert "panicked" not in server.log.read_text("utf-8")
