"""One dataset being served: its zygote and the evaluators forked from it, as the broker sees them."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from fmgraph.errors import UsageError
from fmgraph.rdf.store import Meta
from fmgraph.server.pool.messages import Buffer, Encoded
from fmgraph.server.pool.scheduler import Job
from fmgraph.settings import Settings

_PACKET = 1 << 16
#: Seconds until another evaluator is asked for where none could be forked.
_RETRY_DELAY = 0.5
#: Seconds between two evaluators that copy the dataset's pages, where one after another is killed.
_WARM_DELAY = 5.0
_LOG = logging.getLogger("fmgraph.server.engine")


class Evaluator(asyncio.Protocol):
    """The broker's end of the socket to one evaluator."""

    def __init__(self, pid: int, generation: Generation, *, warm: bool) -> None:
        self.pid = pid
        self.warm = warm  # has a copy of the dataset's pages, or is about to
        self.ready = not warm
        self.generation = generation
        self.job: Job | None = None
        self.lane: Literal["quick", "slow"] = "quick"
        self.niced = False
        self.started = False  # whether it has been given a query
        self.last_answer_at = 0.0  # on the event loop's clock
        self.transport: asyncio.Transport | None = None
        self._buffer = Buffer()
        self._base: float | None = None
        self._spent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take part from now on."""
        self.transport = transport  # type: ignore[assignment]  # a stream transport

    def data_received(self, data: bytes) -> None:
        """Hand on a complete answer."""
        self._buffer.feed(data)
        frame = self._buffer.next()
        if frame is not None and not self.ready:
            self.ready = True
            self.generation.on_change(self.generation)
        elif frame is not None:
            self.generation.on_answer(self, frame)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Note that the evaluator has gone; the zygote reports why."""
        self.transport = None

    def run(self, job: Job) -> None:
        """Send a job."""
        self.job = job
        self._base, self._spent = None, 0.0
        self.started = True
        if self.transport is not None:
            self.transport.write(job.frame)

    def cpu(self) -> float:
        """Return the seconds of CPU that the job has used since this was first asked for it.

        Not the time that passed: beside others' load a cheap query takes long, and is cheap all the same.
        """
        with suppress(OSError, IndexError):  # it may just have ended: then as of the last time
            # Nanoseconds on the CPU (Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat").
            used = int(Path(f"/proc/{self.pid}/schedstat").read_bytes().split()[0]) / 1e9
            if self._base is None:
                self._base = used
            self._spent = used - self._base
        return self._spent

    def slow_down(self) -> None:
        """Give it the lowest priority, for good."""
        if not self.niced:
            self.niced = True
            self.generation.tell({"do": "nice", "pid": self.pid})


