"""Publishing to real stores: Oxigraph's server and Virtuoso, where they are installed, and to a failing one.

``pip install oxigraph``; ``apt-get install --no-install-recommends virtuoso-opensource-7``.
"""

from __future__ import annotations

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import requests
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse

from fmgraph.errors import PublishError, UsageError
from fmgraph.publish.send_to_store import Endpoints, endpoints, publish
from fmgraph.rdf.prefixes import BASE
from fmgraph.rdf.store import Dataset, open_dataset, write_dataset

SAMPLE = Path(__file__).parent / "data" / "sample.ttl"
OXIGRAPH = shutil.which(
    "oxigraph", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
)
VIRTUOSO = shutil.which("virtuoso-t")
GRAPH = f"{BASE}void#default-graph"

real_oxigraph = pytest.mark.skipif(
    OXIGRAPH is None, reason="the oxigraph server is not installed (pip install oxigraph)"
)
real_virtuoso = pytest.mark.skipif(
    VIRTUOSO is None, reason="virtuoso-t is not installed (apt-get install virtuoso-opensource-7)"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            requests.get(url, timeout=2)
        except requests.ConnectionError:
            assert time.monotonic() < end, f"{url} did not come up"
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    store = Store()
    store.bulk_load(path=SAMPLE)
    return open_dataset(write_dataset(store, tmp_path_factory.mktemp("dataset"), "1"))


@pytest.fixture(scope="module")
def oxigraph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert OXIGRAPH is not None
    folder, url = tmp_path_factory.mktemp("oxigraph"), f"127.0.0.1:{free_port()}"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [OXIGRAPH, "serve", "--location", folder / "db", "--bind", url], stdout=log, stderr=log
        )
    try:
        wait_for(f"http://{url}/")
        yield f"http://{url}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert VIRTUOSO is not None
    folder, port = tmp_path_factory.mktemp("virtuoso"), free_port()
    (folder / "virtuoso.ini").write_text(
        f"""[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temp.db
TransactionFile = temp.trx
[Parameters]
ServerPort = 127.0.0.1:{free_port()}
NumberOfBuffers = 4000
MaxDirtyBuffers = 3000
DirsAllowed = .
CheckpointInterval = 0
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerRoot = .
"""
    )
    subprocess.run([VIRTUOSO, "+configfile", "virtuoso.ini", "+wait"], cwd=folder, check=True, timeout=60)
    pid = int((folder / "virtuoso.lck").read_text().split("=")[1])
    try:
        wait_for(f"http://127.0.0.1:{port}/sparql")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.kill(pid, signal.SIGKILL)  # an orderly end takes seconds, and the database is thrown away


def held(query_url: str, graph: str | None) -> set[Triple]:
    where = f"GRAPH <{graph}> {{ ?s ?p ?o }}" if graph else "?s ?p ?o"
    answer = requests.post(
        query_url,
        data={"query": f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {where} }}"},
        headers={"Accept": "application/n-triples"},
        timeout=30,
    )
    answer.raise_for_status()
    return {quad.triple for quad in parse(answer.content, RdfFormat.N_TRIPLES)}


@real_oxigraph
@pytest.mark.parametrize("graph", [None, GRAPH])
@pytest.mark.parametrize("swap", [True, False])
@pytest.mark.parametrize("update_only", [True, False])
def test_oxigraph_holds_what_was_sent(
    dataset: Dataset, oxigraph: str, graph: str | None, swap: bool, update_only: bool
) -> None:
    requests.put(
        f"{oxigraph}/store",
        params={"graph": graph} if graph else {"default": ""},
        data="<urn:old> <urn:old> <urn:old> .",
        headers={"Content-Type": "text/turtle"},
        timeout=10,
    ).raise_for_status()
    url = f"{oxigraph}/{'update' if update_only else 'store'}"
    done = publish(
        dataset, url, graph, update=f"{oxigraph}/update", query=f"{oxigraph}/query", swap=swap, chunk_mb=0.03
    )
    assert done.triples == dataset.meta.triples
    assert done.requests > 5
    assert held(f"{oxigraph}/query", graph) == {quad.triple for quad in dataset.store}
    others = "ASK { GRAPH ?g { ?s ?p ?o } FILTER(STRSTARTS(STR(?g), 'urn:fmgraph:staging')) }"
    assert requests.get(f"{oxigraph}/query", params={"query": others}, timeout=10).json()["boolean"] is False


