"""Clients that cost next to nothing: raw sockets with keep-alive, and loops that end by themselves."""

from __future__ import annotations

import json
import re
import shutil
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.mix import Request

#: wrk's script: requests of its own, with their headers.
_WRK = """wrk.method = "GET"
wrk.headers["Accept"] = "{accept}"
"""


class ClientError(Exception):
    """A server did not answer as HTTP wants it, or not in time."""


@dataclass(frozen=True)
class Reply:
    """An answer, whole; ``seconds`` from the first byte sent to the last received."""

    status: int
    body: bytes
    seconds: float


class Connection:
    """One keep-alive connection; opened again when the server has closed it."""

    def __init__(self, url: str, timeout: float = 30.0, source: str = "127.0.0.1") -> None:
        """Connect, when first used, from the loopback address ``source``."""
        parts = urlsplit(url)
        assert parts.hostname in ("127.0.0.1", "localhost", "::1"), "only this machine is benchmarked"
        self._address = (parts.hostname, parts.port or 80)
        self._host = parts.netloc
        self._path = parts.path
        self._timeout = timeout
        self._source = (source, 0)
        self._socket: socket.socket | None = None

    def get(self, request: Request) -> Reply:
        """Send a request and return the whole answer; raises ClientError for none or a cut one."""
        target = request.target(self._path)
        head = f"GET {target} HTTP/1.1\r\nHost: {self._host}\r\nAccept: {request.accept}\r\n\r\n".encode()
        fresh = self._socket is None
        started = time.perf_counter()
        try:
            return self._exchange(head, started)
        except (OSError, ClientError) as error:
            self.close()
            if fresh or isinstance(error, TimeoutError):
                raise ClientError(f"{self._host}: {error!r}") from error
        return self._again(head, started)

    def _again(self, head: bytes, started: float) -> Reply:
        try:  # the server may close an idle connection at any time
            return self._exchange(head, started)
        except OSError as error:
            self.close()
            raise ClientError(f"{self._host}: {error!r}") from error

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, head: bytes, started: float) -> Reply:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, self._timeout, self._source)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(head)
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive()
        fields = data[:end].split(b"\r\n")
        status = int(fields[0].split(b" ")[1])
        headers = {n.lower(): v.strip() for n, _, v in (field.partition(b":") for field in fields[1:])}
        rest = data[end + 4 :]
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            body = self._chunks(rest)
        else:
            body = self._counted(rest, int(headers.get(b"content-length", b"0")))
        seconds = time.perf_counter() - started
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()
        return Reply(status, body, seconds)

    def _receive(self) -> bytes:
        assert self._socket is not None
        part = self._socket.recv(1 << 18)
        if not part:
            raise ClientError("the answer is cut off")
        return part

    def _counted(self, data: bytes, length: int) -> bytes:
        parts, size = [data], len(data)
        while size < length:
            parts.append(self._receive())
            size += len(parts[-1])
        return b"".join(parts)

    def _chunks(self, data: bytes) -> bytes:
        parts = []
        buffer = bytearray(data)
        while True:
            while (end := buffer.find(b"\r\n")) < 0:
                buffer += self._receive()
            size = int(bytes(buffer[:end]).partition(b";")[0], 16)
            while len(buffer) < end + size + 4:
                buffer += self._receive()
            parts.append(bytes(buffer[end + 2 : end + 2 + size]))
            del buffer[: end + size + 4]
            if size == 0:
                return b"".join(parts)


@dataclass(frozen=True)
class Latency:
    """Milliseconds."""

    p50: float
    p99: float
    count: int


def summary(seconds: Sequence[float]) -> Latency:
    """Return median and 99th percentile (nearest rank) of durations given in seconds."""
    ordered = sorted(seconds)
    rank = max(0, -(-len(ordered) * 99 // 100) - 1)
    return Latency(statistics.median(ordered) * 1e3, ordered[rank] * 1e3, len(ordered))


def latencies(
    connection: Connection, wanted: Iterable[Request], budget: float, least: int = 2, most: int = 200
) -> tuple[list[float], int]:
    """Return the seconds of one request after another until ``budget`` seconds are spent, and failures."""
    found: list[float] = []
    failed = 0
    end = time.perf_counter() + budget
    for request in wanted:
        if len(found) + failed >= most or (len(found) + failed >= least and time.perf_counter() > end):
            break
        reply = connection.get(request)
        if reply.status == 200:
            found.append(reply.seconds)
        else:
            failed += 1
    return found, failed


def rate(url: str, request: Request, seconds: float, connections: int, scratch: Path) -> float:
    """Return requests per second of ``connections`` clients that repeat one request.

    By wrk where it is installed (a client in Python would be slower than the servers), else by threads.
    """
    parts = urlsplit(url)
    target = request.target(parts.path)
    if shutil.which("wrk") is None:
        return _rate_by_threads(url, request, seconds, connections)
    script = scratch / "wrk.lua"
    script.write_text(_WRK.format(accept=request.accept), "utf-8")
    address = f"http://{parts.netloc}{target}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script), address]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*?([1-9]\d*)", out)
    if failed:
        raise ClientError(f"{parts.netloc}: {failed[0]}")
    found = re.search(r"Requests/sec:\s*([\d.]+)", out)
    assert found is not None, out
    return float(found[1])


def _rate_by_threads(url: str, request: Request, seconds: float, connections: int) -> float:
    counts = [0] * connections
    end = time.perf_counter() + seconds

    def loop(place: int) -> None:
        connection = Connection(url)
        while time.perf_counter() < end:
            if connection.get(request).status != 200:
                raise ClientError(f"{url}: not 200")
            counts[place] += 1
        connection.close()

    threads = [threading.Thread(target=loop, args=(place,), daemon=True) for place in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 60)
    return sum(counts) / (time.perf_counter() - started)


def canonical(reply: Reply, *, graph: bool) -> list[str]:
    """Return the rows or triples of an answer, sorted, so that those of two servers can be compared."""
    if graph:
        return sorted({" ".join(line.split()) for line in reply.body.decode().splitlines() if line.strip()})
    rows = json.loads(reply.body)["results"]["bindings"]
    return sorted(
        json.dumps({name: _term(term) for name, term in row.items()}, sort_keys=True) for row in rows
    )


def _term(term: dict[str, str]) -> list[str]:
    datatype = term.get("datatype", "").rpartition("#")[2]
    kind = "literal" if term["type"] == "typed-literal" else term["type"]  # Virtuoso's name of 2007
    # Virtuoso counts in xsd:integer or xsd:int; that the number is equal is what matters.
    return [kind, term["value"], "" if datatype in ("string", "integer", "int") else datatype]
