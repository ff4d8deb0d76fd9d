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
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor, Future
from typing import Any
from urllib.parse import quote

from flask import Flask

from fmgraph.errors import BusyError, FmgraphError, ProtocolError
from fmgraph.server.http.metrics import Metrics
from fmgraph.server.http.plain_get import PlainGet, refusal
from fmgraph.server.http.query_request import WITH_BODY
from fmgraph.server.http.request_body import read_body
from fmgraph.server.http.request_places import Places
from fmgraph.server.http.response_cache import CACHEABLE, Entry, Key, matches
from fmgraph.server.http.rsgi_to_wsgi import client_address, make_environ
from fmgraph.server.http.service_state import COST, NAME, QUERY_HASH, Service
from fmgraph.server.http.slow_readers import WHOLE, Outgoing, end_unread, send, send_pieces
from fmgraph.server.pool.client_disconnect import CLIENT, CLIENT_LEFT

#: Threads for what is not a stranger's query: pages keep answering while queries wait.
_PAGE_THREADS = 16
#: Pages of one client that are made at a time: rendering takes the interpreter from everything else.
_PAGES_AT_ONCE = 2
#: Seconds between two looks whether the dataset has changed: so long the cache may answer from the old one.
_LOOK_EVERY = 0.02
_access = logging.getLogger("fmgraph.access")
_Fields = list[tuple[str, str]]
_Response = tuple[int, _Fields, Iterator[bytes], bytes | None]