class Generation:
    """A zygote and its evaluators; ``idle`` are those without a job."""

    def __init__(
        self,
        source: list[str],
        settings: Settings,
        on_answer: Callable[[Evaluator, Encoded], None],
        on_change: Callable[[Generation], None],
        on_end: Callable[[Evaluator, int], None],
    ) -> None:
        self.source = source
        self.meta: Meta | None = None
        self.folder: str | None = None  # of a dataset; None for RDF files
        self.evaluators: dict[int, Evaluator] = {}
        self.forking = 0
        self.closed = False
        self._fork_again_at = self._warm_again_at = 0.0
        self.retiring = False  # superseded: runs its last jobs
        self.forks = 0
        self.failures = 0  # evaluators that ended before their first query, in a row
        self._early: dict[int, int] = {}  # ended before its socket was in use
        self._killed: set[int] = set()  # told to end, and not yet buried
        self.on_answer = on_answer
        self.on_change = on_change
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[Meta] = self._loop.create_future()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fmgraph.server.pool.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._control = ours
        config = {"source": source, "settings": asdict(settings), "parent": os.getpid()}
        ours.send(json.dumps(config).encode())
        ours.setblocking(False)
        self._loop.add_reader(ours.fileno(), self._on_packet)

    async def ready(self) -> Meta:
        """Return the meta data when the dataset is loaded; raises UsageError when it cannot be."""
        return await asyncio.shield(self._ready)

    @property
    def idle(self) -> list[Evaluator]:
        """Evaluators without a job whose end is not known yet, the warm one first, then the oldest."""
        evaluators = [
            e for e in self.evaluators.values() if e.job is None and e.transport is not None and e.ready
        ]
        return sorted(evaluators, key=lambda evaluator: not evaluator.warm)

    def fork(self) -> None:
        """Ask for one more evaluator, unless one could not be forked just now."""
        if self._loop.time() < self._fork_again_at:
            return
        now = self._loop.time()
        has_warm = any(evaluator.warm and not evaluator.niced for evaluator in self.evaluators.values())
        warm = not has_warm and now >= self._warm_again_at
        if warm:
            self._warm_again_at = now + _WARM_DELAY
        self.forking += 1
        self.forks += 1
        self.tell({"do": "fork", "warm": warm})

    def kill(self, evaluator: Evaluator) -> None:
        """End an evaluator; it no longer counts from now on."""
        if self.evaluators.pop(evaluator.pid, None) is None:
            return
        self._killed.add(evaluator.pid)
        if evaluator.transport is not None:
            evaluator.transport.abort()
        self.tell({"do": "kill", "pid": evaluator.pid})

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message to the zygote; a zygote that has gone is noticed elsewhere."""
        if self.closed:
            return
        try:
            self._control.send(json.dumps(message).encode())
        except (BlockingIOError, InterruptedError):  # it is busy forking and its queue is full
            self._loop.call_later(0.005, self.tell, message)
        except OSError:
            _LOG.warning("the zygote of %s has gone", self.source)

    def close(self) -> None:
        """End the zygote; the kernel ends its evaluators."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        for evaluator in self.evaluators.values():
            if evaluator.transport is not None:
                evaluator.transport.abort()
        self.evaluators.clear()
        self._process.kill()
        self._process.wait()

    def _on_packet(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, _PACKET, 1)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, descriptors = b"", []
        if not data:
            self._handle_zygote_end()
            return
        message = json.loads(data)
        if "ready" in message:
            self.meta, self.folder = Meta(**message["ready"]), message["folder"]
            _LOG.info("evaluators are confined by: %s", message["confinement"])
            self._ready.set_result(self.meta)
        elif "failed" in message:
            self._ready.set_exception(UsageError(message["failed"]))
        elif "unforked" in message:
            _LOG.error("no evaluator could be started: %s", message["unforked"])
            self.forking -= 1
            self._fork_again_at = self._loop.time() + _RETRY_DELAY
            self._loop.call_later(2 * _RETRY_DELAY, self.on_change, self)
        elif "forked" in message:
            self._loop.create_task(self._adopt(message["forked"], descriptors[0], warm=message["warm"]))
        else:
            self._handle_end(message["ended"], message["status"])

    async def _adopt(self, pid: int, descriptor: int, *, warm: bool) -> None:
        evaluator = Evaluator(pid, self, warm=warm)
        connection = socket.socket(fileno=descriptor)
        connection.setblocking(False)
        await self._loop.create_connection(lambda: evaluator, sock=connection)
        self.forking -= 1
        if self.closed:
            return
        self.evaluators[pid] = evaluator
        if pid in self._early:
            self._handle_end(pid, self._early.pop(pid))
        else:
            self.on_change(self)

    def _handle_end(self, pid: int, status: int) -> None:
        evaluator = self.evaluators.pop(pid, None)
        if evaluator is not None:
            if evaluator.transport is not None:
                evaluator.transport.abort()
            self._on_end(evaluator, status)
        elif pid in self._killed:
            self._killed.discard(pid)
        else:
            self._early[pid] = status

    def _handle_zygote_end(self) -> None:
        """Settle everything when the zygote ended by itself."""
        if not self._ready.done():
            self._ready.set_exception(UsageError(f"{', '.join(self.source)} could not be loaded"))
        evaluators = list(self.evaluators.values())
        self.close()
        for evaluator in evaluators:
            self._on_end(evaluator, -9)
        self.on_change(self)
