"""Sending answers to clients that may never read them: bounded in time, per piece, and in bytes.

What is handed to granian lies in its memory until the client has read it, in pieces or not: its channel has
no bound (``response_stream`` in src/rsgi/io.rs of https://github.com/emmett-framework/granian). *Files* it
reads only as fast as the client does. So a large body is a file to granian, the end of a pipe, which this
process writes into: a piece is written when there is room for it, and has a time to be taken. There is a
budget for the bytes that wait, for a client and for all. The kernel ends connections that take nothing at all
(:func:`end_unread`).
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fmgraph.errors import BusyError
from fmgraph.settings import Settings

#: Bodies up to this many bytes are handed over whole: a connection's buffers hold as much anyway.
WHOLE = 65_536
_PIECE = 65_536
#: Seconds a client has to take one piece, and bytes a second it has to take of the whole.
PIECE_SECONDS, LEAST_RATE = 15.0, 20_000
_UNREAD_MS = 20_000
#: The open files of this process, by name; only Linux has it.
_FILES = Path("/proc/self/fd")
#: Seconds between two looks whether a pipe is being read.
_LOOK_SECONDS = 0.001
_MB = 1_000_000


class Outgoing:
    """The bytes that wait to be read, of one worker process."""

    def __init__(self, settings: Settings) -> None:
        self._most = 3 * settings.result_mb * _MB
        self._share = settings.result_mb * _MB + 16 * _MB
        self._all = 0
        self._of: Counter[str] = Counter()

    def check(self, client: str) -> None:
        """Raise BusyError where a client has left so much unread that nothing large is made for it."""
        if self._of.get(client, 0) > self._share // 2:
            raise _unread_error("this client", self._share // 2)

    @contextmanager
    def reserve(self, client: str, size: int) -> Iterator[None]:
        """Count bytes as waiting while the block runs; raises BusyError where they are too many."""
        if size > WHOLE:
            for waiting, most, whose in (
                (self._of[client], self._share, "this client"),
                (self._all, self._most, "all clients"),
            ):
                if waiting and waiting + size > most:
                    raise _unread_error(whose, most)
        self._all += size
        self._of[client] += size
        try:
            yield
        finally:
            self._all -= size
            self._of[client] -= size
            if not self._of[client]:
                del self._of[client]


def _unread_error(whose: str, most: int) -> BusyError:
    limit = f"bytes waiting to be read by {whose}, {most // _MB} MB"
    return BusyError("earlier answers have not been read yet: read them first", limit, 5)


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
    if not _FILES.is_dir():  # not Linux: nothing tells how much the client has taken
        transport = protocol.response_stream(status, headers)
        async for piece in pieces:
            await transport.send_bytes(piece)
        return True
    loop = asyncio.get_running_loop()
    start, sent_bytes = loop.time(), 0
    with _Pipe() as pipe:
        protocol.response_file(status, headers, pipe.path)
        try:
            async for piece in pieces:
                most = min(PIECE_SECONDS, start + PIECE_SECONDS + sent_bytes / LEAST_RATE - loop.time())
                async with asyncio.timeout(most):
                    await pipe.write(piece)
                sent_bytes += len(piece)
        except (TimeoutError, BrokenPipeError):
            return False
    return True


class _Pipe:
    """A pipe whose reading end somebody else in this process opens by its path."""

    def __init__(self) -> None:
        self._reads, self._writes = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._is_read = False

    @property
    def path(self) -> str:
        """What to open for reading."""
        return f"{_FILES}/{self._reads}"

    async def write(self, piece: bytes) -> None:
        """Write all of a piece, as fast as it is read; raises BrokenPipeError when the reader has gone."""
        rest = memoryview(piece)
        while rest:
            with suppress(BlockingIOError):
                size = os.write(self._writes, rest)
                rest = rest[size:]
                if not self._is_read:
                    await self._begin(size)
            if rest:
                await self._room()

    async def _begin(self, size: int) -> None:
        """Wait until some of the first ``size`` bytes are read, and close our copy of the reading end."""
        while _unread(self._reads) == size:
            await asyncio.sleep(_LOOK_SECONDS)
        os.close(self._reads)
        self._is_read = True

    async def _room(self) -> None:
        loop = asyncio.get_running_loop()
        room = loop.create_future()
        loop.add_writer(self._writes, room.set_result, None)
        try:
            await room
        finally:
            loop.remove_writer(self._writes)

    def __enter__(self) -> _Pipe:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._writes)
        if not self._is_read:
            os.close(self._reads)


def _unread(pipe: int) -> int:
    """Return the number of bytes that lie in a pipe."""
    import fcntl  # these two are not on Windows
    import termios

    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def end_unread(port: int) -> None:
    """Have the kernel end connections of ``port`` whose client takes nothing for 20 s (TCP_USER_TIMEOUT).

    Sockets that are accepted later have it from the one that listens. Only on Linux.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is None or not _FILES.is_dir():
        return
    for name in os.listdir(_FILES):  # noqa: PTH208 - names of descriptors, not files
        with suppress(OSError), socket.socket(fileno=os.dup(int(name))) as one:
            if one.family in (socket.AF_INET, socket.AF_INET6) and one.getsockname()[1] == port:
                one.setsockopt(socket.IPPROTO_TCP, option, _UNREAD_MS)
