"""A worker's own way to an evaluator, for lookups: there and back without the broker.

The broker orders what is dear; for a lookup it is half of the time from asking to answer. So each HTTP worker
has an evaluator on lease. What is cheap by the guard's guess, or has been, goes straight to it. Nothing else
changes: an evaluator whose answer does not come within the worker's patience is given up, which ends it, and
the query is begun anew by way of the broker and under its limits.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fmgraph.errors import EngineError
from fmgraph.server.guard import LOOKUP, Inspection
from fmgraph.server.pool.messages import RETIRE, Buffer, Frame, decode, receive

_LOG = logging.getLogger("fmgraph.server.engine")
#: Up to so many seconds of CPU a query of a known template goes this way.
_CHEAP = 0.01
#: Seconds that the evaluator may be at a query until it is given up.
_PATIENCE = 0.05
#: Queries on their way at once, and seconds that the first of them may have taken when another follows.
_MOST_WAITING, _STALLED = 8, 0.005
#: Characters of a query, and bytes of what is sent: longer ones go by the broker. These are read in no time,
#: and as many as may wait fit into the socket's buffer.
LONGEST, _LONGEST_FRAME = 8_192, 16_384
#: Seconds until another evaluator is asked for, doubled at each that had to be given up.
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 10.0
_MEMORY = 4_096
_CONNECT_SECONDS, _READY_SECONDS = 10.0, 60.0


class Lane:
    """The lane of one worker; all methods but :meth:`learn` are for its event loop."""

    def __init__(self, path: Path) -> None:
        """Take the broker's socket; an evaluator is asked for when the first query comes."""
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._lease: _Lease | None = None
        self._obtaining: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._delay = _FIRST_DELAY
        self._digest = ""
        self._closed = False
        self._learned: OrderedDict[str, float] = OrderedDict()

    def takes(self, inspection: Inspection, digest: str) -> bool:
        """Tell whether a query goes this way now, to be answered from the dataset of this digest."""
        if digest != self._digest:  # another dataset: what was learned does not hold for it
            self._digest = digest
            self._learned.clear()
        known = self._learned.get(inspection.template)
        if not (inspection.cost == LOOKUP if known is None else known <= _CHEAP):
            return False
        lease = self._lease
        if lease is None:
            self._obtain()
            return False
        return lease.digest == digest and lease.has_room(self._loop.time())

    def learn(self, template: str, seconds: float) -> None:
        """Remember what a query took, in seconds of CPU, wherever it was evaluated."""
        before = self._learned.get(template, seconds)
        self._learned[template] = 0.8 * before + 0.2 * seconds
        if len(self._learned) > _MEMORY:
            self._learned.popitem(last=False)

    async def ask(self, template: str, frame: bytes) -> Frame | None:
        """Return the answer to a query, or None when it has to go by the broker."""
        lease = self._lease
        if lease is None or len(frame) > _LONGEST_FRAME:
            return None
        try:
            found = await lease.send(frame, template)
        except asyncio.CancelledError:  # nobody would see to it that the evaluator comes to an end
            lease.close()
            raise
        if found is None:
            return None
        if found.flags & RETIRE:
            lease.close()
        self.learn(template, found.head.get("cpu", 0.0))
        self._delay = max(_FIRST_DELAY, self._delay * 0.99)
        return found

    def close(self) -> None:
        """Give the evaluator back."""
        self._closed = True
        if self._lease is not None:
            self._lease.close()

    def _ended(self, template: str | None) -> None:
        """Do without an evaluator for a while; ``template`` is that of the query that is to blame."""
        self._lease = None
        self._not_before = self._loop.time() + self._delay
        if template is not None:
            self._delay = min(self._delay * 2, _LONGEST_DELAY)
            self._learned[template] = max(self._learned.get(template, 0.0), _PATIENCE)

    def _obtain(self) -> None:
        if self._obtaining is None and self._loop.time() >= self._not_before:
            self._obtaining = self._loop.create_task(self._ask_for_lease())

    async def _ask_for_lease(self) -> None:
        try:
            line, evaluator, digest = await self._loop.run_in_executor(None, _borrow, self._path)
        except (OSError, EOFError, EngineError) as error:
            _LOG.info("no evaluator on lease for now: %s", error)
            self._not_before = self._loop.time() + self._delay
        else:
            self._lease = _Lease(line, evaluator, digest, self._ended)
            if self._closed:
                self._lease.close()
        finally:
            self._obtaining = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    answer: asyncio.Future[Frame | None]
    template: str

    def settle(self, frame: Frame | None) -> None:
        if not self.answer.done():
            self.answer.set_result(frame)


