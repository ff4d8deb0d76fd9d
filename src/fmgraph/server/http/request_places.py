"""Threads in which answers are made, and how many requests may be with them: a share for each client."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fmgraph.errors import BusyError

_WAIT = 2


class Places:
    """Threads of one kind of request in one worker.

    ``queue`` more requests than there are threads may wait, ``share`` of one client; ``at_once`` of one
    client are in threads at a time, so that the others' always find one.
    """

    def __init__(self, threads: int, queue: int, share: int, at_once: int, name: str) -> None:
        self.pool = ThreadPoolExecutor(threads, name)
        self._free, self._share, self._at_once = threads + queue, share, at_once
        self._of: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def place(self, client: str) -> AsyncIterator[None]:
        """Wait for the client's turn and hold its place; raises BusyError where there are too many."""
        if self._free <= 0:
            raise BusyError("all places are taken: try again later", "requests waiting", _WAIT)
        if self._of[client] >= self._share:
            limit = f"requests of one client, {self._share}"
            raise BusyError("too many requests of this client are waiting", limit, _WAIT)
        self._free -= 1
        self._of[client] += 1
        turn = self._turns.setdefault(client, asyncio.Semaphore(self._at_once))
        try:
            async with turn:
                yield
        finally:
            self._free += 1
            self._of[client] -= 1
            if not self._of[client]:
                del self._of[client], self._turns[client]