@real_oxigraph
def test_chunks_keep_blank_nodes_together(oxigraph: str, tmp_path: Path) -> None:
    store = Store()
    for n in range(200):
        store.add(Quad(BlankNode("one"), NamedNode("urn:p"), Literal(f"{n:03}")))
        store.add(Quad(NamedNode(f"urn:{n}"), NamedNode("urn:p"), Literal(f"text _:{n}")))
    dataset = open_dataset(write_dataset(store, tmp_path, "1"))
    publish(dataset, f"{oxigraph}/store", "urn:blank", chunk_mb=0.001)
    triples = held(f"{oxigraph}/query", "urn:blank")
    assert len(triples) == 400
    assert len({t.subject for t in triples if isinstance(t.subject, BlankNode)}) == 1


@real_oxigraph
def test_publishing_again_replaces(dataset: Dataset, oxigraph: str, tmp_path: Path) -> None:
    small = open_dataset(write_dataset(["<urn:a> <urn:b> <urn:c> ."], tmp_path, "2"))
    seen: list[int] = []
    assert publish(dataset, f"{oxigraph}/store", GRAPH, progress=seen.append).triples == dataset.meta.triples
    assert seen == [dataset.meta.triples]
    assert publish(small, f"{oxigraph}/store", GRAPH).triples == 1
    empty = open_dataset(write_dataset([], tmp_path, "3"))
    assert publish(empty, f"{oxigraph}/store", GRAPH, swap=False).triples == 0


@real_virtuoso
def test_virtuoso_holds_what_was_sent(dataset: Dataset, virtuoso: str) -> None:
    url = f"{virtuoso}/sparql-graph-crud-auth"
    for swap in (True, False):
        done = publish(dataset, url, GRAPH, user="dba", password="dba", swap=swap, chunk_mb=0.05)
        assert done.triples == dataset.meta.triples
    sent = {quad.triple for quad in dataset.store}
    got = held(f"{virtuoso}/sparql", GRAPH)
    # Virtuoso 7 gives booleans back as integers; everything else comes back as it was.
    assert {t for t in got - sent if not isinstance(t.object, Literal)} == set()
    changed = {str(t.object.datatype) for t in sent - got if isinstance(t.object, Literal)}
    assert changed <= {"<http://www.w3.org/2001/XMLSchema#boolean>"}


@real_virtuoso
def test_virtuoso_needs_a_name_and_a_password(dataset: Dataset, virtuoso: str) -> None:
    url = f"{virtuoso}/sparql-graph-crud-auth"
    with pytest.raises(UsageError, match="no default graph"):
        publish(dataset, url, user="dba", password="dba")
    with pytest.raises(PublishError, match="401"):
        publish(dataset, url, GRAPH, user="dba", password="wrong")


class Failing(BaseHTTPRequestHandler):
    """A store that takes everything; ``answers`` are the statuses it gives first, ``counted`` its count."""

    answers: ClassVar[list[int]] = []
    counted = "0"
    seen: ClassVar[list[str]] = []

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.seen.append(f"{self.command} {self.path.split('?')[0]}")
        status = self.answers.pop(0) if self.answers else 200
        body = f'{{"results": {{"bindings": [{{"n": {{"value": "{self.counted}"}}}}]}}}}'.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_POST = _answer  # noqa: N815 - names that http.server looks for

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def failing() -> Iterator[str]:
    Failing.answers, Failing.counted, Failing.seen = [], "0", []
    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/store"
        server.shutdown()
        thread.join()


def test_a_temporary_failure_is_tried_again(dataset: Dataset, failing: str) -> None:
    Failing.answers, Failing.counted = [503, 502], str(dataset.meta.triples)
    assert publish(dataset, failing).triples == dataset.meta.triples
    assert Failing.seen[:3] == ["PUT /store"] * 3


