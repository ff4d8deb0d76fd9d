"""The whole service over a dataset on disk: limits, clients that leave, reload, all over HTTP."""

from __future__ import annotations

import http.client
import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from fmgraph.rdf.store import read_meta, write_dataset

if TYPE_CHECKING:
    from tests.conftest import Running

SCRIPT = Path(__file__).parent / "serve_dataset.py"
COUNT = "/sparql?query=" + quote("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")


def endless(number: int) -> str:
    """Return the URL of a query that takes hours; each number is another."""
    pattern = " . ".join(f"?a{i} ?b{i} ?c{i}" for i in range(5))
    return "/sparql?query=" + quote(f"SELECT (COUNT(*) AS ?n{number}) {{ {pattern} }}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("served")
    write_dataset([f"<http://e/{n}> <http://e/p> <http://e/o> ." for n in range(1000)], found, "1")
    return found


@pytest.fixture(scope="module")
def served(folder: Path, start: Any) -> Iterator[Running]:
    running = start(SCRIPT, str(folder))
    yield running
    assert running.stop() == 0


def ask(running: Running, url: str, **headers: str) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    connection.request("GET", url, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    kind = answer.headers.get_content_type()
    return (
        answer.status,
        dict(answer.getheaders()),
        json.loads(body) if kind.endswith("json") else body.decode(),
    )


def metric(running: Running, name: str) -> float:
    text = ask(running, "/metrics")[2]
    return float(text.partition(f"\n{name} ")[2].partition("\n")[0] or 0)


def count(running: Running, url: str = COUNT) -> int:
    return int(ask(running, url)[2]["results"]["bindings"][0]["n"]["value"])


def until(condition: Any, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_it_answers_and_is_ready(served: Running) -> None:
    assert count(served) == 1000
    assert ask(served, "/readyz")[0] == 200


def test_a_runaway_is_503_at_the_limit_while_others_are_answered(served: Running) -> None:
    answers: list[tuple[int, dict[str, str], Any]] = []
    thread = threading.Thread(target=lambda: answers.append(ask(served, endless(1))))
    thread.start()
    time.sleep(0.5)
    started = time.monotonic()
    for number in range(10):
        assert count(served, f"{COUNT}%23{number}") == 1000
    assert time.monotonic() - started < 2
    thread.join()
    status, headers, members = answers[0]
    assert (status, members["limit"]) == (503, "time, 2 s")
    assert int(headers["retry-after"]) > 0
    assert ask(served, endless(1))[0] == 503  # at once: it has just run into the limit


def test_a_client_that_leaves_frees_its_evaluator(served: Running) -> None:
    connection = served.connect()
    connection.sendall(f"GET {endless(2)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    until(lambda: metric(served, 'fmgraph_queries_running{lane="slow"}') == 1)
    left = metric(served, "fmgraph_clients_left_total")
    connection.close()
    until(lambda: metric(served, 'fmgraph_queries_running{lane="slow"}') == 0, 2)
    assert metric(served, "fmgraph_clients_left_total") == left + 1


def test_service_and_deep_nesting_are_refused(served: Running) -> None:
    for query in (
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "ASK " + "{" * 5000 + "}" * 5000,
    ):
        status, _, members = ask(served, "/sparql?query=" + quote(query))
        assert (status, members["title"]) == (400, "Query refused")


def test_a_reload_loses_no_request_and_empties_the_cache(served: Running, folder: Path) -> None:
    old = ask(served, COUNT)
    found: list[tuple[int, int]] = []
    done = threading.Event()

    def keep_asking() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        while not done.is_set():
            connection.request("GET", COUNT)
            answer = connection.getresponse()
            body = json.loads(answer.read())
            found.append((answer.status, int(body["results"]["bindings"][0]["n"]["value"])))
        connection.close()

    threads = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    write_dataset([f"<http://e/{n}> <http://e/p> <http://e/o> ." for n in range(500)], folder, "2")
    served.process.send_signal(signal.SIGHUP)
    until(lambda: metric(served, "fmgraph_dataset_triples") == 500)
    time.sleep(0.2)
    done.set()
    for thread in threads:
        thread.join()
    assert {status for status, _ in found} == {200}
    assert {number for _, number in found} == {1000, 500}
    new = ask(served, COUNT, **{"If-None-Match": old[1]["etag"]})
    assert (new[0], count(served)) == (200, 500)
    assert read_meta(folder).digest[:12] in served.log.read_text("utf-8")
