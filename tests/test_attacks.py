"""What one client does that the others must not feel: each attack short and bounded, on loopback."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from fmgraph.errors import BusyError
from fmgraph.server.http.request_places import Places
from fmgraph.server.http.slow_readers import Outgoing
from fmgraph.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import Running

LOOKUP = "SELECT ?p ?o WHERE { <https://w3id.org/fmgraph/model/retfound> ?p ?o }"
#: Seconds that another client's lookups may take beside an attack, 99 of 100.
PROMPT = 0.1


@pytest.fixture(scope="module")
def attacked(start_fmgraph: Callable[..., Running], shipped_dir: Path) -> Iterator[Running]:
    """``fmgraph serve`` over the shipped graph; a test can be several clients there."""
    running = start_fmgraph("--dataset", str(shipped_dir), FMGRAPH_PROXIES="1", FMGRAPH_LOG_LEVEL="warning")
    yield running
    assert running.stop() == 0, running.log.read_text()


def request(
    running: Running, path: str, client: str, method: str = "GET", body: bytes = b"", more: str = ""
) -> tuple[int, bytes]:
    """Ask on a connection of its own; return status and all that came."""
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\nConnection: close\r\n{more}"
    if body:
        head += f"Content-Length: {len(body)}\r\n"
    with running.connect(30) as connection:
        connection.sendall(head.encode() + b"\r\n" + body)
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    return int(received[9:12]), received


_numbers = itertools.count()


def lookups(running: Running, count: int = 60, rounds: int = 5) -> float:
    """Return the 99th percentile of the seconds that another client's lookups take, none from the cache.

    The machine that runs the tests is shared, which only ever adds: of some rounds the quickest counts.
    """
    best = 9.0
    for _ in range(rounds):
        best = min(best, _round(running, count)[int(count * 0.98)])
        if best < PROMPT:
            break
    return best


def _round(running: Running, count: int) -> list[float]:
    """Return the seconds that each of so many lookups takes, the quickest first."""
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        status, _ = request(running, f"/sparql?query={quote(f'{LOOKUP} #{next(_numbers)}')}", "192.0.2.1")
        taken.append(time.perf_counter() - start)
        assert status == 200
    return sorted(taken)


@contextmanager
def attack(*actions: Callable[[], object], threads: int = 8) -> Iterator[None]:
    """Do the actions again and again, in threads, while the block runs."""
    stop = threading.Event()

    def repeat(action: Callable[[], object]) -> None:
        while not stop.is_set():
            with suppress(OSError, ValueError):
                action()

    with ThreadPoolExecutor(threads) as pool:
        try:
            for number in range(threads):
                pool.submit(repeat, actions[number % len(actions)])
            time.sleep(0.3)
            yield
        finally:
            stop.set()


def test_beside_queries_that_are_made_to_be_read_slowly(attacked: Running) -> None:
    """Attack 1: 32,000 times #NOW held a worker for seconds, and two of them the service."""
    text = b"ASK {} " + b"#NOW" * 12_000
    kind = "Content-Type: application/sparql-query\r\n"
    with attack(
        lambda: request(attacked, "/sparql", "198.51.100.1", "POST", text, kind),
        lambda: request(attacked, f"/sparql?query={quote(text[:20_000])}", "198.51.100.1"),
        lambda: request(attacked, "/sparql", "198.51.100.1", "POST", b"&" * 700_000, FORM),
        threads=4,
    ):
        assert lookups(attacked) < PROMPT


FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


def test_beside_searches_without_an_end(attacked: Running) -> None:
    """Attack 2: thousands of patterns to be expanded before any limit held."""
    patterns = " ".join(f'?m{n} <https://w3id.org/fmgraph/ns#matches> "a" .' for n in range(200))
    body = f"SELECT * {{ {patterns} }}".encode()
    kind = "Content-Type: application/sparql-query\r\n"
    start = time.monotonic()
    assert request(attacked, "/sparql", "198.51.100.2", "POST", body, kind)[0] == 400
    assert time.monotonic() - start < 2
    with attack(lambda: request(attacked, "/sparql", "198.51.100.2", "POST", body, kind), threads=4):
        assert lookups(attacked) < PROMPT


def memory(running: Running) -> int:
    """Return the bytes of memory that the server and all below it hold (proportional set size)."""
    found, todo = 0, [running.process.pid]
    while todo:
        pid = todo.pop()
        with suppress(OSError):
            children = Path(f"/proc/{pid}/task").glob("*/children")
            todo += [int(child) for file in children for child in file.read_text().split()]
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    found += int(line.split()[1]) * 1024
    return found


#: 30 MB of result from a graph of any size.
_DIGITS = " ".join(f'"{digit * 25}"' for digit in "0123456789")
LARGE = "SELECT * WHERE { " + " ".join(f"VALUES ?a{n} {{ {_DIGITS} }}" for n in range(5)) + " }"


