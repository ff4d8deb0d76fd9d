"""What is proved cheap is answered where it arrives; all else, and all before the proof, by evaluators."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from fmgraph.errors import ProtocolError, QueryError
from fmgraph.rdf.store import write_dataset
from fmgraph.server.engine import ResultFormats
from fmgraph.server.pool.broker_process import BrokerProcess
from fmgraph.server.pool.pool_engine import PoolEngine
from fmgraph.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import Running

SETTINGS = Settings(evaluators=1, slow_evaluators=1, timeout_seconds=5)
SCRIPT = Path(__file__).parent / "serve_dataset.py"


def lookup(number: int) -> str:
    return f"SELECT ?o {{ <http://e/{number}> <http://e/label> ?o }}"


def heavy(number: int) -> str:
    """Return a query of 4 million solutions for 0 and of none for other numbers."""
    return (
        f"SELECT (COUNT(*) AS ?n) {{ <http://e/{number}> <http://e/all> ?a . "
        "?a <http://e/to> ?b . ?b <http://e/on> ?c }"
    )


def lines(count: int) -> Iterator[str]:
    for i in range(count):
        yield f'<http://e/{i}> <http://e/label> "label {i}" .'
        yield f"<http://e/0> <http://e/all> <http://e/{i}> ."
        for j in range(100):
            yield f"<http://e/{i}> <http://e/to> <http://e/x{j}> ."
    for j in range(10_000):
        yield f"<http://e/x{j // 100}> <http://e/on> <http://e/y{j}> ."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("dataset")
    write_dataset(lines(400), made, "1")
    return made


@pytest.fixture(scope="module")
def lying(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset whose statistics say that nothing has more than one value."""
    made = tmp_path_factory.mktemp("lying")
    path = write_dataset(lines(400), made, "1") / "degrees.json"
    statistics = json.loads(path.read_text("utf-8"))
    for known in statistics["properties"].values():
        known |= {"out": 1, "into": 1}
    path.with_name("manifest.json").unlink()  # it would tell that this is another file
    path.write_text(json.dumps({**statistics, "hubs": [], "vectors": [[{}], [{}]], "largest": 1}))
    return made


@pytest.fixture
def engine(folder: Path) -> Iterator[PoolEngine]:
    with BrokerProcess([folder], SETTINGS) as broker, broker.engine() as found:
        yield found


def evaluated(engine: PoolEngine) -> int:
    """Return how many queries evaluators have answered."""
    return sum(sum(found["counts"]) for found in engine.stats()["latency"].values())


def test_the_first_of_a_template_is_evaluated_and_the_rest_answered_here(engine: PoolEngine) -> None:
    assert engine.run_here(lookup(1)) is None
    first = engine.run(lookup(1))
    for number in range(2, 30):
        here = engine.run_here(lookup(number))
        assert here is not None
        assert f"label {number}".encode() in here.body
        assert engine.run(lookup(number)).body == here.body
    assert engine.run(lookup(1)).body == first.body
    assert evaluated(engine) == 1
    # It is the query that counts, not how it is written.
    other = "PREFIX e: <http://e/> SELECT ?o\n{ e:77 e:label ?o } # another"
    found = engine.run_here(other)
    assert found is not None
    assert b"label 77" in found.body


def test_what_is_not_proved_goes_to_evaluators_each_time(engine: PoolEngine) -> None:
    dear = [
        "SELECT (COUNT(*) AS ?n) { ?s <http://e/to> ?o }",
        "SELECT ?b { <http://e/0> <http://e/all> ?a . ?a <http://e/to> ?b }",
        "SELECT ?o { <http://e/9> <http://e/label> ?o FILTER REGEX(?o, '9') }",
        "SELECT ?o { <http://e/9> <http://e/label> ?o } # \\",
        "SELECT ?o { GRAPH ?g { <http://e/9> <http://e/label> ?o } }",
    ]
    for times in range(1, 4):
        for query in dear:
            engine.run(query)
            assert engine.run_here(query) is None
        assert evaluated(engine) == times * len(dear)
    engine.run(lookup(1))
    engine.run(lookup(1), default_graphs=["http://e/g"])
    assert evaluated(engine) == 3 * len(dear) + 2


