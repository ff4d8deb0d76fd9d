"""Serving: granian with worker processes over an engine.

granian's process starts and stops the workers; each of them makes its own engine, application and cache.
SIGTERM and SIGINT stop gracefully: no new connection, requests under way are finished. SIGHUP calls
``reload``, which moves the engine to a new dataset; the workers stay, so no connection is lost.
"""

from __future__ import annotations

import logging
import logging.config
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from fmgraph.errors import FmgraphError
from fmgraph.rdf.dataset_folders import CURRENT, followed
from fmgraph.rdf.store import search_index as index_in
from fmgraph.server.engine import Engine
from fmgraph.server.http.listening_address import listening, numeric_address
from fmgraph.server.http.metrics import Metrics
from fmgraph.server.http.rsgi_app import RsgiApp
from fmgraph.server.http.service_state import public_url
from fmgraph.server.pool.broker_process import BrokerProcess
from fmgraph.server.pool.large_blocks import return_large_blocks
from fmgraph.server.pool.parent_death import die_with
from fmgraph.server.pool.pool_engine import PoolEngine
from fmgraph.settings import Settings

_log = logging.getLogger("fmgraph.server")

#: Makes the application of a worker; takes what :func:`fmgraph.server.http.flask_app.create_app` takes.
AppFactory = Callable[..., Flask]

#: Connections that may wait to be accepted, and that a worker holds open at once, idle ones among them.
_BACKLOG, _CONNECTIONS = 4096, 8192
#: Bytes of request line and headers; more is 431, a URL over 65,534 bytes is 414.
_LONGEST_HEAD = 131072
#: Milliseconds in which the head of a request must come; also how long an idle connection is kept.
_HEAD_TIME = 15_000
#: Seconds after which a thread lets others run: the event loop waits so long for each that renders a page.
_SWITCH_SECONDS = 0.0005
#: Seconds that requests under way have to end when the service stops.
_STOP_SECONDS = 20
#: Seconds that a worker has to start before the one that it replaces is stopped.
_START_SECONDS = 1.0
#: Ends the name of a file by which a worker, named by its process id, asks to be replaced.
_OVERSTAYED = ".overstayed"