def test_a_wrong_count_leaves_the_target_alone(dataset: Dataset, failing: str) -> None:
    Failing.counted = "7"
    with pytest.raises(PublishError, match=f"counts 7 triples where {dataset.meta.triples} were sent"):
        publish(dataset, failing)
    assert Failing.seen == ["PUT /store", "POST /query", "POST /update"]  # the staging graph is cleared


def test_a_refusal_is_not_tried_again(dataset: Dataset, failing: str) -> None:
    Failing.answers = [403]
    with pytest.raises(PublishError, match="answers 403 to PUT"):
        publish(dataset, failing)


def test_a_swap_is_asked_for_once(dataset: Dataset, failing: str) -> None:
    Failing.answers, Failing.counted = [200, 200, 503], str(dataset.meta.triples)
    with pytest.raises(PublishError, match="the dataset is complete in <urn:fmgraph:staging"):
        publish(dataset, failing)
    assert Failing.seen.count("POST /update") == 1


def test_an_answer_that_is_no_count(dataset: Dataset, failing: str) -> None:
    Failing.counted = "many"
    with pytest.raises(PublishError, match="does not answer a count"):
        publish(dataset, failing)


def test_nobody_there(dataset: Dataset) -> None:
    with pytest.raises(PublishError, match="cannot be reached"):
        publish(dataset, f"http://127.0.0.1:{free_port()}/store", retries=0)


def test_endpoints_of_known_stores() -> None:
    oxigraph = Endpoints("http://h/store", "http://h/update", "http://h/query", ("no_transaction",))
    assert endpoints("http://h/store") == oxigraph
    assert endpoints("http://h/sparql-graph-crud-auth").update == "http://h/sparql-auth"
    assert endpoints("http://h/ds/data").query == "http://h/ds/query"
    rdf4j = endpoints("http://h/repositories/x/rdf-graphs/service")
    assert (rdf4j.update, rdf4j.query) == ("http://h/repositories/x/statements", "http://h/repositories/x")
    assert endpoints("http://h/u", update="http://h/u", query="http://h/q").store is None


@pytest.mark.parametrize("url", ["ftp://h/store", "store", "http://h/unknown", "file:///etc"])
def test_unknown_stores_are_refused(url: str) -> None:
    with pytest.raises(UsageError):
        endpoints(url)


def test_a_graph_name_cannot_smuggle_an_update(dataset: Dataset) -> None:
    with pytest.raises(UsageError, match="not an IRI"):
        publish(dataset, "http://h/store", "urn:x> ; DROP ALL ; <urn:y")


@contextmanager
def front(endpoint: str) -> Iterator[str]:
    """``fmgraph serve --endpoint`` as a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "fmgraph", "serve", "--endpoint", endpoint, "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        assert server.wait(30) == 0


def check_front(url: str) -> None:
    """Pages, queries, named queries and the guard answer as they do before our own evaluators."""
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    query = f"SELECT ?label {{ <https://w3id.org/fmgraph/model/retfound> {label} ?label }}"
    answer = requests.get(
        f"{url}/sparql", params={"query": query}, headers={"Accept": "text/csv"}, timeout=30
    )
    assert list(csv.reader(answer.text.splitlines())) == [["label"], ["RETFound"]]
    assert "RetiZero" in requests.get(f"{url}/queries/built-on?format=csv", timeout=30).text
    page = requests.get(f"{url}/model/retizero", headers={"Accept": "text/html"}, timeout=30)
    assert page.status_code == 200
    assert "RETFound" in page.text
    assert requests.get(f"{url}/sparql", params={"query": "SELEC"}, timeout=30).status_code == 400
    refused = requests.get(f"{url}/sparql", params={"query": "ASK { SERVICE <http://a/> {} }"}, timeout=30)
    assert refused.status_code == 400


@real_oxigraph
def test_the_front_stands_before_oxigraph(oxigraph, dataset):
    publish(dataset, f"{oxigraph}/store")
    with front(f"{oxigraph}/query") as url:
        check_front(url)


@real_virtuoso
def test_the_front_stands_before_virtuoso(virtuoso, dataset):
    publish(dataset, f"{virtuoso}/sparql-graph-crud-auth", GRAPH, user="dba", password="dba")
    with front(f"{virtuoso}/sparql") as url:
        check_front(url)
