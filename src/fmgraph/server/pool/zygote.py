"""The process that holds a dataset and forks evaluators from it; one for each dataset that is served.

Run as ``python -m fmgraph.server.pool.zygote FD``, with one end of a socket pair as FD. It has one thread and
does nothing but fork, kill and bury, so that forking is safe, quick (about 10 ms per million triples in
memory) and never in the way of the broker. Being their parent it can kill evaluators by pid without a race:
a pid is not given out again before it is waited for.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from pyoxigraph import Store

from fmgraph.errors import FmgraphError
from fmgraph.rdf.store import Meta, dataset_of_files, open_dataset
from fmgraph.server.pool.confine import means
from fmgraph.server.pool.evaluator import serve
from fmgraph.server.pool.parent_death import die_with
from fmgraph.settings import Settings

_PACKET = 1 << 16


def main(number: int) -> None:
    """Load the dataset that the first message names, then do what the broker asks until it goes."""
    control = socket.socket(fileno=number)
    config = json.loads(control.recv(_PACKET))
    die_with(config["parent"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = Settings(**{**config["settings"], "service_allow": tuple(config["settings"]["service_allow"])})
    try:
        source = _source(config["source"], settings)
    except FmgraphError as error:
        _tell(control, {"failed": str(error)})
        return
    _tell(control, {"ready": asdict(source.meta), "folder": source.folder, "confinement": means()})
    gc.collect()
    gc.freeze()  # what is there now is never looked at again, so that pages stay shared
    with suppress(ConnectionError):  # the broker has gone, with messages of ours unread
        _Zygote(control, source, settings).run()


class _Source(NamedTuple):
    """What evaluators answer from; ``open`` gives each its store."""

    open: Callable[[], Store]
    meta: Meta
    folder: str | None  #: of a dataset; None for RDF files
    search: Path | None


def _source(source: list[str], settings: Settings) -> _Source:
    """Return what there is at ``source``: a dataset's folder, or RDF files."""
    if len(source) == 1 and Path(source[0]).is_dir():
        dataset = open_dataset(source[0])
    else:
        dataset = dataset_of_files(source, settings.entity_base)
    folder = None if dataset.path is None else str(dataset.path)
    meta, search, store = dataset.meta, dataset.search, dataset.store
    if meta.storage == "memory" or folder is None:
        return _Source(lambda: store, meta, folder, search)
    return _Source(lambda: Store.read_only(f"{folder}/store"), meta, folder, search)


def _tell(control: socket.socket, message: dict[str, Any], *descriptors: int) -> None:
    socket.send_fds(control, [json.dumps(message).encode()], descriptors)


class _Zygote:
    def __init__(self, control: socket.socket, source: _Source, settings: Settings) -> None:
        self._control = control
        self._source = source
        self._settings = settings
        self._children: set[int] = set()
        self._woken, wake = socket.socketpair()
        self._woken.setblocking(False)
        wake.setblocking(False)
        self._wake = wake
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)

    def run(self) -> None:
        """Serve the broker until its end of the socket is closed; evaluators then die with us."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._woken.fileno() in ready:
                self._woken.recv(_PACKET)
                self._bury()
            if self._control.fileno() in ready:
                packet = self._control.recv(_PACKET)
                if not packet:
                    return
                self._obey(json.loads(packet))

    def _obey(self, message: dict[str, Any]) -> None:
        pid = message.get("pid")
        if message["do"] == "fork":
            self._fork(warm=message["warm"])
        elif pid in self._children:
            if message["do"] == "kill":
                os.kill(pid, signal.SIGKILL)
            else:
                os.setpriority(os.PRIO_PROCESS, pid, 19)

    def _fork(self, *, warm: bool) -> None:
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # for now there is no process, or no memory, to be had
            ours.close()
            theirs.close()
            _tell(self._control, {"unforked": str(error)})
            return
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for connection in (ours, self._control, self._woken, self._wake):
                connection.close()
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # Rust's last words, which name no query
            source = self._source
            serve(
                theirs,
                source.open,
                source.meta,
                self._settings,
                parent,
                search=source.search,
                folder=source.folder,
                warm=warm,
            )
        theirs.close()
        self._children.add(pid)
        _tell(self._control, {"forked": pid, "warm": warm}, ours.fileno())
        ours.close()

    def _bury(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self._children.discard(pid)
            _tell(self._control, {"ended": pid, "status": os.waitstatus_to_exitcode(status)})


if __name__ == "__main__":
    main(int(sys.argv[1]))