class _Server(MPServer):
    """granian, but for two signals.

    SIGHUP changes the dataset, and the workers stay. SIGUSR1 replaces workers that have asked for it: a new
    one listens before the old one is told to stop, so that no connection is refused; the old one goes on with
    the requests that it has, for as long as any worker that is stopped.
    """

    reload_dataset: Callable[[], object] | None = None
    counters: Path

    _due = threading.Event()
    _reloader: threading.Thread | None = None

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        """Start as granian does, and listen to what workers ask for."""
        signal.signal(signal.SIGUSR1, self._on_overstay)
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]

    def signal_handler_reload(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - granian's signature
        """Have the dataset loaded in a thread: a signal handler must not block.

        One is loaded at a time; signals that come meanwhile are one more load, after it.
        """
        self._due.set()
        if self.reload_dataset is not None and self._reloader is None:
            self._reloader = threading.Thread(target=self._load_anew, name="reload", daemon=True)
            self._reloader.start()

    def _load_anew(self) -> None:
        while self._due.wait():
            self._due.clear()
            if self.reload_dataset is not None:
                self.reload_dataset()

    def _on_overstay(self, *_: Any) -> None:
        self.rss_signal = True  # granian's way to replace workers that are not what they should be
        self.main_loop_interrupt.set()

    def _handle_rss_signal(self, spawn_target: Any, target_loader: Any) -> None:
        for mark in self.counters.glob(f"*{_OVERSTAYED}"):
            mark.unlink()
            pid = int(mark.name.removesuffix(_OVERSTAYED))
            for worker in [worker for worker in self.wrks if worker.inner.pid == pid]:
                _log.error("worker %d is replaced: a query took longer in it than was proved", pid)
                self._respawn_workers([worker.idx], spawn_target, target_loader, delay=_START_SECONDS)

    def _watch_workers_rss(self) -> None:
        """Do nothing: workers are looked at when they ask for it."""


def serve(
    make_app: AppFactory, source: Sequence[Path | str], settings: Settings, *, dumps: Path | None = None
) -> None:
    """Serve a dataset (its folder, or the one above with ``current``) or RDF files until SIGTERM or SIGINT.

    Queries are evaluated by a broker's evaluators. SIGHUP serves the same path anew, which may lead to a
    newer dataset. Raises UsageError as :func:`run`, and RdfFileError where a source cannot be loaded.
    """
    settings = listening(settings)
    with BrokerProcess(source, settings) as broker:
        serve_broker(make_app, broker, source, settings, dumps=dumps)


def serve_broker(
    make_app: AppFactory,
    broker: BrokerProcess,
    source: Sequence[Path | str],
    settings: Settings,
    *,
    dumps: Path | None = None,
) -> None:
    """Serve what a running broker has loaded from ``source``, as :func:`serve` does, and leave it open."""
    run(
        make_app,
        partial(PoolEngine, broker.socket, settings),
        settings,
        reload=partial(_reload, broker),
        dumps=dumps,
        search=search_index(source),
        folder=broker.socket.parent / "counters",
    )


def _reload(broker: BrokerProcess) -> None:
    try:
        meta = broker.reload()
    except FmgraphError as error:
        _log.error("the dataset was not changed: %s", error)
    else:
        _log.info("serving dataset %s, %d triples", meta.digest[:12], meta.triples)


def search_index(source: Sequence[Path | str]) -> Path | None:
    """Return the search index of a dataset, by a path that follows ``current``; None for RDF files."""
    if len(source) != 1:
        return None
    return index_in(followed(Path(source[0]) / CURRENT)) or index_in(Path(source[0]))


def run(
    make_app: AppFactory,
    make_engine: Callable[[], Engine],
    settings: Settings,
    *,
    reload: Callable[[], object] | None = None,
    dumps: Path | None = None,
    search: Path | None = None,
    folder: Path | None = None,
) -> None:
    """Serve an engine until SIGTERM or SIGINT.

    ``make_engine`` (``partial(PoolEngine, socket)``) and ``make_app`` are called in every worker process and
    must be picklable. ``reload`` is called in a thread of this process at SIGHUP. ``folder`` is for counters.
    Raises UsageError when the address cannot be listened on, or the settings make no sense.
    """
    settings = listening(settings)
    public_url(settings)
    _raise_open_files()
    logging.config.dictConfig(_logging(settings))
    counters = folder or Path(tempfile.mkdtemp(prefix="fmgraph-counters-"))
    counters.mkdir(exist_ok=True)
    server = _Server(
        "fmgraph",
        address=numeric_address(settings.host),
        port=settings.port,
        interface=Interfaces.RSGI,
        workers=settings.workers,
        runtime_mode=RuntimeModes.mt,
        loop=_loop(),
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_TIME, max_buffer_size=_LONGEST_HEAD),
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_CONNECTIONS,
        log_level=LogLevels(settings.log_level),
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
    )
    server.reload_dataset = reload
    server.counters = counters
    loader: Callable[..., Any] = partial(
        load_worker, make_app, make_engine, settings, counters, os.getpid(), dumps, search
    )
    try:
        server.serve(target_loader=loader, wrap_loader=False)
    finally:
        shutil.rmtree(counters, ignore_errors=True)


def _raise_open_files() -> None:
    """Let this process and its workers have as many connections open as a worker takes, where they may."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = 2 * _CONNECTIONS if most == resource.RLIM_INFINITY else min(2 * _CONNECTIONS, most)
    if least != resource.RLIM_INFINITY and least < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))
    if limit <= _CONNECTIONS:
        _log.warning("only %d files may be open: that many clients at most (ulimit -n)", limit)


def load_worker(
    make_app: AppFactory,
    make_engine: Callable[[], Engine],
    settings: Settings,
    counters: Path,
    main: int,
    dumps: Path | None = None,
    search: Path | None = None,
) -> RsgiApp:
    """Return the application of one worker process, which ends with ``main``; granian calls it there."""
    die_with(main)
    return_large_blocks()
    sys.setswitchinterval(_SWITCH_SECONDS)
    logging.config.dictConfig(_logging(settings))
    metrics = Metrics(counters)
    engine = make_engine()
    engine.on_overstay = partial(_ask_for_replacement, counters, metrics)
    app = make_app(engine, settings, dumps=dumps, search=search, metrics=metrics)
    return RsgiApp(app, metrics)


def _ask_for_replacement(counters: Path, metrics: Metrics) -> None:
    """Have this worker replaced: what it evaluates holds up its event loop."""
    metrics.count_overstay()
    (counters / f"{os.getpid()}{_OVERSTAYED}").touch()
    os.kill(os.getppid(), signal.SIGUSR1)


def _loop() -> Loops:
    """Return uvloop where it is installed: a third more cached answers per second."""
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return Loops.asyncio
    return Loops.uvloop


def _logging(settings: Settings) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {
            "out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}
        },
        "loggers": {
            "fmgraph": {"handlers": ["out"], "level": settings.log_level.upper(), "propagate": False},
        },
    }
