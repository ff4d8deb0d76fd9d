"""Evaluators on lease: forked for one who hands them queries himself, and ended with him."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol


class Holder(Protocol):
    """Who wants an evaluator."""

    def lend(self, evaluator: socket.socket, digest: str) -> None:
        """Take an evaluator's socket, which is closed afterwards, and the digest of its dataset."""

    def refuse(self) -> None:
        """Hear that there is none."""


@dataclass(eq=False)
class _Lease:
    holder: Holder
    pid: int = 0  # 0 until it is forked
    ended: bool = False


class Leases:
    """The evaluators of one dataset that are on lease; ``pids`` are those that run."""

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        """Take the way to the zygote."""
        self._tell = tell
        self._numbers = count()
        self._wanted: dict[int, _Lease] = {}
        self._running: dict[int, _Lease] = {}

    @property
    def pids(self) -> list[int]:
        """Process ids."""
        return list(self._running)

    def begin(self, holder: Holder) -> Callable[[], None]:
        """Ask for an evaluator; return what ends it."""
        lease, number = _Lease(holder), next(self._numbers)
        self._wanted[number] = lease
        self._tell({"do": "fork", "lease": number})
        return lambda: self._end(lease)

    def forked(self, number: int, pid: int, descriptor: int, digest: str) -> None:
        """Hand over the evaluator that was asked for under a number."""
        lease = self._wanted.pop(number)
        lease.pid = pid
        self._running[pid] = lease
        with socket.socket(fileno=descriptor) as connection:
            if lease.ended:
                self._end(lease)
                return
            try:
                lease.holder.lend(connection, digest)
            except OSError:  # who asked for it has just gone
                self._end(lease)

    def buried(self, pid: int) -> bool:
        """Forget an evaluator that has ended; return whether it was one of these."""
        return self._running.pop(pid, None) is not None

    def end_all(self) -> None:
        """End them all: those who have them will notice, those who wait for one are told."""
        for lease in [*self._running.values(), *self._wanted.values()]:
            self._end(lease)
        for lease in self._wanted.values():
            lease.holder.refuse()

    def _end(self, lease: _Lease) -> None:
        lease.ended = True
        if lease.pid in self._running:
            self._tell({"do": "kill", "pid": lease.pid})
