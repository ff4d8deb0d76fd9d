"""Starting and ending the broker from another process: ``fmgraph serve`` and tests."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import fmgraph
from fmgraph.errors import UsageError
from fmgraph.rdf.store import Meta
from fmgraph.server.pool.pool_engine import PoolEngine
from fmgraph.settings import Settings

_LOG = logging.getLogger("fmgraph.server.engine")
_RESTART_DELAY = 0.5


class BrokerProcess:
    """A running broker over a dataset (one folder) or RDF files; ends with the process that made it.

    Should the broker end by itself, it is started again at the same socket. ``socket`` is for
    :class:`PoolEngine` in any process. Raises UsageError when the source cannot be loaded.
    """

    def __init__(self, source: Sequence[Path | str], settings: Settings | None = None) -> None:
        self._source = [str(Path(part).absolute()) for part in source]
        self._settings = settings or Settings()
        self._folder = Path(tempfile.mkdtemp(prefix="fmgraph-"))  # readable by us alone
        self.socket = self._folder / "broker.sock"
        self._closing = False
        self._process: subprocess.Popen[bytes]
        self._start()
        self._watch = threading.Thread(target=self._restart, daemon=True, name="fmgraph-broker-watch")
        self._watch.start()

    @property
    def pid(self) -> int:
        """The broker's process id."""
        return self._process.pid

    def engine(self) -> PoolEngine:
        """Return an engine that asks this broker."""
        return PoolEngine(self.socket, self._settings)

    def reload(self, *source: Path | str) -> Meta:
        """Serve another dataset, or the same path anew; see :meth:`PoolEngine.reload`."""
        paths = [str(Path(part).absolute()) for part in source] or self._source
        with self.engine() as engine:
            meta = engine.reload(*paths)
        self._source = paths
        return meta

    def close(self) -> None:
        """End the broker and all that it started."""
        if self._closing:
            return
        self._closing = True
        _end(self._process)
        self._watch.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        """Start a broker and wait until it serves; raises UsageError when it does not."""
        package = str(Path(next(iter(fmgraph.__path__))).parent)
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        process = subprocess.Popen(
            [sys.executable, "-m", "fmgraph.server.pool.broker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self._process = process  # before it serves: whoever is answered sees the new one
        config: dict[str, Any] = {
            "socket": str(self.socket),
            "source": self._source,
            "settings": asdict(self._settings),
        }
        config["parent"] = os.getpid()
        if process.stdin is None or process.stdout is None:  # for the type checker: both are pipes
            raise UsageError("the evaluators could not be started")
        try:
            process.stdin.write(json.dumps(config).encode() + b"\n")
            process.stdin.flush()
            report = json.loads(process.stdout.readline() or b"{}")
        except OSError:  # it ended at once
            report = {}
        if "ready" not in report:
            _end(process)
            raise UsageError(report.get("failed", "the evaluators could not be started"))

    def _restart(self) -> None:
        while True:
            self._process.wait()
            if self._closing:
                return
            _end(self._process)
            _LOG.error("the broker ended (status %s); it is started again", self._process.returncode)
            time.sleep(_RESTART_DELAY)
            try:
                self._start()
            except (UsageError, OSError) as error:  # OSError: there may be no process to be had, for now
                _LOG.error("%s", error)
                continue
            if self._closing:
                _end(self._process)
                return


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(OSError, ValueError):  # it has ended already
            process.stdin.write(b"\n")
            process.stdin.flush()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
