"""Ending a query whose client has left.

Whoever serves a client sets :data:`CLIENT_LEFT` around what it does for it; engines that wait on a socket
wrap that in :func:`ended_when_left`. A context variable, so that every query made for the client ends,
however deep down it is made.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Lock

#: Done when the client of the current context has left; None where there is no client to leave.
CLIENT_LEFT: ContextVar[Future[None] | None] = ContextVar("CLIENT_LEFT", default=None)

#: The address of the client for whom the current context works: queries made for it are on its account.
CLIENT: ContextVar[str] = ContextVar("CLIENT", default="")


def client_has_left() -> bool:
    """Return whether the client of the current context has left."""
    client_left = CLIENT_LEFT.get()
    return client_left is not None and client_left.done()


@contextmanager
def ended_when_left(connection: socket.socket) -> Iterator[None]:
    """Shut the connection down when the client leaves, so that whoever waits on it is woken."""
    client_left = CLIENT_LEFT.get()
    if client_left is None:
        yield
        return
    # The callback may come late, when the connection serves another client: then it must do nothing.
    lock, waiting = Lock(), [True]

    def end(_: Future[None]) -> None:
        with lock, suppress(OSError):
            if waiting[0]:
                connection.shutdown(socket.SHUT_RDWR)

    client_left.add_done_callback(end)
    try:
        yield
    finally:
        with lock:
            waiting[0] = False
