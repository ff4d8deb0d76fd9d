"""The engine behind ``fmgraph serve --endpoint URL``: another store, asked by the SPARQL 1.1 Protocol.

The guard, the cache and the pages stay here; the other store evaluates. Its answers are passed on as they
are, complete or not at all: a partial one (206, or Virtuoso's ``X-SQL-State``) is an error. Redirects are not
followed.
"""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from urllib.parse import urlencode

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError
from urllib3.exceptions import ProtocolError as BrokenConnection
from urllib3.exceptions import TimeoutError as TookTooLong
from urllib3.util import Timeout, make_headers, parse_url

from fmgraph.errors import BusyError, EngineError, LimitError, QueryError, ResultTooLargeError, UsageError
from fmgraph.rdf import formats
from fmgraph.rdf.prefixes import DCAT, DCTERMS
from fmgraph.rdf.store import Meta
from fmgraph.server.engine.engine_interface import (
    JSON_AND_TURTLE,
    SOLUTIONS,
    Answer,
    Engine,
    Kind,
    ResultFormats,
)
from fmgraph.server.engine.evaluate import well_formed
from fmgraph.server.guard import inspect
from fmgraph.settings import Settings

_CHUNK = 1 << 16
#: How much of another server's error text is passed on.
_MESSAGE = 500
_CONNECT_SECONDS = 5.0
_COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
_VERSIONS = f"""SELECT ?version ?modified WHERE {{
  ?dataset a <{DCAT}Dataset> ; <{DCAT}version> ?version .
  OPTIONAL {{ ?dataset <{DCTERMS}modified> ?modified }}
}}"""


class _PlainConnection(HTTPConnection):
    """Waits for the head of an answer as long as for a byte of it, and no longer."""

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        with _deadline(self):
            return super().getresponse()


class _SecureConnection(HTTPSConnection):
    """The same over TLS."""

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        with _deadline(self):
            return super().getresponse()