def test_beside_clients_that_never_read(start_fmgraph: Callable[..., Running], shipped_dir: Path) -> None:
    """Attack 3: 40 connections that never read held 1.9 GB."""
    fresh = start_fmgraph("--dataset", str(shipped_dir), FMGRAPH_PROXIES="1", FMGRAPH_LOG_LEVEL="warning")
    before = memory(fresh)
    with ExitStack() as held:
        for number in range(30):
            connection = held.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", fresh.port))
            query = quote(f"{LARGE} #{number}")
            head = f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.3\r\n\r\n"
            connection.sendall(head.encode())
            time.sleep(0.2)
        assert lookups(fresh) < PROMPT
        most, end = 0, time.monotonic() + 6
        while time.monotonic() < end:
            most = max(most, memory(fresh))
            time.sleep(0.3)
        assert most < 1_000_000_000
    end = time.monotonic() + 10
    while memory(fresh) > before + 100_000_000 and time.monotonic() < end:
        time.sleep(0.3)
    assert memory(fresh) < before + 100_000_000
    assert fresh.stop() == 0, fresh.log.read_text()


def test_a_slow_reader_that_reads_gets_all_of_it(attacked: Running) -> None:
    with attacked.connect(60) as connection:
        query = quote(f"{LARGE} #slow")
        head = f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        received = bytearray()
        while piece := connection.recv(1 << 16):
            received += piece
            if len(received) % 7 == 0:
                time.sleep(0.005)
    fields, _, body = bytes(received).partition(b"\r\n\r\n")
    told = re.search(rb"content-length: (\d+)", fields, re.IGNORECASE)
    assert told is not None
    assert len(body) == int(told[1]) > 10_000_000


def test_beside_one_who_asks_for_pages_only(start_fmgraph: Callable[..., Running], shipped_dir: Path) -> None:
    """Attack 4: 32 connections on pages with a parameter at random raised lookups to 1.4 s.

    The server is a new one, since first pages are dear: single lookups waited 0.6 s to 10 s for those before
    them, and later rounds were as quick as ever.
    """
    fresh = start_fmgraph("--dataset", str(shipped_dir), FMGRAPH_PROXIES="1", FMGRAPH_LOG_LEVEL="warning")
    paths = ("/model/?x=", "/disagreements?x=", "/model/?page=")

    def ask() -> None:
        number = next(_numbers)
        request(fresh, f"{paths[number % 3]}{number}", "198.51.100.4", more="Accept: text/html\r\n")

    with attack(ask, threads=32):
        assert _round(fresh, 60)[-1] < 5 * PROMPT
        assert lookups(fresh) < PROMPT
    assert fresh.stop() == 0, fresh.log.read_text()


def test_beside_one_who_asks_dear_queries_on_hundreds_of_connections(attacked: Running) -> None:
    """Attack 6: 900 connections of dear queries took all places; 5 of 9 of a neighbour's lookups were 503."""
    dear = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with ExitStack() as held:
        for number in range(300):
            connection = held.enter_context(attacked.connect(30))
            head = f"GET /sparql?query={quote(f'{dear} #{number}')} HTTP/1.1\r\nHost: x\r\n"
            connection.sendall(f"{head}X-Forwarded-For: 198.51.100.6\r\n\r\n".encode())
        assert lookups(attacked) < PROMPT


@pytest.mark.parametrize("hosts", [[], ["a", "b"], ["a", "a"]])
def test_a_request_names_one_host(attacked: Running, hosts: list[str]) -> None:
    fields = "".join(f"Host: {host}\r\n" for host in hosts)
    with attacked.connect() as connection:
        connection.sendall(f"GET /healthz HTTP/1.1\r\n{fields}Connection: close\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_an_old_client_needs_no_host(attacked: Running) -> None:
    with attacked.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert b" 200 " in connection.recv(100)[:20]


def test_an_empty_post_to_a_cached_page_is_not_that_page(attacked: Running) -> None:
    assert request(attacked, "/about", "192.0.2.1")[0] == 200
    assert request(attacked, "/about", "192.0.2.1", "POST", more="Content-Length: 0\r\n")[0] == 405


def test_a_client_has_a_share_of_the_threads() -> None:
    """Whatever one client has waiting, another's request finds a thread at once; too many are refused."""

    async def run() -> list[str]:
        places = Places(threads=4, queue=20, share=6, at_once=2, name="test")
        made: list[str] = []
        go = asyncio.Event()

        async def ask(client: str, name: str) -> None:
            async with places.place(client):
                made.append(name)
                await go.wait()

        tasks = [asyncio.create_task(ask("greedy", f"greedy {number}")) for number in range(6)]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(ask("other", "other")))
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match="this client"):
            await ask("greedy", "one more")
        begun = list(made)
        go.set()
        await asyncio.gather(*tasks)
        assert len(made) == 7
        return begun

    assert asyncio.run(run()) == ["greedy 0", "greedy 1", "other"]


def test_the_bytes_that_wait_are_counted_by_client() -> None:
    outgoing = Outgoing(Settings(result_mb=10))
    with outgoing.reserve("a", 20_000_000):
        with pytest.raises(BusyError, match="not been read"), outgoing.reserve("a", 20_000_000):
            pass
        with outgoing.reserve("b", 9_000_000), pytest.raises(BusyError), outgoing.reserve("c", 9_000_000):
            pass
    with outgoing.reserve("a", 60_000_000):  # one answer, however large, is sent to who waits for none
        pass
