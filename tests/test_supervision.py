"""What ends is started again by itself, what is killed leaves nothing, and evaluators are confined."""

from __future__ import annotations

import asyncio
import faulthandler
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from granian.constants import Interfaces

from fmgraph.errors import BusyError, EngineError, FmgraphError
from fmgraph.rdf.store import Dataset, write_dataset
from fmgraph.server.engine import Answer, InProcessEngine
from fmgraph.server.http.flask_app import create_app
from fmgraph.server.http.run_server import _CONNECTIONS, _Server
from fmgraph.server.pool.broker_process import BrokerProcess
from fmgraph.server.pool.confine import confine, means
from fmgraph.settings import Settings
from rsgi_client import RsgiClient, _Headers, _Protocol

if TYPE_CHECKING:
    from tests.conftest import Running

SCRIPT = Path(__file__).parent / "serve_dataset.py"
SETTINGS = Settings(evaluators=1, slow_evaluators=1, queue_seconds=3)
#: With a backslash it has no template, so that evaluators answer it every time.
LOOKUP = "SELECT ?o { <http://e/5> <http://e/p> ?o } # \\"
#: Imported by every Python below: as long as the file is there, no process can be had.
NO_PROCESSES = """
import errno, os, subprocess
def failing(original):
    def call(*arguments):
        if os.path.exists({mark!r}):
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return original(*arguments)
    return call
os.fork, subprocess._fork_exec = failing(os.fork), failing(subprocess._fork_exec)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("dataset")
    write_dataset([f"<http://e/{n}> <http://e/p> <http://e/o> ." for n in range(100)], found, "1")
    return found


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "no-processes"
    (tmp_path / "sitecustomize.py").write_text(NO_PROCESSES.format(mark=str(path)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    yield path
    path.unlink(missing_ok=True)


def below(pid: int) -> dict[int, str]:
    """Return the processes that a process has started, and theirs, with their command lines."""
    parents, commands = {}, {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state = (place / "stat").read_text().rpartition(")")[2].split()
            if state[0] != "Z":
                parents[int(place.name)] = int(state[1])
                commands[int(place.name)] = (place / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    found: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        for child in [one for one, of in parents.items() if of == parent]:
            found[child] = commands[child]
            waiting.append(child)
    return found


def zygote(pid: int) -> int:
    return min(child for child, command in below(pid).items() if "pool.zygote" in command)


def until(condition: Callable[[], Any], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.05)


def succeeds(call: Callable[[], Any]) -> bool:
    try:
        call()
    except (FmgraphError, OSError):
        return False
    return True


def test_forks_that_fail_and_a_zygote_that_ends_meanwhile_heal(folder: Path, mark: Path) -> None:
    with BrokerProcess([folder], SETTINGS) as broker, broker.engine() as engine:
        engine.run(LOOKUP)
        mark.touch()
        for pid in engine.stats()["evaluators"]:
            os.kill(int(pid), signal.SIGKILL)
        until(lambda: not engine.stats()["evaluators"])
        with pytest.raises((EngineError, BusyError)):
            engine.check_ready()
        os.kill(zygote(broker.pid), signal.SIGKILL)
        time.sleep(1)  # it is started again, in vain
        started = time.monotonic()
        with pytest.raises((EngineError, BusyError)):
            engine.run(LOOKUP)
        assert time.monotonic() - started < SETTINGS.queue_seconds + 3, "it does not wait for ever"
        mark.unlink()
        until(lambda: succeeds(lambda: engine.run(LOOKUP)))
        engine.check_ready()


def test_a_broker_that_ends_while_no_process_can_be_had_heals(folder: Path, mark: Path) -> None:
    with BrokerProcess([folder], SETTINGS) as broker, broker.engine() as engine:
        engine.run(LOOKUP)
        mark.touch()
        os.kill(broker.pid, signal.SIGKILL)
        time.sleep(2)
        assert not succeeds(engine.check_ready)
        mark.unlink()
        until(lambda: succeeds(lambda: engine.run(LOOKUP)))


def get(running: Running, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_readyz_tells_when_queries_are_not_answered_and_healthz_stays(
    folder: Path, mark: Path, start: Any
) -> None:
    running = start(SCRIPT, str(folder), PYTHONPATH=os.pathsep.join([str(mark.parent), *sys.path]))
    until(lambda: get(running, "/readyz") == 200)
    mark.touch()
    os.kill(zygote(running.process.pid), signal.SIGKILL)
    until(lambda: get(running, "/readyz") == 503, 10)
    assert get(running, "/healthz") == 200
    mark.unlink()
    until(lambda: get(running, "/readyz") == 200)
    assert running.stop() == 0


def test_nothing_is_left_of_a_service_whose_main_process_is_killed(
    folder: Path, start: Any, tmp_path: Path
) -> None:
    running = start(SCRIPT, str(folder), TMPDIR=str(tmp_path))
    assert get(running, "/sparql?query=" + quote(LOOKUP)) == 200
    processes = below(running.process.pid)
    assert len(processes) >= 5
    assert list(tmp_path.glob("fmgraph-*"))
    running.process.kill()
    running.process.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))
    until(lambda: not list(tmp_path.glob("fmgraph-*")))
    with socket.socket() as probe:  # the port is free, without SO_REUSEPORT
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", running.port))
    again = start(SCRIPT, str(folder))
    assert get(again, "/sparql?query=" + quote(LOOKUP)) == 200
    assert again.stop() == 0


class _Blocked(InProcessEngine):
    """An engine that answers when it may."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        self.go = threading.Event()

    def run(self, query: str, **others: Any) -> Answer:
        if "dear" in query:
            self.go.wait(20)
        return super().run(query, **others)


