"""Disposable evaluators, with real processes: what runs into a limit ends alone, and nothing is left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fmgraph.errors import (
    BusyError,
    EngineError,
    LimitError,
    ProtocolError,
    QueryRefused,
    QuerySyntaxError,
    ResultTooLargeError,
    UsageError,
)
from fmgraph.rdf.store import write_dataset
from fmgraph.server.engine import ResultFormats
from fmgraph.server.pool.broker_process import BrokerProcess
from fmgraph.server.pool.dataset_workers import Generation
from fmgraph.server.pool.messages import Frame
from fmgraph.server.pool.pool_engine import PoolEngine
from fmgraph.server.pool.scheduler import Scheduler
from fmgraph.server.pool.slots import Places
from fmgraph.settings import Settings

N = 2000
SETTINGS = Settings(
    evaluators=2,
    slow_evaluators=1,
    quick_seconds=0.1,
    timeout_seconds=1.5,
    memory_mb=400,
    result_mb=5,
    queue_seconds=5,
)
#: With a backslash it has no template, so that evaluators answer it every time.
LOOKUP = "SELECT ?o { <http://e/5> <http://e/label> ?o } # \\"
#: 2,000³ solutions, counted one by one.
RUNAWAY = (
    "SELECT (COUNT(*) AS ?n) { ?a <http://e/label> ?b . ?c <http://e/label> ?d . ?e <http://e/label> ?f }"
)
BOMB = "SELECT ?a ?c { ?a <http://e/label> ?b . ?c <http://e/label> ?d } ORDER BY ?b ?d"
LARGE = "SELECT * { ?a <http://e/label> ?b . ?c <http://e/label> ?d }"
DEEP = "SELECT * {" + "{" * 100_000 + "}" * 100_000 + "}"


def lines(count: int) -> Iterator[str]:
    for i in range(count):
        yield f'<http://e/{i}> <http://e/label> "label {i}" .'
        yield f"<http://e/{i}> <http://e/next> <http://e/{(i + 1) % count}> ."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("dataset")
    write_dataset(lines(N), made, "1")
    return made


@pytest.fixture(scope="module")
def broker(folder: Path) -> Iterator[BrokerProcess]:
    with BrokerProcess([folder], SETTINGS) as made:
        yield made


@pytest.fixture
def engine(broker: BrokerProcess) -> Iterator[PoolEngine]:
    with broker.engine() as made:
        yield made


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def descendants(pid: int) -> set[int]:
    found = children(pid)
    return found.union(*(descendants(child) for child in found))


def unlike(query: str) -> str:
    """Return the query with a comment, so that no penalty for an earlier one meets it."""
    return f"{query} # {time.monotonic_ns()}"


def test_answers_are_those_of_the_store(engine: PoolEngine, folder: Path) -> None:
    answer = engine.run(LOOKUP)
    assert (answer.kind, answer.media_type) == ("select", "application/sparql-results+json")
    assert json.loads(answer.body)["results"]["bindings"] == [{"o": {"type": "literal", "value": "label 5"}}]
    assert answer.meta == engine.meta
    assert engine.meta.digest[:12] == (folder / "current").resolve().name
    assert 0 < answer.seconds < 1
    many = engine.run("SELECT * { ?s ?p ?o }", formats=ResultFormats("text/csv"))
    assert many.body.count(b"\n") == 2 * N + 1
    graph = engine.run(
        "CONSTRUCT { ?s a 1 } { ?s ?p ?o }", formats=ResultFormats(None, "application/n-triples")
    )
    assert graph.body.count(b"\n") == N
    assert engine.ask("ASK {}")
    assert len(engine.rows("SELECT ?s { ?s <http://e/next> ?o }")) == N


def test_errors_come_through_whole(engine: PoolEngine) -> None:
    with pytest.raises(QuerySyntaxError) as syntax:
        engine.run("SELECT *\n{ ?s e:p ?o }")
    assert (syntax.value.line, syntax.value.column is None) == (2, False)
    with pytest.raises(ProtocolError) as bad:
        engine.run(LOOKUP, default_graphs=["a b"])
    assert bad.value.status == 400
    with pytest.raises(ProtocolError) as unacceptable:
        engine.run("DESCRIBE <http://e/5>", formats=ResultFormats("text/csv", None), trusted=True)
    assert unacceptable.value.status == 406
    with pytest.raises(QueryRefused, match="64 levels"):
        engine.run("SELECT * {" + "{" * 10_000 + "}" * 10_000 + "}")


def test_a_runaway_is_ended_at_the_limit_while_others_are_answered(engine: PoolEngine) -> None:
    before = engine.stats()
    query = unlike(RUNAWAY)
    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        running = pool.submit(engine.run, query)
        answered = 0
        while not running.done():
            took = time.monotonic()
            engine.run(LOOKUP)
            assert time.monotonic() - took < 0.5
            answered += 1
        seconds = time.monotonic() - started
        with pytest.raises(LimitError, match=r"1\.5 s") as caught:
            running.result()
    assert answered > 10
    assert caught.value.limit == "time, 1.5 s"
    assert 1.5 <= seconds < 4
    after = engine.stats()
    assert after["ended"]["time"] == before["ended"].get("time", 0) + 1
    with pytest.raises(BusyError, match="just run into a limit") as refused:
        engine.run(query)
    assert refused.value.retry_after is not None
    assert 50 <= refused.value.retry_after <= 60


def test_a_killed_evaluator_is_replaced_soon(engine: PoolEngine) -> None:
    until(lambda: len(engine.stats()["evaluators"]) >= 3)
    victims = set(engine.stats()["evaluators"])
    started = time.monotonic()
    for pid in victims:
        os.kill(int(pid), signal.SIGKILL)
    assert engine.run(LOOKUP).body
    seconds = time.monotonic() - started
    until(lambda: len(set(engine.stats()["evaluators"]) - victims) >= 3)
    assert seconds < 1


def test_a_crash_costs_only_its_own_query(engine: PoolEngine) -> None:
    with ThreadPoolExecutor(8) as pool:
        others = [pool.submit(engine.run, LOOKUP) for _ in range(50)]
        with pytest.raises(EngineError, match="SIGSEGV") as caught:
            engine.run(DEEP, trusted=True)  # the guard would refuse it: this overflows the parser's stack
        assert caught.value.status == 503
        assert all(b"label 5" in other.result().body for other in others)
    assert engine.run(LOOKUP).body


def test_an_evaluator_killed_from_outside_costs_nothing(engine: PoolEngine) -> None:
    crashes = engine.stats()["ended"].get("crash", 0)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(engine.run, unlike(RUNAWAY))
        until(lambda: sum(engine.stats()["running"].values()) == 1)
        for pid in engine.stats()["evaluators"]:
            os.kill(int(pid), signal.SIGSEGV)
        until(lambda: engine.stats()["ended"].get("crash", 0) > crashes)
        with pytest.raises(LimitError, match=r"1\.5 s"):  # begun again elsewhere: it may have been innocent
            running.result()
    assert engine.run(LOOKUP).body


def test_memory_is_capped_and_freed(folder: Path) -> None:
    small = Settings(evaluators=1, slow_evaluators=1, timeout_seconds=30, memory_mb=64)
    with BrokerProcess([folder], small) as broker, broker.engine() as engine:
        with pytest.raises(LimitError, match="64 MB") as caught:
            engine.run(BOMB)
        assert caught.value.limit == "memory, 64 MB"
        assert engine.stats()["ended"] == {"memory": 1}
        until(lambda: all(size < 100e6 for size in engine.stats()["evaluators"].values()))
        assert engine.run(LOOKUP).body


def test_a_result_that_is_too_large_is_413(engine: PoolEngine) -> None:
    with pytest.raises(ResultTooLargeError, match="5 MB") as caught:
        engine.run(unlike(LARGE))
    assert caught.value.status == 413


def test_a_large_answer_is_whole(engine: PoolEngine) -> None:
    answer = engine.run(f"{LARGE} LIMIT 15000", formats=ResultFormats("text/csv"))
    assert answer.body.count(b"\r\n") == 15_001
    assert answer.body.endswith(b"\r\n")


def test_service_makes_no_connection(engine: PoolEngine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"<http://127.0.0.1:{listener.getsockname()[1]}/>"
        for query in (
            f"SELECT * {{ SERVICE {url} {{ ?s ?p ?o }} }}",
            f"SELECT * {{ ?s ?p trueSERVICE SILENT {url} {{ ?s ?p ?o }} }}",
            f"SELECT * {{ {{ OPTIONAL {{ SERVICE SILENT {url} {{ ?s ?p ?o }} }} }} }}",
        ):
            with pytest.raises(QueryRefused, match="SERVICE"):
                engine.run(query)
        engine.run(f"SELECT * FROM {url} {{ ?s ?p ?o }}")
        time.sleep(0.05)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_client_that_leaves_frees_its_evaluator(broker: BrokerProcess, engine: PoolEngine) -> None:
    before = engine.stats()["ended"].get("left", 0)
    head = {
        "op": "run", "solutions": "text/csv", "graph": None, "default": [], "named": [],
        "client": "leaver", "trusted": False, "cost": 1, "template": "t",
    }  # fmt: skip
    with socket.socket(socket.AF_UNIX) as leaver, socket.socket(socket.AF_UNIX) as waiter:
        for connection in (leaver, waiter):
            connection.connect(str(broker.socket))
            connection.sendall(Frame(0, head, unlike(RUNAWAY).encode()).encode())
        until(lambda: sum(engine.stats()["running"].values()) >= 1)
    until(lambda: sum(engine.stats()["running"].values()) == 0, 1.2)
    report = engine.stats()
    assert report["ended"]["left"] > before
    assert report["waiting"] == {"quick": 0, "slow": 0}


def test_the_queue_and_a_clients_share_are_bounded(folder: Path) -> None:
    narrow = Settings(
        evaluators=1,
        slow_evaluators=1,
        quick_seconds=0.05,
        timeout_seconds=0.6,
        queue=10,
        client_share=3,
        queue_seconds=0.3,
    )
    with BrokerProcess([folder], narrow) as broker, broker.engine() as engine, ThreadPoolExecutor(12) as pool:
        greedy = [pool.submit(engine.run, unlike(RUNAWAY), client="greedy") for _ in range(6)]
        until(lambda: engine.stats()["refused"] >= 3)
        other = pool.submit(engine.run, LOOKUP, client="modest")
        assert other.result(2).body
        limits = [
            str(error.limit)
            for error in (future.exception() for future in greedy)
            if isinstance(error, LimitError)
        ]
        assert len(limits) == 6
        assert sum(limit.startswith("queries of one client") for limit in limits) == 3
        assert sum(limit.startswith("waiting time") for limit in limits) == 2


def test_a_modest_client_goes_before_a_greedy_one(folder: Path) -> None:
    one = Settings(evaluators=1, slow_evaluators=1, quick_seconds=0.05, timeout_seconds=0.4, queue_seconds=10)
    order: list[str] = []

    def ask(engine: PoolEngine, client: str) -> None:
        with pytest.raises(LimitError):
            engine.run(unlike(RUNAWAY), client=client)
        order.append(client)

    with BrokerProcess([folder], one) as broker, broker.engine() as engine:
        greedy = [threading.Thread(target=ask, args=(engine, "greedy")) for _ in range(5)]
        for thread in greedy:
            thread.start()
        until(lambda: engine.stats()["ended"].get("time", 0) >= 1)
        modest = threading.Thread(target=ask, args=(engine, "modest"))
        modest.start()
        until(lambda: sum(engine.stats()["waiting"].values()) > 0 or not modest.is_alive())
        ended = engine.stats()["ended"]["time"]
        for thread in (*greedy, modest):
            thread.join()
    assert order.index("modest") <= ended + 2  # after those that had a place when it came
    assert order[-1] == "greedy"


def test_a_reload_loses_no_query(tmp_path: Path) -> None:
    old = write_dataset(lines(50), tmp_path / "data", "1")
    with BrokerProcess([tmp_path / "data"], SETTINGS) as broker, broker.engine() as engine:
        assert engine.meta.version == "1"
        stop = threading.Event()
        versions: list[set[str]] = []

        def ask() -> None:
            seen: set[str] = set()
            while not stop.is_set():
                answer = engine.run("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", formats=ResultFormats("text/csv"))
                assert answer.body.split()[1] == str(answer.meta.triples).encode()
                seen.add(answer.meta.version)
            versions.append(seen)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        write_dataset(lines(60), tmp_path / "data", "2")
        meta = broker.reload()
        assert (meta.version, engine.meta.version) == ("2", "2")
        time.sleep(0.1)
        stop.set()
        for thread in threads:
            thread.join()
        assert versions == [{"1", "2"}] * 4
        with pytest.raises(UsageError):
            broker.reload(tmp_path / "none.nt")
        assert engine.meta == engine.run(LOOKUP).meta == meta
        until(lambda: len(children(broker.pid)) == 1)  # the old dataset's processes have gone
        assert old.exists()


def test_a_dataset_on_disk_is_served_alike(tmp_path: Path) -> None:
    write_dataset(lines(100), tmp_path, "1", disk_from=1)
    with BrokerProcess([tmp_path], SETTINGS) as broker, broker.engine() as engine:
        assert engine.meta.storage == "disk"
        assert b"label 5" in engine.run(LOOKUP).body
        with pytest.raises(LimitError):
            engine.run(RUNAWAY.replace("?f }", "?f . ?g <http://e/label> ?h . ?i <http://e/label> ?j }"))
        assert b"label 5" in engine.run(LOOKUP).body


def test_files_are_served_too_and_a_bad_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<http://e/5> <http://e/label> 'label 5' .")
    with BrokerProcess([tmp_path / "a.ttl"], SETTINGS) as broker, broker.engine() as engine:
        assert b"label 5" in engine.run(LOOKUP).body
    (tmp_path / "b.ttl").write_text("<http://e/5> .")
    with pytest.raises(UsageError, match=r"b\.ttl:1"):
        BrokerProcess([tmp_path / "a.ttl", tmp_path / "b.ttl"], SETTINGS)


def test_nothing_is_left_after_closing(folder: Path) -> None:
    with BrokerProcess([folder], SETTINGS) as broker, broker.engine() as engine:
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(engine.run, RUNAWAY)
            until(lambda: sum(engine.stats()["running"].values()) == 1)
            until(lambda: len(descendants(broker.pid)) >= 4)  # the zygote, and evaluators
            processes = {broker.pid, *descendants(broker.pid)}
            place = broker.socket.parent
            broker.close()
            assert isinstance(running.exception(), EngineError)
        until(lambda: not any(alive(pid) for pid in processes))
        assert not place.exists()
        with pytest.raises(EngineError):
            engine.run(LOOKUP)
        with pytest.raises(EngineError):
            _ = engine.meta


def test_no_orphans_when_the_broker_is_killed_and_it_is_started_again(folder: Path) -> None:
    with BrokerProcess([folder], SETTINGS) as broker, broker.engine() as engine:
        engine.run(LOOKUP)
        old = broker.pid
        below = descendants(old)
        os.kill(old, signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in below))

        def answered() -> bool:
            try:
                return bool(engine.run(LOOKUP).body)
            except EngineError:
                return False

        until(answered, 10)
        assert broker.pid != old


def test_no_orphans_when_who_started_it_is_killed(folder: Path) -> None:
    script = (
        "import sys, time; from fmgraph.server.pool.broker_process import BrokerProcess; "
        "broker = BrokerProcess([sys.argv[1]]); print(broker.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE)
    with starter:
        assert starter.stdout is not None
        broker = int(starter.stdout.readline())
        until(lambda: len(descendants(broker)) >= 3)
        processes = {broker, *descendants(broker)}
        starter.kill()
    until(lambda: not any(alive(pid) for pid in processes))


def test_a_zygote_that_ends_is_started_again(folder: Path) -> None:
    with BrokerProcess([folder], SETTINGS) as broker, broker.engine() as engine:
        (zygote,) = children(broker.pid)
        os.kill(zygote, signal.SIGKILL)
        assert engine.run(LOOKUP).body
        assert engine.run(LOOKUP).body


def test_evaluators_without_work_give_their_memory_back_but_for_one() -> None:
    def evaluator(name: str, *, last_answer_at: float, niced: bool = False, started: bool = True) -> Any:
        return SimpleNamespace(name=name, last_answer_at=last_answer_at, niced=niced, started=started)

    idle = [  # the warm one comes first
        evaluator("kept", last_answer_at=0),
        evaluator("slow", last_answer_at=0, niced=True),
        evaluator("quick", last_answer_at=0),
        evaluator("busy just now", last_answer_at=96),
        evaluator("never asked", last_answer_at=0, started=False),
    ]
    dropped: list[str] = []
    places = Places(SETTINGS, Scheduler(SETTINGS), lambda one: dropped.append(one.name))
    places.trim(cast(Generation, SimpleNamespace(idle=idle)), now=100.0)
    assert sorted(dropped) == ["quick", "slow"]


def test_one_evaluator_has_the_pages_of_the_dataset_before_it_is_asked(folder: Path) -> None:
    with BrokerProcess([folder], SETTINGS) as broker, broker.engine() as engine:
        engine.run(LOOKUP)

        def shared(pid: str) -> int:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Shared_Dirty"))

        found = sorted(shared(pid) for pid in engine.stats()["evaluators"])
        assert len(found) >= 2
        assert found[0] < found[-1] / 2, "it has copied what the others share"
