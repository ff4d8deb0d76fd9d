"""The lane of a worker: lookups without the broker, and everything else as before, whatever happens to it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fmgraph.errors import ProtocolError, QuerySyntaxError
from fmgraph.rdf.store import write_dataset
from fmgraph.server.engine import Answer, ResultFormats
from fmgraph.server.guard import inspect
from fmgraph.server.pool import lane as lanes
from fmgraph.server.pool.broker_process import BrokerProcess
from fmgraph.server.pool.messages import RETIRE, Frame
from fmgraph.server.pool.pool_engine import PoolEngine
from fmgraph.settings import Settings

SETTINGS = Settings(evaluators=1, slow_evaluators=1, timeout_seconds=2)
#: A lookup by its looks, and in fact thousands of joins.
HEAVY = "SELECT ?c { <http://e/0> <http://e/all> ?a . ?a <http://e/to> ?b . ?b <http://e/to> ?c }"


def lookup(number: int) -> str:
    return f"SELECT ?o {{ <http://e/{number}> <http://e/label> ?o }}"


def lines(count: int) -> Iterator[str]:
    for i in range(count):
        yield f'<http://e/{i}> <http://e/label> "label {i}" .'
        yield f"<http://e/0> <http://e/all> <http://e/{i}> ."
        for j in range(200):
            yield f"<http://e/{i}> <http://e/to> <http://e/{j}> ."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("dataset")
    write_dataset(lines(500), made, "1")
    return made


async def ready(engine: PoolEngine) -> None:
    """Wait until the lane takes queries."""
    end = time.monotonic() + 20
    while await engine.run_soon(lookup(1)) is None:
        assert time.monotonic() < end, "no evaluator was lent"
        await asyncio.to_thread(engine.run, lookup(1))  # which it is known for, should it ever have been slow
        await asyncio.sleep(0.01)


def run(folder: Path, body: Callable[[BrokerProcess, PoolEngine], Coroutine[Any, Any, None]]) -> None:
    with BrokerProcess([folder], SETTINGS) as broker, broker.engine() as engine:

        async def main() -> None:
            await ready(engine)
            await body(broker, engine)

        asyncio.run(main())


def answered_by_broker(engine: PoolEngine) -> int:
    return sum(sum(found["counts"]) for found in engine.stats()["latency"].values())


def test_lookups_do_without_the_broker(folder: Path) -> None:
    async def body(_: BrokerProcess, engine: PoolEngine) -> None:
        for _ in range(20):  # on a busy machine some may find the lane full
            before = answered_by_broker(engine)
            answers = await asyncio.gather(*(engine.run_soon(lookup(n)) for n in range(8)))
            if None not in answers:
                break
            await ready(engine)
        assert answered_by_broker(engine) == before
        for number, answer in enumerate(answers):
            assert isinstance(answer, Answer)
            assert f'"label {number}"'.encode() in answer.body
            assert replace(answer, seconds=0) == replace(engine.run(lookup(number)), seconds=0)
        assert answered_by_broker(engine) == before + 8

    run(folder, body)


def test_errors_are_the_same_as_by_the_broker(folder: Path) -> None:
    async def body(_: BrokerProcess, engine: PoolEngine) -> None:
        with pytest.raises(QuerySyntaxError, match="prefix e: is not declared"):
            await engine.run_soon("SELECT * { <http://e/1> e:p ?o }")
        with pytest.raises(ProtocolError) as unacceptable:
            await engine.run_soon("DESCRIBE <http://e/5>", formats=ResultFormats("text/csv", None))
        assert unacceptable.value.status == 406
        assert await engine.run_soon(lookup(3)) is not None

    run(folder, body)


def test_what_is_not_cheap_goes_by_the_broker(folder: Path) -> None:
    async def body(_: BrokerProcess, engine: PoolEngine) -> None:
        count = "SELECT (COUNT(*) AS ?n) { ?s <http://e/label> ?o }"
        assert await engine.run_soon(count) is None
        engine.run(count)
        assert await engine.run_soon(count) is not None  # it is cheap, as is known now
        assert await engine.run_soon(lookup(1) + " #" + "x" * 20_000) is None

    run(folder, body)


def test_a_query_that_is_not_as_cheap_as_it_looks_is_given_up(folder: Path) -> None:
    async def body(_: BrokerProcess, engine: PoolEngine) -> None:
        started = time.monotonic()
        both = await asyncio.gather(engine.run_soon(HEAVY), engine.run_soon(lookup(2)))
        assert both == [None, None]
        assert time.monotonic() - started < 1
        assert await engine.run_soon(lookup(2)) is None  # there is no evaluator for now
        await ready(engine)
        assert await engine.run_soon(HEAVY.replace("?c", "?d")) is None  # known by its template
        assert await engine.run_soon(lookup(2)) is not None

    run(folder, body)


def test_an_evaluator_that_is_killed_costs_nothing(folder: Path) -> None:
    async def body(_: BrokerProcess, engine: PoolEngine) -> None:
        for pid in engine.stats()["evaluators"]:
            os.kill(int(pid), signal.SIGKILL)
        await asyncio.sleep(0.05)
        assert await engine.run_soon(lookup(1)) is None
        assert b"label 1" in engine.run(lookup(1)).body
        await ready(engine)

    run(folder, body)


def test_a_reload_is_followed_at_once(tmp_path: Path) -> None:
    write_dataset(lines(3), tmp_path, "1")

    async def body(broker: BrokerProcess, engine: PoolEngine) -> None:
        write_dataset(lines(4), tmp_path, "2")
        await asyncio.to_thread(broker.reload)
        answer = await engine.run_soon(lookup(1))
        assert answer is None or answer.meta.version == "2"
        await ready(engine)
        answer = await engine.run_soon(lookup(3))
        assert answer is not None
        assert answer.meta.version == "2"
        assert b"label 3" in answer.body

    run(tmp_path, body)


def test_who_leaves_gives_the_evaluator_back(folder: Path) -> None:
    with BrokerProcess([folder], SETTINGS) as broker, broker.engine() as watch:

        async def main() -> int:
            engine = broker.engine()
            await ready(engine)
            held = len(watch.stats()["evaluators"])
            engine.close()
            return held

        held = asyncio.run(main())
        end = time.monotonic() + 5
        while len(watch.stats()["evaluators"]) >= held:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_without_a_broker_nothing_is_taken(tmp_path: Path) -> None:
    async def main() -> None:
        lane = lanes.Lane(tmp_path / "none")
        assert not lane.takes(inspect(lookup(1), SETTINGS), "")
        await asyncio.sleep(0.05)
        assert not lane.takes(inspect(lookup(1), SETTINGS), "")
        assert await lane.ask("", b"") is None

    asyncio.run(main())


def test_an_evaluator_that_is_replaced_is_no_ones_fault() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        line, other = socket.socketpair()
        ours.setblocking(False)
        blamed: list[str | None] = []
        lease = lanes._Lease(line, ours, "", blamed.append)
        first, second = lease.send(b"1", "first"), lease.send(b"2", "second")
        theirs.sendall(Frame(RETIRE, {"cpu": 0.0}, b"").encode())
        assert (await first) is not None
        lease.close()
        assert await second is None
        assert blamed == [None]
        for end in (theirs, other):
            end.close()

    asyncio.run(main())


def test_who_was_at_it_is_to_blame_for_a_crash_and_for_taking_too_long() -> None:
    async def main(answer: bytes, *, wait: bool) -> list[str | None]:
        ours, theirs = socket.socketpair()
        line, other = socket.socketpair()
        ours.setblocking(False)
        blamed: list[str | None] = []
        lease = lanes._Lease(line, ours, "", blamed.append)
        futures = [lease.send(b"1", "first"), lease.send(b"2", "second")]
        theirs.sendall(answer)
        if not wait:
            theirs.close()
        assert (await futures[0] is not None) == bool(wait and answer)
        assert await futures[1] is None
        theirs.close()
        other.close()
        return blamed

    good = Frame(0, {"cpu": 0.0}, b"").encode()
    crash = Frame(RETIRE, {"crash": "it panicked"}, b"").encode()
    assert asyncio.run(main(crash, wait=False)) == ["first"]
    assert asyncio.run(main(b"", wait=False)) == ["first"]
    assert asyncio.run(main(b"", wait=True)) == ["first"]  # after the time it has
    assert asyncio.run(main(good, wait=True)) == ["second"]


def test_closing_while_an_evaluator_is_asked_for_leaves_none(folder: Path) -> None:
    with BrokerProcess([folder], SETTINGS) as broker, broker.engine() as watch:

        async def main() -> None:
            engine = broker.engine()
            assert await engine.run_soon(lookup(1)) is None
            await asyncio.sleep(0)
            engine.close()
            await asyncio.sleep(0.5)

        before = len(watch.stats()["evaluators"])
        asyncio.run(main())
        end = time.monotonic() + 5
        while len(watch.stats()["evaluators"]) > max(before, SETTINGS.evaluators + 1):
            assert time.monotonic() < end
            time.sleep(0.01)


def test_a_cancelled_query_ends_its_evaluator(folder: Path) -> None:
    async def body(_: BrokerProcess, engine: PoolEngine) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(engine.run_soon(HEAVY), 0.01)
        assert await engine.run_soon(lookup(1)) is None
        await ready(engine)

    run(folder, body)
