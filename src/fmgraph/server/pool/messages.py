"""What HTTP workers, the broker and evaluators say to each other over Unix sockets.

A frame is nine bytes (flags, length of the head, length of the body, big-endian), a head in JSON and a body
of bytes: a query on the way down, a result on the way up. Both ends are ours; frames never leave the machine.
"""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import dataclass
from typing import Any

from fmgraph import errors
from fmgraph.errors import (
    BusyError,
    EngineError,
    FmgraphError,
    LimitError,
    ProtocolError,
    QuerySyntaxError,
)

_PREFIX = struct.Struct("!BII")
#: The frame is an error: the head tells which.
ERROR = 1
#: The evaluator has grown and is to be replaced.
RETIRE = 2
_READ = 1 << 18
#: A whole frame as it came; results can be large, so it is not copied from where it was gathered.
Encoded = bytes | bytearray


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    flags: int
    head: dict[str, Any]
    body: bytes

    def encode(self) -> bytes:
        """Return the bytes of the message."""
        return self._begin() + self.body

    def send(self, connection: socket.socket) -> None:
        """Send the message; a large body is not copied for it."""
        if len(self.body) < _READ:
            connection.sendall(self.encode())
            return
        connection.sendall(self._begin())
        connection.sendall(self.body)

    def _begin(self) -> bytes:
        head = json.dumps(self.head, separators=(",", ":")).encode()
        return _PREFIX.pack(self.flags, len(head), len(self.body)) + head


class Buffer:
    """Gathers bytes until a frame is complete."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._size: int | None = None

    def feed(self, data: bytes) -> None:
        """Add what was read."""
        self._data += data

    def next(self) -> Encoded | None:
        """Return the bytes of the next complete frame, None while there is none."""
        if self._size is None and len(self._data) >= _PREFIX.size:
            _, head, body = _PREFIX.unpack_from(self._data)
            self._size = _PREFIX.size + head + body
        if self._size is None or len(self._data) < self._size:
            return None
        if len(self._data) == self._size:  # the common case, without a copy of what is left
            frame, self._data = self._data, bytearray()
        else:
            frame = self._data[: self._size]
            del self._data[: self._size]
        self._size = None
        return frame


def flags(frame: Encoded) -> int:
    """Return the flags of a frame without decoding it."""
    return frame[0]


def head(frame: Encoded) -> dict[str, Any]:
    """Return the head of a frame without copying its body."""
    _, size, _ = _PREFIX.unpack_from(frame)
    decoded: dict[str, Any] = json.loads(frame[_PREFIX.size : _PREFIX.size + size])
    return decoded


def decode(frame: Encoded) -> Frame:
    """Return the message in a frame."""
    number, size, _ = _PREFIX.unpack_from(frame)
    return Frame(number, head(frame), bytes(memoryview(frame)[_PREFIX.size + size :]))


class Reader:
    """Reads message after message from a socket, of which several may have come at once."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = Buffer()

    def receive(self) -> Frame:
        """Return the next message; raises EOFError when the other end has gone."""
        while (frame := self._buffer.next()) is None:
            self._buffer.feed(_more(self._connection))
        return decode(frame)


def receive(connection: socket.socket) -> Frame:
    """Return the one message that is on its way; raises EOFError when the other end has gone."""
    return Reader(connection).receive()


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(_READ)
    if not data:
        raise EOFError("the connection was closed")
    return data


def error_frame(error: FmgraphError, extra_flags: int = 0) -> Frame:
    """Return the message for an error that a query ended in."""
    fields = {
        name: getattr(error, name)
        for name in ("line", "column", "limit", "retry_after", "status")
        if hasattr(error, name)
    }
    content = {"error": type(error).__name__, "message": str(error), **fields}
    return Frame(ERROR | extra_flags, content, b"")


def error_of(content: dict[str, Any]) -> FmgraphError:
    """Return the error of a message that :func:`error_frame` made."""
    message = content["message"]
    cls: type[FmgraphError] = getattr(errors, content["error"])
    if issubclass(cls, QuerySyntaxError):
        return cls(message, content["line"], content["column"])
    if issubclass(cls, LimitError):
        return cls(message, content["limit"], content["retry_after"])
    if issubclass(cls, ProtocolError | EngineError):
        return cls(message, content["status"])
    return cls(message)


def busy(message: str, limit: str, retry_after: float) -> BusyError:
    """Return a BusyError that asks to wait for ``retry_after`` seconds, at least one."""
    return BusyError(message, limit, max(1, round(retry_after)))