def test_errors_are_those_of_evaluators(engine: PoolEngine) -> None:
    engine.run(lookup(1))
    for _ in range(2):
        with pytest.raises(ProtocolError, match="offered") as raised:
            engine.run(lookup(1), formats=ResultFormats(None, None))
        assert raised.value.status == 406
        with pytest.raises(QueryError):
            engine.run("SELECT ?o { <http://e/1> e:label ?o }")


def test_a_reload_is_followed_at_once_and_begins_anew(tmp_path: Path) -> None:
    write_dataset(lines(3), tmp_path, "1")
    with BrokerProcess([tmp_path], SETTINGS) as broker, broker.engine() as engine:
        engine.run(lookup(1))
        assert engine.run_here(lookup(3)) is not None
        write_dataset(lines(4), tmp_path, "2")
        broker.reload()
        assert engine.run_here(lookup(3)) is None
        engine.run(lookup(1))
        answer = engine.run_here(lookup(3))
        assert answer is not None
        assert answer.meta.version == "2"
        assert b"label 3" in answer.body


def test_while_there_is_no_broker_lookups_go_on(engine: PoolEngine) -> None:
    engine.run(lookup(1))
    engine._path = engine._path.with_name("none.sock")
    assert b"label 7" in engine.run(lookup(7)).body


def test_without_statistics_all_go_to_evaluators(tmp_path: Path) -> None:
    folder = write_dataset(lines(3), tmp_path, "1")
    for name in ("degrees.json", "manifest.json"):
        (folder / name).unlink()
    with BrokerProcess([tmp_path], SETTINGS) as broker, broker.engine() as engine:
        for _ in range(2):
            assert b"label 1" in engine.run(lookup(1)).body
            assert engine.run_here(lookup(1)) is None


def until(condition: Callable[[], Any], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_takes_longer_than_proved_is_struck_off_for_all(lying: Path) -> None:
    with BrokerProcess([lying], SETTINGS) as broker:
        called = threading.Event()
        engine, other = broker.engine(), broker.engine()
        engine.on_overstay = called.set
        for one in (engine, other):
            one.run(heavy(7))
            assert one.run_here(heavy(8)) is not None
        assert engine.run_here(heavy(0)) is not None  # 4 million
        assert called.wait(1)
        assert engine.run_here(heavy(8)) is None
        with broker.engine() as later:  # as the process has that takes the place of this one
            later.run(heavy(7))
            assert later.run_here(heavy(8)) is None
        engine.close()
        other.close()


def ask(running: Running, query: str, timeout: float = 30) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=timeout)
    try:
        connection.request("GET", "/sparql?query=" + quote(query))
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def metric(running: Running, name: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return float(text.partition(f"\n{name} ")[2].partition("\n")[0] or 0)


def test_a_worker_in_which_a_query_overstays_is_replaced_and_no_request_is_lost(
    lying: Path, start: Any
) -> None:
    running = start(SCRIPT, str(lying))
    for number in range(1, 20):  # both workers know both templates
        assert ask(running, heavy(number)) == ask(running, lookup(number)) == 200
    failed: list[int] = []
    stop = threading.Event()

    def others() -> None:
        number = 0
        while not stop.wait(0.005):
            number += 1
            if (status := ask(running, lookup(number % 400))) != 200:
                failed.append(status)

    threads = [threading.Thread(target=others) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert ask(running, heavy(0)) in (200, 413, 503)
    until(lambda: metric(running, "fmgraph_overstays_total") == 1)
    until(lambda: "is replaced" in running.log.read_text())
    time.sleep(2)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert running.stop() == 0
