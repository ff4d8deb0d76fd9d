"""The servers that are compared, each started on a free port of this machine and stopped again.

Every one is a context manager that yields a :class:`Server`. A server that is not installed raises
:class:`MissingError`; ``BENCH_BIN`` names a folder in which they are looked for besides that of this Python
and the path.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import ClientError, Connection
from bench.mix import RESULTS, Request

_ASK = Request("ASK {}", RESULTS)


class MissingError(Exception):
    """A server is not installed on this machine."""


@dataclass
class Server:
    """A running server; ``url`` is its SPARQL endpoint."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    load_seconds: float = 0.0  #: until it could be started, from N-Triples
    start_seconds: float = 0.0  #: from the command to the first answer
    notes: list[str] = field(default_factory=list)

    def pids(self) -> list[int]:
        """Return the process ids of the server and all below it."""
        children: dict[int, list[int]] = {}
        for place in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has just ended
            children.setdefault(parent, []).append(int(place.name))
        found = [self.process.pid]
        for pid in found:
            found += children.get(pid, ())
        return found

    def cpu(self) -> float:
        """Return the seconds of CPU that its processes have used so far."""
        ticks = 0
        for pid in self.pids():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until the server is idle: some go on with a query whose client has left, to others' cost."""
        end = time.monotonic() + seconds
        used = self.cpu()
        while time.monotonic() < end:
            time.sleep(0.5)
            before, used = used, self.cpu()
            if used - before < 0.05:
                return

    def signal(self, number: int) -> None:
        """Send a signal to the server and all below it."""
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def memory(self) -> int:
        """Return the memory of all its processes in bytes, what is shared counted once (PSS)."""
        total = 0
        for pid in self.pids():
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        return total * 1024


@contextmanager
def alone(server: Server, running: Sequence[Server]) -> Iterator[None]:
    """Stop the other servers for a while: some go on with a query that nobody waits for any more."""
    others = [other for other in running if other is not server]
    for other in others:
        other.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            other.signal(signal.SIGCONT)


def find(name: str) -> str:
    """Return the path of a program; raises MissingError."""
    places = [os.environ.get("BENCH_BIN", ""), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    found = shutil.which(name, path=os.pathsep.join(filter(None, places)))
    if found is None:
        raise MissingError(f"{name} is not installed")
    return found


def free_port() -> int:
    """Return a port of the loopback address that is free now.

    Below those that the kernel gives to clients: a client that waits for a server at one of these can end up
    connected to itself.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ClientError("no port is free")


def wait_until_ready(url: str, process: subprocess.Popen[bytes], seconds: float) -> float:
    """Return the seconds until the server answered; raises ClientError when it does not in time."""
    started = time.perf_counter()
    connection = Connection(url, timeout=5)
    while time.perf_counter() - started < seconds:
        if process.poll() is not None:
            raise ClientError(f"{url}: the server ended with status {process.returncode}")
        try:
            if connection.get(_ASK).status == 200:
                connection.close()
                return time.perf_counter() - started
        except ClientError:
            time.sleep(0.005)
    raise ClientError(f"{url}: no answer within {seconds:g} s")


@contextmanager
def running(
    name: str,
    command: Sequence[object],
    url: str,
    log: Path,
    *,
    seconds: float = 120,
    loaded: float = 0.0,
    cwd: Path | None = None,
    environ: dict[str, str] | None = None,
) -> Iterator[Server]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **(environ or {})},
            start_new_session=True,
        )
        try:
            start = wait_until_ready(url, process, seconds)
            yield Server(name, url, process, loaded, start)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server: asked first, then with everything in its process group."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def fmgraph(
    dataset: Path, scratch: Path, settings: dict[str, object] | None = None
) -> AbstractContextManager[Server]:
    """Serve a dataset folder with ``fmgraph serve`` and its default settings, but for ``settings``."""
    port = free_port()
    command = [sys.executable, "-m", "fmgraph", "serve", "--port", str(port), "--dataset", str(dataset)]
    environ = {f"FMGRAPH_{name.upper()}": str(value) for name, value in (settings or {}).items()}
    environ["FMGRAPH_LOG_LEVEL"] = "warning"
    return running(
        "fmgraph", command, f"http://127.0.0.1:{port}/sparql", scratch / "fmgraph.log", environ=environ
    )


@contextmanager
def oxigraph_disk(graph: Path, scratch: Path) -> Iterator[Server]:
    """Serve with the Oxigraph server from disk, loaded in bulk and optimised: what its manual advises."""
    program, port = find("oxigraph"), free_port()
    store = scratch / "oxigraph"
    started = time.perf_counter()
    if not store.exists():
        for arguments in (["load", "--location", store, "--file", graph], ["optimize", "--location", store]):
            subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, timeout=7200)
    loaded = time.perf_counter() - started
    bind = f"127.0.0.1:{port}"
    command = [program, "serve-read-only", "--location", store, "--bind", bind]
    with running(
        "Oxigraph (disk)", command, f"http://{bind}/query", scratch / "oxigraph.log", loaded=loaded
    ) as server:
        yield server


@contextmanager
def oxigraph_memory(graph: Path, scratch: Path) -> Iterator[Server]:
    """Serve with the Oxigraph server from memory; the graph is posted to it."""
    program, port = find("oxigraph"), free_port()
    bind = f"127.0.0.1:{port}"
    log = scratch / "oxigraph-memory.log"
    with running(
        "Oxigraph (memory)", [program, "serve", "--bind", bind], f"http://{bind}/query", log
    ) as server:
        started = time.perf_counter()
        _post(port, graph)
        server.load_seconds = time.perf_counter() - started
        yield server


def _post(port: int, graph: Path) -> None:
    with socket.create_connection(("127.0.0.1", port), 3600) as connection, graph.open("rb") as file:
        head = (
            f"POST /store?default&no_transaction HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
            f"Content-Type: application/n-triples\r\nContent-Length: {graph.stat().st_size}\r\n\r\n"
        )
        connection.sendall(head.encode())
        connection.sendfile(file)
        answer = connection.recv(4096)
        if not answer.startswith((b"HTTP/1.1 204", b"HTTP/1.1 201", b"HTTP/1.1 200")):
            raise ClientError(f"loading failed: {answer[:200]!r}")


@contextmanager
def rdflib_endpoint(graph: Path, scratch: Path) -> Iterator[Server]:
    """Serve with rdflib-endpoint, over its Oxigraph store."""
    program, port = find("rdflib-endpoint"), free_port()
    host = ["--host", "127.0.0.1", "--port", str(port)]
    command = [program, "serve", *host, "--store", "Oxigraph", graph]
    log = scratch / "rdflib-endpoint.log"
    with running("rdflib-endpoint", command, f"http://127.0.0.1:{port}/", log, seconds=900) as server:
        server.load_seconds = server.start_seconds
        yield server
