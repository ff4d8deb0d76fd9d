"""The broker: one small process that hands queries to evaluators and ends those that run into a limit.

Run as ``python -m fmgraph.server.pool.broker`` by :class:`.broker_process.BrokerProcess`, which writes the
configuration to its standard input and keeps that open: when it closes, the broker ends, and everything
below it. HTTP workers (and other processes) connect to its Unix socket, one connection for each thread; a
connection that closes takes its query with it, or the evaluator that it has on lease.

Process pools that exist (pebble, concurrent.futures) end a task at a time limit, but neither fork their
workers from a loaded dataset, nor let a task give up its place, nor order the waiting; that is most of what
is here.

::

    HTTP workers ──socket──▶ broker ──socket pair──▶ evaluators      answers go back the same way
                               └─────socket pair──▶ zygote ──fork──▶ evaluators
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from fmgraph.errors import UsageError
from fmgraph.server.pool.dispatcher import Dispatcher
from fmgraph.server.pool.large_blocks import return_large_blocks
from fmgraph.server.pool.messages import Buffer, Encoded, Frame, error_frame, head
from fmgraph.server.pool.parent_death import die_with
from fmgraph.server.pool.scheduler import Job
from fmgraph.settings import Settings


class Connection(asyncio.Protocol):
    """The broker's end of a worker's connection."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._buffer = Buffer()
        self._job: Job | None = None  # the last one; cancelling it after its answer does nothing
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take part from now on."""
        self._transport = transport  # type: ignore[assignment]  # a stream transport

    def data_received(self, data: bytes) -> None:
        """Do what a complete message asks for."""
        self._buffer.feed(data)
        while (frame := self._buffer.next()) is not None:
            operation = head(frame)["op"]
            if operation == "run":
                self._job = self._dispatcher.submit(frame, self._write)
            elif operation == "stats":
                self._write(Frame(0, self._dispatcher.report(), b"").encode())
            else:
                asyncio.get_running_loop().create_task(self._reload(head(frame)["source"]))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Free what the one who left has asked for."""
        self._transport = None
        if self._job is not None:
            self._dispatcher.cancel(self._job)

    def _write(self, frame: Encoded) -> None:
        if self._transport is not None:
            self._transport.write(frame)

    async def _reload(self, source: list[str]) -> None:
        try:
            meta = await self._dispatcher.load(source)
        except UsageError as error:
            self._write(error_frame(error).encode())
        else:
            self._write(Frame(0, {"meta": asdict(meta)}, b"").encode())


def meta_path(socket_path: Path) -> Path:
    """Return the file beside the socket that always holds the meta data of the dataset served."""
    return socket_path.with_suffix(".meta")


async def _main() -> int:
    return_large_blocks()
    config = json.loads(sys.stdin.buffer.readline())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    settings = Settings(**{**config["settings"], "service_allow": tuple(config["settings"]["service_allow"])})
    path = Path(config["socket"])
    dispatcher = Dispatcher(settings, meta_path(path))
    loop = asyncio.get_running_loop()
    dying = False

    def on_sigterm() -> None:
        nonlocal dying
        dying = True
        dispatcher.stopped.set()

    loop.add_signal_handler(signal.SIGTERM, on_sigterm)
    die_with(config["parent"], signal.SIGTERM)
    orphaned = False

    def on_input() -> None:
        """Stop: who started us has said so, or has gone without a word."""
        nonlocal orphaned
        orphaned = not os.read(0, 1)
        loop.remove_reader(0)
        dispatcher.stopped.set()

    loop.add_reader(0, on_input)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us
    try:
        try:
            meta = await dispatcher.load(config["source"])
        except UsageError as error:
            print(json.dumps({"failed": str(error)}), flush=True)
            return 1
        path.unlink(missing_ok=True)
        await loop.create_unix_server(lambda: Connection(dispatcher), str(path), backlog=1024)
        print(json.dumps({"ready": asdict(meta)}), flush=True)
        await dispatcher.stopped.wait()
    finally:
        dispatcher.close()
        path.unlink(missing_ok=True)
        meta_path(path).unlink(missing_ok=True)
        for _ in range(20):  # PDEATHSIG comes when a thread ends, before its whole process has
            if orphaned or os.getppid() != config["parent"] or not dying:
                break
            await asyncio.sleep(0.05)
        if orphaned or os.getppid() != config["parent"]:  # who would remove the folder was killed
            await _remove_folder(path.parent)
    return 0


async def _remove_folder(folder: Path) -> None:
    """Remove it, again and again for 10 s: HTTP workers that are ending still write counters into it."""
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        await asyncio.sleep(0.1)
        if not folder.exists():
            return
    logging.getLogger(__name__).warning("%s could not be removed", folder)


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