def test_one_client_cannot_take_the_places_of_others(dataset: Dataset, tmp_path: Path) -> None:
    engine = _Blocked(dataset)
    client = RsgiClient(create_app(engine, Settings(threads=8, queue=8, client_share=4)), tmp_path)

    async def ask(address: str, query: str) -> int:
        scope = SimpleNamespace(
            method="GET", path="/sparql", query_string="query=" + quote(query),
            headers=_Headers([("host", "localhost")]), client=address, scheme="http", http_version="1.1",
        )  # fmt: skip
        protocol = _Protocol(b"")
        await client.rsgi.__rsgi__(scope, protocol)
        return protocol.response.status

    async def main() -> None:
        dear = [asyncio.create_task(ask("10.0.0.1:7", f"ASK {{}} # dear {n}")) for n in range(40)]
        await asyncio.sleep(0.3)
        for number in range(5):
            assert await asyncio.wait_for(ask("10.0.0.2:7", f"ASK {{}} # {number}"), 5) == 200
        engine.go.set()
        statuses = await asyncio.gather(*dear)
        assert set(statuses) == {200, 503}
        assert await ask("10.0.0.1:7", "ASK {} # later") == 200

    asyncio.run(main())


def test_where_no_thread_can_be_had_the_client_is_asked_to_wait(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = RsgiClient(create_app(InProcessEngine(dataset), Settings()), tmp_path)

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        refused = client.open("/sparql?query=" + quote("ASK {}"))
    assert (refused.status, refused.headers["retry-after"]) == (503, "2")
    assert client.open("/sparql?query=" + quote("ASK {}")).status == 200


def test_signals_to_load_anew_while_one_load_is_under_way_are_one_more() -> None:
    begun, go, loads = threading.Semaphore(0), threading.Semaphore(0), []
    server = _Server("none", interface=Interfaces.RSGI)

    def load() -> None:
        loads.append(threading.current_thread())
        begun.release()
        assert go.acquire(timeout=20)

    server.reload_dataset = load
    server.signal_handler_reload()
    assert begun.acquire(timeout=20)
    for _ in range(40):
        server.signal_handler_reload()
    go.release()
    assert begun.acquire(timeout=20), "the last signal counts"
    go.release()
    assert not begun.acquire(timeout=0.3)
    assert (len(loads), len(set(loads))) == (2, 1)


def test_a_low_limit_of_open_files_is_raised_as_far_as_may_be() -> None:
    code = (
        "import resource as r\nfrom fmgraph.server.http import run_server\n"
        "most = r.getrlimit(r.RLIMIT_NOFILE)[1]\nr.setrlimit(r.RLIMIT_NOFILE, (256, most))\n"
        "run_server._raise_open_files()\nprint(r.getrlimit(r.RLIMIT_NOFILE)[0], most)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    limit, most = map(int, output.split())
    assert limit == (min(most, 2 * _CONNECTIONS) if most > 0 else 2 * _CONNECTIONS)


CONFINED = sys.platform == "linux" and "seccomp" in means() and "Landlock" in means()


@pytest.mark.skipif(not CONFINED, reason="the kernel lacks seccomp or Landlock")
def test_what_is_confined_can_read_its_folder_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_text("in")
    (tmp_path / "out").write_text("out")
    ours, theirs = socket.socketpair()
    attempts: list[tuple[str, Callable[[], Any]]] = [
        ("socket", socket.socket),
        ("broker", lambda: socket.socket(socket.AF_UNIX)),
        ("outside", (tmp_path / "out").read_text),
        ("passwords", Path("/etc/passwd").read_text),
        ("write", lambda: (tmp_path / "in" / "new").write_text("x")),
        ("remove", (tmp_path / "in" / "file").unlink),
        ("fork", os.fork),
        ("program", lambda: os.execv("/bin/true", ["true"])),
        ("signal", lambda: os.kill(os.getppid(), 0)),
    ]
    pid = os.fork()
    if pid == 0:
        done = ["crash"]
        try:
            confine([tmp_path / "in"])
            done = [name for name, attempt in attempts if succeeds(attempt)]
            done += [] if (tmp_path / "in" / "file").read_text() == "in" else ["not readable"]
            threads = [threading.Thread(target=bytearray, args=(1 << 24,)) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            faulthandler.disable()  # the end that follows is meant
            theirs.sendall((" ".join(done) or "nothing").encode())
            os.abort()
    theirs.close()
    ours.settimeout(20)
    assert ours.recv(1000) == b"nothing"
    ours.close()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGABRT, "it can still abort"


@pytest.mark.skipif(not CONFINED, reason="the kernel lacks seccomp or Landlock")
def test_evaluators_are_confined_and_it_is_said(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with BrokerProcess([folder], SETTINGS) as broker, broker.engine() as engine:
        engine.run(LOOKUP)
        for pid in engine.stats()["evaluators"]:
            status = Path(f"/proc/{pid}/status").read_text()
            assert "\nNoNewPrivs:\t1\n" in status
            assert "\nSeccomp:\t2\n" in status
    assert f"evaluators are confined by: {means()}" in capfd.readouterr().err
