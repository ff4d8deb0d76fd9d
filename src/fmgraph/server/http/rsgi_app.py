"""The application as granian runs it (RSGI): an event loop in front, Flask in threads behind.

What is in the cache is answered by the event loop. Everything else goes to a thread: there it can wait for an
evaluator without holding up others. The loop reads bodies and writes answers, so that a slow client holds a
socket and no thread, and it notices when a client leaves, so that its query can be ended.
https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from flask import Flask

from fmgraph.errors import BusyError, FmgraphError
from fmgraph.server.http.metrics import Metrics
from fmgraph.server.http.plain_get import PlainGet, refusal
from fmgraph.server.http.query_request import WITH_BODY
from fmgraph.server.http.request_body import read_body
from fmgraph.server.http.response_cache import CACHEABLE, Key, matches
from fmgraph.server.http.rsgi_to_wsgi import client_address, make_environ
from fmgraph.server.http.service_state import COST, NAME, QUERY_HASH, Service
from fmgraph.server.pool.client_disconnect import CLIENT_LEFT

#: Threads for what is not a stranger's query: pages keep answering while queries wait.
_PAGE_THREADS = 16
#: Seconds between two looks whether the dataset has changed: so long the cache may answer from the old one.
_LOOK_EVERY = 0.02
_access = logging.getLogger("fmgraph.access")
_Fields = list[tuple[str, str]]
_Made = tuple[int, _Fields, Iterator[bytes], bytes | None]


class _Places:
    """Threads, and how many more requests may be with them or wait for them."""

    def __init__(self, threads: int, queue: int, name: str) -> None:
        self.pool = ThreadPoolExecutor(threads, name)
        self.free = threads + queue


class RsgiApp:
    """One worker's application; made in the worker process, after the fork."""

    def __init__(self, app: Flask, metrics: Metrics) -> None:
        """Take the application and the counters of this worker."""
        self._app = app
        self._service: Service = app.extensions[NAME]
        self._cache = self._service.cache
        self._plain = PlainGet(self._service)
        self._engine = self._service.engine
        self._digest = self._engine.meta.digest
        self._look_at = 0.0
        self._metrics = metrics
        settings = self._service.settings
        self._queries = _Places(settings.threads, settings.queue, "query")
        self._pages = _Places(_PAGE_THREADS, settings.queue, "page")
        self._longest_body = settings.query_kb * 1024 * 3 + 65536
        self._log = _access.isEnabledFor(logging.INFO)
        self._log_hits = _access.isEnabledFor(logging.DEBUG)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        method, sent = scope.method, scope.headers
        now = time.monotonic()
        if now >= self._look_at:
            self._follow_reload(now)
        accept, coding = sent.get_all("accept"), sent.get_all("accept-encoding")
        key: Any = (  # equal to the Key of the same fields, and faster made
            scope.path,
            scope.query_string,
            accept[0] if len(accept) == 1 else ", ".join(accept),
            coding[0] if len(coding) == 1 else ", ".join(coding),
            "",
            b"",
            "GET",
        )
        if method in ("GET", "HEAD"):
            if self._hit(key, method, sent.get("if-none-match"), protocol):
                return
            body = b""
        elif method in WITH_BODY:
            started = time.perf_counter()
            try:
                body = await read_body(protocol, sent, self._longest_body)
            except FmgraphError as error:
                self._refuse(error, scope, key[2], protocol, started)
                return
            except (OSError, RuntimeError):  # the client left in the middle of its body
                self._metrics.left()
                return
            key = (*key[:4], sent.get("content-type") or "", body, method)
            plain = sent.get("content-encoding") is None
            asked = None if method == "POST" else sent.get("if-none-match")
            if plain and self._hit(key, method, asked, protocol):
                return
        else:
            body, key = b"", (*key[:6], method)
        await self._make(scope, protocol, Key(*key), body)

    def _follow_reload(self, now: float) -> None:
        """Empty the cache when the dataset has changed; while there is no engine, it answers on."""
        self._look_at = now + _LOOK_EVERY
        try:
            digest = self._engine.meta.digest
        except FmgraphError:
            return
        if digest != self._digest:
            self._digest = digest
            self._cache.clear()

    def _hit(self, key: Any, method: str, if_none_match: str | None, protocol: Any) -> bool:
        entry = self._cache.get(key)
        if entry is None:
            return False
        self._cache.touch(key)
        if if_none_match is not None and matches(if_none_match, entry.etag):
            protocol.response_empty(304, entry.unchanged)
            self._metrics.hit(304)
        else:
            if method == "HEAD":
                protocol.response_empty(200, entry.headers)
            else:
                protocol.response_bytes(200, entry.headers, entry.body)
            self._metrics.hit(200)
        if self._log_hits:
            _access.debug("%s %s 200 cost=cached", method, quote(key[0]))
        return True

    def _refuse(self, error: FmgraphError, scope: Any, accept: str, protocol: Any, started: float) -> None:
        made = refusal(error, accept)
        protocol.response_bytes(made.status, made.headers, made.body)
        self._done(scope, made.status, started, {})

    async def _make(self, scope: Any, protocol: Any, key: Key, body: bytes) -> None:
        """Have Flask make the answer in a thread, send it, and keep it if it may be kept."""
        started = time.perf_counter()
        places = self._queries if key.path.startswith("/sparql") else self._pages
        if places.free <= 0:
            self._metrics.overload()
            error = BusyError("all places are taken: try again later", "requests waiting", 2)
            self._refuse(error, scope, key.accept, protocol, started)
            return
        environ: dict[str, Any] = {}
        generation = self._cache.generation
        here = None
        if self._plain.takes(scope.method, key, scope.headers):
            here = self._plain.answer(key, environ)
        if here is not None:
            made: _Made | None = (here.status, here.headers, iter(()), here.body)
            self._metrics.here()
        else:
            places.free -= 1
            try:
                made = await self._wait(scope, protocol, places.pool, body, environ)
            finally:
                places.free += 1
        if made is None:
            self._metrics.left()
            return
        status, headers, rest, whole = made
        if whole is None:
            await self._stream(protocol, status, headers, rest, places.pool)
        elif scope.method == "HEAD" or status in (204, 304):
            protocol.response_empty(status, headers)
        else:
            protocol.response_bytes(status, headers, whole)
            if status == 200 and environ.get(CACHEABLE):
                self._cache.keep(key, headers, whole, generation)
        self._done(scope, status, started, environ)

    async def _wait(
        self, scope: Any, protocol: Any, pool: Executor, body: bytes, environ: dict[str, Any]
    ) -> _Made | None:
        """Have the answer made in a thread; None when the client leaves meanwhile."""
        left: Future[None] = Future()
        environ.update(make_environ(scope, body, client_address(scope, self._service.settings.proxies)))
        work = asyncio.get_running_loop().run_in_executor(pool, self._run, environ, left)
        gone = asyncio.ensure_future(protocol.client_disconnect())
        await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            left.set_result(None)
            await work
            return None
        gone.cancel()
        return await work

    async def _stream(
        self,
        protocol: Any,
        status: int,
        headers: list[tuple[str, str]],
        rest: Iterator[bytes],
        pool: Executor,
    ) -> None:
        transport = protocol.response_stream(status, headers)
        loop = asyncio.get_running_loop()
        try:
            while part := await loop.run_in_executor(pool, next, rest, b""):
                await transport.send_bytes(part)
        finally:
            await loop.run_in_executor(pool, _close, rest)

    def _run(self, environ: dict[str, Any], left: Future[None]) -> _Made:
        """Call Flask. The answer is whole when it comes in one piece (all but files do)."""
        caught: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ARG001
            caught[:] = (int(status[:3]), [(name.lower(), value) for name, value in headers])

        CLIENT_LEFT.set(left)  # each thread has a context of its own; the next request sets it anew
        parts = iter(self._app.wsgi_app(environ, start))
        first = next(parts, b"")
        second = next(parts, b"")
        status, headers = caught
        if not second:
            _close(parts)
            return status, headers, iter(()), first
        return status, headers, _chain(first, second, parts), None

    def _done(self, scope: Any, status: int, started: float, environ: dict[str, Any]) -> None:
        seconds = time.perf_counter() - started
        self._metrics.answered(status, seconds)
        if self._log:
            cost, query = environ.get(COST, "-"), environ.get(QUERY_HASH, "-")
            path = quote(scope.path)
            _access.info(
                "%s %s %d %.1fms cost=%s query=%s", scope.method, path, status, seconds * 1e3, cost, query
            )


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    try:
        yield from rest
    finally:
        _close(rest)


def _close(parts: Any) -> None:
    if hasattr(parts, "close"):
        parts.close()