#: Stands for an entry whose answer has been handed to granian already.
_ALREADY_SENT = Entry("", [], b"")


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
        share = settings.client_share
        self._queries = Places(settings.threads, settings.queue, share, settings.threads, "query")
        self._pages = Places(_PAGE_THREADS, settings.queue, share, _PAGES_AT_ONCE, "page")
        self._outgoing = Outgoing(settings)
        self._fresh = True  # no request has come yet
        self._longest_body = settings.query_kb * 1024 * 3 + 65536
        self._log = _access.isEnabledFor(logging.INFO)
        self._log_hits = _access.isEnabledFor(logging.DEBUG)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        method, headers = scope.method, scope.headers
        now = time.monotonic()
        if now >= self._look_at:
            self._follow_reload(now)
        if self._fresh:
            self._fresh = False
            end_unread(self._service.settings.port)
        if len(headers.get_all("host")) != 1 and scope.http_version == "1.1":
            error = ProtocolError("a request names one host, in one Host field", 400, {"Connection": "close"})
            self._refuse(error, scope, "", protocol, time.perf_counter())
            return
        accept, coding = headers.get_all("accept"), headers.get_all("accept-encoding")
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
            if (hit := self._hit(key, method, headers.get("if-none-match"), protocol)) is not None:
                await self._send_hit(hit, protocol)
                return
            body = b""
        elif method in WITH_BODY:
            started = time.perf_counter()
            try:
                body = await read_body(protocol, headers, self._longest_body)
            except FmgraphError as error:
                self._refuse(error, scope, key[2], protocol, started)
                return
            except (OSError, RuntimeError):  # the client left in the middle of its body
                self._metrics.count_disconnect()
                return
            key = (*key[:4], headers.get("content-type") or "", body, method)
            plain = headers.get("content-encoding") is None
            if_none_match = None if method == "POST" else headers.get("if-none-match")
            if plain and (hit := self._hit(key, method, if_none_match, protocol)) is not None:
                await self._send_hit(hit, protocol)
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

    def _hit(self, key: Any, method: str, if_none_match: str | None, protocol: Any) -> Entry | None:
        """Answer from the cache; return None where there is no entry, the entry if it is still to be sent."""
        entry: Entry | None = self._cache.get(key)
        if entry is None:
            return None
        self._cache.touch(key)
        if if_none_match is not None and matches(if_none_match, entry.etag):
            protocol.response_empty(304, entry.unchanged)
            self._metrics.count_hit(304)
        else:
            self._metrics.count_hit(200)
            if method == "HEAD":
                protocol.response_empty(200, entry.headers)
            elif len(entry.body) <= WHOLE:
                protocol.response_bytes(200, entry.headers, entry.body)
            else:
                return entry
        if self._log_hits:
            _access.debug("%s %s 200 cost=cached", method, quote(key[0]))
        return _ALREADY_SENT

    async def _send_hit(self, entry: Entry, protocol: Any) -> None:
        if entry is not _ALREADY_SENT and not await send(protocol, 200, entry.headers, entry.body):
            self._metrics.count_disconnect()

    def _refuse(self, error: FmgraphError, scope: Any, accept: str, protocol: Any, started: float) -> None:
        response = refusal(error, accept)
        protocol.response_bytes(response.status, response.headers, response.body)
        self._count_and_log(scope, response.status, started, {})

    async def _make(self, scope: Any, protocol: Any, key: Key, body: bytes) -> None:
        """Have Flask make the answer in a thread, send it, and keep it if it may be kept."""
        started = time.perf_counter()
        places = self._queries if key.path.startswith("/sparql") else self._pages
        environ: dict[str, Any] = {}
        generation = self._cache.generation
        client = client_address(scope, self._service.settings.proxies)
        try:
            plain_response = None
            if self._plain.takes(scope.method, key, scope.headers):
                plain_response = self._plain.answer(key, environ)
            if plain_response is not None:
                response: _Response | None = (
                    plain_response.status,
                    plain_response.headers,
                    iter(()),
                    plain_response.body,
                )
                self._metrics.count_local_query()
            else:
                if places is self._queries:
                    self._outgoing.check(client)
                async with places.place(client):
                    response = await self._wait(scope, protocol, places.pool, body, environ, client)
            if response is None:
                self._metrics.count_disconnect()
                return
            await self._answer(scope, protocol, key, environ, response, generation, client, places.pool)
        except BusyError as error:
            self._metrics.count_overload()
            self._refuse(error, scope, key.accept, protocol, started)
            return
        self._count_and_log(scope, response[0], started, environ)

    async def _answer(
        self,
        scope: Any,
        protocol: Any,
        key: Key,
        environ: dict[str, Any],
        response: _Response,
        generation: int,
        client: str,
        pool: Executor,
    ) -> None:
        """Send an answer, and keep it if it may be kept; raises BusyError where too much waits unread."""
        status, headers, rest, whole = response
        in_time = True
        if whole is None:
            in_time = await send_pieces(protocol, status, headers, _pieces(rest, pool))
        elif scope.method == "HEAD" or status in (204, 304):
            protocol.response_empty(status, headers)
        else:
            if status == 200 and environ.get(CACHEABLE):
                self._cache.keep(key, headers, whole, generation)
            with self._outgoing.reserve(client, len(whole)):
                in_time = await send(protocol, status, headers, whole)
        if not in_time:
            self._metrics.count_disconnect()

    async def _wait(
        self, scope: Any, protocol: Any, pool: Executor, body: bytes, environ: dict[str, Any], client: str
    ) -> _Response | None:
        """Have the answer made in a thread; None when the client leaves meanwhile."""
        client_left: Future[None] = Future()
        environ.update(make_environ(scope, body, client))
        try:
            work = asyncio.get_running_loop().run_in_executor(pool, self._run, environ, client_left)
        except RuntimeError as error:  # the system gives us no more threads
            raise BusyError("no more threads can be started: try again later", "threads", 2) from error
        disconnect = asyncio.ensure_future(protocol.client_disconnect())
        await asyncio.wait((work, disconnect), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            client_left.set_result(None)
            await work
            return None
        disconnect.cancel()
        return await work

    def _run(self, environ: dict[str, Any], client_left: Future[None]) -> _Response:
        """Call Flask. The answer is whole when it comes in one piece (all but files do)."""
        status_and_headers: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ARG001
            status_and_headers[:] = (int(status[:3]), [(name.lower(), value) for name, value in headers])

        CLIENT.set(environ["REMOTE_ADDR"])
        CLIENT_LEFT.set(client_left)  # each thread has a context of its own; the next request sets it anew
        parts = iter(self._app.wsgi_app(environ, start))
        first = next(parts, b"")
        second = next(parts, b"")
        status, headers = status_and_headers
        if not second:
            _close(parts)
            return status, headers, iter(()), first
        return status, headers, _chain(first, second, parts), None

    def _count_and_log(self, scope: Any, status: int, started: float, environ: dict[str, Any]) -> None:
        seconds = time.perf_counter() - started
        self._metrics.count_answer(status, seconds)
        if self._log:
            cost, query = environ.get(COST, "-"), environ.get(QUERY_HASH, "-")
            path = quote(scope.path)
            _access.info(
                "%s %s %d %.1fms cost=%s query=%s", scope.method, path, status, seconds * 1e3, cost, query
            )


async def _pieces(parts: Iterator[bytes], pool: Executor) -> AsyncIterator[bytes]:
    """Yield the pieces of a file, read in a thread, and close it."""
    loop = asyncio.get_running_loop()
    try:
        while part := await loop.run_in_executor(pool, next, parts, b""):
            yield part
    finally:
        await loop.run_in_executor(pool, _close, parts)


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
