"""The engine of HTTP workers: sends queries to the broker and waits for the answer."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmgraph.errors import EngineError
from fmgraph.rdf.store import Meta
from fmgraph.server.engine.cheap_queries import CheapQueries
from fmgraph.server.engine.engine_interface import JSON_AND_TURTLE, Answer, Engine, ResultFormats
from fmgraph.server.guard import inspect
from fmgraph.server.pool.client_disconnect import CLIENT, client_has_left, ended_when_left
from fmgraph.server.pool.messages import ERROR, Frame, error_of, receive
from fmgraph.settings import Settings

_LOG = logging.getLogger("fmgraph.server.engine")
#: Seconds beyond all limits after which the broker is held to be gone.
_GRACE = 10.0
#: Seconds in which evaluators that are ready answer.
_READY_SECONDS = 3.0


@dataclass
class _Connection:
    pid: int
    socket: socket.socket


class PoolEngine(Engine):
    """Asks the broker at a Unix socket (:class:`.broker_process.BrokerProcess`); one connection per thread.

    ``meta`` reads a small file when it has changed (a stat of about 2 µs otherwise), so that every worker
    knows of a reload at once.
    """

    def __init__(self, socket_path: Path | str, settings: Settings | None = None) -> None:
        self._path = Path(socket_path)
        self._settings = settings or Settings()
        self._meta_path = self._path.with_suffix(".meta")
        self._stamp: tuple[int, int] | None = None
        self._meta: Meta | None = None
        self._cheap: CheapQueries | None = None
        self._local = threading.local()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._timeout = self._settings.timeout_seconds + self._settings.queue_seconds + _GRACE

    @property
    def meta(self) -> Meta:
        """The dataset served now; raises EngineError when there is no broker."""
        try:
            state = self._meta_path.stat()
            stamp = (state.st_mtime_ns, state.st_ino)
            if self._meta is None or stamp != self._stamp:
                description = json.loads(self._meta_path.read_text("utf-8"))
                self._change(Meta(**description["meta"]), description["folder"], stamp)
        except OSError as error:
            raise EngineError("the evaluators are not running") from error
        assert self._meta is not None  # noqa: S101 - for the type checker: it was read just now
        return self._meta

    def run(
        self,
        query: str,
        *,
        formats: ResultFormats = JSON_AND_TURTLE,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        client: str = "",
        trusted: bool = False,
    ) -> Answer:
        """See :meth:`fmgraph.server.engine.Engine.run`."""
        anywhere = not default_graphs and not named_graphs
        if anywhere and (cheap := self.run_here(query, formats)) is not None:
            return cheap
        inspection = inspect(query, self._settings, trusted=trusted)
        if inspection.kind is not None:
            formats.choose(inspection.kind)
        head = {
            "op": "run",
            **_fields(formats, default_graphs, named_graphs),
            "client": client or CLIENT.get(),
            "trusted": trusted,
            "cost": inspection.cost,
            "template": inspection.template,
        }
        frame = self._ask(Frame(0, head, query.encode("utf-8", "surrogatepass")))
        answer = self._answer(frame)
        if anywhere and self._cheap is not None and self._cheap.meta.digest == answer.meta.digest:
            self._cheap.learn(query, answer)
        return answer

    def run_here(self, query: str, formats: ResultFormats = JSON_AND_TURTLE) -> Answer | None:
        """See :meth:`fmgraph.server.engine.Engine.run_here`."""
        digest = self.meta.digest
        cheap = self._cheap
        if cheap is None or cheap.meta.digest != digest:
            return None
        return cheap.answer(query, formats, self._settings.result_mb * 1_000_000)

    def check_ready(self) -> None:
        """See :meth:`fmgraph.server.engine.Engine.check_ready`; it is no more than a few seconds' wait."""
        head = {
            "op": "run",
            **_fields(JSON_AND_TURTLE),
            "client": "",
            "trusted": True,
            "cost": 0,
            "template": "",
        }
        self._ask(Frame(0, head, b"ASK {}"), _READY_SECONDS)

    def stats(self) -> dict[str, Any]:
        """Return the broker's numbers (:meth:`fmgraph.server.pool.broker.Broker.report`)."""
        return self._ask(Frame(0, {"op": "stats"}, b"")).head

    def reload(self, *source: Path | str) -> Meta:
        """Serve another dataset from now on, without losing a query; return its meta data.

        Raises UsageError when it is none; the old one is then served on.
        """
        frame = self._ask(
            Frame(0, {"op": "reload", "source": [str(part) for part in source]}, b""), timeout=None
        )
        return Meta(**frame.head["meta"])

    def _answer(self, frame: Frame) -> Answer:
        head = frame.head
        return Answer(head["kind"], head["type"], frame.body, self._meta_of(head["meta"]), head["seconds"])

    def _meta_of(self, fields: dict[str, Any]) -> Meta:
        """Return the meta data that an answer names: nearly always that which we have."""
        current = self._meta
        return current if current and current.digest == fields["digest"] else Meta(**fields)

    def close(self) -> None:
        """Close the connections of all threads."""
        if self._cheap is not None:
            self._cheap.close()
            self._cheap = None
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def _change(self, meta: Meta, folder: str | None, stamp: tuple[int, int]) -> None:
        """Answer cheap queries from another dataset from now on."""
        with self._lock:
            if self._meta is not None and stamp == self._stamp:  # another thread was quicker
                return
            if self._cheap is not None:
                self._cheap.close()
                self._cheap = None
            if folder is not None:
                try:
                    strikes = self._path.with_suffix(".strikes")
                    self._cheap = CheapQueries(Path(folder), meta, strikes, self.on_overstay)
                except OSError as error:
                    _LOG.info("all queries go to evaluators: %s", error)
            self._meta, self._stamp = meta, stamp

    def _ask(self, frame: Frame, timeout: float | None = -1.0) -> Frame:
        """Send a message and return its answer; raises the error that it is, or EngineError."""
        for attempt in (1, 2):
            connection, fresh = self._connection()
            connection.settimeout(self._timeout if timeout == -1.0 else timeout)
            try:
                with ended_when_left(connection):
                    frame.send(connection)
                    answer = receive(connection)
            except (OSError, EOFError) as error:
                self._drop(connection)
                if client_has_left():
                    raise EngineError("the client has left") from error
                # An old connection may be one to a broker that was started anew since.
                if fresh or attempt == 2 or isinstance(error, TimeoutError):
                    raise EngineError("the evaluators cannot be reached") from error
            except BaseException:
                self._drop(connection)  # its answer would be taken for that of the next query
                raise
            else:
                break
        if answer.flags & ERROR:
            raise error_of(answer.head)
        return answer

    def _connection(self) -> tuple[socket.socket, bool]:
        existing: _Connection | None = getattr(self._local, "connection", None)
        if existing is not None and existing.pid == os.getpid():
            return existing.socket, False
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(_GRACE)
            connection.connect(str(self._path))
        except OSError as error:
            connection.close()
            raise EngineError("the evaluators are not running") from error
        self._local.connection = _Connection(os.getpid(), connection)
        with self._lock:
            self._open.add(connection)
        return connection, True

    def _drop(self, connection: socket.socket) -> None:
        self._local.connection = None
        with self._lock:
            self._open.discard(connection)
        connection.close()


def _fields(
    formats: ResultFormats, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what an evaluator needs to know beside the query."""
    return {
        "solutions": formats.solutions,
        "graph": formats.graph,
        "default": list(default_graphs),
        "named": list(named_graphs),
    }