class _Lease:
    """One evaluator on lease: queries in a row, answered in that order."""

    def __init__(
        self, line: socket.socket, evaluator: socket.socket, digest: str, on_end: Callable[[str | None], None]
    ) -> None:
        self.digest = digest
        self._line = line  # to the broker: the evaluator ends when this is closed
        self._evaluator = evaluator
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._buffer = Buffer()
        self._waiting: deque[_Waiting] = deque()
        self._since = 0.0  # when the evaluator began with the first of them
        self._timer: asyncio.TimerHandle | None = None
        self._loop.add_reader(evaluator.fileno(), self._read)

    def has_room(self, now: float) -> bool:
        """Tell whether a query sent now would be answered soon."""
        return not self._waiting or (len(self._waiting) < _MOST_WAITING and now - self._since < _STALLED)

    def send(self, frame: bytes, template: str) -> asyncio.Future[Frame | None]:
        """Send a query; the future's result is None when the evaluator ends before it has answered."""
        answer: asyncio.Future[Frame | None] = self._loop.create_future()
        self._waiting.append(_Waiting(answer, template))
        if len(self._waiting) == 1:
            self._begin()
        try:
            whole = self._evaluator.send(frame) == len(frame)
        except OSError:
            whole = False
        if not whole:
            self.close()
        return answer

    def close(self, *, blame: bool = False) -> None:
        """End the lease, and the evaluator with it; what waits gets None.

        ``blame`` whether it is for the query that the evaluator is at.
        """
        if self._evaluator.fileno() < 0:
            return
        self._stop_timer()
        self._loop.remove_reader(self._evaluator.fileno())
        self._evaluator.close()
        self._line.close()
        self._on_end(self._waiting[0].template if blame and self._waiting else None)
        while self._waiting:
            self._waiting.popleft().settle(None)

    def _read(self) -> None:
        try:
            data = self._evaluator.recv(1 << 18)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.close(blame=True)
            return
        self._buffer.feed(data)
        while self._waiting and (data := self._buffer.next() or b""):
            frame = decode(data)
            if "crash" in frame.head:
                self.close(blame=True)
                return
            self._waiting.popleft().settle(frame)
            self._stop_timer()
            if self._waiting:
                self._begin()

    def _begin(self) -> None:
        """Note that the evaluator is at the first query from now on."""
        self._since = self._loop.time()
        self._timer = self._loop.call_later(_PATIENCE, self._give_up)

    def _give_up(self) -> None:
        self.close(blame=True)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _borrow(path: Path) -> tuple[socket.socket, socket.socket, str]:
    """Return the line to the broker, the evaluator's socket and the digest of its dataset; blocks."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(_CONNECT_SECONDS)
        line.connect(str(path))
        line.sendall(Frame(0, {"op": "lease"}, b"").encode())
        data, descriptors, _, _ = socket.recv_fds(line, 1 << 16, 1)
        if not descriptors:
            raise EngineError("the broker lends none")
        evaluator = socket.socket(fileno=descriptors[0])
        try:
            evaluator.settimeout(_READY_SECONDS)
            receive(evaluator)
            evaluator.setblocking(False)
        except BaseException:
            evaluator.close()
            raise
    except BaseException:
        line.close()
        raise
    return line, evaluator, decode(data).head["digest"]