@contextmanager
def _deadline(connection: HTTPConnection) -> Iterator[None]:
    """Cut the connection where the block takes longer than its time-out, which begins anew with each byte."""

    def cut() -> None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(float(connection.timeout or _CONNECT_SECONDS), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class RemoteEngine(Engine):
    """Asks the SPARQL endpoint at ``url``; connections are kept and shared between threads.

    A store has no digest, and one is needed to tell cached answers of old data from new ones. It is made of
    the URL, the number of triples and the versions of ``dcat:Dataset`` in the data, and asked for anew
    every ``remote_refresh_seconds``: that long a cached answer may outlive a change, and a change that keeps
    both the number and the version is not seen.
    """

    def __init__(self, url: str, settings: Settings | None = None) -> None:
        """Take the endpoint's http(s) URL, with ``user:password@`` where it wants that; raises UsageError."""
        self._settings = settings or Settings()
        parts = parse_url(url)
        if parts.scheme not in ("http", "https") or not parts.host:
            raise UsageError(f"{url} is not the http(s) URL of a SPARQL endpoint")
        self._url = parts._replace(auth=None).url
        self._headers: dict[str, str] = make_headers(basic_auth=parts.auth, user_agent="fmgraph")
        self._pool = urllib3.PoolManager(maxsize=max(self._settings.threads, 1), retries=False)
        self._pool.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
        self._meta: Meta | None = None
        self._until = 0.0
        self._lock = threading.Lock()

    @property
    def meta(self) -> Meta:
        """What is known of the data, asked for anew in a thread now and then; may raise as :meth:`run`."""
        if self._meta is None:
            with self._lock:
                if self._meta is None:
                    self._refresh()
        elif time.monotonic() > self._until and self._lock.acquire(blocking=False):
            # In a thread: who looks at this may be an event loop, and the endpoint takes its time.
            threading.Thread(target=self._refresh_and_unlock, daemon=True, name="refresh").start()
        if self._meta is None:
            raise EngineError("nothing is known of the endpoint's data", 502)
        return self._meta

    def run(
        self,
        query: str,
        *,
        formats: ResultFormats = JSON_AND_TURTLE,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        client: str = "",  # noqa: ARG002 - the other store does not know our clients
        trusted: bool = False,
    ) -> Answer:
        """See :meth:`fmgraph.server.engine.Engine.run`; ``client`` has no effect."""
        meta = self.meta
        kind = inspect(query, self._settings, trusted=trusted).kind
        return self._run(query, kind, formats, default_graphs, named_graphs, meta)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _run(
        self,
        query: str,
        kind: Kind | None,
        formats: ResultFormats,
        default_graphs: Sequence[str],
        named_graphs: Sequence[str],
        meta: Meta,
    ) -> Answer:
        media_types = [formats.choose(kind)] if kind else [t for t in (formats.solutions, formats.graph) if t]
        fields = [
            ("query", query.encode("utf-8", "replace")),
            *(("default-graph-uri", iri) for iri in default_graphs),
            *(("named-graph-uri", iri) for iri in named_graphs),
        ]
        started = time.monotonic()
        content_type, body = self._post(urlencode(fields), ", ".join(media_types), started)
        media_type = _match_media_type(content_type, media_types)
        if media_type is None:
            raise EngineError(
                f"the endpoint answered in {content_type}, not in {' or '.join(media_types)}", 502
            )
        if media_type.endswith("xml"):
            body = well_formed(body, media_type)
        if kind is None:
            kind = _kind(media_type, body)
        return Answer(kind, media_type, body, meta, time.monotonic() - started)

    def _post(self, form: str, accept: str, started: float) -> tuple[str, bytes]:
        """Post a form; return media type and body of the response; raises as :meth:`run`."""
        headers = {**self._headers, "Accept": accept, "Content-Type": "application/x-www-form-urlencoded"}
        limit = self._settings.timeout_seconds
        for attempt in (1, 2):
            try:
                response = self._pool.request(
                    "POST",
                    self._url,
                    body=form,
                    headers=headers,
                    redirect=False,
                    preload_content=False,
                    timeout=Timeout(connect=min(_CONNECT_SECONDS, limit), read=limit),
                )
                with response:
                    return self._read(response, started)
            except ConnectTimeoutError as error:  # also when the connection is refused
                raise EngineError("the endpoint cannot be reached", 502) from error
            except TookTooLong as error:
                raise self._too_long() from error
            except BrokenConnection as error:  # a kept connection that the other side has closed
                if time.monotonic() - started > limit:
                    raise self._too_long() from error
                if attempt == 2:
                    raise EngineError("the endpoint closed the connection", 502) from error
            except HTTPError as error:
                raise EngineError("the endpoint cannot be reached", 502) from error
        raise AssertionError("the loop returns or raises")

    def _read(self, response: urllib3.BaseHTTPResponse, started: float) -> tuple[str, bytes]:
        most = self._settings.result_mb * 1_000_000
        body = bytearray()
        while chunk := response.read1(_CHUNK):  # what has come, however little: an answer can trickle
            body += chunk
            if len(body) > most:
                limit = f"{self._settings.result_mb} MB"
                raise ResultTooLargeError(f"the result is larger than {limit}", limit=f"result size, {limit}")
            if time.monotonic() - started > self._settings.timeout_seconds:
                raise self._too_long()
        response.release_conn()
        if response.status != 200:
            raise _error(response, bytes(body))
        if "X-SQL-State" in response.headers:
            raise LimitError(
                "the endpoint gave up before it had the whole result", limit="the endpoint's time"
            )
        return response.headers.get("Content-Type", "").partition(";")[0].strip().lower(), bytes(body)

    def _too_long(self) -> LimitError:
        limit = f"{self._settings.timeout_seconds:g} s"
        return LimitError(f"the query takes longer than {limit}", limit=f"time, {limit}")

    def _refresh_and_unlock(self) -> None:
        """Refresh the meta data, and release the lock that the caller has acquired."""
        try:
            self._refresh()
        except (EngineError, LimitError, QueryError):
            self._until = time.monotonic() + self._settings.remote_refresh_seconds
        finally:
            self._lock.release()

    def _refresh(self) -> None:
        placeholder = Meta("", "", 0, self._settings.entity_base, "", "disk")
        answer = self._run(_COUNT, "select", ResultFormats("text/csv"), (), (), placeholder)
        triples = int(answer.body.split()[1].strip(b'"'))
        answer = self._run(_VERSIONS, "select", ResultFormats("text/csv"), (), (), placeholder)
        rows = sorted(answer.body.decode().splitlines()[1:])
        version, _, modified = (part.strip('"') for part in (rows[-1] if rows else "").partition(","))
        digest = hashlib.sha256(repr((self._url, triples, rows)).encode()).hexdigest()
        if self._meta is None or digest != self._meta.digest:
            modified = modified or datetime.now(tz=UTC).isoformat(timespec="seconds")
            self._meta = Meta(digest, version, triples, self._settings.entity_base, modified, "disk")
        self._until = time.monotonic() + self._settings.remote_refresh_seconds


def _match_media_type(content_type: str, media_types: Sequence[str]) -> str | None:
    """Return which of ``media_types`` a response has, perhaps by an alias (``application/json``), or None."""
    if content_type in media_types:
        return content_type
    aliases = {form.media_type: form.aliases for form in (*formats.RESULTS, *formats.GRAPHS)}
    return next(
        (media_type for media_type in media_types if content_type in aliases.get(media_type, ())), None
    )


def _kind(media_type: str, body: bytes) -> Kind:
    """Return the kind of a trusted query's result, whose form is not known before, by its type and body."""
    if media_type not in SOLUTIONS:
        return "graph"
    start = body[:1000].lower()
    is_boolean = b"<boolean>" in start or b'"boolean"' in start or body.strip().lower() in (b"true", b"false")
    return "ask" if is_boolean else "select"


def _error(response: urllib3.BaseHTTPResponse, body: bytes) -> Exception:
    """Return the error for a response whose status is not 200."""
    status = response.status
    text = " ".join(body.decode("utf-8", "replace").split())[:_MESSAGE]
    if status == 206:
        return LimitError(
            "the endpoint gave up before it had the whole result", limit="the endpoint's limits"
        )
    if status == 400:
        return QueryError(f"the endpoint refuses the query: {text}")
    if status == 413:
        return ResultTooLargeError(
            "the endpoint refuses a result of this size", limit="the endpoint's limits"
        )
    if status in (408, 504):
        return LimitError("the endpoint gave up: the query takes too long", limit="the endpoint's time")
    if status in (429, 503):
        wait = response.headers.get("Retry-After", "")
        return BusyError(
            f"the endpoint is busy: {text}", "the endpoint's", int(wait) if wait.isdigit() else 5
        )
    return EngineError(f"the endpoint answered with status {status}", 502)
