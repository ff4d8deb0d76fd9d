"""Sending answers to clients that may never read them: bounded in time, per piece, and in bytes.

What is handed to granian as a whole lies in its memory until the client has read it. So large bodies go out
in pieces, each of which has a time to be taken, and there is a budget for the bytes that wait, for a client
and for all. The kernel ends connections that take nothing at all (:func:`end_unread`).
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fmgraph.errors import BusyError
from fmgraph.settings import Settings

#: Bodies up to this many bytes are handed over whole: a connection's buffers hold as much anyway.
WHOLE = 65_536
_PIECE = 65_536
#: Seconds a client has to take one piece, and bytes a second it has to take of the whole.
PIECE_SECONDS, LEAST_RATE = 15.0, 20_000
_UNREAD_MS = 20_000
_MB = 1_000_000


class Outgoing:
    """The bytes that wait to be read, of one worker process."""

    def __init__(self, settings: Settings) -> None:
        self._most = 3 * settings.result_mb * _MB
        self._share = settings.result_mb * _MB + 16 * _MB
        self._all = 0
        self._of: Counter[str] = Counter()

    @contextmanager
    def held(self, client: str, size: int) -> Iterator[None]:
        """Count bytes as waiting while the block runs; raises BusyError where they are too many."""
        if size > WHOLE:
            for waiting, most, whose in (
                (self._of[client], self._share, "this client"),
                (self._all, self._most, "all clients"),
            ):
                if waiting and waiting + size > most:
                    limit = f"bytes waiting to be read by {whose}, {most // _MB} MB"
                    raise BusyError("earlier answers have not been read yet: read them first", limit, 5)
        self._all += size
        self._of[client] += size
        try:
            yield
        finally:
            self._all -= size
            self._of[client] -= size
            if not self._of[client]:
                del self._of[client]


async def send(protocol: Any, status: int, headers: list[tuple[str, str]], body: bytes) -> bool:
    """Send a whole answer; return False where the client did not take it in time."""
    if len(body) <= WHOLE:
        protocol.response_bytes(status, headers, body)
        return True
    view = memoryview(body)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), _PIECE):
            yield bytes(view[start : start + _PIECE])

    return await send_pieces(protocol, status, headers, pieces())


async def send_pieces(
    protocol: Any, status: int, headers: list[tuple[str, str]], pieces: AsyncIterator[bytes]
) -> bool:
    """Send an answer piece by piece; return False where the client did not take it in time."""
    transport = protocol.response_stream(status, headers)
    loop = asyncio.get_running_loop()
    start, sent = loop.time(), 0
    try:
        async for piece in pieces:
            most = min(PIECE_SECONDS, start + PIECE_SECONDS + sent / LEAST_RATE - loop.time())
            async with asyncio.timeout(most):
                await transport.send_bytes(piece)
            sent += len(piece)
    except TimeoutError:
        return False
    return True


def end_unread(port: int) -> None:
    """Have the kernel end connections of ``port`` whose client takes nothing for 20 s (TCP_USER_TIMEOUT).

    Sockets that are accepted later have it from the one that listens. Only on Linux.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is None or not os.path.isdir("/proc/self/fd"):  # noqa: PTH112 - as listdir
        return
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names of descriptors, not files
        with suppress(OSError), socket.socket(fileno=os.dup(int(name))) as one:
            if one.family in (socket.AF_INET, socket.AF_INET6) and one.getsockname()[1] == port:
                one.setsockopt(socket.IPPROTO_TCP, option, _UNREAD_MS)
